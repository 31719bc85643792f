"""A monthly storage model whose parameters are learned from the product: snow, soil, delay, groundwater, pumping."""
