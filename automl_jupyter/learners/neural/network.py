"""The network: its parameters in one flat vector, forward, backward and Adam, in single precision.

It follows RealMLP (Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024), whose parts made the difference
there: every number also enters through a few learned waves, each input has a learned scale, weights are parametrised
so that one learning rate fits every width, and the learning rate falls and rises in waves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

#: waves a number is seen through, what they are mixed into, and how long they are at first
WAVES, MIXED, FREQUENCY = 16, 3, 0.1
_LAMBDA, _ALPHA = 1.0507009873554805, 1.6732632423543772
#: Adam's memories of the gradient and of its square
_BETA1, _BETA2, _EPSILON = 0.9, 0.95, 1e-8


@dataclass(frozen=True)
class Shape:
    """The sizes of a network.

    Parameters
    ----------
    n_inputs : int
        Features.
    waved : tuple of int
        Positions of those that also enter through waves.
    width, depth : int
        Of the hidden layers.
    n_outputs : int
        Classes, or 1.
    """

    n_inputs: int
    waved: tuple[int, ...]
    width: int
    depth: int
    n_outputs: int

    @property
    def entered(self) -> int:
        """How many values the first hidden layer sees."""
        return self.n_inputs + MIXED * len(self.waved)

    def parts(self) -> Iterator[tuple[str, tuple[int, ...], float, float]]:
        """Yield each parameter's name, shape, factor of the learning rate and factor of the weight decay."""
        m = len(self.waved)
        if m:
            yield "frequency", (m, 1, WAVES), 0.1, 0.0
            yield "phase", (m, 1, WAVES), 0.1, 0.0
            yield "mix", (m, WAVES, MIXED), 0.1, 0.0
            yield "mix_bias", (m, 1, MIXED), 0.1, 0.0
        yield "scale", (self.entered,), 6.0, 0.0
        fan_in = self.entered
        for k in range(self.depth):
            yield f"weight{k}", (fan_in, self.width), 1.0, 1.0
            yield f"bias{k}", (self.width,), 0.1, 0.0
            yield f"bend{k}", (self.width,), 0.1, 0.0
            fan_in = self.width
        yield "weight_out", (fan_in, self.n_outputs), 1.0, 1.0
        yield "bias_out", (self.n_outputs,), 0.1, 0.0


def views(shape: Shape, flat: np.ndarray) -> dict[str, np.ndarray]:
    """Return the parameters by name, as views of one flat vector."""
    found, start = {}, 0
    for name, size, _, _ in shape.parts():
        n = int(np.prod(size))
        found[name] = flat[start : start + n].reshape(size)
        start += n
    return found


def n_parameters(shape: Shape) -> int:
    """Return how many numbers a network of this shape has."""
    return sum(int(np.prod(size)) for _, size, _, _ in shape.parts())


