"""Files of a command line, and what a configuration says of them."""

from pathlib import Path

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.config.yaml_file import load_config
from gwkeras.pipeline.files import with_files

GIVEN = Path("/data/given.nc")


def test_what_is_said_of_no_file_is_said_of_the_files_given():
    settings = ["data.gwsa.units={gwsa: cm}", "data.climate=[{units: {temperature: degC}}]", "data.truth={variables: {gwsa: s}}"]
    data = with_files(load_config(None, settings), gwsa=[GIVEN], climate=[GIVEN], truth=GIVEN).data
    assert data.gwsa == SourceConfig(path=(str(GIVEN),), units={"gwsa": "cm"})
    assert data.climate == (SourceConfig(path=(str(GIVEN),), units={"temperature": "degC"}),)
    assert data.truth == SourceConfig(path=(str(GIVEN),), variables={"gwsa": "s"})


def test_what_is_said_of_other_files_goes_with_them():
    settings = ["data.gwsa={path: [other.nc], units: {gwsa: cm}, kind: g3p}"]
    assert with_files(load_config(None, settings), gwsa=[GIVEN]).data.gwsa == SourceConfig(path=(str(GIVEN),))
