"""Rules for runs whose loss goes up and down: spikes, oscillation, cycles, noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscapes.diagnosis._finding import Finding, above, below
from landscapes.diagnosis._log import Array, Log
from landscapes.diagnosis._verdict import Evidence

LEAP, LEAP_IN_NOISE, LEAP_ENTRIES = 0.05, 5.0, 5
"""A spike rises by this share of the fall, and by this many usual changes, within this many entries."""

BURSTS = 2
"""Leaps that come again more often are no single spike."""

EARLIER, AGAIN = 0.25, 0.5
"""A leap is noise with heavy tails if another shortly before it has the first share of its height, or if a later one
has the second."""

TAIL, BY_CHANCE, PART = 0.2, 0.02, 12
"""Nor is it a spike if the first share of the other leaps, as a power law, has one of its height with the second
chance. Leaps are the highest of so many entries each."""

BACK = 0.01
"""A spike is over if the loss is this share of the fall above the level before, or less."""

SWING = 0.008
"""The swing of an oscillation, in the fall."""

LOBE, LOBES, SHORT = 0.3, 0.95, 1 / 16
"""An oscillation has an autocorrelation below minus the first, and then above it. If its period is longer than this
share of the record, both together must reach the second: slow noise has such lobes by chance."""

CHANCE = 3.0
"""In short records, lobes must be this many standard deviations of the autocorrelation of noise."""

REPEATS = 1e-4
"""A cycle repeats within this share of its extent."""

HIDES, MANY = 0.5, 100
"""If losses spread over the first share of the fall or more, noise may hide a fall. Fewer entries than the second leave
that open."""

FLOOR = 4e-4
"""The spread of the losses at a noise floor, in the fall."""


def spike(log: Log) -> Finding | None:
    """The loss leaps up once and comes back."""
    n = len(log)
    if n < 24 or log.drop <= 0:
        return None
    ahead = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([log.loss, np.full(LEAP_ENTRIES, log.loss[-1])]), LEAP_ENTRIES + 1
    ).max(axis=1)
    leaps = ahead - log.loss
    leaps[: max(3, n // 50)] = 0
    base = int(np.argmax(leaps))
    before = log.loss[max(0, base - max(8, n // 20)) : base + 1]
    if len(before) < 4:
        return None
    level = float(np.median(before))
    recent = log.loss[max(0, base - max(30, n // 8)) : base + 1]
    if len(recent) < 2 * LEAP_ENTRIES:
        return None
    usual = max(float(np.quantile(np.abs(recent[LEAP_ENTRIES:] - recent[:-LEAP_ENTRIES]), 0.95)), 1e-300)
    height = float(leaps[base])
    fallen = log.first - level
    end = float(np.median(log.loss[-max(3, n // 20) :]))
    spread = float(np.quantile(before, 0.95) - np.quantile(before, 0.05))
    back = end - level <= min(0.15 * height, max(BACK * log.drop, 2 * spread))
    if not (height > LEAP * max(fallen, 0.0) and height > LEAP_IN_NOISE * usual and fallen > 0.3 * log.drop and back):
        return None
    over = np.flatnonzero(log.loss[base:] > level + 0.5 * height)
    if not len(over):
        return None
    peak = base + int(np.argmax(log.loss[base : base + LEAP_ENTRIES + 1]))
    recovered = base + int(over[-1]) + 1
    again = float(leaps[recovered:].max(initial=0.0))
    bursts = 1 + int(np.sum(np.diff(over) > LEAP_ENTRIES))
    earlier = float(leaps[max(0, base - max(30, n // 8)) : max(0, base - LEAP_ENTRIES)].max(initial=0.0))
    if len(over) > 0.3 * n or again > AGAIN * height or earlier > EARLIER * height or bursts > BURSTS:
        return None
    settled, calm = (_first_calm(part, level + spread) for part in (log.loss[:base], log.loss[recovered:]))
    settled = max(0, min(settled, base - max(5 * PART, n // 8)))
    others = [leaps[settled : max(0, base - LEAP_ENTRIES)], leaps[recovered + calm :]]
    if _by_chance(height, others) > BY_CHANCE:
        return None
    return Finding(
        "spike",
        f"the loss leaps up at step {log.step[base]} and is back by step {log.step[min(recovered, n - 1)]}",
        (
            Evidence("height, in the fall before it", height / max(fallen, 1e-300)),
            Evidence("height, in usual changes", height / usual),
            Evidence("entries above half of its height", float(len(over))),
        ),
        log.span(base, recovered),
        min(above(height, LEAP * fallen), above(height, LEAP_IN_NOISE * usual)),
        {"onset": float(log.step[base]), "peak": float(log.step[peak]), "height": height},
        "late instability",
    )


def _first_calm(loss: Array, limit: float) -> int:
    """Return the first entry after which nine of ten losses are below the limit: not a fall, nor ringing after a leap.

    It is the number of losses if there is none.
    """
    if len(loss) < 2 * PART:
        return len(loss)
    share = np.lib.stride_tricks.sliding_window_view(loss <= limit, 2 * PART).mean(1)
    calm = np.flatnonzero(share >= 0.9)
    return int(calm[0]) if len(calm) else len(loss)


def _by_chance(height: float, others: Sequence[Array]) -> float:
    """Return the chance of a leap of this height above all others, if the tail of their heights is a power law.

    The logarithms of the ratios of the largest heights are exponential then (Rényi 1953, *On the theory of order
    statistics*), so that the first in the mean of the next k has an F distribution. It is 0 if there are too few.
    """
    parts = [part[: len(part) // PART * PART].reshape(-1, PART).max(1) for part in others]
    heights = np.sort(np.concatenate(parts))[::-1]
    tail = heights[: int(TAIL * len(heights)) + 2]
    if len(tail) < 3 or not tail[-1] > 0 or height <= tail[0]:
        return float(len(tail) > 0 and height <= tail[0])
    total = max(float(np.log(tail / tail[-1]).sum()), 1e-300)
    return float((1 + np.log(height / tail[0]) / total) ** (1 - len(tail)))


def cycling(log: Log) -> Finding | None:
    """The losses repeat exactly."""
    n = len(log)
    tail = log.loss[-max(12, n // 4) :]
    extent = float(np.ptp(tail))
    if n < 24 or extent <= 1e-4 * max(log.drop, float(np.ptp(log.loss))) or extent <= 1e-10 * np.abs(tail).max():
        return None
    for period in range(2, min(60, len(tail) // 3) + 1):
        error = float(np.abs(tail[period:] - tail[:-period]).max())
        if error <= REPEATS * extent and float(np.ptp(tail[-period:])) >= 0.5 * extent:  # else it is a slow trend
            steps = period * int(log.step[-1] - log.step[-2])
            return Finding(
                "cycling",
                f"the losses repeat every {steps} steps",
                (
                    Evidence("period in steps", float(steps)),
                    Evidence("largest deviation, in the extent", error / extent),
                ),
                log.span(n - len(tail)),
                below(error, REPEATS * extent),
                {"period": float(steps), "amplitude": extent},
                "oscillating",
            )
    return None


def oscillating(log: Log) -> Finding | None:
    """The loss swings about its trend in a regular way."""
    n = len(log)
    if n < 24:
        return None
    rest, swing = log.rest, swing_of(log)
    if swing < SWING:
        return None
    c = log.correlation[: len(rest) // 2]
    lobe = max(LOBE, CHANCE / np.sqrt(len(rest)))
    deep = np.flatnonzero(c < -lobe)
    if not len(deep):
        return None
    after = c[deep[0] :]
    lag = int(deep[0] + np.argmax(after)) if len(after) else 0
    lobes = float(c[lag] - c[deep].min())
    if lag < 2 or c[lag] < lobe or (lag > SHORT * len(rest) and lobes < LOBES):
        return None
    ups = np.flatnonzero(np.diff(np.sign(rest - np.median(rest))) != 0)
    turns = len(ups) / 2
    if turns < 3:
        return None
    shortest = int(deep[0] + np.argmax(after >= 0.9 * c[lag]))  # multiples of the period may correlate better
    peak = shortest + int(np.argmax(c[shortest : shortest + max(2, shortest // 4)]))
    period = peak * float(log.step[-1] - log.step[0]) / (n - 1)
    edge = edge_of(log)
    evidence = [
        Evidence("period in steps", period),
        Evidence("swing, in the fall", swing),
        Evidence("autocorrelation one period later", float(c[lag])),
    ]
    evidence += [Evidence("learning rate · largest curvature (stable below 2)", edge)] if edge is not None else []
    at_edge = "; the learning rate is at the stability edge" if edge is not None and edge > 1.7 else ""
    return Finding(
        "oscillating",
        f"the loss swings with a period of about {period:.3g} steps{at_edge}",
        tuple(evidence),
        log.span(n // 2),
        min(above(swing, SWING), 2 * above(lobes, 2 * LOBE)),
        {"period": period, "amplitude": swing * log.drop},
        "noise floor",
    )


def swing_of(log: Log) -> float:
    """Return the extent of the second half without its trend, in the fall."""
    return float(np.quantile(log.rest, 0.97) - np.quantile(log.rest, 0.03)) / max(log.drop, 1e-300)


def edge_of(log: Log) -> float | None:
    """Return the learning rate times the largest eigenvalue of the Hessian, if both are at hand."""
    values: Array | None = log.eigenvalues
    rate = float(log.lr[-1]) if log.lr is not None else log.rate
    return None if values is None or rate is None else float(rate * values[-1])


def noise_floor(log: Log) -> Finding | None:
    """The loss is irregular, and its mean has stopped falling."""
    n = len(log)
    if n < 24 or not log.noisy or log.drop <= 0:
        return None
    middle, last = log.loss[n // 3 : 2 * n // 3], log.loss[2 * n // 3 :]
    spread = float(np.quantile(last, 0.95) - np.quantile(last, 0.05))
    if spread < FLOOR * log.drop or np.mean(last) > log.loss[0]:  # steps that lower nothing are no floor
        return None
    fall = float(np.mean(middle) - np.mean(last))
    if abs(fall) > 0.25 * spread or (spread > HIDES * log.drop and n < MANY):
        return None
    level = float(np.mean(last))
    return Finding(
        "noise floor",
        f"the loss has stopped falling at {level:.4g}, where noise raises it as much as steps lower it",
        (
            Evidence("spread of the last third, in the fall", spread / log.drop),
            Evidence("fall from the second to the last third, in the spread", fall / spread),
        ),
        log.span(n // 3),
        min(above(spread, FLOOR * log.drop), below(abs(fall), 0.25 * spread)),
        {"level": level, "spread": spread},
        "still falling",
    )
