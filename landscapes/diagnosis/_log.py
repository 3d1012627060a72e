"""The log of one run as the rules read it: cleaned arrays, and figures that no unit of the loss changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Log:
    """The log of one run of T entries.

    Attributes:
        loss: the losses (T,), the finite part up to a trailing failure.
        step: the step numbers (T,).
        gradient_norm: norms of the gradient (T,), or None.
        step_length: distances from each point to the next (T,), the last one repeated, or None.
        lr: learning rates (T,), or None.
        travelled: the length of the trajectory in the norm of the weights, or None.
        clip_norm: the norm to which gradients are clipped, or None.
        outside: whether each point is outside the domain (T,), or None.
        failed_at: the step of the first loss or gradient that is not finite, up to the end; None if there is none.
        failed_first: what was not finite first: "the loss" or "the gradient".
        diverged_at: the step at which an experiment stopped the run because it had diverged, or None.
        gaps: entries in between that were NaN and are left out.
        infinite: the steps of infinite losses before the end, which are left out too.
        ends_at: the last step of the log, with a failure; None if it is the last of `step`.
        curvature: returns the eigenvalues of the Hessian at the last point, and the gradient's components on its
            eigenvectors (or None); None if no function is at hand.
    """

    loss: Array
    step: NDArray[np.int64]
    gradient_norm: Array | None = None
    step_length: Array | None = None
    lr: Array | None = None
    travelled: float | None = None
    clip_norm: float | None = None
    outside: NDArray[np.bool_] | None = None
    failed_at: int | None = None
    failed_first: str = ""
    diverged_at: int | None = None
    gaps: int = 0
    infinite: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    ends_at: int | None = None
    curvature: Callable[[], Array | None] | None = None

    def __len__(self) -> int:
        return len(self.loss)

    def span(self, start: int, stop: int | None = None) -> tuple[int, int]:
        """Return the steps of two entries."""
        last = len(self) - 1 if stop is None else min(stop, len(self) - 1)
        return int(self.step[max(0, start)]), int(self.step[last])

    @property
    def last(self) -> int:
        """The last step of the log, with a failure."""
        return self.ends_at if self.ends_at is not None else int(self.step[-1]) if len(self) else 0

    @cached_property
    def first(self) -> float:
        return float(self.loss[0])

    @cached_property
    def lowest(self) -> float:
        return float(self.loss.min())

    @cached_property
    def drop(self) -> float:
        """How far the loss fell below its first value; the unit of all thresholds."""
        return self.first - self.lowest

    @cached_property
    def late_range(self) -> float:
        """The range of the losses of the last half."""
        return float(np.ptp(self.loss[len(self) // 2 :])) if len(self) else 0.0

    @cached_property
    def quarters(self) -> tuple[float, float]:
        """The falls of the loss over the third and the last quarter of the run."""
        half, last, end = (self.level(at) for at in (0.5, 0.75, 1.0))
        return half - last, last - end

    def level(self, share: float, width: float = 0.12) -> float:
        """Return the loss after a share of the run; of a noisy one the mean around it, cut off at the ends."""
        middle = share * (len(self) - 1)
        if not self.noisy:
            return float(np.interp(middle, np.arange(len(self)), self.loss))
        reach = max(1.0, width * len(self) / 2)
        return float(self.loss[max(0, round(middle - reach)) : round(middle + reach) + 1].mean())

    @cached_property
    def noise(self) -> float:
        """The standard deviation of the irregular part of the loss in the second half, from second differences."""
        tail = self.loss[len(self) // 2 :]
        if len(tail) < 5:
            return 0.0
        bends = np.diff(tail, 2)
        return float(1.4826 * np.median(np.abs(bends)) / np.sqrt(6))

    @cached_property
    def noisy(self) -> bool:
        """Whether the loss goes up as well as down, step by step, in the second half."""
        tail = np.diff(self.loss[len(self) // 2 :])
        moved = tail[np.abs(tail) > 1e-12 * max(self.drop, 1e-300)]
        return len(moved) >= 8 and float(np.mean(moved > 0)) > 0.15

    @cached_property
    def rate(self) -> float | None:
        """The step length per unit of gradient norm in the last fifth: what the learning rate amounts to."""
        if self.gradient_norm is None or self.step_length is None:
            return None
        part = slice(-max(3, len(self) // 5), None)
        g, s = self.gradient_norm[part], self.step_length[part]
        usable = (g > 0) & np.isfinite(g) & np.isfinite(s)
        return float(np.median(s[usable] / g[usable])) if usable.any() else None

    @cached_property
    def eigenvalues(self) -> Array | None:
        """The eigenvalues of the Hessian at the last point, ascending; None if no function is at hand."""
        return None if self.curvature is None else self.curvature()

    @cached_property
    def rest(self) -> Array:
        """The second half of the losses without its trend: a parabola is taken off."""
        tail = self.loss[len(self) // 2 :]
        scale = max(float(np.ptp(tail)), 1e-300)
        t = np.linspace(-1, 1, len(tail))
        y = (tail - tail[0]) / scale
        return np.asarray((y - np.polynomial.polynomial.polyval(t, np.polynomial.polynomial.polyfit(t, y, 2))) * scale)

    @cached_property
    def correlation(self) -> Array:
        """The autocorrelation of `rest` at lags 0, 1, …; zeros if it is constant."""
        y = self.rest - self.rest.mean()
        scale = float(np.abs(y).max())
        if scale == 0:
            return np.zeros(len(y))
        y = y / scale
        size = 1 << (2 * len(y) - 1).bit_length()
        power = np.abs(np.fft.rfft(y, size)) ** 2
        found = np.fft.irfft(power, size)[: len(y)]
        return np.asarray(found / found[0] * len(y) / (len(y) - np.arange(len(y)) + 0.0))
