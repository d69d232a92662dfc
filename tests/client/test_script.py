"""Whether a script may start workers, which read it again."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from automl_jupyter.client.script import refuse_unguarded
from automl_jupyter.errors import ComputeError

AT_THE_TOP = "import sys\nrefuse_unguarded()\n"
GUARDED = "def main():\n    refuse_unguarded()\n\n\nif __name__ == '__main__':\n    main()\n"


def run(source: str, monkeypatch: pytest.MonkeyPatch, file: Path, read_as: str = "") -> None:
    """Run source as the main module, which says that it is `file`."""
    file.write_text(source)
    main = ModuleType("__main__")
    main.__file__ = str(file)
    main.refuse_unguarded = refuse_unguarded
    monkeypatch.setitem(sys.modules, "__main__", main)
    # What runs is written above.
    exec(compile(source, read_as or str(file), "exec"), vars(main))


def test_a_statement_at_the_top_of_a_script_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ComputeError, match=r"^Line 2 of job\.py starts a job whenever .* `if __name__ ==") as refused:
        run(AT_THE_TOP, monkeypatch, tmp_path / "job.py")
    assert 'compute="inline"' in str(refused.value)


@pytest.mark.parametrize("source", [GUARDED, GUARDED.replace(":\n    main()", ": main()")])
def test_one_inside_the_guard_is_not(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(source, monkeypatch, tmp_path / "job.py")


def test_neither_is_a_cell_of_a_notebook_that_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(AT_THE_TOP, monkeypatch, tmp_path / "notebook.py", read_as="<cell 1>")


def test_many_models_at_the_top_are_refused_before_anything_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from automl_jupyter.client.many_models import many_models
    from automl_jupyter.testing.quick import make_spec, table_for

    file = tmp_path / "job.py"
    file.write_text("import sys\nmany_models(spec, 'land')\n")
    main = ModuleType("__main__")
    main.__file__ = str(file)
    vars(main).update(many_models=many_models, spec=make_spec(data=table_for("label").assign(land="a")))
    monkeypatch.setitem(sys.modules, "__main__", main)
    with pytest.raises(ComputeError, match=r"^Line 2 of job\.py starts a job"):
        exec(compile(file.read_text(), str(file), "exec"), vars(main))
