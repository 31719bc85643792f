"""The commands that have a file of their own. Rooms are imported inside the functions."""
