"""Jobs in interpreters of their own, so that the peak of memory of each is its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import Any

import psutil


def watch_memory(peak: list[float], over: threading.Event) -> None:
    """Keep the most memory of this process and its workers; PSS, so that shared pages count once."""
    while not over.wait(0.5):
        total = 0.0
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += getattr(memory, "pss", 0) or memory.rss
        peak[0] = max(peak[0], total)


def show_rows(script: str, names: Iterable[str], minutes: float) -> list[dict[str, Any]]:
    """Run a script once a name, with ``--one NAME``, and print the JSON each ends with as the row of a table."""
    rows: list[dict[str, Any]] = []
    for name in names:
        command = [sys.executable, script, "--one", name, "--minutes", str(minutes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            told = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]  # killed ones say nothing
            print(f"| {name} | failed: {told[-1][:200]} |", flush=True)
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        if not rows:
            print(f"| {' | '.join(row)} |\n|{' --- |' * len(row)}")
        rows.append(row)
        print(f"| {' | '.join(map(str, row.values()))} |", flush=True)
    return rows
