"""Several priors weighed by how well each predicts what it has not seen."""
