"""Text for people."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter._core.text import (
    byte_size,
    did_you_mean,
    duration,
    fold_name,
    listing,
    number,
    plain,
    plural,
    suggest,
)

#: a busy machine may take its time
UNITS_S = {"s": 1, "min": 60, "h": 3600}
UNITS_BYTES = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@pytest.mark.parametrize("name", ["LightGBM", "light_gbm", "LIGHT GBM", "Light-GBM", " light.gbm\n"])
def test_names_are_alike_without_case_blanks_and_signs(name: str) -> None:
    assert fold_name(name) == "lightgbm"


def test_digits_tell_names_apart() -> None:
    assert fold_name("f1_score") == "f1score" != fold_name("f2_score")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("AUC_weigthed", "AUC_weighted"),
        ("aucweighted", "AUC_weighted"),
        ("acuracy", "accuracy"),
        ("zzz", None),
        ("", None),
        (None, None),
        (3, None),
    ],
)
def test_the_nearest_name_is_suggested(name: object, near: str | None) -> None:
    allowed = iter(["accuracy", "AUC_weighted", "r2_score"])
    assert suggest(name, allowed) == near


def test_of_two_near_names_the_nearer_is_suggested() -> None:
    assert suggest("precison", ["recision_x", "precision", "decision"]) == "precision"


@given(allowed=st.lists(st.text("abcXYZ019_", min_size=1, max_size=12).filter(fold_name), min_size=1, max_size=10))
def test_an_allowed_name_suggests_one_written_alike(allowed: list[str]) -> None:
    near = suggest(allowed[0], allowed)
    assert near in allowed
    assert fold_name(near) == fold_name(allowed[0])


def test_the_question_has_its_own_blank() -> None:
    assert did_you_mean("acuracy", ["accuracy"]) == " Did you mean 'accuracy'?"
    assert did_you_mean("zzz", ["accuracy"]) == ""
    assert did_you_mean("accuracy", []) == ""


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b or c"),
        ([1, None], "1 or None"),
    ],
)
def test_names_are_listed_as_people_do(names: list[object], text: str) -> None:
    assert listing(iter(names)) == text


def test_the_last_word_may_be_another() -> None:
    assert listing("abc", last="and") == "a, b and c"


def test_too_many_names_are_counted() -> None:
    assert listing("abcd", most=3) == "a, b, c and 1 more"
    assert listing("abc", most=3) == "a, b or c"
    assert listing(range(31)).endswith("28, 29 and 1 more")


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12000, "12,000 rows"), (-1, "-1 rows")]
)
def test_nouns_agree_with_their_number(n: int, text: str) -> None:
    assert plural(n, "row") == text


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    assert [plural(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (9.99, "10 s"),
        (59.4, "59 s"),
        (59.5, "1 min"),
        (59.99, "1 min"),
        (60, "1 min"),
        (75, "1 min 15 s"),
        (119.7, "2 min"),
        (3599, "59 min 59 s"),
        (3599.6, "1 h"),
        (3600, "1 h"),
        (7260, "2 h 1 min"),
        (7199.6, "2 h"),
        (100 * 3600, "100 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(seconds=st.floats(0.01, 1e6))
def test_a_duration_is_near_and_no_part_is_a_whole_of_the_next(seconds: float) -> None:
    parts = [(float(n), unit) for n, unit in re.findall(r"([\d.]+) (\w+)", duration(seconds))]
    said = sum(n * UNITS_S[unit] for n, unit in parts)
    assert said == pytest.approx(seconds, rel=0.051 if seconds < 10 else 0, abs=60 if seconds >= 3600 else 0.51)
    assert all(n < 60 for n, unit in parts if unit != "h")


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (999.6, "1 kB"),
        (1000, "1 kB"),
        (2_500_000, "2.5 MB"),
        (12_300, "12 kB"),
        (999_600, "1 MB"),
        (999_999_999, "1 GB"),
        (1.5e12, "1.5 TB"),
        (1.5e14, "150 TB"),
        (1.5e16, "15,000 TB"),
    ],
)
def test_sizes(n: float, text: str) -> None:
    assert byte_size(n) == text


@given(n=st.floats(1, 9e14))
def test_a_size_is_near_and_below_the_next_unit(n: float) -> None:
    digits, unit = byte_size(n).split(" ")
    assert float(digits) * UNITS_BYTES[unit] == pytest.approx(n, rel=0.051, abs=0.5)
    assert float(digits) < 1000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.912346, "0.91235"),
        (26053.21, "26,053"),
        (-26053.21, "-26,053"),
        (3.0, "3"),
        (12345, "12,345"),
        (2e6, "2,000,000"),
        (999_999_999_999_999, "999,999,999,999,999"),
        (1e15, "1e+15"),
        (-3.2e21, "-3.2e+21"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.5, "-0.5"),
        (1.5e-7, "1.5e-07"),
        (float("nan"), "–"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
    ],
)
def test_numbers_have_the_digits_a_reader_can_use(value: float, text: str) -> None:
    assert number(value) == text


@given(value=st.floats(-1e300, 1e300))
def test_a_number_is_near(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is – é 漢\t\n", "as it is – é 漢\t\n"),
        (3, "3"),
        (None, "None"),
        (object(), "<object object>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[?25l\x1b[2Jgone", "gone"),
        ("a\x00b\x07c\rd\x7fe\x9bf", "abcdef"),
        ("a\u202eb\u2066c\u2069d", "abcd"),
        ("\x1b\x1b[31m[31mtwice", "[31mtwice"),
        ("a\ud800b\udcffc", "abc"),
    ],
)
def test_text_of_strangers_is_made_plain(value: object, text: str) -> None:
    assert plain(value) == text


@given(value=st.text() | st.text(st.sampled_from("\x1b[0;31m\x00\r\x9b\u202e\u2069 ab"), max_size=40))
def test_plain_text_does_nothing_to_a_terminal(value: str) -> None:
    text = plain(value)
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n"]
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(text)
    assert plain(text) == text


@given(value=st.text(st.characters(categories=["L"]), max_size=30), most=st.integers(1, 20))
def test_long_text_is_shortened(value: str, most: int) -> None:
    text = plain(value, most=most)
    assert len(text) == min(len(value), most)
    assert text == value if len(value) <= most else text == value[: most - 1] + "…"


def test_names_in_any_script_are_compared_by_their_letters() -> None:
    assert suggest("目的", ["年齢", "備考"]) is None
    assert suggest("покупки", ["покупка", "возраст", "доход"]) == "покупка"
    assert suggest("---", ["%", "#"]) is None
