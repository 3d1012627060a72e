"""Checks of the labels in the benchmark of diagnosis, by exact facts.

A check sees what no log holds: points, minima, exact Hessians, the loss of all data without noise, and how the run
goes on. It shares no code with `landscapes.diagnosis`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from diagnosis_problems import Problem
from diagnosis_training import Setup


@dataclass(frozen=True)
class Fact:
    """What a check sees of one run: gaps (T,) and points (T, d), the gaps of its continuation, and the Hessian."""

    problem: Problem
    setup: Setup
    gap: np.ndarray
    x: np.ndarray
    later: np.ndarray
    gradient_norm: np.ndarray
    clipped: np.ndarray
    lowest: float

    @property
    def eigenvalues(self) -> np.ndarray:
        return np.linalg.eigvalsh(self.problem.hessian(torch.from_numpy(self.x[-1].copy())))


def _mean_end(values: np.ndarray, share: float = 0.1) -> float:
    return float(np.mean(values[-max(1, int(share * len(values))) :]))


def converged(f: Fact) -> bool:
    """At most 1e-4 of the gap remains, at no saddle, and the continuation stays there."""
    return bool(_mean_end(f.gap, 0.02) <= 1e-4 * f.gap[0] and f.later.max() <= 2e-4 * f.gap[0])


def still_falling(f: Fact) -> bool:
    """Much of the gap is gone, and as many steps again at least halve what is left."""
    left = _mean_end(f.gap, 0.05)
    return bool(5e-3 * f.gap[0] <= left <= 0.75 * f.gap[0] and _mean_end(f.later) <= 0.5 * left)


def crawling(f: Fact) -> bool:
    """Much is left, nothing is concave, and as many steps again gain at most a tenth of it."""
    left = f.gap[-1]
    slow = _mean_end(f.later, 0.02) >= 0.9 * left and _mean_end(f.later, 0.02) < left
    return bool(left >= 0.05 * f.gap[0] and slow and f.eigenvalues[0] >= -1e-9 * f.eigenvalues[-1])


def plateau(f: Fact) -> bool:
    """Far above the minimum, all curvatures are below 3 % of that at the minimizer: too flat to gain anything."""
    flat = np.abs(f.eigenvalues).max() <= 0.03 * f.problem.curvature
    return bool(f.gap[-1] >= 0.5 and flat and f.later[-1] >= 0.9 * f.gap[-1] and f.gradient_norm[-1] > 0)


def saddle(f: Fact) -> bool:
    """A stationary point with a curvature below zero that is no smaller than a tenth of the largest."""
    small = f.gradient_norm[-1] <= 1e-2 * f.gradient_norm[0]
    values = f.eigenvalues
    return bool(small and values[0] < -0.1 * values[-1] and f.gap[-1] >= 0.05 * f.gap[0])


def _period(x: np.ndarray) -> int:
    """Return after how many steps the last points repeat within 1e-7 of their extent; 0 if they do not."""
    tail = x[-100:]
    extent = np.ptp(tail, axis=0).max()
    if extent < 1e-6 * np.ptp(x, axis=0).max():
        return 0
    for p in range(1, 25):
        if np.abs(tail[p:] - tail[:-p]).max() <= 1e-7 * extent:
            return p
    return 0


def oscillating(f: Fact) -> bool:
    """Without any noise, the gap swings by a factor of 1.5 or more at the end, and points do not repeat."""
    tail = f.gap[-len(f.gap) // 4 :]
    turns = np.sum(np.diff(np.sign(np.diff(tail))) != 0)
    wide = np.ptp(tail[-len(tail) // 2 :]) >= 0.03 * f.gap[0]
    return bool(
        tail.max() >= 1.5 * tail.min() and turns >= 6 and wide and f.gap.max() <= 3 * f.gap[0] and not _period(f.x)
    )


def cycling(f: Fact) -> bool:
    """The points repeat."""
    tail = f.gap[-100:]
    return bool(_period(f.x) >= 2 and np.ptp(tail) >= 1e-3 * f.gap[0] and f.gap.max() <= 3 * f.gap[0])


def noise_floor(f: Fact) -> bool:
    """The gap has stopped falling, and the same steps without noise lower it to at most a fifth.

    It is the mean of a third of the run; the median where noise has heavy tails, and then no gap is above the first.
    """
    thirds = np.array_split(f.gap, 3)
    middle = np.median if f.setup.tail else np.mean
    before, last = float(middle(thirds[1])), float(middle(thirds[2]))
    if f.setup.tail and f.gap[len(f.gap) // 10 :].max() > f.gap[0]:
        return False
    return bool(
        1e-3 * f.gap[0] <= last <= 0.6 * f.gap[0]
        and abs(before / last - 1) <= 0.25
        and _mean_end(f.later) <= 0.2 * last
    )


def spike(f: Fact) -> bool:
    """The gap leaps by a tenth of its first value, and is back where it was."""
    at = min(f.setup.shock)
    peak = f.gap[at : at + len(f.gap) // 5].max()
    low = float(np.median(f.gap[at - 50 : at]))
    return bool(
        peak - f.gap[at] >= 0.1 * f.gap[0]
        and _mean_end(f.gap, 0.05) <= max(1.5 * low, 1e-3 * f.gap[0])
        and f.gap[at] <= 0.5 * f.gap[0]
    )


def late_instability(f: Fact) -> bool:
    """After it was low, the gap is at least 30 times as large for a fifth of the run, and below its first value."""
    low = f.gap[: int(0.8 * len(f.gap))]
    low = np.quantile(low, 0.1)
    end = _mean_end(f.gap, 0.2)
    return bool(low <= 0.02 * f.gap[0] and end >= 30 * low and 5e-3 * f.gap[0] <= end <= 1.0 * f.gap[0])


def diverged(f: Fact) -> bool:
    """The gap ends at three times its first value or more, has not been larger, and grows on."""
    with np.errstate(all="ignore"):
        grows = not np.isfinite(f.later[-1]) or f.later[-1] > 2 * f.gap[-1]
        return bool(np.isfinite(f.gap).all() and f.gap[-1] >= 3 * f.gap[0] and f.gap[-1] >= 0.5 * f.gap.max() and grows)


def non_finite(f: Fact) -> bool:
    return not np.isfinite(f.gap[-1])


def zero_gradient(f: Fact) -> bool:
    """The gradient of all data is zero to the last bit, for half of the run, and the loss is far from its minimum."""
    return bool((f.gradient_norm[len(f.gradient_norm) // 2 :] == 0).all() and (f.gap[-1] > 0.05))


def clipped(f: Fact) -> bool:
    """At least 98 % of all gradients are clipped, and much is left."""
    return bool(f.clipped.mean() >= 0.98 and f.gap[-1] >= 0.1 * f.gap[0])


def schedule_ended(f: Fact) -> bool:
    """Much is left, and as many steps again at the first learning rate at least halve it."""
    left = f.gap[-1]
    return bool(left >= 0.03 * f.gap[0] and _mean_end(f.later) <= 0.5 * left)


def left_domain(f: Fact) -> bool:
    """The last tenth of the points is outside the box, and the first point is inside."""
    return bool((np.abs(f.x[-len(f.x) // 10 :]).max(axis=1) > BOX).all() and np.abs(f.x[0]).max() < BOX)


BOX = 8.0

CHECKS: Mapping[str, Callable[[Fact], bool]] = {
    "converged": converged,
    "still falling": still_falling,
    "crawling": crawling,
    "plateau": plateau,
    "saddle": saddle,
    "oscillating": oscillating,
    "cycling": cycling,
    "noise floor": noise_floor,
    "spike": spike,
    "late instability": late_instability,
    "diverged": diverged,
    "non-finite": non_finite,
    "zero gradient": zero_gradient,
    "clipped": clipped,
    "schedule ended": schedule_ended,
    "left domain": left_domain,
}
