"""Tab in a notebook: ``%automl`` lines and ``%%automl`` cells, with the notebook's tables and their columns."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from automl_jupyter.client.assist import Completions, column_names, complete_cell, fitting, table_names
from automl_jupyter.errors import StoreError
from automl_jupyter.notebook.binding import is_handle

#: how the matcher is known to IPython
IDENTIFIER = "automl_jupyter"
_LINE = re.compile(r"\s*%automl(\s|$)")


def complete(text: str, row: int, column: int, namespace: Mapping[str, Any]) -> Completions | None:
    """Return what Tab offers, or None where the text is not ours.

    Parameters
    ----------
    text : str
        The whole cell.
    row, column : int
        Where the cursor is, both from 0.
    namespace : mapping
        The variables of the notebook.

    Examples
    --------
    >>> complete("%automl re", 0, 10, {})
    Completions(fragment='re', texts=('resume',))
    """
    found = complete_cell(text, row, column, namespace)
    if found is not None:
        return found
    before = next(iter(text.split("\n")[row : row + 1]), "")[:column]
    return fitting(*_on_line(before, namespace)) if _LINE.match(before) else None


def make_matcher(shell: Any) -> Any:
    """Return the matcher that IPython's completer asks."""
    from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

    def automl_matcher(context: CompletionContext) -> dict[str, Any]:
        found = complete(context.full_text, context.cursor_line, context.cursor_position, shell.user_ns)
        if found is None:
            return {"completions": [], "suppress": False}
        return {
            "completions": [SimpleCompletion(text, type="automl") for text in found.texts],
            "matched_fragment": found.fragment,
            "suppress": True,
            "ordered": True,
        }

    return context_matcher(identifier=IDENTIFIER, priority=100)(automl_matcher)


def _on_line(before: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
    from automl_jupyter.notebook.usage import COMMANDS

    words, fragment = before.split()[1:], re.split(r"\s", before)[-1]
    done = words[: len(words) - bool(fragment)]
    if not done:
        return fragment, list(COMMANDS)
    if "--target" in COMMANDS.get(done[0], ("",))[0]:
        if done[-1] == "--target":
            return fragment, [
                shlex.quote(name) for name in column_names(namespace.get(done[1]) if len(done) > 2 else None)
            ]
        if len(done) > 1:
            return fragment, ["--target"]
        jobs = _job_names(namespace) if done[0] == "panel" else []
        return fragment, [*table_names(namespace), *jobs]
    takes_name = len(done) == 1 and COMMANDS.get(done[0], ("", ""))[0].startswith("NAME")
    return fragment, _job_names(namespace) if takes_name else []


def _job_names(namespace: Mapping[str, Any]) -> list[str]:
    from automl_jupyter.notebook.commands import job_names

    names = [name for name, value in namespace.items() if not name.startswith("_") and is_handle(value)]
    with suppress(OSError, StoreError):  # Tab is no place to report a workspace that cannot be read
        names += job_names()
    return names
