"""Records taken apart into trend, season and remainder, and what drives each part."""
