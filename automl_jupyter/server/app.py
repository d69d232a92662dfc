"""The server extension: which workspaces it shows, and at which addresses."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import List, Unicode

from automl_jupyter.server.jobs import Jobs
from automl_jupyter.store.folder import workspace_folder


class AutoMLServer(ExtensionApp):
    """Shows jobs to the pages of this server.

    Configured like the server itself, as ``AutoMLServer.workspaces`` in its configuration files or on its command line.
    """

    name = "automl_jupyter"
    extension_url = "/automl-jupyter"
    load_other_extensions = True

    workspaces = List(
        Unicode(), config=True, help="Folders of jobs to show beside those that jobs of this user were started in."
    )

    def initialize_settings(self) -> None:
        """Find the folders of jobs."""
        assert self.serverapp is not None
        root = Path(self.serverapp.root_dir)
        here = workspace_folder(os.environ.get("AUTOML_JOBS") or root / "automl_jobs")
        further = [root / workspace_folder(path) for path in self.workspaces]
        proxy = f"{self.serverapp.base_url}proxy/" if find_spec("jupyter_server_proxy") else ""
        self.settings["automl_jupyter_jobs"] = Jobs([here, *further], proxy)

    def initialize_handlers(self) -> None:
        """Add the addresses."""
        from automl_jupyter.server.handlers import ROUTES

        routes: list[Any] = [(rf"/automl-jupyter/api/{path}", handler) for path, handler in ROUTES]
        self.handlers.extend(routes)
