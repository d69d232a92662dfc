"""``automl.profile``: what a table looks like before anything is learnt from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.client.variables import free_variable, notebook_names, variable_of
from automl_jupyter.errors import DataError, Problem, SpecError

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.data.profile import TableProfile

_TASKS = ("classification", "regression")


def profile(
    data: Any,
    target_column_name: str | None = None,
    *,
    task: str | None = None,
    namespace: Mapping[str, Any] | None = None,
    base: Path | str = ".",
) -> Profile:
    """Look at a table before training: types and why, missing values, distributions, the relation to the target.

    Parameters
    ----------
    data : object
        A pandas, Polars or Arrow table, a path or URL, an MLTable folder, or the name of a variable in `namespace`.
    target_column_name : str, optional
        The column to predict.
    task : {"classification", "regression"}, optional
        Guessed from the target's values when not given.
    namespace : mapping, optional
        Where names are looked up; the variables of the notebook where it is called in one.
    base : Path, default "."
        What relative paths are relative to.

    Returns
    -------
    Profile

    Raises
    ------
    DataError
        When there is no such table or column.
    SpecError
        When the task is neither of the two.

    Examples
    --------
    >>> found = profile({"size": [1, 2, 4] * 10, "y": ["no", "no", "yes"] * 10}, "y")
    >>> found.to_frame()[["name", "type"]].values.tolist()
    [['size', 'Numeric'], ['y', 'Categorical']]
    >>> print(found.set_type("size", "Categorical").to_cell(), end="")
    %%automl
    task: classification
    training_data: df
    target_column_name: y
    featurization:
      column_name_and_types: {size: Categorical}
    """
    from automl_jupyter.data.load import load_frame
    from automl_jupyter.data.profile import Profiler

    if task is not None and task not in _TASKS:
        hint = did_you_mean(task, _TASKS)
        message = f"{plain(task, most=60)!r} cannot be profiled; use {listing(_TASKS)}.{hint}"
        raise SpecError([Problem("task", message)])
    if namespace is None:
        namespace = notebook_names()
    frame = load_frame(data, namespace=namespace, base=Path(base))
    target = None if target_column_name is None else str(target_column_name)
    return Profile(Profiler(frame, target, task), _name_of(data, namespace), target)


def _name_of(data: Any, namespace: Mapping[str, Any]) -> str:
    if isinstance(data, str | Path):
        return str(data)
    return variable_of(data, namespace) or free_variable(namespace)


class Profile:
    """The profile of a table; made by :func:`profile`.

    Parameters
    ----------
    profiler : Profiler
        Looks at the columns.
    source : str
        The name of the variable or the path of the table.
    target : str, optional
        The column to predict.
    """

    def __init__(self, profiler: Any, source: str, target: str | None) -> None:
        self._profiler, self._source, self._target = profiler, source, target
        self._types: dict[str, str] = {}
        self._table: TableProfile = profiler.table()
        self._seq = 0

    @property
    def table(self) -> TableProfile:
        """The profile as a record: sizes, target and columns."""
        return self._table

    @property
    def task(self) -> str | None:
        """The task asked for or guessed; None without a target, or when none fits."""
        return self._table.target.task if self._table.target is not None else None

    @property
    def column_name_and_types(self) -> dict[str, str]:
        """The types that were changed, as ``featurization.column_name_and_types`` takes them."""
        return dict(self._types)

    def set_type(self, name: str, type: str | None) -> Profile:
        """Read a column as another type.

        Parameters
        ----------
        name : str
            The column.
        type : str or None
            ``Numeric``, ``Categorical``, ``CategoricalHash``, ``Boolean``, ``DateTime``, ``Text`` or ``Ignore``,
            without regard to case; None goes back to the type that was found.

        Returns
        -------
        Profile
            This profile, with the column's row done again.

        Raises
        ------
        DataError
            When there is no such column or type, or the values cannot be read so; nothing is changed then.
        """
        from automl_jupyter.data.schema import resolve_types

        name = str(name)
        wanted, problems = resolve_types({name: type if type is not None else "Ignore"}, self._profiler.names)
        if problems:
            raise DataError(problems)
        if name == self._target:
            message = f"{plain(name, most=80)!r} is the target; the task says how it is read, not a column type."
            raise DataError([Problem("featurization.column_name_and_types", message)])
        column = self._profiler.column(name, None if type is None else wanted[name])
        self._table = self._table.with_column(column)
        self._types.pop(name, None)
        if type is not None:
            self._types[name] = str(wanted[name])
        self._seq += 1
        return self

    def to_frame(self) -> pd.DataFrame:
        """Return the profile as a table: one row a column.

        Returns
        -------
        pandas.DataFrame
            ``name, type, reason, dropped, missing, missing_share, distinct, relation, distribution, examples``.
            ``relation`` is NaN where there is none.
        """
        import pandas as pd

        n_rows = max(self._table.n_rows, 1)
        rows = [
            {
                "name": c.name,
                "type": None if c.type is None else str(c.type),
                "reason": c.reason,
                "dropped": c.dropped,
                "missing": c.n_missing,
                "missing_share": c.n_missing / n_rows,
                "distinct": c.n_unique,
                "relation": float("nan") if c.relation is None else c.relation,
                "distribution": c.distribution.says,
                "examples": ", ".join(c.examples),
            }
            for c in self._table.columns
        ]
        return pd.DataFrame(rows)

    def to_cell(self) -> str:
        """Return the text of the ``%%automl`` cell this profile stands for."""
        from automl_jupyter.spec.jobs import make_job
        from automl_jupyter.spec.render import render_cell
        from automl_jupyter.spec.yaml_core import dump

        fields: dict[str, Any] = {"training_data": self._source, "target_column_name": self._target or "…"}
        if self._types:
            fields["featurization"] = {"column_name_and_types": dict(self._types)}
        task = self.task or "classification"
        try:
            cell = render_cell(make_job(task, **fields))
        except SpecError:  # a path in the cloud, a column the specification does not take: the reader mends it
            cell = f"%%automl\n{dump({'task': task, **fields})}"
        cell = cell.replace("%%automl job\n", "%%automl\n", 1)
        if self._target is None:
            cell = cell.replace("target_column_name: …", "target_column_name: …  # the column to predict", 1)
        return cell

    def snapshot(self, error: str = "") -> dict[str, Any]:
        """Return what is shown, as plain JSON values.

        Parameters
        ----------
        error : str, default ""
            Why the last change was refused.
        """
        from automl_jupyter.results.profile_words import profile_snapshot

        return profile_snapshot(self._table, source=self._source, cell=self.to_cell(), seq=self._seq, error=error)

    def __repr__(self) -> str:
        from automl_jupyter.results.profile_view import render_profile_text

        return render_profile_text(self.snapshot())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from automl_jupyter.results.profile_view import render_profile_html, render_profile_text

        snapshot = self.snapshot()
        return {"text/html": render_profile_html(snapshot), "text/plain": render_profile_text(snapshot)}
