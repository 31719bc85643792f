"""What the product itself says of slope, noise and filter, by predicting it where it is held out."""
