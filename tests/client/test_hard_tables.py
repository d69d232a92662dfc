"""Tables that break other systems: each gives a model, with a note where one is due, or one clear refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.client import submit
from automl_jupyter.errors import DataError

RNG = np.random.default_rng(0)
FEW_LEARNERS = ["LogisticRegression", "ElasticNet", "LightGBM", "GaussianProcess", "NeuralNetwork"]

pytestmark = pytest.mark.slow


def job_of(table: pd.DataFrame, workspace: Path, task: str = "classification", trials: int = 3, **fields: Any) -> Any:
    spec = getattr(automl, task)(training_data=table, target_column_name="y", random_state=0, **fields)
    spec.set_limits(max_trials=trials)
    allowed = [
        name for name in FEW_LEARNERS if name != ("ElasticNet" if task == "classification" else "LogisticRegression")
    ]
    spec.set_training(allowed_training_algorithms=fields.get("allowed", allowed))
    job = submit(spec, workspace=workspace, compute="inline")
    return job.wait()


def table_of(n: int, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    signal = rng.normal(size=n)
    return pd.DataFrame({"a": signal + 0.3 * rng.normal(size=n), "b": rng.normal(size=n), "y": signal > 0} | columns)


def scored(job: Any) -> list[Any]:
    return [t for t in job.trials if t.is_complete and t.origin != "baseline"]


# --- sizes ------------------------------------------------------------------------------------------------------


def test_sixty_rows(tmp_path: Path) -> None:
    job = job_of(table_of(60), tmp_path)
    assert job.status == "Completed"
    assert len(scored(job)) == 3
    assert job.plan["validation"]["n_folds"] == 10
    assert job.evaluate(table_of(60)).loc["accuracy", "value"] > 0.7


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_two_or_three_rows_are_a_model_all_the_same(n: int, task: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"a": range(n), "y": np.arange(n) % 2 if task == "classification" else np.arange(n) * 1.5})
    job = job_of(table, tmp_path, task, n_cross_validations=2)
    assert job.status == "Completed"
    assert len(job.model.predict(table)) == n


def test_five_thousand_columns(tmp_path: Path) -> None:
    n = 120
    wide = pd.DataFrame(RNG.normal(size=(n, 5000)).astype(np.float32)).add_prefix("x")
    wide["y"] = wide["x0"] + wide["x1"] > 0
    job = job_of(wide, tmp_path, trials=2, n_cross_validations=2)
    assert job.status == "Completed"
    assert len(scored(job)) == 2
    assert not any("features" in t.params for t in job.trials), "features of two columns are not made of thousands"
    assert job.model.predict(wide.iloc[:3]).shape == (3,)


def test_a_hundred_classes(tmp_path: Path) -> None:
    code = np.repeat(np.arange(120), 6)
    table = pd.DataFrame({"a": code + 0.2 * RNG.normal(size=720), "b": code % 7, "y": [f"class {c}" for c in code]})
    job = job_of(table, tmp_path, trials=2, n_cross_validations=2, primary_metric="accuracy")
    assert job.status == "Completed"
    assert job.model.predict_proba(table.iloc[:5]).shape == (5, 120)
    assert job.evaluate(table).loc["accuracy", "value"] > 0.1


def test_ten_thousand_classes_are_refused_with_what_to_do(tmp_path: Path) -> None:
    label = np.r_[np.arange(10_000), np.arange(2_000)].astype(str)
    with pytest.raises(DataError, match=r"10,000 classes in 12,000 rows; at most 1,000 are told apart\. Merge"):
        job_of(pd.DataFrame({"a": RNG.normal(size=12_000), "y": label}), tmp_path)
    assert not list(tmp_path.rglob("job.yaml")), "nothing is left behind"


def test_one_positive_in_a_hundred(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    signal = rng.normal(size=2000)
    rare = signal > np.quantile(signal, 0.99)
    table = pd.DataFrame({"a": signal + 0.3 * rng.normal(size=2000), "b": rng.normal(size=2000), "y": rare})
    job = job_of(table, tmp_path, primary_metric="AUC_weighted")
    assert job.evaluate(table).loc["AUC_weighted", "value"] > 0.95
    assert all(fold.metrics["AUC_weighted"] is not None for t in scored(job) for fold in t.folds.values())


def test_weights_are_learnt_and_scored_by(tmp_path: Path) -> None:
    """Rows of another world with a weight of almost nothing change nothing."""
    x = RNG.normal(size=400)
    other = np.arange(400) >= 200
    table = pd.DataFrame({"a": x, "w": np.where(other, 1e-9, 1.0), "y": np.where(other, -5 * x, x)})
    job = job_of(table, tmp_path, "regression", weight_column_name="w")
    found = job.model.predict(pd.DataFrame({"a": [-1.0, 1.0]}))
    assert found[0] < -0.5 < 0.5 < found[1]


# --- values -----------------------------------------------------------------------------------------------------


def test_a_constant_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="only the class 'same' in the training rows"):
        job_of(table_of(50, y="same"), tmp_path)
    with pytest.raises(DataError, match=r"the value 4 in every row\. There is nothing to predict"):
        job_of(table_of(50, y=4), tmp_path, "regression")


def test_no_row_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The table has no rows"):
        job_of(table_of(0), tmp_path)


def test_equal_column_names_are_refused_by_name(tmp_path: Path) -> None:
    table = table_of(50)
    table.columns = ["a", "a", "y"]
    with pytest.raises(DataError, match="Column names occur more than once: 'a'"):
        job_of(table, tmp_path)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([np.nan] * 80, "c"),
        ([np.inf, -np.inf, 1.0, np.nan] * 20, None),
        ([1, "x", 2.5, None] * 20, None),
    ],
    ids=["all missing", "infinite", "mixed"],
)
def test_a_bad_column_is_lived_with(column: list[Any], said: str | None, tmp_path: Path) -> None:
    table = table_of(80, c=column)
    job = job_of(table, tmp_path)
    assert job.status == "Completed"
    assert np.isfinite(job.model.predict_proba(table)).all()
    notes = " ".join(note["what"] for note in job.plan["notes"])
    assert said is None or repr(said) in notes or said in notes


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    table = table_of(80)
    table["y"] = table["y"].astype(object).where(np.arange(80) % 4 > 0)
    job = job_of(table, tmp_path)
    assert job.plan["n_rows"] == 60
    assert any("20 rows" in note["what"] for note in job.plan["notes"])


def test_a_class_of_one_row_is_noted_and_lives(tmp_path: Path) -> None:
    table = table_of(80)
    table["y"] = np.where(np.arange(80) == 7, "alone", np.where(table["y"], "yes", "no"))
    job = job_of(table, tmp_path)
    assert job.status == "Completed"
    assert "alone" in job.model.classes_
    assert any("one row only" in note["what"] for note in job.plan["notes"])
