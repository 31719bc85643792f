"""One device or many, one machine or many: the same training."""
