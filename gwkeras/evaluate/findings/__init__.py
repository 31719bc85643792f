"""What a stored evaluation says: by class, place and season, against interpolation, and whether it could be chance."""
