"""Tiny tables and jobs that take a fraction of a second, for tests of whatever stands around a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from automl_jupyter.client.job import Job

#: learners whose fit takes milliseconds
QUICK_LEARNERS: Mapping[str, tuple[str, ...]] = {
    "classification": ("LogisticRegression", "DecisionTree"),
    "regression": ("ElasticNet", "DecisionTree"),
}


def make_table(n: int = 90, seed: int = 0) -> pd.DataFrame:
    """Return rows of two numbers and a colour, with what follows from them.

    The targets are `value` (a number), `kind` (three classes) and `label` (two).

    Examples
    --------
    >>> make_table(4).columns.tolist()
    ['size', 'age', 'colour', 'value', 'kind', 'label']
    """
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": draw.normal(size=n).round(3),
            "age": draw.integers(1, 60, size=n),
            "colour": draw.choice(["red", "green", "blue"], size=n),
        }
    )
    signal = 2 * table["size"] + (table["colour"] == "red") + draw.normal(scale=0.4, size=n)
    table["value"] = signal.round(4)
    table["kind"] = np.select([signal < -0.6, signal < 1.0], ["low", "mid"], "high")
    table["label"] = np.where(signal > 0.3, "yes", "no")
    return table


def table_for(target: str, n: int = 90, seed: int = 0) -> pd.DataFrame:
    """Return the features of `make_table` with one of its targets."""
    return make_table(n, seed)[["size", "age", "colour", target]]


def make_spec(target: str = "label", *, task: str = "classification", data: Any = None, **fields: Any) -> Any:
    """Return a quick job: two trials of two folds and no ensembles, unless `fields` say otherwise."""
    from automl_jupyter import automl

    settings: dict[str, Any] = {
        "training_data": table_for(target) if data is None else data,
        "target_column_name": target,
        "limits": {"max_trials": 2},
        "random_state": 7,
        "training": {
            "allowed_training_algorithms": list(QUICK_LEARNERS[task]),
            "enable_vote_ensemble": False,
            "enable_stack_ensemble": False,
        },
    }
    if not {"validation_data", "validation_data_size", "cv_split_column_names"} & fields.keys():
        settings["n_cross_validations"] = 2
    return getattr(automl, task)(**{**settings, **fields})


def run_job(
    target: str = "label",
    *,
    task: str = "classification",
    data: Any = None,
    workspace: Any = None,
    compute: Any = "inline",
    **fields: Any,
) -> Job:
    """Run a quick job to its end, in this process unless `compute` names a cluster.

    Examples
    --------
    >>> import tempfile
    >>> run_job(workspace=tempfile.mkdtemp()).status
    'Completed'
    """
    from automl_jupyter.client import submit

    spec = make_spec(target, task=task, data=data, **fields)
    job = submit(spec, compute=compute, workspace=workspace).wait(120)
    if not job.done:
        raise AssertionError(f"The job {job.name} is still {job.status} after two minutes.")
    return job
