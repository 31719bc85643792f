"""What a product sees: its point spread, as its files' names and attributes state it.

G3P names its filter in the file ("…_250km_gauss_filtered_…", "Gauss_250km"), fields made from harmonics in an attribute
("300 km Gauss"). Mascons state none; their footprint is documented. docs/observation.md has the sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import PointSpreadConfig
from gwkeras.core.errors import UnclearPointSpread
from gwkeras.fields.files.recognise import GROUNDWATER_NAMES
from gwkeras.fields.readers.variable import label, where_of
from gwkeras.observation.point_spread import LARGEST_HALF_WEIGHT_KM, Over, PointSpread

MASCON_HALF_WEIGHT_KM = 150.0
"""Half of the 300 km (3°) to which JPL's, CSR's and GSFC's mascons resolve; Watkins et al. (2015), doi 10.1002/2014JB011547."""

_KILOMETRES = r"((?:(?<=[\s(=:])-)?\d+(?:\.\d+)?)[\s-]*km(?!\W*(?:grid|cell|pixel|spacing|mesh|from\b))"
_BEFORE = re.compile(_KILOMETRES + r"\W*(?:[a-z]+\W+){0,3}$")  # "250 km (half width) Gauss…"
# "Gauss…ian filter of radius 250 km", "Gauss…ian filter, full width at half maximum 300 km", "Gauss…ian filter, 300 km FWHM"
_AFTER = re.compile(r"[^.;,\d]{0,40}?(?:,\s*(?:(?:radius|half|full|fwhm|with)[^.;,\d]{0,30}?)?)?" + _KILOMETRES)
_GAUSS = re.compile("gau(?:ss|ß)")
_FULL_WIDTH = re.compile(r"full[\s-]*width|fwhm")
_RADIUS = re.compile(r"half[\s-]*(?:weight|width|response|power)|radius|hwhm")
_WIDTH = (  # words that tell a filter by themselves, without "Gauss"
    r"(?:half[\s-]*(?:weight|width|response|power)(?:\s+(?:radius|distance|at half maximum))?|hwhm|fwhm"
    r"|full[\s-]*width(?:\s+at\s+half[\s-]*max(?:imum)?)?|(?:smoothing|filter(?:ing)?|averaging)\s+(?:radius|distance))"
)
_WIDTH_FIRST = re.compile(_WIDTH + r"\W*(?:(?:of|is|was|about)\W+)?(?:\((?:km|kilometres)\)\W*)?" + _KILOMETRES)
_WIDTH_LAST = re.compile(_KILOMETRES + r"\W*" + _WIDTH)
_OF_NOISE = re.compile(r"nois|error|correlat|uncertain")
_OF_A_FILTER = re.compile(r"gau(?:ss|ß)|filter|smooth|half[\s-]*(?:weight|width)|full[\s-]*width|fwhm|hwhm")
_NUMBER = re.compile(r"\d+(?:\.\d+)?\s*(?:km)?")
_OF_KILOMETRES = re.compile(r"(?:^|\s)(?:km|kilomet(?:re|er)s?)(?:\s|$)")
_NO_FILTER = re.compile(r"\bno (?:\w+ )?filter\b|\bunfiltered\b")
_HARMONICS = re.compile(r"harmonic|stokes|level[\s-]*2|\bl2\b|\bgsm\b")
_NEARBY = 60  # characters in which a full width is looked for
_AGAIN = "state the one that holds in the configuration (data.point_spread: {kind: gaussian, half_weight_km: …})"


@dataclass(frozen=True)
class StatedSpread:
    """What is known of a product's point spread before its values are looked at.

    Args:
        spread: the point spread; none where nothing is known.
        said: a sentence that says where it comes from.
        is_known: whether files, documentation or configuration settle it.
        by_files: whether it is what the files state, which their own months may speak against.
        maybe_full_width: whether the files give a number of kilometres, but not whether it is a radius or a full width.
    """

    spread: PointSpread
    said: str
    is_known: bool = True
    by_files: bool = False
    maybe_full_width: bool = False


@dataclass(frozen=True)
class _Statement:
    """A half-weight distance (0: no filter), where it stands, and whether it may be a full width, for nothing says which."""

    half_weight_km: float
    place: str
    maybe_full_width: bool = False


