"""What follows from fields: arrays in, arrays out."""
