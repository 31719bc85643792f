"""One region opened: fields on both grids, drivers and their memories, calendar, split."""
