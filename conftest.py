"""Folders of their own for all that pytest runs: the package's doctests, too, beyond `tests/conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder that lives as long as the session: caches in it are built once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session", autouse=True)
def _own_folders(session_home: Path) -> Iterator[None]:
    """Keep jobs, caches and what is remembered of workspaces out of the repository and of the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOML_JOBS", str(session_home / "automl_jobs"))
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        patch.setenv("XDG_STATE_HOME", str(session_home / "state"))
        patch.setenv("MPLCONFIGDIR", str(session_home / "matplotlib"))
        yield
