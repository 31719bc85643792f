"""Figures of a report, one file each: what is stored goes in, a picture comes out."""
