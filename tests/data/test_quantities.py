"""Numbers with something around them: how a column writes them, and what each text stands for."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.data.profile_target import guess_task
from automl_jupyter.data.quantities import find_quantity
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.target import read_target
from automl_jupyter.errors import DataError, Problem

WRITTEN: dict[str, tuple[list[str], list[float]]] = {
    "money": (["$1,200", "$950", "$12,000.50"], [1200, 950, 12000.5]),
    "money behind": (["1.234,50 €", "900 €"], [1234.5, 900]),
    "points part thousands of money": (["€ 1.234", "€ 900", "€ 12.500"], [1234, 900, 12500]),
    "few with another unit": (["5 %", *(f"{i:,}" for i in range(6_000, 6_040))], [np.nan, *range(6_000, 6_040)]),
    "points part no kilograms": (["1.250 kg", "2 kg"], [1.25, 2]),
    "losses": (["(1,234)", "500", "-$20", "$-3"], [-1234, 500, -20, -3]),
    "thousands": (["1,234", "567"], [1234, 567]),
    "thousands by spaces": (["1 234,5", "12"], [1234.5, 12]),
    "decimal commas": (["3,14", "12,5", "7"], [3.14, 12.5, 7]),
    "percent": (["45%", "3.5 %"], [45, 3.5]),
    "one unit": (["20 °C", "-3 °C"], [20, -3]),
    "a unit of two words": (["5 sq ft", "1,700 sq ft"], [5, 1700]),
    "one and many": (["1 year", "2 years"], [1, 2]),
    "short for thousands": (["19M", "201k", "1.5M", "950"], [19e6, 201e3, 1.5e6, 950]),
    "thousands beside units": (["1.2k", "950", "3K"], [1200, 950, 3000]),
    "a large letter for millions": (["1.5M", "200"], [1.5e6, 200]),
    "a large letter for billions": (["5B", "200", "7B"], [5e9, 200, 7e9]),
    "small letters beside each other": (["2m", "30k", "5"], [2e6, 30e3, 5]),
    "a small letter is a unit": (["2 m", "3 m", "4", "5 m", "6"], [2, 3, 4, 5, 6]),
    "tons": (["1 t", "2 t", "3"], [1, 2, 3]),
    "millions of money": (["£1.2m", "£900,000", "£3.4m", "£750,000"], [1.2e6, 900e3, 3.4e6, 750e3]),
    "metres": (["2 m", "3 km", "50 cm"], [2, 3000, 0.5]),
    "one currency in several ways": (["$1,200", "US$ 30", "50 USD"], [1200, 30, 50]),
    "at least": (["10,000+", "500+", "3"], [10000, 500, 3]),
    "sizes": (["3 MB", "512 kB"], [3e6, 512e3]),
    "weights": (["500 g", "1.5 kg"], [500, 1500]),
    "durations": (["2h 05m", "45m", "1h", "1 day"], [7500, 2700, 3600, 86400]),
    "minutes beside hours": (["5m", "2h", "1y"], [300, 7200, 31_556_952]),
    "months beside years": (["6 m", "18 m", "1 y"], [15_778_476, 47_335_428, 31_556_952]),
    "years and months": (["2y 3m", "1y 11m", "0y 6m"], [71_003_142, 60_484_158, 15_778_476]),
    "heights": (["5'11\"", "6' 0\"", "5 ft 7 in"], [71, 72, 67]),
    "times of day": (["13:45", "00:10"], [825, 10]),
    "halves of a day": (["12:30 AM", "1:05 p.m."], [30, 785]),
    "times with hours and without": (["1:02:33", "45:10.5"], [3753, 2710.5]),
    "places": (["1st", "2nd", "3rd", "11th"], [1, 2, 3, 11]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRITTEN)
def test_a_column_of_numbers_is_read(what: str) -> None:
    texts, numbers = WRITTEN[what]
    quantity = find_quantity(texts)
    assert quantity is not None
    assert [quantity.number(t) for t in texts] == pytest.approx(numbers, nan_ok=True)


@pytest.mark.parametrize(
    "texts",
    [
        ["A11", "A12"],
        ["1-2", "3-4", "5+"],
        ["MD-80", "B-727"],
        ["12A", "13B", "14C"],
        ["007 kg", *(f"{i} kg" for i in range(40))],
        ["01067", *(f"{i} " for i in range(10_000, 10_040))],
        ["1.2.3", "10.0.1"],
        ["12 34", "56 78"],
        ["3 rooms", "4 rooms", "studio"],
        ["5 kg", "5 km"],
        ["45%", "0.45"],
        ["3d", "2w", "5m"],
        ["1.2m", "900,000", "3m", "750,000"],
        ["2 kg", "2500", "1.5 kg", "1800"],
        ["$1,200", "€950", "¥90000"],
        ["100 USD", "950 EUR", "90000 JPY"],
        ["$5", "A$5", "$7"],
        ["0.5", "1,5"],
        ["10:75", "10:80"],
        ["(5", "6)"],
        ["", " "],
        ["1" * 41, "2" * 41],
        [],
    ],
)
def test_what_may_mean_something_else_is_no_number(texts: list[str]) -> None:
    assert find_quantity(texts) is None


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_none(text: str) -> None:
    for known in ("$1", "1,5 kg", "2h 5m", "1:30"):
        quantity = find_quantity([known])
        assert quantity is not None
        assert isinstance(quantity.number(text), float)


@given(st.floats(0, 1e12).map(lambda v: round(v, 2)))
def test_numbers_come_back(value: float) -> None:
    english = find_quantity(["$1.00", "$2,000.50"])
    german = find_quantity(["1,00 €", "2.000,50 €"])
    assert english is not None
    assert german is not None
    text = f"{value:,.2f}"
    assert math.isclose(english.number(f"${text}"), value, abs_tol=1e-9)
    assert math.isclose(german.number(text.translate(str.maketrans(",.", ".,")) + " €"), value, abs_tol=1e-9)


N = 60


def _prices(n: int = N) -> list[str]:
    return [f"${1000 + 37.5 * i:,.2f}" for i in range(n)]


def test_amounts_become_a_numeric_column_and_are_read_alike_later() -> None:
    sizes = ["varies" if i % 10 == 0 else f"{i}k" if i % 2 else f"{i / 10}M" for i in range(N)]
    train = pd.DataFrame({"price": _prices(), "size": sizes, "code": [f"A{i % 7}" for i in range(N)]})
    schema = TableSchema.infer(train)
    assert [str(c.type) for c in schema.columns] == ["Numeric", "Numeric", "Categorical"]
    assert "'$1,000.00' is read as 1000" in schema.columns[0].reason
    assert "'varies' could not be read and count as missing" in schema.columns[1].reason
    assert schema.columns[1].n_missing == N // 10
    again = TableSchema.from_json(schema.to_json())
    later = pd.DataFrame({"price": ["$5", "about $7", None, "?"], "size": ["7k", "2M", "new", ""], "code": ["A1"] * 4})
    for fitted in (schema, again):
        read = fitted.encode(later)
        np.testing.assert_array_equal(read["price"], [5.0, np.nan, np.nan, np.nan])
        np.testing.assert_array_equal(read["size"], [7e3, 2e6, np.nan, np.nan])
    np.testing.assert_array_equal(
        schema.encode(later.assign(price=[1.5, 2.5, None, 3.5]))["price"], [1.5, 2.5, np.nan, 3.5]
    )


def test_numbers_among_texts_count_in_the_only_unit() -> None:
    train = pd.DataFrame({"mass": [f"{7 * i} kg" if i % 2 else 7 * i for i in range(1, N + 1)], "x": [1.5, 2] * 30})
    schema = TableSchema.infer(train)
    assert str(schema.columns[0].type) == "Numeric"
    assert schema.encode(pd.DataFrame({"mass": [3, "4 kg", "5", "6e999"], "x": 1.0}))["mass"].tolist()[:3] == [3, 4, 5]
    assert schema.encode(pd.DataFrame({"mass": ["6e999"], "x": 1.0}))["mass"].isna().all()


@pytest.mark.parametrize("number", [1.234, np.float32(1.25), Decimal("1.234"), 1234, np.int64(1234)])
def test_numbers_held_as_objects_are_taken_as_they_are(number: Any) -> None:
    quantity = find_quantity([f"1.{k}34,5 €" for k in range(10)])
    assert quantity is not None
    for values in ([number], [number, "1.234,5 €"], [number, None, True]):
        read = quantity.read(pd.Series(values, dtype=object))
        assert read[0] == pytest.approx(float(number))
    assert np.isnan(quantity.read(pd.Series([float("inf"), None, True], dtype=object))).all()


def test_what_holds_no_texts_is_read_as_the_texts_it_prints_as() -> None:
    train = pd.DataFrame({"mass": pd.Series([f"{7 * i} kg" for i in range(N)], dtype=object), "x": [1.5, 2] * 30})
    schema = TableSchema.infer(train)
    for values, numbers in (([3 + 0j, np.nan + 0j], [3, np.nan]), (pd.to_datetime(["2024-01-31"] * 2), [np.nan] * 2)):
        np.testing.assert_array_equal(schema.encode(pd.DataFrame({"mass": values, "x": 1.0}))["mass"], numbers)


def test_distinct_amounts_are_no_ids_and_one_amount_is_a_constant() -> None:
    train = pd.DataFrame({"price": _prices(), "fee": ["$5.00"] * N, "n": [f"#{i}" for i in range(N)], "x": [1, 2] * 30})
    price, fee, n, _ = TableSchema.infer(train).columns
    assert not price.dropped
    assert "every row has the value 5" in fee.reason
    assert n.dropped


def test_what_the_sample_of_texts_does_not_show_is_seen() -> None:
    many = [f"{7 * i} kg" for i in range(1, 3001)]

    def kind(odd: object, n: int = 1) -> str:
        values = pd.Series([*many[:-n], *[odd if n == 1 else f"{odd}{i}" for i in range(n)]], dtype=object)
        return str(TableSchema.infer(pd.DataFrame({"mass": values, "x": [1.5, 2] * 1500})).columns[0].type)

    assert kind("unknown") == kind(["8 kg"]) == "Numeric"
    assert kind("007 kg") == kind("unknown", n=200) == "Categorical"


def test_complex_numbers_are_no_amounts() -> None:
    with pytest.raises(DataError, match="not a real number"):
        TableSchema.infer(pd.DataFrame({"z": [1 + 0j, 2 + 0j] * 30}), types={"z": "Numeric"})


def test_a_type_that_is_asked_for_wins() -> None:
    train = pd.DataFrame({"price": _prices(), "x": [1, 2] * 30})
    types = {"price": "Categorical"}
    assert str(TableSchema.infer(train, types=types).columns[0].type) == "Categorical"
    asked = TableSchema.infer(train, types={"price": "Numeric"})
    assert asked.encode(train)["price"].iloc[1] == 1037.5


def test_a_target_of_amounts_is_to_be_made_numbers_first() -> None:
    task, reason = guess_task(pd.Series(_prices(), name="price"))
    assert task is None
    assert "turn them into numbers" in reason
    problems: list[Problem] = []
    assert read_target(pd.Series(_prices(), name="price"), True, "training_data", problems, []) is None
    assert "has the value '$1,000.00', which is not a number." in problems[0].message
    assert "Make numbers of such texts: '$1,000.00' is 1000." in problems[0].message
    assert guess_task(pd.Series(["5 mg", "10 mg"] * 30, name="dose"))[0] == "classification"


def test_numbers_held_as_categories_are_taken_as_they_are() -> None:
    quantity = find_quantity([f"1.{k}34,5 €" for k in range(10)])
    assert quantity is not None
    numbers = pd.Series([1.234, 2.5, np.nan])
    np.testing.assert_array_equal(quantity.read(numbers.astype("category")), numbers)
    np.testing.assert_array_equal(quantity.read(pd.Series(["1.234,5 €", None], dtype="category")), [1234.5, np.nan])


def test_a_whole_number_beyond_all_floats_is_missing() -> None:
    quantity = find_quantity(["4 kg", "7 kg"])
    assert quantity is not None
    np.testing.assert_array_equal(quantity.read(pd.Series([10**400, "4 kg"], dtype=object)), [np.nan, 4])
