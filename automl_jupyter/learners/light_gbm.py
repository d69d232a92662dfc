"""LightGBM: gradient boosted trees, the work horse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl_jupyter.learners.base import FitData, FitReport
from automl_jupyter.learners.info import SpaceContext

#: Rounds where validation rows decide when to stop, and where nothing does.
MOST_ROUNDS, FIXED_ROUNDS = 5000, 200

#: Rounds in a row that find nothing to split until a fit ends.
MOST_BARREN = 20

#: L2 penalty of a leaf of a classifier where none is asked for: where all rows but one are told apart, next to nothing
#: stands against its pull, and each round's step could be any size.
_CLASS_L2 = 0.1

#: Parameters that shape the bins; configurations that agree on them share one binned data set.
_BINNING = ("max_bin", "min_data_in_bin")


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; `params` are LightGBM's own names."""
    from automl_jupyter.learners.light_gbm_model import LightGBMClassifier, LightGBMRegressor

    if task == "classification":
        return LightGBMClassifier(dict(params), random_state, n_jobs, n_classes)
    return LightGBMRegressor(dict(params), random_state, n_jobs)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw from TabArena's LightGBM space, with learning rates that end in time on few cores."""
    most_leaves = int(np.clip(context.n_rows // 4, 4, 200))
    most_in_leaf = int(np.clip(context.n_rows // 10, 2, 64))
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 2, most_leaves, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 1, most_in_leaf, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.4, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.7, 1.0),
        "bagging_freq": 1,
        "lambda_l1": trial.suggest_float("lambda_l1", 1e-4, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-4, 2.0),
        "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
        "min_data_per_group": trial.suggest_int("min_data_per_group", 2, 100, log=True),
        "cat_l2": trial.suggest_float("cat_l2", 5e-3, 2.0, log=True),
        "cat_smooth": trial.suggest_float("cat_smooth", 1e-3, 100.0, log=True),
        "max_cat_to_onehot": trial.suggest_int("max_cat_to_onehot", 8, 100, log=True),
    }


def fit(model: Any, data: FitData) -> FitReport:
    """Boost round by round, ask the stop signal after each, and keep the best number of rounds."""
    import lightgbm
    from sklearn.base import is_classifier

    params = native_params(model, data)
    rounds = int(params.pop("num_iterations", 0))
    judged = data.X_valid is not None and data.refit_iterations is None
    rounds = data.refit_iterations or rounds or (MOST_ROUNDS if judged else FIXED_ROUNDS)
    binned = _binned(params, data, judged, of_values=not is_classifier(model))
    booster = lightgbm.Booster(params, binned.train)
    if judged:
        booster.add_valid(binned.valid, "valid")
    # A round of many classes has as many trees: asking all of them for the validation rows again would take long.
    record = _Record() if judged and params.get("num_class", 1) > 2 else None
    best, stopped = _boost(booster, rounds, judged, float(params["learning_rate"]), data, record)
    model.n_features_in_ = data.X.shape[1]
    model.best_iteration_ = best
    if is_classifier(model):
        model.classes_ = np.arange(params.get("num_class", 2))
    else:
        model.center_, model.scale_ = binned.center, binned.scale
    model.model_bytes_ = booster.model_to_string(num_iteration=best).encode()
    model._booster, model._fitted_here = None, True
    return FitReport(best, stopped, booster.current_iteration(), record.best if record else None)


class _Record:
    """Keeps what the best round so far predicts for the validation rows."""

    def __init__(self) -> None:
        self.best: np.ndarray | None = None
        self._latest: np.ndarray | None = None

    def __call__(self, predictions: np.ndarray, data: Any) -> list[Any]:
        """Look at a round's predictions; there is nothing to add to its metrics."""
        self._latest = predictions
        return []

    def keep(self) -> None:
        """Remember the round last looked at as the best."""
        self.best = None if self._latest is None else np.array(self._latest)


def native_params(model: Any, data: FitData) -> dict[str, Any]:
    """Return every parameter LightGBM is given, the caller's own winning over the defaults.

    Few rows lower ``min_data_in_leaf``, ``min_data_per_group`` and ``min_data_in_bin``, which would otherwise
    leave nothing to split. ``lambda_l2`` is 0.1 for classes, 0 for values.
    """
    from sklearn.base import is_classifier

    n_rows = data.X.shape[0]
    params: dict[str, Any] = {
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 20,
        "min_sum_hessian_in_leaf": 1e-7,
        "min_data_per_group": 100,
        "max_bin": 255,
        "min_data_in_bin": 3,
        **(model.params or {}),
    }
    for name, share in (("min_data_in_leaf", 10), ("min_data_per_group", 10), ("min_data_in_bin", 200)):
        params[name] = max(1, min(int(params[name]), n_rows // share))
    params.update(
        verbosity=-1,
        num_threads=model.n_jobs,
        seed=model.random_state,
        deterministic=True,
        feature_pre_filter=False,  # else min_data_in_leaf would be part of the binning
        data_random_seed=1,  # and the seed, too: it draws the rows the bins are made from
    )
    # Row-wise histograms win on many rows and few columns; one of the two is forced, as determinism asks.
    row_wise = n_rows >= 50 * data.X.shape[1]
    params["force_row_wise" if row_wise else "force_col_wise"] = True
    if not is_classifier(model):
        objective = params.get("objective", "regression")
        return params | {"objective": objective, "metric": "l1" if data.metric_hint == "mae" else "l2"}
    n_classes = model.n_classes or int(np.max(data.y)) + 1
    params.setdefault("lambda_l2", _CLASS_L2)
    if n_classes > 2:
        return params | {"objective": "multiclass", "metric": "multi_logloss", "num_class": n_classes}
    return params | {"objective": "binary", "metric": "binary_logloss"}


@dataclass
class _Binned:
    """The binned rows of one fold, and what of the fold they were made from."""

    train: Any
    y: np.ndarray
    weight: np.ndarray | None
    center: float
    scale: float
    valid: Any = None
    y_valid: np.ndarray | None = None

    def is_of(self, data: FitData) -> bool:
        """Return whether the rows are those of `data`, as far as targets and weights tell."""
        if (self.weight is None) != (data.weight is None):
            return False
        same = data.weight is None or np.array_equal(np.asarray(self.weight), data.weight)
        return same and np.array_equal(self.y, data.y)


def _binned(params: Mapping[str, Any], data: FitData, judged: bool, *, of_values: bool) -> _Binned:
    """Return the binned rows, from the cache where another configuration has made them."""
    import lightgbm

    key = ("lightgbm", *(params[n] for n in _BINNING), params.get("subsample_for_bin"))
    shared = (*_BINNING, "feature_pre_filter", "data_random_seed", "verbosity", "num_threads")
    shape = {n: params[n] for n in (*shared, "subsample_for_bin") if n in params}
    found: _Binned | None = data.cache.get(key)
    if found is None or not found.is_of(data):
        center, scale = 0.0, 1.0
        if of_values:
            center, scale = float(np.mean(data.y)), float(np.std(data.y)) or 1.0
        train = lightgbm.Dataset(
            data.X,
            (data.y - center) / scale,
            weight=data.weight,
            categorical_feature=list(data.categorical),
            params=dict(shape),
        ).construct()
        found = data.cache[key] = _Binned(train, data.y, data.weight, center, scale)
    if judged and (found.valid is None or not np.array_equal(np.asarray(found.y_valid), np.asarray(data.y_valid))):
        y_valid = (np.asarray(data.y_valid) - found.center) / found.scale
        found.valid = found.train.create_valid(
            data.X_valid, y_valid, weight=data.weight_valid, params=dict(shape)
        ).construct()
        found.y_valid = data.y_valid
    return found


def patience(best: int, learning_rate: float) -> int:
    """Return how many rounds without a better validation value end a fit.

    ``clip(20 + 0.3 · best, 20, clip(5 / learning_rate, 50, 200))``: what is still to be had grows with the
    rounds already needed, and slower steps need longer.

    Examples
    --------
    >>> patience(0, 0.05), patience(1000, 0.05), patience(1000, 0.02)
    (20, 100, 200)
    """
    ceiling = min(max(5 / learning_rate, 50), 200)
    return int(min(20 + 0.3 * best, ceiling))


def _boost(
    booster: Any, rounds: int, judged: bool, learning_rate: float, data: FitData, record: _Record | None = None
) -> tuple[int, bool]:
    """Return after how many rounds validation rows were predicted best, and whether the signal ended it."""
    best, best_value, barren = 0, -np.inf, 0
    while barren < MOST_BARREN and booster.current_iteration() < rounds:
        # A round whose random trees find nothing to split leaves no tree; the next may, from other rows and columns.
        barren = barren + 1 if booster.update() else 0
        done = booster.current_iteration()
        if judged:
            _, _, value, greater = booster.eval_valid(record)[0]
            value = value if greater else -value
            if best == 0 or value > best_value:
                best, best_value = done, value
                if record is not None:
                    record.keep()
            elif done - best >= patience(best, learning_rate):
                return best, False
        else:
            best = done
        if done < rounds and data.should_stop():
            return best, True
    return best, False
