"""What the final model is made of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from automl_jupyter.jobs.finish import final_parts
from automl_jupyter.store.history import History, ModelRecord
from automl_jupyter.store.trial import TrialRecord


def parts_of(learner: str, **known: Any) -> list[int]:
    trial = TrialRecord(
        number=3, learner=learner, params={}, origin="opening", label=learner, n_folds=3,
        **{"recipe": "series", **known},
    )  # fmt: skip
    part = {"trial": 3, "weight": 1.0, "label": learner, "folds": [0, 1, 2]}
    model = ModelRecord(learner, 3, (part,), {}, "chosen", None)
    plan: Any = SimpleNamespace(inference="best", n_training=100_000)
    return list(final_parts(plan, History(trials={3: trial}), model)[0]["folds"])


@pytest.mark.parametrize(("learner", "folds"), [("LightGBM", [0, 1, 2]), ("AutoArima", [0])])
def test_without_a_refit_the_folds_stand_in_and_equal_ones_once(learner: str, folds: list[int]) -> None:
    assert parts_of(learner) == folds


def test_a_refit_takes_the_place_of_the_folds() -> None:
    assert parts_of("AutoArima", refit_s=1.0) == [-1]
    assert parts_of("LightGBM", refit_s=1.0, replicas=(-2,)) == [-1, -2]
    assert parts_of("LightGBM", refit_s=1.0, replicas=(-3, -2)) == [-1, -2, -3], "whichever worker was faster"


def test_the_folds_of_a_network_stay_until_there_are_enough_refits() -> None:
    assert parts_of("NeuralNetwork", refit_s=1.0, recipe="dense", replicas=(-2,)) == [-1, -2, 0, 1, 2]
    assert parts_of("NeuralNetwork", refit_s=1.0, recipe="dense", replicas=(-2, -3)) == [-1, -2, -3]
