"""A ridge regression on the climate's memories, taught through the product's own operator."""
