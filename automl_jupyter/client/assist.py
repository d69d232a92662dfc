"""What an editor offers in an ``%%automl`` cell: completions, and what the field under the cursor means.

What may be written comes from the job's JSON Schema, so a new field completes without a word here.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

_CELL = re.compile(r"%%automl(\s|$)")
_FIELD = re.compile(r"^(?P<indent>\s*)(?P<dash>-\s+)?(?P<key>\w+)\s*:(?:\s+(?P<value>.*))?$")
#: what lies between blanks of the first line; a quote may still be open
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*(?:"|$)|'[^']*(?:'|$))+""")
_PLAIN_SCALAR = re.compile(r"[A-Za-z_][\w .()/%+-]*(?<! )")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_TABLES = ("training_data", "validation_data", "test_data")
#: fields of columns whose names do not end like the others'
_COLUMN_FIELDS = frozenset({"features_unknown_at_forecast_time", "fields"})
#: the section whose keys are columns
_TYPES = "column_name_and_types"
_MOST_COLUMNS = 2000


class Completions(NamedTuple):
    """What Tab offers: texts that replace `fragment`, the part already written."""

    fragment: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    """A cell as far as it is written: its lines, where the cursor is, and the notebook's variables."""

    lines: Sequence[str]
    row: int
    before: str
    namespace: Mapping[str, Any]

    def fields(self) -> dict[str, str]:
        """The top-level fields written so far, with their values as text."""
        found = (_FIELD.match(line) for line in self.lines[1:])
        return {m["key"]: _unquoted(m["value"] or "") for m in found if m and not m["indent"]}

    def table(self) -> object:
        """The training table, if it is a variable of the notebook."""
        return self.namespace.get(self._said("--data", "training_data"))

    def task(self) -> str:
        """The task, as far as it is written."""
        return self._said("--task", "task")

    def _said(self, flag: str, field: str) -> str:
        words = _words(self.lines[0])
        named = [value for word, value in pairwise(words) if word == flag]
        named += [word.removeprefix(f"{flag}=") for word in words if word.startswith(f"{flag}=")]
        return (named or [self.fields().get(field, "")])[-1]


class Explanation(NamedTuple):
    """What a field of a cell means."""

    field: str
    text: str
    default: str | None
    allowed: tuple[str, ...]


def complete_cell(text: str, row: int, column: int, namespace: Mapping[str, Any]) -> Completions | None:
    """Return what may be written at a place of a cell, or None where the cell is not ours.

    Parameters
    ----------
    text : str
        The whole cell.
    row, column : int
        Where the cursor is, both from 0.
    namespace : mapping
        The variables of the notebook, as far as they are known.

    Examples
    --------
    >>> complete_cell("%%automl\\ntask: regr", 1, 10, {})
    Completions(fragment='regr', texts=('regression',))
    """
    cell = _cell_at(text, row, column, namespace)
    if cell is None:
        return None
    fragment, texts = _on_first_line(cell) if cell.row == 0 else _in_body(cell)
    return fitting(fragment, texts)


def fitting(fragment: str, texts: Iterable[str]) -> Completions:
    """Return those of some texts that go on from what is written, quotes and case aside.

    Examples
    --------
    >>> fitting("Da", ["day", "night"])
    Completions(fragment='Da', texts=('day',))
    """
    folded = fragment.lower().lstrip("\"'")
    found = dict.fromkeys(t for t in texts if t.lower().lstrip("\"'").startswith(folded))
    return Completions(fragment, tuple(found))


def explain(text: str, row: int, column: int) -> Explanation | None:
    """Return what the field or option at a place of a cell means, or None where there is none.

    Parameters
    ----------
    text : str
        The whole cell.
    row, column : int
        The place, both from 0.

    Examples
    --------
    >>> explain("%%automl\\ntarget_column_name: y", 1, 3)
    Explanation(field='target_column_name', text='The column to predict.', default=None, allowed=())
    """
    cell = _cell_at(text, row, column, {})
    if cell is None or cell.row >= len(cell.lines):
        return None
    path = _option_at(cell, column) if cell.row == 0 else _field_at(cell)
    nodes = _nodes(path, cell.task()) if path else []
    node = next((n for n in nodes if n.get("description")), None)
    if node is None:
        return None
    default = None if node.get("default") is None else json.dumps(node["default"], ensure_ascii=False)
    return Explanation(".".join(path), _first_paragraph(node["description"]), default, tuple(_choices(nodes)))


def _cell_at(text: str, row: int, column: int, namespace: Mapping[str, Any]) -> _Cell | None:
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not _CELL.match(lines[first]) or row < first:
        return None
    before = lines[row][:column] if row < len(lines) else ""
    return _Cell(lines[first:], row - first, before, namespace)


def _field_at(cell: _Cell) -> list[str]:
    """The path of the field that a line of the body names."""
    match = _FIELD.match(cell.lines[cell.row])
    return [*_parents(cell, len(match["indent"])), match["key"]] if match else []


def _option_at(cell: _Cell, column: int) -> list[str]:
    """The path of the field that the option under the cursor stands for."""
    from automl_jupyter.spec.options import OPTIONS

    for word in re.finditer(r"\S+", cell.lines[0]):
        if word.start() <= column < word.end():
            flag = word.group().partition("=")[0]
            return next((o.key.split(".") for o in OPTIONS if o.flag == flag), [])
    return []


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _on_first_line(cell: _Cell) -> tuple[str, list[str]]:
    from automl_jupyter.client.cell import CELL_FLAGS
    from automl_jupyter.spec.options import OPTIONS

    by_flag = {o.flag: o for o in OPTIONS}
    fragment = next((w.group() for w in _WORD.finditer(cell.before) if w.end() == len(cell.before)), "")
    written = _words(cell.before[: len(cell.before) - len(fragment)])[1:]
    flag, equals, value = fragment.partition("=")
    if equals and flag in by_flag:
        return value, _values(by_flag[flag].key.split("."), cell, shlex.quote)
    if written and written[-1] in by_flag:
        return fragment, _values(by_flag[written[-1]].key.split("."), cell, shlex.quote)
    unused = [f for f in (*by_flag, *CELL_FLAGS) if f not in written]
    return fragment, unused if not fragment or fragment.startswith("-") else []


