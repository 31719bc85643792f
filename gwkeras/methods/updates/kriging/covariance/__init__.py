"""The covariance of fine storage, and what follows from it for the product's cells: tables, noise and the observed system."""
