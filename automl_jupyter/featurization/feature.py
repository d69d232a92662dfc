"""What is known of one engineered feature: its name, the columns it is made of, and by which transformer."""

from __future__ import annotations

from typing import NamedTuple


class Feature(NamedTuple):
    """One feature of a fitted featurizer.

    Parameters
    ----------
    name : str
        ``column``, ``column__month``, ``column=level``.
    positions : tuple of int
        The columns of the canonical frame it is made of.
    transformer : str
        A key of :data:`automl_jupyter.featurization.transformers.TRANSFORMERS`.
    """

    name: str
    positions: tuple[int, ...]
    transformer: str
