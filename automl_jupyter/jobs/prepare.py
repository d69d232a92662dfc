"""From what was asked to what will be done: read the data, look at it, plan, and put it where workers can read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.files import read_json, write_json
from automl_jupyter._core.text import plain
from automl_jupyter.errors import Problem, SpecError, StoreError
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.trials.plan import Plan, make_plan

if TYPE_CHECKING:
    from automl_jupyter.data.dataset import TestTable, TimeTable, TrainingTable
    from automl_jupyter.data.guardrails import Finding
    from automl_jupyter.data.panel import PanelIndex
    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.data.split import Validation
    from automl_jupyter.metrics.base import Metric
    from automl_jupyter.spec.tabular import TabularJob

#: part of the names of cached tables. Raise it where the same rows are encoded in another way, or errors measured by
#: something else: what an earlier version wrote is then not taken for what this one would write
TABLE_VERSION = 3
#: what a user's function begins with where a job's file names the primary metric
_FUNCTION = "callable:"


@dataclass(frozen=True)
class Prepared:
    """What a controller needs to begin."""

    plan: Plan
    metric: Metric
    cache: Path
    table: Any  # data.cache.CachedTable


@dataclass(frozen=True)
class Decision:
    """What a job and its data come to, before anything is written.

    Parameters
    ----------
    metric : Metric
        The primary metric.
    table : TrainingTable
        The rows.
    schema : TableSchema
        What their columns are.
    validation : Validation
        How candidates are judged.
    folds : list of (train, validation)
        Row numbers.
    plan : Plan
        What will be done, without what `with_guardrails` finds.
    """

    metric: Metric
    table: TrainingTable
    schema: TableSchema
    validation: Validation
    folds: list[tuple[np.ndarray, np.ndarray]]
    plan: Plan


def cache_root() -> Path:
    """Return the folder of cached tables, which may be deleted at any time."""
    from platformdirs import user_cache_path

    return user_cache_path("automl_jupyter") / "tables"


def prepare(
    job: TabularJob, folder: JobFolder, *, namespace: Mapping[str, Any] | None, base: Path, n_slots: int
) -> Prepared:
    """Read the data, decide the plan, write both down and cache the encoded table.

    Raises
    ------
    SpecError, DataError
        With every problem found.
    """
    decided = decide(job, namespace=namespace, base=base, n_slots=n_slots)
    table, schema, folds, metric = decided.table, decided.schema, decided.folds, decided.metric
    plan = with_guardrails(decided, job)
    meta = _meta(job, table, schema, plan)
    cache = _write(schema, table, folds, meta, TABLE_VERSION)
    write_json(folder.plan_file, plan.to_dict())
    if plan.forecast:
        _write_past(folder, cache)
    write_json(
        folder.data_file,
        {
            "cache": str(cache),
            "table_version": TABLE_VERSION,
            "fingerprint": table.fingerprint,
            "folds": _digest_of_folds(table, folds),
            "schema": schema.to_json(),
            "weight_column": job.weight_column_name,
            **meta,
        },
    )
    return _open(plan, metric, cache)


def decide(job: TabularJob, *, namespace: Mapping[str, Any] | None, base: Path, n_slots: int) -> Decision:
    """Read the data and decide the plan; nothing is written and nothing is fitted.

    Parameters
    ----------
    job : TabularJob
        What was asked.
    namespace : mapping or None
        The notebook's variables.
    base : Path
        The folder relative paths start from.
    n_slots : int
        How many fits run at a time.

    Raises
    ------
    SpecError, DataError
        With every problem found.
    """
    from automl_jupyter.data.load import load_training_table
    from automl_jupyter.data.split import make_folds, resolve_validation
    from automl_jupyter.metrics.registry import check_classes

    metric = resolve_primary_metric(job, namespace)
    table = load_training_table(job, namespace=namespace, base=base)
    positive = _positive(job, table.classes)  # refuses a label that is no class
    own = str(job.primary_metric or "").startswith(_FUNCTION)
    if table.classes is not None and not own:  # what a user's function wants is its own
        check_classes(metric, len(table.classes), positive=positive)
    schema = find_schema(job, table)
    validation = resolve_validation(job, table)
    random_state = job.random_state or 0
    plan = make_plan(job, table, schema, validation, metric, n_slots=n_slots, random_state=random_state)
    folds = make_folds(validation, table, random_state=random_state)
    return Decision(metric, table, schema, validation, folds, _with_fold_count(plan, len(folds)))


def _write_past(folder: JobFolder, cache: Path) -> None:
    """Write what models forecast from: the latest periods of every series."""
    from automl_jupyter.data.cache import open_cache
    from automl_jupyter.trials.history import write_history

    write_history(folder.path / "history", open_cache(cache))


def find_schema(job: TabularJob, table: TrainingTable) -> TableSchema:
    """Find out what the columns of the training rows are, as the settings want it.

    Raises
    ------
    DataError
        With every column that cannot be read as asked.
    """
    from automl_jupyter.data.roles import feature_types
    from automl_jupyter.data.schema import TableSchema

    rows = table.X if table.time is not None else table.X.iloc[: table.n_training]
    may_be_empty = table.time is not None  # a series can be forecast from its own past alone
    as_they_are = job.featurization.mode == "off"
    types = feature_types(job, [str(c) for c in rows.columns])[0]
    return TableSchema.infer(rows, types=types, as_they_are=as_they_are, may_be_empty=may_be_empty)


def with_guardrails(decided: Decision, job: TabularJob) -> Plan:
    """Return the plan with what the checks of the data found; what has to be looked at is a warning among its notes.

    Where classes are rare and the metric looks at the predicted class, whether they should weigh more is tried on a
    sample.
    """
    from dataclasses import replace

    from automl_jupyter.data.guardrails import run_guardrails

    chosen = any(
        getattr(job, name, None) and getattr(job, name) != "auto"
        for name in ("validation_data", "validation_data_size", "n_cross_validations", "cv_split_column_names")
    )
    table, schema, folds = decided.table, decided.schema, decided.folds
    found = run_guardrails(table, schema, decided.validation, folds, chosen=chosen)
    found, class_weights = _balanced(found, job, decided)
    warned = tuple(
        {"topic": "guardrails", "what": f"{f.name}: {f.explanation}".rstrip("."), "why": f.remedy, "level": "warning"}
        for f in found
        if f.status == "Alerted"
    )
    weighted = [
        {"topic": "guardrails", "what": "Rare classes weigh more in every fit", "why": f.explanation}
        for f in found
        if class_weights and f.key == "class_balance"
    ]
    notes = (*warned, *weighted, *decided.plan.notes)
    return replace(decided.plan, guardrails=tuple(f.to_dict() for f in found), class_weights=class_weights, notes=notes)


def _balanced(
    findings: Sequence[Finding], job: TabularJob, decided: Decision
) -> tuple[tuple[Finding, ...], tuple[float, ...]]:
    """Return the findings with what came of class weights, and the weights if they are used.

    They are for metrics of the predicted class. Those of order and probabilities do not gain, and the trial would keep
    the first fits waiting.
    """
    from dataclasses import replace

    from automl_jupyter.jobs.balance import try_class_weights
    from automl_jupyter.metrics.base import MetricContext

    table, metric = decided.table, decided.metric
    rare = any(f.key == "class_balance" and f.status == "Alerted" for f in findings)
    if not rare or not decided.folds or table.classes is None:
        return tuple(findings), ()
    class_weights: tuple[float, ...] = ()
    if metric.needs == "label":
        labels = list(table.classes)  # for a user's own function
        context = MetricContext(n_classes=len(labels), positive=_positive(job, table.classes), labels=labels)
        seed = job.random_state or 0
        trial = try_class_weights(table, decided.schema, decided.folds, metric, context, random_state=seed)
        if trial is None:
            return tuple(findings), ()
        class_weights = trial.weights if trial.helps else ()
        verdict = "used" if trial.helps else "not used, as they do not help"
        verdict += f": {metric.key} {trial.with_weights:.4g} instead of {trial.without:.4g} on a sample"
    else:
        verdict = f"not tried, as {metric.key} looks at probabilities, which they distort"
    changed = []
    for finding in findings:
        if finding.key == "class_balance":
            status = "Done" if class_weights else "Alerted"
            explanation = f"{finding.explanation} Class weights are {verdict}."
            finding = replace(finding, status=status, explanation=explanation)
        changed.append(finding)
    return tuple(changed), class_weights


def reopen(job: TabularJob, folder: JobFolder, *, namespace: Mapping[str, Any] | None, base: Path) -> Prepared:
    """Return what `prepare` made for a job that goes on; the table is read again when its cache is gone.

    Raises
    ------
    StoreError
        When the plan is missing, or the data are not those the job began with.
    """
    from automl_jupyter.data.cache import is_whole

    try:
        plan = Plan.from_dict(read_json(folder.plan_file))
        data = read_json(folder.data_file)
        cache = Path(data["cache"])
        ranked = plan.metric["name"], plan.metric["greater_is_better"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{folder.path.name} cannot go on: its plan or data description is damaged ({error})."
        ) from None
    metric = resolve_primary_metric(job, namespace)
    if (metric.key, metric.greater_is_better) != ranked:
        raise StoreError(
            f"{folder.path.name} cannot go on: its trials were ranked by {ranked[0]}, not by {metric.key}."
        )
    tested = job.test_data is not None or job.test_data_size is not None
    if not is_whole(cache) or (tested and not is_whole(_test_folder(cache))):
        cache = _rebuild(job, plan, data, cache, namespace, base)
        if str(cache) != data["cache"]:  # the job came from another user or machine, whose tables lie elsewhere
            write_json(folder.data_file, {**data, "cache": str(cache)})
    _touch(cache)
    return _open(plan, metric, cache)


def resolve_primary_metric(job: TabularJob, namespace: Mapping[str, Any] | None) -> Metric:
    """Return the primary metric: the one asked for, a user's function, or the task's default.

    Of a function a job's file keeps the name alone: where the job goes on it is looked up in `namespace`.
    """
    from automl_jupyter.metrics.registry import resolve_metric
    from automl_jupyter.tasks import get_task

    asked = job.frames().get("primary_metric") or job.primary_metric or get_task(job.task).default_metric
    if isinstance(asked, str) and asked.startswith(_FUNCTION):
        asked = _given_again(asked.removeprefix(_FUNCTION), namespace or {})
    return resolve_metric(asked, job.task)


def _given_again(name: str, namespace: Mapping[str, Any]) -> Any:
    """Return a function of the user's own by its name, or by its field as a table in memory is given again."""
    for known in (name, "primary_metric"):
        function = namespace.get(known)
        if callable(function) and not isinstance(function, type):
            return function
    name = plain(name, most=60)
    message = (
        f"is the function {name}, which a job does not keep. Give it again: in a notebook by a function called {name},"
        f" in Python by namespace={{'primary_metric': {name}}}."
    )
    raise SpecError([Problem("primary_metric", message)])


