"""What a fitted model does to the data: its features by name, a summary by raw column, one row explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import did_you_mean, listing, plain, plural
from automl_jupyter.errors import AutoMLError, ModelInputError
from automl_jupyter.results.numbers import label_or_number

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.trials.blend import Blend, FittedPart


def member_of(blend: Blend, member: str | int | None) -> FittedPart:
    """Return a member of a model: the heaviest, the one with a label, or that of a trial's number.

    Raises
    ------
    AutoMLError
        When there is none such, with those there are.
    """
    parts = sorted(blend.parts, key=lambda p: -p.weight)
    if member is None:
        return parts[0]
    member = label_or_number(member, "member")
    found = next((p for p in parts if member in (p.trial, p.label)), None)
    if found is None:
        labels = [p.label for p in parts]
        known = listing([f"{p.label} ({p.trial})" for p in parts], last="and")
        raise AutoMLError(f"The model has no member {member!r}.{did_you_mean(member, labels)} Its members: {known}.")
    return found


def featurizer_of(blend: Blend, member: str | int | None) -> Any:
    """Return the fitted featurizer of a member: that of its refit where there is one, else of its first fold."""
    return blend.featurizers[member_of(blend, member).featurizers[0]]


def engineered_features(blend: Blend, schema: TableSchema, member: str | int | None = None) -> pd.DataFrame:
    """Return a row a feature, in the order the member's learner gets them.

    Returns
    -------
    DataFrame of shape (n_features, 3)
        ``Feature``, ``RawFeatureNames`` (a tuple of columns) and ``Transformer``.
    """
    import pandas as pd

    names = [c.name for c in schema.kept]
    rows = [
        (f.name, tuple(names[p] for p in f.positions), f.transformer) for f in featurizer_of(blend, member).describe()
    ]
    return pd.DataFrame(rows, columns=["Feature", "RawFeatureNames", "Transformer"])


def featurization_summary(blend: Blend, schema: TableSchema, member: str | int | None = None) -> pd.DataFrame:
    """Return a row a raw column: what it was taken for, whether it was dropped, and what became of it.

    Returns
    -------
    DataFrame
        ``RawFeatureName``, ``TypeDetected``, ``Dropped`` (Yes or No), ``EngineeredFeatureCount``,
        ``Transformations`` (a list of names) and ``Reason``.
    """
    import pandas as pd

    featurizer = featurizer_of(blend, member)
    made: dict[int, list[str]] = {}
    for feature in featurizer.describe():
        for position in feature.positions:
            made.setdefault(position, []).append(feature.transformer)
    position = {c.name: p for p, c in enumerate(schema.kept)}
    step = _step_of(featurizer)
    rows = []
    for column in schema.columns:
        own = [] if column.dropped else made.get(position[column.name], [])
        before = [] if column.dropped else featurizer.before(position[column.name])
        names = list(dict.fromkeys([*before, *own, *([step] if own and step else [])]))
        dropped = "Yes" if column.dropped else "No"
        rows.append((column.name, str(column.type), dropped, len(own), names, column.reason))
    heads = ["RawFeatureName", "TypeDetected", "Dropped", "EngineeredFeatureCount", "Transformations", "Reason"]
    return pd.DataFrame(rows, columns=heads)


def _step_of(featurizer: Any) -> str:
    from automl_jupyter.featurization.recipes import split_recipe

    return split_recipe(featurizer.recipe)[1]


def explain_row(
    blend: Blend, schema: TableSchema, row: object, member: str | int | None = None, *, roles: Iterable[str] = ()
) -> pd.DataFrame:
    """Return what a member makes of one raw row.

    Parameters
    ----------
    blend, schema
        Of the model.
    row : mapping, Series or table of one row
        Raw values.
    member : str or int, optional
        A member's label or trial number; the heaviest when left out.
    roles : iterable of str
        Columns that are known not to be features.

    Returns
    -------
    DataFrame
        A row a feature: ``RawFeatureName`` (several are joined by a comma), ``Value`` (as it came), ``ReadAs`` (as it
        was understood), ``Feature``, ``FeatureValue`` and ``Transformer``. Features that are 0 only because the row
        has another category or other words are left out; a dropped column has one row without a feature.

    Raises
    ------
    ModelInputError
        When it is not one row, or a column is missing or cannot be read.
    """
    import pandas as pd

    raw = _one_row(row)
    encoded = schema.encode(raw, where="the row given", roles=tuple(roles))
    featurizer = featurizer_of(blend, member)
    values = featurizer.transform(encoded)
    values = np.asarray(values.toarray() if hasattr(values, "toarray") else values).ravel()
    names = [c.name for c in schema.kept]
    rows: list[tuple[str, Any, Any, str, float | None, str]] = []
    for feature, value in zip(featurizer.describe(), values.tolist(), strict=True):
        if value == 0 and feature.transformer in _ABSENT:
            continue
        of = [names[p] for p in feature.positions]
        came, read = (_joined([f[n].iloc[0] for n in of]) for f in (raw, encoded))
        rows.append((", ".join(of), came, read, feature.name, value, feature.transformer))
    order = {name: k for k, name in enumerate(names)}
    rows.sort(key=lambda r: order.get(r[0], len(order)))
    dropped = [c for c in schema.columns if c.dropped and c.name in raw]
    rows += [(c.name, raw[c.name].iloc[0], None, "", None, c.reason) for c in dropped]
    return pd.DataFrame(rows, columns=["RawFeatureName", "Value", "ReadAs", "Feature", "FeatureValue", "Transformer"])


#: transformers whose 0 says only that the row has another value
_ABSENT = ("OneHotEncoder", "HashOneHotEncoder", "TfIdf", "CountVectorizer", "Discretizer")


def _joined(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else ", ".join(plain(v, most=40) for v in values[:6])


def _one_row(row: object) -> pd.DataFrame:
    import pandas as pd

    from automl_jupyter.data.frames import as_frame
    from automl_jupyter.errors import DataError

    if isinstance(row, pd.Series):
        row = row.to_dict()
    if isinstance(row, Mapping):
        row = [dict(row)]
    try:
        frame = as_frame(row)
    except DataError as error:
        raise ModelInputError(f"In the row given, {error}") from None
    if len(frame) != 1:
        raise ModelInputError(
            f"One row is explained at a time; {plural(len(frame), 'row')} came. Take one: X.iloc[[0]]."
        )
    return frame.reset_index(drop=True)
