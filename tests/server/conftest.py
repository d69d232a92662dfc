"""A Jupyter server with the extension, behind a base URL, with two users: one may do everything, one may only look."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from automl_jupyter.testing import quick
from automl_jupyter.testing.users import CONFIG

START_S = 60


class Server:
    """A running server, and what asks it."""

    def __init__(self, root: Path, workspace: Path, *options: str, config: str = CONFIG) -> None:
        self.root, self.workspace = root, workspace
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (root / "config.py").write_text(config)
        self.log = open(root / "server.log", "wb")  # noqa: SIM115 closed with the server
        command = [sys.executable, "-m", "jupyter_server", "--allow-root", f"--config={root / 'config.py'}"]
        command += [
            f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0", "--ServerApp.base_url=/user/ann/",
            f"--ServerApp.root_dir={root}", "--ServerApp.open_browser=False",
            "--ServerApp.jpserver_extensions=automl_jupyter.server=True", *options,
        ]  # fmt: skip
        env = {k: v for k, v in os.environ.items() if not k.startswith(("JPY_", "JUPYTER_"))}
        env |= {f"JUPYTER_{name}_DIR": str(root / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        env |= {"AUTOML_JOBS": str(workspace), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        self.process = subprocess.Popen(command, cwd=root, env=env, stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.port}/user/ann/automl-jupyter/api/"

    def wait_until_up(self) -> Server:
        """Wait until it answers."""
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                httpx.get(self.url + "jobs", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return self
        raise RuntimeError("The server did not start:\n" + (self.root / "server.log").read_text()[-3000:])

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

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


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
