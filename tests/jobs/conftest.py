"""Caches of jobs that outlive a test, and a cluster of one worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _session_caches(session_home: Path) -> Iterator[None]:
    """Keep the caches of jobs that live as long as the session out of the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        yield


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a Dask client on a single worker process."""
    from distributed import Client, LocalCluster

    folder = str(tmp_path_factory.mktemp("one"))
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", local_directory=folder
        ) as local,
        Client(local, set_as_default=False) as client,
    ):
        yield client
