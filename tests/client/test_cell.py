from __future__ import annotations

import pytest

from automl_jupyter.client.cell import CELL_FLAGS, parse_cell_arguments
from automl_jupyter.errors import SpecError
from automl_jupyter.spec.options import OPTIONS


def test_an_empty_line_means_the_default_name_and_no_options():
    parsed = parse_cell_arguments("")
    assert (parsed.name, parsed.options, parsed.wait, parsed.quiet, parsed.dry_run) == ("job", {}, None, False, False)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o.flag)
@pytest.mark.parametrize("form", ["{flag} {value}", "{flag}={value}"])
def test_every_option_of_the_table_is_understood_in_both_forms(option, form):
    parsed = parse_cell_arguments("bank " + form.format(flag=option.flag, value="7"))
    assert parsed.options == {option.key: "7"}


def test_a_quoted_value_keeps_its_spaces_and_a_name_may_come_last():
    parsed = parse_cell_arguments("""--target 'my "column"' --wait bank""")
    assert parsed.options == {"target_column_name": 'my "column"'}
    assert (parsed.name, parsed.wait) == ("bank", True)


def test_a_negative_number_is_a_value():
    assert parse_cell_arguments("--exit-score -0.5").options == {"limits.exit_score": "-0.5"}


def test_every_mistake_is_told_at_once():
    with pytest.raises(SpecError, match="problems in what was asked") as caught:
        parse_cell_arguments("1bank other --trails 5 --timeout --wait=yes --wait --no-wait")
    said = str(caught.value)
    assert "'1bank' cannot name a variable" in said
    assert "Did you mean '--trials'?" in said
    assert "--timeout: needs a value: --timeout MINUTES" in said
    assert "--wait: takes no value, but 'yes' came" in said
    assert "exclude each other" in said


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("class", "'class' is a word of Python itself"),
        ("bank houses", "there is already a name, 'bank'"),
        ("--target 'y", "a quote is not closed"),
        ("--target a --target b", "--target: is given twice"),
        ("-t y", "-t: is not an option"),
    ],
)
def test_a_mistake_is_a_sentence(line, sentence):
    with pytest.raises(SpecError, match=sentence):
        parse_cell_arguments(line)


def test_control_characters_of_a_line_do_not_reach_the_message():
    with pytest.raises(SpecError, match="is not an option") as caught:
        parse_cell_arguments("--\x1b[31mred\u202e")
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


def test_no_flag_of_the_cell_hides_an_option_of_the_job():
    assert not set(CELL_FLAGS) & {o.flag for o in OPTIONS}


def test_a_path_of_windows_keeps_its_backslashes(monkeypatch):
    assert parse_cell_arguments(r"--target my\ column").options == {"target_column_name": "my column"}
    monkeypatch.setattr("automl_jupyter.client.cell._ESCAPE", "")
    line = r'''bank --data C:\data\train.csv --test-data "C:\my data\t.csv"'''
    assert parse_cell_arguments(line).options == {
        "training_data": r"C:\data\train.csv", "test_data": r"C:\my data\t.csv",
    }  # fmt: skip
