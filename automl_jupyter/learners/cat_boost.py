"""CatBoost, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier  # noqa: TID253 adapter file, imported lazily

from automl_jupyter.learners.base import FitData, FitReport
from automl_jupyter.learners.boosted import BoostedModel
from automl_jupyter.learners.info import SpaceContext

MOST_ROUNDS, FIXED_ROUNDS = 3000, 200


class CatBoostModel(BoostedModel):
    """What the classifier and the regressor share: CatBoost's model, kept as its own bytes."""

    def _learn(self, data: FitData) -> None:
        fit(self, data)

    def _read(self) -> Any:
        import catboost

        return catboost.CatBoost().load_model(blob=self.model_bytes_)

    def _raw(self, X: Any, kind: str) -> np.ndarray:
        if not self.model_bytes_:  # there was nothing to learn from
            return np.repeat(np.asarray(self.constant_)[None], X.shape[0], axis=0)
        X = _with_levels(X, self.categorical_)
        return np.asarray(self.booster_.predict(X, prediction_type=kind, thread_count=self.n_jobs))


class CatBoostClassifier(ClassifierMixin, CatBoostModel):  # type: ignore[misc]
    """CatBoost for class codes ``0 … n_classes - 1``."""

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return a probability for each class of :attr:`classes_`."""
        return self._raw(X, "Probability")

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class code of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class CatBoostRegressor(RegressorMixin, CatBoostModel):  # type: ignore[misc]
    """CatBoost for values; it learns the standardised target, on whose scale penalties depend."""

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of each row."""
        return np.asarray(self._raw(X, "RawFormulaVal") * self.scale_ + self.center_)


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; `params` are CatBoost's own names."""
    if task == "classification":
        return CatBoostClassifier(dict(params), random_state, n_jobs, n_classes)
    return CatBoostRegressor(dict(params), random_state, n_jobs)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw from TabArena's CatBoost space, with learning rates that end in time on few cores."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
        "depth": trial.suggest_int("depth", 4, 8),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1e-4, 5.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.7, 1.0),
        "one_hot_max_size": trial.suggest_int("one_hot_max_size", 8, 100, log=True),
        "leaf_estimation_iterations": trial.suggest_int("leaf_estimation_iterations", 1, 20, log=True),
        "max_ctr_complexity": trial.suggest_int("max_ctr_complexity", 2, 5),
    }


def fit(model: Any, data: FitData) -> FitReport:
    """Boost, asking the stop signal after each round, and keep the best number of rounds."""
    import catboost

    params = _native_params(model, data)
    pools = [(data.X, data.y, data.weight), *_judges(model, data)]
    judged = len(pools) > 1
    rounds = int(params.pop("iterations", 0)) or (MOST_ROUNDS if judged else FIXED_ROUNDS)
    rounds = data.refit_iterations or rounds
    center, scale = 0.0, 1.0
    if not is_classifier(model):
        center, scale = float(np.mean(data.y)), float(np.std(data.y)) or 1.0
        pools = [(X, (y - center) / scale, weight) for X, y, weight in pools]
    model.categorical_ = list(data.categorical)
    if all(_is_constant(_column(data.X, j)) for j in range(data.X.shape[1])):
        return _learn_constant(model, data)  # CatBoost refuses such features
    made = [
        catboost.Pool(_with_levels(X, model.categorical_), y, weight=weight, cat_features=model.categorical_)
        for X, y, weight in pools
    ]
    watch = _Watch(data)
    patience = int(min(max(5 / float(params["learning_rate"]), 50), 200))
    booster = catboost.CatBoost({**params, "iterations": rounds})
    booster.fit(
        made[0],
        eval_set=made[1] if judged else None,
        early_stopping_rounds=patience if judged else None,
        use_best_model=judged,
        callbacks=[watch],
        verbose=False,
    )
    model.n_features_in_ = data.X.shape[1]
    model.best_iteration_ = int(booster.tree_count_)
    if is_classifier(model):
        model.classes_ = np.asarray(booster.classes_).astype(np.intp)
    else:
        model.center_, model.scale_ = center, scale
    model.model_bytes_ = bytes(booster._serialize_model())
    model._booster = None
    return FitReport(model.best_iteration_, watch.stopped, watch.rounds)


def _judges(model: Any, data: FitData) -> list[tuple[Any, Any, Any]]:
    """Return the validation rows, if any: CatBoost refuses those of a class it has never seen."""
    if data.X_valid is None or data.refit_iterations is not None:
        return []
    X, y, weight = data.X_valid, np.asarray(data.y_valid), data.weight_valid
    known = np.isin(y, data.y) if is_classifier(model) else np.ones(len(y), dtype=bool)
    if weight is not None:
        known &= weight > 0
    if not known.any():
        return []
    return [(X[known], y[known], None if weight is None else weight[known])]


class _Watch:
    """CatBoost goes on while this says so."""

    def __init__(self, data: FitData) -> None:
        self.should_stop = data.should_stop
        self.stopped = False
        self.rounds = 0

    def after_iteration(self, info: Any) -> bool:
        self.rounds += 1
        self.stopped = self.should_stop()
        return not self.stopped


def _native_params(model: Any, data: FitData) -> dict[str, Any]:
    params = {"learning_rate": 0.06, "bootstrap_type": "Bernoulli", "subsample": 0.9, **(model.params or {})}
    params |= {
        "random_seed": model.random_state,
        "thread_count": model.n_jobs,
        "allow_writing_files": False,  # else it leaves a folder behind
        "logging_level": "Silent",
    }
    if not is_classifier(model):
        return params | {
            "loss_function": "RMSE",
            "eval_metric": "MAE" if data.metric_hint == "mae" else "RMSE",
            "allow_const_label": True,  # the first folds in time may have one value only
        }
    n_classes = model.n_classes or int(np.max(data.y)) + 1
    if n_classes > 2:
        return params | {"loss_function": "MultiClass"}
    # CatBoost's own default is 10, but 1 for few rounds, and a refit of few rounds would be another model.
    params.setdefault("leaf_estimation_iterations", 10)
    return params | {"loss_function": "Logloss", "eval_metric": "Logloss"}


def _with_levels(X: Any, categorical: list[int]) -> Any:
    """Return the features with codes as whole numbers, -1 for missing, which is how CatBoost takes them."""
    if not categorical:
        return X
    import pandas as pd

    frame = pd.DataFrame(X)
    for j in categorical:
        codes = np.asarray(X[:, j])
        frame[j] = np.where(np.isnan(codes), -1, codes).astype(np.int64)
    return frame


def _column(X: Any, j: int) -> np.ndarray:
    """Return one feature, of an array, a frame or a sparse matrix."""
    if hasattr(X, "iloc"):
        return np.asarray(X.iloc[:, j])
    return np.asarray(X[:, [j]].toarray().ravel() if hasattr(X, "toarray") else X[:, j])


def _is_constant(values: np.ndarray) -> bool:
    return bool((values == values[0]).all() or np.isnan(values).all())


def _learn_constant(model: Any, data: FitData) -> FitReport:
    """Keep the classes' shares, or the mean: what trees without a split predict."""
    model.n_features_in_, model.best_iteration_ = data.X.shape[1], 1
    model.model_bytes_, model._booster = b"", None
    if is_classifier(model):
        model.classes_, codes = np.unique(np.asarray(data.y).astype(np.intp), return_inverse=True)
        count = np.bincount(codes, data.weight)
        model.constant_ = count / count.sum()
    else:
        model.center_, model.scale_ = float(np.average(data.y, weights=data.weight)), 1.0
        model.constant_ = 0.0
    return FitReport(1, False, 1)
