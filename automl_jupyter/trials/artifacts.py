"""Fitted parts on disk, as skops files: loading one runs no code of its own."""

from __future__ import annotations

import importlib
import re
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from automl_jupyter._core.files import write_bytes
from automl_jupyter.errors import StoreError

#: where our own fitted parts are defined; a file may name any class that is written there
_OWN_ROOMS = (
    "automl_jupyter.learners.",
    "automl_jupyter.featurization.",
    "automl_jupyter.search.stack.",
    "automl_jupyter.trials.forecasters.",
    "automl_jupyter.trials.sequences.",
)

#: what skops writes of the addresses objects had in memory, which differ from process to process
_ADDRESSES = re.compile(rb'(?<="__id__": )\d+|(?<="file": ")[^"]+')


def dump(value: Any) -> bytes:
    """Return the bytes of a skops file that holds `value`."""
    from skops import io

    from automl_jupyter.learners.forest.packed import pack

    data: bytes = io.dumps(pack(value))
    return data


def check(data: bytes) -> None:
    """Refuse the bytes of a skops file that `load` would refuse, while there is still something to do about it.

    Raises
    ------
    StoreError
        When a type in it is not among those a learner declares.
    """
    from skops import io

    foreign = [name for name in io.get_untrusted_types(data=data) if not _is_trusted(name)]
    if foreign:
        raise StoreError(f"The fitted estimator holds {foreign[0]}, which its learner does not declare as trusted.")


def save(path: Path, value: Any) -> None:
    """Write `value` as a skops file in one step."""
    write_bytes(path, dump(value))


def size_of(data: bytes) -> int:
    """Return how many bytes a skops file holds without the addresses in it: equal parts have equal sizes."""
    with ZipFile(BytesIO(data)) as file:
        total = sum(member.file_size for member in file.infolist())
        schema = file.read("schema.json")
    return total - len(schema) + len(_ADDRESSES.sub(b"", schema))


def load(path: Path) -> Any:
    """Load a skops file.

    Raises
    ------
    StoreError
        When the file is missing or damaged, or holds a type that a fitted part has no business with.
    """
    from skops import io

    from automl_jupyter.learners.forest.packed import unpack

    try:
        unknown = io.get_untrusted_types(file=path)
        foreign = [name for name in unknown if not _is_trusted(name)]
        if foreign:
            raise StoreError(f"{path.name} holds {foreign[0]}, which is no part of a fitted model; it was not loaded.")
        return unpack(io.load(path, trusted=unknown))
    except StoreError:
        raise
    except FileNotFoundError:
        raise StoreError(f"The fitted part {path.name} is missing from {path.parent}.") from None
    except Exception as error:
        raise StoreError(f"{path.name} is damaged and cannot be loaded ({type(error).__name__}: {error}).") from error


def prepare_to_load() -> None:
    """Import what `load` needs: some seconds in a fresh process, and better spent while workers are busy."""
    from skops import io  # noqa: F401 - its import looks at every estimator of scikit-learn


@cache
def _trusted_types() -> frozenset[str]:
    from automl_jupyter.featurization.recipes import TRUSTED_TYPES
    from automl_jupyter.learners import learners

    return frozenset([*TRUSTED_TYPES, *(name for info in learners for name in info.trusted_types)])


def _is_trusted(name: str) -> bool:
    return name in _trusted_types() or _is_own_class(name)


@cache
def _is_own_class(name: str) -> bool:
    """Return whether a name is that of a class of ours, and not of something that one of our modules imports."""
    module, _, called = name.rpartition(".")
    if not f"{module}.".startswith(_OWN_ROOMS):
        return False
    try:
        found = getattr(importlib.import_module(module), called, None)
    except ImportError:
        return False
    return isinstance(found, type) and (found.__module__, found.__qualname__) == (module, called)
