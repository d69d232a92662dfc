"""What ``--dry-run`` shows: the whole plan with its reasons, and nothing started."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.text import duration, listing, plural
from automl_jupyter.results.words import line_of, note_words

if TYPE_CHECKING:
    from automl_jupyter.spec import AutoMLJob
    from automl_jupyter.trials.plan import Plan


def make_dry_plan(spec: AutoMLJob, namespace: Mapping[str, Any], base: Path = Path()) -> Plan:
    """Read the data and decide everything, without a folder, a worker or a thread.

    Parameters
    ----------
    spec : AutoMLJob
        What is asked.
    namespace : mapping
        The variables of the notebook.
    base : Path, default the current folder
        What relative paths of data are relative to.

    Raises
    ------
    SpecError, DataError
        With every problem found.
    """
    from automl_jupyter.client.submit import resolve_compute
    from automl_jupyter.jobs.prepare import decide, with_guardrails
    from automl_jupyter.tasks import check_trainable

    spec.check()
    job = check_trainable(spec)
    resolve_compute(job.compute, namespace)  # refuses the name of what is no cluster
    return with_guardrails(decide(job, namespace=namespace, base=base.absolute(), n_slots=1), job)


def plan_text(plan: Plan) -> str:
    """Return a plan as text for people.

    Parameters
    ----------
    plan : Plan
        What :func:`make_dry_plan` returned.
    """
    classes = "" if plan.n_classes is None else f", {plural(plan.n_classes, 'class', 'classes')}"
    limits = plan.limits
    time = "no limit of time" if limits.timeout_s is None else f"at most {duration(limits.timeout_s)}"
    trials = "" if limits.max_trials is None else f", at most {plural(limits.max_trials, 'trial')}"
    learners = list(dict.fromkeys(str(c.get("learner")) for c in plan.opening))
    lines = [
        f"Nothing was started. This is what the cell would do: {plan.task} of {line_of(plan.target)!r}.",
        f"  Data        {plural(plan.n_rows, 'row')}, {plural(plan.n_features, 'feature column')}"
        f" of {plan.n_columns}{classes}",
        f"  Metric      {plan.metric['name']}"
        f" ({'greater' if plan.metric['greater_is_better'] else 'smaller'} is better)",
        f"  Validation  {plan.validation['title']}",
        f"  Limits      {time}{trials}, {duration(limits.trial_timeout_s)} for one trial",
        f"  First tried {listing(learners, last='and')}",
        "Reasons",
    ]
    for note in plan.notes:
        mark = "Warning: " if note.get("level") == "warning" else ""
        lines.append(f"  {mark}{note_words(note)}")
    return "\n".join(lines)
