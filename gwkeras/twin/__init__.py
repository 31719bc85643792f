"""The twin world: climate, terrain and groundwater whose fine truth is known, and the files a satellite and a reanalysis would make of it."""
