"""The trained network as a method: whole regions from tiles."""
