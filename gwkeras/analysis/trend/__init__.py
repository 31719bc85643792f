"""Monotonic trends of gridded records: Theil-Sen slopes, Mann-Kendall tests, the season taken out, hotspots."""
