"""Every class of event, to the line of a log and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder

#: a busy machine may take its time
EventsOf = Callable[..., st.SearchStrategy[ev.Event]]


def descendants(cls: type[ev.Event]) -> list[type[ev.Event]]:
    """Return every class below a class."""
    return [found for child in cls.__subclasses__() for found in (child, *descendants(child))]


CLASSES = descendants(ev.Event)
of_every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def through_json(event: ev.Event) -> dict[str, Any]:
    """Return the record of an event as a line of the log gives it back."""
    return json.loads(json.dumps(ev.to_record(event)))


def required(cls: type[ev.Event]) -> list[str]:
    """Return the fields an event cannot do without."""
    return [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]


def test_the_classes_are_found() -> None:
    assert {ev.JobCreated, ev.FoldEnded, ev.JobEnded} <= set(CLASSES)


def test_kinds_are_different_words() -> None:
    kinds = [cls.kind for cls in CLASSES]
    assert len(set(kinds)) == len(kinds)
    assert all(kind.replace("_", "").isalpha() and kind.islower() for kind in kinds)


@of_every_class
def test_the_envelope_hides_no_field(cls: type[ev.Event]) -> None:
    assert not {"v", "kind"} & {f.name for f in fields(cls)}


@of_every_class
@settings(max_examples=15)
@given(data=st.data())
def test_an_event_comes_back_as_it_was(cls: type[ev.Event], data: st.DataObject, events_of: EventsOf) -> None:
    event = data.draw(events_of(cls))
    record = through_json(event)
    again = ev.from_record(record)
    assert type(again) is cls
    assert again == event
    assert record["kind"] == cls.kind
    assert record["v"] == ev.FORMAT_VERSION


@of_every_class
@settings(max_examples=10)
@given(data=st.data(), name=st.text(min_size=1), value=st.integers() | st.text() | st.none())
def test_fields_of_a_newer_version_are_left_out(
    cls: type[ev.Event], data: st.DataObject, name: str, value: object, events_of: EventsOf
) -> None:
    event = data.draw(events_of(cls))
    newer = {f"new_{name}": value, **through_json(event), "v": ev.FORMAT_VERSION + 1}
    assert ev.from_record(newer) == event


@of_every_class
@settings(max_examples=5)
@given(data=st.data())
def test_without_a_field_it_needs_it_is_no_event(cls: type[ev.Event], data: st.DataObject, events_of: EventsOf) -> None:
    record = through_json(data.draw(events_of(cls)))
    for name in required(cls):
        assert ev.from_record({k: v for k, v in record.items() if k != name}) is None


@of_every_class
@settings(max_examples=5)
@given(data=st.data())
def test_without_its_other_fields_it_is_an_event(cls: type[ev.Event], data: st.DataObject, events_of: EventsOf) -> None:
    event = data.draw(events_of(cls))
    needed = {name: getattr(event, name) for name in required(cls)}
    assert ev.from_record({"kind": cls.kind, **needed}) == cls(**needed)


@of_every_class
def test_the_envelope_has_defaults(cls: type[ev.Event]) -> None:
    assert not {"at", "elapsed_s", "seq"} & set(required(cls)), "the one writer sets them"


def test_an_event_is_not_changed() -> None:
    event = ev.Noted(message="as it was")
    with pytest.raises(FrozenInstanceError, match="message"):
        event.message = "another"  # type: ignore[misc]


@pytest.mark.parametrize(
    "record",
    [{}, {"kind": "from_the_future"}, {"kind": ""}, {"kind": None}, {"kind": 3}, {"kind": ["noted"]}, {"message": "m"}],
)
def test_an_unknown_kind_is_no_event(record: dict[str, Any]) -> None:
    assert ev.from_record(record) is None


@of_every_class
@settings(max_examples=10)
@given(data=st.data())
def test_a_log_on_disk_gives_its_events_and_skips_what_is_none(
    cls: type[ev.Event],
    data: st.DataObject,
    events_of: EventsOf,
    write_log: Callable[..., bytes],
    shared_folder: JobFolder,
) -> None:
    shared_folder.events_file.unlink(missing_ok=True)
    events = data.draw(st.lists(events_of(cls), max_size=3))
    write_log(shared_folder, events)
    with open(shared_folder.events_file, "ab") as file:
        file.write(b'[1, 2]\n"noted"\nnull\n3\n{"kind": "from_the_future"}\n{"kind": "not\n\xff\x00\n\n')
    write_log(shared_folder, events)
    assert list(shared_folder.read_events()) == events * 2
