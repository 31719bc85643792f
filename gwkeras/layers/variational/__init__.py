"""Layers of variational autoencoders."""
