"""Files as they come: found, told apart, opened safely."""
