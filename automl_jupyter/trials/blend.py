"""What chosen trials predict together, from their fitted parts on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.threads import limit_threads
from automl_jupyter.trials import artifacts
from automl_jupyter.trials.guard import quiet
from automl_jupyter.trials.records import SERIES, estimator_file, featurizer_file, is_refit

if TYPE_CHECKING:
    import pandas as pd


#: rows from which on it pays to keep products of matrices to one thread: setting that takes 1.5 ms, and threads that
#: have to wait for a core take up to 8 ms a product, which alone takes a tenth of one
_SOME_ROWS = 10
#: numbers in memory at a time while rows are predicted, of features and of what each part says: of a million rows at
#: once they are gigabytes. And rows below which they are not parted
_MOST_CELLS, _FEWEST_ROWS = 20_000_000, 1000


@dataclass(frozen=True)
class FittedPart:
    """One trial's share: its weight, and a featurizer with an estimator for each fold and for the refit.

    The refit has seen more rows, the folds' average varies less: with both, each has half of the say.
    """

    trial: int
    weight: float
    label: str
    recipe: str
    #: keys into `Blend.featurizers`, one an estimator
    featurizers: tuple[str, ...]
    estimators: tuple[Any, ...]
    #: how much each estimator counts; they sum to 1
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Blend:
    """The weighted average of fitted parts, or what a second level makes of them.

    Attributes
    ----------
    task : str
        ``classification`` or ``regression``.
    n_classes : int, optional
        Classes of a classification.
    """

    task: str
    n_classes: int | None
    parts: tuple[FittedPart, ...]
    featurizers: Mapping[str, Any]
    stack: Any = None
    #: what the log probabilities are divided by
    temperature: float = 1.0
    #: rows that probabilities were learnt from; None leaves them as they are, be they 0
    n_training: int | None = None

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Predict rows of the canonical table.

        Returns
        -------
        ndarray
            Probabilities, shape (n_rows, n_classes), or values, shape (n_rows,).
        """
        if len(X) == 0:  # most estimators refuse a table without rows
            return np.empty((0, self.n_classes) if self.n_classes is not None else 0)
        cells = X.shape[1] * len(self.featurizers) + (self.n_classes or 1) * len(self.parts)
        most = max(_MOST_CELLS // max(cells, 1), _FEWEST_ROWS)
        if len(X) <= most:
            return self._predict(X)
        return np.concatenate([self._predict(X.iloc[at : at + most]) for at in range(0, len(X), most)])

    def _predict(self, X: pd.DataFrame) -> np.ndarray:
        """Predict rows all at once."""
        from automl_jupyter.learners.base import predict
        from automl_jupyter.search.adjust import sharpen, smooth

        alone = limit_threads(1, "blas") if len(X) >= _SOME_ROWS else nullcontext()
        with quiet(), alone:
            features = {key: featurizer.transform(X) for key, featurizer in self.featurizers.items()}
            of_parts = []
            for part in self.parts:
                found = (
                    np.asarray(predict(estimator, self.task, features[key], self.n_classes), dtype=np.float64) * share
                    for key, estimator, share in zip(part.featurizers, part.estimators, part.shares, strict=True)
                )
                together = np.asarray(sum(found))
                if self.task == "classification" and self.n_training is not None:
                    together = smooth(together, self.n_training)
                of_parts.append(together)
            if self.stack is not None:
                blended = np.asarray(self.stack.predict(of_parts))
            else:
                blended = np.asarray(sum(p * part.weight for p, part in zip(of_parts, self.parts, strict=True)))
        if self.task == "classification":
            blended = sharpen(blended / blended.sum(axis=1, keepdims=True), self.temperature)
        return blended


def load_blend(
    folder: Path,
    task: str,
    n_classes: int | None,
    parts: Sequence[Mapping[str, Any]],
    stack: str | None,
    *,
    temperature: float = 1.0,
    n_training: int | None = None,
) -> Blend:
    """Load the parts a `ModelSelected` event names.

    Parameters
    ----------
    folder : Path
        The job's folder, or a saved model's.
    parts : sequence of mapping
        Each with ``trial``, ``weight``, ``label``, ``recipe`` and ``folds``. Without a second level weights are shares
        of their total.
    stack : str, optional
        File of the second level.
    temperature : float, default 1.0
        What the blend's log probabilities are divided by.
    n_training : int, optional
        Rows that were learnt from: no probability is less than such a number of rows can tell.

    Raises
    ------
    StoreError
        When a part is missing or damaged.
    """
    featurizers: dict[str, Any] = {}
    fitted = []
    second = artifacts.load(folder / stack) if stack else None
    total = 1.0 if second is not None else sum(float(part["weight"]) for part in parts)
    for part in parts:
        keys = tuple(featurizer_file(str(part["recipe"]), int(f)) for f in part["folds"])
        for key in keys:
            if key not in featurizers:
                featurizers[key] = artifacts.load(folder / key)
        estimators = tuple(artifacts.load(folder / estimator_file(int(part["trial"]), int(f))) for f in part["folds"])
        fitted.append(
            FittedPart(
                int(part["trial"]),
                float(part["weight"]) / total,
                str(part["label"]),
                str(part["recipe"]),
                keys,
                estimators,
                shares([int(f) for f in part["folds"]]),
            )
        )
    return Blend(task, n_classes, tuple(fitted), featurizers, second, temperature, n_training)


def shares(folds: Sequence[int]) -> tuple[float, ...]:
    """Return how much the estimator of each fold counts: the refits as much as the folds, each kind alike."""
    n_refits = sum(is_refit(f) for f in folds)
    n_folds = len(folds) - n_refits
    if 0 in (n_refits, n_folds):
        return (1 / len(folds),) * len(folds)
    return tuple(0.5 / (n_refits if is_refit(f) else n_folds) for f in folds)


def part_files(parts: Sequence[Mapping[str, Any]], stack: str | None) -> list[str]:
    """Return the files `load_blend` reads, relative to the folder."""
    names = []
    for part in parts:
        for fold in part["folds"]:
            if part["recipe"] != SERIES:
                names.append(featurizer_file(str(part["recipe"]), int(fold)))
            names.append(estimator_file(int(part["trial"]), int(fold)))
    return list(dict.fromkeys([*names, *([stack] if stack else [])]))
