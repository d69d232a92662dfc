"""What the checks of a job's data found, to look at and to compute with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, overload

from automl_jupyter.results.render import static_style
from automl_jupyter.results.words import line_of

if TYPE_CHECKING:
    import pandas as pd

#: the mark of each status, so that colour is never the only sign
_MARKS = {"Alerted": "!", "Done": "✓", "Passed": "✓"}
_HEADS = ("name", "status", "explanation", "columns", "rows", "remedy")


class Guardrails(Sequence[Mapping[str, Any]]):
    """The findings of a job, those that somebody has to look at first.

    Parameters
    ----------
    findings : sequence of mapping
        Each with ``key``, ``name``, ``status`` (Passed, Done or Alerted), ``explanation``, ``columns``, ``rows`` and
        ``remedy``.

    Examples
    --------
    >>> one = dict(key="split", name="Split", status="Done", explanation="Held back.", columns=[], rows=[], remedy="")
    >>> Guardrails([one])
    ✓ Split (Done): Held back.
    """

    def __init__(self, findings: Sequence[Mapping[str, Any]]) -> None:
        self._findings = tuple(findings)

    @overload
    def __getitem__(self, at: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Guardrails: ...
    def __getitem__(self, at: int | slice) -> Mapping[str, Any] | Guardrails:
        """Return a finding, or some of them."""
        return Guardrails(self._findings[at]) if isinstance(at, slice) else self._findings[at]

    def __len__(self) -> int:
        """Return how many checks there were."""
        return len(self._findings)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a finding: ``name``, ``status``, ``explanation``, ``columns``, ``rows`` and ``remedy``."""
        import pandas as pd

        return pd.DataFrame([{h: f[h] for h in _HEADS} for f in self], columns=list(_HEADS))

    def __repr__(self) -> str:
        if not self._findings:
            return "The data of this job were not checked."
        return "\n".join(
            f"{_MARKS.get(f['status'], ' ')} {line_of(f['name'])} ({line_of(f['status'])}):"
            f" {line_of(f['explanation'], 300)} {line_of(f['remedy'], 300)}".rstrip()
            for f in self
        )

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        rows = "".join(
            f'<tr><td><span aria-hidden="true">{_MARKS.get(f["status"], "")}</span> {escape(line_of(f["status"]))}</td>'
            f'<th scope="row">{escape(line_of(f["name"]))}</th><td>{escape(line_of(f["explanation"], 300))}</td>'
            f"<td>{escape(line_of(f['remedy'], 300))}</td></tr>"
            for f in self
        )
        heads = "".join(f'<th scope="col">{h}</th>' for h in ("Status", "Check", "What was found", "What to do"))
        html = (
            f'<div class="amlj-static" role="group" aria-label="Guardrails"><style>{static_style()}</style>'
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
        return {"text/plain": repr(self), "text/html": html}
