"""Limits of the thread pools below Python."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from automl_jupyter._core import threads
from automl_jupyter._core.threads import limit_threads


def blas_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))  # numpy's pool is there
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_pools_have_the_limit_inside_and_what_they_had_after() -> None:
    with limit_threads(2):
        assert blas_threads() == {2}
        with limit_threads(1, "blas"):
            assert blas_threads() == {1}
        assert blas_threads() == {2}
        with limit_threads(None):
            assert blas_threads() == {2}


def test_pools_are_looked_for_again_only_when_there_are_more_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    with limit_threads(1):
        before = threads._pools.cache_info().misses
    with limit_threads(1):
        assert threads._pools.cache_info().misses == before
    monkeypatch.setitem(sys.modules, "brings_a_pool", ModuleType("brings_a_pool"))
    with limit_threads(1):
        assert threads._pools.cache_info().misses == before + 1
