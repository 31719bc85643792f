"""Who learns from what: months and blocks that training never sees as a target.

Patches of one record overlap in space and are alike from month to month, so patches dealt out at random leak the answer
(`random`, the paper's way, kept for comparison). `blocked` holds out whole spans of months, and blocks of cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gwkeras.core.config.tree import SplitConfig
from gwkeras.core.errors import ConfigError, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number, month_number

_MONTH = r"\d{4}-(?:0[1-9]|1[0-2])"
_SPAN = re.compile(rf"(?P<first>{_MONTH})(?::(?P<last>{_MONTH}))?")


@dataclass(frozen=True)
class Box:
    """Degrees; a held-out block without its buffer.

    >>> box = Box(south=22.0, north=24.0, west=88.0, east=90.0)
    >>> held_out_mask(Grid(21.0, 88.0, 1.0, 1.0, 4, 2), [box])[:, 0].tolist()
    [False, True, True, False]
    """

    south: float
    north: float
    west: float
    east: float


@dataclass(frozen=True)
class Patch:
    """One month (since 2002-01) of one box; `domain` counts the domains that samples are cut from."""

    month: int
    domain: int
    box: Box


@dataclass(frozen=True)
class Split:
    """Who learns from what.

    Args:
        kind: "blocked" or "random"; in a random split all parts share all months, and patches are dealt out instead.
        description: the same in sentences, for people.
        train_months: such as "2010-01"; all months where the split is random.
        validation_months: the same; empty where the split is random.
        test_months: the same.
        held_out: blocks of cells that are never a target of training or validation, nor is what lies within the buffer.
        buffer_degrees: (latitude, longitude) around those blocks.
        test_patches: what a random split holds out, where that was asked for: no manifest keeps it.
    """

    kind: str
    description: str
    train_months: tuple[str, ...]
    validation_months: tuple[str, ...]
    test_months: tuple[str, ...]
    held_out: tuple[Box, ...] = ()
    buffer_degrees: tuple[float, float] = (0.0, 0.0)
    test_patches: tuple[Patch, ...] = ()

    def months_of(self, part: str) -> tuple[int, ...]:
        """Months (since 2002-01) of "train", "validation", "test" or "coarser" (which is training one scale up)."""
        parts = {"validation": self.validation_months, "test": self.test_months}
        names = self.train_months if self.kind == "random" else parts.get(part, self.train_months)
        return tuple(int(month_number(np.datetime64(name, "M"))) for name in names)

    def untrained(self, grid: Grid) -> np.ndarray:
        """(n_lat, n_lon) bool: cells of `grid` that touch a held-out block or its buffer."""
        return held_out_mask(grid, self.held_out, self.buffer_degrees)


def divide(months: np.ndarray, product: Grid, land: np.ndarray, config: SplitConfig) -> Split:
    """The split of a record.

    Args:
        months: (M,) first days of the months that can be samples.
        product: grid of the product; the blocks are drawn on it.
        land: (n_lat, n_lon) area fractions; blocks without land are not drawn.
    Raises:
        ConfigError: where a span of the configuration cannot be read, or two overlap.
        MissingMonths: where a part of the split would have no month.
    """
    numbers = np.unique(month_number(months))
    if config.kind == "random":
        text = (
            "Patches are drawn at random: training and test patches overlap in space and share months, so test scores are too "
            "optimistic."
        )
        return Split("random", text, _names(numbers), (), ())
    train, validation, test = _month_parts(numbers, config)
    blocks, said = _held_out_blocks(product, land, config)
    buffer = (config.buffer_cells * product.lat_step, config.buffer_cells * product.lon_step)
    text = (
        f"{len(train)} months to train, {len(validation)} to validate, {len(test)} to test, in spans; "
        f"{len(blocks)} blocks of cells whose targets are left out of training and validation in all months.{said}"
    )
    return Split("blocked", text, _names(train), _names(validation), _names(test), blocks, buffer if blocks else (0.0, 0.0))


def held_out_mask(grid: Grid, boxes: Iterable[Box], buffer_degrees: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(n_lat, n_lon) bool: cells of any grid of the same region that overlap one of the boxes, widened by the buffer."""
    mask = np.zeros(grid.shape, bool)
    slack = 1e-6 * min(grid.lat_step, grid.lon_step)
    for box in boxes:
        rows = _touched(grid.lat_edges, box.south - buffer_degrees[0] + slack, box.north + buffer_degrees[0] - slack)
        if rows.start < rows.stop:
            mask[rows, _touched(grid.lon_edges, box.west - buffer_degrees[1] + slack, box.east + buffer_degrees[1] - slack)] = (
                True
            )
    return mask


