"""The wheel, built and installed where there is no Node.js."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.testing.jupyter import Lab, Notebook

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "automl_jupyter" / "labextension" / "static" / "style.js"
SHARE = "share/jupyter/labextensions/automl-jupyter"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not ASSETS.exists() and not os.environ.get("CI"), reason="JupyterLab's extension is not built: make web"
    ),
]


def without_node() -> dict[str, str]:
    """Return an environment in which no Node.js is found."""
    folders = os.environ["PATH"].split(os.pathsep)
    env = {**os.environ, "PATH": os.pathsep.join(f for f in folders if shutil.which("node", path=f) is None)}
    assert shutil.which("node", path=env["PATH"]) is None
    return env


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the source archive, as an installer does that finds no wheel."""
    folder = tmp_path_factory.mktemp("dist")
    run = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    made = subprocess.run(run, env=without_node(), capture_output=True, text=True, timeout=600)
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    (found,) = folder.glob("*.whl")
    return found


def test_it_holds_the_package_the_extension_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    data = "automl_jupyter-[^/]+"
    kinds = {
        "package": r"automl_jupyter/(?!labextension/).+\.(py|js|css|json|typed)",
        "extension": rf"{data}\.data/data/{SHARE}/(package\.json|install\.json|schemas/.+|static/.+)",
        "server": rf"{data}\.data/data/etc/jupyter/jupyter_server_config\.d/automl_jupyter\.json",
        "about": rf"{data}\.dist-info/.+",
    }
    found = {name: next((k for k, pattern in kinds.items() if re.fullmatch(pattern, name)), None) for name in names}
    assert [name for name, kind in found.items() if kind is None] == []
    assert set(found.values()) == set(kinds)


def test_installed_without_node_the_side_panel_is_there(wheel: Path, browser: Any, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    site = tmp_path / "venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])  # what it depends on, and not itself
    python = tmp_path / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, env=without_node(), check=True, timeout=300)
    assert json.loads((tmp_path / "venv" / SHARE / "package.json").read_text())["name"] == "automl-jupyter"

    (tmp_path / "lab").mkdir()
    server = Lab(tmp_path / "lab", python)
    try:
        server.wait_until_up()
        server.write_notebook("one.ipynb", ["import automl_jupyter\nautoml_jupyter.__file__"])
        page = browser.new_page()
        notebook = Notebook(server, page, "one.ipynb").open()
        assert str(site) in notebook.run(0)
        page.locator("[data-id='automl-jobs']").first.click()
        page.locator(".amlj-side", has_text="There are no jobs yet").wait_for()
        page.close()
    finally:
        server.stop()
