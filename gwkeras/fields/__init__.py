"""Fields in, fields out: readers of the public formats, regridding, interpolation, evapotranspiration, the CF writer."""