def _touched(edges: np.ndarray, low: float, high: float) -> slice:
    """The cells between ascending edges that overlap the open interval from low to high."""
    return slice(max(0, int(edges.searchsorted(low, "right")) - 1), min(len(edges) - 1, int(edges.searchsorted(high, "left"))))


def parse_span(text: str, key: str) -> tuple[int, int]:
    """First and last month (since 2002-01) of "2010-01:2012-12" or of the single month "2010-01".

    Raises: ConfigError: where the text is neither.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            key, expected='months such as "2010-01" or "2010-01:2012-12"', found=f'"{text}"', remedy="correct the span"
        )
    bounds = [int(month_number(np.array(month, "datetime64[M]"))) for month in (match["first"], match["last"] or match["first"])]
    if bounds[0] > bounds[1]:
        raise ConfigError(
            key, expected="a span whose first month is not after its last", found=f'"{text}"', remedy="swap the two"
        )
    return bounds[0], bounds[1]


def _month_parts(numbers: np.ndarray, config: SplitConfig) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    test = _explicit(numbers, config.test_months, "split.test_months")
    validation = _explicit(numbers, config.validation_months, "split.validation_months")
    if test & validation:
        raise ConfigError(
            "split.validation_months",
            expected="months other than split.test_months",
            found=", ".join(_names(sorted(test & validation))),
            remedy="make the spans disjoint",
        )
    # At least five spans, so that a short record can still be divided.
    span = max(1, min(config.span_months, int(numbers[-1] - numbers[0] + 1) // 5))
    windows = [set(numbers[(numbers - numbers[0]) // span == w].tolist()) for w in np.unique((numbers - numbers[0]) // span)]
    order = np.random.default_rng([config.seed, 1]).permutation(len(windows))
    free = [windows[w] for w in order if not windows[w] & (test | validation)]
    if not config.test_months:
        test = _draw(free, config.test_share * len(numbers))
    if not config.validation_months:
        validation = _draw(free, config.validation_share * len(numbers))
    held = test | validation
    near = {m + d for m in held for d in range(-config.buffer_months, config.buffer_months + 1)}
    train = set(numbers.tolist()) - near
    for name, part, wanted in (
        ("train", train, True),
        ("validation", validation, config.validation_share > 0),
        ("test", test, config.test_share > 0),
    ):
        if wanted and not part:
            raise MissingMonths(
                f"split ({name})",
                expected="at least one month",
                found=f"none of the record's {len(numbers)}",
                remedy="give a longer record, or other spans and shares in the section split",
            )
    return tuple(sorted(train)), tuple(sorted(validation)), tuple(sorted(test))


def _explicit(numbers: np.ndarray, spans: Iterable[str], key: str) -> set[int]:
    chosen: set[int] = set()
    for text in spans:
        first, last = parse_span(text, key)
        inside = numbers[(numbers >= first) & (numbers <= last)]
        if not inside.size:
            raise MissingMonths(
                key,
                expected=f"months of the record ({' to '.join(_names(numbers[[0, -1]]))})",
                found=f'"{text}"',
                remedy="choose spans within the record",
            )
        chosen.update(inside.tolist())
    return chosen


def _draw(free: list[set[int]], months: float) -> set[int]:
    """Takes whole spans off `free` until about `months` are taken; at least one where any are wanted."""
    taken: set[int] = set()
    while free and months > 0 and (not taken or len(taken) + len(free[0]) / 2 <= months):
        taken |= free.pop(0)
    return taken


def _held_out_blocks(product: Grid, land: np.ndarray, config: SplitConfig) -> tuple[tuple[Box, ...], str]:
    """The blocks, and for people what else is to be said of them."""
    if config.block_share <= 0:
        return (), ""
    size = config.block_cells
    corners = [
        (r, c)
        for r in range(0, product.n_lat, size)
        for c in range(0, product.n_lon, size)
        if np.any(land[r : r + size, c : c + size] > 0)
    ]
    wanted = config.block_share * len(corners)
    if wanted < 1 - 1e-9:  # one of few blocks would be a large part of all there is to learn from
        return (), (
            f" split.block_share asks for {config.block_share:g} of the {len(corners)} blocks of {size} × {size} cells with "
            "land, which is less than one, so skill in places without a training target is not measured. Use a smaller "
            "split.block_cells or a larger share."
        )
    count = min(len(corners), round(wanted))
    chosen = np.random.default_rng([config.seed, 2]).permutation(len(corners))[:count]
    boxes = []
    for r, c in sorted(corners[k] for k in chosen):
        block = product.window(r, c, min(size, product.n_lat - r), min(size, product.n_lon - c))
        boxes.append(Box(*(round(v, 9) for v in (block.south, block.north, block.west, block.east))))
    return tuple(boxes), ""


def _names(numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(from_month_number(int(n)).astype("datetime64[M]")) for n in numbers)
