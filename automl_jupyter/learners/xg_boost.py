"""XGBoost, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier  # noqa: TID253 adapter file, imported lazily

from automl_jupyter.learners.base import FitData, FitReport
from automl_jupyter.learners.boosted import BoostedModel
from automl_jupyter.learners.info import SpaceContext

MOST_ROUNDS, FIXED_ROUNDS = 2000, 200


class XGBoostModel(BoostedModel):
    """What the classifier and the regressor share: XGBoost's booster, kept as its own JSON.

    XGBoost's scikit-learn classes refuse a fold in which a class is missing; the booster does not.

    Parameters
    ----------
    params : mapping, optional
        XGBoost's own parameter names, and ``num_boost_round``.
    random_state, n_jobs, n_classes
        As of any boosted model.
    """

    def _learn(self, data: FitData) -> None:
        fit(self, data)

    def _read(self) -> Any:
        import xgboost

        booster = xgboost.Booster({"nthread": self.n_jobs})
        booster.load_model(bytearray(self.model_json_, "utf-8"))
        return booster

    def _raw(self, X: Any) -> np.ndarray:
        return np.asarray(self.booster_.inplace_predict(X))


class XGBoostClassifier(ClassifierMixin, XGBoostModel):  # type: ignore[misc]
    """XGBoost for class codes ``0 … n_classes - 1``."""

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return ``(n, n_classes)`` probabilities."""
        raw = self._raw(X)
        return np.column_stack([1 - raw, raw]) if raw.ndim == 1 else raw

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class code of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class XGBoostRegressor(RegressorMixin, XGBoostModel):  # type: ignore[misc]
    """XGBoost for values; the booster learns the standardised target, on whose scale penalties depend."""

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of each row."""
        return np.asarray(self._raw(X).astype(np.float64) * self.scale_ + self.center_)


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; `params` are XGBoost's own names."""
    if task == "classification":
        return XGBoostClassifier(dict(params), random_state, n_jobs, n_classes)
    return XGBoostRegressor(dict(params), random_state, n_jobs)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw from TabArena's XGBoost space, with learning rates that end in time on few cores."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "max_depth": trial.suggest_int("max_depth", 4, 10, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 1e-3, 5.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.6, 1.0),
        "colsample_bylevel": trial.suggest_float("colsample_bylevel", 0.6, 1.0),
        "colsample_bynode": trial.suggest_float("colsample_bynode", 0.6, 1.0),
        "reg_alpha": trial.suggest_float("reg_alpha", 1e-4, 5.0, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-4, 5.0, log=True),
        "grow_policy": trial.suggest_categorical("grow_policy", ["depthwise", "lossguide"]),
        "max_leaves": trial.suggest_int("max_leaves", 8, 1024, log=True),
    }


def fit(model: Any, data: FitData) -> FitReport:
    """Boost round by round, ask the stop signal after each, and keep the best number of rounds."""
    import xgboost

    params = _native_params(model, data)
    judged = data.X_valid is not None and data.refit_iterations is None
    rounds = int(params.pop("num_boost_round", 0)) or (MOST_ROUNDS if judged else FIXED_ROUNDS)
    rounds = data.refit_iterations or rounds
    y, y_valid, center, scale = data.y, data.y_valid, 0.0, 1.0
    if params["objective"] == "reg:squarederror":
        center, scale = float(np.mean(y)), float(np.std(y)) or 1.0
        y = (y - center) / scale
        y_valid = None if y_valid is None else (y_valid - center) / scale
    train = xgboost.QuantileDMatrix(data.X, y, weight=data.weight, max_bin=params["max_bin"], nthread=model.n_jobs)
    booster = xgboost.Booster(params, [train])
    valid = None
    if judged:
        valid = xgboost.DMatrix(data.X_valid, y_valid, weight=data.weight_valid, nthread=model.n_jobs)
    best, stopped = _boost(booster, train, valid, rounds, params, data)
    model.n_features_in_ = data.X.shape[1]
    model.best_iteration_ = best
    if is_classifier(model):
        model.classes_ = np.arange(params.get("num_class", 2))
    else:
        model.center_, model.scale_ = center, scale
    model.model_json_ = bytes(booster[:best].save_raw("json")).decode()
    model._booster = None
    return FitReport(best, stopped, booster.num_boosted_rounds())


def _native_params(model: Any, data: FitData) -> dict[str, Any]:
    params = {"learning_rate": 0.05, "max_bin": 256, **(model.params or {})}
    params |= {"tree_method": "hist", "seed": model.random_state, "nthread": model.n_jobs, "verbosity": 0}
    if not is_classifier(model):
        metric = "mae" if data.metric_hint == "mae" else "rmse"
        return params | {"objective": "reg:squarederror", "eval_metric": metric, "base_score": 0.0}
    n_classes = model.n_classes or int(np.max(data.y)) + 1
    if n_classes > 2:
        return params | {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": n_classes}
    return params | {"objective": "binary:logistic", "eval_metric": "logloss"}


def _boost(
    booster: Any, train: Any, valid: Any, rounds: int, params: Mapping[str, Any], data: FitData
) -> tuple[int, bool]:
    from automl_jupyter.learners.light_gbm import patience

    best, best_value = 0, -np.inf
    for done in range(1, rounds + 1):
        booster.update(train, done - 1)
        if valid is None:
            best = done
        else:
            value = float(booster.eval_set([(valid, "valid")], done - 1).rsplit(":", 1)[1])
            value = value if params["eval_metric"] == "auc" else -value
            if best == 0 or value > best_value:
                best, best_value = done, value
            elif done - best >= patience(best, float(params["learning_rate"])):
                return best, False
        if done < rounds and data.should_stop():
            return best, True
    return best, False
