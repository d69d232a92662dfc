"""Saved model folders: what a loader trusts, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.errors import StoreError
from automl_jupyter.results.model import load_model
from automl_jupyter.testing.quick import run_job
from automl_jupyter.trials.saved import FORMAT_VERSION, read_manifest, save_model_folder


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a saved model; copy it before damaging it."""
    folder = tmp_path_factory.mktemp("saved")
    return run_job(workspace=folder / "jobs", limits={"max_trials": 1}).model.save(folder / "model")


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(model_folder, tmp_path / "model")


def change(folder: Path, **fields: Any) -> None:
    """Rewrite fields of a manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_manifest_comes_back(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest["format"] == FORMAT_VERSION
    assert manifest["task"] == "classification"


@pytest.mark.parametrize(
    "fields",
    [
        {"stack": "../../secret.skops"},
        {"stack": "/etc/passwd"},
        {"parts": [{"trial": 1, "weight": 1, "label": "", "recipe": "/../../../../x", "folds": [0]}]},
    ],
)
def test_a_file_outside_the_folder_is_refused(fields: dict[str, Any], folder: Path) -> None:
    change(folder, **fields)
    with pytest.raises(StoreError, match="names a file outside its folder"):
        load_model(folder)


def test_a_link_that_leads_outside_is_refused(folder: Path, tmp_path: Path) -> None:
    part = next(folder.glob("trials/*/*.skops"))
    shutil.move(part, tmp_path / "outside.skops")
    part.symlink_to(tmp_path / "outside.skops")
    with pytest.raises(StoreError, match="names a file outside its folder"):
        load_model(folder)


def test_a_save_that_fails_leaves_the_earlier_model_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(folder)
    saved = model.save(tmp_path / "saved")
    (saved / "notes.txt").write_text("mine")
    before = {p.relative_to(saved): p.read_bytes() for p in saved.rglob("*") if p.is_file()}
    other = {**model.manifest, "label": "another"}
    parts = sorted(folder.rglob("*.skops"))
    for part in parts:
        part.rename(part.with_suffix(".old"))
        part.write_bytes(b"of another model")
    parts[-1].unlink()
    with pytest.raises(FileNotFoundError, match="skops"):
        save_model_folder(folder, saved, other)
    parts[-1].write_bytes(b"of another model")
    with monkeypatch.context() as patch:
        patch.setattr("automl_jupyter.trials.saved.write_json", _no_space)
        with pytest.raises(OSError, match="No space left"):
            save_model_folder(folder, saved, other)
    assert {p.relative_to(saved): p.read_bytes() for p in saved.rglob("*") if p.is_file()} == before
    save_model_folder(folder, saved, other)
    assert read_manifest(saved)["label"] == "another"
    assert {p.read_bytes() for p in saved.rglob("*.skops")} == {b"of another model"}
    assert {p.name for p in saved.iterdir()} == {"manifest.json", "notes.txt", "trials", "features"}


def _no_space(path: Path, value: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_newer_format_is_refused(folder: Path) -> None:
    change(folder, format=FORMAT_VERSION + 1)
    with pytest.raises(StoreError, match=r"saved by a newer version .* Upgrade automl-jupyter"):
        load_model(folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "one"},
        {"format": None},
        {"parts": [{"trial": 1}]},
        {"parts": "all of them"},
        {"parts": [{"trial": "x", "weight": 1, "label": "", "recipe": "linear", "folds": [0]}]},
        {"stack": 7},
        {"n_training": "all"},
        {"n_training": 0},
        {"classes": None},
        {"classes": {"kind": "colour", "values": []}},
    ],
)
def test_a_damaged_manifest_is_a_sentence(fields: dict[str, Any], folder: Path) -> None:
    change(folder, **fields)
    with pytest.raises(StoreError, match="is damaged"):
        load_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "\x00"])
def test_something_else_than_a_manifest_is_a_sentence(text: str, folder: Path) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match=r"manifest\.json (cannot be read|is damaged)"):
        load_model(folder)


def test_a_folder_without_a_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no saved model: manifest\.json is missing"):
        load_model(tmp_path)
    with pytest.raises(StoreError, match="holds no saved model"):
        load_model(tmp_path / "nowhere")


def test_a_missing_part_is_named(folder: Path) -> None:
    next(folder.glob("trials/*/*.skops")).unlink()
    with pytest.raises(StoreError, match=r"The fitted part refit\.skops is missing from"):
        load_model(folder)


def test_a_cut_part_is_named(folder: Path) -> None:
    part = next(folder.glob("features/*.skops"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(StoreError, match=f"{part.name} is damaged and cannot be loaded"):
        load_model(folder)


@pytest.mark.parametrize("stack", ["../evil.skops", "/evil.skops"])
def test_nothing_is_saved_outside_the_folder_that_was_named(stack: str, folder: Path, tmp_path: Path) -> None:
    """The names are those of a job's log, which nothing else looks at."""
    shutil.copyfile(next(folder.glob("features/*.skops")), tmp_path / "evil.skops")
    target = tmp_path / "elsewhere" / "saved"
    with pytest.raises(StoreError, match="names a file outside its folder"):
        save_model_folder(folder, target, {**load_model(folder).manifest, "stack": stack})
    assert not (tmp_path / "elsewhere" / "evil.skops").exists()
