"""Makes the files of a world, and its product as several satellites would see it, in a process of its own.

python -m benchmarks.skill.world ORDER.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    from gwkeras.commands.twin import real_climate
    from gwkeras.twin.observe import write_observations, write_product
    from gwkeras.twin.world import TwinConfig, make_world

    order = json.loads(Path(sys.argv[1]).read_text())
    folder, options = Path(order["folder"]), dict(order["options"])
    climate = [Path(path) for path in options.pop("climate", [])]
    given = real_climate(climate) if climate else None
    world = make_world(TwinConfig.of(options.pop("world", "basins"), given, seed=order["seed"], **options), given)
    files = write_observations(world, folder)
    files["gwsa"].unlink()
    for name, settings in order["products"].items():
        (folder / name).mkdir(exist_ok=True)
        write_product(world.observed_as(**settings), folder / name)


if __name__ == "__main__":
    main()
