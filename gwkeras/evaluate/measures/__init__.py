"""What one field is worth beside another: scores, error bars, spectra, consistency and physics, each as sums over cells."""
