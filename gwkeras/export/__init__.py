"""The trained network as a SavedModel that TF Serving loads, proven before it is left behind."""
