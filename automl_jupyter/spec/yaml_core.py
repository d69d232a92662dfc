"""YAML as version 1.2's core schema reads it, with the line of every key, and nothing executed.

PyYAML alone follows version 1.1, where ``no`` is false, ``1:30`` is ninety and ``2024-01-01`` is a date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

from automl_jupyter._core.text import plain
from automl_jupyter.errors import Problem, SpecError

#: More nodes than any spec has, one that types each of many columns, too; what aliases expand to is counted.
MOST_NODES = 200_000
MOST_DEPTH = 50
MOST_CHARACTERS = 10_000_000

_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_UNPLAIN = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]")
_RESOLVERS = (
    ("tag:yaml.org,2002:null", _NULL, ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", _BOOL, list("tTfF")),
    ("tag:yaml.org,2002:int", _INT, list("-+0123456789")),
    ("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789")),
)


class CoreLoader(yaml.SafeLoader):
    """Reads scalars by the core schema."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # as PyYAML has it


class CoreDumper(yaml.SafeDumper):
    """Quotes every text that version 1.1 or 1.2 would read as something else."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # as PyYAML has it
        k: list(v) for k, v in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Put text with line breaks of other scripts and control characters in double quotes, which escape them."""
        style = '"' if _UNPLAIN.search(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def ignore_aliases(self, data: Any) -> bool:
        """Write a repeated value again, not as an alias."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists under their key."""
        super().increase_indent(flow, False)


CoreDumper.add_representer(str, CoreDumper.represent_str)
for _tag, _pattern, _first in _RESOLVERS:
    CoreLoader.add_implicit_resolver(_tag, _pattern, _first)
    CoreDumper.add_implicit_resolver(_tag, _pattern, _first)


def scalar(text: str) -> Any:
    """Return what a plain scalar stands for.

    Examples
    --------
    >>> scalar("no"), scalar("true"), scalar("1:30"), scalar("1e3"), scalar("")
    ('no', True, '1:30', 1000.0, None)
    """
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text.lower() == "true"
    if _INT.match(text) and len(text) < 400:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    if _FLOAT.match(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def load(text: str) -> tuple[Any, dict[str, int], list[Problem]]:
    """Return the value of a YAML document, the line of each dotted key, and what was left out.

    Left out are repeated keys, keys that are not text, and values with a tag.

    Raises
    ------
    SpecError
        For text that is not YAML, and for documents that expand beyond `MOST_NODES`.
    """
    if len(text) > MOST_CHARACTERS:
        raise SpecError(f"The text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read.")
    try:
        node = yaml.compose(text, Loader=CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        raise SpecError([Problem("", f"this is not YAML: {plain(error.problem or error.context)}.", line)]) from None
    except yaml.YAMLError as error:
        reason = plain(str(error).splitlines()[0])
        raise SpecError([Problem("", f"this is not YAML: {reason}.")]) from None
    except RecursionError:
        raise SpecError("The YAML is nested too deeply.") from None
    except (ValueError, OverflowError):  # PyYAML does not look whether there is a character of that number
        raise SpecError([Problem("", "this is not YAML: an escape in double quotes is no character.")]) from None
    if node is None:
        return None, {}, []
    reader = _Reader()
    value = reader.read(node, (), 0)
    return value, reader.lines, reader.problems


class _Reader:
    """Turns nodes into plain values, collecting lines and problems."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []
        self._nodes = 0

    def read(self, node: yaml.Node, path: tuple[str, ...], depth: int) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        if self._nodes > MOST_NODES or depth > MOST_DEPTH:
            raise SpecError([Problem(".".join(path), "is too large or nested too deeply to be read.", line)])
        self.lines.setdefault(".".join(path), line)
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python"):
            self._complain(path, f"the tag {plain(node.tag)!r} is not allowed; write a plain value.", line)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, str(i)), depth + 1) for i, item in enumerate(node.value)]
        return self._scalar(node, path, line)

    def _mapping(self, node: yaml.MappingNode, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node, path, line)
            if key is None:
                continue
            if key in found:
                self._complain((*path, key), "is given twice.", line)
                continue
            self.lines[".".join((*path, key))] = line
            found[key] = self.read(value_node, (*path, key), depth + 1)
        return found

    def _key(self, node: yaml.Node, path: tuple[str, ...], line: int) -> str | None:
        value = self._scalar(node, path, line) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(node.value)  # a column may be called 2024
        if isinstance(value, str):
            return value
        what = plain(repr(node.value)) if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        self._complain(path, f"the key {what} is not text; put it in quotes.", line)
        return None

    def _scalar(self, node: yaml.Node, path: tuple[str, ...], line: int) -> Any:
        text, kind = str(node.value), node.tag.rpartition(":")[2]
        if kind == "str":
            return text
        value = scalar(text)
        expected = {"null": type(None), "bool": bool, "int": int, "float": float | int}.get(kind)
        if expected is None or not isinstance(value, expected):
            self._complain(path, f"{plain(repr(text))} cannot be read as {plain(kind)}.", line)
            return None
        return float(value) if kind == "float" and isinstance(value, int) else value

    def _complain(self, path: tuple[str, ...], message: str, line: int) -> None:
        self.problems.append(Problem(".".join(path), message, line))


def dump(value: Mapping[str, Any]) -> str:
    """Return a mapping as YAML that every reader takes alike.

    Examples
    --------
    >>> dump({"a": "no", "b": [1, None]})
    "a: 'no'\\nb: [1, null]\\n"
    """
    return "".join(_entry(key, item) for key, item in value.items())


def _entry(key: str, item: Any) -> str:
    nested = isinstance(item, Mapping | list)
    text = yaml.dump(
        {key: item},
        Dumper=CoreDumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None if nested else False,  # what is nested once stays on one line
        width=1_000_000,
    )
    return str(text)
