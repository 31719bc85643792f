"""Priors: what each fine cell should hold, before the product is asked."""
