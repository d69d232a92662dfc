"""Jupyter for tests: servers of their own, and a notebook driven through JupyterLab's own commands."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import urlopen

START_S = 90
ROOT = Path(__file__).resolve().parents[2]
#: JupyterLab's extension, built by `make web`
ASSETS = ROOT / "automl_jupyter" / "labextension"


class JupyterServer:
    """A Jupyter server in a process of its own.

    Parameters
    ----------
    root : Path
        Its folder: configuration, runtime files, and ``server.log``.
    module : str
        What is run: ``jupyter_server``, ``jupyterlab``.
    options : mapping
        Its settings, by their full names.
    env : mapping
        Environment variables beside those of this process, of which Jupyter's own are left out.
    config : str, default ""
        The text of a configuration file.
    python : Path, optional
        Another interpreter than this one.
    """

    def __init__(
        self,
        root: Path,
        module: str,
        options: Mapping[str, object],
        env: Mapping[str, str],
        *,
        config: str = "",
        python: Path | None = None,
    ) -> None:
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        (root / "config.py").write_text(config)
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False,
            **options,
        }
        command = [str(python or sys.executable), "-m", module, "--allow-root", f"--config={root / 'config.py'}"]
        command += [f"--{name}={value}" for name, value in options.items()]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JPY_", "JUPYTER_", "MPLBACKEND"))}
        kept |= {f"JUPYTER_{name}": str(root / name.lower()) for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")}
        self.log = open(root / "server.log", "wb")  # noqa: SIM115 closed with the server
        self.process = subprocess.Popen(command, cwd=root, env={**kept, **env}, stdout=self.log, stderr=self.log)

    def wait_until_up(self) -> Self:
        """Wait until it answers, whatever it answers.

        Raises
        ------
        RuntimeError
            When it ends instead, or says nothing for long.
        """
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urlopen(f"http://127.0.0.1:{self.port}/", timeout=2).close()
            except HTTPError:
                return self
            except OSError:
                time.sleep(0.1)
            else:
                return self
        raise RuntimeError("The server did not start:\n" + (self.root / "server.log").read_text()[-3000:])

    def stop(self) -> None:
        """End it and its kernels."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Lab(JupyterServer):
    """A JupyterLab server in folders of its own.

    Parameters
    ----------
    root : Path
        An empty folder for all it writes.
    python : Path, optional
        An interpreter with the project installed; without it the project is taken as it stands here.
    workspace : Path, optional
        The folder of its jobs; by default one in `root`.
    config : str, default ""
        The text of a configuration file.
    """

    def __init__(
        self, root: Path, python: Path | None = None, *, workspace: Path | None = None, config: str = ""
    ) -> None:
        self.token = secrets.token_hex(16)
        self.workspace = workspace or root / "automl_jobs"
        self.notebooks = root / "notebooks"
        self.notebooks.mkdir()
        options = {
            "ServerApp.root_dir": self.notebooks,
            "IdentityProvider.token": self.token,
            "ExtensionApp.open_browser": False,
            "LabApp.expose_app_in_browser": True,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "LabApp.user_settings_dir": _write_settings(root),
            "LabApp.workspaces_dir": root / "workspaces",
        }
        env = {
            "IPYTHONDIR": str(root / "ipython"),
            "AUTOML_JOBS": str(self.workspace),
            "XDG_STATE_HOME": str(root / "state"),
        }
        if python is None:
            env |= {"PYTHONPATH": str(ROOT), "JUPYTER_PATH": str(_link_extension(root))}
        else:
            env |= {"PYTHONPATH": "", "JUPYTERLAB_DIR": str(Path(sys.prefix) / "share" / "jupyter" / "lab")}
        super().__init__(root, "jupyterlab", options, env, config=config, python=python)

    def write_notebook(self, name: str, cells: list[str]) -> Path:
        """Write a notebook of code cells."""
        content = {
            "cells": [
                {"cell_type": "code", "id": f"cell-{i}", "metadata": {}, "outputs": [], "execution_count": None,
                 "source": source}
                for i, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }  # fmt: skip
        path = self.notebooks / name
        path.write_text(json.dumps(content))
        return path


def _write_settings(root: Path) -> Path:
    folder = root / "settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    (folder / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    return root / "settings"


def _link_extension(root: Path) -> Path:
    """Put the extension that was built here in JupyterLab's way, before any that is installed."""
    share = root / "share"
    (share / "labextensions").mkdir(parents=True)
    (share / "labextensions" / "automl-jupyter").symlink_to(ASSETS)
    config = root / "config_dir" / "jupyter_server_config.d"
    config.mkdir(parents=True)
    shutil.copy(ROOT / "automl_jupyter" / "server" / "jupyter_server_config.json", config / "automl_jupyter.json")
    return share


class Notebook:
    """A notebook open in JupyterLab."""

    def __init__(self, lab: Lab, page: Any, name: str) -> None:
        self.lab, self.page, self.name = lab, page, name
        self.hosts: set[str] = set()
        page.on("request", lambda request: self.hosts.add(urlparse(request.url).hostname or ""))
        self.workspace = secrets.token_hex(4)

    def open(self) -> Notebook:
        """Open it, and wait until its kernel answers."""
        address = f"http://127.0.0.1:{self.lab.port}/lab/workspaces/{self.workspace}/tree/{self.name}"
        self.page.goto(f"{address}?token={self.lab.token}")
        return self.wait_until_ready()

    def wait_until_ready(self) -> Notebook:
        """Wait until the notebook is shown and its kernel answers."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.context?.path", timeout=START_S * 1000
        )
        self.page.evaluate(
            """async () => {
              const panel = window.jupyterapp.shell.currentWidget;
              await panel.context.ready;
              await panel.sessionContext.ready;
              await panel.sessionContext.session.kernel.info;
            }"""
        )
        return self

    def start(self, index: int) -> None:
        """Run a cell and do not wait for it."""
        self.page.evaluate(
            """(index) => {
              const app = window.jupyterapp;
              app.shell.currentWidget.content.activeCellIndex = index;
              app.commands.execute("notebook:run-cell");
            }""",
            index,
        )

    def run(self, index: int, timeout_s: float = 60) -> str:
        """Run a cell, wait for its end, and return the text of its output."""
        self.start(index)
        self.wait_for_cell(index, timeout_s)
        return self.text(index)

    def wait_for_cell(self, index: int, timeout_s: float = 60) -> None:
        """Wait until a cell has ended."""
        self.page.wait_for_function(
            """(index) => {
              const model = window.jupyterapp.shell.currentWidget.content.widgets[index].model;
              return model.executionCount !== null && model.executionState !== "running";
            }""",
            arg=index,
            timeout=timeout_s * 1000,
        )

    def is_running(self, index: int) -> bool:
        """Whether a cell has not ended."""
        state: str = self.page.evaluate(
            "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].model.executionState", index
        )
        return state == "running"

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell, as they would be saved."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """(index) => {
              const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
              return cell.model.sharedModel.toJSON().outputs;
            }""",
            index,
        )
        return found

    def text(self, index: int) -> str:
        """What a cell printed, or the message of the error it ended with."""
        parts = []
        for output in self.outputs(index):
            text = output.get("text") or output.get("evalue") or output.get("data", {}).get("text/plain") or ""
            parts.append("".join(text))
        return "".join(parts)

    def command(self, name: str) -> None:
        """Execute one of Lab's commands."""
        self.page.evaluate("(name) => window.jupyterapp.commands.execute(name)", name)

    def cell(self, index: int) -> Any:
        """The cell on the page."""
        self.page.evaluate(
            "(index) => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'center')", index
        )
        return self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')
