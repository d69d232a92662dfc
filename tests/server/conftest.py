"""A Jupyter server with the extension, behind a base URL, with two users: one may do everything, one may only look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from automl_jupyter.testing import quick
from automl_jupyter.testing.jupyter import JupyterServer
from automl_jupyter.testing.users import CONFIG


class Server(JupyterServer):
    """A server with the extension, and what asks it."""

    def __init__(
        self, root: Path, workspace: Path, options: Mapping[str, object] | None = None, *, config: str = CONFIG
    ) -> None:
        self.workspace = workspace
        options = {
            "ServerApp.base_url": "/user/ann/",
            "ServerApp.root_dir": root,
            "ServerApp.jpserver_extensions": "automl_jupyter.server=True",
            **(options or {}),
        }
        env = {"AUTOML_JOBS": str(workspace), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        super().__init__(root, "jupyter_server", options, env, config=config)
        self.url = f"http://127.0.0.1:{self.port}/user/ann/automl-jupyter/api/"

    def get(self, path: str, user: str | None = "ann", **options: Any) -> httpx.Response:
        """Return what is at an address."""
        return httpx.get(self.url + path, headers=_headers(user) | options.pop("headers", {}), timeout=30, **options)

    def post(self, path: str, user: str | None = "ann", **options: Any) -> httpx.Response:
        """Post to an address."""
        return httpx.post(self.url + path, headers=_headers(user) | options.pop("headers", {}), timeout=30, **options)

    def stream(self, path: str, user: str = "bob") -> Any:
        """Return the stream at an address, to be entered."""
        return httpx.stream("GET", self.url + path, headers=_headers(user), timeout=60)

    def key(self) -> str:
        """Return the workspace's key."""
        from automl_jupyter.store.known import workspace_key

        return workspace_key(self.workspace)


def _headers(user: str | None) -> dict[str, str]:
    return {} if user is None else {"Authorization": f"token {user}"}


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, session_home: Path) -> Path:
    """Return a workspace with a finished job and a damaged one."""
    workspace = tmp_path_factory.mktemp("served") / "automl_jobs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        quick.run_job(workspace=workspace, name="bank", experiment_name="birds")
    damaged = workspace / "birds" / "torn"
    damaged.mkdir()
    (damaged / "events.jsonl").write_bytes(b'{"kind": "job_created", "v": 1\n\x00\xff garbage\n')
    return workspace


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Iterator[Server]:
    """Return a server that shows the workspace."""
    running = Server(tmp_path_factory.mktemp("server"), workspace)
    try:
        yield running.wait_until_up()
    finally:
        running.stop()
