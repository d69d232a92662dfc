"""Features of all numbers together: how far a row is from the centres of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import ScaledNumbers

#: clusters, and rows they are found in
_CLUSTERS, _SAMPLE = 8, 20_000


class ClusterDistances:
    """The distances of the scaled numbers of a row to the centres that k-means found.

    Parameters
    ----------
    positions : list of int
        Columns of numbers.
    random_state : int
        Seed of k-means.
    """

    def __init__(self, positions: list[int], random_state: int) -> None:
        self.positions = positions
        self.random_state = random_state

    def fit(self, X: Any) -> ClusterDistances:
        """Learn scales and centres."""
        from sklearn.cluster import MiniBatchKMeans

        self.numbers = ScaledNumbers(self.positions).fit(X)
        values = self._scaled(X.iloc[:: -(-len(X) // _SAMPLE)] if len(X) > _SAMPLE else X)
        n_clusters = min(_CLUSTERS, len(np.unique(values, axis=0)))
        model = MiniBatchKMeans(n_clusters, n_init=1, random_state=self.random_state, batch_size=2048)
        self.centers = model.fit(values).cluster_centers_.astype(np.float32)
        return self

    def _scaled(self, X: Any) -> np.ndarray:
        out = np.empty((len(X), self.numbers.width), dtype=np.float32)
        self.numbers.fill(X, out)
        return out

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.centers)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        from sklearn.metrics.pairwise import euclidean_distances

        out[:] = euclidean_distances(self._scaled(X), self.centers)

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``distance to cluster 0``)."""
        names = [f"distance to cluster {k}" for k in range(self.width)]
        return [Feature(name, tuple(self.positions), "ClusterDistance") for name in names]
