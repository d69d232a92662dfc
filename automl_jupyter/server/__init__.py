"""The jobs of the user's workspaces over HTTP, as an extension of Jupyter's own server."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Return what Jupyter's server loads."""
    from automl_jupyter.server.app import AutoMLServer

    return [{"module": "automl_jupyter.server", "app": AutoMLServer}]