def load_test(cache: Path) -> Any:
    """Return the cached test table, or None when the job has none."""
    from automl_jupyter.data.cache import open_cache

    folder = _test_folder(cache)
    return open_cache(folder) if folder.is_dir() else None


def _test_folder(cache: Path) -> Path:
    """Return where the test table lies: beside the table that is sent to workers, who have no business with it."""
    return cache.with_name(f"{cache.name}-test")


def _open(plan: Plan, metric: Metric, cache: Path) -> Prepared:
    from automl_jupyter.data.cache import open_cache

    return Prepared(plan, metric, cache, open_cache(cache))


def _rebuild(
    job: TabularJob,
    plan: Plan,
    data: Mapping[str, Any],
    cache: Path,
    namespace: Mapping[str, Any] | None,
    base: Path,
) -> Path:
    from automl_jupyter.data.load import load_training_table
    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.data.split import make_folds, resolve_validation

    table = load_training_table(job, namespace=namespace, base=base)
    if table.fingerprint != data["fingerprint"]:
        raise StoreError(
            "The training data are not those the job began with, so its trials do not compare. Start a new job."
        )
    schema = TableSchema.from_json(data["schema"])
    folds = make_folds(resolve_validation(job, table), table, random_state=plan.random_state)
    meta = _meta(job, table, schema, plan)
    meta["y_range"] = data["y_range"]  # by which the trials that are there were scored
    written = _write(schema, table, folds, meta, data.get("table_version", 1))  # the first had no number
    if written.name != cache.name:
        raise StoreError("The plan's folds cannot be made again by this version. Start a new job.")
    return written


