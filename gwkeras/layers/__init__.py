"""Keras layers in keras.ops: they run on TensorFlow, JAX and PyTorch."""
