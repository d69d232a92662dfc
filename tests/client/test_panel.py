"""The panel: fields, what is wrong with them, and the cell they stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter import automl
from automl_jupyter.client.panel import Panel
from automl_jupyter.client.panel_fields import FIELDS
from automl_jupyter.errors import AutoMLError, DataError, SpecError
from automl_jupyter.spec import make_job, parse_cell, render_yaml
from automl_jupyter.testing.quick import run_job, table_for

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def names() -> dict[str, Any]:
    return {"rows": table_for("label"), "other": table_for("value"), "_hidden": table_for("label"), "number": 3}


def body_of(cell: str) -> str:
    return cell.split("\n", 1)[1]


def field_of(panel: Panel, key: str) -> dict[str, Any]:
    found = [f for s in panel.snapshot()["sections"] for f in s["fields"] if f["key"] == key]
    return dict(found[0])


def test_what_is_filled_in_is_the_cell(names: Any) -> None:
    form = automl.panel(names["rows"], "label", namespace=names)
    for key, value in {
        "name": "bank",
        "limits.timeout_minutes": "5",
        "limits.enable_early_termination": "false",
        "n_cross_validations": "4",
        "training.allowed_training_algorithms": ["LightGBM", "RandomForest"],
        "primary_metric": "AUC_weighted",
        "compute": "local",
    }.items():
        form.set(key, value)
    assert form.problems == []
    assert form.cell.startswith("%%automl bank\ntask: classification\ntraining_data: rows\ntarget_column_name: label\n")
    job = parse_cell(body_of(form.cell))
    assert render_yaml(job) == render_yaml(form.spec)
    assert job.limits.timeout_minutes == 5
    assert job.limits.enable_early_termination is False
    assert job.training.allowed_training_algorithms == ["LightGBM", "RandomForest"]
    form.set("limits.timeout_minutes", "")
    assert "timeout" not in form.cell


def test_a_column_whose_name_begins_or_ends_with_a_blank_can_be_chosen(names: Any) -> None:
    named = {"label": " answer", "size": "size ", "age": "  "}
    form = automl.panel("rows", " answer", namespace={"rows": names["rows"].rename(columns=named)})
    form.set("weight_column_name", "size ")
    form.set("group_column_name", "  ")
    assert form.problems == []
    assert form.task == "classification"
    job = parse_cell(body_of(form.cell))
    assert (job.target_column_name, job.weight_column_name, job.group_column_name) == (" answer", "size ", "  ")
    form.set("weight_column_name", " colour ")
    assert field_of(form, "weight_column_name")["value"] == "colour"
    form.set("limits.max_trials", " 3 ")
    assert form.spec.limits.max_trials == 3


def test_the_task_is_guessed_with_its_reason_and_can_be_chosen(names: Any) -> None:
    form = automl.panel("rows", "label", namespace=names)
    assert field_of(form, "task")["help"] == "label has 2 distinct texts"
    assert field_of(form, "task")["choices"][0]["label"] == "guessed: classification"
    form.set("target_column_name", "size")
    assert form.task == "regression"
    assert "LassoLars" in [c["value"] for c in field_of(form, "training.allowed_training_algorithms")["choices"]]
    form.set("task", "classification")
    assert "task: classification" in form.cell


def test_messages_are_those_of_the_cell(names: Any) -> None:
    form = automl.panel("rows", "label", namespace=names)
    form.set("limits.timeout_minutes", "abc")
    form.set("primary_metric", "AUC_weigthed")
    with pytest.raises(SpecError) as of_cell:
        parse_cell(body_of(form.cell))
    said = {(p.where, p.message) for p in of_cell.value.problems}
    assert set(form.problems) == said
    assert field_of(form, "limits.timeout_minutes")["error"] == dict(said)["limits.timeout_minutes"]
    assert form.snapshot()["n_problems"] == 2
    with pytest.raises(SpecError):
        _ = form.spec


def test_data_that_are_not_there_are_said(names: Any, tmp_path: Path) -> None:
    form = automl.panel("rowz", namespace=names)
    assert "rowz" in field_of(form, "training_data")["error"]
    with pytest.raises(DataError):
        form.profile()
    form.set("training_data", "rows")
    assert field_of(form, "training_data")["error"] == ""
    form.set("target_column_name", "lable")
    assert "no column 'lable'" in field_of(form, "target_column_name")["error"]
    form.set("name", "not a name")
    assert "cannot name a variable" in field_of(form, "name")["error"]
    assert form.cell.startswith("%%automl job\n")
    table_for("label").to_csv(tmp_path / "a.csv", index=False)
    form.set("training_data", str(tmp_path / "a.csv"))
    assert form.columns == ["size", "age", "colour", "label"]
    with pytest.raises(AutoMLError, match="no field"):
        form.set("limits", "3")


@pytest.mark.parametrize("taken", [{}, {"df": table_for("value")}])
def test_a_table_that_no_variable_holds_is_the_one_that_is_shown(taken: dict[str, Any]) -> None:
    given, names = table_for("label"), dict(taken)
    form = automl.panel(given, "label", namespace=names)
    name = "df_2" if taken else "df"
    assert form.columns == ["size", "age", "colour", "label"]
    assert form.task == "classification"
    assert f"training_data: {name}\n" in form.cell
    assert form.problems == [
        ("training_data", f"No variable holds this table: assign it to {name} before the cell runs, or choose another.")
    ]
    form.set("training_data", "elsewhere.csv")
    assert form.columns == []
    form.set("training_data", name)
    assert form.columns == ["size", "age", "colour", "label"]
    names[name] = table_for("value")
    assert len(form.problems) == 1, "the cell would read another table"
    names[name] = given
    assert form.problems == []
    names[name] = table_for("value")
    form.set("training_data", name)
    assert form.columns == ["size", "age", "colour", "value"], "what was chosen"
    assert [where for where, _ in form.problems] == ["target_column_name"]


def test_a_table_in_a_script_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    form = automl.panel(table_for("label"), "label")
    assert form.columns == ["size", "age", "colour", "label"]
    assert [where for where, _ in form.problems] == ["training_data"]
    assert "is not a table" not in repr(form)


def test_types_are_chosen_and_land_in_the_cell(names: Any) -> None:
    form = automl.panel("rows", "label", namespace=names)
    assert form.snapshot()["types"] is None, "not looked at before it is asked for"
    form.set_type("age", "Categorical")
    assert "column_name_and_types: {age: Categorical}" in form.cell
    form.set_type("colour", "DateTime")
    assert "colour" in form.snapshot()["types_error"]
    form.set_type("age", None)
    assert "column_name_and_types" not in form.cell


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task", "classification"),
        ("target_column_name", "label"),
        ("target_column_name", "size"),
        ("training_data", "rows"),
        ("training_data", "nowhere.csv"),
        ("primary_metric", "AUC_weighted"),
    ],
)
def test_types_stay_when_another_field_is_filled_in(names: Any, key: str, value: str) -> None:
    form = automl.panel("rows", "label", namespace=names)
    form.set_type("age", "categorical")
    form.set(key, value)
    assert "column_name_and_types: {age: Categorical}" in form.cell
    if value != "nowhere.csv":
        assert form.problems == []
        assert form.profile().column_name_and_types == {"age": "Categorical"}


def test_types_that_do_not_fit_are_problems_and_can_be_taken_away(names: Any) -> None:
    asked = {"gone": "Numeric", "age": "Categorical", "colour": "DateTime", "label": "DateTime"}
    form = Panel(names)
    form.fill(parse_cell(_typed_cell(asked)))
    assert form.spec.featurization.column_name_and_types == asked
    form.set_type("size", "Categorical")
    assert form.spec.featurization.column_name_and_types == {**asked, "size": "Categorical"}
    said = "; ".join(f"{where}: {message}" for where, message in form.problems)
    assert all(words in said for words in ("no column 'gone'", "'label' is the column to predict", "column 'colour':"))
    rows = {form.type_names[r["index"]]: r for r in form.snapshot()["types"]["columns"]}
    assert {name: row["type"] for name, row in rows.items() if row["chosen"]} == {**asked, "size": "Categorical"}
    assert [name for name, row in rows.items() if row["refused"]] == ["colour", "gone"]
    assert (rows["colour"]["found"], rows["gone"]["found"]) == ("Categorical", "")
    for name in ("gone", "colour", "label"):
        form.set_type(name, None)
    assert form.problems == []
    assert "column_name_and_types: {age: Categorical, size: Categorical}" in form.cell
    assert form.type_names == form.columns


def _typed_cell(types: dict[str, str]) -> str:
    cell = {"training_data": "rows", "target_column_name": "label", "featurization": {"column_name_and_types": types}}
    return json.dumps({"task": "classification", **cell})


def test_types_of_a_table_that_is_not_there_stay_in_the_cell(names: Any) -> None:
    form = Panel({})
    form.fill(parse_cell(_typed_cell({"age": "Categorical"})))
    assert "column_name_and_types: {age: Categorical}" in form.cell
    assert [where for where, _ in form.problems] == ["training_data"]


def test_a_setting_that_is_none_stays_none() -> None:
    asked = "task: forecasting\ntraining_data: df\ntarget_column_name: y\n"
    asked += "forecasting: {time_column_name: t, seasonality: null}"
    form = Panel({"df": pd.DataFrame({"t": pd.date_range("2024-01-01", periods=9), "y": np.arange(9.0)})})
    form.fill(parse_cell(asked))
    assert form.problems == []
    assert field_of(form, "forecasting.seasonality")["value"] == "null"
    assert form.spec.forecasting.seasonality is None


def test_what_matters_for_the_metric_is_said(names: Any) -> None:
    rare = pd.DataFrame({"x": np.arange(200.0), "y": ["no"] * 190 + ["yes"] * 10})
    form = automl.panel(rare, "y", namespace={"rare": rare})
    assert "rarest class has 5 %" in field_of(form, "primary_metric")["help"]
    assert field_of(automl.panel("rows", "label", namespace=names), "primary_metric")["help"] == ""
    wide = pd.DataFrame({"x": np.arange(200.0), "y": np.exp(np.linspace(0.1, 9, 200))})
    assert "relative errors" in field_of(automl.panel(wide, "y", namespace={"wide": wide}), "primary_metric")["help"]


def test_a_job_opens_back_in_the_panel(tmp_path: Path, names: Any) -> None:
    job = run_job(
        workspace=tmp_path,
        name="bank",
        featurization={
            "mode": "custom",
            "column_name_and_types": {"age": "Categorical"},
            "transformer_params": {"imputer": [{"fields": ["size"], "parameters": {"strategy": "median"}}]},
        },
    )
    spec = make_job(**{**json.loads(json.dumps(_brief(job.spec))), "training_data": "rows"})
    form = Panel(names)
    form.fill(spec)
    assert form.cell.startswith("%%automl bank\n")
    spec.name = None  # the cell's variable names its jobs
    assert render_yaml(form.spec) == render_yaml(spec)
    assert field_of(form, "limits.max_trials")["value"] == "2"
    assert form.profile().column_name_and_types == {"age": "Categorical"}
    assert automl.panel(job, namespace={}).task == "classification"


def _brief(job: Any) -> dict[str, Any]:
    from automl_jupyter.spec.render import brief

    return {"task": job.task, **brief(job)}


def test_names_are_shown_and_do_nothing() -> None:
    frame = pd.DataFrame({EVIL: [1, 2] * 20, "y": ["a", "b"] * 20})
    form = automl.panel("frame", EVIL, namespace={"frame": frame})
    assert "<script" not in form._repr_mimebundle_()["text/html"]
    json.dumps(form.snapshot(), allow_nan=False)


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=30) | st.lists(st.text(max_size=9), max_size=3))
def test_anything_may_be_typed(key: str, value: Any) -> None:
    form = automl.panel("rows", "label", namespace={"rows": table_for("label", n=20)})
    form.set(key, value)
    shown = form.snapshot()
    json.dumps(shown, allow_nan=False)
    assert shown["cell"].startswith("%%automl ")
    if not form.problems:
        assert render_yaml(parse_cell(body_of(form.cell))) == render_yaml(form.spec)


def test_a_forecast_has_a_section_of_its_own() -> None:
    days = pd.date_range("2024-01-01", periods=60).astype(str)
    sales = pd.DataFrame({"day": [*days, *days], "shop": ["a"] * 60 + ["b"] * 60, "sold": np.arange(120.0)})
    form = automl.panel("sales", "sold", namespace={"sales": sales})
    assert "Forecasting" not in {s["title"] for s in form.snapshot()["sections"] if s["here"]}
    form.set("task", "forecasting")
    assert "Forecasting" in {s["title"] for s in form.snapshot()["sections"] if s["here"]}
    form.set("forecasting.time_series_id_column_names", ["shop"])
    assert [where for where, _ in form.problems] == ["forecasting.time_column_name"]
    form.set("forecasting.time_column_name", "day")
    form.set("forecasting.forecast_horizon", "7")
    form.set("forecasting.frequency", "D")
    assert form.problems == []
    choices = field_of(form, "forecasting.time_series_id_column_names")["choices"]
    assert [c["value"] for c in choices] == ["day", "shop", "sold"]
    assert "Theta" in {c["value"] for c in field_of(form, "training.allowed_training_algorithms")["choices"]}
    assert all(field_of(form, k)["help"] for k in FIELDS if k.startswith("forecasting."))
    job = parse_cell(body_of(form.cell))
    assert job.forecasting.forecast_horizon == 7
    again = Panel({"sales": sales})
    again.fill(job)
    assert again.cell == form.cell
    form.set("task", "regression")
    assert "forecasting" not in form.cell, "what the task does not have is left out"


def test_a_type_that_was_refused_is_not_said_of_another_table(names: Any) -> None:
    form = automl.panel("rows", "label", namespace=names)
    form.set_type("colour", "DateTime")
    assert "colour" in form.snapshot()["types_error"]
    form.set("training_data", "other")
    assert form.snapshot()["types_error"] == ""


@pytest.mark.parametrize(("name", "cell"), [("bank", "bank"), ("bank-2", "bank"), ("20261123T1200-ab12", "job")])
def test_each_run_of_a_cell_opens_as_that_cell(names: Any, name: str, cell: str) -> None:
    form = Panel(names)
    form.fill(make_job("classification", training_data="rows", target_column_name="label", name=name))
    assert form.cell.startswith(f"%%automl {cell}\n")


def test_what_is_typed_is_said_as_a_number_while_something_is_missing(names: Any) -> None:
    form = automl.panel("rows", namespace=names)
    form.set("limits.timeout_minutes", "5")
    form.set("limits.enable_early_termination", "false")
    form.set("n_cross_validations", "4")
    with pytest.raises(SpecError) as of_cell:
        parse_cell(body_of(form.cell))
    assert [p.where for p in of_cell.value.problems] == [where for where, _ in form.problems] == ["target_column_name"]


def test_a_word_of_python_names_no_cell(names: Any) -> None:
    form = automl.panel("rows", "label", namespace=names)
    form.set("name", "class")
    assert "is a word of Python itself" in field_of(form, "name")["error"]
    assert form.cell.startswith("%%automl job\n")


@pytest.mark.parametrize("name", ["модель", "模型", "über", "a" * 81])
def test_a_variable_may_have_every_name_that_a_cell_takes(names: Any, name: str) -> None:
    form = automl.panel("rows", "label", namespace=names)
    form.set("name", name)
    assert field_of(form, "name")["error"] == ""
    assert form.cell.startswith(f"%%automl {name}\n")
    form.set("name", "class")
    assert "a word of Python itself" in field_of(form, "name")["error"]


def test_columns_that_are_not_listed_are_counted() -> None:
    wide = pd.DataFrame({f"c{i}": np.arange(40) * (i + 3) % 37 for i in range(230)})
    form = automl.panel("wide", namespace={"wide": wide})
    form.profile()
    types = form.snapshot()["types"]
    assert len(types["columns"]) == 200
    assert types["hidden"].startswith("Not listed: 30 columns.")
    small = automl.panel("rows", namespace={"rows": table_for("label")})
    small.profile()
    assert small.snapshot()["types"]["hidden"] == ""
