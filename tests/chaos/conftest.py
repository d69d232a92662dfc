"""Caches of jobs that outlive a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _session_caches(session_home: Path) -> Iterator[None]:
    """Keep the caches of jobs that live as long as the session out of the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        yield
