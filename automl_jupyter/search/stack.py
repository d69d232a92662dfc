"""Stacking: a second model on the predictions of the first ones."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl_jupyter._core.text import did_you_mean, fold_name, listing, plain
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.tasks import get_task

#: probabilities are clipped here before they become log-odds, so that one sure mistake does not rule the fit
_CLIP = 1e-6
#: parts the rows are cut into when they come from a single fold
_PARTS = 5
#: names of LightGBM's scikit-learn interface -> its own
_NATIVE = {
    "n_estimators": "num_iterations",
    "min_child_samples": "min_data_in_leaf",
    "min_child_weight": "min_sum_hessian_in_leaf",
    "subsample": "bagging_fraction",
    "subsample_freq": "bagging_freq",
    "colsample_bytree": "feature_fraction",
    "reg_alpha": "lambda_l1",
    "reg_lambda": "lambda_l2",
}
#: what may be set of LightGBM, in either spelling
_LIGHTGBM = (
    *_NATIVE, *_NATIVE.values(), "boosting_type", "num_leaves", "max_depth", "learning_rate", "subsample_for_bin",
    "min_split_gain", "objective", "max_bin", "min_data_in_bin", "extra_trees", "path_smooth",
)  # fmt: skip
#: and what two of them may be: forests do not boost, and other objectives learn no plain values of the target
_LIGHTGBM_VALUES = {
    "boosting_type": ("gbdt", "dart", "goss"),
    "objective": (
        "regression", "regression_l1", "huber", "fair", "quantile", "regression_l2", "l2", "l2_root", "mse", "rmse",
        "mean_squared_error", "root_mean_squared_error", "l1", "mae", "mean_absolute_error",
    ),
}  # fmt: skip
_SETTINGS = "training.stack_ensemble_settings"
#: rows that settings are tried on before a job begins
_TRIAL_ROWS = 60


@dataclass(frozen=True, eq=False)
class StackModel:
    """The second level of a stack.

    Parameters
    ----------
    task : str
        ``classification``, ``regression`` or ``forecasting``.
    n_classes : int, optional
        None for regression.
    n_members : int
        Models whose predictions it is given.
    estimator : estimator
        The fitted meta learner.
    center, scale : ndarray
        What its inputs are moved and divided by; for regression the target, too.
    known : ndarray of int, optional
        The classes among the rows it was fitted on; None for regression, and in stacks of earlier versions.
    """

    task: str
    n_classes: int | None
    n_members: int
    estimator: Any
    center: np.ndarray
    scale: np.ndarray
    known: np.ndarray | None = None

    def predict(self, predictions: Sequence[np.ndarray]) -> np.ndarray:
        """Return the stack's (n, C) probabilities or (n,) values.

        Parameters
        ----------
        predictions : sequence of ndarray
            Of each member, in the order they were fitted in.

        Raises
        ------
        ValueError
            When the number of members is another one.
        """
        if len(predictions) != self.n_members:
            raise ValueError(f"The stack has {self.n_members} members, but {len(predictions)} predictions came.")
        X = (_inputs(predictions, self.n_classes) - self.center) / self.scale
        if self.n_classes is None:
            found = np.asarray(self.estimator.predict(X), dtype=np.float64)
            return np.asarray(found * self.scale[0] + self.center[0])
        found = np.zeros((len(X), self.n_classes))
        found[:, np.asarray(self.estimator.classes_, dtype=np.int64)] = self.estimator.predict_proba(X)
        if self.known is None or len(self.known) == self.n_classes:
            return found
        # Of a class that no row it learnt from has it knows nothing: there the members' mean stands.
        mean = np.mean([np.asarray(p, dtype=np.float64) for p in predictions], axis=0)
        own = found[:, self.known]
        mean[:, self.known] = own * (mean[:, self.known].sum(axis=1) / own.sum(axis=1))[:, None]
        return np.asarray(mean)


def fit_stack(
    predictions: Sequence[np.ndarray],
    y: np.ndarray,
    weight: np.ndarray | None,
    *,
    task: str,
    meta_learner: str | None = None,
    settings: Mapping[str, Any] | None = None,
    fold_of_row: np.ndarray | None = None,
    row_numbers: np.ndarray | None = None,
    random_state: int = 0,
) -> tuple[StackModel, np.ndarray]:
    """Fit a second level on members' out-of-fold predictions.

    Parameters
    ----------
    predictions : sequence of ndarray
        Of each member, for rows it was not fitted on: (n, C) probabilities or (n,) values.
    y, weight : ndarray
        The truth (class codes or values), and row weights or None.
    task : str
        ``classification``, ``regression`` or ``forecasting``.
    meta_learner : str, optional
        ``LogisticRegression``, ``LogisticRegressionCV`` or ``LightGBMClassifier``; ``ElasticNet``,
        ``ElasticNetCV``, ``LightGBMRegressor`` or ``LinearRegression``. By default the first of its task.
    settings : Mapping, optional
        Keyword arguments for the meta learner.
    fold_of_row : ndarray of int, optional
        The fold each row was held back in. The returned predictions for a fold come from a second level fitted on
        the other folds; with one fold only, on four fifths of its rows.
    row_numbers : ndarray of int, optional
        Which row of the table each one is, where folds share rows: none of those is learnt from where it is scored.
    random_state : int, default 0
        Seeds the meta learner and the parts.

    Returns
    -------
    StackModel
        Fitted on every row.
    ndarray
        Its predictions for rows it was not fitted on: what it may honestly be scored by.

    Raises
    ------
    SpecError
        When the meta learner or one of its settings is unknown.

    Examples
    --------
    >>> rng = np.random.default_rng(0); y = rng.normal(size=500)
    >>> members = [y + rng.normal(size=500), y + rng.normal(size=500)]
    >>> model, held_out = fit_stack(members, y, None, task="regression")
    >>> bool(np.mean((held_out - y) ** 2) < np.mean((members[0] - y) ** 2)), model.n_members
    (True, 2)
    """
    name = _resolve(meta_learner, task)
    n_classes = predictions[0].shape[1] if task == "classification" else None
    y = np.asarray(y)
    rng = np.random.default_rng(random_state)
    parts = _parts(y, n_classes, fold_of_row, rng)

    def fit(rows: np.ndarray) -> StackModel:
        return _fit(
            name,
            [p[rows] for p in predictions],
            y[rows],
            None if weight is None else weight[rows],
            task,
            n_classes,
            dict(settings or {}),
            random_state,
        )

    plain = np.mean([np.asarray(p, dtype=np.float64) for p in predictions], axis=0)
    held_out = plain.copy()
    for part in np.unique(parts):
        rest, here = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        if row_numbers is not None:
            rest = rest[~np.isin(row_numbers[rest], row_numbers[here])]
        if len(np.unique(y[rest])) > 1:  # else there is nothing to learn, and the plain average stands
            held_out[here] = fit(rest).predict([p[here] for p in predictions])
    return fit(np.arange(len(y))), held_out


def meta_learner_problems(
    name: str | None, settings: Mapping[str, Any], task: str, *, n_classes: int | None = None
) -> list[Problem]:
    """Return what is wrong with a meta learner and its settings, which are tried on a few rows made up for it.

    Parameters
    ----------
    name : str or None
        As `fit_stack` takes it.
    settings : Mapping
        Keyword arguments for the meta learner.
    task : str
        ``classification``, ``regression`` or ``forecasting``.
    n_classes : int, optional
        None for numbers.

    Examples
    --------
    >>> [problem.where.rpartition(".")[2] for problem in meta_learner_problems(None, {"alpah": 1}, "regression")]
    ['stack_meta_learner_kwargs']
    """
    try:
        resolved = _resolve(name, task)
        if settings:
            _try(resolved, settings, task, n_classes)
    except SpecError as error:
        return list(error.problems)
    except Exception as error:  # noqa: BLE001 each library has errors of its own for a value it does not take
        return [Problem(f"{_SETTINGS}.stack_meta_learner_kwargs", f"{resolved} refuses this: {plain(str(error))}")]
    return []


def _try(name: str, settings: Mapping[str, Any], task: str, n_classes: int | None) -> None:
    """Fit a meta learner on a few rows, and ask it; more than two classes are as good as three."""
    draw = np.random.default_rng(0)
    few = {
        k: min(v, 10) if "iterations" in _NATIVE.get(k, k) and isinstance(v, int) else v for k, v in settings.items()
    }
    if n_classes is None:
        values = draw.normal(size=_TRIAL_ROWS)
        given = [values + draw.normal(size=_TRIAL_ROWS)]
        _fit(name, given, values, None, task, None, few, 0).predict(given)
        return
    n_classes = min(max(n_classes, 2), 3)
    codes = np.arange(_TRIAL_ROWS) % n_classes
    p = np.eye(n_classes)[codes] + draw.random((_TRIAL_ROWS, n_classes))
    given = [p / p.sum(axis=1, keepdims=True)]
    _fit(name, given, codes, None, task, n_classes, few, 0).predict(given)


def _resolve(name: str | None, task: str) -> str:
    allowed = get_task(task).meta_learners
    by_name = {fold_name(a): a for a in allowed}
    if name is None or fold_name(name) == "none":
        return allowed[0]
    if fold_name(name) not in by_name:
        raise SpecError(
            [
                Problem(
                    f"{_SETTINGS}.stack_meta_learner_type",
                    f"{name!r} is no meta learner for {task}.{did_you_mean(name, allowed)} Use {listing(allowed)}.",
                )
            ]
        )
    return by_name[fold_name(name)]


def _parts(
    y: np.ndarray, n_classes: int | None, fold_of_row: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """Return which part each row is held back in."""
    if fold_of_row is not None and len(np.unique(fold_of_row)) > 1:
        return np.asarray(fold_of_row)
    parts = np.empty(len(y), dtype=np.int64)
    shuffled = rng.permutation(len(y))
    if n_classes is not None:
        shuffled = shuffled[np.argsort(y[shuffled], kind="stable")]  # dealt out by class, so each part has its share
    parts[shuffled] = np.arange(len(y)) % _PARTS
    return parts


def _inputs(predictions: Sequence[np.ndarray], n_classes: int | None) -> np.ndarray:
    """Return log-odds of each member's probabilities, or its values, as columns."""
    columns = [np.asarray(p, dtype=np.float64) for p in predictions]
    if n_classes is None:
        return np.stack(columns, axis=1)
    clipped = [np.clip(c[:, 1:] if n_classes == 2 else c, _CLIP, 1 - _CLIP) for c in columns]
    return np.concatenate([np.log(c / (1 - c)) for c in clipped], axis=1)


