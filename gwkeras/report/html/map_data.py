"""The fields behind the interactive map, packed so that a page can hold them, as finely as there is room for.

Each field is coarsened by whole blocks (its level of detail), rounded to steps, and written for its land blocks only, from
south-west to north-east: differences between neighbours as int16, all low bytes before all high
bytes, by zlib, in base64. map/packed.js reads it. Every month of a layer is an element of its own in the page, so that a browser
unpacks what is shown and no more.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from gwkeras.core.block_sums import block_sums
from gwkeras.core.grid import Grid
from gwkeras.report.stored.run import field_of, months_of

_STEP_MM = 0.1
_STEPS_MM = (0.1, 0.2, 0.5, 1.0, 2.0)
_OF_SIGMA = 0.1  # that a step of a record may be: rounding is then a thirtieth of σ
_LEAST_MONTHS = 12  # of a record, however coarse they come out
_FOR_MEANS = 0.8  # of the room; the rest is for σ, which can be coarser
_UNKNOWN = -32768
_COARSEST = 64
_LEAST_SPAN_MM = 0.1
_TURNS = (0, 1, 0, 1, 2, 3)  # of the shares in being coarsened: other methods give way twice before the first one does
_BASE64 = 4 / 3
_SHORT = {
    "truth": "truth",
    "reference": "reference",
    "product": "product at its own scale",
    "interpolation": "interpolated target",
    "record": "",
}
DETAIL_OF = "bicubic"
"""The interpolation that detail is measured against."""


@dataclass(frozen=True)
class Layer:
    """A field of every month.

    Args:
        name: "mean", "sigma", "truth" or "product".
        method: of the first two.
    """

    name: str
    method: str | None = None


@dataclass(frozen=True)
class MapData:
    """All that the map draws from.

    Args:
        head: grid, months, methods, layers and colours, ready to be JSON.
        first: name -> packed field, of what is shown when the page opens.
        others: likewise, of all else. Names are "land" and "<layer>-<month>", by their numbers; the product is the last layer.
    """

    head: dict[str, Any]
    first: dict[str, str]
    others: dict[str, str]


@dataclass
class _Shares:
    """Layers that have one level of detail, the side of whose blocks is `block` fine cells."""

    layers: list[Layer]
    block: int = 1


def map_data(fields: xr.Dataset, method: str, judged_by: str, evidence: str, most_bytes: int) -> MapData:
    """What the page's map draws from.

    Args:
        fields: as stored; without a truth, a record (`gwkeras.report.stored.record`), of which the latest months are shown as far
            as there is room for them in fine cells.
        method: that is shown first, and as finely as possible.
        judged_by: in a phrase.
        evidence: what kind that is, as an evaluation has it; "record" where there is no truth.
        most_bytes: of the whole; levels of detail are chosen to stay below it.
    """
    grid = Grid.from_centres(fields["lat"].values, fields["lon"].values)
    land = fields["land_fraction"].values
    judged = "truth" in fields
    months = int(fields.attrs["judged_months"]) if judged else fields.sizes["time"]
    step = _STEP_MM if judged else _step(fields, method)
    if not judged:
        fields = fields.isel(time=slice(-_months_that_fit(fields, land, step, most_bytes), None))
    methods = list(map(str, fields["method"].values))
    stated = [m for k, m in enumerate(methods) if np.isfinite(fields["sigma"].isel(method=k, time=0).values).any()]
    shares = _shares(methods, stated, method, judged)
    own = [(Layer("product"), round(grid.n_lat / fields.sizes["lat_product"]))] if "product" in fields else []
    texts = [_packed_layer(fields, land, layer, block, step) for layer, block in own]
    _coarsen_to_fit(fields, land, shares, step, most_bytes - sum(len(text) for layer in texts for text in layer))
    from_shares = [(layer, share.block) for share in shares for layer in share.layers]
    every = [*from_shares, *own]  # the product is the last
    texts = [*(_packed_layer(fields, land, layer, block, step) for layer, block in from_shares), *texts]
    numbers = {layer: number for number, (layer, _) in enumerate(every)}
    packed = {f"{number}-{month}": text for number, layer in enumerate(texts) for month, text in enumerate(layer)}
    shown = f"{numbers[Layer('mean', method)]}-0"
    first = {"land": _text(zlib.compress(np.packbits(land > 0).tobytes(), 9)), shown: packed.pop(shown)}
    head = {
        "grid": {
            "south": grid.south,
            "west": grid.west,
            "latStep": grid.lat_step,
            "lonStep": grid.lon_step,
            "rows": grid.n_lat,
            "columns": grid.n_lon,
        },
        "months": [str(month)[:7] for month in fields["time"].values],
        "monthsInAll": months,
        "judgedBy": judged_by,
        "judgedShort": _SHORT[evidence],
        "detailOf": DETAIL_OF if DETAIL_OF in methods else methods[0],
        "first": methods.index(method),
        "methods": [_method(fields, k, name, numbers) for k, name in enumerate(methods)],
        "truth": numbers.get(Layer("truth")),
        "product": numbers.get(Layer("product")),
        "layers": [{"block": block, "step": step} for _, block in every],
        "spans": _spans(fields, method),
    }
    return MapData(head, first, packed)


def as_script(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def blocks_of(values: np.ndarray, land: np.ndarray, block: int) -> np.ndarray:
    """(⌈n_lat / block⌉, ⌈n_lon / block⌉) means over blocks weighted by land, unknown cells left out; NaN where there is none.

    Args:
        values: (n_lat, n_lon).
        land: likewise, fractions.
        block: side of a block, cells.
    """
    weights = np.where(np.isfinite(values), land, 0.0)
    if block == 1:
        return np.where(weights > 0, values, np.nan)
    total, summed = block_sums(weights, block), block_sums(np.where(weights > 0, values, 0.0) * weights, block)
    return np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)


def pack(values: np.ndarray, land: np.ndarray, step: float = _STEP_MM) -> bytes:
    """One field for its land cells; see the module.

    Args:
        values: (rows, columns); NaN is kept.
        land: (rows, columns) bool, the cells that are written.
        step: unit of the whole numbers.
    """
    chosen = values[land]
    whole = np.full(chosen.shape, _UNKNOWN, np.int16)
    known = np.isfinite(chosen)
    whole[known] = np.clip(np.round(chosen[known] / step), -32767, 32767)
    differences = whole.view(np.uint16).copy()
    differences[1:] -= whole.view(np.uint16)[:-1]  # modulo 2¹⁶
    low, high = (differences & 0xFF).astype(np.uint8), (differences >> 8).astype(np.uint8)
    return zlib.compress(low.tobytes() + high.tobytes(), 6)


def unpack(data: bytes, land: np.ndarray, step: float = _STEP_MM) -> np.ndarray:
    """What `pack` wrote, as map/packed.js reads it."""
    both = np.frombuffer(zlib.decompress(data), np.uint8).astype(np.uint16)
    count = both.size // 2
    whole = np.cumsum(both[:count] | (both[count:] << 8), dtype=np.uint16).view(np.int16)
    found = np.full(land.shape, np.nan)
    found[land] = np.where(whole == _UNKNOWN, np.nan, whole * step)
    return found


def _step(fields: xr.Dataset, method: str) -> float:
    """Unit of a record's whole numbers, mm: small beside its σ, and as large as that allows, since pages are to be small."""
    sigma = field_of(fields, "sigma", 0, method)
    usual = float(np.median(sigma[np.isfinite(sigma)])) if np.isfinite(sigma).any() else 0.0
    return max((step for step in _STEPS_MM if step <= _OF_SIGMA * usual), default=_STEP_MM)


