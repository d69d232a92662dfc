"""Loading into IPython, and leaving it as it was.

A waiting ``%%automl`` cell becomes an ``await`` in a kernel: then Interrupt and the page's own buttons reach the
job while the cell runs. Only cells that wait are changed, only in kernels, and only at the top level.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import Any

#: what IPython's own transformer makes of an %%automl cell
_CALL = re.compile(r"^get_ipython\(\)\.run_cell_magic\('automl', (?P<arguments>.*)\)$", re.DOTALL)
#: the form that a notebook shows as a widget
_PANEL = ("automl_jupyter.client.panel", "Panel")
_RUN = '__import__("automl_jupyter.notebook.magic", fromlist=["run_awaiting"]).run_awaiting'


class AwaitTransformer:
    """Turns a waiting ``%%automl`` cell into an ``await``.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell it works for.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """Return the lines of a cell, changed if the cell is a waiting ``%%automl``."""
        call = _CALL.match("".join(lines).strip())
        if call is None:
            return lines
        if self._awaits(call["arguments"]):
            return [f"await {_RUN}({_with_body(call['arguments'])})\n"]
        return [f"get_ipython().run_cell_magic('automl', {_with_body(call['arguments'])})\n"]

    def _awaits(self, arguments: str) -> bool:
        from automl_jupyter.notebook.place import place_of

        in_kernel = getattr(self._shell, "kernel", None) is not None
        if not in_kernel or not getattr(self._shell, "autoawait", False) or _inside_magic():
            return False
        words = ast.literal_eval(f"({arguments})")[0].split()
        return "--no-wait" not in words and ("--wait" in words or place_of(self._shell).waits)


def _with_body(arguments: str) -> str:
    """IPython refuses a cell magic without a body; here the first line may say everything."""
    return f"{arguments.removesuffix(chr(39) * 2)}'\\n'" if arguments.endswith(", ''") else arguments


def _inside_magic() -> bool:
    """Whether this cell runs inside another one (``%%capture``), where a second ``await`` cannot run."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "run_cell_magic":
            return True
        frame = frame.f_back  # type: ignore[assignment]  # the outermost has none
    return False


def load_ipython_extension(ipython: Any) -> None:
    """Add ``%%automl``, ``%automl`` and their completion; loading twice changes nothing.

    Parameters
    ----------
    ipython : IPython.core.interactiveshell.InteractiveShell
        The shell, as ``%load_ext automl_jupyter`` passes it.
    """
    from automl_jupyter.notebook.completer import make_matcher
    from automl_jupyter.notebook.magic import AutoMLMagics

    _remove(ipython)
    ipython.register_magics(AutoMLMagics)
    ipython.input_transformers_post.append(AwaitTransformer(ipython))
    formatter = ipython.display_formatter.ipython_display_formatter
    formatter.for_type_by_name(*_PANEL, lambda form: _show_panel(ipython, form))
    if ipython.Completer is not None:
        ipython.Completer.custom_matchers.append(make_matcher(ipython))


def unload_ipython_extension(ipython: Any) -> None:
    """Undo what loading did; running jobs go on and their last state stays in the notebook.

    Parameters
    ----------
    ipython : IPython.core.interactiveshell.InteractiveShell
        The shell, as ``%unload_ext automl_jupyter`` passes it.
    """
    from automl_jupyter.notebook.views import finish_all

    finish_all()
    _remove(ipython)
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop("automl", None)
    ipython.magics_manager.registry.pop("AutoMLMagics", None)


def _show_panel(ipython: Any, form: Any) -> None:
    from automl_jupyter.notebook.commands import show_panel

    show_panel(ipython, form)


def _remove(ipython: Any) -> None:
    from automl_jupyter.notebook.completer import IDENTIFIER

    formatter = ipython.display_formatter.ipython_display_formatter
    formatter.pop(".".join(_PANEL), None)

    transformers = ipython.input_transformers_post
    transformers[:] = [t for t in transformers if type(t).__name__ != AwaitTransformer.__name__]
    if ipython.Completer is not None:
        matchers = ipython.Completer.custom_matchers
        matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", None) != IDENTIFIER]
