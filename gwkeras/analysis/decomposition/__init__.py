"""Records decomposed into trend, season and remainder, and what drives each part."""
