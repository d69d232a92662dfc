"""Processes die, files are cut, time runs out: what is finished stays, and the job comes to its end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.client import submit
from automl_jupyter.client.submit import resume
from automl_jupyter.errors import StoreError
from automl_jupyter.testing.quick import make_spec, run_job, table_for

pytestmark = pytest.mark.chaos

LIMIT_S = 120
ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, Any] = {
    "limits": {"max_trials": 8},
    "training": {"allowed_training_algorithms": ["LightGBM", "LogisticRegression", "DecisionTree"]},
}

#: a job whose process ends itself, as by kill -9, at the n-th event of a kind: after it, or in the middle of its line
SCRIPT = """
import json, os, signal, sys
from automl_jupyter._core import jsonl
from automl_jupyter.client import submit
from automl_jupyter.testing.quick import make_spec

kind, count, torn, workspace, settings = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "torn", sys.argv[4], sys.argv[5]
append, seen = jsonl.Writer.append, [0]

def append_and_die(self, value, **options):
    seen[0] += value["kind"] == kind
    if seen[0] < count:
        append(self, value, **options)
    else:
        line = json.dumps(value).encode() + b"\\n"
        self._file.write(line[: len(line) // 2] if torn else line)
        os.kill(os.getpid(), signal.SIGKILL)

jsonl.Writer.append = append_and_die
submit(make_spec(name="killed", **json.loads(settings)), workspace=workspace, compute="inline").wait()
"""

HOLDER = """
import sys
from pathlib import Path
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.lock import JobLock
lock = JobLock(JobFolder(Path(sys.argv[1])))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def board(job: Any) -> pd.DataFrame:
    """Return a leaderboard without what was measured with a clock."""
    return job.leaderboard().drop(columns=["fit_s", "predict_s"])


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a log, each of which must be whole."""
    data = (folder / "events.jsonl").read_bytes()
    assert data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


def folds(events: list[dict[str, Any]], kind: str) -> Counter[tuple[int, int]]:
    """Return how often each (trial, fold) has an event of a kind."""
    return Counter((e["number"], e["fold"]) for e in events if e["kind"] == kind)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the job that nobody disturbed."""
    return run_job(workspace=tmp_path_factory.mktemp("undisturbed"), name="killed", **SETTINGS)


def assert_nothing_was_lost(folder: Path, before: list[dict[str, Any]], job: Any, undisturbed: Any) -> None:
    """What had ended is kept as it was and not begun again; the whole is as if nothing had happened."""
    after = read_log(folder)
    assert after[: len(before)] == before
    assert [e["seq"] for e in after] == list(range(len(after)))
    ended, begun = folds(before, "fold_ended"), folds(after, "fold_started")
    for fold in ended:
        assert begun[fold] == folds(before, "fold_started")[fold], "a finished fold is never fitted again"
    assert set(folds(after, "fold_ended").values()) == {1}
    assert job.status == "Completed"
    pd.testing.assert_frame_equal(board(job), board(undisturbed), check_exact=True)
    rows = table_for("label").drop(columns="label")
    assert (job.model.predict_proba(rows) == undisturbed.model.predict_proba(rows)).all()


@pytest.mark.parametrize(
    ("kind", "count", "how"),
    [("fold_ended", 3, "whole"), ("fold_ended", 6, "torn"), ("trial_ended", 4, "whole"), ("refit_ended", 1, "torn")],
)
def test_a_job_whose_process_is_killed_goes_on(
    kind: str, count: int, how: str, undisturbed: Any, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", SCRIPT, kind, str(count), how, str(tmp_path), json.dumps(SETTINGS)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (folder,) = tmp_path.glob("*/killed")
    data = (folder / "events.jsonl").read_bytes()
    assert data.endswith(b"\n") is (how == "whole")
    before = [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]
    assert len(folds(before, "fold_ended")) >= 3
    job = resume("killed", workspace=tmp_path, compute="inline").wait(LIMIT_S)
    assert_nothing_was_lost(folder, before, job, undisturbed)


@pytest.mark.parametrize("share", [0.12, 0.3, 0.5, 0.7, 0.85, 0.95, 0.999])
def test_a_log_cut_anywhere_goes_on(share: float, undisturbed: Any, tmp_path: Path) -> None:
    """The log of a finished job is cut at a byte, as if the process had died there."""
    folder = tmp_path / "experiment" / "killed"
    shutil.copytree(undisturbed.path, folder, ignore=shutil.ignore_patterns("lock*"))
    log = folder / "events.jsonl"
    data = log.read_bytes()
    planned = data.index(b'"plan_made"')
    cut = planned + int((len(data) - planned) * share)
    log.write_bytes(data[:cut])
    before = [json.loads(line) for line in data[: data.rfind(b"\n", 0, cut) + 1].splitlines()]
    job = resume("killed", workspace=tmp_path, compute="inline").wait(LIMIT_S)
    assert_nothing_was_lost(folder, before, job, undisturbed)


def test_a_job_killed_before_it_had_a_plan_goes_on(undisturbed: Any, tmp_path: Path) -> None:
    """Only its first event is there; the data come from the notebook again."""
    folder = tmp_path / "experiment" / "killed"
    folder.mkdir(parents=True)
    spec = make_spec(name="killed", data="train", **SETTINGS)
    first = submit(spec, namespace={"train": table_for("label")}, workspace=tmp_path / "other", compute="inline")
    first.wait(LIMIT_S)
    for name in ("job.yaml", "events.jsonl"):
        shutil.copy(first.path / name, folder / name)
    log = folder / "events.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0] + b'{"v":1,')
    job = resume("killed", workspace=tmp_path, compute="inline", namespace={"train": table_for("label")})
    assert job.wait(LIMIT_S).status == "Completed"
    pd.testing.assert_frame_equal(board(job), board(undisturbed), check_exact=True)


def test_a_second_controller_is_refused(undisturbed: Any, tmp_path: Path) -> None:
    folder = tmp_path / "experiment" / "killed"
    shutil.copytree(undisturbed.path, folder, ignore=shutil.ignore_patterns("lock*"))
    log = folder / "events.jsonl"
    cut = b"".join(log.read_bytes().splitlines(keepends=True)[:12])
    log.write_bytes(cut)
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"The job killed is being run by process {holder.pid} on "):
            resume("killed", workspace=tmp_path, compute="inline").wait(LIMIT_S)
        assert log.read_bytes() == cut, "the log has one writer"
        holder.kill()  # the operating system frees the lock of a process that dies
    assert resume("killed", workspace=tmp_path, compute="inline").wait(LIMIT_S).status == "Completed"


def test_a_worker_that_dies_costs_nothing_but_time(cluster: Any, undisturbed: Any, tmp_path: Path) -> None:
    """Both workers are killed in the middle of the job, one after the other."""
    job = submit(make_spec(name="killed", **SETTINGS), workspace=tmp_path, compute=cluster)
    for n_ended in (3, 8):
        reached = job._feed.wait_for(lambda h, n=n_ended: sum(len(t.folds) for t in h.trials.values()) >= n, LIMIT_S)
        assert reached
        pids = cluster.run(os.getpid, on_error="ignore")
        busy = {worker for worker, tasks in cluster.processing().items() if tasks} & set(pids)
        victim = pids[min(busy or pids)]
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    assert job.wait(LIMIT_S).status == "Completed"
    pd.testing.assert_frame_equal(board(job), board(undisturbed), check_exact=True)
    cluster.wait_for_workers(2, timeout=LIMIT_S)


@pytest.mark.parametrize(("seed", "minutes"), [(0, 0.01), (1, 0.02), (2, 0.04), (3, 0.06), (4, 0.1)])
def test_time_that_runs_out_leaves_a_model(seed: int, minutes: float, tmp_path: Path) -> None:
    """Every learner is in play, so the limit strikes in the middle of whatever fit it finds."""
    table = table_for("kind", n=600, seed=seed)
    job = submit(
        make_spec("kind", data=table, random_state=seed, limits={"timeout_minutes": minutes}, training={}),
        workspace=tmp_path,
        compute="inline",
    ).wait(LIMIT_S)
    assert job.status == "Completed"
    assert job.history.limit == "timeout_minutes"
    assert not any(t.is_open for t in job.trials)
    assert job.history.model.final
    proba = job.model.predict_proba(table.drop(columns="kind"))
    assert proba.shape == (600, 3)
    assert np.allclose(proba.sum(axis=1), 1)
    read_log(job.path)


#: a job whose process ends by itself while it runs; what is called at exit takes a while, as the end of workers does
LEAVING = """
import atexit, json, sys
from automl_jupyter.client import submit
from automl_jupyter.testing.quick import make_spec

job = submit(make_spec(name="killed", **json.loads(sys.argv[2])), workspace=sys.argv[1], compute="inline")
assert job._feed.wait_for(lambda h: any(t.folds for t in h.trials.values()), 60)
atexit.register(job._controller.released.wait, 60)
"""


def test_a_job_whose_process_ends_by_itself_goes_on(undisturbed: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVING, str(tmp_path), json.dumps(SETTINGS)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("*/killed")
    before = read_log(folder)
    assert not {e["kind"] for e in before} & {"limit_reached", "job_ended"}
    job = resume("killed", workspace=tmp_path, compute="inline").wait(LIMIT_S)
    assert_nothing_was_lost(folder, before, job, undisturbed)
