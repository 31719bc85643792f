"""The ensemble Kalman filter and smoother: a storage model's members, brought to the product month after month."""
