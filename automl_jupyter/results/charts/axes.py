"""How every chart looks: colours that colour-blind readers can tell apart, few lines, words that are safe to draw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Okabe and Ito's colours, without their yellow, which is hard to see on white
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f7f7f")
#: the same for dark backgrounds
DARK_COLOURS = ("#56b4e9", "#ff9a62", "#35c897", "#e5a3c6", "#8fd0f5", "#f5c242", "#b0b0b0")
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


@contextmanager
def chart_style(*, dark: bool = False) -> Iterator[None]:
    """Set matplotlib's parameters for what is drawn inside.

    Parameters
    ----------
    dark : bool, default False
        Whether it will stand on a dark background; the figure itself is transparent then.
    """
    import matplotlib
    from cycler import cycler

    text = "#e8e8e8" if dark else "#212121"
    lines = "#777777" if dark else "#9a9a9a"
    style: dict[str, Any] = {
        "axes.prop_cycle": cycler(color=DARK_COLOURS if dark else COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": lines,
        "axes.labelcolor": text,
        "axes.titlecolor": text,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.alpha": 0.25,
        "grid.color": lines,
        "text.color": text,
        "xtick.color": text,
        "ytick.color": text,
        "font.size": 10,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "svg.hashsalt": "automl",
    }
    if dark:
        style |= {"axes.facecolor": "none", "figure.facecolor": "none", "savefig.facecolor": "none"}
    with matplotlib.rc_context(style):  # type: ignore[arg-type]  # its keys are literal types
        yield


def diagonal(ax: Axes, low: float, high: float, label: str) -> None:
    """Draw the line on which both axes agree."""
    ax.plot([low, high], [low, high], linestyle="--", linewidth=1, color=_quiet(), label=label, zorder=1)


def level(ax: Axes, y: float, label: str) -> None:
    """Draw a level to compare with."""
    ax.axhline(y, linestyle="--", linewidth=1, color=_quiet(), label=label, zorder=1)


def legend(ax: Axes, most: int = 12, **placed: Any) -> None:
    """Add a legend, unless there is nothing to tell apart or too much of it."""
    _, labels = ax.get_legend_handles_labels()
    if 1 < len(labels) <= most:
        ax.legend(**placed)


def _quiet() -> str:
    import matplotlib

    return str(matplotlib.rcParams["axes.edgecolor"])
