"""Analyses of written records and runs, from files to files."""
