"""Whether a script may start worker processes: each of them reads it again from the top."""

from __future__ import annotations

import ast
import multiprocessing
import sys
from os.path import abspath
from pathlib import Path
from types import FrameType

from automl_jupyter.errors import SCRIPT_ADVICE, ComputeError


def refuse_unguarded() -> None:
    """Refuse to start workers where a script would start them again each time it is read.

    Without this, workers would begin, read the script, come to the job and fail, one after the other; releases of Dask
    before 2026 replace them for ever.

    Raises
    ------
    ComputeError
        When the statement of the script that leads here is outside ``if __name__ == "__main__":``, with what to do.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise ComputeError(f"A worker process read the script again and came to the start of a job. {SCRIPT_ADVICE}")
    main = sys.modules["__main__"]
    path = getattr(main, "__file__", None)
    line = None if path is None else _line_of(vars(main), path)
    if path is None or line is None:  # a notebook, a console, or a thread that a script started
        return
    try:
        guarded = is_guarded(Path(path).read_text(encoding="utf-8"), line)
    except (OSError, SyntaxError, ValueError):  # what is not there as text was not started as a script
        return
    if not guarded:
        raise ComputeError(
            f"Line {line} of {Path(path).name} starts a job whenever the script is read, and each worker process reads"
            f" it. {SCRIPT_ADVICE}"
        )


def is_guarded(source: str, line: int) -> bool:
    """Return whether a line of a script is inside an ``if`` that looks at ``__name__``.

    Examples
    --------
    >>> source = "import this\\nif __name__ == '__main__':\\n    print(1)\\nprint(2)"
    >>> is_guarded(source, 3), is_guarded(source, 4)
    (True, False)
    """
    guards = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If)
        and any(isinstance(name, ast.Name) and name.id == "__name__" for name in ast.walk(node.test))
    )
    return any(guard.body[0].lineno <= line <= (guard.end_lineno or line) for guard in guards)


def _line_of(names: dict[str, object], path: str) -> int | None:
    """Return the line of the main module's file that this thread is in; cells of a notebook have files of their own."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_name == "<module>" and frame.f_globals is names and abspath(code.co_filename) == abspath(path):
            return frame.f_lineno
        frame = frame.f_back
    return None
