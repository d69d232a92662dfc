"""Where a job can be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl_jupyter.client.page import page_address
from automl_jupyter.store.known import workspace_key


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a server's runtime folder; the process that started this one is its server."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", "123")
    monkeypatch.delenv("JUPYTERHUB_PUBLIC_URL", raising=False)
    return tmp_path


def test_a_kernel_of_a_server_names_the_page_there_and_no_token(served: Path, tmp_path: Path) -> None:
    (served / "jpserver-123.json").write_text('{"url": "http://localhost:8888/user/ann/", "token": "secret"}')
    folder = tmp_path / "jobs" / "birds" / "a b"
    expected = f"http://localhost:8888/user/ann/lab?automl-job={workspace_key(tmp_path / 'jobs')}/a%20b"
    assert page_address(folder) == expected


def test_behind_a_hub_the_public_address_counts(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (served / "jpserver-123.json").write_text('{"url": "http://10.0.0.3:8888/user/ann/"}')
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example.org/user/ann/")
    assert page_address(served / "jobs/a/b").startswith("https://hub.example.org/user/ann/lab?automl-job=")


@pytest.mark.parametrize("note", [None, "", "[]", "{}"])
def test_elsewhere_the_folder_is_named(served: Path, note: str | None) -> None:
    if note is not None:
        (served / "jpserver-123.json").write_text(note)
    assert page_address(served / "jobs/a/b") == (served / "jobs/a/b").as_uri()
