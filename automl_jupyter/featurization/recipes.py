"""The recipes: what features a family of learners wants of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import did_you_mean, listing
from automl_jupyter.errors import AutoMLError

if TYPE_CHECKING:
    from automl_jupyter.data.dataset import Column

#: recipe -> what it makes, as a sentence for plans and pages
RECIPES: dict[str, str] = {
    "tree": "Numbers as they are, missing ones kept; category codes; parts of dates; topics of text.",
    "arithmetic": "As for trees; also differences, sums, products and ratios of numbers that promise most.",
    "enriched": "As for trees; also arithmetic and target means of categories and of pairs that promise most, and what"
    " a linear model of a text's words predicts.",
    "clusters": "As for trees; also the distances of the numbers to the centres of clusters.",
    "linear": "Numbers imputed, scaled and clipped; one-hot categories; parts of dates; tf-idf of text.",
    "dense": "Numbers imputed, scaled and clipped; common categories one-hot, frequencies; topics of text.",
    "counts": "Numbers in ten bins; one-hot categories; counts of words. Sparse and never negative.",
    "none": "No features.",
}

#: the recipes for trees
FOR_TREES = ("tree", "arithmetic", "enriched", "clusters")

#: option -> default
OPTIONS: dict[str, float] = {
    "min_frequency": 5,  # rows a category or word needs for a feature of its own
    "max_levels": 1000,  # features one category column may become
    "max_words": 10_000,  # words and pairs of words one text column may become
    "n_topics": 30,  # dense features one text column may become
    "n_bins": 10,  # bins of a number in "counts"
    "random_state": 0,  # seed of the topics
}

#: What ``skops.io.load`` must be told to trust to read a fitted featurizer.
TRUSTED_TYPES: tuple[str, ...] = tuple(
    f"automl_jupyter.featurization.{name}"
    for name in (
        "table.TableFeaturizer",
        "columns.Imputation",
        "columns.Hashing",
        "clusters.ClusterDistances",
        "targets.TargetEncoder",
        "targets.TextModel",
        "numbers.RawNumbers",
        "numbers.ScaledNumbers",
        "numbers.BinnedNumbers",
        "numbers.Scaler",
        "categories.Levels",
        "categories.CategoryCodes",
        "categories.OneHot",
        "categories.Frequencies",
        "interactions.Interactions",
        "interactions.Meeting",
        "interactions.Pair",
        "interactions.TargetMean",
        "interactions.ValueLevels",
        "dates.DateParts",
        "dates.BinnedDates",
        "texts.Words",
        "texts.AskedWords",
        "texts.TextStatistics",
        "texts.Topics",
    )
)


def split_recipe(recipe: str) -> tuple[str, str]:
    """Return the recipe and the step behind it, an empty text where there is none.

    Examples
    --------
    >>> split_recipe("linear+PCA"), split_recipe("tree")
    (('linear', 'PCA'), ('tree', ''))
    """
    base, _, step = recipe.partition("+")
    return base, step


def make_featurizer(
    recipe: str,
    columns: Sequence[Column],
    *,
    options: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Any:
    """Make an unfitted featurizer.

    Parameters
    ----------
    recipe : str
        One of :data:`RECIPES`, or one and a step of :data:`automl_jupyter.featurization.steps.STEPS` (``linear+PCA``).
    columns : sequence of Column
        The table's columns; dropped and ignored ones are not part of the canonical frame and are left out.
    options : mapping, optional
        Any of :data:`OPTIONS`.
    settings : mapping, optional
        What is blocked and what has parameters, as `FeatureSettings.to_dict` returns it.

    Returns
    -------
    TableFeaturizer
        A scikit-learn transformer of canonical frames. Columns are found by position, so names may be
        anything, also equal.

    Raises
    ------
    AutoMLError
        For an unknown recipe, step or option.
    """
    from automl_jupyter.featurization.steps import STEPS

    base, step = split_recipe(recipe)
    for what, name, known in (("recipe", base, RECIPES), ("step", step, {"": "", **STEPS})):
        if name not in known:
            raise AutoMLError(
                f"There is no featurization {what} {name!r}.{did_you_mean(name, known)}"
                f" Known: {listing([k for k in known if k], last='and')}."
            )
    for name in options or {}:
        if name not in OPTIONS:
            raise AutoMLError(
                f"There is no featurization option {name!r}.{did_you_mean(name, OPTIONS)}"
                f" Known: {listing(OPTIONS, last='and')}."
            )
    from automl_jupyter.featurization.table import TableFeaturizer

    kept = [c for c in columns if not c.dropped and str(c.type) != "Ignore"]
    names, types = [str(c.name) for c in kept], [str(c.type) for c in kept]
    return TableFeaturizer(recipe, names, types, dict(options or {}), dict(settings or {}))
