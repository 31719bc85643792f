"""Scores of any method against any fine field, on one footing."""
