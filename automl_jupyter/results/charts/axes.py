"""How every chart looks: colours that colour-blind readers can tell apart, few lines, words that are safe to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import plain
from automl_jupyter.errors import AutoMLError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Okabe and Ito's hues, in shades that stand out from white and from black alike (a contrast of 3 and more)
COLOURS = ("#1f83c4", "#d55e00", "#009e73", "#b8609a", "#3a9bd6", "#c07f00", "#7f7f7f")
#: classes drawn one by one: as many as there are colours
MOST_DRAWN = len(COLOURS)
#: axes, baselines and intervals; words on a dark background
QUIET, LIGHT = "#808080", "#e8e8e8"
#: inches of a figure of ours
SIZE = (6.0, 4.0)


def words(value: object, most: int = 30) -> str:
    """Return a name as matplotlib draws it as it stands: no mathematics, and never hidden from a legend.

    Examples
    --------
    >>> words("$x$"), words("_hidden")
    ('\\\\$x\\\\$', ' _hidden')
    """
    text = plain(str(value), most=most).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def of_classes(n: int) -> str:
    """Return which classes a chart shows, for its title; nothing where it shows all."""
    return f", the first {MOST_DRAWN} of {n:,} classes" if n > MOST_DRAWN else ""


def check_axes(ax: object) -> None:
    """Refuse what nothing can be drawn on, before anything is computed."""
    if ax is not None and not hasattr(ax, "set_prop_cycle"):
        raise AutoMLError(
            f"ax: a {type(ax).__name__} is no axes of matplotlib. Of several, as plt.subplots(1, 2) makes them, give"
            " one: ax=axes[0]."
        )


def begin(ax: Axes) -> None:
    """Set what an axes of ours looks like. Its own settings only: matplotlib's parameters are the user's."""
    for loc in ("left", "center", "right"):  # that of a chart that was drawn here before
        ax.set_title("", loc=loc)
    ax.set_prop_cycle(color=COLOURS)
    ax.grid(visible=True, alpha=0.25)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(QUIET)


def finish(ax: Axes, *, dark: bool = False) -> None:
    """Put the title to the left, and make words light where they stand on a dark background."""
    title = next((t for loc in ("left", "center", "right") if (t := ax.get_title(loc=loc))), "")
    for loc in ("center", "right", "left"):
        ax.set_title(title if loc == "left" else "", loc=loc, fontsize=11)
    if not dark:
        return
    from matplotlib.text import Text

    ax.set_facecolor("none")
    for axes in ax.figure.axes:
        axes.tick_params(colors=LIGHT)
        for text in axes.findobj(Text):
            if text.get_color() in ("black", "k", "#000000"):  # not those that were coloured on purpose
                text.set_color(LIGHT)


def reach(points: pd.DataFrame, value: str, low: str, high: str) -> np.ndarray:
    """Return how far intervals reach below and above their values, shape (2, number of rows), as error bars want it.

    An array, for ``Axes.errorbar`` alone: of a list of columns, which ``barh`` too makes of it, older matplotlib asks
    the first whether it is finite, and that is refused where it has a single row.
    """
    return np.stack([points[value] - points[low], points[high] - points[value]])


def diagonal(ax: Axes, low: float, high: float, label: str) -> None:
    """Draw the line on which both axes agree."""
    ax.plot([low, high], [low, high], linestyle="--", linewidth=1, color=QUIET, label=label, zorder=1)


def level(ax: Axes, y: float, label: str) -> None:
    """Draw a level to compare with."""
    ax.axhline(y, linestyle="--", linewidth=1, color=QUIET, label=label, zorder=1)


def legend(ax: Axes, most: int = 12, **placed: Any) -> None:
    """Add a legend, unless there is nothing to tell apart or too much of it."""
    _, labels = ax.get_legend_handles_labels()
    if 1 < len(labels) <= most:
        ax.legend(frameon=False, fontsize=9, **placed)
