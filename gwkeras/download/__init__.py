"""Public records, fetched: G3P from the archive of GFZ, ERA5-Land from the Climate Data Store."""
