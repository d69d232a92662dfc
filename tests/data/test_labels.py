"""What the classes of a target with odd values are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from automl_jupyter.data.dataset import Note
from automl_jupyter.data.target import _sorted_labels


@pytest.mark.parametrize("other", [3, 1.5, "no"])
def test_durations_among_labels_are_read_as_texts(other: Any) -> None:
    notes: list[Note] = []
    found = _sorted_labels([np.timedelta64(5, "s"), other], notes)
    assert sorted(found.tolist()) == sorted(["0 days 00:00:05", str(other)])
    assert [note.topic for note in notes] == ["class labels"]
