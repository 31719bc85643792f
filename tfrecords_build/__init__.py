"""From fields to shards: splits, patches, statistics, and the resumable parallel build."""
