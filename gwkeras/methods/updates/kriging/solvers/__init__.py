"""Solving the observed system: at once, in windows, or over a whole globe, with a filter and without."""
