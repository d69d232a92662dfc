"""The neural network: its gradient against differences, what it learns, which pass it keeps."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FitData, FitReport, fit_learner, make_learner, never_stop, predict
from automl_jupyter.learners.neural import network
from automl_jupyter.learners.neural.model import NeuralNetworkClassifier, NeuralNetworkRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(1600, 3)).astype(np.float32)
WAVY = np.sin(6 * X[:, 0]) + X[:, 1] * X[:, 2]


def in_double_precision(tape: network.Tape) -> network.Tape:
    """Give a tape's rooms twice the digits, and what shows if it is read before it is written."""
    for name, value in vars(tape).items():
        if isinstance(value, np.ndarray):
            setattr(tape, name, np.full(value.shape, np.nan))
        elif isinstance(value, list):
            setattr(tape, name, [np.full(part.shape, np.nan) for part in value])
    return tape


@pytest.mark.parametrize("waved", [(), (0, 2, 3)])
def test_the_gradient_is_that_of_small_differences(waved: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    shape = network.Shape(5, waved, 6, 2, 3)
    flat = network.begin(shape, rng).astype(np.float64)
    flat += rng.normal(0, 0.3, flat.shape)
    rows, truth = rng.normal(size=(7, 5)), np.eye(3)[rng.integers(0, 3, 7)]

    def proba(outputs: np.ndarray) -> np.ndarray:
        e = np.exp(outputs)
        return e / e.sum(axis=1, keepdims=True)

    def loss(parameters: np.ndarray) -> float:
        outputs = network.forward(shape, network.views(shape, parameters), rows)
        return -float(np.mean(np.log((proba(outputs) * truth).sum(axis=1))))

    grad = np.zeros_like(flat)
    tape = in_double_precision(network.Tape(shape, 7))
    error = lambda outputs: (proba(outputs) - truth) / 7  # noqa: E731
    tape.backward(network.views(shape, flat), rows, network.views(shape, grad), error, rng, 0.0)
    step = 1e-5
    differences = [(loss(flat + step * e) - loss(flat - step * e)) / (2 * step) for e in np.eye(len(flat))]
    np.testing.assert_allclose(grad, differences, atol=1e-7)


def test_it_learns_waves_and_products() -> None:
    model = NeuralNetworkRegressor().fit(X[:1000], WAVY[:1000])
    assert np.mean((model.predict(X[1000:]) - WAVY[1000:]) ** 2) < 0.05 * np.var(WAVY)


def test_it_knows_classes_by_their_codes() -> None:
    y = np.where(WAVY > 0, 7, 2)
    model = NeuralNetworkClassifier(n_epochs=32).fit(X[:1000], y[:1000])
    assert model.classes_.tolist() == [2, 7]
    assert np.mean(model.predict(X[1000:]) == y[1000:]) > 0.9


@pytest.mark.parametrize(("n_valid", "kept_last"), [(100, True), (600, False)])
def test_many_validation_rows_choose_the_pass_and_few_do_not(n_valid: int, kept_last: bool) -> None:
    """On noise every pass makes it worse, so that the best one is an early one."""
    noise = RNG.normal(size=len(X))
    info = learners.get("NeuralNetwork")
    model = make_learner(info, "regression", {"n_epochs": 20, "weight_decay": 0.0, "dropout": 0.0})
    data = FitData(X[:200], noise[:200], X_valid=X[1000 : 1000 + n_valid], y_valid=noise[1000 : 1000 + n_valid])
    assert (fit_learner(info, model, data).iterations == 20) is kept_last


def test_a_refit_ends_after_the_passes_it_is_given() -> None:
    info = learners.get("NeuralNetwork")
    found = []
    for rounds in (3, 64, 1000):
        model = make_learner(info, "regression", {"n_epochs": 64})
        report = fit_learner(info, model, FitData(X[:300], WAVY[:300], refit_iterations=rounds))
        found.append((report.iterations, predict(model, "regression", X[300:500])))
    assert [iterations for iterations, _ in found] == [3, 64, 64]
    assert not np.allclose(found[0][1], found[1][1])
    np.testing.assert_array_equal(found[1][1], found[2][1])


def test_its_schedule_ends_when_the_time_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes with every look at the clock, so that there is enough for some four hundred of 1,280 steps."""
    info = learners.get("NeuralNetwork")

    class Signal:
        """Time for twenty looks, which it tells, or does not."""

        def __init__(self, left_s: float | None) -> None:
            self.left_s, self.looks = left_s, 0

        def __call__(self) -> bool:
            self.looks += 1
            return self.looks >= 20

    def error(should_stop: Callable[[], bool]) -> tuple[float, FitReport]:
        now = itertools.count()
        monkeypatch.setattr("automl_jupyter.learners.neural.model.monotonic_s", lambda: next(now) / 10)
        data = FitData(X[:1000], WAVY[:1000], X_valid=X[1000:], y_valid=WAVY[1000:], should_stop=should_stop)
        model = make_learner(info, "regression", {"batch_size": 50})
        report = fit_learner(info, model, data)
        return float(np.mean((predict(model, "regression", X[1000:]) - WAVY[1000:]) ** 2)), report

    whole, cut, paced = error(never_stop), error(Signal(None)), error(Signal(40.0))
    assert [report.stopped_early for _, report in (whole, cut, paced)] == [False, True, False]
    assert [report.rounds for _, report in (whole, cut, paced)] == [64, 20, 19], "passes of twenty steps"
    assert whole[1].iterations <= 64
    assert cut[1].iterations <= 20
    assert 19 < paced[1].iterations <= 64, "counted by how far the schedule has come"
    assert whole[0] < paced[0] < 0.8 * cut[0]


def test_a_hurried_refit_takes_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen of 64 passes of twenty steps, where there is time for 190 steps."""
    now = itertools.count()
    monkeypatch.setattr("automl_jupyter.learners.neural.model.monotonic_s", lambda: next(now) / 10)

    class Signal:
        left_s = 20.0

        def __call__(self) -> bool:
            return False

    data = FitData(X[:1000], WAVY[:1000], should_stop=Signal(), refit_iterations=16)
    report = fit_learner(learners.get("NeuralNetwork"), NeuralNetworkRegressor(batch_size=50), data)
    assert (report.iterations, report.stopped_early) == (16, False)
    assert 9 <= report.rounds <= 10


def test_a_stopped_network_that_nothing_judged_says_how_far_it_came() -> None:
    """A refit of one pass would follow from anything less."""
    looks = itertools.count(1)
    data = FitData(X[:1000], WAVY[:1000], should_stop=lambda: next(looks) >= 10)
    report = fit_learner(learners.get("NeuralNetwork"), NeuralNetworkRegressor(batch_size=50), data)
    assert (report.iterations, report.rounds, report.stopped_early) == (10, 10, True)


def test_rows_without_weight_are_not_learnt() -> None:
    y = np.where(np.arange(800) < 400, X[:800, 0], 50.0)
    weight = np.where(np.arange(800) < 400, 1.0, 0.0)
    model = NeuralNetworkRegressor(n_epochs=32).fit(X[:800], y, weight)
    assert np.abs(model.predict(X[800:]) - X[800:, 0]).mean() < 2.5


def test_smooth_labels_make_it_less_sure() -> None:
    y = (X[:600, 0] > 0).astype(int)
    sure, less = (
        NeuralNetworkClassifier(n_epochs=32, smoothing=s).fit(X[:600], y).predict_proba(X[600:]).max(axis=1).mean()
        for s in (0.0, 0.2)
    )
    assert less < sure - 0.05


def test_two_valued_features_do_not_wave() -> None:
    hot = np.column_stack([X[:200, 0], X[:200, 1] > 0]).astype(np.float32)
    model = NeuralNetworkRegressor(n_epochs=2).fit(hot, WAVY[:200])
    assert model.waved_ == [0]


def test_predictions_stay_near_what_was_learnt() -> None:
    model = NeuralNetworkRegressor(n_epochs=8).fit(X[:400], WAVY[:400])
    far = model.predict(1e6 * np.ones((1, 3), dtype=np.float32))
    assert WAVY[:400].min() - np.ptp(WAVY) < far[0] < WAVY[:400].max() + np.ptp(WAVY)
