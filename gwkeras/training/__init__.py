"""From shards to a trained network: one run from its folder to its checkpoints.

A *network* maps a sample's inputs to mean and variance; it is what is saved, exported and served. A *model* is a network with
its losses while it is trained (`DownscalingModel`). A *run* is a folder (`RunFolder`). What a training gives is its *outcome*
in memory (`TrainingOutcome`) and its *record* in the run (`TrainingRecord`).
"""
