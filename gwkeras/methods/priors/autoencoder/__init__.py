"""The SSVAER prior: a regression that learns from fine cells and months without the product, too."""
