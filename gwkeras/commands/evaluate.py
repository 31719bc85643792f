"""`gwkeras evaluate`."""

from __future__ import annotations

from gwkeras.commands.options import ConfigOption, RunOption, SetOption


def evaluate(run: RunOption = None, config: ConfigOption = None, settings: SetOption = None) -> None:
    """Score all methods in the held-out months. Methods without a network are fitted first; they need no shards."""
    from gwkeras.commands.experiment import opened
    from gwkeras.console import say_written, show_scores

    with opened(run, config, settings) as experiment:
        evaluation = experiment.evaluate()
        following = "export" if experiment.names_network else "downscale"
    show_scores(evaluation)
    written = experiment.run
    wrote = f"{written.report}, {written.picture}, {written.evaluation}"
    say_written(wrote, f"gwkeras {following} --run {written.root}", experiment.all_notes)
