"""How many threads the libraries below Python may use."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any


def limit_threads(limit: int | None, user_api: str | None = None) -> AbstractContextManager[Any]:
    """Return a context in which thread pools have at most so many threads.

    Parameters
    ----------
    limit : int, optional
        Threads; None leaves the pools as they are.
    user_api : {"blas", "openmp"}, optional
        Which pools; all when left out.

    Examples
    --------
    >>> with limit_threads(1, "blas"):
    ...     pass
    """
    context: AbstractContextManager[Any] = _pools(len(sys.modules)).limit(limits=limit, user_api=user_api)
    return context


@lru_cache(maxsize=1)
def _pools(n_modules: int) -> Any:
    """Return the pools there are: finding them takes longer than many a prediction, and new ones come with modules."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()
