"""Polygons of a file, as GeoJSON words them: GeoJSON itself, and shapefiles through pyshp."""

from __future__ import annotations

import json
import struct
import warnings
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

from gwkeras.core.errors import BadInput

GEOJSON, SHAPEFILE = (".geojson", ".json"), (".shp", ".zip")
"""Suffixes of the files that hold polygons."""


def read_features(path: Path) -> list[dict[str, Any]]:
    """Features with `properties` and a `geometry`, in degrees east and north.

    Args:
        path: GeoJSON; a shapefile with its .shx and .dbf beside it; or a ZIP with one shapefile.
    Raises: BadInput: where it is neither, its coordinates are no degrees, or pyshp is missing.
    """
    return _of_shapefile(path) if path.suffix.lower() in SHAPEFILE else _of_geojson(path)


def _of_geojson(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        features = found["features"] if found.get("type") == "FeatureCollection" else [found]
        features = [each if each.get("type") == "Feature" else {"geometry": each} for each in features]
        for feature in features:
            feature.get("geometry")
        return features
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            path, expected="GeoJSON with polygons", found=f"something else ({error})", remedy="convert it, as with ogr2ogr"
        ) from error


def _of_shapefile(path: Path) -> list[dict[str, Any]]:
    try:
        import shapefile
    except ImportError as error:
        raise BadInput(
            path,
            expected="the package pyshp, to read a shapefile",
            found="none",
            remedy="install it with pip install 'gwkeras[zones]', or convert the file to GeoJSON",
        ) from error
    try:
        if path.suffix.lower() == ".zip" and not is_zipfile(path):
            raise BadZipFile("no ZIP archive")
        with warnings.catch_warnings(), shapefile.Reader(str(path)) as reader:
            warnings.simplefilter("error")  # of files that may be damaged
            box = tuple(reader.bbox) if len(reader) else (0.0, 0.0, 0.0, 0.0)
            features = [
                {"properties": each.record.as_dict(), "geometry": each.shape.__geo_interface__}
                for each in reader.iterShapeRecords()
            ]
    except (
        shapefile.ShapefileException,
        BadZipFile,
        OSError,
        struct.error,
        Warning,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise BadInput(
            path,
            expected="a shapefile with its .shx and .dbf beside it, or a ZIP with these",
            found=f"something else ({str(error) or type(error).__name__})",
            remedy="give all of its files, or convert it to GeoJSON",
        ) from error
    if not (-360 <= box[0] <= box[2] <= 360 and -90 <= box[1] <= box[3] <= 90):
        raise BadInput(
            path,
            expected="coordinates in degrees (WGS 84)",
            found=f"{box[0]:g} … {box[2]:g} east, {box[1]:g} … {box[3]:g} north",
            remedy="reproject it, as with ogr2ogr -t_srs EPSG:4326",
        )
    return features
