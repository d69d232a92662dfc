"""A fitted model as a picture of its steps, from raw columns to what is predicted: plain HTML that opens and closes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import number, plural
from automl_jupyter.results.render import static_style
from automl_jupyter.results.words import line_of

if TYPE_CHECKING:
    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.trials.blend import Blend

#: columns named of a step, and members of a model; the rest are counted
_MOST_COLUMNS, _MOST_MEMBERS = 40, 25


def diagram_html(title: str, blend: Blend, schema: TableSchema, adjusted: Mapping[str, float | None]) -> str:
    """Return the diagram.

    Parameters
    ----------
    title : str
        What the model is called.
    blend, schema
        Its parts, and what it knows of the columns.
    adjusted : mapping
        ``temperature`` and ``threshold``, where they change what is predicted.
    """
    steps = [_columns(schema), *_features(blend, schema), _members(blend)]
    if blend.stack is not None:
        steps.append(
            f"<strong>Second level</strong>: {_safe(type(blend.stack).__name__)} over the members' predictions"
        )
    steps += _adjustments(adjusted)
    items = "".join(f"<li>{step}</li>" for step in steps)
    head = f'<p class="amlj-head"><strong>{_safe(title)}</strong></p>'
    return (
        f'<div class="amlj-static" role="group" aria-label="Pipeline of the model"><style>{static_style()}</style>'
        f'{head}<ol class="amlj-flow">{items}</ol></div>'
    )


def _safe(value: object, most: int = 80) -> str:
    return escape(line_of(value, most))


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>{body}</details>"


def _named(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _MOST_COLUMNS} more" if len(names) > _MOST_COLUMNS else ""
    return ", ".join(f"<bdi>{_safe(n)}</bdi>" for n in names[:_MOST_COLUMNS]) + more


def _columns(schema: TableSchema) -> str:
    kinds = Counter(str(c.type) for c in schema.kept)
    dropped = [c.name for c in schema.columns if c.dropped]
    words = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    rows = [(kind, _named(c.name for c in schema.kept if str(c.type) == kind)) for kind in kinds]
    rows += [("dropped", _named(dropped))] if dropped else []
    left_out = f", {len(dropped)} dropped" if dropped else ""
    summary = f"<strong>{plural(len(schema.columns), 'raw column')}</strong>: {_safe(words, 200)}{left_out}"
    return _details(summary, _table(("Type", "Columns"), rows))


def _features(blend: Blend, schema: TableSchema) -> list[str]:
    from automl_jupyter.featurization.recipes import RECIPES, split_recipe
    from automl_jupyter.featurization.steps import STEPS
    from automl_jupyter.featurization.transformers import TRANSFORMERS

    names = [c.name for c in schema.kept]
    found = []
    for recipe in dict.fromkeys(p.recipe for p in sorted(blend.parts, key=lambda p: -p.weight)):
        featurizer = blend.featurizers[next(p.featurizers[0] for p in blend.parts if p.recipe == recipe)]
        features = featurizer.describe()
        counts = Counter(f.transformer for f in features)
        of = {t: sorted({p for f in features if f.transformer == t for p in f.positions}) for t in counts}
        rows = [
            (f'<span title="{escape(TRANSFORMERS[t])}">{_safe(t)}</span> → {n}', _named(names[p] for p in of[t]))
            for t, n in counts.items()
        ]
        base, step = split_recipe(recipe)
        says = f"{RECIPES[base]} {STEPS.get(step, '')}".strip()
        summary = f"<strong>Features “{_safe(recipe)}”</strong>: {plural(len(features), 'feature')}. {_safe(says, 300)}"
        found.append(_details(summary, _table(("Transformer", "Columns"), rows)))
    return found


def _members(blend: Blend) -> str:
    parts, averaged = sorted(blend.parts, key=lambda p: -p.weight), blend.stack is None
    rows = []
    for part in parts[:_MOST_MEMBERS]:
        learner = _learner(part.estimators[0])
        fits = plural(len(part.estimators), "fit") if len(part.estimators) > 1 else "one fit"
        weight = f" × {part.weight:.2f}" if averaged else ""
        rows.append((f"{_safe(part.label)}{weight}", f"{learner} on “{_safe(part.recipe)}”, {fits}"))
    more = f"<p>and {len(parts) - _MOST_MEMBERS} more</p>" if len(parts) > _MOST_MEMBERS else ""
    what = f"<strong>{plural(len(parts), 'member')}</strong>"
    what += ", whose predictions are averaged by weight" if averaged else ", whose predictions go to the second level"
    body = _table(("Member × weight" if averaged else "Member", "Learner"), rows) + more
    return _details(what if len(parts) > 1 else f"<strong>{_safe(parts[0].label)}</strong>", body)


def _learner(estimator: Any) -> str:
    return f"<code>{_safe(' '.join(repr(estimator).split()), 300)}</code>"


def _adjustments(adjusted: Mapping[str, float | None]) -> list[str]:
    temperature, threshold = adjusted.get("temperature"), adjusted.get("threshold")
    found = []
    if temperature is not None and temperature != 1:
        found.append(f"<strong>Calibration</strong>: log probabilities are divided by {number(temperature)}")
    if threshold is not None:
        found.append(f"<strong>Threshold</strong>: the second class is predicted from {number(threshold)} on")
    return found


def _table(heads: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(f'<tr><th scope="row">{first}</th><td>{second}</td></tr>' for first, second in rows)
    return f'<div class="amlj-scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
