"""The filter expressions of an MLTable file, read by a small grammar of their own and never executed."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, plain
from automl_jupyter.data.convert import to_instants
from automl_jupyter.data.kinds import UnreadableValueError, kind_of
from automl_jupyter.errors import DataError, Problem

_LONGEST = 10_000
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_ALLOWED = (
    'Allowed: col("x"), numbers, texts, True, False, None, datetime(2024, 1, 31), == != < <= > >=, in [..], and, or,'
    " not, parentheses."
)


def filter_rows(frame: pd.DataFrame, expression: str) -> np.ndarray:
    """Return which rows an expression keeps.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows.
    expression : str
        Comparisons of ``col("x")`` with literals or other columns, joined by and, or, not (or ``&``, ``|``, ``~``).
        A comparison with a missing value is false; ``== None`` and ``!= None`` ask for missing values.

    Returns
    -------
    numpy.ndarray
        Booleans, a row each.

    Raises
    ------
    DataError
        When the expression holds anything else, or a column that is not there.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1, 40, 50], "y": ["a", "a", "b"]})
    >>> filter_rows(frame, 'col("x") > 32 and col("y") == "a"').tolist()
    [False, True, False]
    """
    if len(expression) > _LONGEST:
        raise _refused(expression, f"is longer than {_LONGEST:,} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return _Filter(frame, expression).rows(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, DataError):
            raise
        raise _refused(expression, "cannot be read") from None


def _refused(expression: str, why: str) -> DataError:
    shown = plain(expression, most=120)
    return DataError([Problem("MLTable: filter", f"The expression {shown!r} {why}. {_ALLOWED}")])


class _Filter:
    def __init__(self, frame: pd.DataFrame, expression: str) -> None:
        self._frame, self._expression = frame, expression

    def rows(self, node: ast.expr) -> np.ndarray:
        """Return the rows for which a condition holds."""
        if isinstance(node, ast.BoolOp):
            parts = [self.rows(v) for v in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return np.asarray(join.reduce(parts))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            left, right = self.rows(node.left), self.rows(node.right)
            return np.asarray(left & right if isinstance(node.op, ast.BitAnd) else left | right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return ~self.rows(node.operand)
        if isinstance(node, ast.Compare):
            return self._comparisons(node)
        if isinstance(node, ast.Call):
            series = self._column(node)
            if kind_of(series) == "boolean":
                return np.asarray(series.fillna(False), dtype=bool)
            raise self._no(node, "is not true or false by itself; compare it")
        raise self._no(node, "is not a condition")

    def _comparisons(self, node: ast.Compare) -> np.ndarray:
        keep = np.ones(len(self._frame), dtype=bool)
        left = node.left
        for how, right in zip(node.ops, node.comparators, strict=True):
            keep &= self._comparison(left, how, right)
            left = right
        return keep

    def _comparison(self, left: ast.expr, how: ast.cmpop, right: ast.expr) -> np.ndarray:
        a = self._value(left)
        if isinstance(how, ast.In | ast.NotIn):
            found = self._is_in(a, right)
            return ~found if isinstance(how, ast.NotIn) else found
        b = self._value(right)
        if isinstance(how, ast.Is | ast.IsNot):
            how = ast.Eq() if isinstance(how, ast.Is) else ast.NotEq()
        if not isinstance(a, pd.Series) and not isinstance(b, pd.Series):
            raise self._no(left, "is compared without a column")
        if a is None or b is None:
            return self._missing(a if b is None else b, how, left)
        return self._compare(a, b, _COMPARE[type(how)], left)

    def _missing(self, value: Any, how: ast.cmpop, node: ast.expr) -> np.ndarray:
        if not isinstance(how, ast.Eq | ast.NotEq) or not isinstance(value, pd.Series):
            raise self._no(node, "can only be == None or != None")
        missing = value.isna().to_numpy()
        return missing if isinstance(how, ast.Eq) else ~missing

    def _compare(self, a: Any, b: Any, compare: Callable[[Any, Any], Any], node: ast.expr) -> np.ndarray:
        columns = [v for v in (a, b) if isinstance(v, pd.Series)]
        present = np.logical_and.reduce([v.notna().to_numpy() for v in columns])
        if any(_is_instant(v) for v in (a, b)):
            a, b = self._instants(a, node), self._instants(b, node)
        keep = np.zeros(len(self._frame), dtype=bool)
        first, second = _part(a, present), _part(b, present)
        try:
            keep[present] = np.asarray(compare(first, second), dtype=bool)
        except TypeError:
            raise self._no(node, "is compared with a value of another kind") from None
        return keep

    def _instants(self, value: Any, node: ast.expr) -> Any:
        try:
            if isinstance(value, pd.Series):
                return pd.Series(to_instants(value))
            return to_instants(pd.Series([value]))[0]
        except UnreadableValueError:
            raise self._no(node, "is compared with something that is not a date") from None

    def _is_in(self, value: Any, node: ast.expr) -> np.ndarray:
        if not isinstance(value, pd.Series) or not isinstance(node, ast.List | ast.Tuple | ast.Set):
            raise self._no(node, "has to be a list of values, with a column before 'in'")
        found = np.zeros(len(self._frame), dtype=bool)
        for item in node.elts:
            other = self._value(item)
            if isinstance(other, pd.Series):
                raise self._no(item, "has to be a value")
            found |= value.isna().to_numpy() if other is None else self._compare(value, other, operator.eq, item)
        return found

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float | bool)):
            return node.value
        if isinstance(node, ast.Name) and node.id.lower() in {"true", "false", "null", "none"}:
            return {"true": True, "false": False}.get(node.id.lower())
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._value(node.operand)
            if isinstance(value, int | float):
                return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Call):
            return self._date(node) if _called(node) in {"datetime", "date"} else self._column(node)
        raise self._no(node, "is not a column or a value")

    def _date(self, node: ast.Call) -> datetime:
        parts = [self._value(a) for a in node.args]
        if not node.keywords and 3 <= len(parts) <= 7 and all(type(p) is int for p in parts):
            with suppress(ValueError, OverflowError):
                return datetime(*parts)
        raise self._no(node, "is not a date; write datetime(year, month, day)")

    def _column(self, node: ast.Call) -> pd.Series:
        name = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
        if _called(node) != "col" or node.keywords or not isinstance(name, str):
            raise self._no(node, "is not allowed")
        if name not in self._frame.columns:
            raise self._no(node, f"names no column.{did_you_mean(name, _names(self._frame.columns))}".rstrip("."))
        return self._frame[name]

    def _no(self, node: ast.AST, why: str) -> DataError:
        part = plain(ast.get_source_segment(self._expression.strip(), node) or "", most=60)
        return _refused(self._expression, f"has a part that is not understood: {part!r} {why}")


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _names(columns: pd.Index) -> Sequence[str]:
    return [str(c) for c in columns]


def _is_instant(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, pd.Series) and kind_of(value) == "instant")


def _part(value: Any, rows: np.ndarray) -> Any:
    if not isinstance(value, pd.Series):
        return value
    if isinstance(value.dtype, pd.CategoricalDtype):
        value = value.astype(value.cat.categories.dtype)
    return value.to_numpy()[rows] if isinstance(value.dtype, np.dtype) else value.array[rows]
