"""The rule for a loss that swings irregularly, but not by chance: chaotic descent at too large a learning rate."""

from __future__ import annotations

import numpy as np

from landscapes.diagnosis._finding import Finding, above, below
from landscapes.diagnosis._log import Array, Log
from landscapes.diagnosis._motion import SWING, edge_of, swing_of
from landscapes.diagnosis._verdict import Evidence

EDGE, PLAIN = 2.0, 0.01
"""Gradient descent is unstable where the learning rate times the largest curvature exceeds the first figure. A run is
gradient descent if its step lengths are the same multiple of the gradient norms, within the second."""

FORECAST, SECOND = 0.6, 0.85
"""A loss is no noise if similar pairs of losses forecast the next one with the first share of the error of a linear
forecast, or less, and the one after it with the second share (Sugihara and May 1990, Nonlinear forecasting as a way of
distinguishing chaos from measurement error). The last batch of an epoch is known from the others, the next is not."""

FEWEST, MOST, NEIGHBOURS = 150, 400, 2
"""Forecasts need the first number of losses, use the last ones up to the second, and the third of similar pairs."""


def chaotic(log: Log) -> Finding | None:
    """The loss swings irregularly; a learning rate beyond the stability edge, or the next loss, is known."""
    if len(log) < 24 or not log.noisy or swing_of(log) < SWING:
        return None
    edge = edge_of(log) if _is_descent(log) else None
    error, second = (_forecast_error(log.rest[-MOST:], ahead) for ahead in (1, 2))
    if edge is not None and edge > EDGE:
        why, margin = "the learning rate is beyond the stability edge", 2 * above(edge, EDGE)
        evidence = Evidence("learning rate · largest curvature (stable below 2)", edge)
    elif error < FORECAST and second < SECOND:
        why, margin = (
            "similar losses have similar successors, as with too large a learning rate",
            below(error, FORECAST),
        )
        evidence = Evidence("error of forecasts from similar losses, in that of linear ones", error)
    else:
        return None
    return Finding(
        "oscillating",
        f"the loss swings irregularly, without noise: {why}",
        (evidence, Evidence("swing, in the fall", swing_of(log))),
        log.span(len(log) // 2),
        min(above(swing_of(log), SWING), margin),
        {"amplitude": swing_of(log) * log.drop, **({} if edge is None else {"edge": edge})},
        "noise floor",
    )


def _is_descent(log: Log) -> bool:
    """Return whether step lengths are one multiple of the gradient norms, as of plain gradient descent."""
    if log.gradient_norm is None or log.step_length is None:
        return False
    part = slice(len(log) // 2, -1)
    g, s = log.gradient_norm[part], log.step_length[part]
    ratios = s[g > 0] / g[g > 0]
    return len(ratios) > 0 and float(np.ptp(ratios)) <= PLAIN * float(np.median(ratios))


def _forecast_error(loss: Array, ahead: int = 1) -> float:
    """Return the median error of forecasts from the most similar pairs of losses, in that of a linear forecast.

    Args:
        loss: the losses.
        ahead: by how many losses the forecast is ahead of a pair.

    >>> x = [0.3]
    >>> for _ in range(199):
    ...     x.append(4 * x[-1] * (1 - x[-1]))  # the logistic map, which is chaotic
    >>> _forecast_error(np.array(x)) < 0.1, _forecast_error(np.random.default_rng(0).normal(size=200)) > 1
    (True, True)
    """
    if len(loss) < FEWEST or not np.ptp(loss) > 0:
        return np.inf
    y = np.argsort(np.argsort(loss)) / len(loss)  # ranks, so that rare large losses do not matter
    pairs, following = np.column_stack([y[: -1 - ahead], y[1:-ahead]]), y[1 + ahead :]
    distances = ((pairs[:, None] - pairs) ** 2).sum(-1)
    order = np.arange(len(pairs))
    distances[np.abs(order[:, None] - order) <= 1 + ahead] = np.inf  # pairs that share losses with it
    nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    weights = 1 / np.maximum(np.take_along_axis(distances, nearest, 1), 1e-12)
    forecast = (weights * following[nearest]).sum(1) / weights.sum(1)
    known = np.column_stack([pairs, np.ones(len(pairs))])
    linear = known @ np.linalg.lstsq(known, following, rcond=None)[0]
    return float(np.median(np.abs(forecast - following)) / max(np.median(np.abs(linear - following)), 1e-300))
