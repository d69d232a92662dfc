"""What the models of boosting libraries share: settings in the library's own names, and a booster kept as bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator  # noqa: TID253 adapter file, imported lazily

if TYPE_CHECKING:
    from automl_jupyter.learners.base import FitData


class BoostedModel(BaseEstimator, ABC):  # type: ignore[misc]
    """A model of a boosting library, of which its own bytes or text are stored.

    Parameters
    ----------
    params : mapping, optional
        The library's own parameter names.
    random_state : int, default 0
        Seed.
    n_jobs : int, default 1
        Threads.
    n_classes : int, optional
        Number of classes; read from `y` when left out.
    """

    def __init__(
        self,
        params: Mapping[str, Any] | None = None,
        random_state: int = 0,
        n_jobs: int = 1,
        n_classes: int | None = None,
    ) -> None:
        self.params = params
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.n_classes = n_classes

    @abstractmethod
    def _learn(self, data: FitData) -> None:
        """Fit the booster."""

    @abstractmethod
    def _read(self) -> Any:
        """Return the booster of what is stored."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a fixed number of rounds, without validation rows."""
        from automl_jupyter.learners.base import FitData

        self._learn(FitData(X, np.asarray(y), sample_weight, n_jobs=self.n_jobs))
        return self

    @property
    def booster_(self) -> Any:
        """The library's own booster, read on first use."""
        if getattr(self, "_booster", None) is None:
            self._booster = self._read()
        return self._booster

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_booster", None)  # a handle into C memory; what it is read from is kept
        return state
