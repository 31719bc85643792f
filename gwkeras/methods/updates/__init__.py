"""Updates: what the product says that a prior has missed."""
