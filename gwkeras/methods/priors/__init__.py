"""Priors: what each fine cell should hold before the satellite is asked."""
