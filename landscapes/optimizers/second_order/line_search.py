"""Line searches for many runs at once; runs that are done wait for the others."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.linalg import dot
from landscapes.optimizers.stepper import StepContext

HALVINGS = 40
"""Largest number of trials of `backtrack`."""

TRIALS = 25
"""Largest number of trials of `strong_wolfe` after the first."""

WIDER = 10.0
"""Largest ratio of a trial to the previous one while bracketing."""

NEARER = 0.1
"""Distance of a trial from the ends of its bracket, relative to the width, after a trial with little progress."""


def rounding(value: Tensor) -> Tensor:
    """Return the tolerance (R,) within which values are equal up to rounding."""
    return 10 * torch.finfo(value.dtype).eps * value.abs()


def backtrack(
    context: StepContext, p: Tensor, slope: Tensor, value: Tensor, first: Tensor, least: float = 1e-4
) -> Tensor:
    """Return the first of `first`, `first`/2, `first`/4, … with sufficient decrease (Armijo, 1966); 0 if there is none.

    Sufficient means f(x + t·p) ≤ f(x) + least·t·slope, up to rounding. NaN is never sufficient. Each round takes one
    value per run.

    Args:
        context: what the runs see.
        p: directions, shape (d, R).
        slope: gᵀp, shape (R,).
        value: f(x), shape (R,).
        first: first step lengths to try, shape (R,).
        least: fraction of the predicted decrease that is sufficient; default 1e-4.
    """
    t, waiting, failed = first, context.active & (slope < 0), ~(slope < 0)
    for _ in range(HALVINGS):
        there = context.x + t * p
        ends = (there == context.x).all(0)  # no point in between
        waiting, failed = waiting & ~ends, failed | (waiting & ends)
        if not waiting.any():
            break
        reached = context.oracle.value(there, waiting)
        waiting = waiting & ~(reached <= value + least * t * slope + rounding(value))
        t = torch.where(waiting, t / 2, t)
    return torch.where(failed | waiting, 0.0, t)


class Trial(NamedTuple):
    """Values f and slopes, shape (R,) each, and gradients g, shape (d, R), at step lengths t along a line."""

    t: Tensor
    f: Tensor
    slope: Tensor
    g: Tensor

    def where(self, mask: Tensor, other: Trial) -> Trial:
        """Select this trial where the mask (R,) is true, else the other."""
        return Trial(*(torch.where(mask, mine, yours) for mine, yours in zip(self, other, strict=True)))


def strong_wolfe(
    context: StepContext, p: Tensor, start: Trial, first: Tensor, c1: Scalar, c2: Scalar, counts_first: Tensor
) -> Trial:
    """Return a step along p that meets the strong Wolfe conditions; else the lowest trial, possibly the start.

        f(x + t·p) ≤ f(x) + c₁·t·slope
        |slope at t| ≤ c₂·|slope|

    Bracketing and zoom follow Nocedal & Wright (2006, algorithms 3.5 and 3.6). Cubic interpolation and its safeguards
    are those of `torch.optim.LBFGS`, which takes them from Schmidt's minFunc (2005): a bracket grows at most tenfold,
    and two trials in a row stay away from its ends by a tenth of its width. A trial without a finite value and slope
    counts as too high. Each round takes one gradient per run.

    Args:
        context: what the runs see.
        p: directions, shape (d, R).
        start: the trial at t = 0.
        first: first step lengths to try, shape (R,).
        c1, c2: 0 < c₁ < c₂ < 1.
        counts_first: mask (R,) of the runs that are charged for their first trial.
    """
    searching = bracketing = context.active & (start.slope < 0)  # bracketing: no bracket found yet
    best = worst = start  # bracketing: the previous trial; then the ends of the bracket, lower value first
    slow = torch.zeros_like(searching)  # the last trial was close to an end of the bracket
    t = first
    for trial in range(TRIALS + 1):
        if not searching.any():
            break
        here = _evaluate_trial(context, p, t, searching & counts_first if trial == 0 else searching)
        raises = ~(here.f <= start.f + c1 * t * start.slope + rounding(start.f))
        raises = raises | ((here.f >= best.f) & (~bracketing | (trial > 1)))
        arrives = ~raises & (here.slope.abs() <= -c2 * start.slope)
        closes = searching & ~arrives & (raises | (bracketing & (here.slope >= 0)))
        crosses = ~bracketing & ~arrives & (here.slope * (worst.t - best.t) >= 0)
        wider = _cubic_minimizer(best, here, t + 0.01 * (t - best.t), WIDER * t)
        lower = here.where(searching & (~closes | (here.f < best.f)), best)
        worst = here.where(closes & (here.f >= best.f), best.where((closes | (searching & crosses)), worst))
        best = lower
        bracketing = bracketing & ~closes
        searching = searching & ~arrives & (bracketing | _bracket_is_open(context.x, p, start, best.t, worst.t))
        inner, slow = _next_in_bracket(best, worst, slow)
        t = torch.where(bracketing, wider, inner)
    return best


def _evaluate_trial(context: StepContext, p: Tensor, t: Tensor, mask: Tensor) -> Trial:
    f, g = context.oracle.value_and_gradient(context.x + t * p, mask)
    slope = dot(g, p)
    sound = f.isfinite() & slope.isfinite()
    return Trial(t, torch.where(sound, f, torch.inf), slope, g)


def _bracket_is_open(x: Tensor, p: Tensor, start: Trial, a: Tensor, b: Tensor) -> Tensor:
    """Return which brackets still contain other points and values than their ends, beyond rounding."""
    width, eps = (b - a).abs(), torch.finfo(x.dtype).eps
    return (width * p.abs() > eps * x.abs()).any(0) & (width * start.slope.abs() > eps * start.f.abs())


def _next_in_bracket(best: Trial, worst: Trial, slow: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next trial in a bracket, and whether it came close to an end without being moved away."""
    low, high = torch.minimum(best.t, worst.t), torch.maximum(best.t, worst.t)
    t = _cubic_minimizer(best, worst, low, high)
    margin = NEARER * (high - low)
    close = torch.minimum(high - t, t - low) < margin
    moved = close & (slow | (t >= high) | (t <= low))
    away = torch.where((t - high).abs() < (t - low).abs(), high - margin, low + margin)
    return torch.where(moved, away, t), close & ~moved


def _cubic_minimizer(a: Trial, b: Trial, low: Tensor, high: Tensor) -> Tensor:
    """Return the minimizer of the cubic through two trials, clipped to [low, high]; the midpoint if the cubic has none.

    Nocedal & Wright (2006), equation 3.59.
    """
    rising = a.t <= b.t
    left, right = a.where(rising, b), b.where(rising, a)
    d1 = left.slope + right.slope - 3 * (left.f - right.f) / (left.t - right.t)
    d2 = (d1 * d1 - left.slope * right.slope).sqrt()
    share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2)
    t = right.t - (right.t - left.t) * share
    return torch.where(t.isnan(), (low + high) / 2, torch.minimum(torch.maximum(t, low), high))
