"""From files to a downscaled record: the stages of a run, and all of them in a row."""
