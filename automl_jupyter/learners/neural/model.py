"""The network behind scikit-learn's interface: batches, the schedule, the best pass over the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import (  # noqa: TID253 adapter file, imported lazily
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
)

from automl_jupyter._core.clock import monotonic_s
from automl_jupyter.learners.base import FitData, FitReport, left_s
from automl_jupyter.learners.neural.network import Adam, Shape, Tape, begin, forward, n_parameters, views

#: rows that are predicted at once
_CHUNK = 4096
#: batches between two looks at the stop signal
_ASK_EVERY = 20
#: most features that enter through waves, too; more would make a step dear
_MOST_WAVED = 100
#: validation rows that choose among passes; fewer would choose by chance, and the scores on them would flatter
_JUDGES = 500
#: share of the time by which the schedule has come to its end
_IN_TIME = 0.95
#: predictions stay within the training values' range and this much of it
_MARGIN = 0.1


class NeuralNetworkModel(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share.

    Parameters
    ----------
    width, depth : int, default 128 and 3
        Of the hidden layers.
    learning_rate : float, default 0.04
        The greatest; it falls to 0 in four waves (``coslog4`` of RealMLP).
    n_epochs : int, default 64
        Passes over the rows.
    most_steps : int, default 4000
        Fewer passes are made where there would be more batches than this.
    batch_size : int, default 256
        Rows of a step; fewer where there are less than eight such batches.
    dropout : float, default 0.15
        Share of hidden values left out in training, falling to 0 in the second half.
    weight_decay : float, default 0.02
        Decoupled, falling in the same way.
    smoothing : float, default 0
        Share of each label that is spread over all classes.
    random_state : int, default 0
        Seed.

    References
    ----------
    Holzmüller, Grinsztajn and Steinwart (2024), Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data.
    """

    def __init__(
        self,
        width: int = 128,
        depth: int = 3,
        learning_rate: float = 0.04,
        n_epochs: int = 64,
        most_steps: int = 4000,
        batch_size: int = 256,
        dropout: float = 0.15,
        weight_decay: float = 0.02,
        smoothing: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.width = width
        self.depth = depth
        self.learning_rate = learning_rate
        self.n_epochs = n_epochs
        self.most_steps = most_steps
        self.batch_size = batch_size
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.smoothing = smoothing
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NeuralNetworkModel:
        """Fit every pass, without validation rows."""
        train(self, FitData(np.asarray(X), np.asarray(y), sample_weight))
        return self

    def _shape(self) -> Shape:
        return Shape(self.n_features_in_, tuple(self.waved_), self.width, self.depth, self.n_outputs_)

    def _outputs(self, X: Any) -> np.ndarray:
        shape = self._shape()
        at = views(shape, np.asarray(self.parameters_))
        X = np.asarray(X, dtype=np.float32)
        chunks = [forward(shape, at, X[k : k + _CHUNK]) for k in range(0, len(X), _CHUNK)]
        return np.concatenate(chunks) if chunks else np.empty((0, self.n_outputs_), dtype=np.float32)


class NeuralNetworkClassifier(ClassifierMixin, NeuralNetworkModel):  # type: ignore[misc]
    """A network for class codes ``0 … n_classes - 1``.

    Examples
    --------
    >>> X = np.repeat(np.float32([[-1], [1]]), 50, axis=0); y = np.repeat([0, 1], 50)
    >>> NeuralNetworkClassifier(n_epochs=8).fit(X, y).predict(X[[0, -1]]).tolist()
    [0, 1]
    """

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return a probability for each class of :attr:`classes_`."""
        return np.asarray(_softmax(self._outputs(X).astype(np.float64)))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class code of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class NeuralNetworkRegressor(RegressorMixin, NeuralNetworkModel):  # type: ignore[misc]
    """A network for values; it learns the standardised target.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 200, dtype=np.float32)[:, None]; y = 1e6 + 1e3 * X[:, 0]
    >>> model = NeuralNetworkRegressor().fit(X, y)
    >>> bool(abs(model.predict(X[50:51]) - y[50])[0] < 100)
    True
    """

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of each row."""
        z = self._outputs(X)[:, 0].astype(np.float64)
        return np.asarray(np.clip(z, self.low_, self.high_) * self.scale_ + self.center_)


