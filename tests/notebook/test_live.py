from __future__ import annotations

import contextvars
import gc
import json
import threading
import weakref
from functools import partial

import pytest

from automl_jupyter.client.desk import act, answer
from automl_jupyter.client.updates import shown_snapshot
from automl_jupyter.notebook import live
from automl_jupyter.notebook.html import MIME, make_bundle
from automl_jupyter.notebook.live import LiveSurface, StaticSurface, Watch, make_surface
from automl_jupyter.notebook.place import Place
from automl_jupyter.notebook.text import TextSurface
from automl_jupyter.notebook.widget import LiveWidget

WIDGET = "application/vnd.jupyter.widget-view+json"


class Recorder:
    """A surface that writes down what it is asked to show."""

    def __init__(self):
        self.said = []

    def open(self, snapshot):
        self.said.append(("open", snapshot["status"]))

    def push(self, snapshot):
        self.said.append(("push", snapshot["status"]))

    def close(self, snapshot):
        self.said.append(("close", snapshot["status"]))


def test_a_watch_tells_the_story_once_and_lets_go_of_the_job(make_job):
    job, surface = make_job(), Recorder()
    watch = Watch(job, surface).start()
    job.tell()
    job.end()
    watch.finish()
    job.tell(status="Running")
    assert surface.said == [("open", "Running"), ("push", "Running"), ("close", "Completed")]
    assert job.listeners == []


def test_a_job_that_is_over_already_is_shown_and_not_followed(make_job):
    job, surface = make_job(status="Completed", over=True), Recorder()
    Watch(job, surface).start()
    assert surface.said == [("open", "Completed"), ("close", "Completed")]
    assert job.listeners == []


def test_a_job_that_nobody_runs_is_shown_as_such_and_not_followed(make_job):
    job, surface = make_job(status="NotResponding"), Recorder()
    Watch(job, surface).start()
    assert surface.said[-1] == ("close", "NotResponding")
    assert "%automl resume bank" in shown_snapshot(job)["reason"]
    assert job.listeners == []


def test_a_job_that_ends_while_it_is_subscribed_to_is_let_go(make_job):
    job, surface = make_job(), Recorder()
    subscribe = job.subscribe

    def ending(listener):
        unsubscribe = subscribe(listener)
        job.end()
        return unsubscribe

    job.subscribe = ending
    Watch(job, surface).start()
    assert surface.said == [("open", "Running"), ("close", "Completed")]
    assert job.listeners == []


def test_a_page_that_is_gone_ends_the_view_and_not_the_job(make_job, caplog):
    class Gone(Recorder):
        def push(self, snapshot):
            raise OSError("the page is closed")

    job = make_job()
    watch = Watch(job, Gone()).start()
    job.tell()
    assert watch.closed
    assert job.listeners == []
    assert "the job goes on" in caplog.text


def test_what_is_shown_from_another_thread_belongs_to_the_cell_that_started_it(make_job):
    cell, seen = contextvars.ContextVar("cell", default="none"), []

    class Looks(Recorder):
        def push(self, snapshot):
            seen.append(cell.get())

    token = cell.set("the cell")
    job = make_job()
    Watch(job, Looks()).start()
    cell.reset(token)
    thread = threading.Thread(target=job.tell)
    thread.start()
    thread.join()
    assert seen == ["the cell"]


