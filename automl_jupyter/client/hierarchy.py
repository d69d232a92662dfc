"""Hierarchies of series: forecasts of shops, regions and the whole that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automl_jupyter._core.optional import require
from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter._core.warn import warn_caller
from automl_jupyter.client.submit import refuse_other, submit
from automl_jupyter.errors import AutoMLError, Problem, SpecError
from automl_jupyter.spec.featurization import ColumnTransformer
from automl_jupyter.spec.tabular import ForecastingJob

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from automl_jupyter.client.job import Job
    from automl_jupyter.data.hierarchy import Hierarchy
    from automl_jupyter.spec import AutoMLJob

Reconciliation = Literal["wls_struct", "ols", "bottom_up"]
Allocation = Literal["average_historical_proportions", "proportions_of_historical_average"]
_RECONCILIATIONS = ("wls_struct", "ols", "bottom_up")
_ALLOCATIONS = ("average_historical_proportions", "proportions_of_historical_average")


def hierarchical_forecasting(
    spec: AutoMLJob,
    hierarchy_column_names: Sequence[str],
    *,
    hierarchy_training_level: str | None = None,
    namespace: Mapping[str, Any] | None = None,
    workspace: Path | str | None = None,
    compute: object | None = None,
    base: Path | str = ".",
) -> HierarchicalForecast:
    """Start a forecasting job on every level of a hierarchy, or on one, and return its handle at once.

    Values of a level are the sums of those below; periods that a series lacks inside its history are left out of the
    sums' series, and filled there as in any other. Other columns are not used: they have no value for a sum.

    Parameters
    ----------
    spec : ForecastingJob
        What is asked; its ``time_series_id_column_names`` are the hierarchy's.
    hierarchy_column_names : sequence of str
        From the top down, ``["region", "shop"]``: each shop lies in one region.
    hierarchy_training_level : str, optional
        The level to train on, one of the columns or ``"(all)"``: other levels follow from it, by sums above and by
        shares below. All levels are trained on, and their forecasts reconciled, when it is left out.
    namespace, workspace, compute, base
        As for `submit`.

    Raises
    ------
    SpecError, DataError
        With every problem found.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from automl_jupyter import automl
    >>> days = list(pd.date_range("2024-01-01", periods=40)) * 2
    >>> shops, sold = ["a"] * 40 + ["b"] * 40, [1.0] * 40 + [3.0] * 40
    >>> df = pd.DataFrame({"day": days, "region": "north", "shop": shops, "sold": sold})
    >>> spec = automl.forecasting(training_data=df, target_column_name="sold", limits={"max_trials": 1})
    >>> spec.set_forecast_settings(time_column_name="day", forecast_horizon=2)
    >>> found = hierarchical_forecasting(
    ...     spec, ["region", "shop"], hierarchy_training_level="shop", workspace=tempfile.mkdtemp(), compute="inline"
    ... )
    >>> found.forecast(level="region")["forecast"].round(3).tolist()
    [4.0, 4.0]
    """
    from dataclasses import replace

    import pandas as pd

    from automl_jupyter.data.forecast import check_series_columns, series_roles
    from automl_jupyter.data.gaps import fill_target, target_fill
    from automl_jupyter.data.hierarchy import Hierarchy
    from automl_jupyter.data.load import load_frame
    from automl_jupyter.data.series import read_panel
    from automl_jupyter.data.series_rows import Report
    from automl_jupyter.errors import DataError

    refuse_other(spec)
    spec.check()
    if not isinstance(spec, ForecastingJob):
        raise SpecError([Problem("task", f"A hierarchy is of series: the task is {spec.task}, not forecasting.")])
    columns = list(hierarchy_column_names)
    frame = load_frame(spec.training_data, namespace=namespace, base=Path(base), field="training_data")
    _check(spec, frame, columns, hierarchy_training_level)
    if problems := check_series_columns(spec, {"training_data": frame}):
        raise DataError(problems)
    report = Report()
    panel = read_panel(frame, replace(series_roles(spec), id_columns=tuple(columns)), "training_data", report)
    if panel is None:
        raise DataError(report.problems)
    for note in report.notes:  # the job is given the sums of what is left, and can say nothing of the rest
        if note.level == "warning" or "left out" in note.what:
            warn_caller(f"In training_data: {note.what} {note.why}")
    panel = replace(panel, y=fill_target(panel.y, panel.index, target_fill(spec)))
    tree = Hierarchy(panel, str(spec.target_column_name))
    levels = [at for at, name in enumerate(tree.names) if hierarchy_training_level in (None, name)]
    one = _of_sums(spec, columns, panel.index.frequency)
    setattr(one, "training_data", pd.concat([tree.level(at) for at in levels], ignore_index=True))  # noqa: B010 made an Input
    job = submit(one, namespace=namespace, workspace=workspace, compute=compute, base=base)
    return HierarchicalForecast(job, tree, hierarchy_training_level)


def _of_sums(spec: ForecastingJob, columns: list[str], frequency: str) -> ForecastingJob:
    """Return what is asked of sums, whose tables have no columns but the hierarchy's, the time and the target."""
    one, settings, featurization = spec.model_copy(), spec.forecasting.model_copy(), spec.featurization.model_copy()
    settings.time_series_id_column_names, settings.frequency = columns, frequency
    settings.target_aggregate_function = settings.features_unknown_at_forecast_time = None
    if settings.short_series_handling_config is not None:
        settings.short_series_handling_config = "pad"  # sums need a forecast of every series: none may be dropped
    types = featurization.column_name_and_types or {}
    featurization.column_name_and_types = {c: t for c, t in types.items() if c in columns} or None
    if featurization.transformer_params is not None:
        there = (*columns, str(spec.forecasting.time_column_name), str(spec.target_column_name))
        featurization.transformer_params = _of_columns(featurization.transformer_params, there)
    one.forecasting, one.featurization = settings, featurization
    return one


