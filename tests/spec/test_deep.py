"""Image and text jobs: training parameters, search spaces, sweeps."""

from __future__ import annotations

from typing import Any

import pytest

from automl_jupyter.client import automl
from automl_jupyter.errors import SpecError
from automl_jupyter.spec import make_job
from automl_jupyter.spec.sweep import DISTRIBUTIONS, POLICIES, as_distribution, as_policy


def image(**fields: Any) -> automl.ImageObjectDetectionJob:
    return automl.image_object_detection(training_data="./t", target_column_name="label", **fields)


def test_parts_of_the_search_space_are_appended() -> None:
    job = image()
    job.extend_search_space(automl.SearchSpace(model_name="yolov5", learning_rate=automl.Uniform(0.001, 0.01)))
    job.extend_search_space([{"model_name": ["a", "b"], "optimizer": "choice('sgd', 'adam')"}])
    job.set_sweep(sampling_algorithm="Random", early_termination=automl.BanditPolicy(slack_factor=0.2))
    data = job.to_dict()
    assert data["search_space"][0]["learning_rate"] == {"type": "uniform", "min_value": 0.001, "max_value": 0.01}
    assert data["search_space"][1]["optimizer"] == {"type": "choice", "values": ["sgd", "adam"]}
    assert data["sweep"]["sampling_algorithm"] == "random"
    assert job.problems() == []


def test_an_unknown_hyperparameter_is_named() -> None:
    with pytest.raises(SpecError, match=r"search_space.0.learnin_rate: is not a hyperparameter.*'learning_rate'"):
        image().extend_search_space({"learnin_rate": 0.1})


def test_an_object_in_a_search_space_that_is_none_is_refused() -> None:
    with pytest.raises(SpecError, match="5 is not a search space"):
        image().extend_search_space(5)
    with pytest.raises(SpecError, match="is not a mapping of hyperparameters"):
        image().extend_search_space([5])


def test_former_forms_of_image_setters_work() -> None:
    job = image()
    with pytest.warns(DeprecationWarning, match="set_sweep") as caught:
        job.set_sweep(sampling_algorithm="random", max_trials=4, max_concurrent_trials=2)
    assert len(caught) == 2
    with pytest.warns(DeprecationWarning, match="set_image_model is now called set_training_parameters"):
        job.set_image_model(model_name="yolov5")
    assert (job.limits.max_trials, job.limits.max_concurrent_trials) == (4, 2)
    assert job.training_parameters.model_name == "yolov5"


def test_text_limits_merge() -> None:
    job = automl.text_ner(training_data="a", validation_data="b")
    job.set_limits(max_trials=4)
    job.set_limits(timeout_minutes=30)
    assert (job.limits.max_trials, job.limits.timeout_minutes) == (4, 30)


