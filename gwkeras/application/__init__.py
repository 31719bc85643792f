"""From a request (this region, these months, that model) to a written record."""
