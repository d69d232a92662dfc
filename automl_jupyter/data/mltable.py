"""MLTable folders: a YAML file that says which files make a table and what is done to them."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.data.files import explained, file_kind, is_set_aside, is_url, read_file
from automl_jupyter.data.frames import stack_rows
from automl_jupyter.data.mltable_read import PATH_COLUMN, READERS, read_options
from automl_jupyter.data.mltable_steps import STEPS
from automl_jupyter.errors import DataError, Problem

MLTABLE_FILE = "MLTable"
_KEYS = ("$schema", "type", "paths", "transformations", "metadata", "traits")
_PATH_KEYS = ("file", "folder", "pattern")
_CLOUD = ("azureml:", "wasb", "adl:")
_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class _Step:
    """One transformation with its options."""

    name: str
    options: Any


def read_mltable(folder: Path, *, field: str = "data") -> pd.DataFrame:
    """Read the table that an MLTable folder describes.

    Parameters
    ----------
    folder : Path
        The folder with the file called ``MLTable``.
    field : str, default "data"
        The field of the job it was given for; errors start with it.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DataError
        When the file is not valid, names what is not known, or its data cannot be read.

    Examples
    --------
    >>> import tempfile; folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("x,y\\n1,2\\n3,4\\n")
    >>> text = "paths: [{file: a.csv}]\\ntransformations: [{read_delimited: {}}, {take: 1}]"
    >>> _ = (folder / "MLTable").write_text(text)
    >>> read_mltable(folder).values.tolist()
    [[1, 2]]
    """
    where = f"{field}: {plain(folder / MLTABLE_FILE, most=120)}"
    content = _parse(folder / MLTABLE_FILE, where)
    problems: list[Problem] = []
    steps = _steps(content, where, problems)
    reader, steps = _reader(steps, where, problems)
    whole = reader is not None and reader.name == "read_delta_lake"
    files = _files(content, folder, where, problems, whole_folders=whole)
    if problems:
        raise DataError(problems)
    keeps_path = reader is not None and bool(reader.options.get("include_path_column"))
    needs_path = any(s.name == "extract_columns_from_partition_format" for s in steps)
    frame = _read(files, reader, where, field, with_path=keeps_path or needs_path)
    for step in steps:
        frame = STEPS[step.name](frame, step.options, where)
    if needs_path and not keeps_path and PATH_COLUMN in frame.columns:
        frame = frame.drop(columns=PATH_COLUMN)
    return frame.reset_index(drop=True)


def _parse(path: Path, where: str) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise DataError([Problem(where, "is larger than 1 MB; that is no MLTable file.")])
        text = path.read_text(encoding="utf-8")
        if any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise DataError(
                [Problem(where, "uses YAML aliases (*name), which are not read here. Write the values out.")]
            )
        content = yaml.load(text, Loader=_Loader)
    except DataError:
        raise
    except OSError as error:
        raise DataError([Problem(where, f"cannot be read: {plain(error)}")]) from None
    except RecursionError:
        raise DataError([Problem(where, "is not valid YAML: it is nested too deeply.")]) from None
    except (yaml.YAMLError, AttributeError, LookupError, ValueError, OverflowError) as error:  # of tags and escapes
        raise DataError([Problem(where, f"is not valid YAML: {plain(error)}")]) from None
    if not isinstance(content, Mapping):
        raise DataError([Problem(where, "has to be a mapping with the keys 'paths' and 'transformations'.")])
    return content


class _Loader(yaml.SafeLoader):
    """YAML whose dates stay texts: they are column values and format patterns here."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _steps(content: Mapping[str, Any], where: str, problems: list[Problem]) -> list[_Step]:
    problems += [
        Problem(where, f"has the unknown key {plain(key)!r}.{did_you_mean(key, _KEYS)}")
        for key in content
        if key not in _KEYS
    ]
    if content.get("type", "mltable") != "mltable":
        problems.append(Problem(where, f"has the type {plain(content['type'])!r}; only 'mltable' is read."))
    known = [*READERS, *STEPS]
    steps: list[_Step] = []
    listed = content.get("transformations") or []
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        problems.append(Problem(f"{where}, transformations", "has to be a list."))
        return steps
    for item in listed:
        pair = _one_pair(item)
        if pair is None:
            problems.append(
                Problem(f"{where}, transformations", f"{plain(item)!r} is not one transformation with its options.")
            )
        elif pair[0] not in known:
            hint = did_you_mean(pair[0], known) or f" Known: {listing(known, last='and')}."
            problems.append(
                Problem(f"{where}, transformations", f"There is no transformation {plain(pair[0])!r}.{hint}")
            )
        else:
            steps.append(_Step(*pair))
    return steps


