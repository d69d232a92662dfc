"""What a learner says of itself before anything heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LearnerInfo:
    """One learner: its name, what it handles and where its code lives.

    Parameters
    ----------
    key : str
        The name people use, Azure Machine Learning's where it has one.
    tasks : tuple of str
        The tasks it learns (``"classification"``, ``"regression"``).
    recipe : str
        The featurization recipe it wants (``automl_jupyter.featurization.recipes``).
    module : str
        Import path of the module that holds ``make``, ``space`` and perhaps ``fit``.
    requires : str, optional
        A package beyond the core ones, without which the learner is not offered.
    sample_weight : bool, default True
        Whether a fit can use row weights; where False they are left out of the fit.
    iterative : bool, default False
        Whether a fit asks the stop signal on its way and keeps what it has.
    paced : bool, default False
        Whether a fit that has little time comes to its end all the same, at a price, rather than being cut.
    cost : float, default 1.0
        Time of a usual fit relative to LightGBM's.
    max_rows : int, optional
        More training rows than this and the learner should not be offered.
    max_classes : int, optional
        More classes than this and the learner should not be offered.
    onnx : bool, default False
        Whether the fitted model can be converted to ONNX.
    seed_matters : bool, default False
        Whether the average of fits with different seeds is better than each. It is not where the seed changes little,
        nor of forests, which are averages already.
    unsteady : bool, default False
        Whether that average is far better than each: the models of the folds then stay beside a single refit.
    scaled : bool, default False
        Whether a trial may put a scaler or a reducer between the features and it.
    columns : bool, default False
        Whether a learner of single series looks at other columns, too: numbers that are known ahead.
    trusted_types : tuple of str, default ()
        What ``skops.io.load`` must be told to trust beyond its own defaults.

    Examples
    --------
    >>> LearnerInfo("Mine", ("regression",), "linear", "my_package.mine").sample_weight
    True
    """

    key: str
    tasks: tuple[str, ...]
    recipe: str
    module: str
    requires: str | None = None
    sample_weight: bool = True
    iterative: bool = False
    paced: bool = False
    cost: float = 1.0
    max_rows: int | None = None
    max_classes: int | None = None
    onnx: bool = False
    seed_matters: bool = False
    unsteady: bool = False
    scaled: bool = False
    columns: bool = False
    trusted_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpaceContext:
    """What a search space may depend on.

    Parameters
    ----------
    n_rows : int
        Training rows of one fold.
    n_features : int
        Raw feature columns.
    n_classes : int or None
        Classes, None for regression.
    task : str
        The task.
    log_target : bool, default False
        Whether learning the target's logarithm is worth trying.
    without_features : tuple of str, default ()
        Recipes with features of several columns that the settings rule out.
    """

    n_rows: int
    n_features: int
    n_classes: int | None
    task: str
    log_target: bool = False
    without_features: tuple[str, ...] = ()
