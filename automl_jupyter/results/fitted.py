"""What every fitted model has: a name, members, a folder of its own, charts; and nothing to set."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sklearn.base import BaseEstimator  # noqa: TID253 imported when a model is

from automl_jupyter.data.schema import TableSchema
from automl_jupyter.errors import AutoMLError, StoreError
from automl_jupyter.trials.saved import save_model_folder

if TYPE_CHECKING:
    from automl_jupyter.results.charts.chart import Plots


#: what models of independent rows say of their features
_OF_ROWS = frozenset(
    {"get_featurization_summary", "get_engineered_feature_names", "get_engineered_features", "explain_features"}
)


class FittedModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A blend of fitted trials over raw rows.

    Parameters
    ----------
    manifest : mapping
        What the model is made of.
    folder : Path
        Where its parts lie.
    """

    #: what predicts, made by each kind of model
    blend_: Any

    def __init__(self, manifest: Mapping[str, Any], folder: Path) -> None:
        self.manifest = manifest
        self.folder = folder
        self.schema_ = TableSchema.from_json(manifest["schema"])

    @property
    def label(self) -> str:
        """What the leaderboard calls it."""
        return str(self.manifest["label"])

    @property
    def members(self) -> list[tuple[str, float]]:
        """What it is built of: the trials' labels and weights, heaviest first."""
        return sorted(((p.label, p.weight) for p in self.blend_.parts), key=lambda m: -m[1])

    def fit(self, X: object, y: object = None) -> Self:
        """Refuse: the model is fitted already.

        Raises
        ------
        AutoMLError
            Always. What fits clones of an estimator, such as ``CalibratedClassifierCV``, takes a fitted model as
            ``sklearn.frozen.FrozenEstimator(model)``.
        """
        raise AutoMLError(
            "This model is fitted. To train on other rows, run a job with them as its training data. Where scikit-learn"
            " fits what it is given, give FrozenEstimator(model), from sklearn.frozen."
        )

    def save(self, path: str | Path) -> Path:
        """Save the model as a folder that stands on its own; of a forecast with the past that it starts from.

        Parameters
        ----------
        path : str or Path
            A new or empty folder, or one with an earlier saved model.

        Returns
        -------
        Path
            The folder. Load it with `automl_jupyter.load_model`.

        Raises
        ------
        StoreError
            When it holds other files or cannot be written, or a part of this model is gone from its own folder.
        """
        if not isinstance(path, str | PathLike):
            raise AutoMLError(f"path: a {type(path).__name__} names no folder; give a text or a Path.")
        target = Path(path).absolute()
        if target.is_file():
            raise StoreError(f"{target} is a file; name a folder that is empty, new, or a saved model.")
        try:
            save_model_folder(self.folder, target, self.manifest)
        except FileNotFoundError as error:
            raise StoreError(f"A part of this model is gone from {self.folder}; it was not saved ({error}).") from error
        except OSError as error:
            raise StoreError(f"The model cannot be saved in {target}: {error.strerror or error}.") from error
        return target

    if not TYPE_CHECKING:  # or every attribute would be known

        def __getattr__(self, name: str) -> Any:
            if name in _OF_ROWS:
                raise AttributeError(
                    f"Models of forecasts have no {name}: their members make features of the past of each series."
                    " columns_known_ahead are the columns that they use of the periods to come."
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def plot(self) -> Plots:
        """The model's charts, of rows with their target: ``model.plot.roc(data=rows)``."""
        from automl_jupyter.results.charts.chart import Plots
        from automl_jupyter.results.charts.sources import ModelSource

        return Plots(ModelSource(self))

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_clone__(self) -> Self:
        return self  # as scikit-learn's FrozenEstimator: what is fitted has nothing to begin again with

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return no parameters: a fitted model has nothing to set."""
        return {}
