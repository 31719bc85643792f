"""What a run as the paper has it adds to the report: patches in Table 3, Table 5 by epoch, and the curves of Figure 6."""

from __future__ import annotations

import pytest

from gwkeras.core.errors import BadInput
from gwkeras.report.document import Table
from gwkeras.report.figures.training import curves, draw_training
from gwkeras.report.sections.paper.quality import errors, physics_terms
from gwkeras.report.stored.run import read_run
from tests.report.small import SmallDomain, evaluation
from tests.report.stored import write_run


@pytest.fixture
def trained(tmp_path):
    write_run(tmp_path)
    lines = ["epoch,data,loss,magnitude,mse,regional,sign,val_loss,val_magnitude,val_mse,val_regional,val_sign"]
    lines += [f"{k},1,2,3,{(4 + k) ** 2},1,0.5,2.5,{1.5 - k / 100},{(5 + k) ** 2},0.25,{1 / (k + 1)}" for k in range(12)]
    (tmp_path / "history.csv").write_text("\n".join(lines) + "\n")
    return read_run(tmp_path)


def test_terms_epoch_by_epoch(trained):
    """Rows 1, 10 and the last, of the validation samples, with their sum."""
    tables = {b.name: b for b in physics_terms(trained).blocks if isinstance(b, Table)}
    assert tables["table_5_epochs"].rows == (
        ("1", "1.000", "1.500", "0.250", "2.750"),
        ("10", "0.100", "1.410", "0.250", "1.760"),
        ("12", "0.083", "1.390", "0.250", "1.723"),
    )
    assert "validation samples" in tables["table_5_epochs"].title


def test_errors_by_patch_are_the_papers_third_table():
    """A patch of two columns of 0 and 4 mm, or 4 and 8: its truth varies by 4 mm², so R² is 1 − 4/4 for an error of 2 mm."""
    months = SmallDomain.months
    parts = (slice(0, 4), slice(1, 3)), (slice(0, 4), slice(3, 5))
    section = errors(evaluation(patches={months[0]: parts, months[1]: parts[:1]}))
    table = next(b for b in section.blocks if isinstance(b, Table))
    assert section.title == "Table 3: errors, mean ± standard deviation over patches"
    assert table.rows[0] == ("nearest", "2.00 ± 0.00", "2.00 ± 0.00", "0.0000 ± 0.0000", "–")
    assert table.name == "table_3"


def test_facts_of_later_stages_are_told(tmp_path):
    write_run(tmp_path)
    (tmp_path / "summary.json").write_text('{"facts": {"exported model": "saved_model/1"}}')
    assert read_run(tmp_path).told.facts == {"samples": "3 train", "exported model": "saved_model/1"}
    (tmp_path / "summary.json").write_text("[1]")
    with pytest.raises(BadInput, match=r"expected the summary of a run, found something else"):
        read_run(tmp_path)


def test_curves_are_losses_and_root_mean_square_errors(trained, tmp_path):
    found = curves(trained.history)
    assert set(found["losses"]) == {
        *("loss", "data", "sign", "magnitude", "regional"),
        *(f"{name}, validation" for name in ("loss", "sign", "magnitude", "regional")),
    }
    assert found["errors"]["RMSE"][:2] == pytest.approx([4.0, 5.0])
    assert found["errors"]["RMSE, validation"][-1] == pytest.approx(16.0)
    assert draw_training(trained.history, tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
