"""What makes error bars hold: a factor, groups, and quantiles over groups."""
