"""Where the code runs: a notebook somebody looks at, a kernel nobody looks at, or a terminal.

A kernel under nbclient, nbconvert or papermill is shut down after the last cell, and its client drops what
arrives after a cell has ended. So a cell must wait there by itself, while in a notebook it returns at once.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

#: Jupyter Server sets it in the kernels it starts, to the path of the notebook
SESSION_VARIABLE = "JPY_SESSION_NAME"
#: jupyter_client sets it in the kernels it starts, to the number of the process it runs in
LAUNCHER_VARIABLE = "JPY_PARENT_PID"
#: where Linux shows its processes
PROCESSES = Path("/proc")


class Place(StrEnum):
    """Who sees the output.

    Examples
    --------
    >>> Place.HEADLESS.waits, Place.NOTEBOOK.waits
    (True, False)
    """

    NOTEBOOK = "notebook"
    HEADLESS = "headless"
    TERMINAL = "terminal"

    @property
    def waits(self) -> bool:
        """Whether a cell waits for its job here unless told otherwise."""
        return self is not Place.NOTEBOOK


def place_of(shell: Any) -> Place:
    """Return where `shell`, an IPython shell, shows its output.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The running shell; None outside IPython.

    Returns
    -------
    Place
        ``NOTEBOOK`` for JupyterLab, Notebook, VS Code and Colab; ``HEADLESS`` for other kernels; else
        ``TERMINAL``.
    """
    if getattr(shell, "kernel", None) is None:
        return Place.TERMINAL
    known = "google.colab" in sys.modules or "__vsc_ipynb_file__" in getattr(shell, "user_ns", {})
    served = SESSION_VARIABLE in os.environ and not _inherited(SESSION_VARIABLE)
    return Place.NOTEBOOK if known or served else Place.HEADLESS


def _inherited(variable: str) -> bool:
    """Whether the process that launched this one has it too: a notebook that runs another notebook.

    Between them may be a shell, or ``conda run``, which only hands on what it was given. So what is asked first is the
    process that jupyter_client names: the one that called it.
    """
    for process in (os.environ.get(LAUNCHER_VARIABLE, ""), str(os.getppid())):
        found = _variables_of(process)
        if found is not None:
            return variable in found
    return False


def _variables_of(process: str) -> set[str] | None:
    """Return the names of a process's variables; None where it is not there, or not ours to look at."""
    if PROCESSES.is_dir():
        try:
            environ = (PROCESSES / process / "environ").read_bytes()
        except OSError:
            return None
        return {entry.partition(b"=")[0].decode(errors="replace") for entry in environ.split(b"\0")}
    # On Windows jupyter_client names a handle, no process, and a venv's launcher stands between any two.
    if os.name == "nt" or not process.isdigit():
        return None
    try:
        import psutil
    except ImportError:
        return None
    try:
        return set(psutil.Process(int(process)).environ())
    except (psutil.Error, OSError):
        return None
