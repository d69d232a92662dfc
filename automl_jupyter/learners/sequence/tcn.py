"""A temporal convolutional network, where torch is installed: one network for all series.

Causal convolutions whose reach doubles from layer to layer, with residual connections (Bai, Kolter and Koltun, "An
empirical evaluation of generic convolutional and recurrent networks for sequence modeling", 2018), trained on the
pinball loss of five quantiles; the median is the forecast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter.learners.base import StopSignal, never_stop, untouched
from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.sequence.base import Sequences

if TYPE_CHECKING:
    import torch

#: levels of the quantiles that are learnt; the middle one is the forecast
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
#: windows an epoch draws, at most, and in a step
_MOST_WINDOWS, _BATCH = 8192, 128
#: epochs without a gain after which training ends
_PATIENCE = 20
#: how many of its scale a value may be away from a window's last one; farther ones would decide every gradient
_FARTHEST = 50
#: a past that varies by at most this share of its size does not change
_UNCHANGED = 1e-6
#: share of the windows of an epoch whose series is hidden, so that unknown series can be forecast, too
_HIDDEN = 0.1


class TCNForecaster:
    """A temporal convolutional network over many series.

    Parameters
    ----------
    n_cells : int, default 1
        Stacks of layers.
    depth : int, default 4
        Layers of a stack; the dilation doubles from one to the next.
    n_channels : int, default 32
        Width of the layers.
    dropout : float, default 0.1
        Share of the activations left out in training.
    learning_rate : float, default 0.002
        Of Adam, at most.
    n_epochs : int, default 100
        Epochs, at most.
    random_state : int, default 0
        Seed.
    n_jobs : int, default 1
        Threads.
    """

    def __init__(
        self,
        n_cells: int = 1,
        depth: int = 4,
        n_channels: int = 32,
        dropout: float = 0.1,
        learning_rate: float = 0.002,
        n_epochs: int = 100,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.n_cells, self.depth, self.n_channels, self.dropout = n_cells, depth, n_channels, dropout
        self.learning_rate, self.n_epochs = learning_rate, n_epochs
        self.random_state, self.n_jobs = random_state, n_jobs

    @property
    def reach(self) -> int:
        """How many past periods a forecast depends on."""
        return 4 * self.n_cells * ((1 << self.depth) - 1) + 1

    @untouched()
    def fit(self, series: Sequences, horizon: int, should_stop: StopSignal = never_stop) -> TCNForecaster:
        """Learn to forecast 1 to `horizon` periods ahead.

        Parameters
        ----------
        series : Sequences
            The training series.
        horizon : int
            Periods ahead at most.
        should_stop : callable
            Asked between steps; what was best so far is kept.
        """
        import torch

        with _threads(self.n_jobs), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            self._train(series, horizon, should_stop)
        return self

    def _train(self, series: Sequences, horizon: int, should_stop: StopSignal) -> None:
        import torch

        self.horizon_ = horizon
        self.names_ = list(series.names)
        self.n_features_ = series.features[0].shape[1]
        self.stopped_early_ = False
        rng = np.random.default_rng(self.random_state)
        train, valid = self._windows(series)
        network = self._network()
        optimiser = torch.optim.AdamW(network.parameters(), lr=self.learning_rate, weight_decay=1e-3)
        n_steps = max(1, -(-min(len(train), _MOST_WINDOWS) // _BATCH))
        plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.n_epochs * n_steps)
        best, waited = np.inf, 0
        self._keep(network)
        for _ in range(self.n_epochs):
            network.train()
            for at in np.array_split(rng.permutation(len(train))[:_MOST_WINDOWS], n_steps):
                if should_stop():
                    self.stopped_early_ = True
                    return
                batch = self._batch(series, train[at])
                batch.who[torch.from_numpy(rng.random(len(at)) < _HIDDEN)] = 0
                optimiser.zero_grad()
                _loss(network(batch), batch.truth).backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                plan.step()
            error = self._error(network, series, valid)
            if error < best - 1e-4:
                best, waited = error, 0
                self._keep(network)
            else:
                waited += 1
            if waited >= _PATIENCE:
                return

    def _error(self, network: Any, series: Sequences, windows: np.ndarray) -> float:
        """Return the mean loss on some windows."""
        import torch

        network.eval()
        with torch.no_grad():
            batches = (self._batch(series, windows[i : i + 1024]) for i in range(0, len(windows), 1024))
            return float(np.mean([float(_loss(network(b), b.truth)) for b in batches]))

    @untouched()
    def forecast(self, series: Sequences, ahead: list[np.ndarray]) -> np.ndarray:
        """Return the next values of every series, shape (n_series, horizon).

        Parameters
        ----------
        series : Sequences
            What came before; any series.
        ahead : list of ndarray of shape (horizon, n_features)
            What is known of the periods to come, at most as many as were learnt.
        """
        import torch

        with torch.random.fork_rng(devices=[]):  # its weights are drawn, and then replaced
            network = self._network()
        network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in self.weights_.items()})
        network.eval()
        found = []
        with torch.no_grad(), _threads(self.n_jobs):
            for start in range(0, len(series.values), 1024):
                rows = range(start, min(start + 1024, len(series.values)))
                batch = self._inputs(
                    [series.values[i] for i in rows], [series.features[i] for i in rows], [ahead[i] for i in rows],
                    [series.names[i] for i in rows],
                )  # fmt: skip
                middle = network(batch)[:, :, QUANTILES.index(0.5)].numpy()
                found.append(middle * batch.scale[:, None] + batch.level[:, None])
        return np.concatenate(found).astype(np.float64)

    # --- windows -------------------------------------------------------------------------------------------------

    def _windows(self, series: Sequences) -> tuple[np.ndarray, np.ndarray]:
        """Return (series, origin) of the windows to learn from and of those that say when to end."""
        train, valid = [], []
        for i, values in enumerate(series.values):
            last = len(values) - self.horizon_
            if last < 1:
                continue
            # The latest window is kept from training where another one stays.
            held = last - self.horizon_ >= 3
            origins = np.arange(min(3, last), last - self.horizon_ + 1 if held else last + 1)
            train.append(np.column_stack([np.full(len(origins), i), origins]))
            valid.append([i, last])
        if not train:
            raise ValueError("No series is longer than the horizon.")
        return self._telling(series, np.concatenate(train)), self._telling(series, np.asarray(valid))

    def _telling(self, series: Sequences, windows: np.ndarray) -> np.ndarray:
        """Leave out the windows whose past does not change, where others stay.

        They have no scale to learn on, and whatever is learnt of them, the last value is their forecast.
        """
        pasts = (series.values[i][max(0, o - self.reach) : o] for i, o in windows)
        changes = np.array([np.ptp(past) > _UNCHANGED * np.abs(past).max() for past in pasts])
        return windows[changes] if changes.any() else windows

    def _batch(self, series: Sequences, windows: np.ndarray) -> _Batch:
        h = self.horizon_
        pairs = [(int(i), int(o)) for i, o in windows]
        batch = self._inputs(
            [series.values[i][:o] for i, o in pairs],
            [series.features[i][:o] for i, o in pairs],
            [series.features[i][o : o + h] for i, o in pairs],
            [series.names[i] for i, _ in pairs],
        )
        truth = np.stack([series.values[i][o : o + h] for i, o in pairs])
        batch.set_truth(np.clip((truth - batch.level[:, None]) / batch.scale[:, None], -_FARTHEST, _FARTHEST))
        return batch

    def _inputs(
        self, values: list[np.ndarray], features: list[np.ndarray], ahead: list[np.ndarray], names: list[str]
    ) -> _Batch:
        """Return the last values of some series, each on a scale of its own, as tensors."""
        n, reach = len(values), self.reach
        past = np.zeros((n, 2 + self.n_features_, reach), dtype=np.float32)
        level, scale = np.empty(n), np.empty(n)
        for row, (v, f) in enumerate(zip(values, features, strict=True)):
            recent = v[-reach:]
            level[row] = recent[-1]
            scale[row] = np.abs(recent - recent.mean()).mean() + 1e-6 * (np.abs(recent).mean() + 1e-12)
            past[row, 0, -len(recent) :] = np.clip((recent - level[row]) / scale[row], -_FARTHEST, _FARTHEST)
            past[row, 1, -len(recent) :] = 1  # there was a value
            past[row, 2:, -len(recent) :] = f[-reach:].T
        numbers = {name: i + 1 for i, name in enumerate(self.names_)}
        who = np.array([numbers.get(name, 0) for name in names])
        return _Batch(past, np.stack(ahead).astype(np.float32), who, level, scale)

    def _network(self) -> Any:
        return _build(
            n_inputs=2 + self.n_features_,
            n_features=self.n_features_,
            n_series=len(self.names_),
            horizon=self.horizon_,
            n_cells=self.n_cells,
            depth=self.depth,
            n_channels=self.n_channels,
            dropout=self.dropout,
        )

    def _keep(self, network: Any) -> None:
        self.weights_ = {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}


class _Batch:
    """Windows as tensors."""

    def __init__(
        self, past: np.ndarray, ahead: np.ndarray, who: np.ndarray, level: np.ndarray, scale: np.ndarray
    ) -> None:
        import torch

        self.past, self.ahead = torch.from_numpy(past), torch.from_numpy(ahead)
        self.who = torch.from_numpy(who)
        self.level, self.scale = level, scale

    def set_truth(self, truth: np.ndarray) -> None:
        import torch

        self.truth = torch.from_numpy(truth.astype(np.float32))


def _loss(predicted: torch.Tensor, truth: torch.Tensor) -> Any:
    import torch

    levels = torch.tensor(QUANTILES)
    error = truth[:, :, None] - predicted
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def _build(
    *,
    n_inputs: int,
    n_features: int,
    n_series: int,
    horizon: int,
    n_cells: int,
    depth: int,
    n_channels: int,
    dropout: float,
) -> Any:
    """Make the network; its classes need torch, so they are made here."""
    import torch
    from torch import nn

    class Layer(nn.Module):  # type: ignore[misc]
        """Two causal convolutions and what goes past them."""

        def __init__(self, dilation: int) -> None:
            super().__init__()
            self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
            self.first = nn.Conv1d(n_channels, n_channels, 3, dilation=dilation)
            self.second = nn.Conv1d(n_channels, n_channels, 3, dilation=dilation)
            self.drop = nn.Dropout(dropout)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.drop(torch.relu(self.first(self.pad(x))))
            return x + self.drop(torch.relu(self.second(self.pad(y))))

    class Network(nn.Module):  # type: ignore[misc]
        """The past through the layers; its end, who it is and what is known of each period ahead give quantiles."""

        def __init__(self) -> None:
            super().__init__()
            n_embedded = int(np.clip(round(n_series**0.25), 3, 100))
            self.who = nn.Embedding(n_series + 1, n_embedded)
            self.enter = nn.Conv1d(n_inputs, n_channels, 1)
            self.layers = nn.Sequential(*(Layer(2**i) for _ in range(n_cells) for i in range(depth)))
            width = n_channels + n_embedded + n_features + 2
            self.leave = nn.Sequential(nn.Linear(width, 2 * n_channels), nn.ReLU(), nn.Linear(2 * n_channels, 5))

        def forward(self, batch: _Batch) -> torch.Tensor:
            end = self.layers(self.enter(batch.past))[:, :, -1]
            n, h = batch.ahead.shape[:2]
            steps = torch.arange(1, h + 1, dtype=torch.float32)
            clock = torch.stack([steps / horizon, torch.log(steps)], dim=1).expand(n, h, 2)
            whole = torch.cat([end, self.who(batch.who)], dim=1)[:, None].expand(n, h, -1)
            return self.leave(torch.cat([whole, batch.ahead, clock], dim=2))

    return Network()


@contextmanager
def _threads(n: int) -> Iterator[None]:
    """Let torch use some threads for a while."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted network."""
    return TCNForecaster(**params, random_state=random_state, n_jobs=n_jobs)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the shape and the training."""
    return {
        "n_cells": trial.suggest_int("n_cells", 1, 2),
        "depth": trial.suggest_int("depth", 3, 6),
        "n_channels": trial.suggest_categorical("n_channels", [16, 32, 64]),
        "dropout": trial.suggest_categorical("dropout", [0.0, 0.1, 0.25, 0.5]),
        "learning_rate": trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True),
    }
