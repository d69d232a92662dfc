"""What a cell would be refused for, before it runs."""

from __future__ import annotations

from typing import Any

from automl_jupyter.client.cell import parse_cell_arguments
from automl_jupyter.errors import AutoMLError, SpecError
from automl_jupyter.spec.parse import parse_cell
from automl_jupyter.tasks import check_trainable

#: how an ``%%automl`` cell begins
MAGIC = "%%automl"


def check_cell(text: str) -> list[dict[str, Any]]:
    """Return the problems of a cell's text, the data left aside: these only the kernel has.

    Parameters
    ----------
    text : str
        The whole cell, its first line too.

    Returns
    -------
    list of dict
        ``line`` (of the cell, from 1), ``where`` (the field) and ``message``; empty for a cell of another kind.

    Examples
    --------
    >>> check_cell("%%automl\\ntask: regresion")[0]["line"]
    2
    >>> check_cell("print(1)")
    []
    """
    lines = text.split("\n")
    n_blank = next((i for i, line in enumerate(lines) if line.strip()), 0)  # IPython leaves them out
    body = "\n".join(lines[n_blank + 1 :])
    words = lines[n_blank].split(maxsplit=1)
    if not words or words[0] != MAGIC:
        return []
    line = "".join(words[1:])
    try:
        spec = parse_cell(body, parse_cell_arguments(line).options)
        spec.check()
        check_trainable(spec)
    except SpecError as error:
        problems = error.problems
        return [{"line": n_blank + 1 + (p.line or 0), "where": p.where, "message": p.message} for p in problems]
    except AutoMLError as error:
        return [{"line": n_blank + 1, "where": "", "message": str(error)}]
    return []
