"""The losses of the paper's equations 11–15 and ours, in keras.ops: one value per sample, cells without data left out."""