def test_two_threads_at_once_show_one_end(make_job):
    job, surface = make_job(), Recorder()
    watch = Watch(job, surface).start()
    threads = [threading.Thread(target=f) for f in (job.end, watch.finish, job.end, watch.finish)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [kind for kind, _ in surface.said].count("close") == 1


def test_a_watch_of_a_job_that_is_over_is_freed(make_job):
    job = make_job()
    watch = weakref.ref(Watch(job, Recorder()).start())
    job.end()
    gc.collect()
    assert watch() is None


@pytest.mark.parametrize(
    ("place", "surface"),
    [(Place.NOTEBOOK, LiveSurface), (Place.HEADLESS, StaticSurface), (Place.TERMINAL, TextSurface)],
)
def test_each_place_has_its_surface(make_job, place, surface):
    assert type(make_surface(make_job(), place)) is surface


def test_the_widget_is_shown_with_html_and_text_beside_it_and_replaced_at_the_end(make_job, published):
    job = make_job()
    watch = Watch(job, LiveSurface(job)).start()
    job.tell(best={"label": "LightGBM", "text": "0.9", "value": 0.9, "number": 1})
    assert len(published) == 1
    first = published[0]
    assert set(first["data"]) == {WIDGET, "text/html", "text/plain"}
    assert "bank" in first["data"]["text/html"]
    job.end()
    last = published[-1]
    assert last["update"]
    assert last["transient"] == first["transient"]
    assert set(last["data"]) == {MIME, "text/html", "text/plain"}
    assert last["data"][MIME]["best"]["label"] == "LightGBM"
    assert "Completed" in last["data"]["text/plain"]
    assert watch.closed


def test_the_widget_keeps_the_last_state_for_a_page_that_was_reloading(make_job, published):
    job = make_job()
    surface = LiveSurface(job)
    Watch(job, surface).start()
    job.end()
    assert surface._widget.snapshot["over"] is True


def test_plain_html_is_redrawn_at_most_every_two_seconds(make_job, published, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live, "monotonic_s", lambda: now[0])
    job = make_job()
    Watch(job, StaticSurface(job)).start()
    for _ in range(12):
        now[0] += 0.5
        job.tell()
    assert len([p for p in published if p.get("update")]) == 3
    job.end()
    assert "Completed" in published[-1]["data"]["text/plain"]


def test_a_click_on_stop_puts_the_request_and_nothing_else(make_job):
    job = make_job()
    widget = LiveWidget(job.snapshot(), act=partial(act, job), answer=partial(answer, job))
    for content in ({"type": "cancel"}, {"type": "other"}, None, [1], {}):
        widget._handle_custom_msg(content, [])
    assert job.cancelled == 1


def test_an_older_snapshot_does_not_replace_a_newer_one():
    widget = LiveWidget({"seq": 5, "name": "new"}, act=lambda _: "", answer=lambda _: {})
    widget.replace({"seq": 4, "name": "old"})
    assert widget.snapshot["name"] == "new"
    widget.replace({"seq": 5, "name": "same"})
    assert widget.snapshot["name"] == "same"


def test_the_widget_loads_nothing_from_elsewhere():
    widget = LiveWidget({"seq": 1}, act=lambda _: "", answer=lambda _: {})
    code = f"{widget._esm}{widget._css}".replace("http://www.w3.org/2000/svg", "")
    assert "http" not in code
    assert "import " not in code
    assert "innerHTML" not in code


def test_what_the_widget_is_sent_is_json_even_when_the_snapshot_is_not(make_job, published):
    job = make_job(rows=[{"label": "x", "value": float("nan"), "params": {"f": float("inf"), 3: {1, 2}}}])
    surface = LiveSurface(job)
    Watch(job, surface).start()
    sent = json.loads(json.dumps(surface._widget.snapshot, allow_nan=False))
    assert sent["rows"][0] == {"label": "x", "value": None, "params": {"f": None, "3": [1, 2]}}


def test_the_bundle_of_a_saved_notebook_keeps_a_bounded_leaderboard():
    rows = [{"rank": i, "number": i, "label": f"m{i}", "state": "complete"} for i in range(200)]
    bundle = make_bundle({"name": "bank", "rows": rows, "n_rows_total": 200})
    assert len(bundle[MIME]["rows"]) == 40
    assert len(bundle["text/html"].encode()) < 50_000


def test_text_says_only_what_is_new(make_job, capsys):
    job = make_job()
    Watch(job, TextSurface()).start()
    job.tell()
    job.tell(counts={"complete": 1, "running": 1}, limits=[{"label": "Trials", "used": 1, "total": 5}])
    job.tell(counts={"complete": 1, "running": 2})
    job.end()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "bank: Running, 0 trials complete.",
        "bank: Running, 1 trial complete. · Trials 1 of 5 · 1 complete, 1 running",
    ]
    assert lines[2] == "bank · classification · Completed"


def test_a_terminal_that_went_on_is_told_the_beginning_and_the_end(make_job, capsys):
    job = make_job()
    Watch(job, make_surface(job, Place.TERMINAL)).start()
    job.tell(counts={"complete": 1})
    job.end()
    assert capsys.readouterr().out.splitlines() == [
        "bank: Running, 0 trials complete.",
        "bank: Completed, 1 trial complete.",
    ]


def test_a_job_that_is_over_is_shown_in_full_in_a_terminal(make_job, capsys):
    job = make_job(status="Completed", over=True, reason="max_trials")
    Watch(job, make_surface(job, Place.TERMINAL)).start()
    assert capsys.readouterr().out.splitlines() == [
        "bank · classification · Completed",
        "The number of trials was reached.",
    ]
