"""What a workspace of a thousand jobs costs the server: the list, one job, and a panel in which nothing happens.

Run with ``.venv/bin/python benchmarks/many_jobs.py [--jobs 1000] [--trials 200]``. Requests go over HTTP to a server of
their own, as a page makes them; where there is a Chromium, job pages are opened in JupyterLab, too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from automl_jupyter._core.jsonl import Writer
from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.known import workspace_key
from automl_jupyter.store.summary import write_summary

_METRICS = {f"metric_{k}": 0.5 + k / 100 for k in range(20)}
_PLAN = {"metric": {"name": "accuracy", "greater_is_better": True}, "limits": {"max_trials": 5000}}
#: seconds an idle panel is listened to
_IDLE_S = 20


def write_job(folder: Path, n_trials: int) -> None:
    """Write the log of a complete job."""
    writer = Writer(folder / "events.jsonl")
    name, experiment = folder.name, folder.parent.name
    story: list[Any] = [
        ev.JobCreated(name=name, experiment_name=experiment, display_name=None, task="classification", spec={}),
        ev.PlanMade(plan=_PLAN),
        ev.StatusChanged(status="Running"),
    ]
    for number in range(n_trials):
        story.append(ev.TrialQueued(number=number, learner="LightGBM", params={"num_leaves": 31}, n_folds=3))
        for fold in range(3):
            metrics = {**_METRICS, "accuracy": 0.8 + (number * 7919 % 1000) / 10_000}
            story.append(ev.FoldStarted(number=number, fold=fold))
            times = {"fit_s": 0.2, "predict_s": 0.01, "n_train": 800, "n_valid": 400}
            story.append(ev.FoldEnded(number=number, fold=fold, metrics=metrics, **times))
        story.append(ev.TrialEnded(number=number, state="complete"))
    story.append(ev.JobEnded(status="Completed"))
    for seq, event in enumerate(story):
        writer.append(ev.to_record(replace(event, seq=seq, elapsed_s=float(seq))))
    writer.close()


def make_workspace(root: Path, n_jobs: int, n_trials: int) -> Path:
    """Return a workspace of jobs whose logs differ in their name alone."""
    workspace = root / "automl_jobs"
    for number in range(n_jobs):
        folder = workspace / f"experiment{number % 10}" / f"job{number:04}"
        folder.mkdir(parents=True)
        if number == 0:
            write_job(folder, n_trials)
            text = (folder / "events.jsonl").read_text()
        else:
            told = text.replace('"job0000"', f'"{folder.name}"').replace('"experiment0"', f'"{folder.parent.name}"')
            (folder / "events.jsonl").write_text(told)
        if number == 0:
            history = JobFolder(folder).history()
        write_summary(JobFolder(folder), replace(history, name=folder.name, experiment_name=folder.parent.name))
    return workspace


def main() -> int:
    """Print what each request takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        workspace = make_workspace(Path(root), asked.jobs, asked.trials)
        size = sum(f.stat().st_size for f in workspace.rglob("events.jsonl"))
        print(f"{asked.jobs} jobs of {asked.trials} trials, logs of {size / 1e6:,.0f} MB")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "jupyterlab", "--allow-root", f"--ServerApp.port={port}"]
        command += ["--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"]
        command += ["--IdentityProvider.token=t", "--ServerApp.jpserver_extensions=automl_jupyter.server=True"]
        command += [f"--ServerApp.root_dir={root}", "--ServerApp.open_browser=False"]
        env = {**os.environ, "AUTOML_JOBS": str(workspace), "XDG_STATE_HOME": str(Path(root) / "state")}
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            measure(f"http://127.0.0.1:{port}/automl-jupyter/api/", workspace_key(workspace))
            if chromium := shutil.which("chromium") or shutil.which("google-chrome"):
                measure_pages(chromium, f"http://127.0.0.1:{port}/lab?token=t&reset", workspace_key(workspace))
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(workspace)
    return 0


def measure(url: str, key: str) -> None:
    """Ask a server and print what it took."""
    client = httpx.Client(headers={"Authorization": "token t"}, timeout=120)
    for _ in range(300):
        try:
            client.get(url + "schema").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)

    def timed(path: str) -> tuple[float, int]:
        started = time.perf_counter()
        answer = client.get(url + path)
        answer.raise_for_status()
        return 1000 * (time.perf_counter() - started), len(answer.content)

    first, size = timed("jobs")
    again = statistics.median(timed("jobs")[0] for _ in range(10))
    print(f"list: {first:.0f} ms the first time, {again:.0f} ms again; {size / 1000:.0f} kB")
    first, size = timed(f"jobs/{key}/job0042")
    others = statistics.median(timed(f"jobs/{key}/job{number:04}")[0] for number in range(1, 11))
    again = statistics.median(timed(f"jobs/{key}/job0042")[0] for _ in range(10))
    print(f"job: the first {first:.0f} ms, another {others:.0f} ms, again {again:.0f} ms; {size / 1000:.0f} kB")
    more = 0
    with client.stream("GET", url + "jobs/stream", timeout=httpx.Timeout(120, read=_IDLE_S)) as stream:
        chunks = stream.iter_bytes()
        while not next(chunks).endswith(b"\n\n"):  # the list
            pass
        with contextlib.suppress(httpx.ReadTimeout):
            more += len(next(chunks, b""))
    print(f"a panel in which nothing happens: {more} bytes in {_IDLE_S} s")
    client.close()


#: opens a job's page and says after how many milliseconds its leaderboard is painted
_OPEN = """
async ([workspace, name]) => {
  const started = performance.now();
  const found = new Promise((resolve) => {
    const look = () => {
      const page = [...document.querySelectorAll(".amlj-page")].find((p) => p.isConnected && p.offsetParent);
      const title = page?.querySelector(".amlj-title")?.textContent;
      if (title === name && page.querySelector("tbody tr")) requestAnimationFrame(() => setTimeout(resolve, 0));
      else requestAnimationFrame(look);
    };
    look();
  });
  window.jupyterapp.commands.execute("automl:open-job", {workspace, name});
  await found;
  return performance.now() - started;
}
"""


def measure_pages(chromium: str, address: str, key: str) -> None:
    """Open JupyterLab, the side panel and job pages, and print what that took."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(address)
        page.wait_for_function("() => window.jupyterapp", timeout=120_000)
        page.evaluate("() => window.jupyterapp.restored")
        page.evaluate("() => window.jupyterapp.shell.activateById('automl-jobs')")
        page.locator(".amlj-side-job").first.wait_for()
        first, *others = (page.evaluate(_OPEN, [key, f"job{number:04}"]) for number in range(900, 911))
        print(f"job page to its first paint: the first {first:.0f} ms, another {statistics.median(others):.0f} ms")
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
