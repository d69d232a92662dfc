"""The acting half of a job: the one writer of its log.

It runs in a thread beside the notebook's cells: takes what executors and requests bring, appends it to the log, asks
:mod:`automl_jupyter.jobs.state` what to do, does it.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from automl_jupyter._core.clock import monotonic_s, now_at
from automl_jupyter._core.files import write_bytes, write_json
from automl_jupyter._core.jsonl import Writer
from automl_jupyter.data.labels import decode_labels
from automl_jupyter.jobs import instructions as do
from automl_jupyter.jobs.choice import best_single, better, choose, finite, is_usable
from automl_jupyter.jobs.environment import environment
from automl_jupyter.jobs.executor import LOST, Executor, expected_slots, make_executor, release
from automl_jupyter.jobs.feed import Feed
from automl_jupyter.jobs.finish import final_parts, save_final, score_test
from automl_jupyter.jobs.outcomes import fold_ended, refit_ended, stack_fitted, trial_ended, weights_chosen
from automl_jupyter.jobs.prepare import Prepared
from automl_jupyter.jobs.reserve import total_s
from automl_jupyter.jobs.resumption import reopened
from automl_jupyter.jobs.search import Search
from automl_jupyter.jobs.selection import Selection, score_fold, select
from automl_jupyter.jobs.situation import InFlight, Situation, is_spoilt
from automl_jupyter.jobs.standing import is_cancelled
from automl_jupyter.jobs.state import MOST_ATTEMPTS, decide
from automl_jupyter.metrics.base import FunctionError, MetricContext
from automl_jupyter.store import events as ev
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import History, apply
from automl_jupyter.store.lock import JobLock
from automl_jupyter.store.summary import write_summary
from automl_jupyter.trials import artifacts
from automl_jupyter.trials.guard import describe_error, request_stop
from automl_jupyter.trials.held_out import Predictions
from automl_jupyter.trials.records import REFIT, FoldOutcome, FoldTask, featurizer_file, is_refit

#: seconds between two looks at requests, at most
POLL_S = 0.25
#: seconds before the end of the time from which on what loading a model needs is imported, which takes some seconds
LOAD_S = 6.0

#: events worth waiting for until they are on the disk
_DURABLE = (ev.TrialEnded, ev.ModelSelected, ev.JobEnded)


@dataclass(frozen=True)
class Run:
    """What a controller is given.

    Attributes
    ----------
    folder : JobFolder
        The job.
    begin : callable
        Reads the data and plans, given the number of slots; or reopens what is there.
    compute : object
        Where fits run: ``"local"``, ``"inline"``, an address, a Client or a cluster object.
    created : tuple of Event
        First events of a new job; empty for one that goes on.
    started_s : float
        When the user asked, on the monotonic clock: the time limit counts from there.
    """

    folder: JobFolder
    begin: Callable[[int], Prepared]
    compute: object = "local"
    created: tuple[ev.Event, ...] = ()
    started_s: float = 0.0


class Controller:
    """Runs one job from its first event to its last.

    Parameters
    ----------
    run : Run
        What to run.
    feed : Feed
        Where views learn of it.
    """

    def __init__(self, run: Run, feed: Feed) -> None:
        self.run, self.feed = run, feed
        self.folder = run.folder
        self.history: History = feed.history
        #: set once the data were read and the plan was made, or that failed
        self.began = threading.Event()
        #: set once another process may run the job
        self.released = threading.Event()
        self.error: BaseException | None = None
        self._lock = JobLock(run.folder)
        # Asked of an earlier run, which died before it took them up. What is asked of this one comes after its handle.
        self._left_behind = run.folder.request_files()
        self._writer: Writer | None = None
        self._executor: Executor | None = None
        self._side = ThreadPoolExecutor(1, thread_name_prefix="automl-side")
        self._selection: tuple[Future[Selection], do.SelectEnsemble] | None = None
        self._in_flight: dict[str, InFlight] = {}
        self._refits_lost: Counter[tuple[int, int]] = Counter()
        self._selected: dict[int, int] = {}
        self._selection_s = 0.0
        self._selected_s = 0.0
        self._best: Selection | None = None
        self._worker_bytes: int | None = None
        self._n_tasks = 0
        self._loading = False
        #: a job that cannot go on keeps its status and its model
        self.is_as_it_was = not run.created
        self._run_id = uuid.uuid4().hex
        self._clock_s = run.started_s - self.history.elapsed_s

    def main(self) -> None:
        """Run the job to its end; never raises."""
        try:
            self._lock.acquire()
        except Exception as error:  # noqa: BLE001 who waits for the job must hear of whatever keeps it from its lock
            self.error = error
            self.began.set()
            self.released.set()
            return
        try:
            for left in self._left_behind:
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)
            self._writer = Writer(self.folder.events_file)
            for event in self.run.created:
                self._emit(event)
            if self.run.created:
                self._emit(ev.StatusChanged(status="Preparing"))
            prepared = self._prepare()
            self.began.set()
            self._loop(prepared)
        except BaseException as error:  # noqa: BLE001 the log must say how the job ended, whatever it was
            self.error = error
            if not _is_exiting(error):  # no fault of the job's: it may go on from what it has
                self._end_failed(error)
        finally:
            if self._writer is not None:
                self._writer.close()
                if self.history.is_over:
                    write_summary(self.folder, self.history)
            self.began.set()  # nothing is written any more: the folder of a job that could not begin may be removed
            self._lock.release()
            self.released.set()
            is_exiting = self.error is not None and _is_exiting(self.error)
            if self.error is not None and not is_exiting:
                self.feed.publish_again()  # its end may be in no log: whoever shows it has to look who runs it
            if self._executor is not None and not is_exiting:  # no thread begins then; the workers end by themselves
                release(self._executor, self._in_flight)
            self._side.shutdown(wait=False, cancel_futures=True)

    # --- beginning ---------------------------------------------------------------------------------------------

    def _prepare(self) -> Prepared:
        """Start the workers and read the data at the same time: each takes seconds."""
        starting = self._side.submit(make_executor, self.run.compute)
        try:
            prepared = self.run.begin(expected_slots(self.run.compute))
            self.run = replace(self.run, begin=_begun)  # it holds the notebook's variables, which may be deleted now
            if not self.run.created and self.run.compute != "local":
                starting.result()  # a scheduler may not answer
        except BaseException:
            starting.add_done_callback(_let_go)
            raise
        if not self.run.created:
            self.is_as_it_was = False
            self._emit(ev.StatusChanged(status="Preparing"))
        write_json(self.folder.environment_file, environment())
        self._emit(ev.PlanMade(plan=prepared.plan.to_dict()))
        self.began.set()
        self._executor = starting.result()
        limits = prepared.plan.limits
        self._executor.limit(limits.max_concurrent_trials, limits.cores_per_trial)
        return prepared

    def _loop(self, prepared: Prepared) -> None:
        self.plan, self.metric = prepared.plan, prepared.metric
        executor = self._executor
        assert executor is not None
        self._cache, self._output = executor.prepare(prepared.cache, self.folder.path)
        self._predictions = Predictions(self.folder.path, prepared.table)
        meta = prepared.table.meta
        labels = None if meta["classes"] is None else list(decode_labels(meta["classes"]))  # for a user's own function
        self._context = MetricContext.of(meta, labels)
        self._prepared = prepared
        self._search = Search(self.plan)
        self._search.recall(self.history)
        self._worker_bytes = executor.worker_bytes()
        self._emit(
            ev.WorkersChanged(n_workers=executor.n_slots(), compute=executor.compute, dashboard=executor.dashboard)
        )
        for event in reopened(self.history):
            self._emit(event)
        self._emit(ev.StatusChanged(status="Running"))
        wait_s = 0.0
        while not self.history.is_over:
            outcomes = executor.poll(wait_s)
            if _is_exiting():  # workers that are gone then are no news
                raise RuntimeError("The process ended while the job ran (interpreter shutdown).")
            for outcome in outcomes:
                self._take(outcome)
            self._take_requests()
            self._take_selection()
            total = total_s(self.plan, self.history)
            if total is not None and self._elapsed_s() >= total - LOAD_S:
                self._prepare_to_load()
            todo = decide(self.plan, self.history, self._situation())
            for instruction in todo:
                self._do(instruction)
            wait_s = 0.0 if todo else 0.05 if self._selection else POLL_S

    def _situation(self) -> Situation:
        assert self._executor is not None
        return Situation(
            elapsed_s=self._elapsed_s(),
            n_slots=self._executor.n_slots(),
            in_flight=dict(self._in_flight),
            selected=dict(self._selected),
            selecting=self._selection is not None,
            selection_s=self._selection_s,
            selected_s=self._selected_s,
            predict_s=self._search.predict_s,
            needed_bytes=self._search.needed_bytes,
            worker_bytes=self._worker_bytes,
            workers_gone=self._executor.is_gone(),
            is_iterative=self._search.is_iterative,
        )

    # --- what comes in -----------------------------------------------------------------------------------------

    def _take(self, outcome: FoldOutcome) -> None:
        flight = self._in_flight.pop(outcome.key, None)
        if flight is None:
            return
        for name, content in outcome.files.items():
            write_bytes(self.folder.path / name, content)
        if is_refit(outcome.fold):
            if not self._is_begun_again(outcome):
                self._emit(refit_ended(outcome))
        elif outcome.state == "complete":
            self._take_fold(outcome)
        else:
            self._take_failure(outcome, flight)

    def _is_begun_again(self, outcome: FoldOutcome) -> bool:
        """Return whether a refit was lost with its worker and gets another try, as a fold does."""
        if not outcome.error or outcome.error["type"] not in LOST:
            return False
        if self._executor_().is_gone() or is_cancelled(self.history):  # nothing is begun any more
            return False
        self._refits_lost[outcome.number, outcome.fold] += 1
        if self._refits_lost[outcome.number, outcome.fold] >= MOST_ATTEMPTS:
            return False
        label = self.history.trials[outcome.number].label
        self._note(f"A worker was lost while {label} was fitted on every row; it is fitted again.")
        return True

    def _take_fold(self, outcome: FoldOutcome) -> None:
        assert outcome.predictions is not None
        if is_spoilt(self.history, outcome.number, stopped_early=outcome.stopped_early):
            return  # the trial ends with the folds it has
        self._predictions.add(outcome.number, outcome.fold, outcome.predictions, write=self._output is None)
        metrics = finite(outcome.metrics)
        if self.metric.key not in metrics:
            metrics[self.metric.key] = self._value_of_fold(outcome.number, outcome.fold)
        self._emit(fold_ended(outcome, metrics))
        self._search.observe(self.history.trials[outcome.number])

    def _value_of_fold(self, number: int, fold: int) -> float | None:
        """Return the primary metric where only this process knows it; None where a function cannot take this fold.

        One that has no value for the baseline nor for another trial is wrong itself, and the job need not go on.
        """
        try:
            return score_fold(self._predictions, self.metric, self._context, number, fold)
        except FunctionError as error:
            tried = [t for t in self.history.trials.values() if t.learner != "Dummy" and t.folds]
            if tried and not self.history.scored.get(self.metric.key):
                raise FunctionError(f"{error} It had no value on any fold so far.") from error
            if not any(n.message.startswith(str(error)) for n in self.history.notes):
                self._note(f"{error} A trial with such a fold has no score.", "warning")
            return None

    def _take_failure(self, outcome: FoldOutcome, flight: InFlight) -> None:
        if outcome.error and outcome.error["type"] in LOST:
            return  # begun again by the state machine, which counts how often
        if flight.asked_s is not None and self.history.status != "Running":
            return  # the job is finishing: the trial ends with what it has
        self._emit(trial_ended(outcome, is_skipped=outcome.number in self.history.skipped))

    def _take_requests(self) -> None:
        for request, arguments in self.folder.take_requests():
            self._emit(ev.RequestReceived(request=request, arguments=arguments))
        if is_cancelled(self.history):
            request_stop([self._run_id])  # a second level that is being fitted in this process

    def _take_selection(self) -> None:
        if self._selection is None or not self._selection[0].done():
            return
        future, asked = self._selection
        self._selection = None
        try:
            selection = future.result()
        except Exception as error:  # noqa: BLE001 an ensemble may never fail the job
            self._note(f"The ensemble could not be built ({error}); the best single model is used.", "warning")
            selection = best_single(self.history, asked)
        self._selection_s, self._selected_s = selection.seconds, self._elapsed_s()
        complete = self._is_complete(asked)
        if complete:
            selection = self._best = better(self.history, self._best, selection)
        self._emit(weights_chosen(selection, is_complete=complete, is_ranked=complete and self.plan.vote_ensemble))
        if selection.stack_error:
            self._note(f"The stack ensemble is left out: {selection.stack_error}", "warning")
        if selection.stack is not None:
            selection.stack.save(self.folder.path)
            self._emit(stack_fitted(selection.stack))
        if asked.final or is_usable(self.plan, self.history, complete=complete):
            self._emit(choose(self.plan, self.history, selection, asked))

    def _is_complete(self, asked: do.SelectEnsemble) -> bool:
        return asked.n_folds == self.plan.n_folds

    # --- what goes out -----------------------------------------------------------------------------------------

    def _do(self, instruction: do.Instruction) -> None:
        match instruction:
            case do.QueueTrial():
                self._queue(instruction)
            case do.SubmitFold():
                self._submit(instruction)
            case do.StopTasks(keys=keys):
                self._executor_().stop(keys)
                for key in keys:
                    self._in_flight[key] = replace(self._in_flight[key], asked_s=self._elapsed_s())
            case do.KillTasks():
                self._kill(instruction)
            case do.EndTrial(number=number, state=state, reason=reason):
                self._emit(ev.TrialEnded(number=number, state=state, reason=reason))
            case do.SelectEnsemble():
                self._start_selection(instruction)
            case do.ReachLimit(limit=limit, detail=detail):
                self._emit(ev.LimitReached(limit=limit, detail=detail))
                status = "CancelRequested" if limit == "cancel" else "Finalizing"
                self._emit(ev.StatusChanged(status=status, reason=detail))
                self._prepare_to_load()
            case do.PublishFinal():
                self._publish_final()
            case do.EndJob(status=status, reason=reason):
                self._emit(ev.JobEnded(status=status, reason=reason))

    def _prepare_to_load(self) -> None:
        """Import what loading the model needs, once, on a thread: whoever waits for the job asks for its model next."""
        if not self._loading:
            self._loading = True
            threading.Thread(target=artifacts.prepare_to_load, name="automl-prepare-to-load", daemon=True).start()

    def _queue(self, asked: do.QueueTrial) -> None:
        learner, params, label = asked.learner, asked.params, asked.label
        if not learner:
            candidate = self._search.propose(asked.number, self.history, asked.fit_s, asked.most_bytes)
            learner, params, label = candidate.learner, candidate.params, candidate.label
        self._emit(
            ev.TrialQueued(
                number=asked.number,
                learner=learner,
                params=dict(params or {}),
                label=label,
                recipe=self._search.recipe(learner, params or {}),
                origin=asked.origin,
                n_folds=self.plan.n_folds,
            )
        )

    def _submit(self, asked: do.SubmitFold) -> None:
        trial = self.history.trials[asked.number]
        self._n_tasks += 1
        task = FoldTask(
            # Not by the job's name: there may be another of that name on the cluster.
            key=f"automl-{self._run_id}-{trial.number}-{asked.fold}-{self._n_tasks}",
            cache=self._cache,
            number=trial.number,
            learner=trial.learner,
            params=trial.params,
            recipe=trial.recipe,
            fold=asked.fold,
            task=self.plan.task,
            seed=_seed(self.plan.random_state, trial.number, asked.fold),
            metric_hint=self.metric.fit_hint,
            n_jobs=self._executor_().threads_per_fit(),
            time_limit_s=asked.time_limit_s,
            refit_iterations=self._search.refit_iterations(trial) if is_refit(asked.fold) else None,
            output=self._output,
            send_features=not (self.folder.path / featurizer_file(trial.recipe, asked.fold)).exists(),
        )
        if not is_refit(asked.fold):
            self._emit(ev.FoldStarted(number=trial.number, fold=asked.fold))
        self._in_flight[task.key] = InFlight(
            task.key, trial.number, asked.fold, self._elapsed_s(), self._latest_end_s(asked.time_limit_s)
        )
        self._executor_().submit(task)

    def _latest_end_s(self, limit_s: float | None) -> float | None:
        """Return the limit with what a fit may have to wait in line before its own clock starts on the worker."""
        if limit_s is None or len(self._in_flight) < self._executor_().n_slots():
            return limit_s
        # While workers are replaced there may be none, and no fit to wait for.
        return limit_s + max((f.limit_s or 0.0 for f in self._in_flight.values()), default=0.0)

    def _kill(self, asked: do.KillTasks) -> None:
        waiting = self._waiting(asked)
        for key in waiting:
            self._in_flight[key] = replace(self._in_flight[key], started_s=self._elapsed_s())
        keys = tuple(key for key in asked.keys if key not in waiting)
        self._executor_().kill(keys)
        for key in keys:
            flight = self._in_flight.pop(key)
            if is_refit(flight.fold):
                error = {"type": "TimeLimit", "message": asked.reason, "tail": ""}
                self._emit(ev.RefitEnded(number=flight.number, fold=flight.fold, error=error))
            elif self.history.status == "Running":
                self._emit(ev.TrialEnded(number=flight.number, state=asked.state, reason=asked.reason))

    def _waiting(self, asked: do.KillTasks) -> frozenset[str]:
        """Return the fits whose time has not begun: they stand in line, behind another job's, longer than thought."""
        total = total_s(self.plan, self.history)
        if asked.state != "timed_out" or (total is not None and self._elapsed_s() >= total):
            return frozenset()
        return self._executor_().waiting(asked.keys)

    def _start_selection(self, asked: do.SelectEnsemble) -> None:
        self._selected.pop(asked.n_folds, None)
        self._selected[asked.n_folds] = len(asked.numbers)  # the latest stands last
        with_stack = asked.final and self._is_complete(asked) and self.plan.stack_ensemble
        with_stack = with_stack and self.plan.inference != "fast"
        stack_limit_s = asked.stack_limit_s if with_stack else 0.0
        future = self._side.submit(
            select,
            self.plan,
            self.history,
            self._predictions,
            self.metric,
            self._context,
            asked.numbers,
            n_folds=asked.n_folds,
            stack_limit_s=stack_limit_s,
            adjust=asked.final and self.plan.inference != "fast",
            stop_key=self._run_id,
        )
        self._selection = (future, asked)

    def _publish_final(self) -> None:
        model = self.history.model
        assert model is not None
        if self.history.score(model.metrics) is None:
            message = f"{self.history.metric} has no value for any trial, so the models are not ranked: the rows that"
            self._note(f"{message} validate do not allow it. Take another primary_metric, or more rows.", "warning")
        parts = final_parts(self.plan, self.history, model)
        self._emit(
            ev.ModelSelected(
                label=model.label,
                trial=model.trial,
                parts=parts,
                metrics=dict(model.metrics),
                stage="final",
                stack=model.stack,
                temperature=model.temperature,
                threshold=model.threshold,
                fold_metrics=[dict(m) for m in model.fold_metrics],
            )
        )
        save_final(self.folder, self._prepared, self.history, environment()["packages"], self._predictions)
        try:
            metrics, n_rows = score_test(self.plan, self.folder.path, self._prepared, parts, model, self._context)
        except Exception as error:  # noqa: BLE001 the model is saved: what its test raises may not fail the job
            self._note(f"The test rows could not be scored ({error}); the model is there all the same.", "warning")
            return
        if n_rows:
            self._emit(ev.TestScored(metrics=finite(metrics), n_rows=n_rows))

    # --- the log -----------------------------------------------------------------------------------------------

    def _executor_(self) -> Executor:
        assert self._executor is not None
        return self._executor

    def _elapsed_s(self) -> float:
        return monotonic_s() - self._clock_s

    def _note(self, message: str, level: str = "info") -> None:
        self._emit(ev.Noted(message=message, level=level))

    def _emit(self, event: ev.Event) -> None:
        event = replace(event, at=now_at(), elapsed_s=round(self._elapsed_s(), 3), seq=self.history.n_events)
        assert self._writer is not None
        self._writer.append(ev.to_record(event), durable=isinstance(event, _DURABLE))
        self.history = apply(self.history, event)
        self.feed.publish(self.history)

    def _end_failed(self, error: BaseException) -> None:
        if self._writer is None or self.is_as_it_was or self.history.is_over:
            return
        described = dict(describe_error(error))
        with contextlib.suppress(OSError):  # a full disk: the error stays on the handle
            self._emit(ev.JobEnded(status="Failed", reason=described["message"], error=described))


def _is_exiting(error: BaseException | None = None) -> bool:
    """Return whether this process is ending: threads like the controller's run on beside what is called at its exit.

    Pools and new threads are refused from a moment earlier on, with errors that say so.
    """
    is_refused = isinstance(error, RuntimeError) and "interpreter shutdown" in str(error)
    return is_refused or not threading.main_thread().is_alive()


def _begun(n_slots: int) -> Prepared:
    """Stand for the beginning of a job that has begun."""
    raise AssertionError("A job begins once.")


def _seed(random_state: int, number: int, fold: int) -> int:
    """Return the seed of a fit: the trial's, but for refits that are to differ."""
    return (random_state + number + 7919 * max(REFIT - fold, 0)) % 2**31


def _let_go(starting: Future[Executor]) -> None:
    """Close an executor whose job did not begin."""
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close()
