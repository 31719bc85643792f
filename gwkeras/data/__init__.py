"""Samples on disk: the codec, the manifest beside the shards, and the tf.data pipeline that reads them."""
