"""Rows whose target looks wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_classification

from automl_jupyter import MLClient, automl
from automl_jupyter._core.files import read_json
from automl_jupyter.client import submit
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.suspects import find_suspects
from automl_jupyter.testing.quick import run_job
from automl_jupyter.trials.held_out import HeldOut


def run(frame: pd.DataFrame, tmp_path: Path, task: str = "classification", learner: str = "ExtremeRandomTrees") -> Any:
    spec = getattr(automl, task)(
        training_data=frame, target_column_name="y", n_cross_validations=3, limits={"max_trials": 2}, random_state=0
    )
    spec.set_training(allowed_training_algorithms=[learner], enable_stack_ensemble=False)
    return submit(spec, workspace=tmp_path, compute="inline").wait()


def test_flipped_labels_are_found_and_few_others(tmp_path: Path) -> None:
    X, y = make_classification(600, 8, n_informative=6, n_redundant=0, class_sep=2.0, flip_y=0, random_state=0)
    names = np.where(y == 1, "yes", "no")
    flipped = np.random.default_rng(0).choice(600, 12, replace=False)
    wrong = names.copy()
    wrong[flipped] = np.where(y[flipped] == 1, "no", "yes")
    job = run(pd.DataFrame(X).assign(y=wrong), tmp_path)
    suspects = job.suspect_labels()
    assert len(set(suspects.index[:12]) & set(flipped.tolist())) >= 9
    assert len(suspects) <= 30
    assert (suspects["given"] != suspects["predicted"]).all()
    assert suspects["given"].tolist() == wrong[suspects.index].tolist()
    assert (suspects["probability_of_given"] < suspects["probability_of_predicted"]).all()
    again = MLClient(tmp_path).jobs.get(job.name).suspect_labels()
    pd.testing.assert_frame_equal(again, suspects)


def test_values_far_off_are_found(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(300, 3))
    frame = pd.DataFrame(X).assign(y=X @ [3.0, 2.0, 1.0] + np.random.default_rng(1).normal(0, 0.1, 300))
    frame.loc[[7, 70], "y"] += [9.0, -14.0]
    suspects = run(frame, tmp_path, "regression", "ElasticNet").suspect_labels()
    assert suspects.index[:2].tolist() == [70, 7]
    assert len(suspects) <= 6
    assert suspects["difference"].iloc[:2].round().tolist() == [-14, 9]


def test_rows_of_validation_data_are_counted_from_their_first(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(200, 3))
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=X @ [3.0, 2.0, 1.0])
    frame.loc[157, "y"] -= 20.0
    job = run_job("y", task="regression", data=frame[:150], validation_data=frame[150:], workspace=tmp_path)
    assert job.suspect_labels().index[0] == 7


def test_labels_that_are_plain_are_not_suspected(tmp_path: Path) -> None:
    frame = load_iris(as_frame=True).frame.rename(columns={"target": "y"})
    suspects = run(frame[frame["y"] != 1], tmp_path).suspect_labels()
    assert len(suspects) == 0
    assert suspects.columns.tolist() == ["given", "predicted", "probability_of_given", "probability_of_predicted"]


def test_exact_values_and_missing_classes_are_not_suspected() -> None:
    rows = np.arange(3)
    assert len(find_suspects(HeldOut(rows, np.ones(3), np.ones(3), rows), None)) == 0
    only = np.asarray([[0.2, 0.0, 0.8]] * 3)  # the last class has no row
    assert len(find_suspects(HeldOut(rows, np.asarray([0, 0, 1]), only, rows), ["a", "b", "c"])) == 0


def test_a_table_that_is_gone_is_an_error(tmp_path: Path) -> None:
    frame = load_iris(as_frame=True).frame.rename(columns={"target": "y"})
    job = run(frame, tmp_path)
    shutil.rmtree(read_json(job._folder.data_file)["cache"])
    with pytest.raises(AutoMLError, match="is gone"):
        job.suspect_labels()
