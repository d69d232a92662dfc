from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from automl_jupyter.errors import SpecError
from automl_jupyter.search.stack import StackModel, fit_stack, meta_learner_problems
from automl_jupyter.tasks import get_task

META_LEARNERS = {task: get_task(task).meta_learners for task in ("classification", "regression", "forecasting")}


def members(task: str, n: int = 400, n_classes: int = 3) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    if task != "classification":
        y = 100 + 20 * rng.normal(size=n)
        return y, [y + 10 * rng.normal(size=n) for _ in range(3)]
    y = rng.integers(0, n_classes, n)
    z = [np.exp(np.eye(n_classes)[y] + rng.normal(size=(n, n_classes))) for _ in range(3)]
    return y, [p / p.sum(axis=1, keepdims=True) for p in z]


def loss(task: str, y: np.ndarray, prediction: np.ndarray) -> float:
    if task != "classification":
        return float(np.mean((y - prediction) ** 2))
    return float(log_loss(y, prediction, labels=range(prediction.shape[1])))


@pytest.mark.parametrize(("task", "name"), [(t, n) for t, names in META_LEARNERS.items() for n in names])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_every_meta_learner_beats_its_members_on_rows_it_was_not_fitted_on(
    task: str, name: str, n_classes: int
) -> None:
    y, given = members(task, n_classes=n_classes)
    folds = np.arange(len(y)) % 3
    model, held_out = fit_stack(given, y, None, task=task, meta_learner=name, fold_of_row=folds)
    assert loss(task, y, held_out) < min(loss(task, y, p) for p in given)
    fitted = model.predict(given)
    assert fitted.shape == held_out.shape == given[0].shape
    assert loss(task, y, fitted) < loss(task, y, held_out)
    if task == "classification":
        assert fitted.sum(axis=1) == pytest.approx(np.ones(len(y)))


@pytest.mark.parametrize("task", META_LEARNERS)
def test_scores_do_not_see_the_rows_they_are_for(task: str) -> None:
    """Changing the truth of a fold leaves the held-out predictions of that fold as they are."""
    y, given = members(task)
    folds = np.arange(len(y)) % 4
    other = y.copy()
    other[folds == 2] = np.roll(y[folds == 2], 1)
    # The members' scale is set by the rows that are fitted, too.
    before = fit_stack(given, y, None, task=task, fold_of_row=folds)[1]
    after = fit_stack(given, other, None, task=task, fold_of_row=folds)[1]
    assert np.array_equal(before[folds == 2], after[folds == 2])
    assert not np.array_equal(before[folds == 1], after[folds == 1])


@pytest.mark.parametrize("task", META_LEARNERS)
def test_a_single_fold_is_cut_into_parts_and_the_result_repeatable(task: str) -> None:
    y, given = members(task, 100)
    one = fit_stack(given, y, None, task=task, fold_of_row=np.zeros(100, int), random_state=4)
    two = fit_stack(given, y, None, task=task, random_state=4)
    assert np.array_equal(one[1], two[1])
    assert np.array_equal(one[0].predict(given), two[0].predict(given))


@pytest.mark.parametrize("name", META_LEARNERS["classification"])
def test_a_class_missing_where_the_second_level_is_fitted_keeps_its_column(name: str) -> None:
    y, given = members("classification")
    y[y == 2] = 1
    y[:3] = 2
    folds = (np.arange(len(y)) >= 3).astype(int)
    model, held_out = fit_stack(given, y, None, task="classification", meta_learner=name, fold_of_row=folds)
    assert held_out.shape == (400, 3)
    assert np.isfinite(held_out).all()
    assert model.predict(given).shape == (400, 3)


def test_row_weights_count() -> None:
    y, given = members("regression")
    weight = np.where(np.arange(len(y)) < 40, 100.0, 0.01)
    shifted = [p + np.where(weight > 1, 15.0, 0.0) for p in given]
    model, _ = fit_stack(shifted, y, weight, task="regression", meta_learner="LinearRegression")
    assert abs(np.mean((model.predict(shifted) - y)[:40])) < 2


def test_settings_reach_the_meta_learner() -> None:
    y, given = members("classification")
    model, _ = fit_stack(given, y, None, task="classification", settings={"C": 0.125})
    assert model.estimator.C == 0.125
    model, _ = fit_stack(
        given, y, None, task="classification", meta_learner="light_gbm_classifier", settings={"n_estimators": 7}
    )
    assert model.estimator.best_iteration_ == 7


@pytest.mark.parametrize(
    "settings",
    [{"objective": "huber"}, {"objective": "mae"}, {"objective": "regression_l1"}, {"boosting_type": "dart"}],
    ids=lambda s: next(iter(s.values())),
)
def test_a_boosted_second_level_learns_by_any_loss_of_values(settings: dict[str, str]) -> None:
    y, given = members("regression")
    assert meta_learner_problems("LightGBMRegressor", settings, "regression") == []
    model, held_out = fit_stack(given, y, None, task="regression", meta_learner="LightGBMRegressor", settings=settings)
    assert loss("regression", y, held_out) < min(loss("regression", y, p) for p in given)
    np.testing.assert_allclose(model.predict([p[:50] for p in given]), model.predict(given)[:50])


