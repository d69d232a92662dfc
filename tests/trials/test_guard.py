"""A fit under guard: interrupted at its limit or on request, and the process left as it was."""

from __future__ import annotations

import importlib
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.trials import guard
from automl_jupyter.trials.guard import (
    Interrupted,
    StopSignal,
    describe_error,
    peak_memory_bytes,
    quiet,
    request_stop,
    run_guarded,
)


def busy() -> None:
    """Never end, in Python code."""
    while True:
        pass


def swallowing() -> None:
    """Never end, and catch whatever is an Exception, as estimators and joblib do."""
    while True:
        try:
            time.monotonic()
        except Exception:  # noqa: BLE001 this is what is tested
            continue


@pytest.mark.parametrize("fit", [busy, swallowing])
def test_a_busy_fit_is_interrupted_at_its_limit(fit: Callable[[], None]) -> None:
    signal = StopSignal("limit", 0.05)
    with pytest.raises(Interrupted, match=r"^$"):
        run_guarded(fit, signal, grace_s=0.05)
    assert signal.is_late
    assert not signal.was_asked


def test_what_was_asked_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker lives longer than the jobs that it works for."""
    monkeypatch.setattr(guard, "MOST_ASKED", 3)
    for number in range(9):
        request_stop([f"old {number}"])
    request_stop(["old 6", "new"])
    asked = [key for key in (*(f"old {n}" for n in range(9)), "new") if StopSignal(key, None).was_asked]
    assert asked == ["old 6", "old 8", "new"]


def test_a_busy_fit_is_interrupted_on_request() -> None:
    signal = StopSignal("asked", None)
    begun = threading.Event()

    def fit() -> None:
        begun.set()
        busy()

    def ask() -> None:
        assert begun.wait(30)
        request_stop(["asked", "another"])

    asker = threading.Thread(target=ask)
    asker.start()
    with pytest.raises(Interrupted, match=r"^$"):
        run_guarded(fit, signal, grace_s=0.05)
    asker.join()
    assert signal.was_asked
    assert not signal.is_late
    assert StopSignal("another", None).was_asked, "a task that still waits in line is stopped too"


def test_a_fit_that_looks_at_the_signal_keeps_what_it_has() -> None:
    signal = StopSignal("kind", 0.05)

    def fit() -> int:
        rounds = 0
        while not signal():
            rounds += 1
        return rounds

    assert run_guarded(fit, signal) > 0


def test_one_that_swallows_it_once_is_interrupted_again() -> None:
    caught: list[BaseException] = []

    def fit() -> None:
        try:
            busy()
        except BaseException as error:  # noqa: BLE001 a callback that swallows everything
            caught.append(error)
        busy()

    with pytest.raises(Interrupted, match=r"^$"):
        run_guarded(fit, StopSignal("twice", 0.05), grace_s=0.05)
    assert isinstance(caught[0], Interrupted)


def test_an_import_is_never_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside one, the lock of all imports could stay taken: every later import of the process would wait for ever."""
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nuntil = time.monotonic() + 1\nwhile time.monotonic() < until: pass\nis_done = True\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def fit() -> None:
        importlib.import_module("slow_to_import")
        busy()

    with pytest.raises(Interrupted, match=r"^$"):
        run_guarded(fit, StopSignal("importing", 0.1), grace_s=0.0)
    assert sys.modules.pop("slow_to_import").is_done


def test_what_a_fit_returns_and_raises_comes_through() -> None:
    assert run_guarded(lambda: 42, StopSignal("fine", 10)) == 42
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        run_guarded(lambda: 1 / 0, StopSignal("fine", 10))


def test_no_interruption_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that strikes all the time, and fits that end at that very moment: it never strikes in what runs next."""
    monkeypatch.setattr(guard, "LOOK_S", 0.0002)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    ended: Counter[str] = Counter()
    try:
        for k in range(200):
            until = time.monotonic() + 0.001 * (k % 5)

            def fit(until: float = until) -> str:
                while time.monotonic() < until:
                    pass
                return "done"

            try:
                ended[run_guarded(fit, StopSignal(f"edge {k}", 0.0), grace_s=0.0005)] += 1
            except Interrupted:
                ended["interrupted"] += 1
            for _ in range(200):
                str(ended)
    finally:
        sys.setswitchinterval(before)
    assert ended.total() == 200
    assert not [t for t in threading.enumerate() if t.name == "automl-guard"]


def test_it_works_in_any_thread() -> None:
    found: list[Any] = []

    def run() -> None:
        try:
            run_guarded(busy, StopSignal("thread", 0.05), grace_s=0.05)
        except Interrupted as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert len(found) == 1


def test_warnings_of_a_fit_stay_in_it() -> None:
    before = list(warnings.filters)
    with quiet():
        warnings.warn("a library complains", UserWarning, stacklevel=1)
    assert list(warnings.filters) == before


def test_an_error_is_described_with_the_end_of_its_traceback() -> None:
    try:
        raise ValueError("x" * 5000)
    except ValueError as error:
        described = describe_error(error)
    assert described["type"] == "ValueError"
    assert len(described["message"]) == 2000
    assert len(described["tail"]) == 4000
    assert describe_error(KeyError())["message"] == "KeyError", "an error without words is named"


def test_memory_is_in_bytes() -> None:
    assert 20e6 < peak_memory_bytes() < 1e12


def test_the_peak_is_unknown_where_the_system_counts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows there is no such module."""
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_memory_bytes() == 0
