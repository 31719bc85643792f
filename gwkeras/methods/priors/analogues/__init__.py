"""Constructed analogues: the detail that a fine reference held in months alike."""
