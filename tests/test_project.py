"""The project as a whole: what an import costs, docstrings, notebooks as shipped, no stray output."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "automl_jupyter"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHIPPED = sorted(
    path
    for folder in ("automl_jupyter", "benchmarks", "binder", "docs", "notebooks", "tools", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".md", ".ipynb", ".js", ".css", ".txt", ".yml"}
    and not {"automl_jobs", ".ipynb_checkpoints", "node_modules"} & set(path.parts)
)

HEAVY = {
    "pandas",
    "sklearn",
    "lightgbm",
    "matplotlib",
    "shap",
    "dask",
    "distributed",
    "optuna",
    "skops",
    "scipy",
    "pyarrow",
}


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "statement",
    [
        "import automl_jupyter",
        "from automl_jupyter import Input, MLClient, automl",
        "from automl_jupyter.notebook.extension import load_ipython_extension",
        "import automl_jupyter.cli.app",
    ],
)
def test_importing_loads_nothing_heavy(statement: str) -> None:
    code = f"{statement}\nimport json, sys\nsys.stdout.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "automl_jupyter" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("path", MODULES, ids=_relative)
def test_module_says_what_it_is_and_prints_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert (ast.get_docstring(tree) or "").strip(), "there is no docstring"
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    assert not [n.lineno for n in calls if n.func.id == "print"]  # type: ignore[attr-defined]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_relative)
def test_notebook_is_shipped_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.source.strip(), f"the cell {cell.id} is empty"
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", SHIPPED, ids=_relative)
def test_no_path_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    homes = ["/" + name + "/" for name in ("root", "work", "Users")]
    assert not [home for home in homes if home in text]


def test_the_lowest_versions_are_those_we_claim() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dependencies = [*project["dependencies"], *project["optional-dependencies"]["boosters"]]
    claimed = [re.sub(r"(?:\[.*\])?>=([^,]+).*", r"==\1", dependency) for dependency in dependencies]
    tested = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    assert not sorted(set(claimed) - set(tested))


@pytest.mark.slow
def test_doctests_leave_nothing_in_the_repository_and_at_home(tmp_path: Path) -> None:
    jobs = ROOT / "automl_jobs"
    env = {k: v for k, v in os.environ.items() if k not in ("AUTOML_JOBS", "MPLCONFIGDIR")}
    env |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_STATE_HOME": str(tmp_path / "state")}
    before = set(jobs.glob("*/*"))
    file = PACKAGE / "client" / "job.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert set(jobs.glob("*/*")) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize(("says", "skipped"), [("true", "[]"), ("", "[1]")])
def test_a_node_that_is_too_old_is_as_none(says: str, skipped: str, tmp_path: Path) -> None:
    node = tmp_path / "node"  # says whether it is new enough, as the Makefile asks
    node.write_text(f'#!/bin/sh\necho "{says}"\n')
    node.chmod(0o755)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    env["PATH"] = f"{tmp_path}{os.pathsep}{env['PATH']}"
    show = "--eval=show:;@echo [$$SKIP_JUPYTER_BUILDER]"
    command = ["make", "-s", "--no-print-directory", "-C", str(ROOT), show, "show"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == skipped


def test_what_is_said_to_build_the_extension_again_does() -> None:
    scripts = json.loads((ROOT / "labextension" / "package.json").read_text(encoding="utf-8"))["scripts"]
    page = (ROOT / "docs" / "jupyterlab.md").read_text(encoding="utf-8")
    named = re.findall(r"jlpm (\S+) +#.*builds again", page)
    assert named
    assert all("jupyter-builder" in scripts[name] for name in named)
