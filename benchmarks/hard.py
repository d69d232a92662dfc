"""Tables at the edges: tiny, wide, many classes, one positive in a thousand, weighted, a million rows.

    .venv/bin/python benchmarks/hard.py --minutes 1 [--only tiny,wide]

Each job runs in an interpreter of its own, so that its peak of memory is its own. One line a table: what came of it on
rows it had not seen, seconds, memory, trials, and what was left out for want of memory or time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from apart import show_rows, watch_memory

TARGET = "y"


def tiny(rng: np.random.Generator) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Sixty rows, to learn two classes from."""
    return "classification", *_parted(_numbers(rng, 60 + 2000, 6, "classes"), 60)


def wide(rng: np.random.Generator) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Five thousand columns, of which five matter, and two thousand rows."""
    return "classification", *_parted(_numbers(rng, 2000 + 2000, 5000, "classes"), 2000)


def many_classes(rng: np.random.Generator) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Two hundred classes about as many centres, twenty thousand rows."""
    centres = rng.normal(size=(200, 8)) * 2
    code = rng.integers(0, 200, 30_000)
    frame = pd.DataFrame(centres[code] + rng.normal(size=(30_000, 8))).add_prefix("x")
    frame[TARGET] = [f"class {c}" for c in code]
    return "classification", *_parted(frame, 20_000)


def imbalanced(rng: np.random.Generator) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """One positive in a thousand, among a hundred thousand rows."""
    frame = _numbers(rng, 150_000, 10, "value")
    frame[TARGET] = frame[TARGET] + rng.normal(size=len(frame)) > np.quantile(frame[TARGET], 0.9995)
    return "classification", *_parted(frame, 100_000)


def weighted(rng: np.random.Generator) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Half of the rows from another world, with a weight of a thousandth; the test rows are of this one."""
    here, there = _numbers(rng, 12_000, 8, "value"), _numbers(rng, 10_000, 8, "value")
    there[TARGET] = -there[TARGET]
    train = pd.concat([here[:10_000].assign(w=1.0), there.assign(w=1e-3)], ignore_index=True)
    return "regression", train, here[10_000:].reset_index(drop=True)


def million(rng: np.random.Generator) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """A million rows of twenty columns, four of them categories."""
    frame = _numbers(rng, 1_050_000, 16, "value")
    for k in range(4):
        level = rng.integers(0, 50, len(frame))
        frame[f"c{k}"] = pd.Categorical.from_codes(level, [f"level {v}" for v in range(50)])
        frame[TARGET] += rng.normal(size=50)[level] * 0.5
    return "regression", *_parted(frame, 1_000_000)


TABLES: dict[str, Callable[[np.random.Generator], tuple[str, pd.DataFrame, pd.DataFrame]]] = {
    made.__name__: made for made in (tiny, wide, many_classes, imbalanced, weighted, million)
}


def _numbers(rng: np.random.Generator, n: int, width: int, kind: str) -> pd.DataFrame:
    """Return columns of numbers and what follows from the first five: a value, or on which side of its middle it is."""
    X = rng.normal(size=(n, width)).astype(np.float32)
    signal = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(3 * X[:, 3]) + 0.5 * X[:, 4] ** 2 + 0.5 * rng.normal(size=n)
    frame = pd.DataFrame(X).add_prefix("x")
    frame[TARGET] = signal if kind == "value" else signal > np.median(signal)
    return frame


def _parted(frame: pd.DataFrame, n_train: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    return frame[:n_train].reset_index(drop=True), frame[n_train:].reset_index(drop=True)


def run(name: str, minutes: float) -> dict[str, object]:
    """Run one job and return what came of it."""
    from automl_jupyter import MLClient, automl

    task, train, test = TABLES[name](np.random.default_rng(0))
    peak, over = [0.0], threading.Event()
    watch = threading.Thread(target=watch_memory, args=(peak, over), daemon=True)
    watch.start()
    began = time.perf_counter()
    spec = getattr(automl, task)(
        training_data=train,
        target_column_name=TARGET,
        weight_column_name="w" if "w" in train else None,
        random_state=0,
    )
    spec.set_limits(timeout_minutes=minutes)
    job = MLClient(tempfile.mkdtemp()).jobs.create_or_update(spec).wait()
    wall_s = time.perf_counter() - began
    over.set()
    watch.join()
    scores = job.evaluate(test)
    shown = "r2_score" if task == "regression" else "log_loss" if test[TARGET].nunique() > 2 else "AUC_weighted"
    trials = job.trials
    return {
        "table": name,
        "rows": len(train),
        "columns": train.shape[1] - 1,
        "metric": shown,
        "score": round(float(scores.loc[shown, "value"]), 4),
        "wall_s": round(wall_s, 1),
        "peak_mb": round(peak[0] / 1e6),
        "complete": sum(t.is_complete for t in trials),
        "no_memory": sum("of memory" in t.reason for t in trials),
        "model": job.history.model.label if job.history.model else None,
    }


def main() -> int:
    """Run the tables asked for, each in an interpreter of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--only", help="names of tables, with commas between")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(run(asked.one, asked.minutes)))
        return 0
    show_rows(__file__, asked.only.split(",") if asked.only else TABLES, asked.minutes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