def _one_pair(item: Any) -> tuple[str, Any] | None:
    """Return the name and options of a list entry; options indented as far as the name are taken as its own."""
    if isinstance(item, str):
        return item, None
    if not isinstance(item, Mapping) or not item:
        return None
    name, *rest = item
    if rest and item[name] is None:
        return str(name), {k: item[k] for k in rest}
    return (str(name), item[name]) if not rest else None


def _reader(steps: list[_Step], where: str, problems: list[Problem]) -> tuple[_Step | None, list[_Step]]:
    readers = [s for s in steps if s.name in READERS]
    if len(readers) > 1:
        names = listing([s.name for s in readers], last="and")
        problems.append(Problem(f"{where}, transformations", f"Files can be read in one way only, not by {names}."))
    if not readers:
        return None, steps
    reader = readers[0]
    options = read_options(reader.name, reader.options, f"{where}, {reader.name}", problems)
    return _Step(reader.name, options), [s for s in steps if s.name not in READERS]


def _files(
    content: Mapping[str, Any], folder: Path, where: str, problems: list[Problem], *, whole_folders: bool
) -> list[str]:
    paths = content.get("paths")
    if not isinstance(paths, Sequence) or isinstance(paths, str) or not paths:
        problems.append(Problem(f"{where}, paths", "has to be a list of {file: ...}, {folder: ...} or {pattern: ...}."))
        return []
    found: list[str] = []
    for item in paths:
        pair = _one_pair(item) if isinstance(item, Mapping) else None
        if pair is None or not isinstance(pair[1], str):
            problems.append(
                Problem(
                    f"{where}, paths", f"{plain(item)!r} is not {{file: ...}}, {{folder: ...}} or {{pattern: ...}}."
                )
            )
        elif pair[0] not in _PATH_KEYS:
            problems.append(
                Problem(
                    f"{where}, paths",
                    f"There is no kind of path {plain(pair[0])!r}. Allowed: {listing(_PATH_KEYS)}.",
                )
            )
        elif pair[1].startswith(_CLOUD):
            problems.append(
                Problem(f"{where}, paths", f"{plain(pair[1])!r} is in the Azure cloud. Download it and name the copy.")
            )
        elif pair[0] == "folder" and whole_folders:  # a Delta table is a folder with a log of its own
            found.append(pair[1] if is_url(pair[1]) else str(folder / pair[1]))
        else:
            found += _expand(pair[0], pair[1], folder, where, problems)
    return found


def _expand(kind: str, path: str, folder: Path, where: str, problems: list[Problem]) -> list[str]:
    """Return the files one entry stands for, in order of name."""
    if is_url(path):
        with explained(f"{where}, paths", path):
            found = [path] if kind == "file" else _expand_url(kind, path)
        if not found:
            problems.append(Problem(f"{where}, paths", f"The {kind} {plain(path)!r} matches no file."))
        return found
    place = folder / path
    if kind == "file":
        found = [str(place)] if os.path.isfile(place) else []
    elif kind == "pattern":
        matches = glob.glob(path, root_dir=folder, recursive=True)  # the folder's own name is no pattern
        found = sorted(str(folder / p) for p in matches if os.path.isfile(folder / p))
    else:
        inside = (p for p in place.rglob("*") if p.is_file() and p.name != MLTABLE_FILE)
        found = sorted(str(p) for p in inside if not is_set_aside(str(p.relative_to(place))))
    if not found:
        problems.append(Problem(f"{where}, paths", f"The {kind} {plain(path)!r} matches no file in {plain(folder)!r}."))
    return found


def _expand_url(kind: str, path: str) -> list[str]:
    import fsspec

    system, inner = fsspec.core.url_to_fs(path)
    if kind == "pattern":
        names = [n for n, about in system.glob(inner, detail=True).items() if about["type"] != "directory"]
    else:
        names = [n for n in system.find(inner) if not is_set_aside(n.removeprefix(inner).lstrip("/"))]
    return [system.unstrip_protocol(n) for n in sorted(names)]


def _read(files: list[str], reader: _Step | None, where: str, field: str, *, with_path: bool) -> pd.DataFrame:
    """Read every file and put one under the other; without a reader the endings say what the files are."""
    if reader is None:
        unknown = [f for f in files if file_kind(f)[0] is None]
        if unknown:
            raise DataError(
                [Problem(where, f"says no way to read {plain(unknown[0])!r}. Add read_delimited or another reader.")]
            )
        frames = [read_file(f, field=field) for f in files]
    else:
        frames = READERS[reader.name](files, reader.options, where)
    if with_path:
        for path, frame in zip(files, frames, strict=True):
            if PATH_COLUMN in frame.columns:
                message = f"{plain(path)!r} has a column {PATH_COLUMN!r}, which is to hold the path of the file."
                advice = "Rename it, or leave out include_path_column and extract_columns_from_partition_format."
                raise DataError([Problem(where, f"{message} {advice}")])
            frame.insert(0, PATH_COLUMN, path)
    return stack_rows(frames)
