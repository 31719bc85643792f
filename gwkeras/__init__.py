"""Downscaling of satellite groundwater storage with physics-informed networks."""

__version__ = "0.1.0"
