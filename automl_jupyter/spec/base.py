"""What every settings class does alike: names, aliases, merging, and problems told in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Final, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from automl_jupyter._core.text import listing, plain
from automl_jupyter._core.warn import warn_caller
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.kinds import Allowed, RefusedError, as_number, nearest, shown


class _Unset:
    """Stands for an argument that was not passed, where None has a meaning of its own."""

    def __repr__(self) -> str:
        return "unset"


UNSET: Final[Any] = _Unset()


class Settings(BaseModel):
    """A group of settings whose every mistake is reported, all at once, as a :class:`SpecError`."""

    model_config = ConfigDict(extra="forbid", defer_build=True, protected_namespaces=(), use_attribute_docstrings=False)

    #: former name -> name; accepted with a DeprecationWarning
    renamed: ClassVar[Mapping[str, str]] = {}
    #: second spelling -> name; accepted silently because Azure Machine Learning uses both
    synonyms: ClassVar[Mapping[str, str]] = {}
    #: former name -> factor that turns its unit into the new one
    factors: ClassVar[Mapping[str, float]] = {}
    #: fields that must be given
    required: ClassVar[tuple[str, ...]] = ()

    def __init__(self, /, **data: Any) -> None:
        super().__init__()
        problems = [*self.fill(data), *self.missing(data)]
        if problems:
            raise SpecError(problems)

    def __setattr__(self, name: str, value: Any) -> None:
        kind = type(self)
        if name.startswith("_") or (isinstance(getattr(kind, name, None), property) and name not in self.synonyms):
            super().__setattr__(name, value)
            return
        problems = self.fill({name: value})
        if problems:
            raise SpecError(problems)

    def fill(self, data: Mapping[str, Any]) -> list[Problem]:
        """Set every valid value of `data` and return a problem for each other one."""
        problems: list[Problem] = []
        given: dict[str, Any] = {}
        for key, value in data.items():
            name = self._known_as(key)
            if name is not None and key in self.renamed:
                deprecated(key, name)
            if name is None:
                problems.append(Problem(plain(key), self._unknown(key)))
            elif name in given:
                problems.append(Problem(plain(key), f"{name} is given twice, once under another name."))
            else:
                given[name] = _scaled(value, self.factors[key]) if key in self.factors else value
        for name, value in given.items():
            problems += self._assign(name, value)
        return problems

    def missing(self, data: Mapping[str, Any] = {}) -> list[Problem]:
        """Return a problem for each required field that has no value and that `data` did not try to give."""
        tried = {self._known_as(k) for k in data}
        return [
            Problem(name, f"is missing; use {allowed_text(type(self), name)}.")
            for name in self.required
            if getattr(self, name) is None and name not in tried
        ]

    def given(self) -> dict[str, Any]:
        """Return the fields that were set, by name."""
        return {n: getattr(self, n) for n in type(self).model_fields if n in self.model_fields_set}

    def _known_as(self, key: object) -> str | None:
        kind = type(self)
        if not isinstance(key, str):
            return None
        if key in kind.model_fields:
            return key
        if key in self.synonyms:
            return self.synonyms[key]
        return self.renamed.get(key)

    def _unknown(self, key: object) -> str:
        names = list(type(self).model_fields)
        return f"is not a setting here.{nearest(key, names)} Known: {listing(names, last='and', most=60)}."

    def _assign(self, name: str, value: Any) -> list[Problem]:
        kind = type(self)
        section = sections(kind).get(name)
        if section is not None:
            return self._assign_section(name, section, value)
        if value is None and not nullable(kind, name):
            value = kind.model_fields[name].get_default(call_default_factory=True)
            if value is None:
                return [Problem(name, f"null is not allowed; use {allowed_text(kind, name)}.")]
        try:
            kind.__pydantic_validator__.validate_assignment(self, name, value)
        except ValidationError as error:
            return sentences(kind, error, value)
        return []

    def _assign_section(self, name: str, section: type[Section], value: Any) -> list[Problem]:
        present = getattr(self, name, None)
        merged = present.model_copy() if present is not None else section.model_construct()
        if value is None:
            default = type(self).model_fields[name].get_default(call_default_factory=True)
            self._put(name, default)
            return []
        if isinstance(value, Section):
            value = value.given()
        elif hasattr(value, "_asdict"):
            value = value._asdict()
        if not isinstance(value, Mapping):
            return [
                Problem(
                    name,
                    f"{shown(value)} is not a group of settings; use a mapping (dict) of names to values.",
                )
            ]
        problems = [*merged.fill(value), *merged.missing(value)]
        self._put(name, merged)
        return [under(name, p) for p in problems]

    def _put(self, name: str, value: Any) -> None:
        self.__dict__[name] = value
        self.__pydantic_fields_set__.add(name)


class Section(Settings):
    """A settings class that is one section of a job, merged when it is set twice."""


def _scaled(value: Any, factor: float) -> Any:
    """Return a number in the unit of the new name; what is none is left to the check of the field."""
    try:
        return as_number(value) * factor
    except ValueError:
        return value


def under(name: str, problem: Problem) -> Problem:
    """Return the problem as seen from one level up."""
    return Problem(f"{name}.{problem.where}" if problem.where else name, problem.message, problem.line)


@cache
def sections(kind: type[Settings]) -> dict[str, type[Section]]:
    """Return the fields of `kind` that are sections, with their classes."""
    found = {}
    for name, field in kind.model_fields.items():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, Section):
                found[name] = part
    return found


@cache
def nullable(kind: type[Settings], name: str) -> bool:
    """Return whether a field may be null."""
    return type(None) in _union_parts(kind.model_fields[name].annotation)


def _union_parts(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _union_parts(get_args(annotation)[0])
    return get_args(annotation)


@cache
def allowed_text(kind: type[Settings], name: str) -> str:
    """Return what a field may be, as the object of "use …"."""
    if name in sections(kind):
        return "a mapping of settings"
    field = kind.model_fields[name]
    for mark in (*field.metadata, *_marks(field.annotation)):
        if isinstance(mark, Allowed):
            return mark.text
    raise TypeError(f"{kind.__name__}.{name} does not say what is allowed.")


def _marks(annotation: Any) -> Iterable[Any]:
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        yield from marks
        yield from _marks(inner)
    else:
        for part in get_args(annotation):
            yield from _marks(part)


def sentences(kind: type[Settings], error: ValidationError, value: Any) -> list[Problem]:
    """Rewrite what pydantic found wrong with one field into sentences of our own."""
    problems: dict[str, Problem] = {}
    for found in error.errors(include_url=False):
        path = [str(part) for part in found["loc"]]
        where = ".".join(path)
        cause = found.get("ctx", {}).get("error")
        if isinstance(cause, SpecError):
            for inner in cause.problems:
                problem = under(where, inner)
                problems.setdefault(problem.where, problem)
            continue
        if isinstance(cause, RefusedError):
            message = str(cause)
        else:
            came = value if len(path) == 1 else found["input"]
            message = f"{shown(came)} is not allowed; use {allowed_text(kind, path[0])}."
        problems.setdefault(where, Problem(where, message))
    return list(problems.values())


def deprecated(old: str, new: str) -> None:
    """Warn, at the caller's own line, that a name has been replaced."""
    warn_caller(f"{old} is now called {new}; the former name still works.", DeprecationWarning)
