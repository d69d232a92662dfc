"""The handle of a job, running here, running elsewhere, or over."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter._core.files import read_json
from automl_jupyter._core.text import did_you_mean, listing
from automl_jupyter.errors import AutoMLError, JobFailedError, NoModelError
from automl_jupyter.jobs.feed import Feed, LogFeed
from automl_jupyter.results.snapshot import leaderboard_rows, snapshot
from automl_jupyter.spec.kinds import as_number, as_whole
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import NOT_RESPONDING, History
from automl_jupyter.store.lock import is_running
from automl_jupyter.store.trial import TrialRecord

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.jobs.controller import Controller
    from automl_jupyter.results.charts.chart import Plots
    from automl_jupyter.results.charts.sources import JobSource
    from automl_jupyter.results.guardrails import Guardrails
    from automl_jupyter.results.model import ClassificationModel, RegressionModel
    from automl_jupyter.spec import AutoMLJob


#: seconds the lock of a job that is over may take to be given back, at most
RELEASE_S = 5.0
#: seconds between two looks at whether some process runs a job that is waited for; a wait without an end cannot be
#: interrupted on every platform
LOOK_S = 0.5


class Job:
    """A job's handle: look at it, wait for it, stop it, take its model.

    Attributes never block; `wait` does, and `model` only until there is a first usable model.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from automl_jupyter import automl
    >>> from automl_jupyter.client import submit
    >>> df = pd.DataFrame({"x": range(60), "y": [0, 1] * 30})
    >>> spec = automl.classification(training_data=df, target_column_name="y", limits={"max_trials": 1})
    >>> job = submit(spec, workspace=tempfile.mkdtemp(), compute="inline").wait()
    >>> job.status
    'Completed'
    """

    def __init__(self, folder: JobFolder, feed: Feed, controller: Controller | None = None) -> None:
        self._folder, self._feed, self._controller = folder, feed, controller
        self._model: tuple[object, ClassificationModel | RegressionModel] | None = None

    # --- what it is ----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The job's name, unique in its workspace."""
        return self._folder.path.name

    @property
    def experiment_name(self) -> str:
        """What groups it with others."""
        return self._folder.path.parent.name

    @property
    def display_name(self) -> str:
        """What people call it."""
        return self.history.display_name or self.name

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._folder.path

    @property
    def task(self) -> str:
        """The kind of question."""
        return self.history.task

    @property
    def spec(self) -> AutoMLJob:
        """What was asked."""
        from automl_jupyter.spec import parse_file

        return parse_file(self._folder.spec_file)

    @property
    def plan(self) -> Mapping[str, Any]:
        """What was decided, with reasons."""
        return self.history.plan

    @property
    def history(self) -> History:
        """Everything its events say, now."""
        if not self._feed.history.is_over:
            self._feed.look()  # of a job that another process runs: what was added to its log
        return self._feed.history

    @property
    def status(self) -> str:
        """NotStarted, Preparing, Running, CancelRequested, Finalizing, Completed, Canceled, Failed or NotResponding.

        NotResponding is a job that has not ended and that no process runs: `%automl resume` goes on with it.
        """
        if self.done or self._is_attended() or self.done:  # looking may have read its end
            return self.history.status
        return NOT_RESPONDING

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self.history.is_over

    @property
    def runs_here(self) -> bool:
        """Whether this process runs it."""
        return self._is_controlled() and not self.done

    @property
    def error(self) -> Mapping[str, str] | None:
        """Why it failed or could not go on, or None."""
        from automl_jupyter.trials.guard import describe_error

        stopped_by = self._stopped_by
        return self.history.error if stopped_by is None else describe_error(stopped_by)

    @property
    def services(self) -> dict[str, Any]:
        """Where it can be looked at: its page or its folder, under Azure Machine Learning's name for it."""
        from automl_jupyter.client.page import page_address

        return {
            "Studio": _Service(page_address(self._folder.path)),
            "Tracking": _Service(self._folder.path.as_uri()),
        }

    @property
    def studio_url(self) -> str:
        """Where it can be looked at, under Azure Machine Learning's name for it."""
        return str(self.services["Studio"].endpoint)

    # --- what it found -------------------------------------------------------------------------------------------

    def leaderboard(self, sort_by: str | None = None) -> pd.DataFrame:
        """Return one row a trial and ensemble, best first.

        Parameters
        ----------
        sort_by : str, optional
            Rank by another metric than the primary one; any metric of the task.
        """
        from automl_jupyter.results.leaderboard import leaderboard_frame

        return leaderboard_frame(self.history, sort_by)

    @property
    def trials(self) -> list[TrialRecord]:
        """Every trial, by number."""
        return [t for _, t in sorted(self.history.trials.items())]

    @property
    def best(self) -> TrialRecord | None:
        """The best complete trial so far, ensembles left out; None before there is one."""
        rows = (r for r in leaderboard_rows(self.history) if r["rank"] is not None and r["number"] is not None)
        top = next(rows, None)
        return None if top is None else self.history.trials[top["number"]]

    @property
    def model(self) -> ClassificationModel | RegressionModel:
        """The best model so far; waits only until there is a first one.

        Raises
        ------
        NoModelError
            When the job is over, or nobody runs it, and there is none.
        """
        while not self._feed.wait_for(lambda h: h.model is not None or h.is_over, LOOK_S) and self._is_attended():
            pass
        record = self.history.model
        if record is None:
            why = self.history.reason or (self.error or {}).get("message", "")
            raise NoModelError(f"The job {self.name} is {self.status} and left no model. {why}".rstrip())
        if self._model is None or self._model[0] is not record:
            from automl_jupyter.results.model import make_model
            from automl_jupyter.trials.saved import make_manifest

            manifest = make_manifest(
                label=record.label,
                data=read_json(self._folder.data_file),
                parts=record.parts,
                stack=record.stack,
                metric=self.history.metric,
                packages={},
                temperature=record.temperature,
                threshold=record.threshold,
                errors=self._charts.forecast_errors() if self.task == "forecasting" else None,
            )
            self._model = (record, make_model(manifest, self._folder.path))
        return self._model[1]

    def get_model(self, model: str | int | None = None) -> ClassificationModel | RegressionModel:
        """Return a model of the leaderboard, fitted.

        Parameters
        ----------
        model : str or int, optional
            An ensemble's or trial's label, or a trial's number; by default the best, as `model` has it. Models that are
            not the best are the averages of their folds' fits, since only the best is fitted on all rows.

        Raises
        ------
        NoModelError
            When there is no model yet.
        AutoMLError
            When there is no such model.
        """
        return self.model if model is None else self._charts.get_model(model)

    def evaluate(self, data: object, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return every metric of the best model so far on other rows, each with an interval.

        Parameters
        ----------
        data : DataFrame (pandas, polars), Arrow table, or list of dict
            Rows as they came, with the target column. Where the job's weight column is there, they count by it; those
            of a forecast count alike.
        confidence : float, default 0.95
            How often such an interval holds the true value.

        Returns
        -------
        DataFrame
            A row a metric, the primary one first; columns ``value``, ``low``, ``high`` and ``n_rows``. Of forecasts,
            whose errors hang together, without ``low`` and ``high``.
        """
        if self.task == "forecasting":
            return self.model.evaluate(data)
        return self.model.evaluate(data, confidence=confidence)

    @property
    def test_metrics(self) -> dict[str, float | None]:
        """Every metric of the final model on the test rows; empty where there are none, or as long as it is not there.

        What was predicted of each of them is in the job's folder, in ``test/predictions.csv``.
        """
        return dict(self.history.test_metrics or {})

    def guardrails(self) -> Guardrails:
        """Return what the checks of the data found, those that somebody has to look at first.

        Returns
        -------
        Guardrails
            A sequence of findings, shown as a table; ``to_frame()`` is a DataFrame.
        """
        from automl_jupyter.results.guardrails import Guardrails

        return Guardrails(self.plan.get("guardrails", ()))

    def suspect_labels(self) -> pd.DataFrame:
        """Return the rows whose target looks wrong to models that did not learn from them.

        They are suspects, not errors: a label may be right and the row unusual. Correct or drop what is wrong.

        Returns
        -------
        DataFrame
            The most suspicious first; the index ``row`` counts training rows from 0 among those with a target (and
            without test rows that were set aside); where ``validation_data`` were given, whose rows are those that are
            judged, it counts theirs; of a forecast's rows the id columns and the time column say which they are.
            Columns ``given``, ``predicted`` and, for classes, ``probability_of_given`` and
            ``probability_of_predicted``; for values, ``difference``. A class is suspect where another is likelier and
            at least as likely as it is, on average, for the rows that bear it (confident learning, Northcutt, Jiang and
            Chuang 2021); a value where it lies more than six robust standard deviations off.

        Raises
        ------
        NoModelError
            When there is no model yet.
        AutoMLError
            When the cached table or the trials' predictions are gone.
        """
        import pandas as pd

        from automl_jupyter.data.labels import decode_labels
        from automl_jupyter.results.suspects import find_suspects

        found = self._charts.held_out().averaged()
        if self.task == "forecasting":
            suspects = find_suspects(found, None)
            return pd.concat([self._charts.cells(suspects.index.to_numpy()), suspects.reset_index(drop=True)], axis=1)
        data = read_json(self._folder.data_file)
        if len(found.rows) and found.rows[0] >= data["n_training"]:  # validation_data follow the training rows
            found = replace(found, rows=found.rows - data["n_training"])
        classes = data["classes"]
        return find_suspects(found, None if classes is None else list(decode_labels(classes)))

    @property
    def plot(self) -> Plots:
        """The job's charts: ``job.plot.roc()`` draws one, ``job.plot.roc.to_frame()`` is its data.

        They show what the models said of rows held out by the folds, all pooled; ``model=`` takes another than the
        best, ``data=`` other rows with their target. `dir(job.plot)` lists those of the task.
        """
        from automl_jupyter.results.charts.chart import Plots

        return Plots(self._charts)

    @cached_property
    def _charts(self) -> JobSource:
        from automl_jupyter.results.charts.sources import JobSource

        return JobSource(self)

    def snapshot(self) -> dict[str, Any]:
        """Return what there is to show now, as JSON."""
        attended = self.status != NOT_RESPONDING
        return snapshot(self.history, attended=attended, error=self.error)

    def subscribe(self, listener: Callable[[History], None]) -> Callable[[], None]:
        """Call `listener` with the newest history on every change, at most four times a second.

        Returns
        -------
        callable
            Ends it.
        """
        return self._feed.subscribe(listener)

    # --- waiting -------------------------------------------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> Job:
        """Wait until the job is over, or for `timeout` seconds.

        An interrupt (Ctrl-C, Kernel ▸ Interrupt) stops waiting, not the job.

        Raises
        ------
        JobFailedError
            When the job failed, or could not go on because its log could not be written: the disk is full, say.
        """
        until = end_of_wait(timeout)
        while not self.done:
            left = None if until is None else until - monotonic_s()
            if left is not None and left <= 0:
                if self._is_attended():
                    return self
                break
            self._feed.wait_for(lambda h: h.is_over, LOOK_S if left is None else min(left, LOOK_S))
            if not self.done and not self._is_attended():
                break
        if self._controller is not None:
            self._controller.released.wait(RELEASE_S)  # so that whoever waited may resume it or move its folder
        self._raise_if_failed()
        return self

    def __await__(self) -> Generator[Any, None, Job]:
        async def until_over() -> Job:
            while not self.done and self._is_attended():
                await asyncio.sleep(0.1)
            self._raise_if_failed()
            return self

        return until_over().__await__()

    def _raise_if_failed(self) -> None:
        if self._controller is not None and isinstance(self._controller.error, AutoMLError):
            raise self._controller.error
        if self.history.status == "Failed":
            raise JobFailedError(f"The job {self.name} failed: {self.history.reason}")
        if (stopped_by := self._stopped_by) is not None:
            why = (str(stopped_by) or type(stopped_by).__name__).rstrip(".")
            raise JobFailedError(
                f"The job {self.name} could not go on: {why}. When that is put right, %automl resume {self.name} goes"
                " on with it."
            ) from stopped_by

    @property
    def _stopped_by(self) -> BaseException | None:
        """What stopped the job here without an end in its log, which could not be written any more."""
        controller = self._controller
        if controller is None or controller.error is None or self._is_attended() or self.done:
            return None
        return controller.error

    # --- asking --------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ask the job to stop: finished trials are kept, and the best ensemble is built from them."""
        self._request("cancel")

    def extend(self, minutes: float) -> None:
        """Give the job more time."""
        try:
            more = as_number(minutes)
        except ValueError:
            more = 0.0
        if more <= 0:
            raise AutoMLError(f"minutes: {minutes!r} adds no time; give a finite number above 0.")
        self._request("extend", minutes=more)

    def skip(self, number: int) -> None:
        """Stop one trial and go on with the others."""
        try:
            known = as_whole(number) in self.history.trials
        except ValueError:
            known = False
        if not known:
            n_trials = len(self.history.trials)
            known_ones = f"the trials are 0 to {n_trials - 1}" if n_trials else "none was begun yet"
            raise AutoMLError(f"There is no trial {number!r}; {known_ones}.")
        self._request("skip", number=int(number))

    def block(self, learner: str) -> None:
        """Try no further configuration of a learner."""
        known = sorted({t.learner for t in self.history.trials.values()} | set(self.plan.get("learners", ())))
        if learner not in known:
            raise AutoMLError(
                f"{learner!r} is no learner of this job.{did_you_mean(learner, known)}"
                f" Its learners: {listing(known, last='and')}."
            )
        self._request("block", learner=learner)

    def pause(self) -> None:
        """Begin no further fit; those that run go on, and so does the clock."""
        self._request("pause")

    def unpause(self) -> None:
        """Go on after `pause`."""
        self._request("unpause")

    def _request(self, request: str, **arguments: Any) -> None:
        """Put a request to whoever runs the job; one that is over is asked nothing.

        Raises
        ------
        AutoMLError
            When nobody runs the job: what is asked would be taken up by whoever goes on with it.
        """
        if self.status == NOT_RESPONDING:
            raise AutoMLError(
                f"No process runs the job {self.name} any more, so nothing can be asked of it;"
                f" %automl resume {self.name} goes on with it."
            )
        if not self.done:
            self._folder.request(request, **arguments)

    # --- showing -------------------------------------------------------------------------------------------------

    def _is_controlled(self) -> bool:
        return self._controller is not None and not isinstance(self._feed, LogFeed) and self._controller.error is None

    def _is_attended(self) -> bool:
        """Return whether some process runs the job; where none does, what it wrote last has been read."""
        if self._is_controlled() or is_running(self._folder):
            return True
        self._feed.look()
        return False

    def __repr__(self) -> str:
        from automl_jupyter.results.render import render_text

        return render_text(self.snapshot())

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        from automl_jupyter.results.render import render_html, render_text

        shown = self.snapshot()
        return {"text/plain": render_text(shown), "text/html": render_html(shown)}


class _Service:
    """An address of a job, as Azure Machine Learning's client gives it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def __repr__(self) -> str:
        return self.endpoint


def end_of_wait(timeout: object) -> float | None:
    """Return when a wait of so many seconds ends, by the clock of `monotonic_s`; None for one without an end.

    Raises
    ------
    AutoMLError
        When it is no number of seconds.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, Real) or math.isnan(timeout):
        raise AutoMLError(f"timeout: {timeout!r} is no number of seconds; leave it out to wait until the end.")
    return monotonic_s() + float(timeout)
