"""The figures of docs/pictures.md, drawn anew from the methods: half a minute.

python -m docs.making.figures [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from docs.making.small_run import MONTH, SmallRun, small_run
from gwkeras.core.grid import Grid
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

IMAGES = Path(__file__).resolve().parent.parent / "images"

_KM = 111.2  # a degree of latitude
_G3P, _MASCON = 250.0, 150.0  # km of half weight
_DPI = 100


def point_spread(figure: Figure) -> None:
    """The weight by distance, and what the product shows of water in a single cell."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    distance = np.linspace(0, 800, 400)
    for radius, name in ((_MASCON, "mascons, 150 km"), (_G3P, "G3P, 250 km")):
        left.plot(distance, PointSpread.gaussian(radius).weight(distance), label=name)
        left.plot(radius, 0.5, "k.")
    left.axvspan(0, 0.25 * _KM, color="0.8", label="half a 0.5° cell")
    left.set(xlabel="distance, km", ylabel="weight", title="How far the water of a place shows", ylim=(0, 1.05), xlim=(0, 800))
    left.legend()
    grid = Grid.covering(20, 32, 74, 88, 0.125)
    water = np.zeros(grid.shape)
    row, column = grid.n_lat // 2, grid.n_lon // 2
    water[row : row + 4, column : column + 4] = 100.0
    seen = Observation(grid, 4, np.ones(grid.shape), PointSpread.gaussian(_G3P))(water)
    coarse = grid.coarsen(4)
    image = right.pcolormesh(coarse.lon_edges, coarse.lat_edges, seen, cmap="Blues", vmin=0)
    right.plot(*_square(grid.lon_edges[column], grid.lat_edges[row], 0.5), color="C1", label="100 mm stand here")
    right.set(title="What G3P shows of 100 mm in one cell", xlabel="longitude, °E", ylabel="latitude, °N", aspect=1.1)
    right.legend(loc="lower left")
    figure.colorbar(image, ax=right, label="mm")


def what_a_filter_hides(figure: Figure, run: SmallRun) -> None:
    """The truth, its cell means, what the product shows; and the share of an amplitude that is left, by wavelength."""
    above, below = figure.subfigures(2, 1, height_ratios=(1.15, 1))
    truth, domain = run.truth_of(MONTH), run.domain
    cells = domain.fine.block_mean(truth, domain.factor, domain.land_fine)
    axes = above.subplots(1, 3, sharey=True)
    _map(axes[0], domain.fine, truth, "what there is, 0.125°")
    _map(axes[1], domain.coarse, cells, "means of 0.5° cells")
    image = _map(axes[2], domain.coarse, domain.storage_of(MONTH), "what the product shows")
    above.colorbar(image, ax=axes, label="mm")
    curve = below.subplots()
    wavelength = np.geomspace(30, 5000, 300)
    for radius, name in ((_MASCON, "150 km"), (_G3P, "250 km")):
        # a Gaussian exp(-ln 2 (d / r)²) leaves exp(-(π r / λ)² / ln 2) of a wave
        curve.semilogx(
            wavelength, np.exp(-((np.pi * radius / wavelength) ** 2) / np.log(2)), label=f"filter with half weight at {name}"
        )
    curve.semilogx(wavelength, np.abs(np.sinc(0.5 * _KM / wavelength)), "k--", linewidth=1, label="means of 0.5° cells alone")
    curve.axvline(1000, color="0.6", linewidth=1)
    curve.set(xlabel="wavelength, km", ylabel="share of the amplitude left", ylim=(0, 1.05), title="What is left of a wave")
    curve.set_xticks([50, 100, 200, 500, 1000, 2000, 5000], ["50", "100", "200", "500", "1000", "2000", "5000"])
    curve.legend(loc="upper left")


