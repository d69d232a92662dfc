"""The featurizer of a whole table: parts side by side, found by position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn import config_context  # noqa: TID253 adapter file, imported lazily
from sklearn.base import BaseEstimator  # noqa: TID253 adapter file, imported lazily

from automl_jupyter.featurization.categories import CategoryCodes
from automl_jupyter.featurization.columns import Hashing, Imputation
from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import into
from automl_jupyter.featurization.parts import choose_interactions, choose_parts, hashed_columns
from automl_jupyter.featurization.recipes import OPTIONS, split_recipe
from automl_jupyter.featurization.steps import REDUCERS, make_step
from automl_jupyter.featurization.transformers import FeatureSettings

#: Share of entries that are stored past which a dense matrix is smaller, and faster to learn from.
_DENSE_FROM = 0.3


# Not a TransformerMixin: that wraps what comes out as a notebook asks of all transformers (`sklearn.set_config`), which
# fails on sparse features, and learners were fitted on plain arrays.
class TableFeaturizer(BaseEstimator):  # type: ignore[misc]
    """Turns canonical frames into features, as a recipe says; made by :func:`make_featurizer`.

    Parameters
    ----------
    recipe : str
        The recipe, perhaps with a step behind it (``linear+PCA``).
    names : sequence of str
        Column names, only used to name features and to find what the settings ask of a column.
    types : sequence of str
        Column types, by position.
    options : mapping, optional
        Options of the recipes.
    settings : mapping, optional
        What `FeatureSettings.to_dict` returns.

    Attributes
    ----------
    categorical_features_ : list of int
        Positions of features that are category codes (the recipes for trees only).
    n_features_in_ : int
        Columns of the frame.
    n_features_out_ : int
        Features.
    """

    #: what featurizers saved by earlier versions do not have
    settings: Mapping[str, Any] | None = None
    imputation_: Any = None
    hashing_: Any = None
    step_: Any = None

    def __init__(
        self,
        recipe: str = "tree",
        names: Sequence[str] = (),
        types: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.recipe = recipe
        self.names = names
        self.types = types
        self.options = options
        self.settings = settings

    def fit(self, X: Any, y: Any = None) -> TableFeaturizer:
        """Learn from the training rows of a fold; features of the target need `y`."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Learn from training rows and return their features, those of the target learnt from other rows."""
        if X.shape[1] != len(self.types):
            raise ValueError(f"The featurizer was made for {len(self.types)} columns, the frame has {X.shape[1]}.")
        self.n_features_in_ = X.shape[1]
        base, step = split_recipe(self.recipe)
        settings = FeatureSettings.from_dict(self.settings or {})
        names, options = [str(n) for n in self.names], {**OPTIONS, **(self.options or {})}
        columns = self._prepare(X, settings, base)
        target = None if y is None else np.asarray(y)
        of_training: list[tuple[Any, Iterable[np.ndarray]]] = []
        self.dense_parts_: list[Any] = []
        self.sparse_parts_: list[Any] = []
        for part in choose_parts(base, columns, names, self.types, options, settings, target):
            if hasattr(part, "fit_target"):
                of_training.append((part, part.fit_target(columns, target)))
            else:
                part.fit(columns)
            sparse = base in ("linear", "counts") and hasattr(part, "sparse")
            (self.sparse_parts_ if sparse else self.dense_parts_).append(part)
        self._find_categorical()
        pairs = choose_interactions(base, self.types, settings, target, self._width())
        if pairs is not None and target is not None:
            made = pairs.fit(columns, target, self._filled(columns, X, self._width(), of_training))
            of_training.append((pairs, made))
            self.dense_parts_.append(pairs)
        self.n_dense_ = self._width()
        self.n_features_out_ = self.n_dense_ + sum(p.width for p in self.sparse_parts_)
        self.sparse_output_ = self._is_sparse(base)
        features = self._assembled(columns, X, of_training)
        if step:
            n_rows, n_features = features.shape
            seed = int(options["random_state"])
            self.step_ = make_step(
                step, sparse=self.sparse_output_, n_rows=n_rows, n_features=n_features, random_state=seed
            )
            with config_context(transform_output="default"):
                features = _single(self.step_.fit_transform(features))
        return features

    def _prepare(self, X: Any, settings: FeatureSettings, base: str) -> Any:
        """Learn what is done to columns first, and return them so."""
        at = {str(name): p for p, name in enumerate(self.names)}
        asked = {at[n]: v for n, v in settings.imputers.items() if n in at}
        self.imputation_ = Imputation(asked).fit(X) if asked and base != "none" else None
        columns = X if self.imputation_ is None else self.imputation_.apply(X)
        hashed = hashed_columns(base, [str(n) for n in self.names], self.types, settings)
        self.hashing_ = Hashing(hashed).fit(columns) if hashed else None
        return columns if self.hashing_ is None else self.hashing_.apply(columns)

    def _find_categorical(self) -> None:
        self.categorical_features_: list[int] = []
        start = 0
        for part in self.dense_parts_:
            if isinstance(part, CategoryCodes):
                self.categorical_features_ = [start + j for j in part.categorical]
            start += part.width

    def _width(self) -> int:
        markers = 0 if self.imputation_ is None else self.imputation_.width
        return int(sum(p.width for p in self.dense_parts_)) + markers

    def _filled(
        self, columns: Any, X: Any, width: int, of_training: Sequence[tuple[Any, Iterable[np.ndarray]]] = ()
    ) -> np.ndarray:
        """Return an array of `width` features whose first ones are written: the dense parts' of these rows.

        For training rows, the values in `of_training` stand in place of what a part would give.
        """
        own = {id(part): values for part, values in of_training}
        out = np.empty((len(X), width), dtype=np.float32)
        start = 0
        for part in self.dense_parts_:
            block = out[:, start : start + part.width]
            if id(part) in own:
                for j, values in enumerate(own[id(part)]):
                    into(block[:, j], values)
            else:
                part.fill(columns, block)
            start += part.width
        if self.imputation_ is not None:
            self.imputation_.fill(X, out[:, start : start + self.imputation_.width])
        return out

    def _is_sparse(self, base: str) -> bool:
        if not self.sparse_parts_:
            return False
        if base == "counts":
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
        columns = X if self.imputation_ is None else self.imputation_.apply(X)
        columns = columns if self.hashing_ is None else self.hashing_.apply(columns)
        features = self._assembled(columns, X)
        if self.step_ is None:
            return features
        with config_context(transform_output="default"):
            return _single(self.step_.transform(features))

    def _assembled(self, columns: Any, X: Any, of_training: Sequence[tuple[Any, Iterable[np.ndarray]]] = ()) -> Any:
        if not self.n_features_out_:
            return np.zeros((len(X), 1), dtype=np.float32)  # scikit-learn wants a column
        width = self.n_dense_ if self.sparse_output_ else self.n_features_out_
        out = self._filled(columns, X, width, of_training)
        start = self.n_dense_
        if not self.sparse_output_:
            for part in self.sparse_parts_:
                out[:, start : start + part.width] = part.sparse(columns).toarray()
                start += part.width
            return out
        from scipy.sparse import csr_matrix, hstack

        blocks = [csr_matrix(out)] if width else []
        return hstack([*blocks, *(p.sparse(columns) for p in self.sparse_parts_)], format="csr", dtype=np.float32)

    def describe(self, input_features: Sequence[str] | None = None) -> list[Feature]:
        """Return what is known of each feature, in order.

        Parameters
        ----------
        input_features : sequence of str, optional
            Column names to use instead of those the featurizer was made with.
        """
        columns = [str(n) for n in (self.names if input_features is None else input_features)]
        if not self.n_features_out_:
            return [Feature("constant", (), "Numeric")]
        markers = [] if self.imputation_ is None else [self.imputation_]
        parts = [*self.dense_parts_, *markers, *self.sparse_parts_]
        found = [feature for part in parts for feature in part.describe(columns)]
        hashed = {int(p) for p in getattr(self.hashing_, "bits", ())}
        for k, feature in enumerate(found):
            if feature.transformer == "OneHotEncoder" and hashed.issuperset(feature.positions):
                found[k] = feature._replace(transformer="HashOneHotEncoder")
        _, step = split_recipe(self.recipe)
        if step in REDUCERS:
            n_components = int(self.step_.components_.shape[0])
            every = tuple(sorted({p for f in found for p in f.positions}))
            return [Feature(f"component {k}", every, step) for k in range(n_components)]
        return found

    def before(self, position: int) -> list[str]:
        """Return the transformers that change a column before features are made of it."""
        asked = [
            ("Imputer", getattr(self.imputation_, "asked", {})),
            ("HashOneHotEncoder", getattr(self.hashing_, "bits", {})),
        ]
        return [name for name, columns in asked if str(position) in columns]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the features' names (``column``, ``column__month``, ``column=level``).

        Parameters
        ----------
        input_features : sequence of str, optional
            Column names to use instead of those the featurizer was made with.
        """
        return np.array([feature.name for feature in self.describe(input_features)], dtype=object)


def _single(features: Any) -> Any:
    return features.astype(np.float32, copy=False)
