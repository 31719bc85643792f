"""Area-to-point kriging through what the product sees: the recipe, the fitted update, its draws and its parts of error."""