def test_what_a_boosted_second_level_would_do_wrong_is_refused() -> None:
    def found(task: str, **settings: object) -> str:
        name = "LightGBMRegressor" if task == "regression" else "LightGBMClassifier"
        return " | ".join(
            map(str, meta_learner_problems(name, settings, task, n_classes=2 if task[0] == "c" else None))
        )

    forest = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
    for task in ("regression", "classification"):
        assert "boosting_type cannot be 'rf'. Use gbdt, dart or goss." in found(task, **forest)
    assert "LightGBMClassifier has no setting 'objective'." in found("classification", objective="multiclassova")
    assert "objective cannot be 'poisson'. Use regression," in found("regression", objective="poisson")
    assert "LightGBMRegressor: objective cannot be 'hubr'. Did you mean 'huber'? Use" in found(
        "regression", objective="hubr"
    )


def test_settings_are_tried_on_a_prediction_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> np.ndarray:
        raise AttributeError("no scale")

    monkeypatch.setattr(StackModel, "predict", broken)
    (problem,) = meta_learner_problems("ElasticNet", {"alpha": 0.5}, "regression")
    assert "ElasticNet refuses this: no scale" in str(problem)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    y, given = members("regression")
    with pytest.raises(SpecError, match="'ElasticNetCV'"):
        fit_stack(given, y, None, task="regression", meta_learner="ElastikNetCV")
    with pytest.raises(SpecError, match=r"ElasticNet has no setting 'alhpa'\. Did you mean 'alpha'"):
        fit_stack(given, y, None, task="regression", settings={"alhpa": 1})


@pytest.mark.parametrize("n_classes", [None, 2, 7])
def test_settings_are_tried_before_there_is_anything_to_fit(n_classes: int | None) -> None:
    task = "regression" if n_classes is None else "classification"

    def found(name: str | None, **settings: object) -> str:
        return " | ".join(map(str, meta_learner_problems(name, settings, task, n_classes=n_classes)))

    boosted, cross = ("LightGBMRegressor", "ElasticNetCV") if n_classes is None else META_LEARNERS[task][:0:-1]
    assert found(None) == found("None") == found(None, max_iter=500, random_state=3) == found(cross, cv=20) == ""
    assert found(boosted, n_estimators=10**9, reg_lambda=1.0, max_depth=3) == ""
    assert "has no setting 'bogus'." in found(None, bogus=1, max_itr=2)
    assert "has no setting 'max_itr'. Did you mean 'max_iter'?" in found(None, bogus=1, max_itr=2)
    assert f"{boosted} has no setting 'num_leafs'. Did you mean 'num_leaves'?" in found(boosted, num_leafs=3)
    assert "stack_meta_learner_kwargs: " in found(None, max_iter=-1)
    assert "refuses this: The 'max_iter' parameter" in found(None, max_iter=-1)
    assert f"{boosted} refuses this" in found(boosted, n_estimators="many")
    other = "ElasticNet" if n_classes else "LogisticRegression"
    assert f"stack_meta_learner_type: '{other}' is no meta learner for {task}." in found(other, bogus=1)


def test_a_stack_wants_all_its_members() -> None:
    y, given = members("regression")
    model, _ = fit_stack(given, y, None, task="regression")
    with pytest.raises(ValueError, match="3 members, but 2 predictions"):
        model.predict(given[:2])


@pytest.mark.parametrize("task", META_LEARNERS)
def test_a_row_of_several_folds_is_not_learnt_from_where_it_is_scored(task: str) -> None:
    """Random splits share rows: rows 100 to 199 are in both folds, and their truth may decide neither."""
    y, given = members(task, n=300)
    rows, folds = np.concatenate([np.arange(200), np.arange(100, 300)]), np.repeat([0, 1], 200)
    other = y.copy()
    other[100:200] = np.roll(y[100:200], 1)
    before, after = (
        fit_stack([p[rows] for p in given], t[rows], None, task=task, fold_of_row=folds, row_numbers=rows)[1]
        for t in (y, other)
    )
    assert np.array_equal(before, after)


def test_how_many_rows_bins_are_made_of_can_be_asked_for() -> None:
    y, given = members("regression")
    few, all_rows = (
        fit_stack(given, y, None, task="regression", meta_learner="LightGBMRegressor", settings=settings)[1]
        for settings in ({"subsample_for_bin": 20}, {})
    )
    assert not np.array_equal(few, all_rows)


@pytest.mark.parametrize("name", META_LEARNERS["classification"])
def test_a_class_that_no_row_held_out_has_keeps_what_its_members_say(name: str) -> None:
    y, given = members("classification")
    there = y != 2
    model, _ = fit_stack([p[there] for p in given], y[there], None, task="classification", meta_learner=name)
    rows = [p[~there] for p in given]
    found = model.predict(rows)
    np.testing.assert_allclose(found[:, 2], np.mean([p[:, 2] for p in rows], axis=0))
    assert found.sum(axis=1) == pytest.approx(np.ones(len(found)))
    assert (found.argmax(axis=1) == 2).mean() > 0.5


@pytest.mark.parametrize("name", ["LogisticRegression", "LightGBMClassifier"])
def test_a_class_whose_rows_weigh_nothing_keeps_what_its_members_say(name: str) -> None:
    y, given = members("classification")
    weight = (y != 2).astype(float)
    model, _ = fit_stack(given, y, weight, task="classification", meta_learner=name)
    rows = [p[y == 2] for p in given]
    found = model.predict(rows)
    np.testing.assert_allclose(found[:, 2], np.mean([p[:, 2] for p in rows], axis=0))
    assert found.sum(axis=1) == pytest.approx(np.ones(len(found)))
