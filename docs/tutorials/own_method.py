"""Source of the third tutorial; `python -m docs.making.tutorials --write own_method` makes the notebook of it."""

# %% [markdown]
# # A method of your own
#
# Every method in gwkeras is a *prior* (what each fine cell should hold, before the satellite is asked) and an
# *update* (what the product says that the prior has missed). If you have an idea about groundwater, write it
# down as a prior. Kriging, error bars, evaluation and files come by themselves.
#
# As always, we need a world, and something to compare with.

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
# The idea: storage follows the rain of the last year. A *recipe* is a frozen dataclass; its fields are what can
# be set in a configuration. This one has nothing to learn, so it extends `Constant`, and all that is left to
# write is `predict`: given a domain and a month, the storage of every fine cell in mm.

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
# ## Judge it
#
# We put it before kriging, beside kriging alone and the default, and let them be judged on the same months and
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
# The guess did harm: kriging without any prior is better. A prior that is wrong is worse than none, because where
# the satellite shows nothing, nothing corrects it. Note the CRPS, too, which judges the estimate and its error bar together.
#
# ## A prior that learns
#
# The gain of 0.3 was a guess, and one gain for all places is a crude idea. Let us learn it, from the product
# alone. The satellite does not show fine cells; it shows H f, the fine field seen through its filter.
# `domain.observation` is that H. So we look for the gain with which H f fits the product best in the training
# months. A recipe that learns implements `fit`, which returns the fitted prior, and `load`.

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
# One number, learned through the satellite's own operator, turns the same idea into one that helps. The ridge does
# the same with hundreds of such features, each a memory of a climate channel times a map, held
# back so that it does not believe more than held-out product bears out.
#
# ## Use it from the command line
#
# Put the class into a module that Python can import, and name it in the configuration:
#
# ```yaml
# methods:
#   - prior: {kind: "my_package.rain:YearOfRain", gain: 0.2}
#     update: kriging
# ```
#
# `gwkeras run`, `evaluate`, `downscale` and `ablate` then treat it like any other. [Methods](../../methods.md)
# states what a method has to promise: the same numbers for the same seed, months in any order, finite values on
# land, nothing learned from held-out months.