def product_point_spread(chosen: Sequence[tuple[xr.Dataset, str]], config: PointSpreadConfig) -> StatedSpread:
    """The point spread of a product, as far as it is stated.

    Args:
        chosen: the product's files, each with the name of its storage variable.
        config: `data.point_spread`; "auto" and "product" take what the files say.
    Raises: UnclearPointSpread: the files state two radii, or one that is impossible, and the configuration does not settle it.
    """
    if config.kind == "none":
        return StatedSpread(PointSpread(), "point spread: none, by the configuration")
    over: Over = _over(chosen) if config.over == "product" else config.over
    if config.kind == "gaussian":
        spread = PointSpread.gaussian(config.half_weight_km or 0.0, over)
        return StatedSpread(spread, f"point spread: {spread.describe()}, by the configuration")
    statements = list(dict.fromkeys(s for data, name in chosen for s in _statements(data, name)))
    stated = _agreed([s for s in statements if s.half_weight_km != 0], where_of(chosen[0][0]))
    if stated is not None:
        spread = PointSpread.gaussian(stated.half_weight_km, over)
        said = f"point spread: {spread.describe()}, from {stated.place}"
        if stated.maybe_full_width:
            said += (
                ", which does not say if its number is the radius or the full width; taken as the radius unless the data differ"
            )
        return StatedSpread(spread, said, by_files=config.kind == "auto", maybe_full_width=stated.maybe_full_width)
    if statements:
        return StatedSpread(PointSpread(), f"point spread: none, from {statements[0].place}")
    if any(_is_mascon(data) for data, _ in chosen):
        spread = PointSpread.gaussian(MASCON_HALF_WEIGHT_KM, over)
        return StatedSpread(spread, f"point spread: {spread.describe()}, the documented footprint of mascons")
    texts = [text for data, name in chosen for _, text in _texts(data, name)]
    said = "states a Gaussian filter without its radius" if any(map(_GAUSS.search, texts)) else "states no filter"
    where = label(chosen[0][0])
    if config.kind == "auto":
        return StatedSpread(
            PointSpread("none", over=over), f"point spread: {where} {said}; methods estimate one from the product", is_known=False
        )
    return StatedSpread(PointSpread(), f"point spread: none, for {where} {said}; if there is one, state it (data.point_spread)")


def _agreed(statements: list[_Statement], where: str) -> _Statement | None:
    clear = [s for s in statements if not s.maybe_full_width]
    may_be = {s.half_weight_km * times for s in clear for times in (1, 2)}
    statements = [*clear, *(s for s in statements if s.maybe_full_width and s.half_weight_km not in may_be)]
    for stated in statements:
        if not 0 < stated.half_weight_km <= LARGEST_HALF_WEIGHT_KM:
            raise UnclearPointSpread(
                where,
                expected=f"a filter's radius above 0 and at most {LARGEST_HALF_WEIGHT_KM:g} km",
                found=f"{stated.half_weight_km:g} km in {stated.place}",
                remedy=_AGAIN,
            )
        if stated.half_weight_km != statements[0].half_weight_km:
            found = " and ".join(f"{s.half_weight_km:g} km in {s.place}" for s in (statements[0], stated))
            raise UnclearPointSpread(where, expected="one radius of the product's filter", found=found, remedy=_AGAIN)
    return statements[0] if statements else None


def _statements(data: xr.Dataset, name: str) -> Iterator[_Statement]:
    for place, text in _texts(data, name):
        in_name = place.startswith("the file's name")  # there G3P gives its radius
        for match in _GAUSS.finditer(text):
            head, tail = text[: match.start()], text[match.end() :]
            number = _BEFORE.search(head) or _AFTER.match(tail)
            if number is not None:
                around = head[-_NEARBY:] + tail[:_NEARBY]
                full = _FULL_WIDTH.search(around)
                unclear = not in_name and full is None and _RADIUS.search(around) is None
                yield _Statement(float(number[1]) / (2 if full else 1), place, unclear)
        for pattern in (_WIDTH_FIRST, _WIDTH_LAST):
            for match in pattern.finditer(text):
                if _OF_NOISE.search(text[max(0, match.start() - _NEARBY) : match.start()]) is None:
                    yield _Statement(float(match[1]) / (2 if _FULL_WIDTH.search(match[0]) else 1), place)
        if _NO_FILTER.search(text):
            yield _Statement(0.0, place)


def _texts(data: xr.Dataset, name: str) -> Iterator[tuple[str, str]]:
    """What may speak of a filter, in lower case without underscores, and how each is called in a sentence."""
    yield f"the file's name ({label(data)})", _plain(label(data))
    for key, value in data.attrs.items():
        yield f"its attribute {key}", _told(key, value)
    for key, value in data[name].attrs.items():
        yield f"the attribute {key} of {name}", _told(key, value)


def _told(key: object, value: object) -> str:
    """An attribute as a text; "filter_radius: 250 km" and "fwhm_km: 300" say what their number is by their name."""
    name = _plain(str(key))
    is_number = isinstance(value, float | int | np.floating | np.integer)
    if not is_number and not isinstance(value, str):
        return ""
    text = _plain(str(value))
    in_kilometres = text.endswith("km") or _OF_KILOMETRES.search(name)
    if _NUMBER.fullmatch(text) and in_kilometres and _OF_A_FILTER.search(name):
        gauss = "" if _GAUSS.search(name) else "gauss "
        return f"{gauss}{_OF_KILOMETRES.sub(' ', name).strip()} {text.removesuffix('km').strip()} km"
    return "" if is_number else text


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").split())


def _is_mascon(data: xr.Dataset) -> bool:
    texts = (*(str(name) for name in data.variables), label(data), *map(str, data.attrs.values()))
    return any("mascon" in text.lower() for text in texts)


def _over(chosen: Sequence[tuple[xr.Dataset, str]]) -> Over:
    """Harmonics are smoothed over the whole sphere; groundwater, mascons and land models know land alone."""
    if any(name.lower() in GROUNDWATER_NAMES or _is_mascon(data) for data, name in chosen):
        return "land"
    harmonic = any(_HARMONICS.search(text) for data, name in chosen for _, text in _texts(data, name))
    return "everything" if harmonic else "land"
