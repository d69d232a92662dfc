"""What the fields and options of a cell mean."""

from __future__ import annotations

import pytest

from automl_jupyter.client.assist import complete_cell, explain
from automl_jupyter.spec.options import OPTIONS

CELL = """\
%%automl bank --timeout 5 --target=y
task: classification
limits:
  timeout_minutes: 5
training:
  enable_model_explainability: true
  allowed_training_algorithms:
    - LightGBM"""


@pytest.mark.parametrize(
    ("row", "column", "field", "says"),
    [
        (0, 16, "limits.timeout_minutes", "Minutes after which"),
        (0, 28, "target_column_name", "The column to predict."),
        (1, 2, "task", "The kind of problem."),
        (3, 6, "limits.timeout_minutes", "Minutes after which"),
        (6, 4, "training.allowed_training_algorithms", ""),
    ],
)
def test_a_field_is_explained_wherever_it_is_written(row: int, column: int, field: str, says: str) -> None:
    found = explain(CELL, row, column)
    assert found is not None
    assert found.field == field
    assert says in found.text
    assert "\n" not in found.text


@pytest.mark.parametrize(("row", "column"), [(0, 3), (0, 10), (7, 8), (30, 0), (0, 999)])
def test_what_is_no_field_is_not_explained(row: int, column: int) -> None:
    assert explain(CELL, row, column) is None


@pytest.mark.parametrize("text", ["x = 1", "", "\n\n", "%automl jobs"])
def test_other_cells_are_not_ours(text: str) -> None:
    assert explain(text, 0, 0) is None


def test_an_explanation_says_what_is_allowed_and_what_holds_otherwise() -> None:
    found = explain("%%automl\ntask: regression\nprimary_metric: ", 2, 3)
    assert found is not None
    assert "r2_score" in found.allowed
    assert "accuracy" not in found.allowed
    assert found.default is None
    found = explain("%%automl\ntask: regression\ninference: ", 2, 3)
    assert found is not None
    assert (found.default, found.allowed) == ('"best"', ("best", "fast"))


def test_former_names_are_explained_and_not_offered() -> None:
    found = explain("%%automl\ntask: regression\nlimits:\n  timeout: 5", 3, 4)
    assert found is not None
    assert found.text == "Another name of timeout_minutes."
    offered = complete_cell("%%automl\ntask: regression\nlimits:\n  t", 3, 3, {})
    assert offered is not None
    assert offered.texts == ("timeout_minutes: ", "trial_timeout_minutes: ")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flag)
def test_every_option_is_explained(option: object) -> None:
    flag = option.flag  # type: ignore[attr-defined]
    found = explain(f"%%automl {flag} x", 0, 10)
    assert found is not None
    assert found.text
