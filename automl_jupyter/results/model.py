"""The fitted model: takes raw rows, behaves as a scikit-learn estimator, saves without pickles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin  # noqa: TID253 imported when a model is

from automl_jupyter._core.text import plain
from automl_jupyter.errors import AutoMLError, StoreError
from automl_jupyter.results.fitted import FittedModel
from automl_jupyter.trials.blend import Blend, load_blend
from automl_jupyter.trials.saved import read_manifest

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.results.forecast_model import ForecastingModel


class _Model(FittedModel):
    """What models of independent rows share.

    Parameters
    ----------
    manifest : mapping
        What the model is made of.
    folder : Path
        Where its parts lie.
    """

    def __init__(self, manifest: Mapping[str, Any], folder: Path) -> None:
        super().__init__(manifest, folder)
        self.blend_: Blend = load_blend(
            folder,
            manifest["task"],
            manifest["n_classes"],
            manifest["parts"],
            manifest["stack"],
            temperature=manifest.get("temperature", 1.0),
            n_training=manifest.get("n_training"),
        )
        self.feature_names_in_ = np.asarray(self.schema_.feature_names, dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)

    def evaluate(self, data: object, *, confidence: float = 0.95, random_state: int = 0) -> pd.DataFrame:
        """Return every metric on rows with their target, each with an interval.

        See `automl_jupyter.results.evaluation.evaluate_model`.
        """
        from automl_jupyter.results.evaluation import evaluate_model

        return evaluate_model(self, data, confidence=confidence, random_state=random_state)

    def get_engineered_feature_names(self, member: str | int | None = None) -> list[str]:
        """Return the names of the features a member's learner gets, in order.

        Parameters
        ----------
        member : str or int, optional
            A member's label, or its trial's number; the heaviest member when left out.
        """
        return list(self.get_engineered_features(member)["Feature"])

    def get_engineered_features(self, member: str | int | None = None) -> pd.DataFrame:
        """Return the features of a member with the raw columns each is made of, and by which transformer.

        See `automl_jupyter.results.transparency.engineered_features`.
        """
        from automl_jupyter.results.transparency import engineered_features

        return engineered_features(self.blend_, self.schema_, member)

    def get_featurization_summary(self, member: str | int | None = None) -> pd.DataFrame:
        """Return a row a raw column: its type, whether it was dropped and why, and the transformers it went through.

        See `automl_jupyter.results.transparency.featurization_summary`.
        """
        from automl_jupyter.results.transparency import featurization_summary

        return featurization_summary(self.blend_, self.schema_, member)

    def explain_features(self, row: object, member: str | int | None = None) -> pd.DataFrame:
        """Return what would happen to one raw row: how each value is read, and the features made of it.

        See `automl_jupyter.results.transparency.explain_row`.
        """
        from automl_jupyter.results.transparency import explain_row

        return explain_row(self.blend_, self.schema_, row, member, roles=self.manifest["roles"])

    def _predict(self, X: object) -> np.ndarray:
        return self.blend_.predict(self.schema_.encode(X, roles=self.manifest["roles"]))

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        weights = self.blend_.stack is None  # those of a stack are in its second level
        made_of = ", ".join(
            plain(label, most=40) + (f" × {weight:.2f}" if weights else "") for label, weight in self.members[:5]
        )
        more = f" and {len(self.members) - 5} more" if len(self.members) > 5 else ""
        return f"{type(self).__name__}({self.label}: {made_of}{more})"

    def _repr_html_(self) -> str:
        from automl_jupyter.results.diagram import diagram_html

        adjusted = {"temperature": self.blend_.temperature, "threshold": self.manifest.get("threshold")}
        return diagram_html(f"{type(self).__name__}: {self.label}", self.blend_, self.schema_, adjusted)

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


class ClassificationModel(ClassifierMixin, _Model):  # type: ignore[misc]  # scikit-learn ships no types
    """A fitted classifier over raw rows.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, in the order of `predict_proba`'s columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The columns it was trained on.
    """

    def __init__(self, manifest: Mapping[str, Any], folder: Path) -> None:
        super().__init__(manifest, folder)
        from automl_jupyter.data.labels import decode_labels

        self.classes_ = decode_labels(manifest["classes"])
        #: with two classes: the probability from which on the second one is predicted; None for a half
        self.threshold_ = manifest.get("threshold")

    def predict(self, X: object) -> np.ndarray:
        """Return the most probable class of each row; of two classes the second one from `threshold_` on.

        Parameters
        ----------
        X : DataFrame (pandas, polars), Arrow table, or list of dict, shape (n_rows, n_columns)
            Raw rows: columns in any order, others ignored.

        Returns
        -------
        ndarray of shape (n_rows,)

        Raises
        ------
        ModelInputError
            When a column is missing or cannot be converted.
        """
        from automl_jupyter.metrics.registry import move_threshold

        return np.asarray(self.classes_[move_threshold(self.predict_proba(X), self.threshold_).argmax(axis=1)])

    def predict_proba(self, X: object) -> np.ndarray:
        """Return the probability of each class, shape (n_rows, n_classes), columns as in `classes_`."""
        return self._predict(X)


class RegressionModel(RegressorMixin, _Model):  # type: ignore[misc]  # scikit-learn ships no types
    """A fitted regressor over raw rows.

    Attributes
    ----------
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The columns it was trained on.
    """

    def predict(self, X: object) -> np.ndarray:
        """Return the predicted value of each row, shape (n_rows,).

        Parameters
        ----------
        X : DataFrame (pandas, polars), Arrow table, or list of dict, shape (n_rows, n_columns)
            Raw rows: columns in any order, others ignored.

        Raises
        ------
        ModelInputError
            When a column is missing or cannot be converted.
        """
        return self._predict(X)


def make_model(manifest: Mapping[str, Any], folder: Path) -> ClassificationModel | RegressionModel | ForecastingModel:
    """Return the model a manifest describes, with its parts from `folder`."""
    if manifest["task"] == "forecasting":
        from automl_jupyter.results.forecast_model import ForecastingModel

        return ForecastingModel(manifest, folder)
    return (ClassificationModel if manifest["task"] == "classification" else RegressionModel)(manifest, folder)


def load_model(path: str | Path) -> ClassificationModel | RegressionModel | ForecastingModel:
    """Load a model saved by `save`, or the ``model`` folder of a job.

    Nothing in the folder is executed: parts are skops files, and a type that no model is made of is refused.

    Raises
    ------
    StoreError
        When the folder holds no model, or a damaged or foreign one.
    """
    folder = Path(path).absolute()
    manifest = read_manifest(folder)
    try:
        return make_model(manifest, folder)
    except AutoMLError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        why = f"{type(error).__name__}: {plain(error, most=120)}"
        raise StoreError(f"{folder} is damaged: it does not say what a model is made of ({why}).") from error
