"""Where a job can be looked at."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from jupyter_core.paths import jupyter_runtime_dir

from automl_jupyter._core.files import read_json
from automl_jupyter.store.known import workspace_key


def page_address(folder: Path) -> str:
    """Return the address of a job's page in the JupyterLab that started this kernel; elsewhere that of its folder.

    The address holds no token: whoever opens it must be logged in.

    Parameters
    ----------
    folder : Path
        The job's folder, ``<workspace>/<experiment>/<job>``.

    Examples
    --------
    >>> page_address(Path("/jobs/birds/one"))
    'file:///jobs/birds/one'
    """
    url = _server_url()
    if url is None:
        return folder.as_uri()
    return f"{url}lab?automl-job={workspace_key(folder.parent.parent)}/{quote(folder.name, safe='')}"


def _server_url() -> str | None:
    """Return where the Jupyter server that started this process answers, or None where there is none."""
    if public := os.environ.get("JUPYTERHUB_PUBLIC_URL"):
        return f"{public.rstrip('/')}/"
    # The server leaves this note for as long as it runs; kernels are told its process number.
    note = Path(jupyter_runtime_dir()) / f"jpserver-{os.environ.get('JPY_PARENT_PID', '')}.json"
    try:
        url = read_json(note)["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(url)
