"""The featurizer of a whole table: parts side by side, found by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import (  # noqa: TID253 adapter file, imported lazily
    BaseEstimator,
    TransformerMixin,
)

from automl_jupyter.featurization.categories import CategoryCodes, Frequencies, Levels, OneHot
from automl_jupyter.featurization.dates import BinnedDates, DateParts
from automl_jupyter.featurization.interactions import Interactions
from automl_jupyter.featurization.numbers import BinnedNumbers, RawNumbers, ScaledNumbers, into
from automl_jupyter.featurization.recipes import OPTIONS
from automl_jupyter.featurization.texts import Topics, Words

#: Share of entries that are stored past which a dense matrix is smaller, and faster to learn from.
_DENSE_FROM = 0.3
#: Levels a category may have to be one-hot in the dense recipe.
_FEW_LEVELS = 12
#: The recipes for trees.
_TREES = ("tree", "arithmetic", "enriched")
#: Features past which none are made of two columns: looking at all of them would take too long.
_MOST_ENRICHED = 1000


class TableFeaturizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns canonical frames into features, as a recipe says; made by :func:`make_featurizer`.

    Parameters
    ----------
    recipe : str
        The recipe.
    names : sequence of str
        Column names, only used to name features.
    types : sequence of str
        Column types, by position.
    options : mapping, optional
        Options of the recipes.

    Attributes
    ----------
    categorical_features_ : list of int
        Positions of features that are category codes (the recipes for trees only).
    n_features_in_ : int
        Columns of the frame.
    n_features_out_ : int
        Features.
    """

    def __init__(
        self,
        recipe: str = "tree",
        names: Sequence[str] = (),
        types: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.recipe = recipe
        self.names = names
        self.types = types
        self.options = options

    def fit(self, X: Any, y: Any = None) -> TableFeaturizer:
        """Learn from the training rows of a fold; only ``arithmetic`` and ``enriched`` look at `y`."""
        if X.shape[1] != len(self.types):
            raise ValueError(f"The featurizer was made for {len(self.types)} columns, the frame has {X.shape[1]}.")
        self.n_features_in_ = X.shape[1]
        self.dense_parts_, self.sparse_parts_ = [], []
        for part in self._parts(X):
            fitted = part.fit(X)
            if self.recipe in ("linear", "counts") and hasattr(part, "sparse"):
                self.sparse_parts_.append(fitted)
            else:
                self.dense_parts_.append(fitted)
        self.categorical_features_: list[int] = []
        start = 0
        for part in self.dense_parts_:
            if isinstance(part, CategoryCodes):
                self.categorical_features_ = [start + j for j in part.categorical]
            start += part.width
        self._of_training: list[np.ndarray] = []
        if self.recipe in ("arithmetic", "enriched") and y is not None and 0 < start <= _MOST_ENRICHED:
            numbers, categories = self._numbers(), self._categories()
            part = Interactions(numbers, categories, target_means=self.recipe == "enriched")
            self._of_training = part.fit(X, np.asarray(y), self._filled(X, start))
            self.dense_parts_.append(part)
            start += part.width
        self.n_dense_ = start
        self.n_features_out_ = start + sum(p.width for p in self.sparse_parts_)
        self.sparse_output_ = self._is_sparse()
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Learn from training rows and return their features, in which no row's own target has a part."""
        out = self.fit(X, y).transform(X)
        for j, values in enumerate(self._of_training, self.n_dense_ - len(self._of_training)):
            into(out[:, j], values)
        self._of_training = []
        return out

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_of_training": []}

    def _numbers(self) -> list[int]:
        return [p for p, t in enumerate(self.types) if t in ("Numeric", "Boolean")]

    def _categories(self) -> list[int]:
        return [p for p, t in enumerate(self.types) if t in ("Categorical", "CategoricalHash")]

    def _filled(self, X: Any, width: int) -> np.ndarray:
        """Return what the dense parts give for rows."""
        out = np.empty((len(X), width), dtype=np.float32)
        start = 0
        for part in self.dense_parts_:
            part.fill(X, out[:, start : start + part.width])
            start += part.width
        return out

    def _parts(self, X: Any) -> list[Any]:
        """Return the recipe's parts, unfitted."""
        if self.recipe == "none":
            return []
        o = {**OPTIONS, **(self.options or {})}
        numbers, categories = self._numbers(), self._categories()
        dates = [p for p, t in enumerate(self.types) if t == "DateTime"]
        texts = [p for p, t in enumerate(self.types) if t == "Text"]
        scaled = self.recipe not in _TREES
        words = [Words(p, o["min_frequency"], o["max_words"]) for p in texts]
        topics = [
            Topics(p, o["min_frequency"], o["max_words"], o["n_topics"], o["random_state"], scaled) for p in texts
        ]
        one_hot = OneHot(categories, o["min_frequency"], o["max_levels"])
        if self.recipe in _TREES:
            return _used(RawNumbers(numbers), CategoryCodes(categories), DateParts(dates, False)) + topics
        if self.recipe == "linear":
            return _used(ScaledNumbers(numbers), DateParts(dates, True), one_hot) + words
        if self.recipe == "counts":
            return _used(BinnedNumbers(numbers, o["n_bins"]), one_hot, BinnedDates(dates, o["n_bins"])) + words
        few = [p for p in categories if len(Levels(p).fit(X).levels) <= _FEW_LEVELS]
        many = [p for p in categories if p not in few]
        return (
            _used(
                ScaledNumbers(numbers),
                DateParts(dates, True),
                OneHot(few, o["min_frequency"], _FEW_LEVELS),
                OneHot(many, o["min_frequency"], _FEW_LEVELS - 2),
                Frequencies(many),
            )
            + topics
        )

    def _is_sparse(self) -> bool:
        if not self.sparse_parts_:
            return False
        if self.recipe == "counts":
            return True
        stored = self.n_dense_ + sum(
            len(p.positions) if hasattr(p, "positions") else p.width * 0.01 for p in self.sparse_parts_
        )
        return bool(stored < _DENSE_FROM * self.n_features_out_)

    def transform(self, X: Any) -> Any:
        """Return the features of canonical rows.

        Returns
        -------
        numpy.ndarray or scipy.sparse.csr_matrix
            float32. Sparse for "counts", and for "linear" where most entries would be 0.
        """
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"The featurizer knows {self.n_features_in_} columns, the frame has {X.shape[1]}.")
        if not self.n_features_out_:
            return np.zeros((len(X), 1), dtype=np.float32)  # scikit-learn wants a column
        width = self.n_dense_ if self.sparse_output_ else self.n_features_out_
        out = self._filled(X, width)
        start = self.n_dense_
        if not self.sparse_output_:
            for part in self.sparse_parts_:
                out[:, start : start + part.width] = part.sparse(X).toarray()
                start += part.width
            return out
        from scipy.sparse import csr_matrix, hstack

        blocks = [csr_matrix(out)] if width else []
        return hstack([*blocks, *(p.sparse(X) for p in self.sparse_parts_)], format="csr", dtype=np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the features' names (``column``, ``column__month``, ``column=level``).

        Parameters
        ----------
        input_features : sequence of str, optional
            Column names to use instead of those the featurizer was made with.
        """
        columns = [str(n) for n in (self.names if input_features is None else input_features)]
        if not self.n_features_out_:
            return np.array(["constant"], dtype=object)
        parts = [*self.dense_parts_, *self.sparse_parts_]
        return np.array([name for part in parts for name in part.names(columns)], dtype=object)


def _used(*parts: Any) -> list[Any]:
    return [part for part in parts if part.positions]
