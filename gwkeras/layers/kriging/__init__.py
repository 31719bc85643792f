"""Kriging as a Keras layer: the posterior of a window of product cells, in one graph with the network before it."""
