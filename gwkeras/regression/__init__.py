"""Regressions on tables: GNNWR and GTNNWR, whose coefficients vary, and SSVAER, which learns from rows without values too."""
