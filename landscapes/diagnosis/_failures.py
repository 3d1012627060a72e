"""Rules for runs that fail outright, and for those whose log names the cause: zeros, clipping, the schedule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscapes.diagnosis._finding import Finding, above, below
from landscapes.diagnosis._log import Array, Log
from landscapes.diagnosis._verdict import Evidence

LAST = 20
"""Entries before a failure in which the loss may have grown."""

GROWN = 0.5
"""A run has diverged if it ends this many times its largest fall above its start."""

ZEROS, ABRUPT = 0.1, 1e-4
"""The gradient is zero for this share of the run, after at least this share of its largest norm."""

CLIPPED = 0.95
"""The share of clipped steps from which clipping is the cause."""

LR_ENDED, LEFT = 0.05, 0.015
"""The schedule has ended at this share of the largest rate; the rest of the fall is this share of the fall so far."""


def non_finite(log: Log) -> Finding | None:
    """NaN or infinity until the end of the log."""
    if log.failed_at is None:
        return None
    tail, many = log.loss[-LAST:], len(log) > 1
    before = log.loss[-5 * LAST : -LAST] if len(log) > 2 * LAST else log.loss[: (len(log) + 1) // 2]
    grown = float(tail[-1] - tail.min()) / max(float(np.ptp(before)), 1e-300) if many else 0.0
    gradual = grown > 1
    how = "the loss grew before that" if gradual else "nothing in the loss announced it"
    if not len(log):
        how = "check the data, the initial weights and the formula of the loss"
    return Finding(
        "non-finite",
        f"{log.failed_first} is not finite from step {log.failed_at} on; {how}",
        (
            Evidence("first step that is not finite", float(log.failed_at)),
            *([Evidence(f"rise in the last {LAST} entries before, in the range of those before them", grown)] * many),
        ),
        (log.failed_at, log.failed_at),
        3.0,
        {"onset": float(log.failed_at), "gradual": float(gradual)},
        "diverged" if gradual else None,
    )


def stopped(log: Log) -> Finding | None:
    """The experiment stopped the run because it had left all bounds."""
    if log.diverged_at is None:
        return None
    return Finding(
        "diverged",
        f"the step of number {log.diverged_at} leaps so far that the run was stopped",
        (Evidence("step that was rejected", float(log.diverged_at)),),
        (log.diverged_at, log.diverged_at),
        3.0,
        {"onset": float(log.diverged_at)},
        "left domain",
    )


def diverged(log: Log) -> Finding | None:
    """The loss ends far above its start, near its largest value, and grows."""
    if len(log) < 4:
        return None
    end = float(np.median(log.loss[-3:]))
    rise = end - log.first
    bends = np.abs(np.diff(log.loss[: max(4, len(log) // 4)], 2))
    unit = max(log.drop, 3 * float(np.median(bends)), 1e-12 * abs(log.first))
    peak = float(log.loss.max()) - log.first
    before = max(0, min(int(0.8 * len(log)), len(log) - 5))
    earlier = float(np.median(log.loss[before : before + max(1, len(log) // 50)]))
    grows = end - earlier > 0.1 * max(rise, 0.0)
    if not (rise > GROWN * unit and rise > 0.1 * peak and grows):
        return None
    below_start = np.flatnonzero(log.loss <= log.first + 0.05 * unit)
    onset = int(below_start[-1]) if len(below_start) else 0
    growth = _growth(log.loss[onset:], log.step[onset:])
    return Finding(
        "diverged",
        f"the loss has left its first level for good at step {log.step[onset]} and grows by a factor of "
        f"{growth:.4g} per step",
        (
            Evidence("growth per step", growth),
            *([Evidence("rise above the start, in the fall before it", rise / log.drop)] if log.drop > 0 else []),
        ),
        log.span(onset),
        above(rise, GROWN * unit),
        {"onset": float(log.step[onset]), "growth": growth},
        "oscillating",
    )


def _growth(loss: Array, step: NDArray[np.int64]) -> float:
    """Return the factor per step by which the changes of the loss grow; 1 if there are too few."""
    changes = np.abs(np.diff(loss))
    used = changes > 0
    if used.sum() < 3:
        return 1.0
    return float(np.exp(np.polyfit((step[1:] - step[0])[used], np.log(changes[used]), 1)[0]))


def left_domain(log: Log) -> Finding | None:
    """The points of the end are outside the domain."""
    if log.outside is None or not log.outside[-max(1, len(log) // 20) :].all():
        return None
    inside = np.flatnonzero(~log.outside)
    onset = int(inside[-1]) + 1 if len(inside) else 0
    return Finding(
        "left domain",
        f"the run is outside the domain of the function from step {log.step[onset]} on",
        (Evidence("steps outside the domain", float(log.outside.sum())),),
        log.span(onset),
        3.0,
        {"onset": float(log.step[onset])},
        "diverged",
    )


def zero_gradient(log: Log) -> Finding | None:
    """The gradient is zero to the last bit, and was not small before."""
    g = log.gradient_norm
    if g is None:
        if np.ptp(log.loss) > 0:
            return None
        return Finding(
            "zero gradient",
            "the loss is the same at every step, to the last bit",
            (Evidence("distinct losses", 1.0),),
            log.span(0),
            0.3,
            {"onset": float(log.step[0])},
            "plateau",
        )
    used = np.flatnonzero(g != 0)
    onset = int(used[-1]) + 1 if len(used) else 0
    zeros = len(log) - onset
    if zeros < max(3, ZEROS * len(log)):
        return None
    before = float(g[onset - 1]) / float(g.max()) if onset else 1.0
    if before < ABRUPT:
        return None
    return Finding(
        "zero gradient",
        f"the gradient is exactly zero from step {log.step[onset]} on, so that no optimizer can move",
        (
            Evidence("steps with a gradient of exactly zero", float(zeros)),
            Evidence("last gradient before, in the largest", before),
        ),
        log.span(onset),
        above(before, ABRUPT),
        {"onset": float(log.step[onset])},
        "converged",
    )


def clipped(log: Log) -> Finding | None:
    """Nearly every gradient is longer than the limit of clipping."""
    if log.clip_norm is None or log.gradient_norm is None:
        return None
    share = float(np.mean(log.gradient_norm >= log.clip_norm * (1 - 1e-6)))
    if share < CLIPPED:
        return None
    typical = float(np.median(log.gradient_norm)) / log.clip_norm
    return Finding(
        "clipped",
        f"{share:.0%} of the gradients are clipped, so that the length of a step does not depend on the gradient",
        (Evidence("share of clipped steps", share), Evidence("typical gradient norm, in the limit", typical)),
        log.span(0),
        1 + above(share, CLIPPED),
        {"share": share},
        "crawling",
    )


def schedule_ended(log: Log) -> Finding | None:
    """The learning rate has decayed while each unit of it still lowered the loss."""
    if log.lr is None or len(log) < 16 or not log.lr.max() > 0 or log.drop <= 0:
        return None
    ratio = float(log.lr[-1] / log.lr.max())
    if ratio > LR_ENDED:
        return None
    used = np.concatenate([[0.0], np.cumsum(log.lr[:-1])]) / log.lr.max()  # steps at the largest rate
    places = np.searchsorted(used, used[-1] * np.array([0.5, 0.75]))
    half, last = (float(log.loss[max(0, p - 1) : p + 2].mean()) for p in places)
    end = float(log.loss[-max(1, len(log) // 20) :].mean())
    first_fall, last_fall = half - last, last - end
    if last_fall <= 0 or first_fall <= 0:
        return None
    q = min(last_fall / first_fall, 0.99)
    rest = last_fall * q / (1 - q) / log.drop
    if rest < LEFT or last_fall < 8 * log.noise:
        return None
    onset = int(np.flatnonzero(log.lr >= LR_ENDED * log.lr.max())[-1])
    return Finding(
        "schedule ended",
        f"the learning rate fell to {ratio:.2g} of its largest value by step {log.step[onset]}, "
        "while the loss was still falling",
        (
            Evidence("learning rate at the end, in the largest", ratio),
            Evidence("fall left by extrapolation, in the fall so far", rest),
        ),
        log.span(onset),
        min(above(rest, LEFT), below(ratio, LR_ENDED) + 0.3),
        {"onset": float(log.step[onset]), "left": rest},
        "converged",
    )