def _in_body(cell: _Cell) -> tuple[str, list[str]]:
    field = _FIELD.match(cell.before)
    indent = len(cell.before) - len(cell.before.lstrip())
    if field is not None and field["value"] is not None:
        fragment = re.split(r"[\[,]\s*", field["value"])[-1] if field["value"].startswith("[") else field["value"]
        return fragment, _values([*_parents(cell, indent), field["key"]], cell, _yaml_scalar)
    item = re.match(r"^\s*-\s+(?P<value>.*)$", cell.before)
    if item is not None:
        return item["value"], _values(_parents(cell, indent + 1), cell, _yaml_scalar)
    parents = _parents(cell, indent)
    fragment = cell.before.lstrip()
    if parents[-1:] == [_TYPES]:
        return fragment, [f"{_yaml_scalar(name)}: " for name in column_names(cell.table())]
    known = [f"{key}: " for key in _keys(parents, cell.task())]
    taken = {f"{key}: " for key in cell.fields()} if not parents else set()
    return fragment, [key for key in known if key not in taken]


def _parents(cell: _Cell, indent: int) -> list[str]:
    """The fields that enclose a line indented by `indent`, from the outermost."""
    path: list[str] = []
    for line in reversed(cell.lines[1 : cell.row]):
        match = _FIELD.match(line)
        if match is not None and len(match["indent"]) < indent:
            path.insert(0, match["key"])
            indent = len(match["indent"])
    return path


def _values(path: Sequence[str], cell: _Cell, quote: Any) -> list[str]:
    """What the field at `path` may hold."""
    field = path[-1] if path else ""
    if field in _TABLES:
        return table_names(cell.namespace)
    if field in _COLUMN_FIELDS or field.endswith(("column_name", "column_names")):
        return [quote(name) for name in column_names(cell.table())]
    return _choices(_nodes(path, cell.task()))


def _choices(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The values that some parts of the schema name."""
    texts = []
    for node in nodes:
        choices = [*node.get("enum", ()), *node.get("examples", ())]
        choices += [node["const"]] if "const" in node else []
        choices += [True, False] if node.get("type") == "boolean" else []
        texts += [c if isinstance(c, str) else json.dumps(c) for c in choices if c is not None]
    return list(dict.fromkeys(texts))


def table_names(namespace: Mapping[str, Any]) -> list[str]:
    """Return the variables that hold tables.

    Examples
    --------
    >>> import pandas as pd
    >>> table_names({"n": 3, "birds": pd.DataFrame({"size": [1]})})
    ['birds']
    """
    from automl_jupyter.spec.inputs import is_table

    return [name for name, value in list(namespace.items()) if not name.startswith("_") and is_table(value)]


def column_names(table: object) -> list[str]:
    """Return the names of a table's columns that can be written in a cell; none of what is no table.

    Examples
    --------
    >>> import pandas as pd
    >>> column_names(pd.DataFrame({"size": [1], 7: [2]}))
    ['size']
    """
    try:
        names = list(getattr(table, "columns", ()))[:_MOST_COLUMNS]
    except Exception:  # noqa: BLE001 what a stranger's attribute raises is no reason for a traceback at Tab
        return []
    return [name for name in names if isinstance(name, str) and name.isprintable()]


def _yaml_scalar(text: str) -> str:
    """A text as YAML reads it back unchanged."""
    plain = _PLAIN_SCALAR.fullmatch(text) and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


def _unquoted(text: str) -> str:
    return re.split(r"\s#", text, maxsplit=1)[0].strip().strip("\"'")


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote still open
        return line.split()


@cache
def _schema() -> dict[str, Any]:
    from automl_jupyter.spec.schema import json_schema

    return json_schema()


def _keys(path: Sequence[str], task: str) -> list[str]:
    fields = (field for node in _nodes(path, task) for field in node.get("properties", {}).items())
    return list(dict.fromkeys(key for key, meaning in fields if not meaning.get("deprecated")))


def _nodes(path: Sequence[str], task: str) -> list[dict[str, Any]]:
    """The parts of the schema that describe the field at `path`, for one task or for all of them."""
    nodes = list(_branches(_schema()))
    mapping = _schema().get("discriminator", {}).get("mapping", {})
    if task in mapping:
        nodes = list(_branches({"$ref": mapping[task]}))
    for key in path:
        inner = [n["properties"][key] for n in nodes if key in n.get("properties", {})]
        # Of keys that are the user's own, such as columns, it is said once what each holds.
        held = (n.get("additionalProperties") for n in nodes)
        inner += [h for h in held if isinstance(h, Mapping) and ("enum" in h or "items" in h)]
        nodes = [branch for node in inner for branch in _branches(node)]
    return nodes


def _branches(node: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A node with references followed and alternatives laid side by side; a list stands beside its items."""
    if "$ref" in node:
        yield from _branches(_schema()["$defs"][str(node["$ref"]).rsplit("/", 1)[-1]])
    yield dict(node)
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in node.get(word, ()):
            yield from _branches(branch)
    if isinstance(node.get("items"), Mapping):
        yield from _branches(node["items"])
