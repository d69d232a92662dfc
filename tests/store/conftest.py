"""Events of every class, built from their fields, and the folder of a job."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from automl_jupyter._core.jsonl import Writer
from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder, new_folder

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    types.NoneType: st.none(),
}
PLAIN[Any] = st.recursive(
    st.one_of(*PLAIN.values()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return the values of a field's type, as far as JSON knows them."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values_of, arguments))
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if origin is dict and arguments[0] is str:
        return st.dictionaries(st.text(max_size=5), values_of(arguments[1]), max_size=3)
    raise TypeError(f"a field of type {hint} may not come back from JSON as it was")


def events_of_class(cls: type[ev.Event], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[ev.Event]:
    """Return events of a class, with and without its optional fields; some fields may be given by name."""
    hints = typing.get_type_hints(cls)
    required, optional = {}, {}
    for field in fields(cls):
        values = known[field.name] if field.name in known else values_of(hints[field.name])
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        (optional if has_default else required)[field.name] = values
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: cls(**values))


@pytest.fixture(scope="session")
def events_of() -> Callable[..., st.SearchStrategy[ev.Event]]:
    """Return what makes the events of a class."""
    return events_of_class


@pytest.fixture(scope="session")
def write_log() -> Callable[[JobFolder, list[ev.Event]], bytes]:
    """Return what appends events to the log of a folder, as its one writer does, and returns the log's bytes."""

    def write(folder: JobFolder, events: list[ev.Event]) -> bytes:
        writer = Writer(folder.events_file)
        for event in events:
            writer.append(ev.to_record(event))
        writer.close()
        return folder.events_file.read_bytes()

    return write


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    """Return the folder of a new job."""
    return new_folder(tmp_path / "jobs", "experiment", "job")


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> JobFolder:
    """Return a folder the examples of one test share; each of them begins a log anew."""
    return JobFolder(tmp_path_factory.mktemp("jobs") / "experiment" / "job")
