"""Source of the second tutorial; `python -m docs.making.tutorials --write error_bars` makes the notebook of it."""

# %% [markdown]
# # Error bars: their meaning, for a cell and for a basin
#
# Every value that gwkeras writes has a standard error `gwsa_sigma` and an interval that should contain the truth
# nine times in ten. This tutorial checks that on a world with a known truth. It also shows a common mistake with
# error bars of maps: averaging them as if neighbouring cells were independent.
#
# The world is that of [the first tutorial](downscaling.md).

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

import gwkeras
from gwkeras.core.config.yaml_file import load_config
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from gwkeras.pipeline.whole import run_all
from gwkeras.training.run_folder import RunFolder
from gwkeras.twin.observe import write_observations
from gwkeras.twin.world import TwinConfig, make_world

settings = TwinConfig(
    seed=1,
    south=20,
    north=30,
    west=74,
    east=86,
    first_month="2008-01",
    last_month="2019-12",
    climate_first_month="2004-01",
)
files = write_observations(make_world(settings), Path("world"))
config = with_files(
    load_config(None, ["split.block_share=0"]),
    gwsa=[files["gwsa"]],
    climate=[files["climate"]],
    static=[files["static"]],
    truth=files["truth"],
)
run_all(Experiment(config, RunFolder(Path("run"))))

run = gwkeras.open_run("run")
fine = run.record.load()
truth = xr.open_dataset(files["truth"])["gwsa"].load()
held_out = run.evaluation.months  # nothing was learned from these

# %% [markdown]
# ## One cell
#
# The band is the 90 % interval, the black line the truth. About one month in ten should lie outside.

# %%
series, actual = (data.sel(lat=25.06, lon=80.06, method="nearest") for data in (fine, truth))
figure, axes = plt.subplots(figsize=(10, 3.5), layout="constrained")
axes.fill_between(series.time, series["gwsa_lower"], series["gwsa_upper"], alpha=0.3, label="90 % interval")
axes.plot(series.time, series["gwsa"], label="estimate")
axes.plot(actual.time, actual, "k", linewidth=1, label="truth")
axes.set(ylabel="storage anomaly, mm")
axes.legend()
plt.show()

# %% [markdown]
# A single cell can lie outside for years, because an error of climate or maps at one place affects every month.
# The nominal probability applies to many cells and months together, so let us count.

# %%
estimate, actual = fine.sel(time=held_out), truth.sel(time=held_out)
inside = (estimate["gwsa_lower"] <= actual) & (actual <= estimate["gwsa_upper"])
known = estimate["gwsa"].notnull() & actual.notnull()
area = np.cos(np.deg2rad(fine["lat"]))
print(f"{float(inside.where(known).weighted(area).mean()):.1%} of the truth lies inside the 90 % intervals")

# %% [markdown]
# The nominal coverage is 90 %. A higher coverage means that the intervals are wider than necessary, a lower one
# that they are too narrow.
#
# ## Are large error bars where the errors are large?
#
# If σ is right, errors are as large as σ, wherever σ is small or large. We sort all cells and months
# by σ, divide them into ten parts, and compare σ with the root mean square error in each part.

# %%
error = (estimate["gwsa"] - actual).where(known).values.ravel()
sigma = estimate["gwsa_sigma"].where(known).values.ravel()
both = pd.DataFrame({"error": error, "sigma": sigma}).dropna()
parts = both.groupby(pd.qcut(both["sigma"], 10), observed=True).apply(lambda part: np.sqrt((part**2).mean()))

figure, axes = plt.subplots(figsize=(4.5, 4), layout="constrained")
axes.plot(parts["sigma"], parts["error"], "o-")
axes.plot([0, parts.to_numpy().max()], [0, parts.to_numpy().max()], "k:", label="σ as large as the error")
axes.set(xlabel="σ, mm", ylabel="error (root mean square), mm", aspect="equal")
axes.legend()
plt.show()

