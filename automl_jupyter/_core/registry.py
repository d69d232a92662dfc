"""One way for plug-ins to register: built in, by entry point, or by a call in the notebook."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from typing import Generic, Protocol, TypeVar

from automl_jupyter._core.text import did_you_mean, fold_name, listing
from automl_jupyter.errors import AutoMLError


class Registrable(Protocol):
    """What a registry holds: a light record that knows its own key."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Registrable)


class UnknownNameError(AutoMLError, KeyError):
    """A name that no plug-in registered."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Generic[T]):
    """Named records, matched without regard to case and underscores.

    Parameters
    ----------
    noun : str
        What one record is called in error messages (``"learner"``).
    group : str, optional
        The entry-point group searched on first use. An entry point loads to one record or an iterable of records.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Pen: key: str
    >>> pens = Registry[Pen]("pen"); pens.add(Pen("BluePen")); pens.get("blue_pen").key
    'BluePen'
    """

    def __init__(self, noun: str, group: str | None = None) -> None:
        self.noun, self._group = noun, group
        self._records: dict[str, T] = {}
        self._pending = group is not None

    def add(self, *records: T) -> None:
        """Register records; a second record under one key is refused."""
        for record in records:
            folded = fold_name(record.key)
            present = self._records.get(folded)
            if present is not None and present != record:
                raise AutoMLError(f"The {self.noun} {record.key!r} is registered twice: {present!r} and {record!r}.")
            self._records[folded] = record

    def get(self, name: str) -> T:
        """Return the record called `name`, or raise with the nearest name."""
        self._load_entry_points()
        try:
            return self._records[fold_name(name)]
        except KeyError:
            raise UnknownNameError(
                f"There is no {self.noun} {name!r}.{did_you_mean(name, self.keys())}"
                f" Known: {listing(self.keys(), last='and')}."
            ) from None

    def keys(self) -> list[str]:
        """Return every key, in order of registration."""
        return [r.key for r in self]

    def __contains__(self, name: object) -> bool:
        self._load_entry_points()
        return isinstance(name, str) and fold_name(name) in self._records

    def __iter__(self) -> Iterator[T]:
        self._load_entry_points()
        return iter(self._records.values())

    def _load_entry_points(self) -> None:
        if not self._pending or self._group is None:
            return
        self._pending = False
        for point in entry_points(group=self._group):
            try:
                found = point.load()
                self.add(*(found if isinstance(found, Iterable) else (found,)))
            except Exception as error:  # noqa: BLE001 a stranger's plug-in may raise anything; it is named, not hidden
                warnings.warn(f"The {self.noun} plug-in {point.name!r} could not be loaded: {error}", stacklevel=3)
