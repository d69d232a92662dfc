"""What executors are asked when a job is over."""

from __future__ import annotations

from typing import Any

import pytest

from automl_jupyter.jobs.executor import release
from automl_jupyter.trials.records import FoldOutcome


class Recorded:
    """An executor that notes what it is asked; the tasks in `stops` end when asked to."""

    def __init__(self, *stops: str) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._outcomes = [FoldOutcome(key, 0, 0, "complete") for key in stops]

    def stop(self, keys: tuple[str, ...]) -> None:
        self.asked.append(("stop", set(keys)))

    def poll(self, timeout_s: float) -> list[FoldOutcome]:
        found, self._outcomes = self._outcomes, []
        return found

    def kill(self, keys: tuple[str, ...]) -> None:
        self.asked.append(("kill", set(keys)))

    def close(self) -> None:
        self.asked.append(("close", None))


@pytest.mark.parametrize(
    ("keys", "stops", "asked"),
    [
        ((), (), [("close", None)]),
        (("a", "b"), ("a", "b"), [("stop", {"a", "b"}), ("close", None)]),
        (("a", "b"), ("a",), [("stop", {"a", "b"}), ("kill", {"b"}), ("close", None)]),
    ],
    ids=["nothing runs", "all stop", "one does not"],
)
def test_what_outlives_its_job_is_asked_and_then_ended(keys: Any, stops: Any, asked: Any) -> None:
    executor: Any = Recorded(*stops)
    release(executor, keys, grace_s=0.05)
    assert executor.asked == asked
