"""LightGBM's booster behind scikit-learn's interface, persistable as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin  # noqa: TID253 adapter file, imported lazily

from automl_jupyter.learners.boosted import BoostedModel
from automl_jupyter.learners.light_gbm_text import check_text

if TYPE_CHECKING:
    from automl_jupyter.learners.base import FitData

#: rows from which on a prediction is shared among threads: below, waiting for them costs more, where other work has a
#: core, than they gain where none has
_MANY_ROWS = 1_000
#: bytes of the text of as many trees as stay in the processor's cache: all rows walk through them before the next ones
_BLOCK_BYTES = 40_000
#: rows from which on that is worth the calls; as each copies every row, fewest trees of a call, and columns a tree
_SOME_ROWS, _FEWEST_TREES, _COLUMNS = 100, 10, 3


class LightGBMModel(BoostedModel):
    """What the classifier and the regressor share: the booster, kept as its text.

    Parameters
    ----------
    params : mapping, optional
        LightGBM's own parameter names. ``num_iterations`` (default 5000, or 200 where no validation rows
        decide) bounds the rounds.
    random_state : int, default 0
        Seed of bagging, feature sampling and extra trees.
    n_jobs : int, default 1
        Threads of a fit, and of the fitted model's predictions. One that was stored and loaded again shares many rows
        among as many threads as OpenMP allows: all cores, or ``OMP_NUM_THREADS``.
    n_classes : int, optional
        Number of classes; read from `y` when left out.
    """

    def _learn(self, data: FitData) -> None:
        from automl_jupyter.learners.light_gbm import fit

        fit(self, data)

    def _read(self) -> Any:
        import lightgbm

        check_text(self.model_bytes_)  # it may come from anywhere
        return lightgbm.Booster(model_str=self.model_bytes_.decode())

    @property
    def feature_importances_(self) -> np.ndarray:
        """Total gain of each feature's splits, summing to 1 (all 0 where nothing was split)."""
        gain = np.asarray(self.booster_.feature_importance("gain"), dtype=np.float64)
        return gain / total if (total := gain.sum()) > 0 else gain

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_fitted_here", None)
        return state

    def _raw(self, X: Any) -> np.ndarray:
        """Return the sums of the trees' leaves: ``(n,)`` values or log odds, ``(n, n_classes)`` of several classes."""
        # Where it was fitted other fits have the other cores.
        loaded = not getattr(self, "_fitted_here", False)
        threads = 0 if loaded and X.shape[0] >= _MANY_ROWS else self.n_jobs
        booster = self.booster_
        block = rounds = max(booster.current_iteration(), 1)
        if X.shape[0] >= _SOME_ROWS:
            in_cache = _BLOCK_BYTES / (len(self.model_bytes_) / rounds)
            fewest = max(_FEWEST_TREES, X.shape[1] / _COLUMNS) / booster.num_model_per_iteration()
            block = max(1, round(max(in_cache, fewest)))
        options = {"raw_score": True, "num_threads": threads, "num_iteration": block}
        blocks = range(0, rounds, block)
        return np.asarray(sum(booster.predict(X, start_iteration=start, **options) for start in blocks))


class LightGBMClassifier(ClassifierMixin, LightGBMModel):  # type: ignore[misc]
    """LightGBM for class codes ``0 … n_classes - 1``.

    Examples
    --------
    >>> X = np.repeat(np.float32([[0], [1]]), 50, axis=0); y = np.repeat([0, 1], 50)
    >>> LightGBMClassifier({"num_iterations": 20}).fit(X, y).predict(X[[0, -1]]).tolist()
    [0, 1]
    """

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return ``(n, n_classes)`` probabilities."""
        from scipy.special import expit, softmax

        raw = self._raw(X)
        return np.asarray(np.column_stack([expit(-raw), expit(raw)]) if raw.ndim == 1 else softmax(raw, axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class code of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class LightGBMRegressor(RegressorMixin, LightGBMModel):  # type: ignore[misc]
    """LightGBM for values.

    The booster learns the standardised target: LightGBM keeps targets in single precision and its L1 and L2
    penalties depend on their scale.

    Examples
    --------
    >>> X = np.repeat(np.float32([[0], [1]]), 50, axis=0); y = np.repeat([1e9, 1e9 + 2], 50)
    >>> model = LightGBMRegressor({"num_iterations": 100}).fit(X, y)
    >>> bool(abs(model.predict(X[-1:]) - y[-1]) < 0.1)
    True
    """

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of each row."""
        return np.asarray(self._raw(X) * self.scale_ + self.center_)
