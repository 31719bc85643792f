"""Prints requirements, one a line: all of pyproject.toml but TensorFlow's family, with JAX, PyTorch and what runs tests."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
wanted = [*project["dependencies"], *extras["jax"], *extras["torch"]]
wanted += [line for line in extras["test"] if re.match(r"(pytest|hypothesis)\b(?!-)", line)]
sys.stdout.writelines(f"{line}\n" for line in wanted if not re.match(r"(tensorflow|tf-)", line))
