"""Tabular jobs: setters merge, contradictions are refused, nothing changes when a call fails."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from automl_jupyter.client import automl
from automl_jupyter.errors import SpecError
from automl_jupyter.spec import ClassificationJob, ForecastingJob, Input, make_job

NONE = {"strategy": "constant", "fill_value": "none"}


def classification(**fields: Any) -> ClassificationJob:
    return automl.classification(training_data="df", target_column_name="y", **fields)


def forecasting(**fields: Any) -> ForecastingJob:
    return automl.forecasting(training_data="df", target_column_name="y", **fields)


def test_setters_merge_and_keep_a_whitelist() -> None:
    job = classification(enable_model_explainability=True)
    job.set_training(allowed_training_algorithms=["LightGBM", "knn"])
    job.set_training(enable_vote_ensemble=False)
    job.set_limits(timeout_minutes=10, max_trials=5)
    job.set_limits(max_trials=7)
    assert job.training.allowed_training_algorithms == ["LightGBM", "KNN"]
    assert job.training.enable_model_explainability is True
    assert job.training.enable_vote_ensemble is False
    assert (job.limits.timeout_minutes, job.limits.max_trials) == (10, 7)
    job.set_training(allowed_training_algorithms=[])
    assert job.training.allowed_training_algorithms == []


def test_assigning_a_mapping_or_an_object_merges() -> None:
    job = classification(limits={"timeout_minutes": 5})
    job.limits = {"max_trials": 3}  # type: ignore[assignment]
    job.featurization = automl.TabularFeaturizationSettings(mode="custom")
    job.training = automl.TrainingSettings(blocked_training_algorithms=["svm"])  # type: ignore[assignment]
    assert (job.limits.timeout_minutes, job.limits.max_trials) == (5, 3)
    assert job.featurization.mode == "custom"
    assert job.training.blocked_training_algorithms == ["SVM"]
    with pytest.raises(SpecError, match="limits: 5 is not a group of settings"):
        job.limits = 5  # type: ignore[assignment]
    with pytest.raises(SpecError, match="Did you mean 'limits'"):
        job.limit = {}  # type: ignore[attr-defined]


def test_the_forecasting_section_goes_through_its_own_name_too() -> None:
    job = forecasting(forecasting_settings=automl.ForecastingSettings(time_column_name="day", target_lags=3))
    job.training = {"enable_stack_ensemble": True}  # type: ignore[assignment]
    assert job.forecasting_settings.target_lags == [3]
    assert job.training.enable_stack_ensemble is True
    job.forecasting_settings = {"forecast_horizon": 4}  # type: ignore[misc]
    assert (job.forecasting.time_column_name, job.forecasting.forecast_horizon) == ("day", 4)


def test_a_refused_call_changes_nothing() -> None:
    job = classification(n_cross_validations=3)
    before = job.to_dict()
    with pytest.raises(SpecError, match="n_cross_validations"):
        job.set_data(validation_data="other", weight_column_name="w")
    with pytest.raises(SpecError, match="timeout_minutes"):
        job.set_limits(timeout_minutes=-5, max_trials=4)
    assert job.to_dict() == before


def test_an_unknown_keyword_gets_the_nearest_name() -> None:
    job = classification()
    with pytest.raises(SpecError, match=r"limits.max_trails: is not a setting here. Did you mean 'max_trials'"):
        job.set_limits(max_trails=3)
    with pytest.raises(
        SpecError, match=r"target: is not a setting of classification\. Did you mean 'target_column_name'"
    ):
        automl.classification(training_data="df", target="y")


def test_auto_folds_of_rows_are_as_unset() -> None:
    job = classification(n_cross_validations="Auto", validation_data="other")
    assert job == classification(validation_data="other")
    regression = automl.regression(training_data="df", target_column_name="y", n_cross_validations=3)
    regression.set_data(n_cross_validations="auto")
    assert regression.n_cross_validations is None
    assert forecasting(n_cross_validations="auto").n_cross_validations == "auto"


def test_values_of_a_section_are_checked_on_assignment() -> None:
    job = classification()
    with pytest.raises(SpecError, match="max_trials: 0 is not allowed; use a whole number of 1 or more"):
        job.limits.max_trials = 0
    job.limits.max_trials = np.int64(4)  # type: ignore[assignment]
    assert type(job.limits.max_trials) is int


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"validation_data": "v", "n_cross_validations": 3}, "validation_data", "n_cross_validations"),
        ({"validation_data": "v", "validation_data_size": 0.2}, "validation_data", "validation_data_size"),
        ({"validation_data": "v", "cv_split_column_names": ["c"]}, "validation_data", "cv_split_column_names"),
        ({"n_cross_validations": 3, "cv_split_column_names": ["c"]}, "cv_split_column_names", "keep one"),
        ({"test_data": "t", "test_data_size": 0.2}, "test_data", "keep one"),
        ({"test_data_size": 0.2, "cv_split_column_names": ["c"]}, "test_data_size", "cv_split_column_names"),
        ({"test_data_size": 0.5, "validation_data_size": 0.5}, "test_data_size", "no rows to train on"),
        ({"weight_column_name": "y"}, "weight_column_name", "is target_column_name already"),
        ({"n_cross_validations": 1}, "n_cross_validations", "2 or more"),
        ({"n_cross_validations": "foo"}, "n_cross_validations", "2 or more"),
        ({"validation_data_size": 5.0}, "validation_data_size", "above 0 and below 1"),
        ({"test_data_size": 0}, "test_data_size", "above 0 and below 1"),
        ({"primary_metric": "r2_score"}, "primary_metric", "It is a metric of regression and forecasting"),
        (
            {"limits": {"timeout_minutes": 10, "trial_timeout_minutes": 20}},
            "limits.trial_timeout_minutes",
            "20 is more than limits.timeout_minutes",
        ),
        (
            {"training": {"allowed_training_algorithms": ["knn"], "blocked_training_algorithms": ["KNN"]}},
            "training.allowed_training_algorithms",
            "KNN is in blocked_training_algorithms too",
        ),
        (
            {"training": {"allowed_training_algorithms": ["LigthGBM"]}},
            "training.allowed_training_algorithms",
            "Did you mean 'LightGBM'",
        ),
        (
            {"training": {"blocked_training_algorithms": ["Prophet"]}},
            "training.blocked_training_algorithms",
            "not a training algorithm of classification",
        ),
        ({"training": {"training_mode": "foo"}}, "training.training_mode", "'auto', 'distributed' or 'non_distrib"),
        (
            {"training": {"enable_onnx_compatible_models": True, "enable_stack_ensemble": True}},
            "training.enable_stack_ensemble",
            "ONNX",
        ),
        ({"featurization": {"mode": "foo"}}, "featurization.mode", "use 'auto', 'custom' or 'off'"),
        (
            {"featurization": {"blocked_transformers": ["TfIdff"]}},
            "featurization.blocked_transformers",
            "Did you mean 'TfIdf'",
        ),
        (
            {"featurization": {"column_name_and_types": {"a": "Categoric"}}},
            "featurization.column_name_and_types.a",
            "Did you mean 'Categorical'",
        ),
        (
            {"featurization": {"transformer_params": {"foo": []}}},
            "featurization.transformer_params.foo",
            "Known: imputer, tf_idf and hash_one_hot_encoder",
        ),
        (
            {"featurization": {"transformer_params": {"imputer": [{"parameters": {"strategy": "bogus"}}]}}},
            "featurization.transformer_params.imputer.0.parameters.strategy",
            "'bogus' is not allowed",
        ),
        (
            {"featurization": {"transformer_params": {"imputer": [{"parameters": {"strategy": "ffill"}}]}}},
            "featurization.transformer_params.imputer.0.parameters.strategy",
            "forecasting only",
        ),
        (
            {"featurization": {"transformer_params": {"imputer": [{"parameters": {"strategy": "constant"}}]}}},
            "featurization.transformer_params.imputer.0.parameters.fill_value",
            "is missing",
        ),
        ({"featurization": {"dataset_language": "english"}}, "featurization.dataset_language", "three-letter"),
    ],
)
def test_a_contradiction_or_wrong_value_is_refused(fields: dict[str, Any], where: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        make_job("classification", training_data="df", target_column_name="y", **fields)
    assert [p.where for p in caught.value.problems] == [where]


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"forecasting": {}}, "forecasting.time_column_name", "is missing"),
        ({"featurization": {"mode": "off"}}, "featurization.mode", "cannot be used in forecasting"),
        ({"validation_data_size": 0.2}, "validation_data_size", "origins in the past"),
        ({"cv_split_column_names": ["fold"]}, "cv_split_column_names", "origins in the past"),
        ({"test_data_size": 0.2}, "test_data_size", "give the test rows as test_data"),
        ({"forecasting": {"time_column_name": "d", "forecast_horizon": 0}}, "forecasting.forecast_horizon", "1 or m"),
        ({"forecasting": {"time_column_name": "d", "forecast_horizon": "x"}}, "forecasting.forecast_horizon", "auto"),
        ({"forecasting": {"time_column_name": "d", "target_lags": 0}}, "forecasting.target_lags", "1 or more"),
        ({"forecasting": {"time_column_name": "d", "use_stl": "bogus"}}, "forecasting.use_stl", "season"),
        (
            {"forecasting": {"time_column_name": "d", "short_series_handling_config": "bogus"}},
            "forecasting.short_series_handling_config",
            "'auto', 'pad' or 'drop'",
        ),
        (
            {"forecasting": {"time_column_name": "d", "target_aggregate_function": "sum"}},
            "forecasting.frequency",
            "over which period",
        ),
        ({"forecasting": {"time_column_name": "y"}}, "forecasting.time_column_name", "one role"),
        ({"forecasting": {"time_column_name": 3.5}}, "forecasting.time_column_name", "the name of a column"),
        (
            {"featurization": {"transformer_params": {"tf_idf": [{"parameters": {"max_df": 0.5}}]}}},
            "featurization.transformer_params.tf_idf",
            "only imputer can",
        ),
        (
            {"featurization": {"transformer_params": {"imputer": [{"fields": ["y"], "parameters": {}}]}}},
            "featurization.transformer_params.imputer.0.parameters.strategy",
            "'mean' of the target would look at values to come. Fill its gaps by 'constant' or 'ffill'",
        ),
        (
            {"featurization": {"transformer_params": {"imputer": [{"fields": ["y"], "parameters": NONE}]}}},
            "featurization.transformer_params.imputer.0.parameters.fill_value",
            "'none' is no number; the target needs one",
        ),
        (
            {"featurization": {"column_name_and_types": {"a": "Text"}}},
            "featurization.column_name_and_types.a",
            "Categorical, DateTime or Numeric",
        ),
    ],
)
def test_forecasting_has_rules_of_its_own(fields: dict[str, Any], where: str, words: str) -> None:
    given = {"forecasting": {"time_column_name": "day"}, **fields}
    with pytest.raises(SpecError, match=words) as caught:
        make_job("forecasting", training_data="df", target_column_name="y", **given)
    assert [p.where for p in caught.value.problems] == [where]


@pytest.mark.parametrize("name", ["D", "15min", "0.5h", "W-MON", "SMS-15", "SME-10", "WOM-2MON", "BQE-MAR"])
def test_a_frequency_is_what_pandas_calls_one(name: str) -> None:
    assert automl.ForecastingSettings(frequency=name).frequency == name


@pytest.mark.parametrize("name", ["", "-D", "W-", "1 day", "W-MON-TUE"])
def test_a_frequency_is_one_word(name: str) -> None:
    with pytest.raises(SpecError, match="a pandas offset alias"):
        automl.ForecastingSettings(frequency=name)


def test_none_has_a_meaning_where_it_has_one() -> None:
    job = forecasting()
    job.set_forecast_settings(time_column_name="d", seasonality=None)
    job.set_forecast_settings(short_series_handling_config=None, features_unknown_at_forecast_time=[])
    settings = job.forecasting
    assert (settings.seasonality, settings.short_series_handling_config) == (None, None)
    assert (settings.time_column_name, settings.features_unknown_at_forecast_time) == ("d", [])
    assert forecasting().forecasting.seasonality == "auto"


def test_the_documented_name_of_a_setter_that_never_was_works() -> None:
    job = forecasting()
    with pytest.warns(DeprecationWarning, match="set_forecasting_settings is now called set_forecast_settings"):
        job.set_forecasting_settings(time_column_name="d")
    assert job.problems() == []


def test_the_first_published_sample_runs() -> None:
    job = automl.regression(
        compute="cpu-cluster",
        experiment_name="exp",
        training_data=Input(type="mltable", path="./train"),
        target_column_name="ERP",
        primary_metric="R2Score",
        n_cross_validations=5,
        enable_model_explainability=True,
        tags={"my_custom_tag": "value"},
    )
    with pytest.warns(DeprecationWarning, match="timeout") as caught:
        job.set_limits(timeout=600, trial_timeout=20, max_trials=5)
    assert len(caught) == 2
    with pytest.warns(DeprecationWarning, match="blocked_models is now called blocked_training_algorithms"):
        job.set_training(blocked_models=["ExtremeRandomTrees"], enable_onnx_compatible_models=True)
    job.set_featurization(
        mode="custom",
        transformer_params={
            "imputer": [
                automl.ColumnTransformer(fields=["CACH"], parameters={"strategy": "most_frequent"}),
                automl.ColumnTransformer(fields=["PRP"], parameters={"strategy": "most_frequent"}),
            ]
        },
        blocked_transformers=["LabelEncoding"],
        column_name_and_types={"CHMIN": "Categorical"},
    )
    data = job.to_dict()
    assert data["primary_metric"] == "r2_score"
    assert data["compute"] == "cpu-cluster", "looked up when the job is submitted"
    assert data["limits"]["timeout_minutes"] == 600
    assert data["featurization"]["transformer_params"]["imputer"][1]["fields"] == ["PRP"]
    assert job.problems() == []


def test_names_are_matched_loosely_and_enumerations_count() -> None:
    for name in ("AUC_weighted", "AUCWeighted", "auc_weighted", automl.ClassificationPrimaryMetrics.AUC_WEIGHTED):
        assert classification(primary_metric=name).primary_metric == "AUC_weighted"
    job = classification()
    job.set_training(allowed_training_algorithms=[automl.ClassificationModels.LIGHT_GBM, "lightgbm", "LIGHT_GBM"])
    assert job.training.allowed_training_algorithms == ["LightGBM"]


@pytest.mark.parametrize("hours", [2, 2.0, np.int64(2), np.float32(2)])
def test_a_former_name_in_another_unit_takes_any_number(hours: Any) -> None:
    with pytest.warns(DeprecationWarning, match="experiment_timeout_hours"):
        assert classification(limits={"experiment_timeout_hours": hours}).limits.timeout_minutes == 120


@pytest.mark.parametrize(("hours", "shown"), [(True, "true"), ("2", "'2'"), (10**400, "1000"), (float("inf"), "inf")])
def test_a_former_name_in_another_unit_refuses_what_is_no_number(hours: Any, shown: str) -> None:
    with (
        pytest.warns(DeprecationWarning, match="experiment_timeout_hours"),
        pytest.raises(SpecError, match=f"{shown}.* is not allowed; use a number of minutes above 0"),
    ):
        classification(limits={"experiment_timeout_hours": hours})


@pytest.mark.parametrize(
    ("given", "kept"),
    [(np.int64(1), 1), (np.bool_(True), True), (np.float64(0.5), 0.5), (np.str_("yes"), "yes"), (True, True), (7, 7)],
)
def test_a_class_label_may_be_a_number_of_numpy(given: Any, kept: Any) -> None:
    label = classification(positive_label=given).positive_label
    assert (type(label), label) == (type(kept), kept)


@pytest.mark.parametrize("given", [float("nan"), float("inf"), np.float64("nan"), np.datetime64("2024-01-01"), [1]])
def test_a_class_label_is_a_text_a_number_or_a_flag(given: Any) -> None:
    with pytest.raises(SpecError, match="is not allowed; use a class label"):
        classification(positive_label=given)


def test_a_table_in_memory_is_kept_and_dumped_without_its_rows() -> None:
    frame = pd.DataFrame({"x": [1], "y": [0]})
    job = automl.classification(training_data=frame, target_column_name="y")
    assert job.frames()["training_data"] is frame
    assert job.to_dict()["training_data"] == {"type": "frame", **dict.fromkeys(["path", "name", "mode", "datastore"])}
    assert job == automl.classification(training_data=frame, target_column_name="y")


def test_a_function_can_be_the_metric() -> None:
    def profit(y_true: Any, y_pred: Any) -> float:
        return float(len(y_true) == len(y_pred))

    job = classification(primary_metric=profit)
    assert job.primary_metric == "callable:profit"
    assert job.frames() == {"primary_metric": profit}
    job.primary_metric = "accuracy"
    assert job.frames() == {}


def test_the_digest_is_of_the_content() -> None:
    one, two = classification(limits={"max_trials": 3}), classification()
    assert one.digest() != two.digest()
    two.set_limits(max_trials=3)
    assert one.digest() == two.digest()
    assert len(one.digest()) == 64


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table], ids=lambda m: m.__module__)
def test_tables_of_any_library_are_taken_and_go_along_when_pickled(make: Any) -> None:
    table = make({"x": [1], "y": [0]})
    job = automl.classification(training_data=table, target_column_name="y")
    assert job.frames()["training_data"] is table
    again = pickle.loads(pickle.dumps(job))
    assert again == job
    assert type(again.frames()["training_data"]) is type(table)


def test_a_variable_is_spelled_as_python_spells_it() -> None:
    assert Input.of("ﬁle").name == "file"


def test_auto_folds_of_series_agree_with_validation_data() -> None:
    job = forecasting(n_cross_validations="auto", validation_data="later", forecasting={"time_column_name": "day"})
    assert job.problems() == []
    with pytest.raises(SpecError, match="is given and so is n_cross_validations"):
        job.set_data(n_cross_validations=3)


@pytest.mark.parametrize(
    ("parameters", "where", "words"),
    [
        ({"fill_value": 0}, "strategy", "a fill_value needs strategy 'constant'"),
        ({"strategy": "median", "fill_value": 0}, "fill_value", "is not used by strategy 'median'"),
    ],
)
def test_a_fill_value_that_would_not_be_used_is_refused(parameters: dict[str, Any], where: str, words: str) -> None:
    imputer = {"fields": ["a"], "parameters": parameters}
    with pytest.raises(SpecError, match=words) as caught:
        classification(featurization={"transformer_params": {"imputer": [imputer]}})
    assert [p.where for p in caught.value.problems] == [
        f"featurization.transformer_params.imputer.0.parameters.{where}"
    ]
    constant = {"parameters": {"strategy": "constant", "fill_value": 0}}
    other = {"fields": ["a"], "parameters": {"fill_value": 5}}
    assert classification(featurization={"transformer_params": {"imputer": [constant, other]}}).problems() == []


def test_the_second_spelling_of_a_sections_field_can_be_assigned() -> None:
    job = classification()
    job.training.ensemble_model_download_timeout = 7  # type: ignore[misc]
    assert job.training.ensemble_model_download_timeout_minutes == 7
    stack = automl.StackEnsembleSettings()
    stack.stack_meta_learner_k_wargs = {"C": 2}  # type: ignore[misc]
    assert stack.stack_meta_learner_kwargs == {"C": 2}


def test_a_column_may_be_called_a_number_of_numpy() -> None:
    job = automl.classification(
        training_data="df", target_column_name=np.int64(4), cv_split_column_names=[np.int64(7), np.str_("f")]
    )
    assert (job.target_column_name, job.cv_split_column_names) == ("4", ["7", "f"])
    with pytest.raises(SpecError, match="is not allowed; use the name of a column"):
        automl.classification(training_data="df", target_column_name=np.bool_(True))


@pytest.mark.parametrize("field", ["timeout_minutes", "trial_timeout_minutes"])
def test_minutes_without_a_number_of_seconds_are_refused(field: str) -> None:
    with pytest.raises(SpecError, match=r"1e\+308 is not allowed; use a number of minutes above 0"):
        classification(limits={field: 1e308})


@pytest.mark.parametrize("name", [2024, np.int64(2024)])
def test_one_column_called_by_a_number_is_a_column(name: Any) -> None:
    assert automl.ForecastingSettings(time_series_id_column_names=name).time_series_id_column_names == ["2024"]
    with pytest.raises(SpecError, match="use the name of a column or a list"):
        automl.ForecastingSettings(time_series_id_column_names=1.5)