def prior_and_update(figure: Figure, run: SmallRun) -> None:
    """A month from prior to estimate."""
    domain, method = run.domain, run.method
    prior = np.asarray(method.prior.predict(domain, MONTH).mean)
    observed, seen = domain.storage_of(MONTH), domain.observation(prior)
    prior, seen = np.where(domain.land_fine > 0, prior, np.nan), np.where(domain.land > 0, seen, np.nan)
    estimate = method.predict(domain, MONTH).mean
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    _map(axes[0, 0], domain.fine, prior, "1  f, the prior")
    _map(axes[0, 1], domain.coarse, seen, "2  H f, as the satellite would show it")
    _map(axes[0, 2], domain.coarse, observed, "3  G, the product")
    _map(axes[1, 0], domain.fine, estimate - prior, "4  K (G − H f), the correction")
    _map(axes[1, 1], domain.fine, estimate, "5  the estimate, 1 + 4")
    image = _map(axes[1, 2], domain.fine, run.truth_of(MONTH), "the truth")
    figure.colorbar(image, ax=axes, label="mm", shrink=0.8)


def error_bars(figure: Figure, run: SmallRun) -> None:
    """A cell's series with its interval, and how many truths lie within intervals of each probability."""
    domain, method = run.domain, run.method
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    row, column = (int(np.argmin(np.abs(axis - value))) for axis, value in ((domain.fine.lat, 25.06), (domain.fine.lon, 80.06)))
    months = [month for month in domain.months if month < np.datetime64("2017-01")]
    found = [method.predict(domain, month) for month in months]
    lower, mean, upper = (np.array([getattr(each, name)[row, column] for each in found]) for name in ("lower", "mean", "upper"))
    left.fill_between(months, lower, upper, alpha=0.3, label="90 % interval")
    left.plot(months, mean, label="estimate")
    left.plot(months, [run.truth_of(month)[row, column] for month in months], "k", linewidth=1, label="truth")
    left.set(title="One fine cell", ylabel="storage anomaly, mm")
    left.legend()
    probabilities = np.array([p for p, _ in found[0].quantiles if p <= 0.99])
    factors = np.array([factor for p, factor in found[0].quantiles if p <= 0.99])
    held_out = run.evaluation.months
    ratios = np.concatenate([_ratios(run, month) for month in held_out])
    covered = [(ratios <= factor).mean() for factor in factors]
    right.plot(probabilities, covered, label="found")
    right.plot([0, 1], [0, 1], "k:", label="as promised")
    right.set(
        title="Truths within intervals",
        xlabel="probability promised",
        ylabel="share found",
        aspect="equal",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    right.legend()


def _ratios(run: SmallRun, month: np.datetime64) -> np.ndarray:
    found = run.method.predict(run.domain, month)
    assert found.sigma is not None
    ratio = np.abs(found.mean - run.truth_of(month)) / found.sigma
    return ratio[np.isfinite(ratio)]


def _map(axes: Axes, grid: Grid, field: np.ndarray, title: str, limit: float = 100.0):
    image = axes.pcolormesh(grid.lon_edges, grid.lat_edges, field, cmap="RdBu", vmin=-limit, vmax=limit, rasterized=True)
    axes.set(title=title, aspect=1.1, facecolor="0.85")
    return image


def _square(west: float, south: float, side: float) -> tuple[list[float], list[float]]:
    return [west, west + side, west + side, west, west], [south, south, south + side, south + side, south]


def main(folder: Path) -> None:
    """All of them, as PNG."""
    with tempfile.TemporaryDirectory() as work:
        run = small_run(Path(work))
        for name, size, draw in (
            ("point-spread", (10, 4), point_spread),
            ("what-a-filter-hides", (10, 7), lambda figure: what_a_filter_hides(figure, run)),
            ("prior-and-update", (11, 6.4), lambda figure: prior_and_update(figure, run)),
            ("error-bars", (11, 3.8), lambda figure: error_bars(figure, run)),
        ):
            figure = Figure(figsize=size, layout="constrained", dpi=_DPI)
            FigureCanvasAgg(figure)
            draw(figure)
            figure.savefig(folder / f"{name}.png", format="png")
            print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
