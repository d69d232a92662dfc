"""The transformers by the names people use for them, and what the settings say of each, made ready for workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.data.dataset import Column, ColumnType
from automl_jupyter.data.series import made_of
from automl_jupyter.errors import Problem
from automl_jupyter.featurization.steps import STEPS
from automl_jupyter.spec.kinds import is_number

if TYPE_CHECKING:
    from automl_jupyter.spec.featurization import TabularFeaturizationSettings

#: transformer -> what it does, as a sentence. The names are Azure Machine Learning's where it has one.
TRANSFORMERS: dict[str, str] = {
    "Numeric": "The number as it is.",
    "MedianImputer": "Missing numbers become the median; the number is scaled and clipped.",
    "Imputer": "Missing values become what `transformer_params` asks for.",
    "ImputationMarker": "1 where the value was missing.",
    "Discretizer": "The number's place among ten bins of equal shares, one-hot.",
    "LabelEncoder": "The category's place by frequency.",
    "FrequencyEncoder": "How frequent the category is among the training rows.",
    "OneHotEncoder": "1 where the category is this one.",
    "HashOneHotEncoder": "Categories are hashed into 2^number_of_bits groups, which take their place.",
    "CatTargetEncoder": "The mean target of the training rows with this category.",
    "WoETargetEncoder": "The weight of evidence for a class of the training rows with this category.",
    "DateTime": "A part of the date, or the seconds since the earliest one.",
    "TfIdf": "How often the word is in the text, weighted by how rare it is.",
    "CountVectorizer": "How often the word is in the text.",
    "WordEmbedding": "The text's place on an axis learnt from the words of all training texts (truncated SVD).",
    "TextTargetEncoder": "What a linear model of the text's words predicts.",
    "NaiveBayes": "What naive Bayes on the text's words predicts.",
    "StringStatistics": "The text's length, or its number of words.",
    "Arithmetic": "A difference, sum, product or ratio of two numbers.",
    "ClusterDistance": "The distance to the centre of a cluster of the numbers.",
    **STEPS,
}

_NUMBERS = (ColumnType.NUMERIC, ColumnType.BOOLEAN)
_CATEGORIES = (ColumnType.CATEGORICAL, ColumnType.CATEGORICAL_HASH)
#: which types of columns a transformer with parameters is for
_FOR = {"imputer": (*_NUMBERS, *_CATEGORIES), "hash_one_hot_encoder": _CATEGORIES, "tf_idf": (ColumnType.TEXT,)}
_NAMES = {"imputer": "Imputer", "hash_one_hot_encoder": "HashOneHotEncoder", "tf_idf": "TfIdf"}
#: languages whose words are not told apart by spaces, by their ISO 639-3 codes, and several at once
_WITHOUT_SPACES = frozenset({"zho", "cmn", "yue", "wuu", "jpn", "tha", "lao", "khm", "mya", "bod", "mul"})


@dataclass(frozen=True)
class FeatureSettings:
    """What the settings ask of the transformers, by column name.

    Parameters
    ----------
    blocked : tuple of str
        Transformers that are not used.
    imputers : mapping of str to mapping
        ``strategy``, and ``fill_value`` for a constant.
    carried : tuple of str
        Columns of series whose missing values become the last known one.
    vectorizers : mapping of str to mapping
        Keyword arguments of scikit-learn's ``TfidfVectorizer``.
    hash_bits : mapping of str to int or None
        Columns that are hashed; None where the number of groups follows from the data.
    characters : bool, default False
        Whether texts are cut into characters and pairs of them, for languages without spaces between words.
    as_they_are : bool, default False
        Whether the columns are numbers already and no further feature is made of them.

    Examples
    --------
    >>> FeatureSettings.from_dict(FeatureSettings(blocked=("TfIdf",)).to_dict()).blocked
    ('TfIdf',)
    """

    blocked: tuple[str, ...] = ()
    imputers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    vectorizers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hash_bits: Mapping[str, int | None] = field(default_factory=dict)
    characters: bool = False
    as_they_are: bool = False

    def allows(self, transformer: str) -> bool:
        """Return whether a transformer may be used."""
        return transformer not in self.blocked

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        return {**asdict(self), "blocked": list(self.blocked), "carried": list(self.carried)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> FeatureSettings:
        """Return the settings that `to_dict` wrote."""
        return cls(**{**value, **{name: tuple(value.get(name, ())) for name in ("blocked", "carried")}})


def resolve_settings(
    asked: TabularFeaturizationSettings,
    columns: Sequence[Column],
    problems: list[Problem],
    *,
    target_of_series: str | None = None,
    aggregate: str | None = None,
) -> FeatureSettings:
    """Return what the settings ask for, column by column.

    Parameters
    ----------
    asked : TabularFeaturizationSettings
        The section of the job.
    columns : sequence of Column
        Every feature column, dropped ones included.
    problems : list of Problem
        Columns that are not there, and parameters that do not suit a column, are added here.
    target_of_series : str, optional
        The target of a forecasting job: its gaps are imputed where series are read.
    aggregate : str, optional
        How rows of a forecasting job become periods: what is asked of a column then holds for all that is made of it.

    Returns
    -------
    FeatureSettings
        Parameters without ``fields`` hold for every column that the transformer is for; parameters that name a column
        win over those. Parameters of a column that is dropped have no effect.
    """
    blocked = tuple(asked.blocked_transformers or ())
    if asked.mode == "off" and asked.transformer_params:
        message = "cannot be used with mode 'off', which transforms nothing. Use mode 'custom', or leave it out."
        problems.append(Problem("featurization.transformer_params", message))
    found: dict[str, dict[str, dict[str, Any]]] = {key: {} for key in _FOR}
    for key, entries in (asked.transformer_params or {}).items():
        for entry in sorted(entries, key=lambda e: e.fields is not None):
            where = f"featurization.transformer_params.{key}"
            if key == "tf_idf" and (refused := vectorizer_problem(entry.parameters)):
                problems.append(Problem(where, refused))
                continue
            for column in _columns(key, entry, columns, where, problems, target_of_series, aggregate):
                found[key].setdefault(column.name, {}).update(entry.parameters)
    hashed: dict[str, int | None] = {}
    if "HashOneHotEncoder" not in blocked:
        hashed = {c.name: None for c in columns if c.type is ColumnType.CATEGORICAL_HASH and not c.dropped}
        hashed |= {name: int(v["number_of_bits"]) for name, v in found["hash_one_hot_encoder"].items() if v}
    return FeatureSettings(
        blocked=blocked,
        imputers={name: v for name, v in found["imputer"].items() if v.get("strategy") != "ffill"},
        carried=tuple(name for name, v in found["imputer"].items() if v.get("strategy") == "ffill"),
        vectorizers={} if "TfIdf" in blocked else found["tf_idf"],
        hash_bits=hashed,
        characters=asked.dataset_language in _WITHOUT_SPACES,
        as_they_are=asked.mode == "off",
    )


def recipes_ruled_out(
    settings: FeatureSettings, types: Sequence[ColumnType], *, classification: bool
) -> tuple[str, ...]:
    """Return the recipes with features of several columns that settings and columns leave nothing of.

    Examples
    --------
    >>> types = [ColumnType.NUMERIC, ColumnType.NUMERIC]
    >>> recipes_ruled_out(FeatureSettings(blocked=("CatTargetEncoder",)), types, classification=False)
    ('enriched',)
    """
    has_text = ColumnType.TEXT in types
    if settings.as_they_are:
        return ("arithmetic", "enriched", "clusters")
    of_texts = has_text and (settings.allows("TextTargetEncoder") or (classification and settings.allows("NaiveBayes")))
    of_categories = settings.allows("CatTargetEncoder") or (classification and settings.allows("WoETargetEncoder"))
    of_numbers = sum(t in _NUMBERS for t in types) >= 2
    left = {"arithmetic": of_numbers, "enriched": of_categories or of_texts, "clusters": of_numbers}
    return tuple(recipe for recipe, makes_something in left.items() if not makes_something)


def _columns(
    key: str,
    entry: Any,
    columns: Sequence[Column],
    where: str,
    problems: list[Problem],
    target_of_series: str | None,
    aggregate: str | None,
) -> Iterable[Column]:
    """Yield the columns an entry is for."""
    by_name = {c.name: c for c in columns}
    fields = by_name if entry.fields is None else [n for n in entry.fields if n != target_of_series]
    for name in [part for n in fields for part in (made_of(n, by_name, aggregate) or [n])]:
        column = by_name.get(name)
        if column is None:
            hint = did_you_mean(name, by_name)
            problems.append(Problem(where, f"There is no feature column {plain(name, most=80)!r}.{hint}"))
        elif column.dropped:
            continue
        elif problem := _unsuited(key, entry.parameters, column):
            if entry.fields is not None:
                problems.append(Problem(where, problem))
        else:
            yield column


def _unsuited(key: str, parameters: Mapping[str, Any], column: Column) -> str:
    """Return why parameters do not suit a column, or an empty text."""
    name = f"the column {plain(column.name, most=80)!r}, which is {column.type}"
    if column.type not in _FOR[key]:
        kinds = listing(map(str, _FOR[key]))
        return (
            f"{_NAMES[key]} is for {kinds} columns and cannot be used on {name}."
            " Change its type in column_name_and_types, or leave the column out."
        )
    if key != "imputer":
        return ""
    strategy, fill = parameters.get("strategy", "mean"), parameters.get("fill_value")
    if column.type in _CATEGORIES and strategy in ("mean", "median"):
        return f"Strategy {strategy!r} needs numbers; {name}, has none. Use 'most_frequent' or 'constant'."
    if column.type in _NUMBERS and strategy == "constant" and not is_number(fill):
        return f"fill_value {fill!r} is no number; {name}, needs one."
    return ""


def make_vectorizer(parameters: Mapping[str, Any]) -> Any:
    """Return an unfitted ``TfidfVectorizer`` with these parameters; a list, which is all a file can say, is a range."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    given = {k: tuple(v) if k == "ngram_range" and isinstance(v, list) else v for k, v in parameters.items()}
    return TfidfVectorizer(**given, dtype=np.float32)


def vectorizer_problem(parameters: Mapping[str, Any]) -> str:
    """Return why scikit-learn refuses parameters of ``TfidfVectorizer``, or an empty text."""
    import re

    try:
        make_vectorizer(parameters).fit(["one two three"] * 3)
    except (ValueError, TypeError, re.error) as error:
        # That few words are left of three texts says nothing of the user's.
        known = ("max_df corresponds", "no terms remain", "empty vocabulary")
        if not any(k in str(error) for k in known):
            return f"scikit-learn's TfidfVectorizer refuses this: {plain(str(error), most=300)}"
    return ""
