"""The kernel of a Gaussian process: what it is, and how its settings are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from automl_jupyter.learners.gaussian.gaussian_process import (
    KERNEL_ROWS,
    LEAST_FOR_MORE,
    MORE_ROWS,
    MORE_STEPS,
    MOST_STEPS,
)

#: added to the diagonal, so that equal rows do no harm
JITTER = 1e-6
#: least and most of a kernel's settings: its length as a multiple of the usual distance of rows, its amplitude, slope
#: and noise for targets of variance 1
_LENGTHS, _AMPLITUDES, _SLOPES, _NOISES = (0.05, 1000.0), (0.01, 100.0), (1e-5, 10.0), (1e-4, 2.0)
#: Steps fit the lengths to the noise, too, and so there are few; where less noise than this is found, so many more.
_LITTLE_NOISE, _STEPS_WITHOUT_NOISE = 0.01, 18
_SQRT3 = np.sqrt(3.0)
#: rows of a covariance that are made at once
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Kernel:
    """``amplitude · Matérn₃⸝₂(|(x - x') / lengths|) + slope · (1 + <x, x'>)``, and the noise of a row.

    The first part is any function that is smooth over `lengths`, one for each input or one for all; the second a
    linear trend.
    """

    amplitude: float
    lengths: np.ndarray
    slope: float
    noise: float

    def of(self, A: np.ndarray, B: np.ndarray) -> np.ndarray:
        """Return the covariance of each row of `A` with each row of `B`."""
        found = np.empty((len(A), len(B)))
        for rows, block in self._smooth(A, B):
            found[rows] = block + self.slope * (1 + A[rows] @ B.T)
        return found

    def times(self, A: np.ndarray, B: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return ``of(A, B) @ weights``, without the covariance: (n, k) of weights (m, k)."""
        found: np.ndarray = self.slope * (weights.sum(axis=0) + A @ (B.T @ weights))
        for rows, block in self._smooth(A, B):
            found[rows] += block @ weights
        return found

    def _smooth(self, A: np.ndarray, B: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the Matérn part of a few rows of `A` at a time, in an array that the next ones are written into.

        So what is passed through again and again stays in the processor's cache.
        """
        a, b = _SQRT3 * A / self.lengths, _SQRT3 * B / self.lengths
        # A product of matrices takes a third of the time of pairwise distances; what it loses of those of close rows
        # is nothing, as the kernel is flat there.
        of_a, of_b, twice = np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b), np.ascontiguousarray(-2 * b.T)
        distances, falls = np.empty((2, min(_BLOCK, len(A)), len(B)))
        for start in range(0, len(A), _BLOCK):
            rows = slice(start, start + _BLOCK)
            distance, fall = distances[: len(a[rows])], falls[: len(a[rows])]
            np.matmul(a[rows], twice, out=distance)
            distance += of_a[rows, None]
            distance += of_b
            np.sqrt(np.maximum(distance, 0.0, out=distance), out=distance)
            np.exp(np.negative(distance, out=fall), out=fall)
            fall *= self.amplitude
            distance += 1
            distance *= fall
            yield rows, distance


def choose_kernel(rows: np.ndarray, targets: np.ndarray, seed: int, relevance: float) -> Kernel:
    """Return a kernel that is probable given the targets of some of the rows; the most probable one, but for noise.

    Parameters
    ----------
    rows, targets : ndarray
        (n, d) inputs, and (n, k) standardised targets, which share the kernel.
    seed : int
        Draws the rows that are looked at.
    relevance : float
        Standard deviation of the logs of the lengths about their mean, expected before the targets are seen; 0 for one
        length.
    """
    from scipy.optimize import minimize

    drawn = np.random.default_rng(seed).permutation(len(rows))
    usual = np.sqrt(rows.shape[1])
    n_lengths = rows.shape[1] if relevance > 0 else 1
    settings = np.log([*[usual] * n_lengths, 1.0, 0.1 / usual, 0.1])
    least, most = (np.log([*[usual * _LENGTHS[k]] * n_lengths, _AMPLITUDES[k], _SLOPES[k], _NOISES[k]]) for k in (0, 1))

    def climb(settings: np.ndarray, n_rows: int, n_steps: int) -> np.ndarray:
        looked_at = drawn[:n_rows]
        return np.asarray(
            minimize(
                improbability,
                settings,
                (rows[looked_at], targets[looked_at], relevance),
                method="L-BFGS-B",
                jac=True,
                bounds=list(zip(least, most, strict=True)),
                options={"maxiter": n_steps},
            ).x
        )

    settings = climb(settings, KERNEL_ROWS, MOST_STEPS)
    if np.exp(settings[-1]) < _LITTLE_NOISE:
        settings = climb(settings, KERNEL_ROWS, _STEPS_WITHOUT_NOISE)
    if len(rows) > LEAST_FOR_MORE:
        settings = climb(settings, MORE_ROWS, MORE_STEPS)
    amplitude, slope, noise = np.exp(settings[n_lengths:]).tolist()
    return Kernel(amplitude, np.exp(settings[:n_lengths]), slope, noise)


def improbability(
    settings: np.ndarray, rows: np.ndarray, targets: np.ndarray, relevance: float
) -> tuple[float, np.ndarray]:
    """Return the negative log of a kernel's posterior, a row, but for a constant, and its gradient.

    scikit-learn's process knows no prior of the lengths, and keeps (n, n, d) differences for their gradient.

    Parameters
    ----------
    settings : ndarray
        Logs of the lengths (d of them, or 1), the amplitude, the slope and the noise.
    rows, targets : ndarray
        (n, d) inputs and (n, k) targets.
    relevance : float
        See :func:`choose_kernel`. The prior counts k times as the targets do, which are not independent.
    """
    from scipy.linalg import lapack

    n, k = targets.shape
    logs, (amplitude, slope, noise) = settings[:-3], np.exp(settings[-3:])
    scaled = rows / np.exp(logs)
    norms = np.einsum("ij,ij->i", scaled, scaled)
    # Few arrays of (n, n), written over again and again: a dozen of 1,200 rows would be most of a worker's memory.
    smooth = scaled @ (-2 * scaled.T)
    smooth += norms[:, None]
    smooth += norms
    smooth *= 3
    np.sqrt(np.maximum(smooth, 0.0, out=smooth), out=smooth)
    fall = np.negative(smooth)
    np.exp(fall, out=fall)
    fall *= amplitude
    smooth += 1
    smooth *= fall
    trend = rows @ rows.T
    trend += 1
    trend *= slope
    covariance = smooth + trend
    covariance[np.diag_indices(n)] += noise + JITTER
    factor, failed = lapack.dpotrf(covariance.T, lower=True, overwrite_a=True)
    if failed:
        return 1e10, np.zeros_like(settings)
    found = k * np.sum(np.log(np.diag(factor)))
    pull, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)  # the inverse, above the diagonal 0
    pull += np.tril(pull, -1).T
    solved = pull @ targets
    found += 0.5 * np.sum(targets * solved)
    pull *= -0.5 * k
    pull += 0.5 * solved @ solved.T
    gradient = [np.vdot(pull.T, smooth), np.vdot(pull.T, trend), noise * np.trace(pull)]
    # The covariance changes by 3 · fall · (difference / length)² where the log of a length does; summed over all pairs
    # of rows without an array of them for each input.
    of_pair = fall
    of_pair *= pull
    of_pair *= 3
    of_lengths = 2 * np.sum(scaled * (of_pair.sum(axis=1)[:, None] * scaled - of_pair @ scaled), axis=0)
    if len(logs) == 1:
        return found / n, -np.array([np.sum(of_lengths), *gradient]) / n
    apart = logs - np.mean(logs)
    found += 0.5 * k * np.sum(apart**2) / relevance**2
    return found / n, -np.array([*(of_lengths - k * apart / relevance**2), *gradient]) / n