# %% [markdown]
# `gwkeras evaluate` makes the same comparison for every method, and the report shows it. In Python:

# %%
from gwkeras.evaluate.findings.diagnosis import diagnosis

found = diagnosis(run.evaluation, "stack + kriging")
print(f"slope of the error over σ: {found.slope:.2f} (1 is right)")
print(f"CRPS: {found.crps:.1f} mm, with one constant σ it would be {found.constant_crps:.1f} mm")

# %% [markdown]
# ## A basin is not a cell
#
# What is the standard error of the mean over a basin? Two simple answers are both wrong:
#
# * σ/√n assumes that the errors of n cells are independent. They are not: the prior's errors in neighbouring cells
#   are correlated.
# * σ assumes that errors are perfectly correlated. They are not either: some cancel.
#
# `gwkeras zonal` draws errors from the posterior and takes the spread of their means over each zone. Here are
# four square basins.

# %%
import json

corners = {"north-west": (75, 26), "north-east": (81, 26), "south-west": (75, 21), "south-east": (81, 21)}
squares = [
    {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [[[x, y], [x + 3, y], [x + 3, y + 3], [x, y + 3], [x, y]]]},
    }
    for name, (x, y) in corners.items()
]
with open("basins.geojson", "w") as file:
    json.dump({"type": "FeatureCollection", "features": squares}, file)

# %% [markdown]
# On the command line this would be `gwkeras zonal basins.geojson --run run`.

# %%
from gwkeras.analysis.zones import read_zones
from gwkeras.application.analysis.zonal import zonal_record
from gwkeras.application.opening import Wanted, open_application

application = open_application(config, RunFolder(run.folder), Wanted())
zones = read_zones(Path("basins.geojson"), application.job.domain.fine)
basins = zonal_record(application.job, application.months, zones)

rows = {}
for name, (x, y) in corners.items():
    box = {"lat": slice(y, y + 3), "lon": slice(x, x + 3)}
    means = [data.sel(box).weighted(area).mean(("lat", "lon")) for data in (estimate["gwsa"], actual)]
    variance = (estimate["gwsa_sigma"].sel(box) ** 2).mean()
    cells = int(known.isel(time=0).sel(box).sum())
    rows[name] = {
        "actual error": float(np.sqrt(((means[0] - means[1]) ** 2).mean())),
        "σ by zonal": float(basins["gwsa_sigma"].sel(zone=name, time=held_out).mean()),
        "σ / √n": float(np.sqrt(variance / cells)),
        "σ of a cell": float(np.sqrt(variance)),
    }
pd.DataFrame(rows).T.round(1)

# %% [markdown]
# The first column is the actual error of each basin's mean in the held-out months. Each row is a single
# basin, so the columns need not agree row by row. But σ/√n is far too small everywhere.
#
# ## Trends

# %%
for name in corners:
    slope, sigma = (float(basins[key].sel(zone=name)) for key in ("gwsa_trend", "gwsa_trend_sigma"))
    x, y = corners[name]
    mean = truth.sel(lat=slice(y, y + 3), lon=slice(x, x + 3)).weighted(area).mean(("lat", "lon")).sel(time=basins["time"])
    years = (mean.time.dt.year + (mean.time.dt.month - 0.5) / 12).values
    print(f"{name}: {slope:+.1f} ± {sigma:.1f} mm a year; in truth {np.polyfit(years, mean, 1)[0]:+.1f}")

# %% [markdown]
# ± is one standard error. With perfect standard errors, two thirds of all trends would lie within one of them and
# nearly all within two. Four basins are too few to tell. Trends are the most difficult quantity, because slowly
# changing errors of the prior look like a trend.
#
# ## What is measured, and what is assumed
#
# No truth was used for these error bars. They are calibrated on held-out parts of the product. But detail that
# the satellite's filter removes leaves no trace in the product, so that part of σ cannot be measured from it. Its
# size was set on worlds like this one. See [Error bars](../../uncertainty.md).