def _fit(
    name: str,
    predictions: Sequence[np.ndarray],
    y: np.ndarray,
    weight: np.ndarray | None,
    task: str,
    n_classes: int | None,
    settings: dict[str, Any],
    random_state: int,
) -> StackModel:
    X = _inputs(predictions, n_classes)
    if n_classes is None:
        # One scale for all, so that weights of models are weights of models and the penalty fits any unit.
        width, spread = X.shape[1], float(np.std(y)) or 1.0
        center, scale = np.full(width, float(np.mean(y))), np.full(width, spread)
        target = (y - center[0]) / spread
    else:
        center, scale = X.mean(axis=0), X.std(axis=0)
        scale[scale == 0] = 1.0
        target = y
    Z = (X - center) / scale
    if name.startswith("LightGBM"):
        # The objective of classes follows from how many there are.
        _refuse_unknown(name, settings, [s for s in _LIGHTGBM if s != "objective" or n_classes is None])
        _refuse_values(name, settings, _LIGHTGBM_VALUES)
        estimator = _fit_lightgbm(Z, target, weight, n_classes, settings, random_state)
    else:
        estimator = _make(name, y, settings, random_state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a second level that has not quite converged is judged by its score
            estimator.fit(Z, target, sample_weight=weight)
    counted = y if weight is None or not (weight > 0).any() else y[weight > 0]
    known = None if n_classes is None else np.unique(counted)
    return StackModel(task, n_classes, len(predictions), estimator, center, scale, known)


def _make(name: str, y: np.ndarray, settings: dict[str, Any], random_state: int) -> Any:
    from sklearn import linear_model

    if name == "LogisticRegressionCV":
        fewest = int(np.unique(y, return_counts=True)[1].min())
        if fewest < 2:  # a class that cannot be cut in two leaves nothing to cross-validate
            name, settings = "LogisticRegression", {}
        else:
            settings = {"cv": min(5, fewest), "scoring": "neg_log_loss", **settings}
    kind = getattr(linear_model, name)
    known = inspect.signature(kind).parameters
    all_defaults: dict[str, dict[str, Any]] = {
        "LogisticRegression": {"max_iter": 1000},
        "LogisticRegressionCV": {"max_iter": 1000, "Cs": 6},
        # Weights of models below nought fit the noise in what they have in common.
        "ElasticNet": {"alpha": 1e-3, "positive": True},
        "ElasticNetCV": {"cv": 5, "positive": True},
        "LinearRegression": {"positive": True},
    }
    defaults = all_defaults[name]
    if "random_state" in known:
        defaults["random_state"] = random_state
    _refuse_unknown(name, settings, known)
    return kind(**{**defaults, **settings})


def _refuse_unknown(name: str, settings: Mapping[str, Any], known: Collection[str]) -> None:
    where = f"{_SETTINGS}.stack_meta_learner_kwargs"
    problems = [
        Problem(where, f"{name} has no setting {s!r}.{did_you_mean(s, known)} Use {listing(known)}.")
        for s in settings
        if s not in known
    ]
    if problems:
        raise SpecError(problems)


def _refuse_values(name: str, settings: Mapping[str, Any], allowed: Mapping[str, Sequence[str]]) -> None:
    where = f"{_SETTINGS}.stack_meta_learner_kwargs"
    problems = [
        Problem(
            where, f"{name}: {s} cannot be {settings[s]!r}.{did_you_mean(settings[s], values)} Use {listing(values)}."
        )
        for s, values in allowed.items()
        if s in settings and settings[s] not in values
    ]
    if problems:
        raise SpecError(problems)


def _fit_lightgbm(
    X: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None,
    n_classes: int | None,
    settings: dict[str, Any],
    random_state: int,
) -> Any:
    from automl_jupyter.learners import learners
    from automl_jupyter.learners.base import FitData, fit_learner, make_learner

    info = learners.get("LightGBM")
    params = {"learning_rate": 0.05, "num_leaves": 4, "min_data_in_leaf": 20, "num_iterations": 100}
    params |= {_NATIVE.get(key, key): value for key, value in settings.items()}
    rounds = int(params["num_iterations"])
    task = "regression" if n_classes is None else "classification"
    model = make_learner(info, task, params, random_state=random_state, n_jobs=1, n_classes=n_classes)
    fit_learner(info, model, FitData(X.astype(np.float32), y, weight, refit_iterations=rounds))
    return model
