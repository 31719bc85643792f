"""Vocabulary of the house: grids, units, months, the sample schema, the configuration, errors."""
