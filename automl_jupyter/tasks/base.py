"""What a task must decide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """A kind of question, and the choices that follow from it alone.

    Attributes
    ----------
    key : str
        The name in a job (``classification``).
    title : str
        For people.
    default_metric : str
        The primary metric when none is asked for.
    is_classification : bool
        Whether the target is a label.
    meta_learners : tuple of str
        What a stack ensemble may use on top, the default first.
    """

    key: str
    title: str
    default_metric: str
    is_classification: bool
    meta_learners: tuple[str, ...]
