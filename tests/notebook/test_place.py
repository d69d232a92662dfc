from __future__ import annotations

from types import SimpleNamespace

import pytest

from automl_jupyter.notebook import place
from automl_jupyter.notebook.place import Place, place_of


def a_kernel(**names):
    return SimpleNamespace(kernel=object(), user_ns=names)


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def test_a_shell_without_a_kernel_is_a_terminal():
    assert place_of(SimpleNamespace(user_ns={})) is Place.TERMINAL
    assert place_of(None) is Place.TERMINAL


def test_a_kernel_nobody_looks_at_is_headless_and_waits():
    assert place_of(a_kernel()) is Place.HEADLESS
    assert place_of(a_kernel()).waits


def test_a_kernel_of_jupyter_server_is_a_notebook_and_does_not_wait(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/bank.ipynb")
    monkeypatch.setattr(place, "_inherited", lambda variable: False)
    assert place_of(a_kernel()) is Place.NOTEBOOK
    assert not place_of(a_kernel()).waits


def test_a_notebook_run_by_a_notebook_inherits_the_variable_and_is_headless(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/outer.ipynb")
    monkeypatch.setattr(place, "_inherited", lambda variable: variable == "JPY_SESSION_NAME")
    assert place_of(a_kernel()) is Place.HEADLESS


def test_visual_studio_code_and_colab_are_notebooks(monkeypatch):
    assert place_of(a_kernel(__vsc_ipynb_file__="/x.ipynb")) is Place.NOTEBOOK
    monkeypatch.setitem(place.sys.modules, "google.colab", SimpleNamespace())
    assert place_of(a_kernel()) is Place.NOTEBOOK


@pytest.mark.parametrize(
    ("launcher", "parent", "inherited"),
    [
        (b"PATH=/bin\0", b"PATH=/bin\0", False),
        (b"PATH=/bin\0", b"JPY_SESSION_NAME=x\0", False),  # a shell between a server and its kernel
        (b"JPY_SESSION_NAME=x\0", b"JPY_SESSION_NAME=x\0", True),
        (b"JPY_SESSION_NAME=x\0", b"PATH=/bin\0", True),
        (None, b"JPY_SESSION_NAME=x\0", True),
        (None, b"PATH=/bin\0", False),
        (None, None, False),
    ],
)
def test_what_launched_the_kernel_is_asked_before_what_started_its_process(
    launcher, parent, inherited, monkeypatch, tmp_path
):
    for number, environ in ((7, launcher), (8, parent)):
        if environ is not None:
            (tmp_path / str(number)).mkdir()
            (tmp_path / str(number) / "environ").write_bytes(environ)
    monkeypatch.setattr(place, "PROCESSES", tmp_path)
    monkeypatch.setattr(place.os, "getppid", lambda: 8)
    for number in ("7", "") if launcher is None else ("7",):
        monkeypatch.setenv("JPY_PARENT_PID", number)
        assert place._inherited("JPY_SESSION_NAME") is inherited
    if launcher is None:
        monkeypatch.delenv("JPY_PARENT_PID")
        assert place._inherited("JPY_SESSION_NAME") is inherited


@pytest.mark.parametrize(
    ("launcher", "parent", "inherited"),
    [
        ({"PATH": "/bin"}, {"JPY_SESSION_NAME": "x"}, False),
        ({"JPY_SESSION_NAME": "x"}, {"PATH": "/bin"}, True),
        (None, {"JPY_SESSION_NAME": "x"}, True),
        (None, None, False),
    ],
)
def test_without_a_folder_of_processes_psutil_is_asked(launcher, parent, inherited, monkeypatch, tmp_path):
    psutil = pytest.importorskip("psutil")
    environs = {number: environ for number, environ in ((7, launcher), (8, parent)) if environ is not None}

    class Process:
        def __init__(self, number):
            if number not in environs:
                raise psutil.NoSuchProcess(number)
            self.environ = lambda: environs[number]

    monkeypatch.setattr(place, "PROCESSES", tmp_path / "none")
    monkeypatch.setattr(psutil, "Process", Process)
    monkeypatch.setattr(place.os, "getppid", lambda: 8)
    monkeypatch.setenv("JPY_PARENT_PID", "7" if launcher else "no number")
    assert place._inherited("JPY_SESSION_NAME") is inherited
    monkeypatch.setitem(place.sys.modules, "psutil", None)  # not installed
    assert not place._inherited("JPY_SESSION_NAME")


def test_the_parents_environment_is_read_by_whole_names(monkeypatch, tmp_path):
    environ = tmp_path / "8" / "environ"
    environ.parent.mkdir()
    environ.write_bytes(b"X_JPY_SESSION_NAME=1\0PATH=/bin\0")
    monkeypatch.setattr(place, "PROCESSES", tmp_path)
    monkeypatch.setattr(place.os, "getppid", lambda: 8)
    assert not place._inherited("JPY_SESSION_NAME")
    environ.write_bytes(b"PATH=/bin\0JPY_SESSION_NAME=x\0")
    assert place._inherited("JPY_SESSION_NAME")
    environ.unlink()
    assert not place._inherited("JPY_SESSION_NAME")
