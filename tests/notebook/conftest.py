"""A shell without a terminal, what it displays, and a job whose story the test tells."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


class FakeJob:
    """A job driven by the test: `tell` is an event, `end` the last one."""

    def __init__(self, name: str = "bank", **snapshot: Any) -> None:
        self.name = name
        self.cancelled = 0
        self.failure: Exception | None = None
        self.on_cancel: Callable[[], None] | None = None
        self.listeners: list[Callable[[object], None]] = []
        self._snapshot: dict[str, Any] = {
            "seq": 1,
            "name": name,
            "task": "classification",
            "status": "Running",
            "over": False,
            "metric": {"name": "accuracy", "greater_is_better": True},
            "counts": {},
            "rows": [],
            **snapshot,
        }

    @property
    def status(self) -> str:
        return str(self._snapshot["status"])

    @property
    def done(self) -> bool:
        return bool(self._snapshot["over"])

    def snapshot(self) -> dict[str, Any]:
        return copy.deepcopy(self._snapshot)

    def subscribe(self, listener: Callable[[object], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def cancel(self) -> None:
        self.cancelled += 1
        if self.on_cancel is not None:
            self.on_cancel()

    def wait(self, timeout: float | None = None) -> FakeJob:
        if self.failure is not None:
            raise self.failure
        return self

    def tell(self, **changes: Any) -> None:
        self._snapshot = {**self._snapshot, "seq": self._snapshot["seq"] + 1, **changes}
        for listener in list(self.listeners):
            listener(object())

    def end(self, status: str = "Completed") -> None:
        self.tell(status=status, over=True)


@pytest.fixture
def make_job() -> Callable[..., FakeJob]:
    return FakeJob


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell with the extension loaded, and nothing of the tests before."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    config = Config()
    config.HistoryManager.enabled = False
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a shell takes its place
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "automl_jupyter")
    yield shell
    shell.run_line_magic("unload_ext", "automl_jupyter")
    InteractiveShell.clear_instance()


@pytest.fixture
def published(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the shell displays: each entry has `data` and, for a redrawn output, `update`."""
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    outputs: list[dict[str, Any]] = publisher.outputs
    return outputs


@pytest.fixture
def notebook(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """The shell as the kernel of a notebook that somebody looks at."""
    shell.kernel = object()
    monkeypatch.setenv("JPY_SESSION_NAME", "/notebooks/x.ipynb")
    monkeypatch.setattr("automl_jupyter.notebook.place._inherited", lambda variable: False)
    return shell


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every spec that a cell hands over; each becomes a FakeJob."""
    specs: list[Any] = []

    def create(self: object, job: Any, *, namespace: Any = None) -> FakeJob:
        specs.append(job)
        return FakeJob(job.name)

    monkeypatch.setattr("automl_jupyter.client.workspace.JobOperations.create_or_update", create)
    return specs