def _of_columns(
    params: Mapping[str, Sequence[ColumnTransformer]], there: Sequence[str]
) -> dict[str, list[ColumnTransformer]] | None:
    """Return parameters of transformers for the columns that are there, and those for every column."""
    found: dict[str, list[ColumnTransformer]] = {}
    for name, entries in params.items():
        for entry in entries:
            fields = None if entry.fields is None else [c for c in entry.fields if c in there]
            if fields != []:
                found.setdefault(name, []).append(ColumnTransformer(fields=fields, parameters=entry.parameters))
    return found or None


def _check(spec: ForecastingJob, frame: pd.DataFrame, columns: Sequence[str], level: str | None) -> None:
    """Refuse what is no hierarchy, with all that is wrong."""
    from automl_jupyter.data.hierarchy import ALL

    where, problems = "hierarchy_column_names", []
    for field in ("validation_data", "test_data"):
        if getattr(spec, field) is not None:
            message = "cannot be used with a hierarchy, whose sums are made of the training data; origins lie in these."
            problems.append(Problem(field, message))
    if spec.weight_column_name is not None:
        message = "cannot be used with a hierarchy: a sum of several rows has no weight of its own. Leave it out."
        problems.append(Problem("weight_column_name", message))
    known = [str(c) for c in frame.columns]
    for name in columns:
        if name not in known:
            message = f"training_data has no column {plain(name)!r}.{did_you_mean(name, known)}"
            problems.append(Problem(where, message))
        elif frame[name].isna().any():
            problems.append(Problem(where, f"{plain(name)!r} has missing values; fill them, or remove these rows."))
        elif (frame[name].astype(str) == ALL).any():
            problems.append(Problem(where, f"A level has the value {ALL!r}, which stands for sums here; rename it."))
    if not columns or len(set(columns)) < len(columns):
        problems.append(Problem(where, "Name each level's column once, from the top down, at least one."))
    strange = [c for c in spec.forecasting.time_series_id_column_names or () if c not in columns]
    if strange:
        extra = listing([repr(c) for c in strange], last="and")
        message = f"time_series_id_column_names has {extra}, which the hierarchy does not have; they must be the same."
        problems.append(Problem(where, message))
    if level not in (None, ALL, *columns):
        allowed = listing([repr(c) for c in (ALL, *columns)], last="or")
        message = f"{level!r} is no level. Allowed: {allowed}.{did_you_mean(str(level), columns)}"
        problems.append(Problem("hierarchy_training_level", message))
    if problems:
        raise SpecError(problems)


