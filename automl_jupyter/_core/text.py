"""Text for people: nearest matches, durations, sizes, plurals."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def fold_name(name: str) -> str:
    """Reduce a name to what matching looks at: letters and digits, in lower case.

    Examples
    --------
    >>> fold_name("Light_GBM") == fold_name("LightGBM")
    True
    """
    return re.sub(r"[\W_]", "", name.lower())


def suggest(name: object, allowed: Iterable[str]) -> str | None:
    """Return the allowed name nearest to `name`, or None when nothing is near.

    Examples
    --------
    >>> suggest("AUC_weigthed", ["accuracy", "AUC_weighted"])
    'AUC_weighted'
    """
    folded = fold_name(str(name))
    if not folded:  # signs alone are like no other name
        return None
    by_fold = {fold_name(a): a for a in allowed}
    near = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def did_you_mean(name: object, allowed: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` with a leading blank, or an empty string."""
    near = suggest(name, allowed)
    return f" Did you mean {near!r}?" if near else ""


def listing(names: Iterable[object], *, last: str = "or", most: int = 30) -> str:
    """Return ``a, b or c``; past `most` names the rest is counted.

    Examples
    --------
    >>> listing(["a", "b", "c"])
    'a, b or c'
    """
    words = [str(n) for n in names]
    if len(words) > most:
        return ", ".join(words[:most]) + f" and {len(words) - most} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def plural(n: int, noun: str, nouns: str | None = None) -> str:
    """Return ``1 row``, ``2 rows``, ``12,000 rows``."""
    return f"{n:,} {noun if n == 1 else nouns or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a duration as people write it.

    Examples
    --------
    >>> duration(75), duration(0.25), duration(7260)
    ('1 min 15 s', '0.25 s', '2 h 1 min')
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def byte_size(n: float) -> str:
    """Return a size in bytes as people write it.

    Examples
    --------
    >>> byte_size(2_500_000)
    '2.5 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if n < 999.5:
            return f"{n:.0f} {unit}" if n >= 10 or unit == "bytes" else f"{n:.2g} {unit}"
        n /= 1000
    return f"{n:,.0f} TB" if n >= 10 else f"{n:.2g} TB"


def number(value: float) -> str:
    """Return a number with the digits a reader can use.

    Examples
    --------
    >>> number(0.912346), number(26053.21), number(3.0), number(3.2e21)
    ('0.91235', '26,053', '3', '3.2e+21')
    """
    if value != value:  # NaN
        return "–"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{value + 0.0:,.0f}"  # no "-0"
    if 10_000 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.5g}"


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
#: with halves of surrogate pairs, which no page and no UTF-8 stream can carry
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(value: object, *, most: int = 300) -> str:
    """Return untrusted text fit to show: no control, ANSI or direction characters, shortened past `most`.

    An object that says nothing but its address is shown without it, as that is another one every time.
    """
    text = _CONTROL.sub("", value if isinstance(value, str) else _ADDRESS.sub("", str(value)))
    return text if len(text) <= most else text[: most - 1] + "…"
