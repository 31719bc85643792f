"""The twin world: terrain, climate and groundwater whose fine truth is known, and the files that observe it."""
