"""The plan: every `auto` replaced by a value and a reason, the same for the same question."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter import automl
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.split import Validation, resolve_validation
from automl_jupyter.errors import DataError, SpecError
from automl_jupyter.jobs.prepare import decide, find_schema
from automl_jupyter.metrics.registry import resolve_metric
from automl_jupyter.testing.quick import make_spec, table_for
from automl_jupyter.trials.plan import Plan, _validation_title, make_plan, resolve_limits

ROOT = Path(__file__).resolve().parents[2]


def plan_of(spec: Any, n_slots: int = 2) -> Plan:
    """Return the plan of a spec, as a job makes it."""
    table = load_training_table(spec)
    schema = TableSchema.infer(table.X.iloc[: table.n_training])
    metric = resolve_metric(spec.primary_metric or "accuracy", spec.task)
    validation = resolve_validation(spec, table)
    return make_plan(spec, table, schema, validation, metric, n_slots=n_slots, random_state=7)


def limits_of(**limits: Any) -> Any:
    return resolve_limits(make_spec(limits=limits))


def said(plan: Plan, topic: str) -> str:
    return " | ".join(f"{n['what']}: {n['why']}" for n in plan.notes if n["topic"] == topic)


# --- limits -----------------------------------------------------------------------------------------------------


def test_an_hour_when_nothing_is_asked() -> None:
    notes: list[dict[str, str]] = []
    limits = resolve_limits(make_spec(limits={}), notes)
    assert (limits.timeout_s, limits.trial_timeout_s, limits.max_trials) == (3600, 1800, None)
    assert notes[0]["what"] == "timeout_minutes is 60"
    assert limits.enable_early_termination


def test_no_time_limit_when_trials_are_counted() -> None:
    limits = limits_of(max_trials=5)
    assert (limits.timeout_s, limits.trial_timeout_s, limits.max_trials) == (None, 1800, 5)


@given(
    timeout=st.one_of(st.none(), st.floats(0.01, 10_000)),
    share=st.one_of(st.none(), st.floats(0.01, 1)),
    trials=st.one_of(st.none(), st.integers(1, 500)),
)
@settings(max_examples=60, deadline=None)
def test_a_trial_never_gets_more_than_the_job(timeout: float | None, share: float | None, trials: int | None) -> None:
    trial = None if share is None else share * (timeout or 100)
    asked = {"timeout_minutes": timeout, "trial_timeout_minutes": trial, "max_trials": trials}
    limits = limits_of(**{k: v for k, v in asked.items() if v is not None})
    assert limits.trial_timeout_s <= (trial or 30) * 60 + 1e-9
    if limits.timeout_s is not None:
        assert limits.trial_timeout_s <= limits.timeout_s
    assert (limits.timeout_s is None) == (timeout is None and trials is not None)


def test_what_is_asked_is_taken() -> None:
    limits = limits_of(
        timeout_minutes=2,
        exit_score=0.9,
        enable_early_termination=False,
        max_concurrent_trials=3,
        max_cores_per_trial=-1,
    )
    assert (limits.timeout_s, limits.exit_score, limits.enable_early_termination) == (120, 0.9, False)
    assert (limits.max_concurrent_trials, limits.cores_per_trial) == (3, -1)


# --- learners ---------------------------------------------------------------------------------------------------


def test_allowed_learners_in_the_order_asked() -> None:
    plan = plan_of(make_spec(training={"allowed_training_algorithms": ["SGD", "KNN"]}))
    assert plan.learners == ("SGD", "KNN")
    assert {c["learner"] for c in plan.opening} == {"Dummy", "SGD", "KNN"}


def test_blocked_learners_are_left_out() -> None:
    every = plan_of(make_spec(training={}))
    plan = plan_of(make_spec(training={"blocked_training_algorithms": ["LightGBM", "svm"]}))
    assert set(every.learners) - set(plan.learners) == {"LightGBM", "SVM"}
    assert "Dummy" not in every.learners


def test_a_missing_package_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter import learners

    monkeypatch.setattr(learners, "has_module", lambda name: False)
    training = {"allowed_training_algorithms": ["CatBoostClassifier", "LightGBM"]}
    plan = plan_of(make_spec(training=training))
    assert plan.learners == ("LightGBM",)
    assert said(plan, "learners") == (
        "CatBoostClassifier (needs catboost) cannot be tried: the package is not installed"
    )
    alone = {"allowed_training_algorithms": ["CatBoostClassifier"]}
    with pytest.raises(
        SpecError, match=r"no learner that .* \(needs catboost\) cannot be tried: the package is not inst"
    ):
        plan_of(make_spec(training=alone))


def test_where_no_learner_is_left_the_reason_is_told() -> None:
    gap = table_for("label").drop(columns="colour")
    gap.loc[3, "size"] = np.nan
    with pytest.raises(SpecError, match="mode 'off' leaves as they are") as caught:
        plan_of_mode_off(gap, training={"allowed_training_algorithms": ["LogisticRegression"]})
    assert "and blocked_training_algorithms leave" not in str(caught.value)
    installed, fit = re.findall(
        r"Installed for classification: (.*)\. Of these, (.*) could be tried\.", str(caught.value)
    )[0]
    assert "LogisticRegression" in installed
    assert "LightGBM" in fit
    assert "LogisticRegression" not in fit
    training = {"allowed_training_algorithms": ["GaussianProcess"], "enable_onnx_compatible_models": True}
    with pytest.raises(SpecError, match="enable_onnx_compatible_models is set") as caught:
        plan_of(make_spec(training=training))
    assert "GaussianProcess" in str(caught.value)


def test_learners_too_slow_for_the_rows_are_left_out_unless_asked_for() -> None:
    draw = np.random.default_rng(0)
    table = pd.DataFrame({"x": draw.normal(size=10_500), "z": draw.normal(size=10_500)})
    table["label"] = np.where(table["x"] + draw.normal(size=10_500) > 0, "a", "b")
    plan = plan_of(make_spec(data=table, training={}))
    assert "SVM" not in plan.learners
    assert "SVM is not tried: its time grows too fast for 10,500 rows (tried up to 10,000)" in said(plan, "learners")
    asked = plan_of(make_spec(data=table, training={"allowed_training_algorithms": ["SVM"]}))
    assert asked.learners == ("SVM",)


def test_learners_too_slow_for_the_classes_are_left_out_unless_asked_for() -> None:
    frame = pd.DataFrame({"x": np.arange(400.0), "label": [f"c{k % 40}" for k in range(400)]})
    plan = plan_of(make_spec(data=frame, training={}))
    assert "SVM" not in plan.learners
    assert "KNN" in plan.learners
    assert "SVM is not tried: its time grows too fast for 40 classes (tried up to 30)" in said(plan, "learners")
    assert plan_of(make_spec(data=frame, training={"allowed_training_algorithms": ["SVM"]})).learners == ("SVM",)


def plan_of_days(**training: Any) -> Plan:
    """Return the plan of a forecast of one short series."""
    days = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60), "sold": np.arange(60.0) % 7})
    settings = {"time_column_name": "day", "forecast_horizon": 7}
    spec = automl.forecasting(
        training_data=days, target_column_name="sold", forecasting_settings=settings, training=training
    )
    return decide(spec, namespace=None, base=Path(), n_slots=1).plan


def test_forecasters_that_wait_to_be_named_are_said() -> None:
    plan = plan_of_days(blocked_training_algorithms=["SGD"])
    names = "GaussianProcess, GradientBoosting, OnlineGradientDescentRegressor"
    assert names in said(plan, "learners")
    assert "are tried only where allowed_training_algorithms names them: as forecasters they" in said(plan, "learners")
    assert "LassoLars" in said(plan, "learners")
    assert "SGD" not in said(plan, "learners")
    assert not {"GaussianProcess", "LassoLars"} & set(plan.learners)
    named = plan_of_days(allowed_training_algorithms=["LassoLars", "Naive"])
    assert named.learners == ("LassoLars", "Naive")
    assert said(named, "learners") == ""


def test_a_deep_forecaster_that_the_named_ones_leave_out_is_told() -> None:
    for training in (
        {"allowed_training_algorithms": ["Theta"], "enable_dnn_training": True},
        {"blocked_training_algorithms": ["TCNForecaster"], "enable_dnn_training": True},
    ):
        plan = plan_of_days(**training)
        assert "TCNForecaster" not in plan.learners
        told = [n for n in plan.notes if n["what"] == "training.enable_dnn_training changes nothing"]
        assert [n["level"] for n in told] == ["warning"]
        assert next(iter(training)) in told[0]["why"]
        assert "TCNForecaster cannot be tried" not in said(plan, "learners")
    training = {"allowed_training_algorithms": ["Theta", "tcn_forecaster"], "enable_dnn_training": True}
    assert "changes nothing" not in said(plan_of_days(**training), "learners")


# --- the race ---------------------------------------------------------------------------------------------------


def test_a_race_only_under_a_time_too_short_for_every_fold() -> None:
    data = table_for("label", 3000)

    def race(**limits: Any) -> bool:
        return plan_of(make_spec(data=data, limits=limits, training={}, n_cross_validations=5)).race

    assert race(timeout_minutes=0.05)
    assert not race(timeout_minutes=1000)
    assert not race(max_trials=500)
    one_fold = make_spec(data=data, limits={"timeout_minutes": 0.05}, training={}, validation_data_size=0.2)
    assert not plan_of(one_fold).race


@pytest.mark.parametrize(("n_rows", "n_folds"), [(90, 10), (500, 10), (501, 10), (1000, 5), (2501, 2), (5000, 1)])
def test_a_race_is_run_on_as_many_folds_as_say_something(n_rows: int, n_folds: int) -> None:
    spec = make_spec(data=table_for("label", n_rows), limits={"timeout_minutes": 0.005}, n_cross_validations=10)
    assert plan_of(spec).race_folds == n_folds


@pytest.mark.parametrize(("size", "n_folds"), [(0.01, 10), (0.02, 9), (0.1, 2), (0.25, 1)])
def test_a_race_on_random_splits_minds_their_size(size: float, n_folds: int) -> None:
    limits = {"timeout_minutes": 0.005}
    data = table_for("label", 3000)
    spec = make_spec(data=data, limits=limits, n_cross_validations=10, validation_data_size=size)
    assert plan_of(spec).race_folds == n_folds


def test_the_race_is_explained() -> None:
    spec = make_spec(
        data=table_for("label", 3000), limits={"timeout_minutes": 0.05}, training={}, n_cross_validations=5
    )
    plan = plan_of(spec)
    assert "Configurations meet on the first fold" in said(plan, "search")
    assert "The whole job takes at most 3 s" in said(plan, "limits")


# --- the same question, the same plan ---------------------------------------------------------------------------


def test_a_plan_comes_back_from_its_file() -> None:
    plan = plan_of(make_spec(training={}))
    record = plan.to_dict()
    assert json.loads(json.dumps(record)) == record
    again = Plan.from_dict(record)
    assert again.to_dict() == record
    assert again.limits == plan.limits


def test_the_same_question_gives_the_same_bytes_in_every_process() -> None:
    code = (
        "import json, runpy, sys; names = runpy.run_path(sys.argv[1]);"
        "spec = names['make_spec']('kind', training={}, limits={'timeout_minutes': 1});"
        "print(json.dumps(names['plan_of'](spec).to_dict()))"
    )
    texts = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, __file__]
        texts.add(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    here = json.dumps(plan_of(make_spec("kind", training={}, limits={"timeout_minutes": 1})).to_dict())
    assert texts == {f"{here}\n"}


def test_the_plan_counts_rows_columns_and_classes() -> None:
    table = table_for("kind").assign(constant=1, note=["some words of text here"] * 90, smokes=["yes", "no"] * 45)
    plan = plan_of(make_spec("kind", data=table))
    assert (plan.n_rows, plan.n_training, plan.n_columns, plan.n_classes) == (90, 90, 6, 3)
    assert plan.n_features == 4
    assert (plan.n_categorical, plan.n_binary) == (2, 1)
    assert plan.search_context().n_binary == 1
    assert plan.n_folds == 2
    assert plan.refits
    assert "constant" in said(plan, "dropped columns")


def test_validation_data_are_never_fitted() -> None:
    plan = plan_of(make_spec(validation_data=table_for("label", seed=1)))
    assert not plan.refits
    assert (plan.n_rows, plan.n_training) == (180, 90)


# --- featurization ----------------------------------------------------------------------------------------------


def plan_of_mode_off(data: pd.DataFrame, **fields: Any) -> Plan:
    spec = make_spec(data=data, featurization={"mode": "off", **fields.pop("featurization", {})}, **fields)
    table = load_training_table(spec)
    metric = resolve_metric("accuracy", spec.task)
    return make_plan(
        spec, table, find_schema(spec, table), resolve_validation(spec, table), metric, n_slots=2, random_state=7
    )


def test_mode_off_uses_numbers_as_they_are() -> None:
    data = table_for("label").drop(columns="colour").assign(constant=1.0, row_id=range(90))
    plan = plan_of_mode_off(data, training={})
    assert [(c["name"], c["type"], c["dropped"]) for c in plan.columns] == [
        ("size", "Numeric", False),
        ("age", "Numeric", False),
        ("constant", "Numeric", False),
        ("row_id", "Numeric", False),
    ]
    assert not any("features" in c["params"] for c in plan.opening)
    assert said(plan, "featurization") == "The columns are used as they are: featurization.mode is 'off'"


def test_mode_off_refuses_what_is_no_number_by_name() -> None:
    with pytest.raises(DataError, match=r"columns must be numbers already; 'colour' is not\. Encode or drop it"):
        plan_of_mode_off(table_for("label"))
    with pytest.raises(DataError, match=r"'colour' cannot become Categorical\. Use mode 'custom'"):
        plan_of_mode_off(table_for("label"), featurization={"column_name_and_types": {"colour": "Categorical"}})
    ignored = plan_of_mode_off(table_for("label"), featurization={"column_name_and_types": {"colour": "Ignore"}})
    assert ignored.n_features == 2


def test_mode_off_with_gaps_tries_only_learners_that_take_them() -> None:
    data = table_for("label").drop(columns="colour")
    data.loc[3, "size"] = np.nan
    plan = plan_of_mode_off(data, training={})
    assert "LightGBM" in plan.learners
    assert "LogisticRegression" not in plan.learners
    assert "Only learners that take missing values are tried" in said(plan, "learners")


def test_blocked_transformers_and_parameters_are_in_the_plan() -> None:
    featurization = {
        "blocked_transformers": ["CatTargetEncoder", "WoETargetEncoder"],
        "transformer_params": {"imputer": [{"fields": ["size"], "parameters": {"strategy": "median"}}]},
    }
    plan = plan_of(make_spec(featurization=featurization, training={}))
    assert plan.featurization["imputers"] == {"size": {"strategy": "median"}}
    assert plan.without_features == ("enriched",)
    assert not any(c["params"].get("features") == "enriched" for c in plan.opening)
    assert "CatTargetEncoder and WoETargetEncoder are not used" in said(plan, "featurization")
    assert Plan.from_dict(plan.to_dict()) == Plan.from_dict(json.loads(json.dumps(plan.to_dict())))


def test_parameters_of_a_column_that_is_not_there_are_refused_with_the_nearest() -> None:
    asked = {"imputer": [{"fields": ["sise"], "parameters": {"strategy": "median"}}]}
    with pytest.raises(SpecError, match=r"There is no feature column 'sise'\. Did you mean 'size'"):
        plan_of(make_spec(featurization={"transformer_params": asked}))


# --- the stack's second level -----------------------------------------------------------------------------------


def test_a_second_level_that_cannot_be_is_refused_with_everything_else() -> None:
    stack = {"stack_meta_learner_type": "ElasticNet"}
    asked = {"imputer": [{"fields": ["sise"], "parameters": {"strategy": "median"}}]}
    spec = make_spec(training={"stack_ensemble_settings": stack}, featurization={"transformer_params": asked})
    with pytest.raises(SpecError, match="'ElasticNet' is no meta learner for classification") as caught:
        plan_of(spec)
    assert len(caught.value.problems) == 2
    spec = make_spec(training={"stack_ensemble_settings": {"stack_meta_learner_kwargs": {"bogus": 1}}})
    with pytest.raises(SpecError, match="LogisticRegression has no setting 'bogus'"):
        plan_of(spec)
    stack = {"stack_meta_learner_type": "light_gbm_classifier", "stack_meta_learner_kwargs": {"num_leaves": 3}}
    plan = plan_of(make_spec(training={"stack_ensemble_settings": stack}))
    assert (plan.stack_meta_learner, plan.stack_settings) == ("LightGBMClassifier", {"num_leaves": 3})


# --- settings that change nothing -------------------------------------------------------------------------------


def test_settings_that_change_nothing_are_told() -> None:
    training = {
        "ensemble_model_download_timeout_minutes": 3,
        "stack_ensemble_settings": {"stack_meta_learner_train_percentage": 0.3},
    }
    plan = plan_of(make_spec(training=training, log_verbosity="debug"))
    told = [(n["what"], n["level"]) for n in plan.notes if n["topic"] == "settings"]
    assert told == [
        ("log_verbosity changes nothing", "info"),
        ("training.ensemble_model_download_timeout_minutes changes nothing", "info"),
        ("training.stack_ensemble_settings.stack_meta_learner_train_percentage changes nothing", "info"),
    ]
    quiet = make_spec(training={"stack_ensemble_settings": {"stack_meta_learner_type": "LogisticRegression"}})
    assert said(plan_of(quiet), "settings") == ""


@pytest.mark.parametrize(
    ("kind", "n_folds", "size", "title"),
    [
        ("holdout", 1, 0.005, "0.5% of the rows are held back"),
        ("holdout", 1, 0.125, "12.5% of the rows are held back"),
        ("holdout", 1, 0.2, "20% of the rows are held back"),
        ("monte_carlo", 3, 0.001, "3 random splits of 0.1%"),
        ("custom", 1, None, "1 fold from cv_split_column_names"),
        ("custom", 2, None, "2 folds from cv_split_column_names"),
    ],
)
def test_a_title_says_how_rows_are_held_back(kind: Any, n_folds: int, size: float | None, title: str) -> None:
    assert _validation_title(Validation(kind, n_folds, size, False, "")) == title


def test_fast_inference_builds_no_ensemble_and_says_so() -> None:
    plan = plan_of(make_spec(inference="fast", training={"enable_stack_ensemble": True}))
    assert (plan.vote_ensemble, plan.stack_ensemble) == (False, False)
    assert said(plan, "settings").startswith("training.enable_stack_ensemble changes nothing: inference is 'fast'")
    assert plan_of(make_spec(training={})).vote_ensemble


@pytest.mark.parametrize(("asked", "planned"), [(1, 1), (3, 3), (20, 8)])
def test_no_more_fits_at_once_are_planned_with_than_asked_for(asked: int, planned: int) -> None:
    limits = {"timeout_minutes": 1, "max_concurrent_trials": asked}
    assert plan_of(make_spec(limits=limits), n_slots=8).n_slots == planned


def test_groups_beside_folds_of_the_users_own_are_said_to_part_nothing() -> None:
    data = table_for("label").assign(fold=[0, 1] * 45, who=list("abc") * 30)
    plan = plan_of(make_spec(data=data, cv_split_column_names=["fold"], group_column_name="who"))
    assert said(plan, "settings") == "group_column_name does not decide which rows validate: cv_split_column_names does"


@pytest.mark.parametrize(("cores", "at_once", "told"), [(-1, 4, True), (-1, None, False), (1, 4, False)])
def test_trials_that_take_every_core_run_one_at_a_time_and_say_so(cores: int, at_once: int | None, told: bool) -> None:
    notes: list[dict[str, str]] = []
    limits = {"max_trials": 2, "max_cores_per_trial": cores, "max_concurrent_trials": at_once}
    resolve_limits(make_spec(limits=limits), notes)
    assert ("Trials run one at a time" in [note["what"] for note in notes]) is told


def test_settings_of_the_cloud_are_told_to_change_nothing() -> None:
    cloud: dict[str, Any] = {
        "outputs": {"best_model": {"type": "mlflow_model"}},
        "resources": {"instance_count": 4},
        "queue_settings": {"job_tier": "spot"},
        "identity": {"type": "managed"},
        "environment_id": "e:1",
        "environment_variables": {"A": "1"},
    }
    plan = plan_of(make_spec(training={"enable_model_explainability": True}, **cloud))
    told = [n["what"] for n in plan.notes if n["topic"] == "settings"]
    assert told == [f"{name} changes nothing" for name in (*cloud, "training.enable_model_explainability")]
