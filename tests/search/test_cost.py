from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.learners import learners
from automl_jupyter.search.cost import CostModel, nominal_s
from automl_jupyter.search.opening import Candidate, SearchContext

CONTEXT = SearchContext("classification", 10_000, 20, n_classes=2)
GBM = Candidate("LightGBM", {"learning_rate": 0.05, "num_leaves": 31})


@pytest.mark.parametrize("key", [i.key for i in learners])
def test_every_learner_costs_more_on_more_rows(key: str) -> None:
    context = SearchContext("regression" if "Regressor" in key else "classification", 1000, 10, n_classes=3)
    few, many = (nominal_s(key, {}, n, context) for n in (1000, 100_000))
    assert 0 < few < 60
    assert few < many or key == "Dummy"


def test_many_classes_cost_more_rounds() -> None:
    many = SearchContext("classification", 10_000, 20, n_classes=26)
    assert nominal_s("LightGBM", GBM.params, 10_000, many) > 10 * nominal_s("LightGBM", GBM.params, 10_000, CONTEXT)


@pytest.mark.parametrize("key", ["LightGBM", "CatBoostRegressor", "RandomForest", "NeuralNetwork"])
def test_features_of_a_text_and_of_several_columns_cost_as_other_columns_do(key: str) -> None:
    numbers, text = (SearchContext("regression", 50_000, 6, n_text=n) for n in (0, 1))
    assert nominal_s(key, {}, 50_000, text) > 1.5 * nominal_s(key, {}, 50_000, numbers)
    assert nominal_s(key, {"features": "enriched"}, 50_000, numbers) > 1.5 * nominal_s(key, {}, 50_000, numbers)


@given(st.floats(0.05, 500), st.floats(0.05, 500))
def test_a_learner_is_learnt_from_its_own_fits(slow_s: float, fast_s: float) -> None:
    model = CostModel(CONTEXT)
    for _ in range(40):
        model.observe("LightGBM", GBM.params, 10_000, slow_s)
        model.observe("KNN", {}, 10_000, fast_s)
    assert model.predict_s(GBM, 10_000, quantile=0.5) == pytest.approx(slow_s, rel=0.4)
    assert model.predict_s(Candidate("KNN"), 10_000, quantile=0.5) == pytest.approx(fast_s, rel=0.4)


def test_a_slow_machine_is_noticed_for_learners_not_yet_seen() -> None:
    model = CostModel(CONTEXT)
    before = model.predict_s(Candidate("RandomForest"), 10_000)
    for _ in range(3):
        model.observe("LightGBM", GBM.params, 10_000, 20 * nominal_s("LightGBM", GBM.params, 10_000, CONTEXT))
    assert model.predict_s(Candidate("RandomForest"), 10_000) > 4 * before


def test_predictions_are_safe_as_often_as_asked() -> None:
    rng = np.random.default_rng(0)
    below = 0
    for _ in range(300):
        model = CostModel(CONTEXT)
        times = 3.0 * np.exp(0.4 * rng.normal(size=9))
        for seconds in times[:8]:
            model.observe("LightGBM", GBM.params, 10_000, float(seconds))
        below += times[8] <= model.predict_s(GBM, 10_000, quantile=0.8)
    assert 0.72 <= below / 300 <= 0.92


def test_certainty_costs_time_and_fades_with_evidence() -> None:
    def margin(model: CostModel) -> float:
        return model.predict_s(GBM, 10_000, quantile=0.9) / model.predict_s(GBM, 10_000, quantile=0.5)

    fresh, seen = CostModel(CONTEXT), CostModel(CONTEXT)
    for _ in range(10):
        seen.observe("LightGBM", GBM.params, 10_000, 2.0)
    assert margin(fresh) > margin(seen) > 1


def test_times_of_nothing_teach_nothing() -> None:
    model = CostModel(CONTEXT)
    before = model.predict_s(GBM, 10_000)
    model.observe("LightGBM", GBM.params, 10_000, 0.0)
    model.observe("LightGBM", GBM.params, 0, 5.0)
    assert model.predict_s(GBM, 10_000) == before


def test_categories_of_two_levels_cost_catboost_no_combinations() -> None:
    none, two, many = (
        SearchContext("regression", 5000, 9, n_categorical=n, n_binary=b) for n, b in ((0, 0), (3, 3), (3, 0))
    )
    numbers, binary, combined = (nominal_s("CatBoostRegressor", {}, 5000, c) for c in (none, two, many))
    assert binary < numbers < combined


@pytest.mark.parametrize(
    "name", ["learning_rate", "max_depth", "n_estimators", "num_leaves", "n_rounds", "colsample_bytree"]
)
def test_settings_of_a_strange_learner_may_be_anything(name: str) -> None:
    for value in ("adaptive", None, True, -1, 0, 2000, 10**400, float("nan"), float("inf"), [3]):
        model = CostModel(CONTEXT)
        model.observe("Mine", {name: value}, 10_000, 2.0)
        assert 0 < model.predict_s(Candidate("Mine", {name: value}), 10_000) < 1e6, value


def test_settings_of_a_strange_learner_that_are_numbers_count() -> None:
    many, few, any_number = (nominal_s("Mine", {"n_estimators": n}, 10_000, CONTEXT) for n in (400, 40, "auto"))
    assert few < many <= any_number


def test_fits_are_gone_through_once_until_another_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CostModel(CONTEXT)
    for seconds in (1.0, 2.0):
        model.observe("LightGBM", GBM.params, 10_000, seconds)
    before = model.predict_s(GBM, 10_000)

    def refuse(values: list[float]) -> float:
        raise AssertionError("gone through again")

    with monkeypatch.context() as patch:
        patch.setattr("automl_jupyter.search.cost.median", refuse)
        assert model.predict_s(GBM, 10_000) == before
    model.observe("LightGBM", GBM.params, 10_000, 500.0)
    assert model.predict_s(GBM, 10_000) > before
