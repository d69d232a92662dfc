"""What each part of the engine is worth: one job a table, and what its trials are together without some of them.

    export AUTOML_BENCH_DATA=/path/to/tables
    .venv/bin/python benchmarks/parts.py --minutes 1 [--sets a,b] [--fold 0]

After a job has ended, weights are chosen again over its complete trials without those of one part (the networks, the
Gaussian processes, the features of two columns, CatBoost, whatever was found by search), and what is left is scored on
rows no trial has seen. All are scored by the models of the folds, so that they compare. A number is the change of the
error when the part is taken away: above 0, the part pays.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from systems import PRIMARY
from tables import METRICS, find_tables, score, split_table

#: part -> which trials are of it
PARTS: dict[str, Callable[[Any], bool]] = {
    "networks": lambda t: t.learner == "NeuralNetwork",
    "processes": lambda t: t.learner == "GaussianProcess",
    "features": lambda t: t.recipe in ("arithmetic", "enriched"),
    "CatBoost": lambda t: t.learner.startswith("CatBoost"),
    "forests": lambda t: t.learner in ("ExtremeRandomTrees", "RandomForest"),
    "search": lambda t: t.origin == "search",
}


def look_at(meta: dict[str, Any], minutes: float, fold: int) -> dict[str, Any]:
    """Run one job and return its error, and the changes of it without each part."""
    from automl_jupyter import MLClient, automl

    train, test = split_table(meta, fold)
    task = "regression" if meta["task"] == "regression" else "classification"
    metric, greater_is_better = METRICS[meta["task"]]
    spec = getattr(automl, task)(
        training_data=train, target_column_name=meta["target"], primary_metric=PRIMARY[metric], random_state=fold
    )
    spec.set_limits(timeout_minutes=minutes)
    with tempfile.TemporaryDirectory() as workspace:
        job = MLClient(workspace).jobs.create_or_update(spec).wait()
        model = job.model
        X = model.schema_.encode(test.drop(columns=meta["target"]), roles=model.manifest["roles"])
        classes = np.asarray([str(c) for c in getattr(model, "classes_", [])])
        trials = [t for t in job.trials if t.is_complete and t.origin != "baseline"]

        def error(kept: list[Any]) -> float:
            value = score(meta["task"], test[meta["target"]], _predict(job, kept, X), classes)
            return 1 - value if greater_is_better else value

        row = {"table": meta["name"], "trials": len(trials), "error": error(trials)}
        for part, is_of in PARTS.items():
            kept = [t for t in trials if not is_of(t)]
            row[part] = error(kept) / row["error"] - 1 if 0 < len(kept) < len(trials) and row["error"] else np.nan
    return row


def _predict(job: Any, trials: list[Any], X: pd.DataFrame) -> np.ndarray:
    """Return what the best average of some trials predicts, by the models of their folds."""
    from automl_jupyter._core.files import read_json
    from automl_jupyter.data.cache import open_cache
    from automl_jupyter.jobs.selection import Predictions, select
    from automl_jupyter.metrics.base import MetricContext
    from automl_jupyter.metrics.registry import resolve_metric
    from automl_jupyter.trials.blend import load_blend
    from automl_jupyter.trials.plan import Plan

    plan = Plan.from_dict(job.plan)
    table = open_cache(Path(read_json(job.path / "data.json")["cache"]))
    found = select(
        plan,
        job.history,
        Predictions(job.path, table),
        resolve_metric(plan.metric["name"], plan.task),
        MetricContext.of(table.meta),
        [t.number for t in trials],
        n_folds=plan.n_folds,
        stack_limit_s=0.0,
    )
    parts = [
        {
            "trial": number,
            "weight": weight,
            "label": job.history.trials[number].label,
            "recipe": job.history.trials[number].recipe,
            "folds": list(range(plan.n_folds)),
        }
        for number, weight in found.members
    ]
    return load_blend(job.path, plan.task, plan.n_classes, parts, None).predict(X)


def main() -> int:
    """Print a row a table as it ends, and the geometric mean of each part's changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--sets", help="names of tables, with commas between")
    parser.add_argument("--fold", type=int, default=0)
    asked = parser.parse_args()
    found = find_tables(Path(os.environ["AUTOML_BENCH_DATA"]))
    names = asked.sets.split(",") if asked.sets else list(found)
    header = ["table", "trials", "error", *PARTS]
    print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}", flush=True)
    rows = []
    for name in names:
        row = look_at(found[name], asked.minutes, asked.fold)
        rows.append(row)
        changes = [f"{row[part]:+.1%}" if np.isfinite(row[part]) else "" for part in PARTS]
        print(f"| {name} | {row['trials']} | {row['error']:.5g} | {' | '.join(changes)} |", flush=True)
    means = []
    for part in PARTS:
        changes = np.array([row[part] for row in rows if np.isfinite(row[part])])
        means.append(f"{np.exp(np.mean(np.log1p(changes))) - 1:+.1%}" if len(changes) else "")
    print(f"| mean | | | {' | '.join(means)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
