"""What trials said of held-out rows: on disk, the latest in memory."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from automl_jupyter.trials import held_out
from automl_jupyter.trials.held_out import Predictions
from automl_jupyter.trials.records import predictions_file


@pytest.fixture
def predictions(tmp_path: Path) -> Predictions:
    table: Any = SimpleNamespace(folds=[], y=np.zeros(0), weight=None)
    return Predictions(tmp_path, table)


def test_predictions_of_far_workers_are_written(predictions: Predictions, tmp_path: Path) -> None:
    far, near = np.array([0.25, 0.75]), np.array([0.5, 0.5])
    predictions.add(3, 0, far, write=True)
    predictions.add(4, 0, near, write=False)
    np.testing.assert_array_equal(np.load(tmp_path / predictions_file(3, 0)), far)
    assert not (tmp_path / predictions_file(4, 0)).exists(), "its worker wrote it"
    np.testing.assert_array_equal(predictions.get(4, 0), near)


def test_memory_holds_those_asked_for_last(
    predictions: Predictions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "_MOST_KEPT", 3 * 80)
    for number in range(3):
        predictions.add(number, 0, np.full(10, float(number)), write=True)
    predictions.get(0, 0)
    predictions.add(3, 0, np.full(10, 3.0), write=True)
    for path in tmp_path.rglob("*.npy"):
        path.unlink()
    assert [predictions.get(n, 0)[0] for n in (0, 2, 3)] == [0.0, 2.0, 3.0]
    with pytest.raises(FileNotFoundError):
        predictions.get(1, 0)


def test_large_predictions_stay_in_their_file(predictions: Predictions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "_LARGE", 40)
    predictions.add(0, 0, np.arange(10.0), write=True)
    np.testing.assert_array_equal(predictions.get(0, 0), np.arange(10.0))
    assert predictions.get(0, 0) is not predictions.get(0, 0)


def test_predictions_of_many_rows_are_not_kept(predictions: Predictions) -> None:
    predictions.add(0, 0, np.zeros((200_000, 2), dtype=np.float32), write=True)
    assert not predictions._kept
    assert predictions.get(0, 0).shape == (200_000, 2)