def train(model: Any, data: FitData) -> FitReport:
    """Train pass after pass, ask the stop signal on the way, and keep the parameters of the best pass, or the last.

    Where the time is too short for all passes the schedule follows the clock, so that it comes to its end all the same:
    parameters from its middle, while steps are large, are far worse. Passes are counted by how far it has come.
    """
    rng = np.random.default_rng(model.random_state)
    X = np.asarray(data.X, dtype=np.float32)
    target, judge = _targets(model, data)
    model.n_features_in_ = X.shape[1]
    model.waved_ = _waved(X)
    shape = model._shape()
    n, weight = len(X), _weights(data.weight)
    batch = int(min(model.batch_size, max(n // 8, 16), n))
    per_epoch = max(n // batch, 1)
    n_epochs = int(max(min(model.n_epochs, model.most_steps // per_epoch), 1))
    total, last = n_epochs * per_epoch, min(data.refit_iterations or n_epochs, n_epochs)
    flat, grad = begin(shape, rng), np.zeros(n_parameters(shape), dtype=np.float32)
    at, into, adam, tape = views(shape, flat), views(shape, grad), Adam(shape), Tape(shape, batch)
    end = last / n_epochs
    pace = _Pace(total, end, left_s(data.should_stop))
    best, best_loss, best_epoch = flat, np.inf, last
    order = np.empty(0, dtype=int)
    while pace.share < end:
        if len(order) < batch:
            order = rng.permutation(n)[: per_epoch * batch]
        rows, order = order[:batch], order[batch:]
        share = pace.share
        ease = 1.0 if share < 0.5 else 0.5 * (1 + np.cos(np.pi * (2 * share - 1)))
        rate = model.learning_rate * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * share)))
        x, w = X[rows], None if weight is None else weight[rows]
        tape.backward(at, x, into, _loss_slope(model, target[rows], w), rng, model.dropout * ease)
        adam.step(flat, grad, float(rate), model.weight_decay * ease)
        pace.step()
        come = min(max(round(pace.share * n_epochs), 1), last)
        if pace.done % _ASK_EVERY == 0 and pace.share < end and data.should_stop():
            best, best_epoch = (flat, come) if best_loss == np.inf else (best, best_epoch)
            return _end(model, best, best_epoch, pace.done / per_epoch, stopped=True)
        passed = len(order) < batch or pace.share >= end
        if passed and judge is not None and (loss := judge(shape, at)) < best_loss:
            best, best_loss, best_epoch = flat.copy(), loss, come
    return _end(model, best, best_epoch, pace.done / per_epoch, stopped=False)


class _Pace:
    """How far a schedule has come, by the steps done or by the clock, whichever says more.

    Parameters
    ----------
    total : int
        Steps of the schedule.
    end : float
        How far it is to come; 1 is all of it.
    time_limit_s : float, optional
        Seconds until it must have come there.
    """

    def __init__(self, total: int, end: float, time_limit_s: float | None) -> None:
        self.done, self.share = 0, 0.0
        self._total, self._end, self._limit_s, self._start_s = total, end, time_limit_s, monotonic_s()

    def step(self) -> None:
        """Count a step."""
        self.done += 1
        by_clock = 0.0 if self._limit_s is None else (monotonic_s() - self._start_s) / max(self._limit_s, 1e-3)
        self.share = max(self.done / self._total, min(by_clock / _IN_TIME, 1.0) * self._end)


def _targets(model: Any, data: FitData) -> tuple[np.ndarray, Any]:
    """Return what the network is to give for each row, and how a pass is judged: the loss on validation rows."""
    judged = data.X_valid is not None and len(data.X_valid) >= _JUDGES and data.refit_iterations is None
    X_valid = np.asarray(data.X_valid, dtype=np.float32) if judged else np.empty((0, 0), dtype=np.float32)
    weight = data.weight_valid if judged else None
    y_valid = np.asarray(data.y_valid) if judged else np.empty(0)

    def outputs(shape: Shape, at: dict[str, np.ndarray]) -> np.ndarray:
        chunks = [forward(shape, at, X_valid[k : k + _CHUNK]) for k in range(0, len(X_valid), _CHUNK)]
        return np.concatenate(chunks).astype(np.float64)

    if isinstance(model, ClassifierMixin):
        classes, codes = np.unique(data.y, return_inverse=True)
        model.classes_, model.n_outputs_ = classes, len(classes)
        known = np.isin(y_valid, classes)  # of a class it has never seen there is nothing to learn
        if weight is not None:
            known &= weight > 0
        at_valid = np.searchsorted(classes, y_valid[known])

        def log_loss(shape: Shape, at: dict[str, np.ndarray]) -> float:
            proba = _softmax(outputs(shape, at))[known]
            of_truth = proba[np.arange(len(proba)), at_valid]
            return -float(np.average(np.log(np.maximum(of_truth, 1e-7)), weights=_of(weight, known)))

        target = np.eye(len(classes), dtype=np.float32)[codes]
        target += np.float32(model.smoothing) * (np.float32(1 / len(classes)) - target)
        return target, log_loss if known.any() else None
    y = np.asarray(data.y, dtype=np.float64)
    model.center_, model.scale_, model.n_outputs_ = float(np.mean(y)), float(np.std(y)) or 1.0, 1
    z = (y - model.center_) / model.scale_
    margin = _MARGIN * float(np.ptp(z))
    model.low_, model.high_ = float(z.min()) - margin, float(z.max()) + margin
    z_valid = (y_valid - model.center_) / model.scale_

    def difference(shape: Shape, at: dict[str, np.ndarray]) -> float:
        off = np.clip(outputs(shape, at)[:, 0], model.low_, model.high_) - z_valid
        return float(np.average(np.abs(off) if data.metric_hint == "mae" else off**2, weights=weight))

    return z.astype(np.float32)[:, None], difference if judged else None


def _loss_slope(model: Any, target: np.ndarray, weight: np.ndarray | None) -> Any:
    """Return the derivative of a batch's mean loss (log loss, or half the squared difference) by the outputs."""

    def slope(outputs: np.ndarray) -> np.ndarray:
        found = _softmax(outputs) if isinstance(model, ClassifierMixin) else outputs
        error = (found - target) / np.float32(len(target))
        return np.asarray(error if weight is None else error * weight[:, None], dtype=np.float32)

    return slope


def _weights(weight: np.ndarray | None) -> np.ndarray | None:
    return None if weight is None else np.asarray(weight / np.mean(weight), dtype=np.float32)


def _of(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weight is None else weight[rows]


def _waved(X: np.ndarray) -> list[int]:
    """Return the features with more than two values, as far as they are not too many."""
    found = [j for j in range(X.shape[1]) if len(np.unique(X[:1000, j])) > 2]
    return found if len(found) <= _MOST_WAVED else []


def _softmax(outputs: np.ndarray) -> np.ndarray:
    z = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(z / z.sum(axis=1, keepdims=True))


def _end(model: Any, parameters: np.ndarray, epoch: int, passes: float, *, stopped: bool) -> FitReport:
    model.parameters_ = parameters
    return FitReport(epoch, stopped, max(round(passes), 1))
