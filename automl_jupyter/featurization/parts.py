"""Which parts make the features of a recipe, where some transformers are blocked and others have parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.categories import CategoryCodes, Frequencies, Levels, OneHot
from automl_jupyter.featurization.clusters import ClusterDistances
from automl_jupyter.featurization.dates import BinnedDates, DateParts
from automl_jupyter.featurization.interactions import Interactions
from automl_jupyter.featurization.numbers import BinnedNumbers, RawNumbers, ScaledNumbers
from automl_jupyter.featurization.recipes import FOR_TREES
from automl_jupyter.featurization.targets import TargetEncoder, TextModel, targets_of
from automl_jupyter.featurization.texts import AskedWords, TextStatistics, Topics, Words
from automl_jupyter.featurization.transformers import FeatureSettings

#: Levels a category may have to be one-hot in the dense recipe.
_FEW_LEVELS = 12
#: Features past which none are made of two columns: looking at all of them would take too long.
_MOST_ENRICHED = 1000

Options = Mapping[str, Any]


def numbers_of(types: Sequence[str]) -> list[int]:
    """Return the positions of columns of numbers."""
    return [p for p, t in enumerate(types) if t in ("Numeric", "Boolean")]


def categories_of(types: Sequence[str]) -> list[int]:
    """Return the positions of columns of categories."""
    return [p for p, t in enumerate(types) if t in ("Categorical", "CategoricalHash")]


def choose_parts(
    base: str,
    X: Any,
    names: Sequence[str],
    types: Sequence[str],
    options: Options,
    settings: FeatureSettings,
    y: np.ndarray | None,
) -> list[Any]:
    """Return the parts of a recipe, unfitted.

    Parameters
    ----------
    base : str
        The recipe without its step.
    X : DataFrame
        Canonical training rows.
    names, types : sequence of str
        Column names and types, by position.
    options : mapping
        Every option of the recipes.
    settings : FeatureSettings
        What is blocked, and what has parameters.
    y : ndarray, optional
        The target; without it no part learns from it.
    """
    if base == "none":
        return []
    numbers, categories = numbers_of(types), categories_of(types)
    dates = [p for p, t in enumerate(types) if t == "DateTime"]
    texts = [(p, names[p]) for p, t in enumerate(types) if t == "Text"]
    of_categories = _category_parts(base, X, categories, options, settings, y)
    of_texts = [part for p, name in texts for part in _text_parts(base, p, name, options, settings, y)]
    if base in FOR_TREES:
        clusters = [ClusterDistances(numbers, options["random_state"])] if base == "clusters" and numbers else []
        return [*_used(RawNumbers(numbers)), *of_categories, *_used(DateParts(dates, False)), *of_texts, *clusters]
    if base == "counts":
        bins = options["n_bins"]
        return [*_used(BinnedNumbers(numbers, bins)), *of_categories, *_used(BinnedDates(dates, bins)), *of_texts]
    return [*_used(ScaledNumbers(numbers), DateParts(dates, True)), *of_categories, *of_texts]


def hashed_columns(
    base: str, names: Sequence[str], types: Sequence[str], settings: FeatureSettings
) -> dict[int, int | None]:
    """Return the columns whose categories are hashed first: those asked for, and all where one-hot is blocked."""
    if base == "none" or not settings.allows("HashOneHotEncoder"):
        return {}
    in_place = not settings.allows("OneHotEncoder") and not (base in FOR_TREES and settings.allows("LabelEncoder"))
    found: dict[int, int | None] = dict.fromkeys(categories_of(types)) if in_place else {}
    at = {name: p for p, name in enumerate(names)}
    return found | {at[name]: bits for name, bits in settings.hash_bits.items() if name in at}


def choose_interactions(
    base: str, types: Sequence[str], settings: FeatureSettings, y: np.ndarray | None, width: int
) -> Interactions | None:
    """Return the part that makes features of two columns, unfitted, or None where there is to be none."""
    if base not in ("arithmetic", "enriched") or y is None or not 0 < width <= _MOST_ENRICHED:
        return None
    encoder = _target_encoder(settings, y) if base == "enriched" else None
    return Interactions(
        numbers_of(types),
        categories_of(types),
        target_means=encoder is not None,
        evidence=encoder == "WoETargetEncoder",
    )


def _target_encoder(settings: FeatureSettings, y: np.ndarray | None) -> str | None:
    """Return the encoder by the target that may be used: means first, weights of evidence where those are blocked."""
    if y is None:
        return None
    if settings.allows("CatTargetEncoder"):
        return "CatTargetEncoder"
    has_evidence = settings.allows("WoETargetEncoder") and np.issubdtype(y.dtype, np.integer)
    return "WoETargetEncoder" if has_evidence else None


def _category_parts(
    base: str, X: Any, positions: list[int], options: Options, settings: FeatureSettings, y: np.ndarray | None
) -> list[Any]:
    if not positions:
        return []
    if base in FOR_TREES and settings.allows("LabelEncoder"):
        return [CategoryCodes(positions)]
    # Hashed categories are few, and one-hot makes of them what the transformer's name promises.
    if settings.allows("OneHotEncoder") or settings.allows("HashOneHotEncoder"):
        if base in ("linear", "counts"):
            return [OneHot(positions, options["min_frequency"], options["max_levels"])]
        few = [p for p in positions if len(Levels(p).fit(X).levels) <= _FEW_LEVELS]
        many = [p for p in positions if p not in few]
        one_hot = (
            OneHot(few, options["min_frequency"], _FEW_LEVELS),
            OneHot(many, options["min_frequency"], _FEW_LEVELS - 2),
        )
        return _used(*one_hot, Frequencies(many))
    if base == "counts":
        return []  # nothing else is never negative
    encoder = _target_encoder(settings, y)
    if encoder is not None and y is not None and targets_of(y) is not None:
        return [TargetEncoder(positions, evidence=encoder == "WoETargetEncoder")]
    return [Frequencies(positions)]


def _text_parts(
    base: str, position: int, name: str, options: Options, settings: FeatureSettings, y: np.ndarray | None
) -> list[Any]:
    def words(*, counts: bool = False) -> Words | AskedWords:
        if name in settings.vectorizers:
            return AskedWords(position, settings.vectorizers[name])
        return Words(
            position,
            options["min_frequency"],
            options["max_words"],
            counts=counts,
            characters=settings.characters,
        )

    scaled = base not in FOR_TREES
    if base in ("linear", "counts"):
        # Naive Bayes is made for counts; a linear model wants words by how much they say.
        order = ("CountVectorizer", "TfIdf") if base == "counts" else ("TfIdf", "CountVectorizer")
        asked = ["TfIdf"] if name in settings.vectorizers else []
        kind = next((t for t in (*asked, *order) if settings.allows(t)), None)
        if kind is not None:
            return [words(counts=kind == "CountVectorizer")]
        return [] if base == "counts" else _text_models(words, settings, y) or [TextStatistics(position, scaled)]
    if settings.allows("WordEmbedding"):
        found: list[Any] = [Topics(words(), options["n_topics"], options["random_state"], scaled)]
        return found + (_text_models(words, settings, y) if base == "enriched" else [])
    return [TextStatistics(position, scaled), *_text_models(words, settings, y)]


def _text_models(words: Any, settings: FeatureSettings, y: np.ndarray | None) -> list[Any]:
    """Return the model of a text's words that may be used, if any: linear first, then naive Bayes."""
    if y is None:
        return []
    if settings.allows("TextTargetEncoder"):
        return [TextModel(words(), naive_bayes=False)]
    return [TextModel(words(counts=True), naive_bayes=True)] if settings.allows("NaiveBayes") else []


def _used(*parts: Any) -> list[Any]:
    return [part for part in parts if part.positions]
