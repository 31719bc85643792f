"""Tables 1 and 2: what was run, and on what."""

from __future__ import annotations

from gwkeras.core.config.tree import Config
from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.sections.paper.beside import beside, without
from gwkeras.report.stored.run import StoredRun


def configuration(run: StoredRun) -> Section:
    """Table 1."""
    if run.config is None:
        return without(1, "configuration", "The run folder holds no configuration.")
    rows = [("scale", f"{run.config.sample.factor} × finer than the product"), ("learned from", run.config.target.kind)]
    if run.has_network:
        shape = run.config.sample
        size = f"{shape.height} × {shape.width} cells" if shape.height and shape.width else "32 × 32 cells at most"
        rows.append(("patches", f"{size} of the product, {shape.months} months of climate"))
        rows += _network(run.config)
    else:
        rows.append(("network", "none was trained for this run"))
    return Section("Table 1: configuration", (Table("", ("component", "this run"), tuple(rows), "table_1"), beside(1)), 3)


def data(run: StoredRun) -> Section:
    """Table 2."""
    found, grid = run.evaluation, run.evaluation.grid
    land = found.data["land_area_map"].values
    step = float(found.data.attrs["coarse_step_degrees"])
    rows = [
        ("months scored", f"{len(found.months)}, {str(found.months[0])[:7]} to {str(found.months[-1])[:7]}"),
        ("region", f"{grid.south:g} to {grid.north:g}° N, {grid.west:g} to {grid.east:g}° E"),
        ("land cells scored", f"{int((land > 0).sum()):,} of {grid.lat_step:g}°"),
        ("land area", f"{land.sum() / 1000:,.0f} thousand km²"),
        ("resolution", f"{step:g}° to {grid.lat_step:g}°"),
        ("standard deviation of the field used for scoring", f"{found.scores[run.method].truth_deviation:.1f} mm"),
    ]
    rows += [(name, value) for name, value in run.told.facts.items() if name == "samples"]
    if found.has_patches:
        rows.append(("test patches", str(found.data.sizes["patch"])))
    if run.config is not None and run.config.sample.climate:
        rows.append(("climate variables", ", ".join(run.config.sample.climate).replace("_", " ")))
    said = paragraph(run.told.split) if run.told.split else paragraph("What was held out is stated above.")
    return Section("Table 2: data", (said, Table("", ("parameter", "this run"), tuple(rows), "table_2"), beside(2)), 3)


def _network(config: Config) -> list[tuple[str, str]]:
    model, training, loss = config.model, config.training, config.loss
    rows: list[tuple[str, str]] = [("network", model.kind)]
    if model.convlstm_filters:
        rows.append(("ConvLSTM encoder", _layers(model.convlstm_filters, "layer")))
    if model.unet_filters:
        *levels, bottleneck = model.unet_filters
        above = f"{_layers(tuple(levels), 'level')}, " if levels else ""
        rows.append(("U-Net", f"{above}{bottleneck} in the bottleneck"))
    return [
        *rows,
        ("optimiser", f"AdamW, {training.learning_rate:g}, weight decay {training.weight_decay:g}"),
        ("batch size", str(training.batch_size)),
        ("epochs", f"{training.epochs} at most"),
        ("loss weights", f"physics {loss.physics_weight:g}, smoothness {loss.smoothness_weight:g}; data loss {loss.data}"),
    ]


def _layers(channels: tuple[int, ...], what: str) -> str:
    return f"{len(channels)} {what}{'s' if len(channels) > 1 else ''}, {', '.join(map(str, channels))} channels"
