"""Layers of regressions whose coefficients vary over space and time."""
