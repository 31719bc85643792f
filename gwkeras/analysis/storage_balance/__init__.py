"""Groundwater as what is left of total storage: anomalies on one baseline, errors by quadrature, gaps filled on request."""