def _months_that_fit(fields: xr.Dataset, land: np.ndarray, step: float, most_bytes: int) -> int:
    """How many months there is room for in fine cells."""
    months = fields.sizes["time"]
    means = [field_of(fields, "mean", months // 2, str(name)) for name in fields["method"].values]
    room = _FOR_MEANS * most_bytes / (_BASE64 * sum(len(pack(mean, land > 0, step)) for mean in means))
    return int(np.clip(room, min(_LEAST_MONTHS, months), months))


def _shares(methods: Sequence[str], stated: Sequence[str], main: str, judged: bool) -> list[_Shares]:
    """The first to be coarsened first."""
    beside = [m for m in dict.fromkeys((main, DETAIL_OF)) if m in methods]
    return [
        _Shares([Layer("sigma", m) for m in stated if m != main]),
        _Shares([Layer("mean", m) for m in methods if m not in beside]),
        _Shares([Layer("sigma", m) for m in stated if m == main]),
        _Shares([*(Layer("mean", m) for m in beside), *([Layer("truth")] if judged else [])]),
    ]


def _coarsen_to_fit(fields: xr.Dataset, land: np.ndarray, shares: list[_Shares], step: float, most_bytes: int) -> None:
    """Doubles blocks in turn until all fits, as three months foretell it."""
    months = fields.sizes["time"]
    some = sorted({months // 6, months // 2, 5 * months // 6})
    sizes: dict[tuple[int, int], float] = {}

    def size(number: int) -> float:
        share = shares[number]
        if (number, share.block) not in sizes:
            mask = block_sums(land, share.block) > 0
            packed = [
                len(pack(blocks_of(field_of(fields, x.name, k, x.method), land, share.block), mask, step))
                for x in share.layers
                for k in some
            ]
            sizes[number, share.block] = _BASE64 * months * sum(packed) / len(some)
        return sizes[number, share.block]

    for number in _TURNS * 12:
        if sum(map(size, range(len(shares)))) <= most_bytes:
            break
        shares[number].block = min(2 * shares[number].block, _COARSEST)


def _packed_layer(fields: xr.Dataset, land: np.ndarray, layer: Layer, block: int, step: float) -> list[str]:
    """Month by month; the product on its own cells."""
    values = months_of(fields, layer.name, layer.method)
    if layer.name == "product":
        mask = block_sums(land, round(land.shape[0] / fields.sizes["lat_product"])) > 0
        return [_text(pack(field, mask, step)) for field in values]
    mask = block_sums(land, block) > 0
    return [_text(pack(blocks_of(field, land, block), mask, step)) for field in values]


def _method(fields: xr.Dataset, row: int, name: str, numbers: dict[Layer, int]) -> dict[str, Any]:
    factor, probability = (float(fields[f"interval_{n}"].values[row]) for n in ("factor", "probability"))
    return {
        "name": name,
        "mean": numbers[Layer("mean", name)],
        "sigma": numbers.get(Layer("sigma", name)),
        "factor": factor if np.isfinite(factor) else None,
        "probability": probability if np.isfinite(probability) else None,
    }


def _spans(fields: xr.Dataset, method: str) -> dict[str, float]:
    """Half ranges of the colours, mm, the same for all months and methods, so that maps can be compared."""
    months = fields.sizes["time"]
    chosen = sorted({0, months // 4, months // 2, 3 * months // 4, months - 1})
    found: dict[str, list[np.ndarray]] = {"mean": [], "sigma": [], "error": [], "detail": []}
    names = list(map(str, fields["method"].values))
    reference = DETAIL_OF if DETAIL_OF in names else names[0]
    for k in chosen:
        mean = field_of(fields, "mean", k, method)
        truth = field_of(fields, "truth", k) if "truth" in fields else mean
        smooth = field_of(fields, "mean", k, reference)
        sigma = field_of(fields, "sigma", k, method)
        error = np.where(np.isfinite(smooth - truth), smooth - truth, mean - truth)
        for name, values in (("mean", truth), ("sigma", sigma), ("error", error), ("detail", mean - smooth)):
            found[name].append(np.abs(values[np.isfinite(values)]))
    together = {name: np.concatenate(values) for name, values in found.items()}
    return {name: max(_LEAST_SPAN_MM, float(np.percentile(v, 98))) if v.size else _LEAST_SPAN_MM for name, v in together.items()}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
