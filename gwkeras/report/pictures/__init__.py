"""Maps and series as PNG and PDF."""
