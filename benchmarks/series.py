"""Forecasts of real series, with how often intervals held; and how time and memory grow with made ones.

    AUTOML_BENCH_DATA=/path/to/tables .venv/bin/python benchmarks/series.py --minutes 1     # x.parquet beside x.json
    .venv/bin/python benchmarks/series.py --scale --minutes 1

The last horizon of each series is kept back. A description says ``time_column``, ``id_columns``, ``target``, ``freq``,
``horizon`` and ``season``. Each job runs in an interpreter of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from apart import show_rows, watch_memory

#: made panels: (series, periods of each, frequency, season, horizon)
MADE = {
    "1000 × 60 months": (1_000, 60, "MS", 12, 12),
    "3000 × 60 months": (3_000, 60, "MS", 12, 12),
    "10000 × 60 months": (10_000, 60, "MS", 12, 12),
    "100000 × 60 months": (100_000, 60, "MS", 12, 12),
    "1 × 50000 hours": (1, 50_000, "h", 24, 168),
}


def find_series(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the description of every panel in `folder`, or in its subfolder ``forecasting``, by name."""
    root = folder / "forecasting" if (folder / "forecasting").is_dir() else folder
    found = {}
    for path in sorted(root.glob("*.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        if meta.get("task") == "forecasting" and path.with_suffix(".parquet").exists():
            found[str(meta.get("name", path.stem))] = {**meta, "path": str(path.with_suffix(".parquet"))}
    return found


def read_panel(meta: Mapping[str, Any]) -> pd.DataFrame:
    """Return a panel as ``id``, ``time``, ``y``; other columns are left out."""
    frame = pd.read_parquet(meta["path"])
    ids = list(meta.get("id_columns") or [])
    name = frame[ids].astype(str).agg("/".join, axis=1) if ids else "one"
    return pd.DataFrame({"id": name, "time": pd.to_datetime(frame[meta["time_column"]]), "y": frame[meta["target"]]})


def make_panel(name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return series with a level, a trend and a season, and their description."""
    n, length, freq, season, horizon = MADE[name]
    rng = np.random.default_rng(0)
    at = np.arange(length)
    season_at = np.sin(2 * np.pi * (at[None] / season + rng.uniform(size=(n, 1))))
    level = rng.lognormal(3, 1, (n, 1))
    values = level * (1 + 0.3 * season_at + 0.002 * at + 0.05 * rng.normal(size=(n, length)))
    times = pd.date_range("2010-01-01", periods=length, freq=freq)
    frame = pd.DataFrame(
        {"id": np.repeat(np.arange(n), length).astype(str), "time": np.tile(times, n), "y": values.ravel()}
    )
    return frame, {"freq": freq, "season": season, "horizon": horizon}


def run(name: str, minutes: float) -> dict[str, object]:
    """Run one job and return what came of it."""
    from automl_jupyter import MLClient, automl

    if name in MADE:
        data, meta = make_panel(name)
    else:
        meta = find_series(Path(os.environ["AUTOML_BENCH_DATA"]))[name]
        data = read_panel(meta)
    data = data.sort_values(["id", "time"], ignore_index=True)
    ahead = data.groupby("id").cumcount(ascending=False) < meta["horizon"]
    train, test = data[~ahead], data[ahead]
    peak, over = [0.0], threading.Event()
    watch = threading.Thread(target=watch_memory, args=(peak, over), daemon=True)
    watch.start()
    began = time.perf_counter()
    spec = automl.forecasting(training_data=train, target_column_name="y", random_state=0)
    spec.set_forecast_settings(
        time_column_name="time",
        time_series_id_column_names=["id"],
        forecast_horizon=meta["horizon"],
        frequency=meta["freq"],
        seasonality=meta["season"],
    )
    spec.set_limits(timeout_minutes=minutes)
    job = MLClient(tempfile.mkdtemp()).jobs.create_or_update(spec).wait()
    wall_s = time.perf_counter() - began
    began = time.perf_counter()
    found = job.model.interval(0.8, horizon=meta["horizon"])
    forecast_s = time.perf_counter() - began
    over.set()
    watch.join()
    found["time"] = pd.to_datetime(found["time"]).astype(test["time"].dtype)
    joined = test.merge(found.astype({"id": test["id"].dtype}), on=["id", "time"]).dropna(subset="y")
    inside = joined["y"].between(joined["low"], joined["high"])
    season = int(meta["season"])
    change = train.groupby("id")["y"].apply(lambda y: (y - y.shift(season)).abs().mean())
    errors = (joined["y"] - joined["forecast"]).abs().groupby(joined["id"]).mean()
    return {
        "series": name,
        "n_series": data["id"].nunique(),
        "rows": len(train),
        "MASE": round(float((errors / change).replace(np.inf, np.nan).mean()), 3),
        "held": int(inside.sum()),
        "forecasts": len(joined),
        "coverage": round(float(inside.mean()), 3),
        "wall_s": round(wall_s, 1),
        "forecast_s": round(forecast_s, 1),
        "peak_mb": round(peak[0] / 1e6),
        "complete": sum(t.is_complete for t in job.trials),
        "model": job.history.model.label if job.history.model else None,
    }


def main() -> int:
    """Run the panels asked for, each in an interpreter of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--scale", action="store_true", help="made panels, instead of those of AUTOML_BENCH_DATA")
    parser.add_argument("--only", help="names of panels, with commas between")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(run(asked.one, asked.minutes)))
        return 0
    if asked.scale:
        names = list(MADE)
    else:
        names = list(find_series(Path(os.environ.get("AUTOML_BENCH_DATA", "."))))
    rows = show_rows(__file__, asked.only.split(",") if asked.only else names, asked.minutes)
    if rows and not asked.scale:
        pooled = sum(r["held"] for r in rows) / sum(r["forecasts"] for r in rows)
        each = np.mean([r["coverage"] for r in rows])
        print(f"\nCoverage of 80 % intervals: {pooled:.3f} of all forecasts, {each:.3f} as the mean over panels.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
