"""Source of the first tutorial; `python -m docs.making.tutorials --write downscaling` makes the notebook of it."""

# %% [markdown]
# # Downscaling a small world, and scoring it
#
# Real groundwater storage is never known in every cell and month, so the skill of a downscaled map cannot be
# measured directly. In a *twin* world it can: the program generates terrain, climate and aquifers, and observes
# them as satellites would. This tutorial makes such a world, estimates its fine storage from the observations,
# and compares the estimate with the truth.
#
# It takes about a minute.
#
# ## A world

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import xarray as xr

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
{name: path.name for name, path in files.items()}

# %% [markdown]
# There are four files: the storage product in the format of G3P, climate in the format of ERA5-Land, maps of
# terrain and soil, and the truth. The product has cells of 0.5° and, like G3P, is smoothed by a Gaussian filter
# with a radius of 250 km.

# %%
product = xr.open_dataset(files["gwsa"])["GWSA"]
truth = xr.open_dataset(files["truth"])["gwsa"]
month = "2015-12"


def show(field, axes, title, limit=100):
    field = field.squeeze()
    image = axes.pcolormesh(field.lon, field.lat, field, cmap="RdBu", vmin=-limit, vmax=limit)
    axes.set(title=title, xlabel="longitude, °E", ylabel="latitude, °N", aspect=1.1, facecolor="0.85")
    return image


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
show(product.sel(time=month), left, "what the satellite shows")
image = show(truth.sel(time=month), right, "what there is")
figure.colorbar(image, ax=(left, right), label="storage anomaly, mm")
plt.show()

# %% [markdown]
# The product shows the large-scale pattern but no valleys. The task is to get from the left picture to the right
# one without using the truth.
#
# ## The estimate
#
# `load_config` gives the default configuration. Here we name two methods: a ridge regression on climate and maps
# followed by kriging, and kriging alone. Then we name the files and run everything. `truth` is used for scoring
# only.

# %%
from gwkeras.core.config.yaml_file import load_config
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from gwkeras.pipeline.whole import run_all
from gwkeras.training.run_folder import RunFolder

methods = "methods=[{prior: {kind: stack, priors: [ridge]}, update: kriging}, {prior: none, update: kriging}]"
config = with_files(
    load_config(None, [methods, "split.block_share=0"]),
    gwsa=[files["gwsa"]],
    climate=[files["climate"]],
    static=[files["static"]],
    truth=files["truth"],
)
experiment = Experiment(config, RunFolder(Path("run")))
evaluation = run_all(experiment)

# %% [markdown]
# The folder `run` now holds the same files as after the command `gwkeras run`. These are the program's notes:

# %%
print(*experiment.notes, sep="\n\n")

# %% [markdown]
# ## How good is it?
#
# `gwkeras.open_run` opens any run folder, whether it was made by a notebook or a command. A fifth of the months was
# held out of all learning. In these months every method is compared with the truth.

# %%
import gwkeras

run = gwkeras.open_run("run")
print(f"{evaluation.held_out}, scored against {evaluation.basis}")
table = run.scores[["rmse", "r2", "crps"]]
table.assign(share_of_bicubic=table["rmse"] / table["rmse"]["bicubic"]).round(3)

# %% [markdown]
# The last column, the RMSE as a share of bicubic's, matters most. 1 means no better than bicubic interpolation.
# Kriging without a prior improves a little on the product; climate and maps add much more.
#
# ## Where, and when?

# %%
scores = evaluation.data
interpolated, ours = (scores["rmse_map"].sel({"method": name}) for name in ("bicubic", "stack + kriging"))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
share = ours / interpolated
image = left.pcolormesh(share.lon, share.lat, share, cmap="PuOr", vmin=0.2, vmax=1.8)
left.set(title="RMSE of the estimate / bicubic's", xlabel="longitude, °E", ylabel="latitude, °N", aspect=1.1, facecolor="0.85")
figure.colorbar(image, ax=left)
for name in ("bicubic", "kriging", "stack + kriging"):
    right.plot(scores["time"], scores["rmse"].sel({"method": name}), ".", label=name)
right.set(title="month by month", ylabel="RMSE, mm", ylim=(0, None))
right.legend()
plt.show()

# %% [markdown]
# Orange cells are better than bicubic, purple ones worse. No method is better everywhere, and without the truth
# nobody could tell which cells are worse. That is why estimates need error bars: see [the next
# tutorial](error_bars.md).

# %%
print(f"better than bicubic in {float((share < 1).sum() / share.notnull().sum()):.0%} of the land cells")

# %% [markdown]
# ## The month of the first picture

# %%
fine = run.record
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 3.8), layout="constrained")
show(fine["gwsa"].sel(time=month), left, "estimate")
image = show(truth.sel(time=month), middle, "truth")
show((fine["gwsa"] - truth).sel(time=month), right, "estimate less truth")
figure.colorbar(image, ax=(left, middle, right), label="mm")
plt.show()

# %% [markdown]
# ## What this does not prove
#
# This world is synthetic, and the climate that the method sees is nearly right. Real reanalyses have larger errors
# in mountains, and real pumping follows prices and power lines. [Skill](../../skill.md) lists what such worlds
# cannot prove. A real region has no fine truth, and a score against the product alone says nothing about detail:
# see [what to believe](../../first-hour/what-to-believe.md).
