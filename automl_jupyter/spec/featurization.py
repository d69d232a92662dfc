"""How raw columns become features."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter._core.text import fold_name, listing
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.base import Section, Settings
from automl_jupyter.spec.kinds import (
    Allowed,
    ColumnNames,
    Flag,
    PlainMap,
    RefusedError,
    as_number,
    as_text,
    as_texts,
    as_whole,
    match_name,
    nearest,
    one_of,
    pick,
    shown,
)

BLOCKED_TRANSFORMERS = (
    "TextTargetEncoder",
    "OneHotEncoder",
    "CatTargetEncoder",
    "TfIdf",
    "WoETargetEncoder",
    "LabelEncoder",
    "WordEmbedding",
    "NaiveBayes",
    "CountVectorizer",
    "HashOneHotEncoder",
)
COLUMN_PURPOSES = ("Numeric", "Categorical", "CategoricalHash", "Boolean", "DateTime", "Text", "Ignore")
IMPUTER_STRATEGIES = ("mean", "median", "most_frequent", "constant", "ffill")
#: The keyword arguments of scikit-learn's TfidfVectorizer that a file can say.
_TFIDF = (
    "analyzer", "binary", "lowercase", "max_df", "max_features", "min_df", "ngram_range", "norm",
    "smooth_idf",
    "stop_words", "strip_accents", "sublinear_tf", "token_pattern", "use_idf",
)  # fmt: skip
TRANSFORMER_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "imputer": ("strategy", "fill_value"),
    "tf_idf": _TFIDF,
    "hash_one_hot_encoder": ("number_of_bits",),
}


class ColumnTransformer(Settings):
    """Parameters of one transformer for some columns.

    Parameters
    ----------
    fields : list of str, optional
        The columns; every column that the transformer handles when left out.
    parameters : dict, optional
        For ``imputer``: ``strategy`` and ``fill_value``. For ``hash_one_hot_encoder``: ``number_of_bits``.
        For
        ``tf_idf``: keyword arguments of scikit-learn's ``TfidfVectorizer``.

    Examples
    --------
    >>> ColumnTransformer(fields=["age"], parameters={"strategy": "median"}).parameters
    {'strategy': 'median'}
    """

    fields: ColumnNames | None = Field(
        None, description="The columns; every column that the transformer handles when unset."
    )
    parameters: PlainMap = Field(default_factory=dict, description="Parameters of the transformer, by name.")


def _as_transformer(value: object) -> object:
    if isinstance(value, ColumnTransformer):
        return value
    if not isinstance(value, Mapping):
        if not hasattr(value, "fields"):
            raise RefusedError(f"{shown(value)} is not a column transformer; use a mapping with fields and parameters.")
        value = {"fields": value.fields, "parameters": getattr(value, "parameters", None)}
    return ColumnTransformer(**{str(k): v for k, v in value.items()})


def _as_transformers(value: object) -> dict[str, list[object]]:
    if not isinstance(value, Mapping):
        raise ValueError
    found: dict[str, list[object]] = {}
    problems: list[Problem] = []
    for key, entries in value.items():
        name = match_name(key, TRANSFORMER_PARAMETERS)
        if name is None:
            hint = nearest(key, TRANSFORMER_PARAMETERS)
            known = listing(TRANSFORMER_PARAMETERS, last="and")
            problems.append(Problem(str(key), f"is not a transformer with parameters.{hint} Known: {known}."))
            continue
        if isinstance(entries, Mapping | ColumnTransformer) or not isinstance(entries, Iterable):
            entries = [entries]
        for position, entry in enumerate(entries):
            where = f"{name}.{position}"
            try:
                transformer = _as_transformer(entry)
            except SpecError as error:
                problems += [Problem(f"{where}.{p.where}", p.message) for p in error.problems]
            except RefusedError as error:
                problems.append(Problem(where, str(error)))
            else:
                problems += _parameter_problems(name, where, transformer)
                found.setdefault(name, []).append(transformer)
    problems += _unused_values(found.get("imputer", []))
    if problems:
        raise SpecError(problems)
    return found


def _unused_values(imputers: Sequence[Any]) -> list[Problem]:
    """Return the values to fill gaps with that no strategy asks for: one for some columns may leave it to another."""
    if any(imputer.parameters.get("strategy") == "constant" for imputer in imputers):
        return []
    return [
        Problem(f"imputer.{number}.parameters.strategy", "is missing; a fill_value needs strategy 'constant'.")
        for number, imputer in enumerate(imputers)
        if "fill_value" in imputer.parameters and "strategy" not in imputer.parameters
    ]


def _parameter_problems(name: str, where: str, transformer: Any) -> list[Problem]:
    problems = []
    allowed = TRANSFORMER_PARAMETERS[name]
    for key, value in list(transformer.parameters.items()):
        place = f"{where}.parameters.{key}"
        if key not in allowed:
            known = listing(allowed, last="and")
            problems.append(Problem(place, f"is not a parameter of {name}.{nearest(key, allowed)} Known: {known}."))
        elif key == "strategy":
            strategy = match_name(value, IMPUTER_STRATEGIES)
            if strategy is None:
                hint = nearest(value, IMPUTER_STRATEGIES) if isinstance(value, str) else ""
                known = listing(map(repr, IMPUTER_STRATEGIES))
                problems.append(Problem(place, f"{shown(value)} is not allowed; use {known}.{hint}"))
            else:
                transformer.parameters[key] = strategy
        elif key == "number_of_bits" and not _between(value, 1, 24):
            problems.append(Problem(place, f"{shown(value)} is not allowed; use a whole number from 1 to 24."))
        elif key == "fill_value" and not isinstance(value, str | int | float):
            problems.append(Problem(place, f"{shown(value)} is not allowed; use a number or a text."))
    if transformer.parameters.get("strategy") == "constant" and "fill_value" not in transformer.parameters:
        problems.append(Problem(f"{where}.parameters.fill_value", "is missing; strategy 'constant' needs it."))
    strategy = transformer.parameters.get("strategy")
    if "fill_value" in transformer.parameters and strategy in IMPUTER_STRATEGIES and strategy != "constant":
        message = f"is not used by strategy {strategy!r}; leave it out, or ask for 'constant'."
        problems.append(Problem(f"{where}.parameters.fill_value", message))
    return problems


def _between(value: object, low: int, high: int) -> bool:
    try:
        return low <= as_number(as_whole(value)) <= high
    except ValueError:
        return False


def _as_blocked(value: object) -> list[str]:
    given = as_texts(value)
    names = given if isinstance(given, list) else []
    # The first published sample of Azure Machine Learning's second SDK says LabelEncoding.
    spelled = ["LabelEncoder" if fold_name(n) == "labelencoding" else n for n in names]
    return list(dict.fromkeys(pick(n, BLOCKED_TRANSFORMERS, "a transformer that can be blocked") for n in spelled))


def _as_purposes(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError
    problems, found = [], {}
    for column, purpose in value.items():
        name = str(as_text(column))
        folded = "CategoricalHash" if isinstance(purpose, str) and fold_name(purpose) == "hashes" else purpose
        spelled = match_name(folded, COLUMN_PURPOSES)
        if spelled is None:
            hint = nearest(purpose, COLUMN_PURPOSES) if isinstance(purpose, str) else ""
            known = listing(COLUMN_PURPOSES)
            problems.append(Problem(name, f"{shown(purpose)} is not a column type; use {known}.{hint}"))
        else:
            found[name] = spelled
    if problems:
        raise SpecError(problems)
    return found


def _language(value: object) -> str:
    text = as_text(value)
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z]{3}", text):
        raise ValueError
    return text.lower()


_Blocked = Annotated[str, Field(json_schema_extra={"enum": list(BLOCKED_TRANSFORMERS)})]
_Purpose = Annotated[str, Field(json_schema_extra={"enum": list(COLUMN_PURPOSES)})]
Language = Annotated[
    str,
    Field(pattern="^[a-z]{3}$"),
    BeforeValidator(_language),
    Allowed("a three-letter ISO 639-3 code such as 'eng', or 'mul' for several languages"),
]


class NlpFeaturizationSettings(Section):
    """Featurization of a text job.

    Examples
    --------
    >>> NlpFeaturizationSettings(dataset_language="eng").dataset_language
    'eng'
    """

    dataset_language: Language | None = Field(
        None, description="The language of the texts, an ISO 639-3 code; 'mul' for several. Unset: eng."
    )


class TabularFeaturizationSettings(NlpFeaturizationSettings):
    """Featurization of a tabular job.

    Examples
    --------
    >>> TabularFeaturizationSettings(mode="off").mode
    'off'
    """

    mode: Annotated[
        Literal["auto", "custom", "off"],
        BeforeValidator(one_of("auto", "custom", "off")),
        Allowed("'auto', 'custom' or 'off'"),
    ] = Field(
        "auto",
        description="auto: columns are typed and transformed automatically; custom: the same,"
        " changed by the settings"
        " below; off: the columns are numbers already and are used as they are, not in forecasting.",
    )
    blocked_transformers: (
        Annotated[list[_Blocked], BeforeValidator(_as_blocked), Allowed("a list of transformers")] | None
    ) = Field(None, description="Transformers that are not used.")
    column_name_and_types: (
        Annotated[dict[str, _Purpose], BeforeValidator(_as_purposes), Allowed("a mapping of columns to types")] | None
    ) = Field(
        None,
        description="What a column is, where the automatic choice is wrong. In forecasting Numeric, Categorical or"
        " DateTime.",
    )
    transformer_params: (
        Annotated[
            dict[str, list[ColumnTransformer]],
            BeforeValidator(_as_transformers),
            Allowed("a mapping of imputer, tf_idf or hash_one_hot_encoder to a list of column transformers"),
        ]
        | None
    ) = Field(
        None,
        description="Parameters of transformers, for all or for some columns. In forecasting of the imputer only.",
    )
    enable_dnn_featurization: Flag | None = Field(
        None, description="Kept for compatibility, not used: no deep network makes features of texts."
    )


TabularFeaturization = TabularFeaturizationSettings
