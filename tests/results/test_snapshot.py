"""What a page is told of a job."""

from __future__ import annotations

import pytest

from automl_jupyter.jobs.cluster import dashboard_of
from automl_jupyter.results.snapshot import snapshot
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import replay


def dashboard(address: str, *more: ev.Event) -> object:
    return snapshot(replay([ev.WorkersChanged(n_workers=1, dashboard=address), *more]))["dashboard"]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8787/status", "https://[::1]:1/x", "/user/ann/proxy/8787/status"]
)
def test_a_running_job_names_the_dashboard_of_its_cluster(address: str) -> None:
    assert dashboard(address) == address
    assert dashboard(address, ev.JobEnded(status="Completed")) == ""


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil.example/x",
        "data:text/html,x",
        "http://",
        "http://h:999999/",
        "http://[",
        "status",
    ],
)
def test_no_page_links_to_what_a_log_should_not_hold(address: str) -> None:
    assert dashboard(address) == ""


def test_a_cluster_without_bokeh_has_no_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        dashboard_link = "http://127.0.0.1:8787/status"

    for found, expected in ((object(), Client.dashboard_link), (None, "")):
        monkeypatch.setattr("automl_jupyter.jobs.cluster.find_spec", lambda name, found=found: found)
        assert dashboard_of(Client()) == expected  # type: ignore[arg-type]


def test_what_follows_the_search_is_not_paused() -> None:
    asked = [ev.StatusChanged(status="Running"), ev.RequestReceived(request="pause")]
    assert snapshot(replay(asked))["paused"]
    assert not snapshot(replay([*asked, ev.StatusChanged(status="Finalizing")]))["paused"]
