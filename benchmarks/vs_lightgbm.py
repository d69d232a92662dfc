"""One ``%%automl`` cell against a plain LightGBM on every table of a folder; see README.md."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from tables import METRICS, find_tables, score, split_table

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "out" / "vs_lightgbm.jsonl"
SYSTEMS = ("lightgbm", "automl_jupyter")

#: seconds between looks at the memory of a running system
_LOOK_S = 0.2


def watch(command: Sequence[str], log: Path, limit_s: float) -> dict[str, Any]:
    """Run a command, and return its exit code, wall time, peak memory and the load while it ran.

    The process tree gets a session of its own, so that what it leaves behind can be ended, and nothing else.
    """
    began, peak, loads, killed = time.perf_counter(), 0, [], False
    # spinning OpenMP threads cost every system many times its work where cores are few
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "MPLBACKEND": "Agg"}
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True, env=environment
        )
        while process.poll() is None:
            peak = max(peak, tree_bytes(process.pid))
            loads.append(os.getloadavg()[0])
            if time.perf_counter() - began > limit_s:
                killed = True
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(_LOOK_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return {
        "exit_code": process.returncode,
        "killed": killed,
        "wall_s": round(time.perf_counter() - began, 2),
        "peak_mb": round(peak / 1e6),
        "load": round(float(np.mean(loads or [0.0])), 2),
    }


def tree_bytes(pid: int) -> int:
    """Return the memory of a process and all below it; shared pages count once where the system tells."""
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in processes:
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            continue  # it ended between the listing and the look
        total += getattr(memory, "pss", 0) or memory.rss
    return total


def run_one(system: str, name: str, meta: dict[str, Any], fold: int, minutes: float, log: Path) -> dict[str, Any]:
    """Run one system on one split of one table, and return the line for the results."""
    metric, _ = METRICS[meta["task"]]
    train, test = split_table(meta, fold)
    row: dict[str, Any] = {
        "system": system,
        "table": name,
        "task": meta["task"],
        "fold": fold,
        "minutes": minutes,
        "metric": metric,
        "n_train": len(train),
        "n_test": len(test),
        "n_columns": train.shape[1] - 1,
        "n_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    with tempfile.TemporaryDirectory(prefix="automl-bench-") as folder:
        work = Path(folder)
        files = {
            "train": work / "train.parquet",
            "test": work / "test.parquet",
            "result": work / "result.json",
            "prediction": work / "prediction.npz",
            "work": work / "jobs",
        }
        train.to_parquet(files["train"])
        test.drop(columns=meta["target"]).to_parquet(files["test"])
        job = {
            "system": system,
            "task": meta["task"],
            "target": meta["target"],
            "metric": metric,
            "fold": fold,
            "minutes": minutes,
            **{key: str(path) for key, path in files.items()},
        }
        (work / "job.json").write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, str(HERE / "systems.py"), str(work / "job.json")]
        row.update(watch(command, log, limit_s=240 + 240 * minutes))
        if files["result"].exists():
            row.update(json.loads(files["result"].read_text(encoding="utf-8")))
        else:
            row["error"] = "ran too long" if row["killed"] else f"ended with exit code {row['exit_code']}"
        if "error" not in row:
            saved = np.load(files["prediction"], allow_pickle=False)
            row["score"] = score(meta["task"], test[meta["target"]], saved["prediction"], saved["classes"])
    return row


def read_done(results: Path) -> set[tuple[Any, ...]]:
    """Return the keys of the runs that are in the results without an error."""
    if not results.exists():
        return set()
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {(r["system"], r["table"], r["fold"], r["minutes"]) for r in rows if not r.get("error")}


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("AUTOML_BENCH_DATA"), help="folder of tables")
    parser.add_argument("--minutes", type=float, default=1.0, help="timeout_minutes of the cell (default 1)")
    parser.add_argument("--sets", help="names of tables, with commas (default all)")
    parser.add_argument("--folds", default="0", help="numbers of splits, with commas (default 0)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file the results are appended to")
    parser.add_argument("--again", action="store_true", help="repeat runs that are there already")
    found = parser.parse_args(arguments)
    if found.data is None:
        parser.error("name the folder of tables with --data or AUTOML_BENCH_DATA")
    return found


def main() -> int:
    """Run what has not been run."""
    asked = parse_arguments()
    tables = find_tables(Path(asked.data))
    names = asked.sets.split(",") if asked.sets else list(tables)
    if unknown := [name for name in names if name not in tables]:
        sys.exit(f"There is no table {', '.join(unknown)} in {asked.data}; there are: {', '.join(tables) or 'none'}.")
    logs = asked.results.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    done = set() if asked.again else read_done(asked.results)
    for fold in map(int, asked.folds.split(",")):
        for name in names:
            for system in SYSTEMS:
                if (system, name, fold, asked.minutes) in done:
                    continue
                row = run_one(system, name, tables[name], fold, asked.minutes, logs / f"{name}-{fold}-{system}.log")
                with asked.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(name, fold, system, row.get("error") or f"{row['metric']} {row['score']:.5g}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
