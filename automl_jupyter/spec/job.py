"""What is asked for: the part of a job that every task shares."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import BeforeValidator, Field, PrivateAttr

from automl_jupyter._core.folder_names import FOLDER_NAME, MOST_CHARACTERS, is_folder_name
from automl_jupyter._core.text import listing
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.base import UNSET, Settings, sections
from automl_jupyter.spec.inputs import Input, TableInput
from automl_jupyter.spec.kinds import (
    MISSING,
    UINT32,
    Allowed,
    ColumnName,
    PlainMap,
    RefusedError,
    Text,
    TextMap,
    as_text,
    as_whole,
    match_name,
    nearest,
    one_of,
    shown,
)
from automl_jupyter.spec.metric_names import metric_names

_SCHEMES = ("tcp", "tls", "ucx", "ws", "wss", "inproc")
_LEVELS = ("not_set", "debug", "info", "warning", "error", "critical")


def _file_name(value: object) -> str:
    text = str(as_text(value))
    if not is_folder_name(text):
        raise ValueError
    return text


def _seed(value: object) -> int:
    number = as_whole(value)
    if not 0 <= number <= UINT32:
        raise ValueError
    return number


def _compute(value: object) -> str:
    text = str(as_text(value)).strip()
    scheme, separator, address = text.partition("://")
    if separator:
        if scheme.lower() not in _SCHEMES or not address:
            hint = nearest(scheme, _SCHEMES)
            raise RefusedError(f"{shown(text)} is not the address of a Dask scheduler; use tcp://host:port.{hint}")
        return text
    return text  # a cloud cluster's, too: it is looked up, and not found, when the job is submitted


FileName = Annotated[
    str,
    Field(max_length=MOST_CHARACTERS),
    BeforeValidator(_file_name),
    Allowed(FOLDER_NAME),
]


class AutoMLJob(Settings):
    """A job of any task: what the ten job classes share.

    A job is built with its data, completed by setters, and checked by :meth:`check`. Setters merge: what a
    call does
    not name stays as it is. Contradictions are refused at once by the call that causes them.
    """

    renamed: ClassVar[Mapping[str, str]] = {"n_cross_validation": "n_cross_validations"}
    #: fields without which the job cannot run
    needed: ClassVar[tuple[str, ...]] = ("training_data", "target_column_name")

    task: str = Field("", description="The kind of problem.")
    training_data: TableInput = Field(
        default=MISSING,
        description="The table to train on: a notebook variable, a path or URL, or an MLTable folder.",
    )
    target_column_name: ColumnName = Field(default=MISSING, description="The column to predict.")
    primary_metric: Text | None = Field(None, description="The metric that ranks the trials.")
    validation_data: TableInput | None = Field(None, description="A separate table that chooses between trials.")
    name: FileName | None = Field(None, description="The job's own name. Unset: generated.")
    display_name: Text | None = Field(None, description="A label shown in place of the name.")
    description: Text | None = Field(None, description="What the job is for.")
    experiment_name: FileName | None = Field(
        None, description="The experiment the job belongs to. Unset: the current folder's name."
    )
    compute: (
        Annotated[
            str,
            BeforeValidator(_compute),
            Allowed("'local', the address of a Dask scheduler such as tcp://host:8786, or a name"),
        ]
        | None
    ) = Field(
        None,
        description="Where the trials run: local, inline (in this process, one fit at a time), the address of a Dask"
        " scheduler, or the name of a Dask client or cluster in the notebook. Any other name, such as a cloud"
        " cluster's, means local. Unset: local.",
    )
    random_state: (
        Annotated[
            int,
            Field(ge=0, le=UINT32),
            BeforeValidator(_seed),
            Allowed("a whole number from 0 to 4294967295"),
        ]
        | None
    ) = Field(
        None,
        description="The seed of everything random; two jobs with one seed and without a time limit do the same."
        " Unset: 0.",
    )
    tags: TextMap | None = Field(None, description="Labels of the job, by name.")
    properties: TextMap | None = Field(None, description="Further labels, by name.")
    outputs: PlainMap | None = Field(None, description="Named outputs; kept for compatibility.")
    resources: PlainMap | None = Field(None, description="Cloud resources; kept for compatibility, not used.")
    queue_settings: PlainMap | None = Field(None, description="Cloud queue; kept for compatibility, not used.")
    identity: PlainMap | None = Field(None, description="Cloud identity; kept for compatibility, not used.")
    environment_id: Text | None = Field(None, description="Cloud environment; kept for compatibility, not used.")
    environment_variables: TextMap | None = Field(None, description="Kept for compatibility, not used.")
    log_verbosity: Annotated[
        Literal["not_set", "debug", "info", "warning", "error", "critical"] | None,
        BeforeValidator(one_of(*_LEVELS)),
        Allowed("'not_set', 'debug', 'info', 'warning', 'error' or 'critical'"),
    ] = Field(None, description="Kept for compatibility, not used.")

    _metric: Any = PrivateAttr(default=None)
    _notes: list[str] = PrivateAttr(default_factory=list)

    def __init__(self, /, **data: Any) -> None:
        Settings.__init__(self, **data)
        conflicts = self.conflicts()
        if conflicts:
            raise SpecError(conflicts)

    @classmethod
    def attempt(cls, data: Mapping[str, Any]) -> tuple[Self, list[Problem]]:
        """Return the job made of every valid value of `data`, and everything that is wrong with it.

        Parameters
        ----------
        data : mapping
            The fields, by name.

        Returns
        -------
        job, problems : AutoMLJob, list of Problem
            The rules between fields are checked on what is valid, so one mistake does not hide another.
        """
        job = cast(Self, cls.model_construct())
        problems = job.fill(data)
        faulty = {w for p in problems for w in (p.where, p.where.split(".")[0])}
        rest = [p for p in job.problems() if p.where not in faulty]
        return job, [*problems, *rest]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was accepted but changed, as sentences."""
        return tuple(self._notes)

    def fill(self, data: Mapping[str, Any]) -> list[Problem]:
        """Set every valid value of `data` and return a problem for each other one."""
        given = dict(data)
        metric = given.get("primary_metric")
        if callable(metric) and not isinstance(metric, str | type):
            given["primary_metric"] = f"callable:{getattr(metric, '__name__', type(metric).__name__)}"
        problems = super().fill(given)
        if "primary_metric" in given:
            self._metric = metric if callable(metric) else None
        self._note_compute(given.get("compute"))
        return problems

    def _note_compute(self, compute: object) -> None:
        if isinstance(compute, str) and compute.strip().startswith("azureml:"):
            note = f"compute {shown(compute)} names a cloud cluster, and no job runs there from here."
            if note not in self._notes:
                self._notes.append(note)

    def _assign(self, name: str, value: Any) -> list[Problem]:
        if name == "task":
            if match_name(value, [self.task]) is None:
                return [Problem("task", f"{shown(value)} is not allowed here; this is a {self.task} job.")]
            return []
        return super()._assign(name, value)

    def _unknown(self, key: object) -> str:
        kind = type(self)
        for section, settings in sections(kind).items():
            names = {**{n: n for n in settings.model_fields}, **settings.renamed, **settings.synonyms}
            found = match_name(key, names)
            if found is not None:
                return f"is not a setting of the job itself; it belongs to {section}: {section}.{names[found]}."
        names_here = list(kind.model_fields)
        told = nearest(key, names_here) or f" Known: {listing(names_here, last='and', most=60)}."
        return f"is not a setting of {self.task or 'a job'}.{told}"

    def __setattr__(self, name: str, value: Any) -> None:
        kind = type(self)
        if name.startswith("_") or (isinstance(getattr(kind, name, None), property) and name not in self.synonyms):
            super().__setattr__(name, value)
        else:
            self.change({name: value})

    def change(self, fields: Mapping[str, Any]) -> None:
        """Set several fields at once; nothing is changed when one of them is not allowed.

        Raises
        ------
        SpecError
            With every problem: values not allowed, unknown names, and fields that now contradict each other.
        """
        values, names = dict(self.__dict__), set(self.__pydantic_fields_set__)
        private = dict(self.__pydantic_private__ or {})
        known = set(self.conflicts())
        problems = self.fill(fields)
        faulty = {p.where.split(".")[0] for p in problems}
        problems += [p for p in self.conflicts() if p not in known and p.where not in faulty]
        if problems:
            self.__dict__.update(values)
            object.__setattr__(self, "__pydantic_fields_set__", names)
            object.__setattr__(self, "__pydantic_private__", private)
            raise SpecError(problems)

    def _set(self, section: str, given: Mapping[str, Any]) -> None:
        self.change({section: given})

    def conflicts(self) -> list[Problem]:
        """Return the contradictions between what has been set so far."""
        return []

    def gaps(self) -> list[Problem]:
        """Return what is still missing before the job can run."""
        return [
            Problem(name, f"is missing. {type(self).model_fields[name].description}")
            for name in self.needed
            if getattr(self, name) is None
        ]

    def problems(self) -> list[Problem]:
        """Return everything that keeps the job from running, as far as the spec alone can tell."""
        return [*self.gaps(), *self.conflicts()]

    def check(self) -> None:
        """Raise one :class:`SpecError` with every problem, or return."""
        problems = self.problems()
        if problems:
            raise SpecError(problems)

    def to_dict(self) -> dict[str, Any]:
        """Return every field, defaults too, as values JSON can hold."""
        return self.model_dump(mode="json")

    def digest(self) -> str:
        """Return the SHA-256 of :meth:`to_dict`, in hexadecimal: equal for equal jobs."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def copied(self) -> Self:
        """Return a job that later changes of this one do not reach; tables in memory are not copied."""
        found = self.model_copy()
        found._notes = [*self._notes]
        for name, value in self.__dict__.items():
            found.__dict__[name] = value.model_copy() if isinstance(value, Input) else copy.deepcopy(value)
        return found

    def frames(self) -> dict[str, Any]:
        """Return what Python code gave in memory, by field: tables, and a callable ``primary_metric``."""
        found = {n: v.frame for n, v in self.__dict__.items() if isinstance(v, Input) and v.frame is not None}
        if self._metric is not None:
            found["primary_metric"] = self._metric
        return found

    @classmethod
    def allowed_metrics(cls) -> tuple[str, ...]:
        """Return the names that `primary_metric` may have."""
        return metric_names(str(cls.model_fields["task"].default))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AutoMLJob) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # a job can change


def passed(arguments: Mapping[str, Any], *, meaning_of_none: Iterable[str] = ()) -> dict[str, Any]:
    """Return the arguments of a setter that were passed; None is not, unless it has a meaning."""
    keep = set(meaning_of_none)
    found = {
        k: v
        for k, v in arguments.items()
        if k not in ("self", "unknown") and v is not UNSET and (v is not None or k in keep)
    }
    return {**found, **arguments.get("unknown", {})}
