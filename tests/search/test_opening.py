from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.learners import learners
from automl_jupyter.learners.base import make_learner
from automl_jupyter.search.opening import SearchContext, opening_list
from automl_jupyter.search.portfolio import variants

KEYS = {
    task: tuple(i.key for i in learners if task in i.tasks and i.key != "Dummy")
    for task in ("classification", "regression")
}


@st.composite
def contexts(draw: st.DrawFn) -> SearchContext:
    task = draw(st.sampled_from(["classification", "regression"]))
    return SearchContext(
        task,
        n_rows=draw(st.integers(20, 2_000_000)),
        n_features=draw(st.integers(1, 500)),
        n_text=draw(st.integers(0, 2)),
        n_classes=draw(st.integers(2, 200)) if task == "classification" else None,
        allowed=tuple(draw(st.lists(st.sampled_from(KEYS[task]), min_size=1, unique=True))),
    )


@settings(max_examples=100, deadline=None)
@given(contexts())
def test_an_opening_is_allowed_distinct_and_begins_with_the_baseline(context: SearchContext) -> None:
    found = opening_list(context)
    assert (found[0].learner, found[0].origin) == ("Dummy", "baseline")
    assert len(found) > 1
    assert {c.learner for c in found[1:]} == set(context.allowed)
    assert {c.origin for c in found[1:]} == {"opening"}
    shown = [json.dumps([c.learner, dict(c.params)], sort_keys=True) for c in found]
    assert len(set(shown)) == len(shown)
    assert len({c.label for c in found}) == len(found)
    assert found == opening_list(context)


@pytest.mark.parametrize("task", KEYS)
def test_every_configuration_can_be_made(task: str) -> None:
    installed = [k for k in KEYS[task] if learners.get(k).requires is None]
    for key in installed:
        context = SearchContext(task, 3000, 10, n_classes=3 if task == "classification" else None, allowed=(key,))
        for candidate in opening_list(context):
            made = make_learner(
                learners.get(candidate.learner), task, candidate.params, random_state=0, n_jobs=1, n_classes=3
            )
            assert hasattr(made, "fit")


@pytest.mark.parametrize("key", ["RandomForest", "LightGBM", "ExtremeRandomTrees", "LogisticRegression", "KNN"])
def test_a_single_allowed_learner_comes_in_several_configurations(key: str) -> None:
    found = opening_list(SearchContext("classification", 1000, 5, n_classes=2, allowed=(key,)))
    assert len([c for c in found if c.learner == key]) >= 4


@pytest.mark.parametrize(("task", "linear"), [("classification", "LogisticRegression"), ("regression", "ElasticNet")])
def test_a_linear_model_answers_first_and_lightgbm_varies_most(task: str, linear: str) -> None:
    context = SearchContext(task, 5000, 12, n_classes=2 if task == "classification" else None, allowed=KEYS[task])
    found = opening_list(context)
    assert [c.learner for c in found[1:3]] == [linear, "LightGBM"]
    leaves = [c.params["num_leaves"] for c in found if c.learner == "LightGBM"]
    assert min(leaves) <= 5
    assert max(leaves) >= 80
    assert len(leaves) >= 6


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_network_makes_fewer_passes_over_few_rows_but_for_its_last_configuration(task: str) -> None:
    def passes(n_rows: int) -> list[int]:
        context = SearchContext(task, n_rows, 8, n_classes=2 if task == "classification" else None)
        made = [make_learner(learners.get("NeuralNetwork"), task, p) for _, p in variants("NeuralNetwork", context)]
        return [network.n_epochs for network in made]

    few, many = passes(1500), passes(2500)
    assert [a < b for a, b in zip(few, many, strict=True)] == [True, True, False]
    assert few[2] == many[2]
    assert passes(300) == few


@pytest.mark.parametrize(
    ("task", "n_classes", "n_rows", "waits"),
    [
        ("classification", 2, 700, True),
        ("classification", 4, 700, False),
        ("classification", 2, 1500, False),
        ("regression", None, 700, True),
        ("regression", None, 1500, False),
    ],
)
def test_networks_wait_for_what_fits_the_fewest_rows_better(
    task: str, n_classes: int | None, n_rows: int, waits: bool
) -> None:
    order = [c.learner for c in opening_list(SearchContext(task, n_rows, 8, n_classes=n_classes, allowed=KEYS[task]))]
    boosted = "CatBoostClassifier" if task == "classification" else "CatBoostRegressor"
    assert (order.index("NeuralNetwork") > order.index(boosted)) is waits
    assert order.index("NeuralNetwork") > order.index("GaussianProcess")


@pytest.mark.parametrize(("task", "n_classes"), [("classification", 2), ("classification", 12), ("regression", None)])
def test_neighbours_are_asked_early_where_that_takes_no_time(task: str, n_classes: int | None) -> None:
    def place(n_rows: int) -> int:
        context = SearchContext(task, n_rows, 8, n_classes=n_classes, allowed=KEYS[task])
        return [c.learner for c in opening_list(context)].index("KNN")

    assert place(1500) <= 8
    assert place(2500) > 20


def test_many_classes_bring_forests_forward_and_shorten_boosting() -> None:
    def opening(n_classes: int) -> list[tuple[str, dict[str, object]]]:
        context = SearchContext(
            "classification", 5000, 12, n_classes=n_classes, allowed=("LightGBM", "ExtremeRandomTrees")
        )
        return [(c.learner, dict(c.params)) for c in opening_list(context)]

    few, many = opening(2), opening(26)
    place = [[key for key, _ in found].index("ExtremeRandomTrees") for found in (few, many)]
    rounds = [max(p["num_iterations"] for key, p in found if key == "LightGBM") for found in (few, many)]
    assert place[1] < place[0]
    assert rounds[1] < rounds[0]


@pytest.mark.parametrize(("n_features", "are_made"), [(1, False), (20, True), (5000, False)])
def test_features_of_two_columns_are_made_of_neither_one_nor_thousands(n_features: int, are_made: bool) -> None:
    opening = opening_list(SearchContext("regression", 5000, n_features, allowed=("LightGBM",)))
    assert any("features" in c.params for c in opening) is are_made


def test_a_learner_from_a_plug_in_is_tried_with_its_defaults() -> None:
    found = opening_list(SearchContext("regression", 100, 3, allowed=("ElasticNet", "MyLearner")))
    assert [dict(c.params) for c in found if c.learner == "MyLearner"] == [{}]


def test_names_are_matched_loosely() -> None:
    found = opening_list(SearchContext("regression", 100, 3, allowed=("light_gbm",)))
    assert {c.learner for c in found[1:]} == {"light_gbm"}
    assert len(found) > 4
