"""Many models: one job a partition of the data, one after another on the same workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter._core.text import did_you_mean, listing, plain, plural
from automl_jupyter.client.job import end_of_wait
from automl_jupyter.client.script import refuse_unguarded
from automl_jupyter.client.submit import experiment_of_folder, refuse_other, resolve_compute, submit
from automl_jupyter.errors import ModelInputError, NoModelError, Problem, SpecError
from automl_jupyter.store.folder import workspace_folder
from automl_jupyter.store.history import NOT_RESPONDING

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.client.job import Job
    from automl_jupyter.spec import AutoMLJob

#: tables of a job that are split like its training data
_TABLES = ("validation_data", "test_data")
#: partitions named in a message
_MOST_NAMED = 5
#: seconds between two looks; a wait without an end cannot be interrupted on every platform
_LOOK_S = 0.5


def many_models(
    spec: AutoMLJob,
    partition_column_names: str | Sequence[str],
    *,
    namespace: Mapping[str, Any] | None = None,
    workspace: Path | str | None = None,
    compute: object | None = None,
    base: Path | str = ".",
) -> ManyModels:
    """Start a job for each partition of the data, one after another, and return their handle at once.

    Each job has all workers while it runs, and the limits of `spec`; one that fails leaves the others as they are.

    Parameters
    ----------
    spec : AutoMLJob
        What is asked of each partition: of any task on tables.
    partition_column_names : str or sequence of str
        The columns whose values make the partitions; no job sees them.
    namespace, workspace, compute, base
        As for `submit`.

    Raises
    ------
    SpecError, DataError
        When a column is not there, has missing values or is needed by the job; nothing was started then.
    ComputeError
        When a script would start workers each time one of them reads it.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from automl_jupyter import automl
    >>> df = pd.DataFrame({"land": ["a", "b"] * 40, "x": range(80), "y": [0, 0, 1, 1] * 20})
    >>> spec = automl.classification(training_data=df, target_column_name="y", limits={"max_trials": 1})
    >>> many = many_models(spec, "land", workspace=tempfile.mkdtemp(), compute="inline").wait()
    >>> many.summary["status"].tolist()
    ['Completed', 'Completed']
    """
    from automl_jupyter.data.load import load_frame
    from automl_jupyter.tasks import check_trainable

    refuse_other(spec)
    columns = [partition_column_names] if isinstance(partition_column_names, str) else list(partition_column_names)
    spec.check()
    spec = check_trainable(spec)
    if resolve_compute(compute if compute is not None else spec.compute, dict(namespace or {})) == "local":
        refuse_unguarded()  # here: the thread that starts the jobs does not know the line that leads to it
    tables = {}
    for field in ("training_data", *_TABLES):
        source = getattr(spec, field, None)
        if source is not None:
            tables[field] = load_frame(source, namespace=namespace, base=Path(base), field=field)
    _check_columns(spec, columns, tables)
    parts = {field: _split(frame, columns) for field, frame in tables.items()}
    # The folder they are asked from, wherever the notebook is when their turn comes.
    root, experiment = workspace_folder(workspace).absolute(), spec.experiment_name or experiment_of_folder()
    specs: dict[tuple[Any, ...], AutoMLJob | str] = {}
    for number, (text, (key, _)) in enumerate(parts["training_data"].items()):
        missing = [field for field in tables if text not in parts[field]]
        if missing:
            specs[key] = f"{listing(missing, last='and')} has no rows of it."
            continue
        one = spec.copied()
        one.experiment_name = experiment
        for field in parts:
            setattr(one, field, parts[field][text][1].reset_index(drop=True))
        if spec.name is not None:
            one.name = f"{spec.name}-{number:04d}"
        one.display_name = " ".join(filter(None, [spec.display_name, _named(columns, key)]))
        specs[key] = one

    def start(one: AutoMLJob) -> Job:
        return submit(one, namespace=namespace, workspace=root, compute=compute, base=base)

    return ManyModels(columns, specs, start)


def _check_columns(spec: AutoMLJob, columns: Sequence[str], tables: Mapping[str, pd.DataFrame]) -> None:
    problems = []
    if not columns:
        problems.append(Problem("partition_column_names", "No column was named, so there is nothing to split by."))
    time = getattr(spec, "forecasting", None)
    used = {getattr(spec, f"{role}_column_name", None) for role in ("target", "weight", "group")}
    used |= {getattr(time, "time_column_name", None), *(getattr(time, "time_series_id_column_names", None) or ())}
    for name in dict.fromkeys(columns):
        for field, frame in tables.items():
            if name not in frame.columns:
                message = f"{field} has no column {plain(name)!r}.{did_you_mean(name, [str(c) for c in frame.columns])}"
                problems.append(Problem("partition_column_names", message))
            elif frame[name].isna().any():
                n = int(frame[name].isna().sum())
                message = (
                    f"{plain(name)!r} is missing in {plural(n, 'row')} of {field}: fill or remove them, or these rows"
                    " belong to no model."
                )
                problems.append(Problem("partition_column_names", message))
        if name == "forecast" and time is not None:
            message = "'forecast' is the name of the column that forecasts have; rename it."
            problems.append(Problem("partition_column_names", message))
        if name in used:
            message = f"{plain(name)!r} is a column the job needs itself; split by another."
            problems.append(Problem("partition_column_names", message))
    if problems:
        raise SpecError(problems)


def _split(
    frame: pd.DataFrame, columns: Sequence[str]
) -> dict[tuple[str | None, ...], tuple[tuple[Any, ...], pd.DataFrame]]:
    """Return the values and the rows of each partition by its texts: 1 and 1.0 name the same."""
    import pandas as pd

    found: dict[tuple[str | None, ...], tuple[tuple[Any, ...], pd.DataFrame]] = {}
    for key, part in frame.groupby(list(columns), sort=True, observed=True, dropna=False):
        text, rows = _text_key(key), part.drop(columns=list(columns))
        if text in found:
            key, rows = found[text][0], pd.concat([found[text][1], rows]).sort_index()
        found[text] = key, rows
    return found


def _text_key(key: Sequence[Any]) -> tuple[str | None, ...]:
    from automl_jupyter.data.kinds import is_missing, text_of

    return tuple(None if is_missing(value) else text_of(value) for value in key)


def _named(columns: Sequence[str], key: Sequence[Any]) -> str:
    return ", ".join(f"{plain(c)}={plain(v)}" for c, v in zip(columns, key, strict=True))


class ManyModels:
    """The handle of many jobs: look at them, wait for them, stop them, use their models together.

    Parameters
    ----------
    columns : sequence of str
        What the data are split by.
    specs : mapping
        For each partition what is asked, or why no job can be started.
    start : callable
        Starts a job.
    """

    def __init__(
        self,
        columns: Sequence[str],
        specs: Mapping[tuple[Any, ...], AutoMLJob | str],
        start: Callable[[AutoMLJob], Job],
    ) -> None:
        self.partition_column_names = list(columns)
        self.jobs: dict[tuple[Any, ...], Job] = {}
        self.errors: dict[tuple[Any, ...], str] = {k: v for k, v in specs.items() if isinstance(v, str)}
        self._specs = {k: v for k, v in specs.items() if not isinstance(v, str)}
        self._all, self._start = list(specs), start
        self._canceled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="automl-many-models", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for key, spec in self._specs.items():
            if self._canceled.is_set():
                return
            try:
                self.jobs[key] = job = self._start(spec)
                if self._canceled.is_set():
                    job.cancel()
                job.wait()
            except Exception as error:  # noqa: BLE001 whatever becomes of one job, the others are to be started
                self.errors[key] = str(error) or type(error).__name__

    @property
    def done(self) -> bool:
        """Whether all jobs are over."""
        return not self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> ManyModels:
        """Wait until all jobs are over, or `timeout` seconds; an interrupt stops waiting, not the jobs."""
        until = end_of_wait(timeout)
        while self._thread.is_alive():
            left = _LOOK_S if until is None else min(until - monotonic_s(), _LOOK_S)
            if left <= 0:
                break
            self._thread.join(left)
        return self

    def cancel(self) -> None:
        """Stop the job that runs, and start no more."""
        self._canceled.set()
        for job in list(self.jobs.values()):
            if not job.done and job.status != NOT_RESPONDING:  # one that nobody runs refuses to be asked
                job.cancel()

    @property
    def summary(self) -> pd.DataFrame:
        """A row a partition: its values, the job, its status, its best model and score, and what went wrong."""
        import pandas as pd

        rows = []
        for key in self._all:
            job = self.jobs.get(key)
            model = None if job is None else job.history.model
            status = "NotStarted" if job is None else job.status
            rows.append(
                {
                    **dict(zip(self.partition_column_names, key, strict=True)),
                    "job": "" if job is None else job.name,
                    "status": "Failed" if key in self.errors else status,
                    "model": "" if model is None else model.label,
                    "score": None if job is None or model is None else model.metrics.get(job.history.metric),
                    "error": self.errors.get(key, ""),
                }
            )
        return pd.DataFrame(rows).astype({"score": "float64"})

    def forecast(self, horizon: int | None = None, X_future: object = None, **more: Any) -> pd.DataFrame:
        """Return the forecasts of every partition that has a model, with the columns of the partition first.

        `summary` says which failed or were canceled, and which have not begun.

        Parameters
        ----------
        horizon : int, optional
            As of a single model.
        X_future : table, optional
            What is known ahead, of all partitions, with their columns.
        **more
            Passed on: ``context``, say, a table of all partitions, too.

        Raises
        ------
        ModelInputError
            When rows belong to partitions that training did not have.
        """
        import pandas as pd

        given = {name: table for name, table in {"X_future": X_future, **more}.items() if table is not None}
        pieces = {name: self._pieces(table, name) for name, table in given.items()}
        known = {_text_key(key) for key in self._all}
        for name, piece in pieces.items():
            self._refuse([key for text, (key, _) in piece.items() if text not in known], name)
        found: list[pd.DataFrame] = []
        for key in list(self.jobs):  # more may begin meanwhile
            model = self._model_of(key)
            if model is None:
                continue
            text = _text_key(key)
            own = {name: piece[text][1].reset_index(drop=True) for name, piece in pieces.items() if text in piece}
            ahead = model.forecast(horizon=horizon, **own)
            for at, (name, value) in enumerate(zip(self.partition_column_names, key, strict=True)):
                ahead.insert(at, name, value)
            found.append(ahead)
        if not found:
            raise NoModelError(f"There is no model yet. {self!r}")
        return pd.concat(found, ignore_index=True)

    def predict(self, X: object) -> Any:
        """Return what each row's own model predicts.

        Raises
        ------
        ModelInputError
            When rows belong to partitions without a model.
        """
        import numpy as np

        from automl_jupyter.data.frames import as_frame

        frame = as_frame(X, field="X").reset_index(drop=True)
        pieces = self._pieces(frame, "X")
        models = {_text_key(key): self._model_of(key) for key in list(self.jobs) if _text_key(key) in pieces}
        self._refuse([key for text, (key, _) in pieces.items() if models.get(text) is None], "X")
        found: Any = None
        for text, (_, part) in pieces.items():
            predicted = np.asarray(models[text].predict(part.reset_index(drop=True)))
            if found is None:
                found = np.empty(len(frame), dtype=object)
            found[part.index.to_numpy()] = predicted
        return np.array(found.tolist()) if found is not None else np.empty(0)

    def _model_of(self, key: tuple[Any, ...]) -> Any:
        """Return the model of a partition, as soon as there is a first one; None where its job left none."""
        if key in self.errors:
            return None
        try:
            return self.jobs[key].model
        except NoModelError:
            return None

    def _refuse(self, lost: Sequence[tuple[Any, ...]], where: str) -> None:
        """Refuse partitions that no model was trained for."""
        if lost:
            names = listing([_named(self.partition_column_names, k) for k in lost], last="and", most=_MOST_NAMED)
            raise ModelInputError(f"{where}: no model was trained for {names}. Leave these rows out.")

    def _pieces(self, table: object, where: str) -> dict[tuple[str | None, ...], tuple[tuple[Any, ...], pd.DataFrame]]:
        from automl_jupyter.data.frames import as_frame

        frame = as_frame(table, field=where)
        missing = [c for c in self.partition_column_names if c not in frame.columns]
        if missing:
            raise ModelInputError(
                f"{where}: the columns of the partitions are missing: {listing(missing, last='and')}."
            )
        return _split(frame, self.partition_column_names)

    def __repr__(self) -> str:
        over = sum(job.done for job in list(self.jobs.values()))
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"ManyModels({over} of {plural(len(self._all), 'job')} over{failed})"