def _with_fold_count(plan: Plan, n_folds: int) -> Plan:
    from dataclasses import replace

    if n_folds == plan.n_folds:
        return plan
    return replace(plan, validation={**plan.validation, "n_folds": n_folds}, race_folds=min(plan.race_folds, n_folds))


def _meta(job: TabularJob, table: TrainingTable, schema: TableSchema, plan: Plan) -> dict[str, Any]:
    from automl_jupyter.data.labels import encode_labels

    classes = table.classes
    time = table.time
    y = table.y[: table.n_training] if time is None else table.y[_trained(time)]
    y_range = [float(np.nanmin(y)), float(np.nanmax(y))] if classes is None else None
    of_time = {} if time is None else {"panel": time.index.to_dict(), "forecast": time.settings.to_dict()}
    return {
        **of_time,
        "task": plan.task,
        "target": table.target,
        "roles": _roles(job, table),
        "n_training": table.n_training,
        "n_classes": plan.n_classes,
        "positive": _positive(job, classes),
        "y_range": y_range,
        "featurization": dict(plan.featurization),
        "columns": [{**asdict(c), "type": str(c.type)} for c in schema.columns if not c.dropped],
        "classes": None if classes is None else encode_labels(classes),
        "class_weights": list(plan.class_weights),
    }


