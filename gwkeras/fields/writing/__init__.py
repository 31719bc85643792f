"""Downscaled fields to CF NetCDF."""
