from __future__ import annotations

import random
from typing import Any

import optuna
import pytest

from automl_jupyter.learners import learners
from automl_jupyter.search.opening import SearchContext, opening_list
from automl_jupyter.search.recording import RecordingTrial
from automl_jupyter.search.sampler import Observation, Sampler, improvement_costs

CONTEXT = SearchContext("classification", 2000, 10, n_classes=2, allowed=("LightGBM", "KNN", "RandomForest"))


def line(learner: str, trial: Any) -> dict[str, Any]:
    """A space of one number."""
    return {"x": trial.suggest_float("x", 0.0, 1.0)}


def history(n: int = 12) -> list[Observation]:
    found = []
    for number, candidate in enumerate(opening_list(CONTEXT)[: n + 1]):
        score = None if number == 3 else 0.8 + 0.01 * (number % 5)
        state = "failed" if score is None else "complete"
        found.append(Observation(number, candidate.learner, candidate.params, score, 1.0 + number, state))
    return found


def test_the_same_question_has_the_same_answer_in_any_order() -> None:
    seen = history()
    shuffled = random.Random(0).sample(seen, len(seen))
    for number in range(len(seen), len(seen) + 4):
        asked = Sampler(CONTEXT, 7).ask(number, seen)
        assert asked == Sampler(CONTEXT, 7).ask(number, shuffled)
        assert asked.learner in CONTEXT.allowed
        assert asked.origin == "search"
    proposals = [Sampler(CONTEXT, seed).ask(20, seen) for seed in range(3)]
    assert len({str(p.params) for p in proposals}) == 3


def test_later_trials_are_not_looked_at() -> None:
    seen = history(6)
    later = Observation(99, "KNN", {"n_neighbors": 3}, 0.99, 0.1)
    assert Sampler(CONTEXT, 1).ask(10, [*seen, later]) == Sampler(CONTEXT, 1).ask(10, seen)


def test_without_a_time_limit_measured_times_change_nothing() -> None:
    seen = history()
    slower = [Observation(o.number, o.learner, o.params, o.score, 50 / (1 + o.fit_s), o.state) for o in seen]
    for number in range(20, 30):
        assert Sampler(CONTEXT, 3).ask(number, seen) == Sampler(CONTEXT, 3).ask(number, slower)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_learner_can_be_sampled_from_its_own_space_after_its_opening(task: str) -> None:
    keys = [i.key for i in learners if task in i.tasks and i.requires is None and i.key != "Dummy"]
    for key in keys:
        context = SearchContext(task, 2000, 10, n_classes=2 if task == "classification" else None, allowed=(key,))
        seen = [Observation(n, c.learner, c.params, 0.5 + n / 100) for n, c in enumerate(opening_list(context))]
        found = Sampler(context, 0).ask(50, seen)
        assert found.learner == key
        assert found.params not in [o.params for o in seen]


def test_settings_move_to_where_scores_are_best() -> None:
    context = SearchContext("regression", 100, 3, allowed=("A",))
    seen: list[Observation] = []
    sampler = Sampler(context, 0, line)
    for number in range(40):
        x = sampler.ask(number, seen).params["x"]
        seen.append(Observation(number, "A", {"x": x}, -((x - 0.3) ** 2)))
    late = [abs(o.params["x"] - 0.3) for o in seen[25:]]
    assert sum(late) / len(late) < 0.2  # 0.29 for uniform draws


def test_of_very_many_trials_the_best_and_the_latest_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    add = optuna.study.Study.add_trial
    monkeypatch.setattr(optuna.study.Study, "add_trial", lambda s, t: (told.append(t.value), add(s, t)))
    context = SearchContext("classification", 2000, 10, n_classes=2, allowed=("KNN",))
    scores = [0.9 if n == 7 else 0.5 + n / 1e5 for n in range(1000)]
    seen = [Observation(n, "KNN", {"x": n / 1000}, score) for n, score in enumerate(scores)]
    Sampler(context, 0, space=line).ask(1000, seen)
    assert len(told) <= 200
    assert told[0] == 0.9
    assert told[-1] == scores[-1]


def test_learners_are_drawn_by_what_they_gain() -> None:
    context = SearchContext("regression", 100, 3, allowed=("Good", "Bad"), timeout_s=600)
    seen = []
    for number in range(10):
        good = number % 2 == 0
        score = 0.9 + number / 1000 if good else 0.5 + number / 10_000
        seen.append(Observation(number, "Good" if good else "Bad", {"x": number / 10}, score, 1.0))
    drawn = [Sampler(context, 0, line).ask(number, seen).learner for number in range(10, 60)]
    assert drawn.count("Good") > 45
    costs = improvement_costs(["Good", "Bad"], seen, timed=True)
    assert costs["Bad"] > 20 * costs["Good"]


