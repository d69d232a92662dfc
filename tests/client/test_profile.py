"""``automl.profile`` and ``%automl profile``: what a table looks like before training."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.datasets import load_iris

from automl_jupyter import automl
from automl_jupyter.data.frames import plain_names
from automl_jupyter.data.profile import Profiler
from automl_jupyter.errors import AutoMLError, DataError, SpecError
from automl_jupyter.spec.parse import parse_cell

RNG = np.random.default_rng(0)
N = 300


def make_rows() -> pd.DataFrame:
    size = RNG.normal(size=N)
    return pd.DataFrame(
        {
            "size": np.where(np.arange(N) % 10 == 0, np.nan, size),
            "zip": RNG.integers(10000, 10020, N),
            "colour": RNG.choice(["red", "green", "blue"], N),
            "day": pd.date_range("2024-01-01", periods=N).astype(str),
            "row_id": range(N),
            "only": "same",
            "y": np.where(size > 0, "yes", "no"),
        }
    )


ROWS = make_rows()


def test_each_column_has_its_type_the_reason_and_what_is_known() -> None:
    frame = automl.profile(ROWS, "y").to_frame().set_index("name")
    assert frame["type"].to_dict() == {
        "size": "Numeric",
        "zip": "Numeric",
        "colour": "Categorical",
        "day": "DateTime",
        "row_id": "Numeric",
        "only": "Categorical",
        "y": "Categorical",
    }
    assert frame.index[frame["dropped"]].tolist() == ["row_id", "only"]
    assert frame.loc["row_id", "reason"] == "dropped: it counts the rows"
    assert frame.loc["size", ["missing", "missing_share"]].tolist() == [30, 0.1]
    assert frame.loc["colour", "distinct"] == 3
    assert frame.loc["size", "relation"] > 0.8
    assert frame.loc[["zip", "colour"], "relation"].max() < 0.3
    assert np.isnan(frame.loc["y", "relation"])
    assert "red" in frame.loc["colour", "examples"]


def test_texts_take_their_memory_whatever_holds_them() -> None:
    texts = pd.Series([f"text number {k} with words and more words" for k in range(2000)])
    for dtype in (object, pd.StringDtype("python")):
        frame = pd.DataFrame({"text": texts.astype(dtype)})
        deep = int(frame.memory_usage(deep=True).sum())
        assert Profiler(frame, None, None).table().n_bytes == pytest.approx(deep, rel=0.01)


@pytest.mark.parametrize(
    ("target", "task", "says"),
    [("y", "classification", "2 distinct texts"), ("size", "regression", "with fractions"), (None, None, "")],
)
def test_the_task_is_guessed_with_its_reason(target: str | None, task: str | None, says: str) -> None:
    found = automl.profile(ROWS, target)
    assert found.task == task
    assert says in repr(found)


def test_a_type_that_is_changed_lands_in_the_cell_and_the_job() -> None:
    found = automl.profile(ROWS, "y", namespace={"rows": ROWS}).set_type("zip", "categorical")
    assert found.column_name_and_types == {"zip": "Categorical"}
    assert found.to_frame().set_index("name").loc["zip", "type"] == "Categorical"
    cell = found.to_cell()
    assert cell.startswith("%%automl\n")
    job = parse_cell(cell.split("\n", 1)[1])
    assert job.featurization.column_name_and_types == {"zip": "Categorical"}
    assert (job.task, job.target_column_name) == ("classification", "y")
    assert found.set_type("zip", None).column_name_and_types == {}
    assert "featurization" not in found.to_cell()


def test_a_table_has_the_name_that_the_notebook_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(user_ns={"_": ROWS, "rows": ROWS, "df": [1]})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert "training_data: rows\n" in automl.profile(ROWS, "y").to_cell()
    assert "training_data: rows\n" in automl.profile("rows", "y").to_cell()
    assert "training_data: df_2\n" in automl.profile(ROWS.copy(), "y").to_cell(), "df is something else"
    assert "training_data: df\n" in automl.profile(ROWS, "y", namespace={}).to_cell()


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("zap", "Text", "There is no column 'zap'. Did you mean 'zip'?"),
        ("zip", "Nummeric", "Did you mean 'Numeric'?"),
        ("colour", "Numeric", "is not a number"),
        ("y", "Text", "is the target"),
    ],
)
def test_a_type_that_cannot_be_is_refused_and_changes_nothing(name: str, kind: str, says: str) -> None:
    found = automl.profile(ROWS, "y")
    before = found.to_cell()
    with pytest.raises(DataError) as caught:
        found.set_type(name, kind)
    assert says in str(caught.value)
    assert found.to_cell() == before


def test_any_table_is_taken(tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    expected = automl.profile(ROWS, "y").to_frame()["type"].tolist()
    tables: list[Any] = [pl.from_pandas(ROWS), pa.Table.from_pandas(ROWS), tmp_path / "rows.csv"]
    for table in tables:
        assert automl.profile(table, "y").to_frame()["type"].tolist() == expected


def test_what_was_sampled_is_said() -> None:
    long = pd.DataFrame({"a": RNG.normal(size=120_000), "y": RNG.integers(0, 2, 120_000)})
    assert "sampled" in automl.profile(long, "y")._repr_mimebundle_()["text/html"]
    assert "sampled" not in repr(automl.profile(ROWS, "y"))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": [None] * 5, "b": [[1], [2], [1], [], [3]]}),
        pd.DataFrame({"a": [1e300, -1e300, np.inf, 1e-300, 0.0], "🦊": list("abcde")}),
        pd.DataFrame(np.eye(4), columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", 1), ("b", 2)])),
        pd.DataFrame({"t": pd.date_range("2024-03-30", periods=5, tz="Europe/Berlin"), "name": [1, 2, 3, 4, 5]}),
        pd.DataFrame({"c": [1 + 2j] * 5}),
        pd.DataFrame(),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
    ],
    ids=["no rows", "nested", "extreme", "levels", "zones", "complex", "nothing", "twice"],
)
@pytest.mark.parametrize("with_target", [False, True])
def test_odd_tables_give_a_profile_or_one_sentence(frame: pd.DataFrame, with_target: bool) -> None:
    target = plain_names(frame.columns)[0] if with_target and len(frame.columns) else None
    try:
        found = automl.profile(frame, target)
    except AutoMLError:
        assert frame.shape[1] == 0 or frame.columns.duplicated().any() or not len(frame), "only these have no profile"
        return
    assert len(found.to_frame()) == frame.shape[1]
    assert found._repr_mimebundle_()["text/html"]


def test_names_and_values_are_escaped() -> None:
    bad = "</script><img src=x onerror=alert(1)>"
    shown = automl.profile(pd.DataFrame({bad: [bad, "b"] * 20, "y": ["a", bad] * 20}), "y")._repr_mimebundle_()
    assert "<img" not in shown["text/html"]
    assert "</script>" not in shown["text/html"]


def test_fifty_columns_stay_small_in_a_saved_notebook() -> None:
    wide = pd.DataFrame({f"column_{k}": RNG.normal(size=200) for k in range(50)})
    assert len(automl.profile(wide, "column_0")._repr_mimebundle_()["text/html"].encode()) < 50_000
    many = automl.profile(pd.DataFrame({f"c{k}": RNG.normal(size=30) for k in range(300)}))
    assert "200 of 300 columns are shown" in repr(many)


def test_a_clean_table_has_no_repeated_rows_and_one_with_them_says_how_many() -> None:
    iris = load_iris(as_frame=True).frame
    assert "1 repeated row" in repr(automl.profile(iris, "target"))
    assert "no repeated rows" in repr(automl.profile(ROWS, "y"))


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(SpecError, match="Did you mean 'regression'"):
        automl.profile(ROWS, "y", task="regresion")


def test_nearly_all_is_not_all() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0] + [np.nan] * 996, "y": ["yes"] * 4 + ["no"] * 996})
    said = repr(automl.profile(rows, "y"))
    assert "996 (99.6 %)" in said
    assert "no 99.6 % (996)" in said
    assert "100 %" not in said


def test_categories_that_are_numbers_are_not_called_texts() -> None:
    from automl_jupyter.data.profile_target import guess_task

    found = guess_task(pd.Series([1, 2, 3] * 10, dtype="category", name="y"))
    assert found == ("classification", "y has 3 distinct values")


def test_a_series_is_taken_for_itself_and_not_for_the_variable_of_its_name() -> None:
    price = pd.Series([1.5, 2.5, 4.0] * 10, name="price")
    found = automl.profile(price, namespace={"price": pd.DataFrame({"other": [1, 2, 3]})})
    assert found.to_frame()["name"].tolist() == ["price"]
