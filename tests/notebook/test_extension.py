from __future__ import annotations

import subprocess
import sys

import pytest

from automl_jupyter.notebook import extension
from automl_jupyter.notebook.completer import IDENTIFIER

CALL = "get_ipython().run_cell_magic('automl', {line!r}, {body!r})\n"


def state(shell):
    return (
        [type(t).__name__ for t in shell.input_transformers_post],
        [getattr(m, "matcher_identifier", m) for m in shell.Completer.custom_matchers],
        {kind: set(found) for kind, found in shell.magics_manager.magics.items()},
        set(shell.magics_manager.registry),
    )


def test_unloading_leaves_the_shell_as_it_was(shell):
    shell.run_line_magic("unload_ext", "automl_jupyter")
    before = state(shell)
    shell.run_line_magic("load_ext", "automl_jupyter")
    assert state(shell) != before
    shell.run_line_magic("unload_ext", "automl_jupyter")
    assert state(shell) == before


def test_reloading_changes_nothing(shell):
    before = state(shell)
    extension.load_ipython_extension(shell)
    extension.load_ipython_extension(shell)
    assert state(shell) == before
    assert before[1].count(IDENTIFIER) == 1


def test_unloading_lets_go_of_the_jobs_that_are_shown(shell, make_job, capsys):
    from automl_jupyter.notebook.text import TextSurface
    from automl_jupyter.notebook.views import watch_job

    job = make_job()
    watch_job(job, TextSurface())
    extension.unload_ipython_extension(shell)
    assert job.listeners == []
    assert job.cancelled == 0


def test_loading_imports_nothing_heavy():
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell as S; from traitlets.config import"
        " Config; c = Config(); c.HistoryManager.enabled = False; s = S.instance(config=c);"
        " s.run_line_magic('load_ext', 'automl_jupyter');"
        " print(sorted(set(sys.modules) & {'numpy', 'pandas', 'sklearn', 'ipywidgets', 'anywidget', 'matplotlib',"
        " 'pydantic', 'dask', 'distributed', 'lightgbm', 'shap'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def transformed(shell, line, body="task: x\n"):
    return "".join(extension.AwaitTransformer(shell)([CALL.format(line=line, body=body)]))


def test_a_waiting_cell_of_a_notebook_becomes_an_await(notebook):
    code = transformed(notebook, "bank --wait")
    assert code.startswith("await ")
    assert code.endswith("run_awaiting('bank --wait', 'task: x\\n')\n")


@pytest.mark.parametrize("line", ["bank", "bank --no-wait", "bank --wait --no-wait", "--target '--waiting'"])
def test_a_cell_that_does_not_wait_is_left_alone(notebook, line):
    assert transformed(notebook, line) == CALL.format(line=line, body="task: x\n")


def test_the_body_does_not_decide_whether_a_cell_waits(notebook):
    assert transformed(notebook, "bank", "a: --wait\n") == CALL.format(line="bank", body="a: --wait\n")


def test_a_kernel_nobody_looks_at_awaits_by_itself(notebook, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert transformed(notebook, "bank").startswith("await ")
    assert not transformed(notebook, "bank --no-wait").startswith("await ")


def test_a_terminal_and_a_shell_without_autoawait_are_left_alone(shell, notebook, monkeypatch):
    monkeypatch.setattr(shell, "autoawait", False)
    assert not transformed(shell, "bank --wait").startswith("await ")
    monkeypatch.setattr(shell, "autoawait", True)
    del shell.kernel
    assert not transformed(shell, "bank --wait").startswith("await ")


def test_a_cell_inside_another_magic_is_left_alone(notebook):
    def run_cell_magic():
        return transformed(notebook, "bank --wait")

    assert not run_cell_magic().startswith("await ")


def test_a_cell_whose_first_line_says_everything_needs_no_body(notebook):
    assert transformed(notebook, "bank --data x", "").endswith("'bank --data x', '\\n')\n")
    assert transformed(notebook, "bank --wait", "").endswith("'bank --wait', '\\n')\n")


def test_other_cells_are_left_alone(notebook):
    for code in ("x = 1\n", "get_ipython().run_cell_magic('time', '', 'x')\n", "# run_cell_magic('automl', '', '')\n"):
        assert extension.AwaitTransformer(notebook)([code]) == [code]


def test_a_waiting_cell_runs_as_an_await_and_shows_the_end(notebook, published, monkeypatch, make_job):
    job = make_job()
    monkeypatch.setattr(
        "automl_jupyter.client.workspace.JobOperations.create_or_update", lambda self, spec, *, namespace=None: job
    )
    job.subscribe = lambda listener: (job.end(), lambda: None)[1]
    result = notebook.run_cell("%%automl bank --wait\ntask: classification\ntraining_data: df\ntarget_column_name: y\n")
    result.raise_error()
    assert notebook.user_ns["bank"] is job
    assert "Completed" in published[-1]["data"]["text/plain"]
