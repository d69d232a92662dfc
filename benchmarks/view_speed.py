"""What the live view and the panel cost: a job of a thousand trials, and a page that scrolls through it.

Run with ``.venv/bin/python benchmarks/view_speed.py``. The page needs Chromium; without one its line is left out.
"""

from __future__ import annotations

import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from features import make_table  # beside this file

from automl_jupyter import automl
from automl_jupyter.client.updates import make_delta
from automl_jupyter.jobs.feed import Feed
from automl_jupyter.notebook.panel_widget import PanelWidget
from automl_jupyter.notebook.widget import script_of
from automl_jupyter.results.snapshot import snapshot
from automl_jupyter.results.words import presentable
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import History, apply

_STATIC = Path(automl.__file__).parents[1] / "notebook" / "static"
_METRICS = {f"metric_{k}": 0.5 + k / 100 for k in range(20)}


def tell(history: History, number: int) -> History:
    """Return the history after one more trial of three folds: nine events."""
    at = float(number)
    story: list[Any] = [
        ev.TrialQueued(number=number, learner="LightGBM", params={"num_leaves": 31, "x": 0.5}, n_folds=3)
    ]
    for fold in range(3):
        metrics = {**_METRICS, "accuracy": 0.8 + (number * 7919 % 1000) / 10_000}
        story.append(ev.FoldStarted(number=number, fold=fold))
        story.append(
            ev.FoldEnded(number=number, fold=fold, metrics=metrics, fit_s=0.2, predict_s=0.01, n_train=800, n_valid=400)
        )
    story.append(ev.TrialEnded(number=number, state="complete"))
    for event in story:
        history = apply(history, ev.replace(event, elapsed_s=at) if hasattr(ev, "replace") else event)
    return history


def make_history(n_trials: int) -> History:
    """Return the history of a job with so many complete trials."""
    plan = {"metric": {"name": "accuracy", "greater_is_better": True}, "limits": {"max_trials": 5000}}
    history = History(name="bench", task="classification", status="Running", plan=plan)
    for number in range(n_trials):
        history = tell(history, number)
    return history


def updates() -> None:
    """Print what an update of the view costs the kernel, and how large its message is."""
    for n in (10, 100, 1000):
        history = make_history(n)
        shown = presentable(snapshot(history))
        costs, sizes = [], []
        for more in range(10):
            history = tell(history, n + more)
            started = time.perf_counter()
            now = presentable(snapshot(history))
            message = json.dumps(make_delta(shown, now))
            costs.append(time.perf_counter() - started)
            sizes.append(len(message))
            shown = now
        print(
            f"{n:5d} trials: an update {1000 * statistics.median(costs):.1f} ms, message {statistics.median(sizes):.0f}"
            f" bytes (whole state {len(json.dumps(shown)) / 1000:.0f} kB)"
        )


def rate() -> None:
    """Print how many updates a page gets while events come as fast as they can be folded."""
    history, feed, told = make_history(10), Feed(), []
    stop = feed.subscribe(lambda h: told.append(h.n_events))
    started, n = time.perf_counter(), 10
    while time.perf_counter() - started < 3:
        history = tell(history, n)
        feed.publish(history)
        n += 1
    stop()
    seconds = time.perf_counter() - started
    print(f"{8 * (n - 10) / seconds:,.0f} events a second: {len(told) / seconds:.1f} updates a second")


def panel() -> None:
    """Print how long a panel takes once the table is there."""
    table = make_table(100_000).assign(y=lambda t: (t["number0"] > 0).map({True: "yes", False: "no"}))
    automl.panel("small", namespace={"small": table.head(100)})
    started = time.perf_counter()
    PanelWidget(automl.panel("table", "y", namespace={"table": table}))
    print(f"panel of {table.shape[0]:,} × {table.shape[1]}: {1000 * (time.perf_counter() - started):.0f} ms")


def scrolling() -> None:
    """Print how many frames a second a leaderboard of a thousand rows scrolls at."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return
    from playwright.sync_api import sync_playwright

    shown = presentable(snapshot(make_history(1000)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_content(f"<style>{(_STATIC / 'live.css').read_text()}</style><div id='cell'></div>")
        found = page.evaluate(
            """async ([code, snapshot]) => {
              const module = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(code));
              const model = { get: () => snapshot, set() {}, on() {}, off() {}, send() {} };
              const started = performance.now();
              module.default.render({ model, el: document.getElementById("cell") });
              const box = document.querySelector(".amlj-scroll");
              box.getBoundingClientRect();
              const first = performance.now() - started;
              const from = performance.now();
              let frames = 0;
              while (performance.now() - from < 3000) {
                box.scrollTop = (box.scrollTop + 40) % (box.scrollHeight - box.clientHeight);
                await new Promise(requestAnimationFrame);
                frames += 1;
              }
              const rate = (1000 * frames) / (performance.now() - from);
              return [first, rate, document.querySelectorAll("tbody tr").length];
            }""",
            [script_of("live"), shown],
        )
        browser.close()
    print(f"{found[2]:,} rows: first drawn in {found[0]:.0f} ms, scrolls at {found[1]:.0f} frames a second")


if __name__ == "__main__":
    updates()
    rate()
    panel()
    scrolling()
