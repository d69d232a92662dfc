"""A job as a form: fields that validate as they are filled in, and the ``%%automl`` cell they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from html import escape
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import number, plain, plural
from automl_jupyter.client.cell import cell_of_run, name_problem
from automl_jupyter.client.job import Job
from automl_jupyter.client.panel_fields import FIELDS, OF_TASK, SECTIONS, TASKS, Field
from automl_jupyter.client.profile import Profile, profile
from automl_jupyter.client.variables import free_variable, notebook_names, variable_of
from automl_jupyter.errors import AutoMLError, DataError, Problem, SpecError
from automl_jupyter.spec import parse_cell
from automl_jupyter.spec.algorithms import algorithm_names
from automl_jupyter.spec.render import brief, render_cell
from automl_jupyter.spec.yaml_core import dump, scalar

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.spec import AutoMLJob

#: share of the rarest class below which what counts is said
_RARE = 0.2
#: fields of texts that may be numbers, too
_WORD_OR_NUMBER = ("forecasting.forecast_horizon", "forecasting.seasonality")


def panel(
    data: Any = None, target_column_name: str | None = None, *, namespace: Mapping[str, Any] | None = None
) -> Panel:
    """Return a job as a form, which shows the ``%%automl`` cell it stands for.

    Parameters
    ----------
    data : DataFrame, str, Path, Job, optional
        A table, the name of a variable, a file or URL; or a job, whose settings are filled in.
    target_column_name : str, optional
        The column to predict.
    namespace : mapping, optional
        The variables there are; those of the notebook where it is shown in one.

    Returns
    -------
    Panel

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"size": [1, 2, 4] * 10, "y": ["no", "no", "yes"] * 10})
    >>> form = panel("rows", "y", namespace={"rows": rows})
    >>> form.set("limits.timeout_minutes", "5")
    >>> print(form.cell, end="")
    %%automl job
    task: classification
    training_data: rows
    target_column_name: y
    limits: {timeout_minutes: 5}
    """
    if namespace is None:
        namespace = notebook_names()
    found = Panel(namespace)
    if isinstance(data, Job):
        found.fill(data.spec)
    elif isinstance(data, str | PathLike):
        found.set("training_data", fspath(data))
    elif data is not None:
        found.take(data)
    if target_column_name is not None:
        found.set("target_column_name", str(target_column_name))
    return found


class Panel:
    """A form that stands for a job.

    Parameters
    ----------
    namespace : mapping
        The variables there are.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._values: dict[str, Any] = {"name": "job"}
        self._rest: dict[str, Any] = {}  # settings the form has no field for
        self._given: tuple[str, Any] = ("", None)  # a table that no variable held, and what the cell calls it
        self._frame: pd.DataFrame | None = None
        self._frame_error = ""
        self._guess: tuple[str | None, str] = (None, "")
        self._advice = ""
        self._profile: Profile | None = None
        self._types: dict[str, str] = {}  # as they were chosen, whether or not there are such columns
        self._refused: dict[str, tuple[Problem, ...]] = {}  # those of them that the columns cannot be read as
        self._types_error = ""
        self._seq = 0

    # --- filling in -------------------------------------------------------------------------------------------------

    def set(self, key: str, value: Any) -> None:
        """Fill in a field.

        Parameters
        ----------
        key : str
            A dotted field of the spec, or ``name``.
        value : str or list of str
            As it is typed; an empty text or list leaves the field to its default. What is wrong with it is among
            `problems`, not raised.

        Raises
        ------
        AutoMLError
            When the form has no such field.
        """
        if key not in FIELDS:
            raise AutoMLError(f"The panel has no field {plain(key, most=60)!r}.")
        if FIELDS[key].kind == "names":
            value = [str(v) for v in value] if isinstance(value, list | tuple) else []
        else:
            value = str(value)
            if FIELDS[key].kind != "column" or value not in self.columns:  # whose name may begin or end with a blank
                value = value.strip()
        if value:
            self._values[key] = value
        else:
            self._values.pop(key, None)
        if key == "training_data":
            if value in self._namespace:
                self._given = ("", None)
            self._read()
        if key in ("training_data", "target_column_name", "task"):
            self._look()
        self._seq += 1

    def take(self, data: Any) -> None:
        """Fill in a table as the training data, under the name of its variable or one that is free."""
        name = variable_of(data, self._namespace)
        if name is None:
            name = free_variable(self._namespace)
            self._given = (name, data)
        self.set("training_data", name)

    def set_type(self, name: str, type: str | None) -> None:
        """Read a column as another type; None goes back to the one that was found. What is refused is said."""
        name, self._types_error = str(name), ""
        self._seq += 1
        try:
            if type is not None or name not in self._types or self._is_read_so(name):
                self.profile().set_type(name, type)
        except AutoMLError as refused:
            self._types_error = str(refused)
            return
        self._refused.pop(name, None)
        self._types.pop(name, None)
        if type is not None:
            self._types[name] = self.profile().column_name_and_types[name]

    def _is_read_so(self, name: str) -> bool:
        """Return whether the profile reads a column as the type that was chosen."""
        return self._profile is not None and name in self._profile.column_name_and_types

    def fill(self, job: AutoMLJob) -> None:
        """Fill in what a job was asked; settings without a field of their own are kept as they are."""
        rest: dict[str, Any] = {}
        for key, value in _flat(brief(job)).items():
            if key in FIELDS and key != "name" and not isinstance(value, Mapping):
                self._values[key] = value if isinstance(value, list) else _typed(value)
            elif key not in ("name", "type", "task"):
                _put(rest, key, value)
        self._values["task"] = job.task
        if job.name:
            self._values["name"] = cell_of_run(job.name)
        self._rest = rest
        types = rest.get("featurization", {}).pop("column_name_and_types", {})
        self._types = {str(name): str(type) for name, type in types.items()}
        if rest.get("featurization") == {}:
            del rest["featurization"]
        self._read()
        self._look()
        self._seq += 1

    def _read(self) -> None:
        from automl_jupyter.data.load import load_frame

        self._frame, self._frame_error, self._profile = None, "", None
        source = self._values.get("training_data")
        if not source:
            return
        try:
            self._frame = load_frame(self._given[1] if self._is_given() else source, namespace=self._namespace)
        except AutoMLError as error:
            self._frame_error = (
                "; ".join(p.message for p in error.problems) if isinstance(error, DataError) else str(error)
            )

    def _is_given(self) -> bool:
        """Return whether the training data are the table that no variable held."""
        return self._values.get("training_data") == self._given[0]

    def _look(self) -> None:
        """Guess the task of the target, and say what matters for the metric, and which types do not fit."""
        from automl_jupyter.data.profile_target import profile_target

        self._guess, self._advice, self._types_error = (None, ""), "", ""
        self._profile, self._refused = None, {}
        target = self._values.get("target_column_name")
        if self._frame is not None and target in self.columns:
            series = self._frame.iloc[:, self.columns.index(str(target))]
            found, _ = profile_target(series.rename(str(target)), self._values.get("task") and self._kind_of_target)
            self._guess = (found.task, "; ".join([found.reason, *found.problems]))
            self._advice = _advice(found, len(series))
        if self._frame is not None and self._types:
            with suppress(DataError):  # a table without columns, which the job is refused for
                self.profile()

    # --- what it is now ----------------------------------------------------------------------------------------------

    @property
    def columns(self) -> list[str]:
        """The columns of the training data."""
        return [] if self._frame is None else [str(c) for c in self._frame.columns]

    @property
    def type_names(self) -> list[str]:
        """What has a type to choose: the columns, then what a type was chosen for and is no column."""
        columns = self.columns
        return [*columns, *(name for name in self._types if name not in columns)]

    @property
    def task(self) -> str:
        """The task chosen or guessed."""
        return str(self._values.get("task") or self._guess[0] or "classification")

    @property
    def _known_task(self) -> str:
        """The task whose choices are offered, whatever was typed."""
        return self.task if self.task in TASKS else TASKS[0]

    def _sections(self) -> dict[str, tuple[Field, ...]]:
        """Return the sections that the task has."""
        return {title: fields for title, fields in SECTIONS.items() if OF_TASK.get(title) in (None, self._known_task)}

    @property
    def _kind_of_target(self) -> str:
        """The task whose target is looked at alike."""
        return "regression" if self._known_task == "forecasting" else self._known_task

    def profile(self) -> Profile:
        """Return the profile of the training data, made when it is asked for first."""
        if self._frame is None:
            raise DataError(self._frame_error or "Choose the training data first.")
        if self._profile is None:
            target = self._values.get("target_column_name")
            target = target if target in self.columns else None
            self._profile = profile(self._frame, target, task=self._kind_of_target if target else None)
            for name, type in self._types.items():
                if name != target:  # whose type is right where it is what the task reads it as
                    try:
                        self._profile.set_type(name, type)
                    except DataError as refused:
                        self._refused[name] = refused.problems
        return self._profile

    def _asked(self) -> tuple[AutoMLJob | None, dict[str, Any], SpecError | None]:
        """Return the job the form stands for, what was filled in, and what is wrong."""
        body: dict[str, Any] = {}
        for key, value in _flat(self._rest).items():
            _put(body, key, value)
        if self._types:
            _put(body, "featurization.column_name_and_types", dict(self._types))
        options: dict[str, Any] = {"task": self.task}
        shown = {f.key for fields in self._sections().values() for f in fields}
        for key, value in self._values.items():
            if key == "name" or key not in shown:
                continue
            if isinstance(value, list):
                _put(body, key, value)
            else:
                options[key] = value
        whole: dict[str, Any] = {}
        for key, value in (*((k, _said(k, v)) for k, v in options.items()), *_flat(body).items()):
            _put(whole, key, value)
        try:
            return parse_cell(dump(body) if body else "", options), whole, None
        except SpecError as error:
            return None, whole, error

    @property
    def spec(self) -> AutoMLJob:
        """The job the form stands for.

        Raises
        ------
        SpecError
            With every problem there is.
        """
        job, _, error = self._asked()
        if job is None:
            raise error or SpecError("The form is empty.")
        return job

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong now: the field and a sentence, the same as of a cell."""
        from automl_jupyter.data.roles import feature_types

        job, _, error = self._asked()
        wrong = [*([] if error is None else error.problems), *(p for ps in self._refused.values() for p in ps)]
        wrong += [] if job is None else feature_types(job)[1]
        found = [(p.where, p.message) for p in wrong]
        if self._frame_error:
            found.append(("training_data", self._frame_error))
        elif self._is_given() and self._namespace.get(self._given[0]) is not self._given[1]:
            advice = f"assign it to {self._given[0]} before the cell runs, or choose another."
            found.append(("training_data", f"No variable holds this table: {advice}"))
        target = self._values.get("target_column_name")
        if self._frame is not None and target and target not in self.columns:
            found.append(("target_column_name", f"There is no column {plain(target, most=80)!r} in the training data."))
        if refused := name_problem(str(self._values.get("name", "job"))):
            found.append(("name", refused))
        return list(dict.fromkeys(found))

    @property
    def cell(self) -> str:
        """The ``%%automl`` cell the form stands for."""
        job, whole, _ = self._asked()
        name = str(self._values.get("name", "job"))
        name = "job" if name_problem(name) else name
        if job is not None:
            return render_cell(job, name)
        return f"%%automl {name}\n{dump(whole)}"

    def snapshot(self) -> dict[str, Any]:
        """Return what is shown, as plain JSON values."""
        problems = self.problems
        errors: dict[str, list[str]] = {}
        for where, message in problems:
            errors.setdefault(where if where in FIELDS else "", []).append(
                message if where in FIELDS else f"{where}: {message}"
            )
        here = self._sections()
        sections = [
            {"title": title, "here": title in here, "fields": [self._shown(f, errors) for f in fields]}
            for title, fields in SECTIONS.items()
        ]
        return {
            "seq": self._seq,
            "sections": sections,
            "size": "" if self._frame is None else _size(self._frame),
            "types": None if self._profile is None else self._shown_types(),
            "types_error": plain(self._types_error, most=400),
            "can_type": self._frame is not None,
            "cell": self.cell,
            "problems": [plain(m, most=400) for m in errors.get("", [])],
            "n_problems": len(problems),
        }

    def _shown(self, field: Field, errors: Mapping[str, list[str]]) -> dict[str, Any]:
        value = self._values.get(field.key, [] if field.kind == "names" else "")
        return {
            "key": field.key,
            "label": field.label,
            "kind": field.kind,
            "value": value,
            "choices": self._choices(field),
            "help": self._help(field),
            "error": plain(" ".join(errors.get(field.key, [])), most=400),
        }

    def _choices(self, field: Field) -> list[dict[str, str]]:
        from automl_jupyter.spec.inputs import is_table

        if field.kind == "data":
            names = [n for n, v in list(self._namespace.items()) if not n.startswith("_") and is_table(v)]
            return [{"value": n, "label": n} for n in names]
        if field.kind == "column" or field.key.startswith("forecasting."):
            if field.kind == "text":
                return []
            return [{"value": c, "label": plain(c, most=80)} for c in self.columns]
        if field.kind == "names":
            return [{"value": n, "label": n} for n in algorithm_names(self._known_task)]
        if field.kind == "flag":
            return [
                {"value": "", "label": "as by default"},
                {"value": "true", "label": "yes"},
                {"value": "false", "label": "no"},
            ]
        if field.key == "task":
            guessed = f"guessed: {self._guess[0]}" if self._guess[0] and "task" not in self._values else "guess"
            return [{"value": "", "label": guessed}, *({"value": t, "label": t} for t in TASKS)]
        if field.key == "primary_metric":
            from automl_jupyter.metrics.registry import metrics

            first = [m.key for m in metrics if self._known_task in m.tasks and m.primary]
            others = [m.key for m in metrics if self._known_task in m.tasks and not m.primary]
            return [{"value": "", "label": "as by default"}, *({"value": m, "label": m} for m in (*first, *others))]
        if field.key == "inference":
            return [
                {"value": "", "label": "the most accurate"},
                {"value": "fast", "label": "one that predicts fast, too"},
            ]
        return []

    def _help(self, field: Field) -> str:
        if field.key == "task":
            return plain(self._guess[1], most=300)
        if field.key == "primary_metric":
            return self._advice
        if field.key == "training_data":
            return (
                "A table of the notebook, a file, a URL or an MLTable folder."
                if self._frame is None
                else _size(self._frame)
            )
        if field.key == "compute":
            return "local: this machine's cores; or the address of a Dask scheduler, tcp://…"
        own = "forecasting" if field.key.startswith("forecasting.") else self._known_task
        return plain(_description(field.key, own), most=300)

    def _shown_types(self) -> dict[str, Any]:
        from automl_jupyter.results.profile_words import profile_snapshot

        assert self._profile is not None
        whole = profile_snapshot(self._profile.table, source="", cell="", seq=self._seq, error="")
        keys = ("index", "name", "type", "reason", "is_target")
        rows = [{**{k: r[k] for k in keys}, "found": r["detected"] or r["type"]} for r in whole["columns"]]
        n_hidden = len(self.columns) - len(rows)
        advice = "Name their types in the cell, under featurization.column_name_and_types."
        hidden = f"Not listed: {plural(n_hidden, 'column')}. {advice}" if n_hidden else ""
        names = self.type_names
        for i in range(len(self.columns), len(names)):
            name = plain(names[i], most=80)
            rows.append({"index": i, "name": name, "type": "", "reason": "", "is_target": False, "found": ""})
        for row in rows:
            name = names[row["index"]]
            row["chosen"], row["refused"] = name in self._types, name in self._refused
            row["type"] = self._types.get(name, row["type"])
            if row["refused"]:
                row["reason"] = plain(" ".join(p.message for p in self._refused[name]), most=300)
        return {"columns": rows, "types": whole["types"], "hidden": hidden}

    def __repr__(self) -> str:
        lines = [self.cell.rstrip()]
        lines += [f"# {where}: {message}" if where else f"# {message}" for where, message in self.problems]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<pre>{escape(repr(self))}</pre>"}


def _size(frame: pd.DataFrame) -> str:
    return f"{len(frame):,} rows, {plural(frame.shape[1], 'column')}"


def _advice(target: Any, n_rows: int) -> str:
    """Return what to think of when a metric is chosen, where it matters."""
    if target.n_classes and target.classes:
        rarest = min(n for _, n in target.classes)
        share = rarest / max(1, n_rows - target.n_missing)
        if target.n_classes <= len(target.classes) and share < _RARE:
            return (
                f"The rarest class has {number(round(100 * share, 1))} % of the rows: AUC_weighted or"
                " average_precision_score_weighted say more than accuracy, which the common class can win alone."
            )
    if target.task == "regression" and target.quantiles and target.quantiles[0] > 0:
        low, high = target.quantiles[1], target.quantiles[-1]
        if high > 20 * low:
            return (
                "The largest values are many times the common ones: root_mean_squared_log_error and"
                " mean_absolute_percentage_error count relative errors, the others mostly the largest rows."
            )
    return ""


def _description(key: str, task: str) -> str:
    from automl_jupyter.spec.jobs import job_class

    found: Any = job_class(task)
    parts = key.split(".")
    for part in parts[:-1]:
        found = found.model_fields[part].annotation
    field = found.model_fields.get(parts[-1])
    return "" if field is None else str(field.description or "")


def _typed(value: Any) -> str:
    """Return a value as one types it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(key: str, value: str) -> Any:
    """Return what was typed as a cell says it: a number is no text there."""
    is_text = FIELDS[key].kind not in ("number", "flag") and key not in _WORD_OR_NUMBER
    return value if is_text else scalar(value)


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested settings by their dotted names; what a column or transformer names stays whole."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping) and name in ("limits", "training", "featurization", "forecasting"):
            found |= _flat(value, f"{name}.")
        else:
            found[name] = value
    return found


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        values = values.setdefault(part, {})
    values[last] = value
