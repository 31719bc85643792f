"""Fields from one grid to another: regridding, interpolation, filling, coverage."""
