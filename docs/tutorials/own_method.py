"""Source of the third tutorial; `python -m docs.making.tutorials --write own_method` makes the notebook of it."""

# %% [markdown]
# # A method of your own
#
# Every method in gwkeras consists of a *prior* (a prediction of storage in each fine cell, before the product is
# used) and an *update* (the correction by the product). If you have an idea about groundwater, write it
# as a prior. Kriging, error bars, evaluation and output files then work without further code.
#
# We start with a synthetic world.

# %%
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import gwkeras
from gwkeras.core.config.yaml_file import load_config
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
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

# %% [markdown]
# ## A prior in a few lines
#
# The idea: storage follows the rain of the last year. A *recipe* is a frozen dataclass; its fields are the keys of
# the configuration. This one has nothing to learn, so it extends `Constant` and only needs `predict`, which takes
# a domain and a month and returns the storage of every fine cell in mm.

# %%
from gwkeras.core.config.key import key
from gwkeras.methods.method import Prediction
from gwkeras.methods.parts import Constant


@dataclass(frozen=True)
class YearOfRain(Constant):
    """Storage that follows the rain of the last twelve months."""

    gain: float = key(0.3, "mm of storage per mm of rain", unit="1", above=0)

    label = "year of rain"

    def predict(self, domain, month, part=None):
        rain = domain.fine_drivers.channels["precipitation"]
        now = domain.fine_drivers.calendar.position(month)
        usual = np.mean(rain, axis=0) * 12
        unusual = np.sum(rain[now - 11 : now + 1], axis=0) - usual
        return Prediction(np.where(domain.land_fine > 0, self.gain * unusual, np.nan))


# %% [markdown]
# ## Score it
#
# We combine it with kriging and compare it with kriging alone and with ridge + kriging, in the same months and
# cells.

# %%
from gwkeras.core.config.tree import MethodConfig
from gwkeras.methods.priors.none import NoPrior
from gwkeras.methods.priors.ridge.recipe import Ridge
from gwkeras.methods.updates.kriging.recipe import Kriging


def judged(*priors):
    methods = tuple(MethodConfig(prior=prior, update=Kriging()) for prior in priors)
    experiment = Experiment(replace(config, methods=methods), RunFolder(Path("run")))
    experiment.settle()
    experiment.evaluate()
    table = gwkeras.open_run("run").scores[["rmse", "crps"]]
    return table.assign(share_of_bicubic=table["rmse"] / table["rmse"]["bicubic"]).round(3)


judged(NoPrior(), YearOfRain(), Ridge())

# %% [markdown]
# This prior does harm: kriging without any prior is better. A wrong prior is worse than none, because the product
# cannot correct detail that its filter removes. Note the CRPS, too, which scores estimate and error bar together.
#
# ## A prior that learns
#
# The gain of 0.3 was a guess. Let us learn it from the product alone. The satellite does not show fine cells; it
# shows H f, the fine field passed through its filter. `domain.observation` is that H. So we find the gain with
# which H f fits the product best in the training months. A recipe that learns implements `fit`, which returns the
# fitted prior, and `load`.

# %%
import json


@dataclass(frozen=True)
class FittedRain:
    """A prior with the gain that was learned."""

    gain: float

    def predict(self, domain, month, part=None):
        return YearOfRain(self.gain).predict(domain, month)

    @property
    def digest(self):
        return repr(self)

    def save(self, folder):
        (folder / "gain.json").write_text(json.dumps(self.gain))


@dataclass(frozen=True)
class LearnedRain:
    """Storage that follows the rain of the last twelve months, as much as the product says."""

    label = "learned rain"
    needs_shards = False

    def fit(self, training, progress):
        seen, shown = [], []
        for month in training.months:  # the training months; held-out ones are not in it
            expected = YearOfRain(1.0).predict(training.domain, month).mean
            seen.append(training.domain.observation(expected))
            shown.append(training.domain.storage_of(month))
        seen, shown = np.array(seen), np.array(shown)
        known = np.isfinite(seen) & np.isfinite(shown)
        return FittedRain(float((seen[known] * shown[known]).sum() / (seen[known] ** 2).sum()))

    def load(self, folder, training):
        return FittedRain(json.loads((folder / "gain.json").read_text()))


judged(NoPrior(), YearOfRain(), LearnedRain(), Ridge())

# %%
for path in sorted(Path("run/methods").glob("learned-rain*/prior/gain.json")):
    print(f"the gain that was learned: {json.loads(path.read_text()):.3f}")

# %% [markdown]
# With one number learned through the satellite's operator, the same idea helps. The ridge does
# the same with hundreds of such features, each a memory of a climate channel times a map, and
# shrinks them so that they predict held-out product best.
#
# ## Use it from the command line
#
# Put the class in a module that Python can import, and name it in the configuration:
#
# ```yaml
# methods:
#   - prior: {kind: "my_package.rain:YearOfRain", gain: 0.2}
#     update: kriging
# ```
#
# `gwkeras run`, `evaluate`, `downscale` and `ablate` then treat it like any other. [Methods](../../methods.md)
# lists the contract of a method: the same numbers for the same seed, months in any order, finite values on
# land, nothing learned from held-out months.
