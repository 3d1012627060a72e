"""The rule for a loss that has settled and rises again: late instability, judged by the noise around the low."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from landscapes.diagnosis._finding import Finding, above
from landscapes.diagnosis._log import Array, Log
from landscapes.diagnosis._verdict import Evidence

ENDS = (10, "tenth"), (20, "twentieth")
"""The end of a run is such a share of it: first the larger one, for noise; then the smaller one, for slow rises."""

BLOCKS = 20
"""The levels of a run are the medians of so many parts of equal length."""

SPREADS = 4.0
"""A rise is no noise if it is so many spreads of the losses around the low."""

SEEN, WALKS, CALM = 1.5, 4.0, 4
"""At the smaller end, a rise is no noise if it is so many spreads, and the second number of times what a random walk
would reach whose levels bend as much as those of the calm part: slow noise is at most a random walk. The third number
is the least one of levels of that part."""

FACTOR, LONG = 2.0, 0.4
"""Or if it multiplies the distance to the lowest loss by the first figure, after levels were low for the second share
of the run."""

LOW, LOW_IN_NOISE, WANDERS = 0.3, 3.0, 0.5
"""Levels up to the first share of the rise, and so many spreads, are low. If a level between two of them was above the
third share, the loss wanders, as slow noise does; so it does if one at the end is below it, and within the noise."""

BURSTS, LEAST_BURSTS = 0.1, 3
"""Bursts lift this share and this number of the last losses or more, after `LONG` without one."""

QUANTA = 8.0
"""The least rise in units of the smallest difference of two losses that follow each other: logs are rounded."""

LEAST_RISE = 1e-10
"""The least rise in the fall: below it, sums of numbers of the size of the fall are rounding."""


@dataclass(frozen=True)
class _Low:
    """The lowest stretch of the first four fifths: its median, the spread of its losses, and its last entry.

    The noise is the spread, or larger where losses are rounded.
    """

    median: float
    spread: float
    noise: float
    last: int


def late_instability(log: Log) -> Finding | None:
    """The loss was low over a calm stretch, and stands or leaps above what its noise explains at the end."""
    if len(log) < 24 or log.drop <= 0:
        return None
    low = _low(log)
    if low.median > log.first - 0.5 * log.drop:
        return None
    tail = log.loss[-max(3, len(log) // 10) :]
    found, end, words = None, 0.0, ""
    for parts, name in ENDS:
        if found is None:
            end, words = float(np.median(log.loss[-max(3, len(log) // parts) :])), f"the median of the last {name} is"
            found = _standing(log, low, end, parts)
    if found is None:
        end, words = float(np.quantile(tail, 0.95)), "bursts of the last tenth reach"
        found = _bursting(log, low, tail, end)
    if found is None or end - low.median <= max(QUANTA * _quantum(log.loss), LEAST_RISE * log.drop):
        return None
    onset, margin = found
    rise, times = end - low.median, f", {end / low.median:.3g} times as high" if low.median > 0 else ""
    return Finding(
        "late instability",
        f"the loss had settled at {low.median:.4g} by step {log.step[low.last]}, and rises since step "
        f"{log.step[onset]}: {words} {end:.4g}{times}",
        (
            Evidence("rise above the low, in spreads of the losses there", rise / max(low.spread, 1e-300)),
            Evidence("distance from the lowest loss, in that of the low", _factor(log, low, end)),
            Evidence("rise, in the fall of the run", rise / log.drop),
        ),
        log.span(onset),
        margin,
        {"onset": float(log.step[onset]), "factor": _factor(log, low, end), "low": low.median, "end": end},
        "converged" if rise < 1e-3 * log.drop else "noise floor",
    )


def _low(log: Log) -> _Low:
    n, width = len(log), max(4, int(0.12 * len(log)))
    sums = np.concatenate([[0.0], np.cumsum(log.loss - log.lowest)])
    means = (sums[width:] - sums[:-width]) / width
    first = int(np.argmin(means[: max(1, int(0.8 * n) - width)]))
    window = log.loss[first : first + width]
    spread = float(np.quantile(window, 0.95) - np.quantile(window, 0.05))
    return _Low(float(np.median(window)), spread, max(spread, QUANTA * _quantum(log.loss)), first + width - 1)


def _quantum(loss: Array) -> float:
    """Return the smallest difference of two losses that follow each other, other than zero."""
    changes = np.abs(np.diff(loss))
    return float(changes[changes > 0].min(initial=np.inf))


def _factor(log: Log, low: _Low, end: float) -> float:
    return (end - log.lowest) / max(low.median - log.lowest, 1e-3 * (end - low.median))


def _standing(log: Log, low: _Low, end: float, parts: int) -> tuple[int, float] | None:
    """Return the onset and the margin if the levels were low up to some entry, and are high from there on."""
    rise = end - low.median
    edges = np.linspace(0, len(log), min(BLOCKS, len(log) // 3) + 1).astype(int)
    levels = np.array([np.median(log.loss[a:b]) for a, b in itertools.pairwise(edges)]) - low.median
    calm = np.flatnonzero(levels <= min(LOW * rise, LOW_IN_NOISE * low.noise))
    if not len(calm):
        return None
    before, after = levels[calm[0] : calm[-1] + 1], levels[-max(1, len(levels) // parts) :]
    if before.max() > WANDERS * rise or after.min() <= min(WANDERS * rise, SPREADS * low.noise):
        return None
    if parts == ENDS[0][0]:
        margin = above(rise, SPREADS * low.spread)
        if len(before) >= LONG * len(levels):
            margin = max(margin, above(_factor(log, low, end), FACTOR))
    else:
        walk = _walk(before, len(levels) - int(calm[0])) if len(before) >= CALM else np.inf
        margin = min(above(rise, SEEN * low.spread), above(rise, WALKS * walk))
    begin = int(edges[calm[-1] : calm[-1] + 2].mean())  # of the last low part, more than half is low
    limit = low.median + min(WANDERS * rise, LOW_IN_NOISE * low.noise)
    return (begin + int(np.argmax(log.loss[begin:] > limit)), margin) if margin > 0 else None


def _walk(levels: Array, length: int) -> float:
    """Return how far a random walk of this length gets if its second differences are as large as those of levels."""
    return float(1.4826 * np.median(np.abs(np.diff(levels, 2))) * np.sqrt(length / 2))


def _bursting(log: Log, low: _Low, tail: Array, high: float) -> tuple[int, float] | None:
    """Return the onset and the margin if no loss leapt for a long time, and many of the last do."""
    limit = low.median + SPREADS * low.noise
    many = np.count_nonzero(tail > limit)
    if many < max(LEAST_BURSTS, BURSTS * len(tail)):
        return None
    places = np.concatenate([[-1], np.flatnonzero(log.loss > limit)])
    longest = int(np.argmax(np.diff(places)))
    calm, onset = int(places[longest]) + 1, int(places[longest + 1])
    if onset - calm < LONG * len(log) or float(log.loss[calm:onset].max()) - low.median > WANDERS * (high - low.median):
        return None
    return onset, above(high - low.median, SPREADS * low.noise)
