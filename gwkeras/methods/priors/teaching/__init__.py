"""What priors are taught on: the product or a fine reference, in which metric, and when what was learned is believed."""
