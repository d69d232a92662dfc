from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.notebook.naming import newest_run, next_name, run_of, variable_of

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,10}", fullmatch=True)


@given(NAMES, st.integers(1, 30))
def test_running_a_cell_again_always_finds_a_free_name_and_open_means_the_last(variable, runs):
    taken: list[str] = []
    for _ in range(runs):
        name = next_name(variable, taken)
        assert name not in taken
        taken.append(name)
    assert newest_run(variable, reversed(taken)) == taken[-1]
    assert variable_of(taken[-1]) == variable


def test_a_gap_in_the_runs_is_not_filled():
    assert next_name("bank", ["bank", "bank-7"]) == "bank-8"


def test_other_jobs_with_a_similar_name_do_not_count():
    assert next_name("bank", ["banking", "bank-x", "bank-02", "my-bank"]) == "bank"


@pytest.mark.parametrize(("asked", "found"), [("bank", "bank-3"), ("bank-2", "bank-2"), ("bank-1", "bank"), ("x", "x")])
def test_a_name_means_its_newest_run_and_a_number_means_that_run(asked, found):
    assert newest_run(asked, ["bank", "bank-2", "bank-3"]) == found


def test_a_name_that_cannot_be_a_folder_leaves_the_choice_to_the_workspace():
    assert next_name("größe", []) is None
    assert next_name("_x", []) is None
    assert next_name("aux", []) is None, "a name of Windows' own"
    assert next_name("a" * 81, []) is None


def test_a_numbered_name_is_not_a_run_of_itself():
    assert run_of("bank-2", "bank-2") == 1
    assert run_of("bank-2", "bank-2-2") == 2
