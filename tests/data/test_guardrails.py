"""Checks of the data: each fires where it should, and none on clean tables."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from automl_jupyter import automl
from automl_jupyter.data.guardrails import Finding, run_guardrails
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.split import make_folds, resolve_validation


def check(task: str, data: Any, target: str = "target", **fields: Any) -> dict[str, Finding]:
    """Return what the checks find, by their keys."""
    spec = getattr(automl, task)(training_data=data, target_column_name=target, **fields)
    table = load_training_table(spec)
    schema = TableSchema.infer(table.X.iloc[: table.n_training])
    validation = resolve_validation(spec, table)
    folds = make_folds(validation, table, random_state=0)
    found = run_guardrails(table, schema, validation, folds, chosen="n_cross_validations" in fields)
    statuses = [f.status for f in found]
    assert statuses == sorted(statuses, key=["Alerted", "Done", "Passed"].index)
    assert all(bool(f.remedy) for f in found if f.status == "Alerted")
    return {f.key: f for f in found}


def make_bad() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows with every fault there is a check for, and test rows that differ."""
    data = load_breast_cancer(as_frame=True).frame.iloc[:, [0, 1, 4, 30]].copy()
    data = data.sort_values("target", ignore_index=True)
    draw = np.random.default_rng(0)
    data["day"] = pd.date_range("2024-01-01", periods=len(data))
    data["outcome_code"] = np.where(data["target"] == 1, "B", "M")  # made from the target
    data["row_id"] = np.arange(len(data))
    data["patient"] = [f"patient {k // 4}" for k in range(len(data))]
    data.loc[draw.random(len(data)) < 0.1, "mean radius"] = np.nan
    rare = data[(data["target"] == 1) | (data.index % 6 == 0)]
    repeated = pd.concat([rare, rare.sample(frac=0.3, random_state=1)], ignore_index=True)
    other = data.assign(**{"mean texture": data["mean texture"] + 15})
    return repeated, other


def test_every_check_fires_on_a_bad_table() -> None:
    rows, test = make_bad()
    found = check("classification", rows, test_data=test)
    alerted = {k for k, f in found.items() if f.status == "Alerted"}
    assert alerted == {
        "target_leakage",
        "repeated_rows",
        "group_leakage",
        "time_leakage",
        "drift",
        "class_balance",
    }
    assert found["target_leakage"].columns[0] in ("outcome_code", "day")
    assert "outcome_code" in found["target_leakage"].columns
    assert "mean texture" in found["drift"].columns
    assert found["time_leakage"].columns == ("day",)
    assert found["missing_values"].columns == ("mean radius",)
    assert found["repeated_rows"].rows
    assert found["group_leakage"].columns == ("patient",)
    assert found["validation_split"].status == "Done"
    assert found["test_split"].status == "Done"


@pytest.mark.parametrize(
    ("task", "data"),
    [
        ("classification", load_iris(as_frame=True).frame),
        ("classification", load_wine(as_frame=True).frame),
        ("classification", load_breast_cancer(as_frame=True).frame),
        ("regression", load_diabetes(as_frame=True).frame),
    ],
    ids=["iris", "wine", "breast cancer", "diabetes"],
)
@pytest.mark.parametrize("test_data_size", [None, 0.3])
def test_none_fires_on_a_clean_table(task: str, data: pd.DataFrame, test_data_size: float | None) -> None:
    fields = {} if test_data_size is None else {"test_data_size": test_data_size}
    found = check(task, data, **fields)
    assert {k for k, f in found.items() if f.status == "Alerted"} == set()
    assert found["missing_values"].status == "Passed"


def test_one_of_something_is_spoken_of_as_one() -> None:
    iris = load_iris(as_frame=True).frame
    iris.iloc[3, 0] = np.nan
    found = check("classification", iris, test_data=iris.iloc[:1])
    assert found["missing_values"].explanation == ("1 value in 1 column is missing; it is imputed, or kept by trees.")
    assert found["test_split"].explanation == "1 row tests the final model and chooses nothing."
    assert found["class_balance"].explanation == "All classes have 50 rows."


def test_ids_and_constants_are_named_and_a_choice_of_folds_is_the_users() -> None:
    data = load_iris(as_frame=True).frame.assign(row_id=range(150), unit="cm")
    found = check("classification", data, n_cross_validations=3)
    assert found["high_cardinality"].columns == ("row_id", "unit")
    assert found["validation_split"].status == "Passed"


