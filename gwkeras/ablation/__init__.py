"""Experiments in which one thing is left out or changed at a time, each with several seeds, on one footing."""
