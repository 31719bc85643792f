"""What the physics-informed paper prints, and whether this program's figures can be compared with it.

The paper gives storage in centimetres. G3P, which it is trained on, is distributed in millimetres, and the paper's R² and RMSE
agree only in millimetres. So its figures are shown as printed, with a remark.
"""

from __future__ import annotations

from dataclasses import dataclass

UNIT = (
    "The paper prints centimetres. Its R² of 0.9983 with an RMSE of 2.75 implies a target with a standard deviation of 67, "
    "which is typical of G3P in millimetres. So millimetres are almost certainly meant."
)


@dataclass(frozen=True)
class Printed:
    """A table as the paper has it.

    Args:
        headings: of its columns.
        rows: as printed.
        comparable: whether a run's figures can be compared with it, and if not, why.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    comparable: str


TABLES: dict[int, Printed] = {
    1: Printed(
        ("component", "configuration"),
        (
            ("ConvLSTM encoder", "2 layers, 64 channels, 3 × 3"),
            ("U-Net encoder", "3 levels, 64, 128, 256"),
            ("U-Net decoder", "3 levels, 256, 128, 64"),
            ("final upsampling", "bilinear, 4 ×"),
            ("parameters", "8.2 million"),
            ("optimiser", "AdamW, 1e-3, weight decay 1e-5"),
            ("batch size", "16"),
            ("epochs", "30, stopped early"),
            ("loss weights", "physics 0.05, smoothness 0.01"),
        ),
        "Definitions, which can be compared line by line. 8.2 million parameters need a bottleneck of 512 channels below the "
        "three levels.",
    ),
    2: Printed(
        ("parameter", "value"),
        (
            ("months", "225, 2002-04 to 2023-09"),
            ("land cells of the product", "57,503"),
            ("training patches", "8,000 of 32 × 32 cells"),
            ("validation patches", "2,000"),
            ("test patches", "500"),
            ("climate variables", "precipitation, soil moisture, temperature, pressure"),
            ("resolution", "0.5° to 0.125°"),
        ),
        "The globe has room for only some 240 patches of that size without overlap, so the paper's test patches share most of "
        "their cells with its training patches.",
    ),
    3: Printed(
        ("method", "MAE", "R²", "physics loss"),
        (
            ("nearest neighbour", "2.21 ± 1.25", "–", "–"),
            ("bilinear", "0.54 ± 0.60", "–", "–"),
            ("the paper's network", "1.64 ± 0.85", "0.9983", "3.4"),
        ),
        "Only a run with target bicubic and a random split is scored as in the paper: against the bicubic interpolation of its "
        "own input.",
    ),
    4: Printed(
        ("method", "MAE", "physics", "memory", "uncertainty"),
        (
            ("the paper's network", "1.64", "yes", "yes", "yes"),
            ("Miro & Famiglietti (2018)", "2.10", "no", "no", "no"),
            ("data assimilation", "1.95", "yes", "yes", "no"),
            ("bilinear", "0.54", "no", "no", "no"),
            ("nearest neighbour", "2.21", "no", "no", "no"),
        ),
        "Not comparable: the paper does not say what the other authors' methods were scored against, and gives no code.",
    ),
    5: Printed(
        ("epoch", "sign", "magnitude", "regional", "total"),
        (
            ("1", "1.42", "1.89", "0.83", "4.14"),
            ("10", "1.08", "1.52", "0.63", "3.23"),
            ("30", "1.02", "1.42", "0.55", "2.99"),
        ),
        "Not comparable as printed: equation 12 cannot exceed 1, yet 1.42 is printed; the last row adds up to 2.99, but the "
        "text says 3.39. The terms here are those of equations 12 to 15 in their trainable form.",
    ),
    6: Printed(
        ("variant", "MAE", "against the full model", "physics loss"),
        (
            ("full model", "1.64", "–", "3.4"),
            ("without ConvLSTM", "2.15", "+31 %", "4.8"),
            ("without physics", "2.01", "+23 %", "–"),
            ("without uncertainty", "1.67", "+2 %", "3.5"),
        ),
        "One training each, against a target that is an interpolation of the input; no spread is given.",
    ),
    7: Printed(
        ("memory", "MAE", "physics loss", "training, hours"),
        (
            ("1 month", "2.10", "4.2", "32"),
            ("3 months", "1.85", "3.8", "36"),
            ("6 months", "1.64", "3.4", "40"),
            ("12 months", "1.66", "3.5", "48"),
        ),
        "The target does not depend on the climate at all, so no length of memory can be the best one for it.",
    ),
    8: Printed(
        ("method", "training, hours", "inference, minutes", "hardware"),
        (
            ("the paper's network", "40", "2", "2 × Tesla P40"),
            ("data assimilation", "240+", "60+", "cluster"),
            ("geostatistics", "12", "45", "cluster of CPUs"),
            ("machine learning", "28", "5", "Tesla P40"),
        ),
        "Other hardware and the whole globe; only orders of magnitude can be compared.",
    ),
}
"""By number."""

FIGURES: dict[int, str] = {
    1: "The paper shows trends of the product over the globe, 2002 to 2023, beyond 20 mm a year in places.",
    2: "The paper shows the components of its network.",
    3: "The paper shows three patches with errors mostly below 5, against the interpolation of the input.",
    4: "The paper's MAE is 1.5 to 1.7 in every calendar month, slightly higher in July and August.",
    5: "The paper finds errors below 1 where its target is smooth, and larger ones at steep gradients and at edges of patches.",
    6: "The paper's loss falls from 15.2 to 2.8 in 30 epochs, its MAE from 4.2 to 1.64.",
    7: (
        "In the paper, the stated uncertainty has a correlation of −0.257 with the error and a mean of 0.724, against an MAE of "
        "1.64. So its intervals are less than half as wide as they should be, and do not show where errors are large."
    ),
}
"""What the paper's figures show, by number."""
