"""From shards to a trained model: one run from its folder to its checkpoints."""
