"""Names in the notebook: a job takes one, and never one that holds something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter._core.text import plain
from automl_jupyter.errors import Problem, SpecError


def is_handle(value: object) -> bool:
    """Return whether a value is the handle of a job."""
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in ("snapshot", "subscribe", "cancel")
    )


def check_free(namespace: Mapping[str, Any], name: str) -> None:
    """Raise when a job under this name would replace something that is not a job.

    Raises
    ------
    SpecError
        Naming what is there and another name to take.

    Examples
    --------
    >>> check_free({"bank": None}, "bank")
    """
    present = namespace.get(name)
    if present is None or is_handle(present):
        return
    kind = plain(type(present).__name__, most=60)
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    message = (
        f"{name!r} is {article} {kind} in this notebook, and the job would take its place."
        f" Give the job another name, for example {name + '_job'!r}."
    )
    raise SpecError([Problem("name", message)])


def bind(shell: Any, name: str, job: Any) -> None:
    """Bind a job to a name of the notebook.

    Raises
    ------
    SpecError
        When the name holds something that is not a job.
    """
    check_free(shell.user_ns, name)
    shell.user_ns[name] = job
