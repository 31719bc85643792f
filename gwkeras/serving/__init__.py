"""Exported models in use: over gRPC and REST from TF Serving, or from their folder."""

from gwkeras.core.retry import Patience
from gwkeras.serving.model_info import ModelInfo
from gwkeras.serving.served_model import ServedModel, connect, load_saved_model

__all__ = ["ModelInfo", "Patience", "ServedModel", "connect", "load_saved_model"]