def test_among_equally_good_learners_the_cheaper_is_drawn_more() -> None:
    context = SearchContext("regression", 100, 3, allowed=("Cheap", "Dear"), timeout_s=600)
    seen = [Observation(n, "Cheap" if n % 2 else "Dear", {"x": n / 10}, 0.9, 1.0 if n % 2 else 30.0) for n in range(6)]
    drawn = [Sampler(context, 0, line).ask(number, seen).learner for number in range(10, 110)]
    dear = drawn.count("Dear")
    assert drawn.count("Cheap") > 0
    costs = improvement_costs(["Cheap", "Dear"], seen, timed=True)
    assert costs["Dear"] > 5 * costs["Cheap"]
    assert dear < 60


def test_a_used_up_space_gives_way_to_another_learner() -> None:
    def space(learner: str, trial: Any) -> dict[str, Any]:
        return {} if learner == "Plain" else line(learner, trial)

    context = SearchContext("regression", 100, 3, allowed=("Plain", "Rich"))
    seen = [Observation(0, "Plain", {}, 0.9), Observation(1, "Rich", {"x": 0.5}, 0.1)]
    assert {Sampler(context, 0, space).ask(n, seen).learner for n in range(2, 12)} == {"Rich"}


def test_what_there_is_no_time_for_is_not_proposed() -> None:
    context = SearchContext("regression", 100, 3, allowed=("Cheap", "Dear"))
    seen = [Observation(0, "Dear", {"x": 0.9}, 0.9), Observation(1, "Cheap", {"x": 0.5}, 0.1)]
    sampler = Sampler(context, 0, line)
    free = [sampler.ask(n, seen) for n in range(2, 22)]
    bounded = [sampler.ask(n, seen, is_affordable=lambda key, p: key == "Cheap" and p["x"] < 0.6) for n in range(2, 22)]
    assert any(c.learner == "Dear" for c in free)
    assert all(c.learner == "Cheap" and c.params["x"] < 0.6 for c in bounded)
    nothing = sampler.ask(2, seen, is_affordable=lambda key, p: False)
    assert nothing.learner in context.allowed, "it is for the caller to leave it out"


def test_failures_are_avoided() -> None:
    context = SearchContext("regression", 100, 3, allowed=("A",))
    fine = [Observation(n, "A", {"x": n / 20}, n / 100, 1.0) for n in range(10)]
    failed = [Observation(n, "A", {"x": n / 20}, None, 1.0, "failed") for n in range(10, 20)]
    sampler = Sampler(context, 0, line)
    drawn = [sampler.ask(number, [*fine, *failed]).params["x"] for number in range(20, 50)]
    assert sum(x < 0.5 for x in drawn) > 20


def test_optuna_is_left_as_it_was_found(capfd: pytest.CaptureFixture[str]) -> None:
    before = optuna.logging.get_verbosity()
    Sampler(CONTEXT, 0).ask(20, history())
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


def test_a_blocked_learner_is_not_drawn() -> None:
    seen = history()
    drawn = {Sampler(CONTEXT, 0).ask(n, seen, blocked={"LightGBM"}).learner for n in range(20, 50)}
    assert drawn == {"KNN", "RandomForest"}


def test_no_learner_in_play_is_an_error() -> None:
    with pytest.raises(ValueError, match="no learner to draw from"):
        Sampler(SearchContext("regression", 10, 1, allowed=("Dummy",)), 0, line).ask(1, [])


def test_old_settings_are_recorded_as_far_as_the_space_knows_them() -> None:
    trial = RecordingTrial({"rate": 5.0, "kind": "c", "flag": True, "depth": 3, "even": 7})
    assert trial.suggest_float("rate", 0.01, 1.0, log=True) == 1.0
    assert trial.suggest_categorical("kind", ["a", "b"]) == "a"
    assert trial.suggest_categorical("flag", [False, True]) is True
    assert trial.suggest_int("depth", 1, 10, log=True) == 3
    assert trial.suggest_int("even", 0, 10, step=2) == 6
    assert trial.suggest_float("new", 1.0, 100.0, log=True) == pytest.approx(10.0)
    assert trial.params == {"rate": 1.0, "flag": True, "depth": 3, "even": 6}
    optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, value=1.0)