def test_a_copy_of_a_number_is_a_leak() -> None:
    data = load_diabetes(as_frame=True).frame
    data["in_pence"] = data["target"] * 100 + 7
    assert check("regression", data)["target_leakage"].columns == ("in_pence",)


def test_validation_data_that_are_trained_on_are_told() -> None:
    draw = np.random.default_rng(0)
    data = pd.DataFrame(draw.normal(size=(300, 4)), columns=[*"abcd"]).assign(target=draw.choice(["no", "yes"], 300))
    found = check("classification", data, validation_data=data.copy())["repeated_rows"]
    assert found.status == "Alerted"
    assert found.explanation.startswith("100% of the rows that are scored are trained on as well")
    assert found.rows == tuple(range(20))
    assert "take the rows of validation_data out of training_data" in found.remedy
    other = data.assign(target=data["target"].map({"no": "yes", "yes": "no"}))
    assert check("classification", data, validation_data=other)["repeated_rows"].status == "Passed"
    assert check("classification", data[:200], validation_data=data[200:])["repeated_rows"].status == "Passed"


@pytest.mark.parametrize("kind", [str, int])
def test_rows_of_one_machine_belong_together(kind: type) -> None:
    draw = np.random.default_rng(0)
    of, state = np.repeat(np.arange(120), 8), draw.normal(size=120)
    data = pd.DataFrame({"machine": draw.permutation(1000)[:120][of], "heat": draw.normal(size=960)})
    data["target"] = state[of] + 0.2 * draw.normal(size=960)
    data["area"] = (data["target"] * 50).round().astype(int)  # a number with as many values, of which the order tells
    data["machine"] = data["machine"].map(lambda m: f"machine {m}") if kind is str else data["machine"]
    found = check("regression", data)["group_leakage"]
    assert found.status == "Alerted"
    assert found.columns == ("machine",)
    assert "group_column_name: machine" in found.remedy
    written = data.assign(machine=data["machine"].map("{}".format if kind is str else "{} mm".format))
    assert check("regression", written)["group_leakage"].columns == found.columns
    assert "group_leakage" not in check("regression", data, group_column_name="machine")
    assert check("regression", data.assign(target=draw.normal(size=960)))["group_leakage"].status == "Passed"


@pytest.mark.parametrize("kind", [str, int])
def test_small_groups_of_a_large_table_are_not_torn_apart(kind: type) -> None:
    draw = np.random.default_rng(0)
    n = 60_000
    of = draw.permutation(np.arange(n) // 5)
    numbers = draw.permutation(10 * n)[: n // 5]
    data = pd.DataFrame({"patient": numbers[of], "x": draw.normal(size=n)})
    data["target"] = np.where(draw.integers(0, 2, n // 5)[of] == 1, "yes", "no")
    data.loc[draw.random(n) < 0.02, "patient"] = 0  # a group larger than a sample is not taken whole
    data["patient"] = data["patient"].map("p{}".format) if kind is str else data["patient"]
    found = check("classification", data)
    assert found["group_leakage"].status == "Alerted"
    assert found["group_leakage"].columns == ("patient",)
    assert (
        check("classification", data.assign(target=draw.choice(["no", "yes"], n)))["group_leakage"].status == "Passed"
    )
    if kind is str:  # as in a table all rows of which are looked at
        told = data[data["patient"] != "p0"]
        assert check("classification", told)["target_leakage"].columns == ("patient",)


def test_a_cut_in_time_that_groups_leave_little_of_is_told() -> None:
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"heat": draw.normal(size=400), "day": pd.date_range("2024-01-01", periods=400)})
    rows["machine"], rows["target"] = np.arange(400) // 4, draw.normal(size=400)
    fields = {"group_column_name": "machine", "time_column_name": "day"}
    found = check("regression", rows, **fields)["validation_split"]
    assert found.status == "Done"
    assert "Rows whose group validates are left out of training." in found.explanation
    rows["machine"] = np.where(draw.random(400) < 0.9, 1000, rows["machine"])
    found = check("regression", rows, **fields)["validation_split"]
    assert found.status == "Alerted"
    assert re.search(r"These are (8|9)\d% of the earlier rows\.", found.explanation)


def test_a_rare_flag_that_is_the_target_is_a_leak() -> None:
    draw, flag = np.random.default_rng(0), np.arange(5000) % 100 == 0
    data = pd.DataFrame({"x": draw.normal(size=5000), "charged_back": flag, "target": np.where(flag, "fraud", "fine")})
    assert check("classification", data)["target_leakage"].columns == ("charged_back",)