def begin(shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """Return the parameters of an untrained network; its output is 0."""
    flat = np.zeros(n_parameters(shape), dtype=np.float32)
    for name, part in views(shape, flat).items():
        if name == "frequency":
            part[:] = rng.normal(0, FREQUENCY, part.shape)
        elif name == "phase":
            part[:] = rng.uniform(-np.pi, np.pi, part.shape)
        elif name == "mix":
            part[:] = rng.uniform(-1, 1, part.shape) / np.sqrt(WAVES)
        elif name == "scale" or name.startswith("bend"):
            part[:] = 1
        elif name.startswith("weight") and name != "weight_out":
            part[:] = rng.normal(0, 1, part.shape)
    return flat


def forward(shape: Shape, at: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """Return the outputs for rows of features, shape (n, n_outputs)."""
    h = X
    if shape.waved:
        angle = X[:, shape.waved].T[:, :, None] * (np.float32(2 * np.pi) * at["frequency"]) + at["phase"]
        mixed = np.cos(angle) @ at["mix"] + at["mix_bias"]
        h = np.concatenate([X, mixed.transpose(1, 0, 2).reshape(len(X), -1)], axis=1)
    h = h * at["scale"]
    for k in range(shape.depth):
        z = (h @ at[f"weight{k}"]) * _unit(h) + at[f"bias{k}"]
        h = z + at[f"bend{k}"] * (_selu(z) - z)
    return np.asarray((h @ at["weight_out"]) * _unit(h) + at["bias_out"])


class Tape:
    """What a step keeps of a batch on its way forward, in arrays made once: fresh ones would cost as much as the sums.

    Parameters
    ----------
    shape : Shape
        Of the network.
    n : int
        Rows of a batch.
    """

    def __init__(self, shape: Shape, n: int) -> None:
        def empty(*size: int) -> np.ndarray:
            return np.empty(size, dtype=np.float32)

        self.shape = shape
        m = len(shape.waved)
        self.cosines, self.sines, self.turned = (empty(m, n, WAVES) for _ in range(3))
        self.entered = empty(n, shape.entered)
        self.inputs = [empty(n, shape.entered), *(empty(n, shape.width) for _ in range(shape.depth))]
        self.sums, self.curved, self.kept = ([empty(n, shape.width) for _ in range(shape.depth)] for _ in range(3))
        self.back, self.spare, self.above = (empty(n, shape.width) for _ in range(3))

    def backward(
        self,
        at: dict[str, np.ndarray],
        X: np.ndarray,
        grad: dict[str, np.ndarray],
        error: Callable[[np.ndarray], np.ndarray],
        random: np.random.Generator,
        dropout: float,
    ) -> None:
        """Write the gradient of the mean loss of a batch into `grad`.

        Parameters
        ----------
        at, grad : dict
            The parameters, and where their gradients go.
        X : ndarray
            The batch, (n, n_inputs).
        error : callable
            The derivative of the batch's loss by the outputs.
        random : Generator
            Draws what is dropped.
        dropout : float
            Share of a hidden layer's values that are left out.
        """
        waves = self._enter(at, X)
        for k in range(self.shape.depth):
            self._layer(k, at, random, dropout)
        h = self.inputs[-1]
        unit = _unit(h)
        delta = error((h @ at["weight_out"]) * unit + at["bias_out"])
        np.multiply(h.T @ delta, unit, out=grad["weight_out"])
        delta.sum(axis=0, out=grad["bias_out"])
        np.matmul(delta, at["weight_out"].T * unit, out=self.back)
        for k in reversed(range(self.shape.depth)):
            entered = self._layer_back(k, at, grad, dropout)
        np.einsum("ij,ij->j", entered, self.entered, out=grad["scale"])
        if waves is not None:
            self._enter_back(at, grad, waves, entered)

    def _enter(self, at: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray | None:
        """Fill the first layer's inputs; return the numbers seen through waves, shape (n_waved, n, 1)."""
        shape, waves = self.shape, None
        self.entered[:, : shape.n_inputs] = X
        if shape.waved:
            waves = np.ascontiguousarray(X[:, shape.waved].T)[:, :, None]
            np.multiply(waves, np.float32(2 * np.pi) * at["frequency"], out=self.turned)
            self.turned += at["phase"]
            np.cos(self.turned, out=self.cosines)
            np.sin(self.turned, out=self.sines)
            mixed = self.cosines @ at["mix"] + at["mix_bias"]
            self.entered[:, shape.n_inputs :] = mixed.transpose(1, 0, 2).reshape(len(X), -1)
        np.multiply(self.entered, at["scale"], out=self.inputs[0])
        return waves

    def _layer(self, k: int, at: dict[str, np.ndarray], random: np.random.Generator, dropout: float) -> None:
        h, z, curved, out = self.inputs[k], self.sums[k], self.curved[k], self.inputs[k + 1]
        np.matmul(h, at[f"weight{k}"], out=z)
        z *= _unit(h)
        z += at[f"bias{k}"]
        _selu_into(z, curved, out)
        np.subtract(curved, z, out=out)
        out *= at[f"bend{k}"]
        out += z
        if dropout > 0:
            kept = self.kept[k]
            random.random(out=kept, dtype=np.float32)
            np.greater_equal(kept, np.float32(dropout), out=kept, casting="unsafe")
            kept *= np.float32(1 / (1 - dropout))
            out *= kept

    def _layer_back(self, k: int, at: dict[str, np.ndarray], grad: dict[str, np.ndarray], dropout: float) -> np.ndarray:
        """Turn the derivative by what left a layer, in `back`, into that by what entered it."""
        h, z, curved, back, spare = self.inputs[k], self.sums[k], self.curved[k], self.back, self.spare
        if dropout > 0:
            back *= self.kept[k]
        np.subtract(curved, z, out=spare)
        np.einsum("ij,ij->j", back, spare, out=grad[f"bend{k}"])
        # SELU's slope: constant above 0, and the value itself moved up below (sums are cheaper here than masks)
        np.minimum(curved, 0, out=spare)
        spare += np.float32(_LAMBDA * _ALPHA)
        np.greater(z, 0, out=self.above, casting="unsafe")
        self.above *= np.float32(_LAMBDA * (_ALPHA - 1))
        spare -= self.above
        spare -= 1
        spare *= at[f"bend{k}"]
        spare += 1
        back *= spare
        unit = _unit(h)
        np.matmul(h.T, back, out=grad[f"weight{k}"])
        grad[f"weight{k}"] *= unit
        back.sum(axis=0, out=grad[f"bias{k}"])
        weight = at[f"weight{k}"].T * unit
        if k == 0:
            return np.asarray(back @ weight)
        np.matmul(back, weight, out=spare)
        self.back, self.spare = spare, back
        return spare

    def _enter_back(
        self, at: dict[str, np.ndarray], grad: dict[str, np.ndarray], waves: np.ndarray, entered: np.ndarray
    ) -> None:
        n, m = len(entered), len(waves)
        back = (entered * at["scale"])[:, self.shape.n_inputs :].reshape(n, m, MIXED)
        back = np.ascontiguousarray(back.transpose(1, 0, 2))
        np.matmul(self.cosines.transpose(0, 2, 1), back, out=grad["mix"])
        np.sum(back, axis=1, keepdims=True, out=grad["mix_bias"])
        np.matmul(back, -at["mix"].transpose(0, 2, 1), out=self.turned)
        self.turned *= self.sines
        np.sum(self.turned, axis=1, keepdims=True, out=grad["phase"])
        np.matmul(waves.transpose(0, 2, 1), self.turned, out=grad["frequency"])
        grad["frequency"] *= np.float32(2 * np.pi)


def _unit(h: np.ndarray) -> np.float32:
    """Return what a sum over so many inputs is divided by."""
    return np.float32(1 / np.sqrt(h.shape[1]))


def _selu_into(z: np.ndarray, out: np.ndarray, spare: np.ndarray) -> None:
    np.minimum(z, 0, out=out)
    np.expm1(out, out=out)
    out *= np.float32(_LAMBDA * _ALPHA)
    np.maximum(z, 0, out=spare)
    spare *= np.float32(_LAMBDA)
    out += spare


def _selu(z: np.ndarray) -> np.ndarray:
    out = np.empty_like(z)
    _selu_into(z, out, np.empty_like(z))
    return out


class Adam:
    """Adam with decoupled weight decay, one step for the whole flat vector.

    Parameters
    ----------
    shape : Shape
        Whose parameters.
    """

    def __init__(self, shape: Shape) -> None:
        n = n_parameters(shape)
        self._mean, self._square = np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.float32)
        self._rate, self._decay = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
        rates, decays = views(shape, self._rate), views(shape, self._decay)
        for name, _, rate, decay in shape.parts():
            rates[name][:], decays[name][:] = rate, decay
        self._n = 0

    def step(self, flat: np.ndarray, grad: np.ndarray, rate: float, decay: float) -> None:
        """Change the parameters in place."""
        self._n += 1
        self._mean *= _BETA1
        self._mean += (1 - _BETA1) * grad
        self._square *= _BETA2
        self._square += (1 - _BETA2) * grad * grad
        if decay > 0:
            flat *= 1 - np.float32(rate * decay) * self._rate * self._decay
        size = np.float32(rate / (1 - _BETA1**self._n))
        root = np.sqrt(self._square * np.float32(1 / (1 - _BETA2**self._n)))
        root += np.float32(_EPSILON)
        flat -= size * self._rate * self._mean / root
