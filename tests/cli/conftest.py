"""A job that plays a script, for tests of the terminal door without an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automl_jupyter.errors import StoreError
from automl_jupyter.store.summary import JobSummary


def make_row(number: int | None, label: str, value: float | None, **more: Any) -> dict[str, Any]:
    """Return one row of a snapshot."""
    return {
        "rank": None,
        "number": number,
        "label": label,
        "learner": label,
        "state": "complete",
        "value": value,
        "text": "" if value is None else f"{value:.4f}",
        "spread": None,
        "folds_done": 3,
        "n_folds": 3,
        "fit_s": 1.5,
        "size_bytes": 2000,
        "reason": "",
        "error": None,
        "complete": True,
        **more,
    }


def make_snapshot(status: str = "Running", rows: Sequence[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """Return a snapshot in the shape of `results.snapshot`."""
    best = rows[0] if rows and rows[0]["value"] is not None else None
    return {
        "name": "calm_owl",
        "experiment": "birds",
        "display_name": None,
        "task": "classification",
        "status": status,
        "over": status in ("Completed", "Canceled", "Failed"),
        "reason": "",
        "error": None,
        "metric": {"name": "AUC_weighted", "title": "AUC", "greater_is_better": True},
        "elapsed_s": 12.0,
        "n_workers": 2,
        "compute": "local",
        "created_at": "2026-01-02T03:04:05.000Z",
        "ended_at": None,
        "limits": [{"name": "max_trials", "label": "Trials", "used": len(rows), "total": 9, "unit": ""}],
        "best": None if best is None else {key: best[key] for key in ("label", "number", "value", "text")},
        "rows": list(rows),
        "n_rows_total": len(rows),
        "counts": {"complete": len(rows)},
        "progress": [],
        "notes": [],
        "plan": {"notes": [], "validation": "3-fold cross-validation"},
        "model": None,
        "test_metrics": None,
        "seq": 1,
        **more,
    }


class FakeJob:
    """A job whose snapshots come from a list, one for each look at whether it is done.

    `at` maps the number of a look to something that happens then, such as a signal.
    """

    def __init__(self, *snapshots: dict[str, Any], at: dict[int, Callable[[], None]] | None = None) -> None:
        self.snapshots, self.at = list(snapshots), at or {}
        self.name, self.path = snapshots[0]["name"], Path("automl_jobs/birds/calm_owl")
        self.n_looks = self.n_cancelled = self.n_resumed = self.n_listening = 0
        self.error: Exception | None = None

    @property
    def history(self) -> dict[str, Any]:
        return self.snapshots[min(self.n_looks, len(self.snapshots)) - 1 if self.n_looks else 0]

    @property
    def status(self) -> str:
        return str(self.history["status"])

    @property
    def done(self) -> bool:
        self.n_looks += 1
        self.at.get(self.n_looks, lambda: None)()
        return bool(self.history["over"])

    def subscribe(self, tell: Callable[[Any], None]) -> Callable[[], None]:
        self.n_listening += 1
        tell(self.history)

        def unsubscribe() -> None:
            self.n_listening -= 1

        return unsubscribe

    def cancel(self) -> None:
        self.n_cancelled += 1

    def wait(self, timeout: float | None = None) -> FakeJob:
        if self.error is not None:
            raise self.error
        return self


class FakeClient:
    """A workspace of fake jobs; it is its own `jobs`."""

    def __init__(self, *jobs: FakeJob) -> None:
        self._jobs = {job.name: job for job in jobs}

    @property
    def jobs(self) -> FakeClient:
        return self

    def get(self, name: str) -> FakeJob:
        if name not in self._jobs:
            raise StoreError(f"There is no job {name!r} here.")
        return self._jobs[name]

    path = Path("automl_jobs")

    def summaries(self) -> list[JobSummary]:
        found = []
        for job in self._jobs.values():
            seen = job.history
            best = seen["best"] or {}
            of_best = {"best": best.get("label"), "value": best.get("value"), "text": best.get("text")}
            fields = {k: seen[k] for k in ("name", "experiment", "task", "status", "elapsed_s", "created_at")}
            metric = seen["metric"]["name"]
            found.append(JobSummary(**fields, **of_best, display_name=seen["name"], metric=metric))
        return found

    def begin_cancel(self, name: str) -> FakeJob:
        self.get(name).cancel()
        return self.get(name)

    def resume(self, name: str) -> FakeJob:
        self.get(name).n_resumed += 1
        return self.get(name)


@pytest.fixture
def fakes() -> SimpleNamespace:
    """Return what makes fake jobs: `row`, `snapshot`, `Job` and `Client`."""
    return SimpleNamespace(row=make_row, snapshot=make_snapshot, Job=FakeJob, Client=FakeClient)


@pytest.fixture(autouse=True)
def _fake_snapshots(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a fake job's history be its snapshot, except where a test runs a real job."""
    if request.node.get_closest_marker("cluster") is None:
        monkeypatch.setattr("automl_jupyter.cli.follow.take_snapshot", lambda job: job.history)
