"""Which workspaces there are: each remembers itself in the user's own folder when a job begins in it.

Jobs lie beside the notebooks they were started from, wherever these are; whoever shows all of a user's jobs looks here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from automl_jupyter._core.files import read_json, write_json


def workspace_key(workspace: Path) -> str:
    """Return a short name of a workspace, fit for an address.

    Examples
    --------
    >>> len(workspace_key(Path("/data/automl_jobs")))
    12
    """
    return hashlib.sha256(str(workspace.resolve()).encode(errors="surrogateescape")).hexdigest()[:12]


def remember_workspace(workspace: Path) -> None:
    """Make a workspace known; where the user's folder cannot be written to, it is not."""
    with contextlib.suppress(OSError):
        file = _folder() / f"{workspace_key(workspace)}.json"
        if not file.exists():
            write_json(file, {"path": str(workspace.resolve())})


def known_workspaces() -> list[Path]:
    """Return the workspaces that are known and can be looked at; those that are gone are forgotten."""
    found = []
    for file in sorted(_folder().glob("*.json")):
        try:
            path = Path(read_json(file)["path"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if file.stem == workspace_key(path) and os.path.isdir(path):
            found.append(path)
        elif _is_gone(path):
            with contextlib.suppress(OSError):
                file.unlink()
    return found


def _is_gone(path: Path) -> bool:
    """Return whether there is nothing; what may not be looked at now may be there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("automl_jupyter") / "workspaces"
