"""What the classes of a target with odd values are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automl_jupyter.data.dataset import Note
from automl_jupyter.data.target import Target, _sorted_labels, find_classes
from automl_jupyter.errors import Problem
from automl_jupyter.testing.quick import run_job, table_for


@pytest.mark.parametrize("other", [3, 1.5, "no"])
def test_durations_among_labels_are_read_as_texts(other: Any) -> None:
    notes: list[Note] = []
    found = _sorted_labels([np.timedelta64(5, "s"), other], notes)
    assert sorted(found.tolist()) == sorted(["0 days 00:00:05", str(other)])
    assert [note.topic for note in notes] == ["class labels"]


def test_labels_of_one_text_are_one_class() -> None:
    problems: list[Problem] = []
    assert find_classes(Target(np.array([0, 1, 0, 1]), [1, "1"]), problems, []) is None
    assert "only the class '1'" in problems[0].message


def test_a_class_of_several_rows_is_not_rare_where_its_labels_differ() -> None:
    notes: list[Note] = []
    classes = find_classes(Target(np.array([0, 1, 2, 2]), [1, "1", "2"]), [], notes)
    assert classes is not None
    assert classes.tolist() == ["1", "2"]
    assert [note.topic for note in notes] == ["class labels"]


def test_whole_numbers_beyond_64_bits_are_read_as_texts() -> None:
    notes: list[Note] = []
    found = _sorted_labels([np.uint64(2**64 - 1), np.uint64(7)], notes)
    assert found.tolist() == ["18446744073709551615", "7"]
    assert [note.topic for note in notes] == ["class labels"]


def test_a_job_with_unsigned_labels_is_completed(tmp_path: Path) -> None:
    table = table_for("label", 60).assign(label=lambda t: (t["label"] == "yes").astype("uint64") + np.uint64(2**64 - 2))
    job = run_job("label", data=table, workspace=tmp_path)
    assert set(job.model.predict(table.drop(columns="label"))) <= {"18446744073709551614", "18446744073709551615"}
    assert job.evaluate(table)["value"]["accuracy"] > 0.5
