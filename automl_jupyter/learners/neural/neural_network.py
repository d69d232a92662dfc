"""NeuralNetwork: a few dense layers on scaled numbers and one-hot categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.base import FitData, FitReport
from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted network; numpy has as many threads as its process was started with."""
    from automl_jupyter.learners.neural.model import NeuralNetworkClassifier, NeuralNetworkRegressor

    kind = NeuralNetworkClassifier if task == "classification" else NeuralNetworkRegressor
    return kind(**{"random_state": random_state, **params})


def fit(model: Any, data: FitData) -> FitReport:
    """Train pass after pass, and keep the best."""
    from automl_jupyter.learners.neural.model import train

    return train(model, data)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw about RealMLP's space, with sizes that end in time on few cores."""
    drawn = {
        "width": trial.suggest_categorical("width", [64, 128, 256]),
        "n_epochs": trial.suggest_categorical("n_epochs", [16, 32, 64, 128]),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "dropout": trial.suggest_categorical("dropout", [0.0, 0.15, 0.3]),
        "weight_decay": trial.suggest_float("weight_decay", 0.01, 1.0, log=True),
    }
    if context.task == "classification":
        drawn["smoothing"] = trial.suggest_categorical("smoothing", [0.0, 0.1])
    return drawn
