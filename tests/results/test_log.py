"""What happened in a job, in words."""

from __future__ import annotations

from automl_jupyter.client.updates import make_delta
from automl_jupyter.results.log import log_lines
from automl_jupyter.results.snapshot import snapshot
from automl_jupyter.results.words import presentable
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import apply, replay
from automl_jupyter.testing.simulation import ScriptedFit, Simulation, make_plan

EVIL = "<script>\x1b[31m\u202e"


def texts(job: Simulation) -> list[str]:
    return [str(line["text"]) for line in log_lines(job.history)]


def test_the_log_tells_a_job_from_its_beginning_to_its_end() -> None:
    fits = {0: 0.5, 1: 0.7, 2: 0.6, 3: 0.9}
    said = texts(Simulation(make_plan(max_trials=3), lambda n, fold: ScriptedFit(score=fits.get(n, 0.1))).run())
    assert said[0] == "The search begins."
    assert any(line.startswith("#1 ") and line.endswith("accuracy 0.7 in 3 s, the best so far.") for line in said)
    assert any(line.startswith("#2 ") and line.endswith("accuracy 0.6 in 3 s.") for line in said)
    assert "The number of trials was reached." in said
    assert said[-1] == "The job is complete. The number of trials was reached."


def test_what_goes_wrong_and_what_was_asked_is_in_the_log() -> None:
    def script(number: int, fold: int) -> ScriptedFit:
        return ScriptedFit(state="failed") if number == 1 else ScriptedFit(seconds=5)

    asked = {1.0: ("extend", {"minutes": 5}), 2.0: ("block", {"learner": "C"}), 30.0: ("cancel", {})}
    job = Simulation(make_plan(timeout_s=600.0), script, requests=asked).run()
    said = texts(job)
    assert any(line.startswith("#1 ") and " failed:" in line for line in said)
    assert {"Asked for: 5 more minutes.", "Asked for: no more C.", "Asked for: stop."} <= set(said)
    levels = {str(line["text"]): line["level"] for line in log_lines(job.history)}
    assert next(level for text, level in levels.items() if text.startswith("#1 ")) == "warning"


def test_names_in_the_log_are_presentable_and_failures_give_their_reason() -> None:
    queued = ev.TrialQueued(number=0, learner="A", params={}, label=EVIL)
    ended = ev.TrialEnded(number=0, state="failed", error={"type": "ValueError", "message": EVIL, "tail": ""})
    history = replay([queued, ended, ev.WorkersChanged(n_workers=1, compute=EVIL), ev.JobEnded(status="Failed")])
    said = [str(line["text"]) for line in log_lines(history)]
    assert said == [
        "#0 <script> failed: <script>",
        "1 worker (<script>).",
        "The job failed.",
    ]


def test_only_new_lines_are_sent() -> None:
    job = Simulation(make_plan(max_trials=3), lambda n, fold: ScriptedFit()).run(until_s=4)
    before = presentable(snapshot(job.history))
    after = presentable(snapshot(apply(job.history, ev.WorkersChanged(n_workers=1, elapsed_s=4.0))))
    assert len(before["log"]) > 1
    assert make_delta(before, after)["grow"] == {"log": [{"at_s": 4.0, "level": "info", "text": "1 worker (local)."}]}


def test_each_limit_says_how_long_it_may_take() -> None:
    def limits(job: Simulation) -> dict[str, float | None]:
        return {limit["name"]: limit["left_s"] for limit in snapshot(job.history)["limits"]}

    plan = make_plan(max_trials=10, timeout_s=100.0, exit_score=0.99, enable_early_termination=False)
    # each trial takes 3 x 2 s and there are two workers: one more every three seconds
    early = limits(Simulation(plan, lambda n, fold: ScriptedFit(seconds=2)).run(until_s=1))
    assert early == {"timeout_minutes": 100.0, "max_trials": None, "exit_score": None}
    job = Simulation(plan, lambda n, fold: ScriptedFit(seconds=2)).run(until_s=20)
    later = limits(job)
    n_left = 10 - snapshot(job.history)["limits"][1]["used"]
    assert later["timeout_minutes"] == 100 - job.history.elapsed_s
    assert later["max_trials"] is not None
    assert 2 * n_left <= later["max_trials"] <= 5 * n_left
    assert snapshot(job.history)["left_s"] == min(v for v in later.values() if v is not None)
    finalizing = snapshot(apply(job.history, ev.StatusChanged(status="Finalizing")))
    assert {f["name"]: f["left_s"] for f in finalizing["limits"]} == {**later, "max_trials": None}
    paused = apply(job.history, ev.RequestReceived(request="pause"))
    assert next(f for f in snapshot(paused)["limits"] if f["name"] == "max_trials")["left_s"] is None
    unattended = snapshot(job.history, attended=False)
    assert unattended["status"] == "NotResponding"
    assert unattended["doing"] == []
    assert unattended["left_s"] is None
    assert all(limit["left_s"] is None for limit in snapshot(job.run().history)["limits"])