@pytest.mark.parametrize(
    ("task", "fields", "where", "words"),
    [
        ("image_classification", {"validation_data": "v", "validation_data_size": 0.2}, "validation_data", "keep one"),
        (
            "image_classification",
            {"limits": {"max_trials": 2, "max_concurrent_trials": 3}},
            "limits.max_concurrent_trials",
            "3 is more than",
        ),
        (
            "image_classification",
            {"training_parameters": {"optimizer": "adam", "momentum": 0.9}},
            "training_parameters.momentum",
            "for sgd only",
        ),
        (
            "image_classification",
            {"training_parameters": {"tile_grid_size": "3x2"}},
            "training_parameters.tile_grid_size",
            "is not a setting here",
        ),
        (
            "image_object_detection",
            {"training_parameters": {"model_name": "yolov5", "min_size": 5}},
            "training_parameters.min_size",
            "cannot be used with the model",
        ),
        (
            "image_object_detection",
            {"training_parameters": {"tile_grid_size": "3 by 2"}},
            "training_parameters.tile_grid_size",
            "such as '3x2'",
        ),
        ("image_classification", {"sweep": {"sampling_algorithm": "foo"}}, "sweep.sampling_algorithm", "'random'"),
        ("image_classification", {"sweep": {}}, "sweep.sampling_algorithm", "is missing"),
        ("image_classification", {"search_space": [{"model_name": "a"}]}, "sweep", "is missing"),
        (
            "image_classification",
            {
                "sweep": {"sampling_algorithm": "grid"},
                "search_space": [{"learning_rate": {"type": "uniform", "min_value": 0, "max_value": 1}}],
            },
            "search_space.0.learning_rate",
            "cannot be sampled by grid; use choice",
        ),
        (
            "image_classification",
            {"sweep": {"sampling_algorithm": "bayesian"}, "search_space": [{"model_name": "a"}] * 2},
            "search_space",
            "has 2 parts",
        ),
        ("image_classification", {"primary_metric": "IOU"}, "primary_metric", "image_classification_multilabel"),
        ("text_classification", {"validation_data": None}, "validation_data", "is missing"),
        ("text_ner", {"primary_metric": "f1"}, "primary_metric", "is not a metric of text_ner"),
        (
            "text_ner",
            {
                "sweep": {"sampling_algorithm": "random"},
                "search_space": [{"number_of_epochs": {"type": "uniform", "min_value": 0, "max_value": 1}}],
            },
            "search_space.0.number_of_epochs",
            "use choice",
        ),
    ],
)
def test_rules_of_image_and_text_jobs(task: str, fields: dict[str, Any], where: str, words: str) -> None:
    given: dict[str, Any] = {"training_data": "df", "target_column_name": "y"}
    if task.startswith("text"):
        given["validation_data"] = "v"
    with pytest.raises(SpecError, match=words) as caught:
        make_job(task, **{**given, **fields})
    assert [p.where for p in caught.value.problems] == [where]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"type": "unifrom", "min_value": 0, "max_value": 1}, "Did you mean 'uniform'"),
        ({"type": "uniform", "min_value": 0}, "max_value: is missing"),
        ({"type": "uniform", "min_value": 1, "max_value": 0}, "must be above min_value"),
        ({"type": "choice", "values": []}, "use a list of texts or numbers"),
        ("uniform(1, oops)", "cannot be read"),
    ],
)
def test_a_distribution_that_cannot_be_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        as_distribution(value)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_survives_its_dump(name: str) -> None:
    kind = DISTRIBUTIONS[name]
    given: dict[str, Any] = {
        "values": [1, "a", True, 0.5],
        "upper": 3,
        "min_value": 0.5,
        "max_value": 2,
        "mu": 0,
        "sigma": 1,
        "q": 0.5,
    }
    made = kind(**{k: v for k, v in given.items() if k in kind.model_fields})
    assert as_distribution(made.model_dump()) == made


def test_policies_are_read_by_name_or_mapping() -> None:
    assert as_policy("median_stopping") == automl.MedianStoppingPolicy()
    assert as_policy({"type": "TruncationSelection", "truncation_percentage": 20}) == automl.TruncationSelectionPolicy(
        truncation_percentage=20
    )
    with pytest.raises(ValueError, match="Did you mean 'bandit'"):
        as_policy("bandid")
    with pytest.raises(SpecError, match="from 1 to 99"):
        automl.TruncationSelectionPolicy(truncation_percentage=100)
    with pytest.raises(SpecError, match="keep one of the two"):
        automl.BanditPolicy(slack_factor=0.1, slack_amount=0.1)
    assert set(POLICIES) == {"bandit", "median_stopping", "truncation_selection"}


@pytest.mark.parametrize("text", ["randint(3, 9)", "uniform(0.001, 0.01, 0.1)", "quniform(1, 9, 2, 3)"])
def test_a_value_too_many_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match=r"takes; \d came"):
        as_distribution(text)
    with pytest.raises(SpecError, match="min_value: is given twice"):
        automl.Uniform(0.1, 0.5, min_value=0.2)
