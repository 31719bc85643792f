"""H: what a satellite product shows of a fine field, its adjoint, and the point spread of each product. numpy alone."""
