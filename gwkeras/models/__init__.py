"""The networks, paper-faithful and ours, in keras.ops."""
