"""What is rendered reads back as the same job."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter._core.folder_names import is_folder_name
from automl_jupyter.client import automl
from automl_jupyter.spec import (
    make_job,
    parse_cell,
    parse_file,
    parse_yaml,
    render_cell,
    render_python,
    render_yaml,
)
from automl_jupyter.spec.algorithms import CLASSIFICATION
from automl_jupyter.spec.metric_names import metric_names
from automl_jupyter.spec.options import OPTIONS
from automl_jupyter.spec.yaml_core import dump, load, scalar

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.yaml"))

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    ["no", "yes", "on", "1:30", "null", "~", "true", "1e3", "0o17", ".5", "2024-01-01", "=", "<<", "- a", "a: b", "#"]
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,20}[A-Za-z0-9]", fullmatch=True).filter(is_folder_name)
minutes = st.floats(0.001, 1e6) | st.integers(1, 10_000)
limits = st.fixed_dictionaries(
    {},
    optional={
        "timeout_minutes": minutes,
        "max_trials": st.integers(1, 10**6),
        "max_cores_per_trial": st.just(-1) | st.integers(1, 64),
        "exit_score": st.floats(allow_nan=False, allow_infinity=False),
        "enable_early_termination": st.booleans(),
    },
)
featurization = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["auto", "custom", "off"]),
        "column_name_and_types": st.dictionaries(texts, st.sampled_from(["Numeric", "Text"]), max_size=3),
        "dataset_language": st.from_regex("[a-z]{3}", fullmatch=True),
    },
)
fields = st.fixed_dictionaries(
    {"training_data": texts, "target_column_name": st.just("target")},
    optional={
        "primary_metric": st.sampled_from(metric_names("classification")),
        "experiment_name": names,
        "description": texts,
        "tags": st.dictionaries(texts, texts, max_size=3),
        "positive_label": texts | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
        "n_cross_validations": st.integers(2, 100),
        "validation_data_size": st.floats(0.01, 0.99),
        "random_state": st.integers(0, 2**32 - 1),
        "limits": limits,
        "featurization": featurization,
        "training": st.fixed_dictionaries(
            {}, optional={"allowed_training_algorithms": st.lists(st.sampled_from(CLASSIFICATION), unique=True)}
        ),
    },
)


@settings(max_examples=150, deadline=None)
@given(fields)
def test_any_job_survives_yaml_cell_and_python(given_fields: dict[str, Any]) -> None:
    if given_fields["training_data"].lower().startswith("azureml:"):
        return
    job = make_job("classification", **given_fields)
    assert parse_yaml(render_yaml(job)).to_dict() == job.to_dict()
    magic, _, body = render_cell(job, "run").partition("\n")
    assert magic == "%%automl run"
    assert parse_cell(body).digest() == job.digest()
    call = ast.parse(render_python(job)).body[-1]
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    keywords = {
        k.arg: k.value.id if isinstance(k.value, ast.Name) else ast.literal_eval(k.value)
        for k in call.value.keywords
        if k.arg
    }
    assert automl.classification(**keywords).to_dict() == job.to_dict()


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {"data": names, "target": texts},
        optional={
            "timeout": minutes,
            "trials": st.integers(1, 1000),
            "metric": st.sampled_from(["accuracy", "log_loss", "AUC_weighted"]),
            "folds": st.integers(2, 20),
            "seed": st.integers(0, 1000),
            "experiment": names,
            "allow": st.lists(st.sampled_from(CLASSIFICATION), min_size=1, unique=True),
        },
    )
)
def test_a_magic_line_says_the_same_as_yaml(options: dict[str, Any]) -> None:
    keys = {option.name: option.key for option in OPTIONS}
    typed = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in options.items()}
    nested: dict[str, Any] = {"task": "classification"}
    for name, value in options.items():
        *parents, last = keys[name].split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    from_line = parse_cell("", {"task": "classification", **typed})
    assert from_line.digest() == parse_yaml(dump(nested)).digest()
    assert parse_yaml(render_yaml(from_line)).digest() == from_line.digest()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(texts, json_values, min_size=1, max_size=4))
def test_every_plain_value_survives_dump_and_load(value: dict[str, Any]) -> None:
    found, _, problems = load(dump(value))
    assert problems == []
    assert found == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1_000", "1_000"),
        ("-.5e1", -5.0),
        ("True", True),
        ("tRue", "tRue"),
        ("~", None),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_examples_survive_rendering(path: Path) -> None:
    job = parse_file(path)
    assert parse_yaml(render_yaml(job)).digest() == job.digest()
    assert render_yaml(job).startswith(f"task: {job.task}\n")
    compile(render_python(job), "rendered", "exec")


def test_only_what_differs_is_rendered() -> None:
    job = make_job("regression", training_data="df", target_column_name="y", limits={"timeout_minutes": 60})
    assert render_yaml(job).splitlines() == [
        "task: regression",
        "training_data: df",
        "target_column_name: y",
        "limits: {timeout_minutes: 60}",
    ]
