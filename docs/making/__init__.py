"""How the documentation is made: pages from the code, notebooks from their sources, figures from the methods."""
