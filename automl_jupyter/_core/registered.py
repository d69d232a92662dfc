"""Names that are registered in rooms above, for the room that checks what was asked and knows names only.

The package says where they are looked up; nothing is imported before somebody asks.
"""

from __future__ import annotations

from importlib import import_module

#: noun -> module and function, ``f(task)``, that knows what is registered
_places: dict[str, tuple[str, str]] = {}


def look_up_in(noun: str, module: str, function: str) -> None:
    """Say which function lists the names of a noun."""
    _places[noun] = module, function


def registered_names(noun: str, task: str) -> list[str]:
    """Return the names registered for a task, plug-ins' too.

    Examples
    --------
    >>> from automl_jupyter._core.registered import registered_names
    >>> "ElasticNet" in registered_names("learner", "regression"), registered_names("pen", "regression")
    (True, [])
    """
    if noun not in _places:
        return []
    module, function = _places[noun]
    return list(getattr(import_module(module), function)(task))
