"""Priors whose coefficients on the climate's memories vary over space and time: GNNWR and GTNNWR."""