def _roles(job: TabularJob, table: TrainingTable) -> list[str]:
    """Return the columns of the training data that are no features."""
    further = [
        c for columns in job.further_columns().values() for c in columns if table.time is None or c not in table.X
    ]
    asked = [job.weight_column_name, *further, *(job.cv_split_column_names or [])]
    return list(dict.fromkeys(str(n) for n in [table.target, *asked] if n))


def _positive(job: TabularJob, classes: np.ndarray | None) -> int | None:
    """Return the code of the positive class: the one asked for, or the second of two."""
    if classes is None or len(classes) != 2:
        asked = getattr(job, "positive_label", None)
        if asked is None or classes is None:
            return None
    asked = getattr(job, "positive_label", None)
    if asked is None:
        return 1
    from automl_jupyter.data.kinds import text_of

    found = [i for i, label in enumerate(classes) if text_of(label) == text_of(asked)]
    if not found:
        from automl_jupyter._core.text import did_you_mean, listing

        names = [str(c) for c in classes]
        raise SpecError(
            [
                Problem(
                    "positive_label",
                    f"{asked!r} is not a class of {job.target_column_name!r}.{did_you_mean(asked, names)}"
                    f" The classes are {listing(names, last='and')}.",
                )
            ]
        )
    return found[0]


def _digest_of_folds(table: TrainingTable, folds: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """Return what jobs have in common whose scores are of the same rows, whatever features they make of them."""
    season = None if table.time is None else table.time.settings.season  # errors are measured by it
    digest = hashlib.sha256(f"{table.fingerprint} {season}".encode())
    for rows in (rows for fold in folds for rows in fold):
        digest.update(f" {len(rows)} ".encode())
        digest.update(np.ascontiguousarray(rows, dtype=np.int32).tobytes())
    return digest.hexdigest()


def _write(schema: TableSchema, table: TrainingTable, folds: list[Any], meta: dict[str, Any], version: int) -> Path:
    from automl_jupyter.data.cache import is_whole, remove_old_caches, write_cache
    from automl_jupyter.data.load import fingerprint

    digest = hashlib.sha256(table.fingerprint.encode())
    if version > 1:
        digest.update(f" {version}".encode())
    digest.update(json.dumps([schema.to_json(), meta], sort_keys=True, default=str).encode())
    for train, valid in folds:
        digest.update(np.ascontiguousarray(train, dtype=np.int32).tobytes())
        digest.update(np.ascontiguousarray(valid, dtype=np.int32).tobytes())
    if table.test is not None:
        test = table.test
        numbers = () if test.rows is None else (np.asarray(test.rows),)
        index = () if test.index is None else (test.index.starts, test.index.offsets)
        digest.update(fingerprint(test.X, test.y, test.weight, *numbers, *index).encode())
        if test.index is not None:  # the same values at other instants are another table
            digest.update(json.dumps(test.index.to_dict(), sort_keys=True, default=str).encode())
    root = cache_root()
    cache = root / digest.hexdigest()[:24]
    _touch(cache)  # before the look, so that nobody removes what it finds
    if is_whole(cache) and (table.test is None or is_whole(_test_folder(cache))):
        return cache
    remove_old_caches(root)
    if table.test is not None:
        write_cache(
            _test_folder(cache),
            X=schema.encode(table.test.X, where="test_data"),
            y=table.test.y,
            weight=table.test.weight,
            folds=[],
            meta=meta if table.test.index is None else {**meta, "panel": table.test.index.to_dict()},
            arrays=_test_arrays(table.test),
            shared=True,
        )
    write_cache(
        cache,
        X=schema.encode(table.X, where="validation_data" if table.n_training < table.n_rows else "training_data"),
        y=table.y,
        weight=table.weight,
        folds=folds,
        meta=meta,
        arrays=None if table.time is None else _series_arrays(table),
        shared=True,
    )
    return cache


def _test_arrays(test: TestTable) -> dict[str, np.ndarray]:
    found = {} if test.index is None else _panel_arrays(test.index)
    return found if test.rows is None else {**found, "rows": test.rows}


def _panel_arrays(index: PanelIndex) -> dict[str, np.ndarray]:
    return {"starts": index.starts, "offsets": index.offsets}


def _trained(time: TimeTable) -> np.ndarray:
    """Return which rows of series say how large these are: no validation data, nothing made up before a short one."""
    index = time.index
    first = 0 if time.n_made is None else time.n_made[index.series]
    last = index.lengths if time.n_validation is None else index.lengths - time.n_validation
    return np.asarray((index.within >= first) & (index.within < last[index.series]))


def _series_arrays(table: TrainingTable) -> dict[str, np.ndarray]:
    """Return where the series of a forecast lie, and how large each series' errors are measured."""
    from automl_jupyter.metrics.forecasting import season_scale

    time = table.time
    assert time is not None
    rows = _trained(time)
    y = table.y[rows]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(time.index.series[rows], minlength=time.index.n_series))])
    known = np.where(np.isnan(y), -np.inf, y), np.where(np.isnan(y), np.inf, y)
    ranges = np.maximum.reduceat(known[0], offsets[:-1]) - np.minimum.reduceat(known[1], offsets[:-1])
    scales = season_scale(y, offsets, time.settings.season)
    return {**_panel_arrays(time.index), "ranges": ranges, "scales": scales}


def _touch(cache: Path) -> None:
    """Say that a cached table is in use."""
    from automl_jupyter.data.cache import touch_cache

    for folder in (cache, _test_folder(cache)):
        touch_cache(folder)
