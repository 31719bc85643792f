"""The default method on the globe: a made-up globe, and what each step of fitting and applying costs there."""
