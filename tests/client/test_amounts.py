"""Columns that write numbers with something around them, from the table to the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from automl_jupyter import automl
from automl_jupyter.client import submit


def test_a_job_learns_from_amounts_as_from_their_numbers(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    numbers = pd.DataFrame({"price": draw.integers(200, 9000, 80)[np.arange(640) % 80], "mass": draw.normal(5, 1, 640)})
    target = numbers["price"] / 1000 + numbers["mass"] + draw.normal(size=640)
    texts = pd.DataFrame({"price": numbers["price"].map("${:,}".format), "mass": numbers["mass"].map("{} kg".format)})
    predicted = []
    for table in (numbers, texts):
        spec = automl.regression(training_data=table.assign(y=target), target_column_name="y")
        spec.set_limits(max_trials=2)
        job = submit(spec, compute="inline", workspace=tmp_path).wait(120)
        assert job.status == "Completed"
        predicted.append(job.model.predict(table))
    np.testing.assert_allclose(*predicted)
    assert np.corrcoef(predicted[0], target)[0, 1] > 0.8
