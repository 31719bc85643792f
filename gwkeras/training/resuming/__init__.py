"""What a training keeps so that it can stop at any time, and go on as if it had not."""
