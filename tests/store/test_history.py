"""The fold of a log: the same in pieces, from disk and after a crash."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import FINAL_STATUSES, History, apply, replay
from automl_jupyter.store.trial import TrialRecord, mean_metrics

#: a busy machine may take its time
EventsOf = Callable[..., st.SearchStrategy[ev.Event]]
METRICS = st.dictionaries(st.sampled_from(["auc", "loss"]), st.none() | st.floats(-1, 1), max_size=2)

#: what fields hold in a job of a few trials, so that events meet one another
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "elapsed_s": st.floats(0, 100),
    "number": st.integers(0, 3),
    "fold": st.integers(0, 2),
    "n_folds": st.integers(1, 3),
    "fit_s": st.floats(0, 10),
    "label": st.sampled_from(["", "a", "b"]),
    "metrics": METRICS,
    "fold_metrics": st.lists(METRICS, max_size=2),
    "members": st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)).map(list), max_size=2),
    "plan": st.booleans().map(lambda greater: {"metric": {"name": "auc", "greater_is_better": greater}}),
    "status": st.sampled_from(["Preparing", "Running", "Finalizing", "CancelRequested", *sorted(FINAL_STATUSES)]),
    "state": st.sampled_from(["complete", "pruned", "failed", "cancelled", "timed_out"]),
    "request": st.sampled_from(["cancel", "extend", "skip", "block", "pause"]),
    "arguments": st.dictionaries(st.just("minutes"), st.floats(0, 100)),
}


@pytest.fixture(scope="session")
def logs(events_of: EventsOf) -> st.SearchStrategy[list[ev.Event]]:
    """Return logs: a job that begins as jobs do, and then events in any order."""
    begin = st.tuples(
        events_of(ev.JobCreated, **FIELDS),
        events_of(ev.PlanMade, **FIELDS),
        *(events_of(ev.TrialQueued, **FIELDS | {"number": st.just(n)}) for n in range(2)),
    ).map(list)
    kinds = sorted(ev.Event.__subclasses__(), key=lambda cls: cls.kind)
    more = st.lists(st.one_of(*(events_of(cls, **FIELDS) for cls in kinds)), max_size=20)
    return st.builds(lambda first, then: first + then, begin, more)


@settings(max_examples=30)
@given(data=st.data())
def test_folding_in_pieces_is_folding_at_once(data: st.DataObject, logs: st.SearchStrategy[list[ev.Event]]) -> None:
    events = data.draw(logs)
    whole = replay(events)
    for cut in range(len(events) + 1):
        assert reduce(apply, events[cut:], replay(events[:cut])) == whole


@settings(max_examples=30)
@given(data=st.data())
def test_a_history_is_not_changed_by_what_comes_after(
    data: st.DataObject, logs: st.SearchStrategy[list[ev.Event]]
) -> None:
    events = data.draw(logs)
    before = copy.deepcopy(events)
    history, kept = History(), History()
    for event in events:
        after = apply(history, event)
        assert history == kept
        history, kept = after, copy.deepcopy(after)
    assert events == before


@settings(max_examples=30)
@given(data=st.data())
def test_whoever_reads_the_log_knows_what_its_writer_knows(
    data: st.DataObject,
    logs: st.SearchStrategy[list[ev.Event]],
    shared_folder: JobFolder,
    write_log: Callable[..., bytes],
) -> None:
    shared_folder.events_file.unlink(missing_ok=True)
    events = data.draw(logs)
    write_log(shared_folder, events)
    assert replay(shared_folder.read_events()) == replay(events)


@settings(max_examples=30)
@given(data=st.data())
def test_a_crash_anywhere_loses_the_torn_event_only(
    data: st.DataObject,
    logs: st.SearchStrategy[list[ev.Event]],
    shared_folder: JobFolder,
    write_log: Callable[..., bytes],
) -> None:
    shared_folder.events_file.unlink(missing_ok=True)
    events = data.draw(logs)
    log = write_log(shared_folder, events)
    cut = data.draw(st.integers(0, len(log)))
    n_whole = log[:cut].count(b"\n")
    os.truncate(shared_folder.events_file, cut)
    assert replay(shared_folder.read_events()) == replay(events[:n_whole])
    assert write_log(shared_folder, events[n_whole:]) == log, "written again, it is the log without the crash"


@settings(max_examples=30)
@given(data=st.data())
def test_what_every_event_moves_on(data: st.DataObject, logs: st.SearchStrategy[list[ev.Event]]) -> None:
    events = data.draw(logs)
    history = replay(events)
    assert history.n_events == len(events)
    assert history.elapsed_s == max(e.elapsed_s for e in events)
    assert history.updated_at == next((e.at for e in reversed(events) if e.at), "")
    statuses = [e.status for e in events if isinstance(e, ev.StatusChanged | ev.JobEnded)]
    assert history.status == (statuses[-1] if statuses else "NotStarted")
    assert history.is_over == bool(statuses and statuses[-1] in FINAL_STATUSES)


@settings(max_examples=30)
@given(data=st.data(), greater=st.booleans())
def test_progress_is_made_of_improvements(
    data: st.DataObject, greater: bool, logs: st.SearchStrategy[list[ev.Event]]
) -> None:
    plan = ev.PlanMade(plan={"metric": {"name": "auc", "greater_is_better": greater}})
    history = replay([plan, *(e for e in data.draw(logs) if not isinstance(e, ev.PlanMade))])
    values = [value if greater else -value for _, _, value in history.progress]
    assert values == sorted(set(values))
    times = [at for at, _, _ in history.progress]
    assert times == sorted(times)


@settings(max_examples=30)
@given(data=st.data())
def test_trials_hold_together(data: st.DataObject, logs: st.SearchStrategy[list[ev.Event]]) -> None:
    events = data.draw(logs)
    history = replay(events)
    assert set(history.trials) == {e.number for e in events if isinstance(e, ev.TrialQueued)}
    for number, trial in history.trials.items():
        assert trial.number == number
        assert trial.is_complete == (len(trial.folds) == trial.n_folds)
        assert all(record.fold == fold for fold, record in trial.folds.items())
        assert trial.fit_s == pytest.approx(sum(f.fit_s for f in trial.folds.values()))
        for name, mean in trial.metrics().items():
            values = trial.values(name)
            lacks = {f for f, record in trial.folds.items() if record.metrics.get(name) is None}
            assert (mean is None) == (not values or bool(lacks & history.scored.get(name, frozenset())))
            assert mean is None or min(values) - 1e-9 <= mean <= max(values) + 1e-9


# --- one event at a time -------------------------------------------------------------------------------------------


def fold_ended(number: int = 0, fold: int = 0, auc: float | None = 0.5, **changes: Any) -> ev.FoldEnded:
    values: dict[str, Any] = {"fit_s": 1.5, "predict_s": 0.1, "n_train": 10, "n_valid": 5} | changes
    return ev.FoldEnded(number=number, fold=fold, metrics={"auc": auc}, **values)


def queued(number: int = 0, **changes: Any) -> ev.TrialQueued:
    return ev.TrialQueued(**{"number": number, "learner": "Tree", "params": {"depth": 3}, "n_folds": 2} | changes)


def plan(greater: bool = True) -> ev.PlanMade:
    return ev.PlanMade(plan={"metric": {"name": "auc", "greater_is_better": greater}})


def test_before_the_first_event_nothing_is_known() -> None:
    history = replay([])
    assert history == History()
    assert (history.name, history.status, history.is_over, history.metric) == ("", "NotStarted", False, "")


def test_a_job_is_what_was_asked() -> None:
    created = ev.JobCreated(
        name="n", experiment_name="e", display_name="d", task="regression", spec={"a": 1}, at="2024-01-02T03:04:05.678Z"
    )
    history = replay([created, plan(greater=False)])
    assert (history.name, history.experiment_name, history.display_name) == ("n", "e", "d")
    assert (history.task, history.spec, history.created_at) == ("regression", {"a": 1}, created.at)
    assert (history.metric, history.greater_is_better) == ("auc", False)


def test_a_trial_from_its_place_in_line_to_its_end() -> None:
    history = replay([queued(recipe="tree", origin="search", elapsed_s=1.0)])
    trial = history.trials[0]
    assert (trial.state, trial.label, trial.recipe, trial.origin) == ("queued", "Tree", "tree", "search")
    assert (trial.queued_s, trial.is_open, trial.is_complete, trial.fit_s) == (1.0, True, False, 0)
    history = reduce(apply, [ev.FoldStarted(number=0, fold=0), ev.FoldStarted(number=0, fold=1)], history)
    assert (history.trials[0].state, set(history.trials[0].running)) == ("running", {0, 1})
    history = apply(history, fold_ended(fold=1, size_bytes=7, iterations=9, stopped_early=True))
    trial = history.trials[0]
    assert (set(trial.running), set(trial.folds), trial.is_complete) == ({0}, {1}, False)
    record = trial.folds[1]
    assert (record.size_bytes, record.iterations, record.stopped_early) == (7, 9, True)
    assert (record.fit_s, record.predict_s, record.n_train, record.n_valid) == (1.5, 0.1, 10, 5)
    history = reduce(apply, [fold_ended(fold=0), ev.TrialEnded(number=0, state="complete", elapsed_s=8.0)], history)
    trial = history.trials[0]
    assert (trial.is_complete, trial.is_open, trial.running, trial.fit_s) == (True, False, {}, 3.0)
    assert (trial.state, trial.ended_s) == ("complete", 8.0)


def test_a_label_stands_before_the_learner() -> None:
    assert replay([queued(label="Tree (small)")]).trials[0].label == "Tree (small)"


def test_a_fold_begun_again_is_counted_as_lost() -> None:
    begun = ev.FoldStarted(number=0, fold=1)
    assert [replay([queued(), *[begun] * n]).trials[0].lost for n in range(4)] == [{}, {1: 0}, {1: 1}, {1: 2}]


def test_a_trial_that_failed_says_why() -> None:
    error = {"type": "ValueError", "message": "m", "tail": "t"}
    ended = ev.TrialEnded(number=0, state="failed", reason="m", error=error)
    trial = replay([queued(), ev.FoldStarted(number=0, fold=0), ended]).trials[0]
    assert (trial.state, trial.reason, trial.error, trial.running) == ("failed", "m", error, {})


def test_a_refit_is_its_time_or_its_error() -> None:
    done = replay([queued(), ev.RefitEnded(number=0, fit_s=2.0, size_bytes=9)]).trials[0]
    assert (done.refit_s, done.refit_bytes, done.refit_error) == (2.0, 9, None)
    error = {"type": "TimeLimit", "message": "m"}
    failed = replay([queued(), ev.RefitEnded(number=0, fit_s=2.0, error=error)]).trials[0]
    assert (failed.refit_s, failed.refit_error) == (None, error)


@pytest.mark.parametrize(
    "event",
    [
        ev.FoldStarted(number=5, fold=0),
        fold_ended(number=5),
        ev.TrialEnded(number=5, state="complete"),
        ev.RefitEnded(number=5),
    ],
    ids=lambda event: event.kind,
)
def test_what_happens_to_an_unknown_trial_is_left_out(event: ev.Event) -> None:
    """The line that put it in line was damaged."""
    before = replay([plan(), queued()])
    after = apply(before, event)
    assert (after.trials, after.progress) == (before.trials, before.progress)
    assert after.n_events == before.n_events + 1


@pytest.mark.parametrize("greater", [True, False])
def test_only_complete_trials_and_only_improvements_are_progress(greater: bool) -> None:
    sign = 1 if greater else -1
    events: list[ev.Event] = [plan(greater)]
    for number, value in enumerate([0.5, 0.4, 0.5, None, 0.6]):
        auc = None if value is None else sign * value
        events += [queued(number, n_folds=1, label=f"t{number}"), fold_ended(number, auc=auc, elapsed_s=float(number))]
    events += [queued(5, n_folds=2), fold_ended(5, auc=sign * 0.9)]
    assert replay(events).progress == ((0.0, "t0", sign * 0.5), (4.0, "t4", sign * 0.6))


@pytest.mark.parametrize("state", ["cancelled", "failed"])
@pytest.mark.parametrize("greater", [True, False])
def test_a_trial_that_does_not_count_after_all_is_no_progress(greater: bool, state: str) -> None:
    sign = 1 if greater else -1
    events: list[ev.Event] = [plan(greater)]
    for number, value in enumerate([0.5, 0.9, 0.6, 0.7]):
        events += [
            queued(number, n_folds=1, label=f"t{number}"),
            fold_ended(number, auc=sign * value, elapsed_s=float(number)),
        ]
        if number != 1:
            events.append(ev.TrialEnded(number=number, state="complete", elapsed_s=float(number)))
    history = replay([*events, ev.TrialEnded(number=1, state=state, elapsed_s=9.0)])
    assert history.progress == ((0.0, "t0", sign * 0.5), (2.0, "t2", sign * 0.6), (3.0, "t3", sign * 0.7))
    assert not history.log[-1].is_best
    later = [queued(4, n_folds=1, label="t4"), fold_ended(4, auc=sign * 0.8, elapsed_s=10.0)]
    assert reduce(apply, later, history).progress[-1] == (10.0, "t4", sign * 0.8)


def test_a_fold_that_ends_after_its_trial_was_cancelled_is_no_progress() -> None:
    events = [plan(), queued(0, n_folds=1), ev.TrialEnded(number=0, state="cancelled"), fold_ended(0, auc=0.9)]
    assert replay(events).progress == ()


def ensemble(auc: float, **changes: Any) -> ev.EnsembleSelected:
    values: dict[str, Any] = {"members": [[0, 0.75], [1, 0.25]], "fold_metrics": [{"auc": auc}], "complete": True}
    return ev.EnsembleSelected(**{"ensemble": "VotingEnsemble", "metrics": {"auc": auc}, **values, **changes})


def test_the_latest_weights_of_each_ensemble_are_kept() -> None:
    events = [plan(), ensemble(0.7), ensemble(0.8, seconds=2.0), ensemble(0.9, ensemble="StackEnsemble")]
    history = replay(events)
    assert list(history.ensembles) == ["VotingEnsemble", "StackEnsemble"]
    record = history.ensembles["VotingEnsemble"]
    assert (record.members, record.metrics, record.seconds) == (((0, 0.75), (1, 0.25)), {"auc": 0.8}, 2.0)
    assert [label for _, label, _ in history.progress] == ["VotingEnsemble", "VotingEnsemble", "StackEnsemble"]


def test_an_ensemble_of_some_folds_is_no_progress() -> None:
    assert replay([plan(), ensemble(0.9, complete=False)]).progress == ()


def model(stage: str) -> ev.ModelSelected:
    return ev.ModelSelected(label="l", trial=0, parts=[{"trial": 0}], metrics={"auc": 0.5}, stage=stage)


def test_a_model_is_final_at_the_last_stage() -> None:
    stages = ["anytime", "chosen", "final"]
    models = [replay([model(stage)]).model for stage in stages]
    assert [m.final for m in models if m is not None] == [False, False, True]
    assert [(m.label, m.trial, m.parts) for m in models if m is not None] == [("l", 0, ({"trial": 0},))] * 3


def test_a_search_ends_where_it_is_stopped() -> None:
    stopped = [
        ev.LimitReached(limit="cancel", elapsed_s=4.0),
        ev.StatusChanged(status="CancelRequested", elapsed_s=5.0),
        ev.JobEnded(status="Canceled", reason="asked", elapsed_s=9.0),
    ]
    assert replay(stopped).search_ended_s == 5.0
    assert replay([ev.StatusChanged(status="Finalizing", elapsed_s=3.0), *stopped]).search_ended_s == 3.0
    assert replay([*stopped, ev.StatusChanged(status="Preparing", elapsed_s=10.0)]).search_ended_s is None


def test_a_job_that_goes_on_is_open_again() -> None:
    over = replay(
        [
            ev.RequestReceived(request="cancel"),
            ev.LimitReached(limit="cancel"),
            ev.StatusChanged(status="Finalizing", elapsed_s=5.0),
            model("final"),
            ev.JobEnded(status="Canceled", reason="asked", at="then"),
        ]
    )
    assert (over.is_over, over.limit, over.search_ended_s, over.ended_at) == (True, "cancel", 5.0, "then")
    on = apply(over, ev.StatusChanged(status="Preparing"))
    assert (on.is_over, on.limit, on.search_ended_s, on.ended_at) == (False, "", None, None)
    assert on.requests == ()
    assert on.model is not None
    assert on.model.stage == "anytime"


def test_requests_are_kept_and_minutes_added_up() -> None:
    asked = [("extend", {"minutes": 2.0}), ("skip", {"number": 1}), ("extend", {"minutes": 0.5}), ("pause", {})]
    history = replay(ev.RequestReceived(request=r, arguments=a) for r, a in asked)
    assert history.requests == tuple(asked)
    assert history.extended_s == 150.0


def test_what_else_is_said_is_kept() -> None:
    notes = [ev.Noted(message="a"), ev.Noted(message="b", level="warning")]
    history = replay(
        [*notes, ev.WorkersChanged(n_workers=3, compute="c"), ev.TestScored(metrics={"auc": 0.5}, n_rows=4)]
    )
    assert history.notes == tuple(notes)
    assert (history.n_workers, history.compute, history.test_metrics) == (3, "c", {"auc": 0.5})


def test_a_failed_job_says_why() -> None:
    error = {"type": "OSError", "message": "m"}
    history = replay([ev.JobEnded(status="Failed", reason="m", error=error, at="then")])
    assert (history.status, history.reason, history.error, history.ended_at) == ("Failed", "m", error, "then")


@pytest.mark.parametrize(
    ("value", "greater", "score"),
    [
        (0.5, True, 0.5),
        (0.5, False, -0.5),
        (None, True, None),
        (math.nan, True, None),
        (math.inf, False, None),
    ],
)
def test_a_score_is_better_when_greater(value: float | None, greater: bool, score: float | None) -> None:
    assert replay([plan(greater)]).score({"auc": value}) == score


def test_without_the_metric_there_is_no_score() -> None:
    assert replay([plan()]).score({"loss": 0.5}) is None
    assert History().score({"auc": 0.5}) is None


def test_means_are_over_the_folds_that_have_a_value() -> None:
    folds = dict(enumerate([{"a": 1.0, "b": None}, {"a": None, "b": None}, {"a": 2.0, "c": 3.0}]))
    assert mean_metrics(folds) == {"a": 1.5, "b": None, "c": 3.0}
    assert mean_metrics(folds, {"a": frozenset({0, 1, 2})}) == {"a": None, "b": None, "c": 3.0}
    assert mean_metrics({}) == {}


@pytest.mark.parametrize("broken_first", [True, False])
def test_a_trial_without_a_value_where_another_has_one_has_no_score(broken_first: bool) -> None:
    """Else the fold that it breaks on is left out of its mean, and it is the best for it."""
    begin: list[ev.Event] = [plan(), queued(0, n_folds=3, label="sound"), queued(1, n_folds=3, label="broken")]
    sound = [fold_ended(0, fold=f, auc=a) for f, a in enumerate([0.7, 0.8, None])]
    broken = [fold_ended(1, fold=f, auc=a) for f, a in enumerate([0.9, None, None])]
    history = replay([*begin, *(broken + sound if broken_first else sound + broken)])
    assert history.trials[0].metrics() == {"auc": pytest.approx(0.75)}, (
        "a fold that no trial has a value on is left out"
    )
    assert (history.trials[1].metrics(), history.trials[1].metrics(1)) == ({"auc": None}, {"auc": 0.9})
    assert history.best is not None
    assert history.best.label == "sound"
    assert [label for _, label, _ in history.progress] == ["sound"]


def test_values_are_in_order_of_folds() -> None:
    events = [queued(n_folds=3), *(fold_ended(fold=f, auc=a) for f, a in ((2, 0.2), (0, 0.0), (1, None)))]
    trial: TrialRecord = replay(events).trials[0]
    assert trial.values("auc") == [0.0, 0.2]
    assert trial.values("loss") == []
    assert trial.metrics() == {"auc": pytest.approx(0.1)}


def test_a_job_that_goes_on_does_not_show_its_earlier_end() -> None:
    over = replay(
        [
            ev.TrialQueued(number=0, learner="A", params={}),
            ev.FoldStarted(number=0, fold=0),
            ev.TestScored(metrics={"auc": 0.5}, n_rows=4),
            ev.JobEnded(status="Failed", reason="m", error={"type": "OSError", "message": "m"}),
        ]
    )
    on = apply(over, ev.StatusChanged(status="Preparing"))
    assert (on.error, on.test_metrics, dict(on.trials[0].running)) == (None, None, {})
    assert on.trials[0].lost == {0: 0}, "how often it was begun is known"
