"""Wells against gridded storage: any table of levels, its quality, its scores, what it says of detail within a cell."""
