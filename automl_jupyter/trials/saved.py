"""A model as a folder that stands on its own: a manifest and the fitted parts it names."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from automl_jupyter._core.files import read_json, write_json
from automl_jupyter._core.text import plain
from automl_jupyter.errors import StoreError
from automl_jupyter.trials.blend import part_files
from automl_jupyter.trials.history import HISTORY_FILES

#: version of the manifest's format
FORMAT_VERSION = 1
_MANIFEST = "manifest.json"


def make_manifest(
    *,
    label: str,
    data: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
    stack: str | None,
    metric: str,
    packages: Mapping[str, str],
    temperature: float = 1.0,
    threshold: float | None = None,
    errors: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a loader needs to know: the task, the columns, the classes and the parts.

    Parameters
    ----------
    label : str
        What people call the model.
    data : mapping
        The job's ``data.json``.
    parts, stack, temperature, threshold
        As in a `ModelSelected` event.
    metric : str
        The primary metric it was chosen by.
    packages : mapping
        Versions it was made with.
    errors : mapping, optional
        Of a forecast: how far off it was, as `automl_jupyter.trials.intervals.measure_errors` gives it.
    """
    of_time = {"errors": dict(errors), "files": list(HISTORY_FILES)} if errors is not None else {}
    return {
        **of_time,
        "format": FORMAT_VERSION,
        "label": label,
        "task": data["task"],
        "target": data["target"],
        "roles": data["roles"],
        "weight_column": data.get("weight_column"),
        "n_classes": data["n_classes"],
        "classes": data["classes"],
        "positive": data["positive"],
        "y_range": data["y_range"],
        "schema": data["schema"],
        "parts": [dict(p) for p in parts],
        "stack": stack,
        "temperature": temperature,
        "n_training": data["n_training"],
        "threshold": threshold,
        "metric": metric,
        "packages": dict(packages),
    }


def save_model_folder(source: Path, target: Path, manifest: Mapping[str, Any]) -> None:
    """Copy the parts a manifest names from `source` to `target`, and the manifest last.

    What fails leaves an earlier model in `target` as it was: everything is written aside before any of it is moved.

    Raises
    ------
    StoreError
        When `target` holds something that is not a model, or the manifest names a file outside its folder.
    """
    of_job = target == source / "model"  # where a job that was cut off may have left parts
    if target.is_dir() and any(target.iterdir()) and not of_job and not _holds_model(target):
        raise StoreError(f"{target} holds other files; name a folder that is empty, new, or a saved model.")
    names = _files(manifest)
    if (outside := next((name for name in names if not _is_inside(name)), None)) is not None:
        raise StoreError(f"The model names a file outside its folder ({plain(outside, most=80)}); it was not saved.")
    names = [name for name in names if target / name != source / name]
    aside = target / f".saving-{uuid.uuid4().hex[:8]}"
    try:
        for name in names:
            _copy(source / name, aside / name)
        write_json(aside / _MANIFEST, manifest)
        for name in (*names, _MANIFEST):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(aside / name, target / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _holds_model(folder: Path) -> bool:
    """Return whether a folder's manifest is that of a model: other things have a file of that name, too."""
    try:
        manifest = read_json(folder / _MANIFEST)
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and {"format", "schema", "parts"} <= manifest.keys()


def _copy(come_from: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # another file system: copied below
        os.link(come_from, to)
    if not to.exists():
        shutil.copyfile(come_from, to)


def _files(manifest: Mapping[str, Any]) -> list[str]:
    """Return the files a model needs beside its manifest, relative to its folder."""
    return [*part_files(manifest["parts"], manifest["stack"]), *manifest.get("files", ())]


def _is_inside(name: str) -> bool:
    """Return whether a name stays in the folder it is relative to; logs of jobs come from anywhere."""
    path = PurePath(name)
    return not path.is_absolute() and not path.drive and ".." not in path.parts


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a saved model.

    Raises
    ------
    StoreError
        When there is none, or it is damaged or of a newer format.
    """
    try:
        manifest: dict[str, Any] = read_json(folder / _MANIFEST)
    except FileNotFoundError:
        raise StoreError(f"{folder} holds no saved model: {_MANIFEST} is missing.") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder / _MANIFEST} cannot be read: {error}.") from None
    _check_shape(manifest, folder / _MANIFEST)
    for name in _files(manifest):
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise StoreError(f"{folder / _MANIFEST} names a file outside its folder; it was not loaded.")
    return manifest


def _check_shape(manifest: Any, path: Path) -> None:
    """Refuse a manifest whose fields are not what `make_manifest` writes."""
    damaged = StoreError(f"{path} is damaged: it does not say what a model is made of.")
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise damaged
    if manifest["format"] > FORMAT_VERSION:
        raise StoreError(
            f"{path.parent} was saved by a newer version (format {manifest['format']};"
            f" this one reads {FORMAT_VERSION}). Upgrade automl-jupyter to load it."
        )
    kinds = {"task": str, "schema": str, "roles": list, "parts": list, "stack": str | None, "label": str}
    if not all(name in manifest and isinstance(manifest[name], kind) for name, kind in kinds.items()):
        raise damaged
    # not in folders of earlier versions
    adjusted = {
        "temperature": float,
        "threshold": float | None,
        "n_training": int | None,
        "weight_column": str | None,
    }
    if not all(isinstance(manifest[name], kind) for name, kind in adjusted.items() if name in manifest):
        raise damaged
    n_training = manifest.get("n_training")
    if n_training is not None and n_training < 1:
        raise damaged
    files = manifest.get("files", [])
    if not isinstance(files, list) or not all(isinstance(f, str) for f in files):
        raise damaged
    wanted = {"trial": int, "weight": int | float, "label": str, "recipe": str, "folds": list}
    for part in manifest["parts"]:
        whole = isinstance(part, dict) and all(isinstance(part.get(name), kind) for name, kind in wanted.items())
        if not whole or not all(isinstance(fold, int) for fold in part["folds"]):
            raise damaged
