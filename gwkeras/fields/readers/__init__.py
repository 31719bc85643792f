"""Readers: storage, climate and static fields out of the public formats, one file a kind."""

from gwkeras.fields.readers.climate import read_climate
from gwkeras.fields.readers.static import read_static
from gwkeras.fields.readers.storage import Storage, read_fine, read_storage

__all__ = ["Storage", "read_climate", "read_fine", "read_static", "read_storage"]
