"""Files and folders that are whole, and one process at a time in them."""
