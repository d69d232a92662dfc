"""A job without data, workers or a clock: the state machine driven by scripted fits in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from automl_jupyter.jobs import instructions as do
from automl_jupyter.jobs.choice import is_usable
from automl_jupyter.jobs.resumption import reopened
from automl_jupyter.jobs.situation import RACE_ENSEMBLE, InFlight, Situation
from automl_jupyter.jobs.state import decide
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import History, apply
from automl_jupyter.store.trial import mean_metrics
from automl_jupyter.trials.plan import Limits, Plan
from automl_jupyter.trials.records import is_refit

METRIC = "accuracy"


@dataclass(frozen=True)
class ScriptedFit:
    """What one fit will do: how long it takes, what it scores, how it ends."""

    seconds: float = 1.0
    score: float | None = 0.5
    state: str = "complete"
    #: whether it stops when asked; a stubborn one runs on until its worker is replaced
    stops: bool = True


Script = Callable[[int, int], ScriptedFit]


def make_plan(**changes: Any) -> Plan:
    """Return a plan of three folds and four opening trials; `changes` replace fields, limits among them."""
    limit_names = set(Limits.__dataclass_fields__)
    limits = Limits(
        timeout_s=None,
        trial_timeout_s=1800.0,
        max_trials=None,
        max_concurrent_trials=None,
        cores_per_trial=1,
        exit_score=None,
        enable_early_termination=True,
    )
    limits = replace(limits, **{k: changes.pop(k) for k in list(changes) if k in limit_names})
    n_folds = changes.pop("n_folds", 3)
    opening = changes.pop("opening", ("Dummy", "A", "B", "C"))
    plan = Plan(
        task="classification",
        metric={"name": METRIC, "title": METRIC, "greater_is_better": True, "needs": "label"},
        target="y",
        n_rows=300,
        n_training=300,
        n_columns=3,
        n_features=3,
        n_classes=2,
        validation={"kind": "kfold", "n_folds": n_folds},
        race_folds=1 if limits.timeout_s is not None else n_folds,
        limits=limits,
        learners=("A", "B", "C"),
        opening=tuple(
            {"learner": name, "params": {}, "label": name, "origin": "baseline" if name == "Dummy" else "opening"}
            for name in opening
        ),
        vote_ensemble=True,
        stack_ensemble=False,
        stack_meta_learner="LogisticRegression",
        stack_settings={},
        inference="best",
        random_state=0,
        n_slots=2,
    )
    return replace(plan, **changes)


@dataclass
class Simulation:
    """A job in virtual time.

    Parameters
    ----------
    plan : Plan
        What was decided.
    script : callable
        ``(number, fold) -> ScriptedFit``.
    n_slots : int
        Workers.

    Examples
    --------
    >>> job = Simulation(make_plan(max_trials=2), lambda number, fold: ScriptedFit()).run()
    >>> job.history.status, job.history.limit
    ('Completed', 'max_trials')
    """

    plan: Plan
    script: Script
    n_slots: int = 2
    #: learner -> bytes a fit of it takes, and what a worker has
    needed_bytes: Mapping[str, float] = field(default_factory=dict)
    worker_bytes: int | None = None
    workers_gone: bool = False
    #: learner -> seconds a fit of it is predicted to take
    predicted_s: Mapping[str, float] = field(default_factory=dict)
    #: seconds that choosing weights is said to have taken
    selection_s: float = 0.0
    requests: Mapping[float, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    history: History = field(default_factory=History)
    now_s: float = 0.0
    events: list[ev.Event] = field(default_factory=list)
    in_flight: dict[str, InFlight] = field(default_factory=dict)
    started: list[tuple[int, int]] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    selections: list[do.SelectEnsemble] = field(default_factory=list)
    _selected: dict[int, int] = field(default_factory=dict)
    _selected_s: float = 0.0
    _ends: dict[str, float] = field(default_factory=dict)
    _n: int = 0

    def emit(self, event: ev.Event) -> None:
        """Append an event."""
        event = replace(event, elapsed_s=self.now_s, seq=self.history.n_events)
        self.events.append(event)
        self.history = apply(self.history, event)

    def begin(self) -> None:
        """Append what comes before the search."""
        self.emit(ev.JobCreated(name="job", experiment_name="tests", task=self.plan.task, spec={}))
        self.emit(ev.PlanMade(plan=self.plan.to_dict()))
        self.emit(ev.StatusChanged(status="Running"))

    def run(self, until_s: float = 10_000.0) -> Simulation:
        """Run to the end, or to a moment."""
        if not self.history.name:
            self.begin()
        for _ in range(100_000):
            for at in [t for t in sorted(self.requests) if t <= self.now_s]:
                request, arguments = dict(self.requests)[at]
                self.requests = {k: v for k, v in self.requests.items() if k != at}
                self.emit(ev.RequestReceived(request=request, arguments=dict(arguments)))
            if self.history.is_over or self.now_s >= until_s:
                return self
            todo = decide(self.plan, self.history, self._situation())
            for instruction in todo:
                self._do(instruction)
            if not todo:
                self._advance(until_s)
        raise AssertionError("The job does not come to an end.")

    def resume(self) -> Simulation:
        """Let a job go on that was stopped, or whose process is gone, up to its search."""
        self.in_flight.clear()
        self._ends.clear()
        self._selected.clear()
        self.emit(ev.StatusChanged(status="Preparing"))
        for event in reopened(self.history):
            self.emit(event)
        self.emit(ev.StatusChanged(status="Running"))
        return self

    def _situation(self) -> Situation:
        return Situation(
            elapsed_s=self.now_s,
            n_slots=self.n_slots,
            in_flight=dict(self.in_flight),
            selected=dict(self._selected),
            selection_s=self.selection_s,
            selected_s=self._selected_s,
            needed_bytes=lambda learner, params, n_rows: self.needed_bytes.get(learner, 0.0),
            worker_bytes=self.worker_bytes,
            workers_gone=self.workers_gone,
            predict_s=lambda learner, params, n_rows: self.predicted_s.get(learner),
            is_iterative=lambda learner: True,
        )

    def _advance(self, until_s: float) -> None:
        moments = [*self._ends.values(), *self.requests, self.now_s + 1.0, until_s]
        self.now_s = min(m for m in moments if m > self.now_s)
        for key in [k for k, end in self._ends.items() if end <= self.now_s]:
            self._end(key)

    def _end(self, key: str) -> None:
        flight = self.in_flight.pop(key)
        del self._ends[key]
        fit = self.script(flight.number, flight.fold)
        seconds = self.now_s - flight.started_s
        if is_refit(flight.fold):
            self.emit(ev.RefitEnded(number=flight.number, fold=flight.fold, fit_s=seconds))
        elif fit.state == "complete":
            self.emit(
                ev.FoldEnded(
                    number=flight.number,
                    fold=flight.fold,
                    metrics={METRIC: fit.score},
                    fit_s=seconds,
                    predict_s=0.0,
                    n_train=200,
                    n_valid=100,
                    stopped_early=seconds < fit.seconds - 1e-9,
                )
            )
        elif flight.asked_s is None:
            self.emit(ev.TrialEnded(number=flight.number, state=fit.state))

    def _do(self, instruction: do.Instruction) -> None:
        match instruction:
            case do.QueueTrial(number=number, learner=learner, params=params, origin=origin):
                self.emit(
                    ev.TrialQueued(
                        number=number,
                        learner=learner or "A",
                        params=dict(params or {}),
                        origin=origin,
                        n_folds=self.plan.n_folds,
                    )
                )
            case do.SubmitFold():
                self._submit(instruction)
            case do.StopTasks(keys=keys):
                for key in keys:
                    flight = self.in_flight[key]
                    self.in_flight[key] = replace(flight, asked_s=self.now_s)
                    if self.script(flight.number, flight.fold).stops:
                        self._ends[key] = self.now_s + 0.1
            case do.KillTasks(keys=keys, state=state):
                for key in keys:
                    flight = self.in_flight.pop(key)
                    self._ends.pop(key)
                    self.killed.append(key)
                    if self.history.status == "Running":
                        self.emit(ev.TrialEnded(number=flight.number, state=state))
            case do.EndTrial(number=number, state=state, reason=reason):
                self.emit(ev.TrialEnded(number=number, state=state, reason=reason))
            case do.SelectEnsemble():
                self._select(instruction)
            case do.ReachLimit(limit=limit):
                self.emit(ev.LimitReached(limit=limit))
                self.emit(ev.StatusChanged(status="CancelRequested" if limit == "cancel" else "Finalizing"))
            case do.PublishFinal():
                model = self.history.model
                assert model is not None
                self.emit(self._model(model.label, list(model.parts), "final", model.fold_metrics))
            case do.EndJob(status=status, reason=reason):
                self.emit(ev.JobEnded(status=status, reason=reason))

    def _submit(self, asked: do.SubmitFold) -> None:
        self._n += 1
        key = f"{asked.number}/{asked.fold}/{self._n}"
        fit = self.script(asked.number, asked.fold)
        if not is_refit(asked.fold):
            self.emit(ev.FoldStarted(number=asked.number, fold=asked.fold))
        self.started.append((asked.number, asked.fold))
        self.in_flight[key] = InFlight(key, asked.number, asked.fold, self.now_s, asked.time_limit_s)
        seconds = fit.seconds
        if fit.stops and asked.time_limit_s is not None:
            seconds = min(seconds, asked.time_limit_s)
        self._ends[key] = self.now_s + seconds

    def _select(self, asked: do.SelectEnsemble) -> None:
        """Weigh the two best trials equally: what matters here is the story, not the weights."""
        self.selections.append(asked)
        self._selected.pop(asked.n_folds, None)
        self._selected[asked.n_folds], self._selected_s = len(asked.numbers), self.now_s
        complete = asked.n_folds == self.plan.n_folds
        scored = sorted(asked.numbers, key=lambda n: -(self.history.score(self._metrics(n, asked.n_folds)) or 0.0))
        members = [[float(n), 0.5] for n in scored[:2]]
        folds = sorted(self.history.trials[scored[0]].folds.items())
        by_fold = [dict(f.metrics) for number, f in folds if number < asked.n_folds]
        metrics = mean_metrics(dict(enumerate(by_fold)), self.history.scored)
        self.emit(
            ev.EnsembleSelected(
                ensemble="VotingEnsemble" if complete else RACE_ENSEMBLE,
                members=members,
                metrics=metrics,
                fold_metrics=by_fold,
                complete=complete,
            )
        )
        if not (asked.final or is_usable(self.plan, self.history, complete=complete)):
            return
        parts = [{"trial": int(n), "weight": w, "label": "", "recipe": "", "folds": [0]} for n, w in members]
        self.emit(self._model("VotingEnsemble", parts, "chosen" if asked.final else "anytime", by_fold))

    def _metrics(self, number: int, n_folds: int) -> Mapping[str, float | None]:
        return self.history.trials[number].metrics(n_folds)

    def _model(
        self, label: str, parts: list[Any], stage: str, by_fold: Sequence[Mapping[str, float | None]]
    ) -> ev.ModelSelected:
        folds = [dict(m) for m in by_fold]
        metrics = mean_metrics(dict(enumerate(folds)), self.history.scored)
        return ev.ModelSelected(label=label, trial=None, parts=parts, metrics=metrics, stage=stage, fold_metrics=folds)
