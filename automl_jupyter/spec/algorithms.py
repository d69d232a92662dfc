"""The learners a user may name, per task.

The names are Azure Machine Learning's, plus CatBoost, a neural network, Gaussian processes and the theta method. They
are matched without regard to case and underscores, so ``light_gbm`` is ``LightGBM``. Those that plug-ins registered can
be named, too. Which of them can run is decided where the learners are, not here.
"""

from __future__ import annotations

from automl_jupyter._core.registered import registered_names
from automl_jupyter.spec.kinds import match_name, pick

_BOTH = (
    "SGD",
    "KNN",
    "DecisionTree",
    "RandomForest",
    "ExtremeRandomTrees",
    "LightGBM",
    "GradientBoosting",
    "NeuralNetwork",
    "GaussianProcess",
)

CLASSIFICATION = (
    "LogisticRegression",
    "SGD",
    "MultinomialNaiveBayes",
    "BernoulliNaiveBayes",
    "SVM",
    "LinearSVM",
    "KNN",
    "DecisionTree",
    "RandomForest",
    "ExtremeRandomTrees",
    "LightGBM",
    "GradientBoosting",
    "XGBoostClassifier",
    "CatBoostClassifier",
    "AveragedPerceptronClassifier",
    "NeuralNetwork",
    "GaussianProcess",
)
REGRESSION = (
    "ElasticNet",
    "LassoLars",
    *_BOTH,
    "XGBoostRegressor",
    "CatBoostRegressor",
    "FastLinearRegressor",
    "OnlineGradientDescentRegressor",
)
FORECASTING = (
    *REGRESSION,
    "Naive",
    "SeasonalNaive",
    "Average",
    "SeasonalAverage",
    "Theta",
    "ExponentialSmoothing",
    "AutoArima",
    "Arimax",
    "Prophet",
    "TCNForecaster",
    "AutoETS",
    "AutoTheta",
    "AutoCES",
    "MSTL",
)

_NAMES: dict[str, tuple[str, ...]] = {
    "classification": CLASSIFICATION,
    "regression": REGRESSION,
    "forecasting": FORECASTING,
}


def algorithm_names(task: str) -> tuple[str, ...]:
    """Return the learner names of a task, in Azure Machine Learning's order, then what plug-ins registered.

    There are none for image and text tasks.

    Examples
    --------
    >>> "LightGBM" in algorithm_names("classification")
    True
    """
    if task not in _NAMES:
        return ()
    return tuple(dict.fromkeys((*_NAMES[task], *registered_names("learner", task))))


def match_algorithm(name: object, task: str) -> str:
    """Return a learner's name as it is spelled, or raise with the nearest one.

    Parameters
    ----------
    name : object
        What the user wrote.
    task : str
        The task.

    Returns
    -------
    str

    Raises
    ------
    RefusedError
        When no learner of the task has that name.

    Examples
    --------
    >>> match_algorithm("light_gbm", "regression")
    'LightGBM'
    """
    found = match_name(name, _NAMES.get(task, ()))
    return found or pick(name, algorithm_names(task), f"a training algorithm of {task}")
