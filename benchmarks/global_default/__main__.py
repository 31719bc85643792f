"""The default method on the globe: what opening, fitting and a month cost, step by step; seconds and peak memory of each.

python -m benchmarks.global_default [--years 4] [--before 2] [--half-weight-km 250] [--step 0.5]
    [--folder SCRATCH] [--stop-after STEP] [--given]

360 × 720 product cells to 1440 × 2880, climate at 0.25°, three maps; files are written first (and found again in `--folder`).
The cost of fitting grows with the months; a month's own cost does not.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.global_default.world import CLIMATE, write_world
from benchmarks.global_kriging import given

BAR_SECONDS, BAR_GIB = 15.0, 2.5
STEPS = ("open", "ridge", "storage model", "fields", "kriging", "error bars", "months")


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Prints what the block took, and the most memory that the process held in it."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    wall, processor = time.perf_counter(), time.process_time()
    yield
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak, own = (int(told[name].split()[0]) / 2**20 for name in ("VmHWM", "RssAnon"))
    load = os.getloadavg()[0]
    print(
        f"{what}: {wall:.1f} s, {processor:.1f} s processor, peak {peak:.2f} GiB (own at the end {own:.2f}), load {load:.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=4, help="of storage")
    parser.add_argument("--before", type=int, default=2, help="years of climate before these")
    parser.add_argument("--half-weight-km", type=float, default=250.0, help="of the product's filter; 0: none")
    parser.add_argument("--step", type=float, default=0.5, help="side of a product cell, degrees; the bars are for 0.5")
    parser.add_argument("--folder", type=Path, default=None, help="scratch folder, kept; by default one that is removed")
    parser.add_argument("--stop-after", choices=STEPS, default=STEPS[-1])
    parser.add_argument("--given", action="store_true", help="the months alone, with parameters that are given, not fitted")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        place = folder / f"{options.years}-{options.before}-{options.half_weight_km:g}-{options.step:g}"
        if not (place / "done").exists():
            place.mkdir(parents=True, exist_ok=True)
            with measured("writing the world's files"):
                write_world(place, options.years, options.before, options.half_weight_km, options.step)
            (place / "done").touch()
        wanted = ("open", "months") if options.given else STEPS[: STEPS.index(options.stop_after) + 1]
        steps(place, options.half_weight_km, wanted)


def steps(place: Path, half_weight_km: float, wanted: tuple[str, ...]) -> None:
    """Everything that a run does with the default method, but the judging."""
    from gwkeras.core.config.tree import Config, DataConfig, PointSpreadConfig, SourceConfig, SplitConfig
    from gwkeras.domain.opening import divide_record, open_domain
    from gwkeras.fields.record import read_fields
    from gwkeras.methods.composition import Composition
    from gwkeras.methods.error_bars.by_held_out_product import error_bars
    from gwkeras.methods.training import Training
    from gwkeras.training.run_folder import RunFolder

    spread = PointSpreadConfig("gaussian", half_weight_km) if half_weight_km else PointSpreadConfig("none")
    config = Config(
        data=DataConfig(
            gwsa=SourceConfig(path=(str(place / "storage.nc"),)),
            climate=tuple(SourceConfig(path=(str(place / f"{name}.nc"),)) for name in CLIMATE),
            static=(SourceConfig(path=(str(place / "maps.nc"),)),),
            point_spread=spread,
        ),
        split=SplitConfig(span_months=6),
    )
    run = RunFolder(place / "run")
    with measured("reading and opening"):
        fields = read_fields(config.data)
        split = divide_record(fields, config, run.cache)
        domain = open_domain(fields, config, run.cache, split)
    training = Training(domain, split, config, run, 0)
    print(f"{len(domain.months)} months of storage, {len(domain.fine_drivers.calendar)} of climate", flush=True)
    recipe = config.methods[0]
    for member, name in zip(recipe.prior.priors, ("ridge", "storage model"), strict=True):
        if name in wanted:
            with measured(name):
                training.prior(member, _silent)
    if "fields" in wanted:
        with measured("the stack, and its fields of all months"):
            prior = recipe.prior.fit(training, _silent)
            for month in domain.months[:2]:
                prior.predict(domain, month)
        print("\n".join(prior.notes), flush=True)
    if "kriging" in wanted:
        with measured("kriging"):
            update = recipe.update.fit(prior, training, _silent)
    if "error bars" in wanted:
        with measured("error bars"):
            bars = error_bars(prior, update, training)
        assert bars is not None
        method = Composition("default", prior, bars.update, bars.calibration, bars.detail)
    elif "months" in wanted:
        method = _given(domain)
    if "months" in wanted:
        _months(method, domain, place)


class _Smooth:
    """A prior of any storage, read like filed ones."""

    digest = "smooth"

    def __init__(self, domain) -> None:
        rng = np.random.default_rng(0)
        field = gaussian_filter(rng.standard_normal(domain.fine.shape, dtype=np.float32), 12.0, mode=("nearest", "wrap"))
        self._fields = np.stack([30 * field / field.std()] * 2)

    def predict(self, domain, month, part=None):
        from gwkeras.methods.method import Prediction

        return Prediction(0.5 * self._fields[0] + 0.5 * self._fields[1])


def _given(domain):
    """The method with parameters as they are for groundwater: what a month costs does not depend on them."""
    from gwkeras.core.error_bars.calibration import Calibration
    from gwkeras.methods.composition import Composition
    from gwkeras.methods.error_bars.unseen_detail import UnseenDetail
    from gwkeras.methods.updates.kriging.recipe import Kriging

    prior = _Smooth(domain)
    sizes = 0.3 + np.abs(prior._fields[0]) / 30
    update = replace(given(Kriging(), domain.observation), sizes=sizes)
    detail = UnseenDetail(1.0, 0.4, np.full(domain.fine.shape, 100.0, np.float32), domain.fine)
    return Composition("default", prior, update, Calibration(), detail)


def _months(method, domain, place: Path) -> None:
    from gwkeras.application.writing import Job, downscale_record
    from gwkeras.fields.writing.writer import Provenance

    job, months = Job(method, domain), domain.months
    for number, month in enumerate(months[-3:]):
        what = "first month, with all that is made once" if number == 0 else "next month"
        with measured(f"{what} (bar {BAR_SECONDS:.0f} s, {BAR_GIB:g} GiB)"):
            job(month)
    with measured("… the mean alone of another"):  # not one whose fields have been filtered before
        _mean_alone(method, domain, months[-4])
    with measured("downscaling twelve months to NetCDF"):
        downscale_record(job, place / "fine.nc", provenance=Provenance("benchmark"), existing="overwrite", months=months[-12:])


def _mean_alone(method, domain, month: np.datetime64) -> None:
    """What a month costs without σ."""
    update, prior = method.update.on(domain), method.prior.predict(domain, month)
    expected = np.where(domain.land_fine > 0, np.asarray(prior.mean, dtype=float), np.nan)
    residual = domain.storage_of(month).astype(float) - update.region.seen(expected)
    known, amplitude = np.isfinite(update.region.gather(residual)), update.amplitude
    if amplitude is None:
        update._carried(residual, known, 1.0)
        return
    storage = amplitude.fine * update._carried(residual / amplitude.seen, known, 1.0)
    if update.region.spread.kind != "none":
        seen = update.region.seen(np.where(domain.land_fine > 0, storage, np.nan))
        update._carried(residual - seen, known, 1.0)


def _silent(label: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


if __name__ == "__main__":
    main()
