"""Updates: what the product says that the prior missed, carried to the fine grid. numpy and scipy alone."""