class HierarchicalForecast:
    """The handle of a job on a hierarchy; its forecasts of all levels add up.

    Parameters
    ----------
    job : Job
        The job.
    hierarchy : Hierarchy
        Which series are the sums of which.
    training_level : str, optional
        The only level that was trained on.
    """

    def __init__(self, job: Job, hierarchy: Hierarchy, training_level: str | None) -> None:
        self.job, self.hierarchy, self.training_level = job, hierarchy, training_level

    def wait(self, timeout: float | None = None) -> HierarchicalForecast:
        """Wait until the job is over, or `timeout` seconds."""
        self.job.wait(timeout)
        return self

    def forecast(
        self,
        horizon: int | None = None,
        *,
        level: str | None = None,
        reconciliation: Reconciliation = "wls_struct",
        allocation_method: Allocation = "average_historical_proportions",
    ) -> pd.DataFrame:
        """Return forecasts that add up.

        Parameters
        ----------
        horizon : int, optional
            How many periods; by default as many as it was trained for.
        level : str, optional
            Only the series of one level: one of the columns, or ``"(all)"``.
        reconciliation : {"wls_struct", "ols", "bottom_up"}, default "wls_struct"
            Where all levels were trained on: how their forecasts are brought together, by the package
            ``hierarchicalforecast`` (Wickramasuriya, Athanasopoulos and Hyndman, 2019): least squares, weighted by how
            many series a sum has, or not; or the sums of the bottom.
        allocation_method : str, default "average_historical_proportions"
            Where one level was trained on: how its forecasts are shared out below it; or
            ``"proportions_of_historical_average"``.

        Returns
        -------
        DataFrame
            A row a series and period: the hierarchy's columns, ``(all)`` below a level; the time; ``forecast``.
        """
        import numpy as np
        import pandas as pd

        tree = self.hierarchy
        names = tree.names
        for value, allowed, what in (
            (level, (None, *names), "level"),
            (reconciliation, _RECONCILIATIONS, "reconciliation"),
            (allocation_method, _ALLOCATIONS, "allocation_method"),
        ):
            if value not in allowed:
                known = listing([repr(a) for a in allowed if a is not None], last="or")
                raise AutoMLError(f"{what}: {value!r} is unknown. Allowed: {known}.{did_you_mean(str(value), names)}")
        ahead = self.job.model.forecast(horizon=horizon)
        wide = ahead.pivot(index=tree.time, columns=tree.columns, values="forecast")
        wide.columns = pd.Index([k if isinstance(k, tuple) else (k,) for k in wide.columns], tupleize_cols=False)

        def of(at: int) -> np.ndarray:
            return np.stack([wide[k].to_numpy() for k in tree.nodes(at)])

        if self.training_level is None:
            bottom = self._reconciled(np.concatenate([of(at) for at in range(len(names))]), reconciliation)
        else:
            at = names.index(self.training_level)
            bottom = (tree.sums(at).T @ of(at)) * tree.shares(at, allocation_method)[:, None]
        parts = []
        for at, name in enumerate(names):
            if level not in (None, name):
                continue
            for node, values in zip(tree.nodes(at), tree.sums(at) @ bottom, strict=True):
                part = pd.DataFrame({tree.time: wide.index, "forecast": values})
                parts.append(part.assign(**dict(zip(tree.columns, node, strict=True))))
        return pd.concat(parts, ignore_index=True)[[*tree.columns, tree.time, "forecast"]]

    def _reconciled(self, forecasts: np.ndarray, method: str) -> np.ndarray:
        """Return coherent forecasts of the bottom, from the forecasts of all levels, the whole first."""
        import numpy as np

        tree = self.hierarchy
        n = len(tree.bottom)
        if method == "bottom_up":
            return forecasts[-n:]
        require("hierarchicalforecast", f"reconciliation={method!r}, unlike 'bottom_up',")
        from hierarchicalforecast import methods

        sums = np.concatenate([tree.sums(at) for at in range(len(tree.columns) + 1)])
        return np.asarray(methods.MinTrace(method=method).fit_predict(S=sums, y_hat=forecasts)["mean"])[-n:]

    def __repr__(self) -> str:
        return f"HierarchicalForecast({self.job!r})"
