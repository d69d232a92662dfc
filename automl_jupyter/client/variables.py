"""What a table is called: the notebook's variables, and a name for a table that none of them holds."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import count
from typing import Any

#: what a table is called in a cell when nobody knows its name
_UNNAMED = "df"


def notebook_names() -> Mapping[str, Any]:
    """Return the variables of the notebook this runs in; none outside of one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell.user_ns if shell is not None else {}


def variable_of(data: object, namespace: Mapping[str, Any]) -> str | None:
    """Return the variable that holds a table, or None; those with a leading underscore are not for cells.

    Examples
    --------
    >>> rows = [1, 2]
    >>> variable_of(rows, {"_1": rows, "rows": rows}), variable_of([1, 2], {"rows": rows})
    ('rows', None)
    """
    held = (name for name, value in list(namespace.items()) if value is data and not name.startswith("_"))
    return next(held, None)


def free_variable(namespace: Mapping[str, Any]) -> str:
    """Return a name that no variable has yet.

    Examples
    --------
    >>> free_variable({}), free_variable({"df": 1, "df_2": 2})
    ('df', 'df_3')
    """
    numbered = (_UNNAMED if k == 1 else f"{_UNNAMED}_{k}" for k in count(1))
    return next(name for name in numbered if name not in namespace)
