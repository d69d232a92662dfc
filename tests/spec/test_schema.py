"""The schema says everything that forms, flags, completion and the manual need."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, get_args

import jsonschema
import pytest
from sklearn.metrics import get_scorer_names

from automl_jupyter._core.text import listing
from automl_jupyter.client import automl
from automl_jupyter.errors import SpecError
from automl_jupyter.spec import JOB_CLASSES, OPTIONS, Input, JobSpec, json_schema, parse_cell
from automl_jupyter.spec.algorithms import algorithm_names
from automl_jupyter.spec.base import Settings, allowed_text, sections
from automl_jupyter.spec.kinds import match_name
from automl_jupyter.spec.metric_names import SCORERS_CLASSIFICATION, SCORERS_REGRESSION, metric_names
from automl_jupyter.tasks import tasks


def kinds() -> list[type[Settings]]:
    found: list[type[Settings]] = []
    waiting: list[type[Settings]] = [Settings]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [k for k in found if k.__module__.startswith("automl_jupyter.spec")]


@pytest.mark.parametrize("kind", kinds(), ids=lambda k: k.__name__)
def test_every_field_has_a_description_and_says_what_is_allowed(kind: type[Settings]) -> None:
    for name, field in kind.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        if name not in ("type", "task") or kind is Input:
            assert allowed_text(kind, name), name


@pytest.mark.parametrize("task", JOB_CLASSES)
def test_the_section_of_every_option_exists_somewhere(task: str) -> None:
    known = {n for c in JOB_CLASSES.values() for n in c.model_fields}
    for option in OPTIONS:
        first, _, second = option.key.partition(".")
        assert first in known
        section = sections(JOB_CLASSES[task]).get(first)
        if second and section is not None and task in ("classification", "regression", "forecasting"):
            assert second in section.model_fields


def test_the_union_is_the_ten_classes() -> None:
    assert list(get_args(get_args(JobSpec)[0])) == list(JOB_CLASSES.values())
    assert [k.model_fields["task"].default for k in JOB_CLASSES.values()] == list(JOB_CLASSES)


def test_the_schema_has_bounds_names_and_what_is_required() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    definitions = schema["$defs"]
    job = definitions["ClassificationJob"]
    assert job["required"] == ["task", "training_data", "target_column_name"]
    assert "default" not in job["properties"]["target_column_name"]
    size = job["properties"]["validation_data_size"]["anyOf"][0]
    assert (size["exclusiveMinimum"], size["exclusiveMaximum"]) == (0, 1)
    trials = definitions["TabularLimitSettings"]["properties"]["max_trials"]["anyOf"][0]
    assert (trials["type"], trials["minimum"]) == ("integer", 1)
    allowed = definitions["RegressionTrainingSettings"]["properties"]["allowed_training_algorithms"]["anyOf"][0]
    assert allowed["items"]["enum"] == list(algorithm_names("regression"))
    assert "AUC_weighted" in job["properties"]["primary_metric"]["anyOf"][0]["examples"]
    assert definitions["TextNerJob"]["required"] == ["task", "training_data", "validation_data"]


FORECAST = {"task": "forecasting", "training_data": "df", "target_column_name": "y"}
TIME = {"time_column_name": "day"}


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize(
    "more",
    [
        {"$schema": "https://example.org/automlJob.schema.json", "type": "automl"},
        {"forecasting": {**TIME, "target_lags": 7, "time_series_id_column_names": "city"}},
        {"forecasting": {**TIME, "target_lags": "auto", "features_unknown_at_forecast_time": "rain"}},
        {"training": {"allowed_training_algorithms": "LightGBM"}},
        {"training": {"blocked_training_algorithms": "Prophet"}},
        {"featurization": {"blocked_transformers": "TfIdf", "column_name_and_types": {"city": "Numeric"}}},
        {"featurization": {"transformer_params": {"imputer": [{"fields": "x", "parameters": {"strategy": "mean"}}]}}},
        {"task": "regression", "cv_split_column_names": "fold"},
        {"tags": {"version": 2, "final": False, "note": None}},
        {"forecasting_settings": TIME},
        {"limits": {"timeout": 5, "trial_timeout": 1, "iterations": 3}, "n_cross_validation": 3},
        {"training": {"ensemble_model_download_timeout": 5, "allowed_models": ["LightGBM"]}},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:.*is now called.*:DeprecationWarning")
def test_the_schema_takes_what_a_cell_may_say(more: dict[str, Any], schema: jsonschema.Draft202012Validator) -> None:
    job = {**FORECAST, **more}
    if job["task"] == "forecasting" and "forecasting_settings" not in job:
        job.setdefault("forecasting", TIME)
    assert parse_cell(json.dumps(job)).task == job["task"]
    schema.validate(job)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "command"},
        {"forecasting": {"target_lags": 7.5}},
        {"forecasting": {**TIME, "forecast_horizon": 0}},
        {"forecasting": {**TIME, "target_lags": 0}},
        {"n_cross_validations": 1},
        {"training": {"allowed_training_algorithms": "LightGMB"}},
        {"featurization": {"blocked_transformers": ["TfIdff"]}},
        {"featurization": {"column_name_and_types": {"city": "Number"}}},
        {"limits": {"timeout": -1}},
        {"forecasting_settings": {"lags": 3}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_a_cell_may_not_say(
    wrong: dict[str, Any], schema: jsonschema.Draft202012Validator
) -> None:
    assert schema.is_valid(FORECAST)
    assert not schema.is_valid({**FORECAST, **wrong})


def test_former_names_are_marked_in_the_schema() -> None:
    limits = json_schema()["$defs"]["TabularLimitSettings"]["properties"]
    assert limits["timeout"]["deprecated"]
    assert "timeout_minutes" in limits["timeout"]["description"]
    assert "deprecated" not in limits["timeout_minutes"]


def test_scorer_names_are_scikit_learns() -> None:
    listed = {*SCORERS_CLASSIFICATION, *SCORERS_REGRESSION}
    clustering = {
        n
        for n in get_scorer_names()
        if n.endswith(("rand_score", "info_score", "v_measure_score", "homogeneity_score", "completeness_score"))
        or n == "fowlkes_mallows_score"
    }
    assert set(get_scorer_names()) - clustering - listed == set()


@pytest.mark.parametrize("task", JOB_CLASSES)
def test_names_cannot_be_confused_when_case_and_underscores_go(task: str) -> None:
    for names in (metric_names(task), algorithm_names(task)):
        assert [match_name(n, names) for n in names] == list(names)


def test_enumerations_hold_only_names_that_are_taken() -> None:
    for task, kind in (
        ("classification", automl.ClassificationModels),
        ("regression", automl.RegressionModels),
        ("forecasting", automl.ForecastingModels),
    ):
        assert tuple(kind) == algorithm_names(task)
    for task, metrics in (
        ("classification", automl.ClassificationPrimaryMetrics),
        ("image_classification_multilabel", automl.ClassificationMultilabelPrimaryMetrics),
        ("forecasting", automl.ForecastingPrimaryMetrics),
    ):
        assert set(metrics) <= set(metric_names(task))


def test_all_names_of_the_factories_module_exist() -> None:
    assert [n for n in automl.__all__ if not hasattr(automl, n)] == []
    assert set(JOB_CLASSES) <= set(automl.__all__)


@pytest.mark.parametrize("task", JOB_CLASSES)
def test_every_factory_tells_what_is_missing(task: str) -> None:
    factory: Any = getattr(automl, task)
    with pytest.raises(SpecError, match="training_data: is missing"):
        factory()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "5 is not a table"),
        ({}, "is not a table"),
        ({"type": "parquet", "path": "x"}, "'parquet' is not allowed; use 'mltable'"),
        (Input, "is not a table"),
    ],
)
def test_what_is_no_table_is_refused(value: object, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        automl.regression(training_data=value, target_column_name="y")


def test_the_room_imports_no_heavy_library() -> None:
    code = (
        "import sys; from automl_jupyter.client import automl as a;"
        "a.classification(training_data='d', target_column_name='y'); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"pandas", "numpy", "sklearn", "dask", "distributed", "IPython", "ipywidgets", "optuna", "pyarrow"}
    assert heavy & set(loaded) == set()


@pytest.mark.parametrize(("body", "said"), [("", "is missing"), ("task: clustering", "'clustering' is not a task")])
def test_a_cell_without_a_task_names_those_that_can_be_trained(body: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_cell(body)
    problem = caught.value.problems[0]
    assert (problem.where, problem.message) == ("task", f"{said}; use {listing(tasks.keys())}.")


def test_a_task_that_is_nearly_named_is_found_among_all() -> None:
    with pytest.raises(SpecError, match="Did you mean 'image_object_detection'"):
        parse_cell("task: image_object_detecton")


def test_what_forecasting_refuses_says_so() -> None:
    from automl_jupyter.spec import ForecastingJob

    for name in ("validation_data_size", "cv_split_column_names", "test_data_size"):
        assert str(ForecastingJob.model_fields[name].description).endswith("Not in forecasting.")


def test_what_forecasting_refuses_of_a_section_says_so() -> None:
    from automl_jupyter.spec.featurization import TabularFeaturizationSettings
    from automl_jupyter.spec.training import ForecastingTrainingSettings
    from automl_jupyter.trials.allowed import _SLOW_FORECASTERS

    features, training = TabularFeaturizationSettings.model_fields, ForecastingTrainingSettings.model_fields
    refused = [features[name] for name in ("mode", "column_name_and_types", "transformer_params")]
    for field in (*refused, training["enable_onnx_compatible_models"]):
        assert "n forecasting" in str(field.description)
    allowed = str(training["allowed_training_algorithms"].description)
    assert [name for name in _SLOW_FORECASTERS if name not in allowed] == []


def test_every_place_that_an_error_advises_is_described() -> None:
    from automl_jupyter.errors import SCRIPT_ADVICE
    from automl_jupyter.spec import ForecastingJob

    assert 'compute="inline"' in SCRIPT_ADVICE
    assert "inline" in str(ForecastingJob.model_fields["compute"].description)
