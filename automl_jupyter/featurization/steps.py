"""Scalers and reducers that a trial may put between the features and its learner."""

from __future__ import annotations

from typing import Any

#: step -> what it does, as a sentence; the names are those of Azure Machine Learning
STEPS: dict[str, str] = {
    "StandardScaler": "Every feature gets mean 0 and variance 1.",
    "MinMaxScaler": "Every feature is put between 0 and 1.",
    "MaxAbsScaler": "Every feature is divided by its largest absolute value.",
    "RobustScaler": "Every feature is scaled by its median and interquartile range.",
    "PCA": "The features become as many principal components as hold 95 % of their variance.",
    "TruncatedSVD": "The features become components that keep zeros cheap.",
    "SparseNormalizer": "Every row gets length 1.",
}
_COMPONENTS, _VARIANCE = 100, 0.95
REDUCERS = ("PCA", "TruncatedSVD")


def make_step(name: str, *, sparse: bool, n_rows: int, n_features: int, random_state: int) -> Any:
    """Return scikit-learn's unfitted transformer for a step; sparse features stay sparse or become few.

    Parameters
    ----------
    name : str
        A key of :data:`STEPS`.
    sparse : bool
        Whether the features are a sparse matrix: nothing is centred then, and components come from an SVD.
    n_rows, n_features : int
        Size of the training features; there are no more components than either.
    random_state : int
        Seed of the components.
    """
    from sklearn import decomposition, preprocessing

    n_components = min(_COMPONENTS, n_rows, n_features)
    if name == "PCA" and not sparse:
        if n_features <= _COMPONENTS < n_rows:
            return decomposition.PCA(_VARIANCE, svd_solver="full")
        return decomposition.PCA(n_components, svd_solver="randomized", random_state=random_state)
    if name in REDUCERS:
        return decomposition.TruncatedSVD(min(n_components, max(n_features - 1, 1)), random_state=random_state)
    if name == "StandardScaler":
        return preprocessing.StandardScaler(with_mean=not sparse)
    if name == "RobustScaler":
        return preprocessing.RobustScaler(with_centering=not sparse)
    if name == "SparseNormalizer":
        return preprocessing.Normalizer()
    return preprocessing.MinMaxScaler() if name == "MinMaxScaler" and not sparse else preprocessing.MaxAbsScaler()
