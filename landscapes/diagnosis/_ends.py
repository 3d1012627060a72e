"""Rules for runs that end smoothly: converged, still falling, crawling, on a plateau, at a saddle."""

from __future__ import annotations

import math

import numpy as np

from landscapes.diagnosis._finding import Finding, above, below
from landscapes.diagnosis._log import Log
from landscapes.diagnosis._verdict import Evidence

SETTLED = 1e-3
"""A run has converged if extrapolation finds this share of its fall left, or less."""

SLOW = 0.945
"""A run crawls if each quarter of it lowers the loss by this share of the quarter before, or more."""

ACCELERATES = 1.02
"""The fall accelerates if each quarter lowers the loss by this many times that of the quarter before, or more."""

UNMOVED = 0.1
"""Points have hardly moved if the length of their trajectory is this share of the norm of the weights, or less."""

STALLED = 0.02
"""A run stands if its last quarter lowers the loss by less than this share of the fall."""

QUIET = 3e-2
"""The gradient of a run that stands has fallen to this share of its largest norm."""

HIDDEN = 0.05
"""Noise of this share of the fall hides whether a run has settled."""

GROWS = 1 + 1e-4
"""Without a function at hand, a gradient that grows by this factor while the loss falls shows negative curvature."""

CONCAVE, FREED = 0.05, 1.0
"""Curvature is negative if it is this share of the largest in size. Over the whole run, the learning rate times it
must exceed the second figure for a saddle; a plateau is too flat for that."""


def smooth_end(log: Log) -> Finding | None:
    """Tell the smooth ends apart by what is left to fall, and by curvature where it is to be had."""
    if len(log) < 8:
        return None
    third, last = log.quarters
    if log.drop <= 0:
        return _standing(log, last)
    q = last / third if third > 0 else math.inf
    left = last * q / (1 - q) / log.drop if 0 < q < 0.995 else (0.0 if last <= 0 else math.inf)
    share = last / log.drop
    concave = _curvature(log)
    if concave is not None and concave < -CONCAVE:
        freed = _freed(log)
        stands = share < STALLED and _quiet(log) < QUIET if freed > FREED else share < SETTLED or q >= SLOW
        if stands:
            return _stuck(log, concave, share)
    if share < SETTLED and (left < SETTLED or log.noisy or abs(share) < 1e-9):
        if concave is None and log.gradient_norm is not None and _quiet(log) > QUIET and not log.noisy and share < 1e-6:
            return None
        hidden = log.noisy and log.noise > HIDDEN * log.drop
        return None if hidden else _converged(log, share)
    if log.noisy:
        return _falling(log, share, q, left) if last > 4 * log.noise / math.sqrt(max(1.0, 0.12 * len(log))) else None
    if last <= 0:
        return None
    if q >= SLOW:
        growing = _growth(log)
        if concave is None and growing is not None and growing > GROWS:
            return _stuck(log, None, share)
        return _falling(log, share, q, left) if q > ACCELERATES else _crawling(log, share, q, left)
    return _falling(log, share, q, left)


def _standing(log: Log, last: float) -> Finding | None:
    """Return what a run is that never fell."""
    concave = _curvature(log)
    if concave is not None and concave < -CONCAVE:
        return _stuck(log, concave, 0.0)
    return None


def _quiet(log: Log) -> float:
    """Return the last gradient norm in the largest one; 1 if there is none."""
    if log.gradient_norm is None:
        return 1.0
    return float(np.median(log.gradient_norm[-max(1, len(log) // 50) :]) / max(float(log.gradient_norm.max()), 1e-300))


def _growth(log: Log) -> float | None:
    """Return the factor by which the gradient norm changes in the second half."""
    if log.gradient_norm is None:
        return None
    return float(log.gradient_norm[-1] / max(float(log.gradient_norm[len(log) // 2]), 1e-300))


def _curvature(log: Log) -> float | None:
    """Return the lowest eigenvalue of the Hessian in the largest by size, or None."""
    values = log.eigenvalues
    if values is None or not np.isfinite(values).all():
        return None
    largest = float(np.abs(values).max())
    return float(values[0]) / largest if largest > 0 else 0.0


def _rate(log: Log) -> float | None:
    """Return the learning rate of the end: the steps' own, or the logged one where the steps are zero."""
    return log.rate or (float(log.lr[-1]) if log.lr is not None else None)


def _freed(log: Log) -> float:
    """Return the learning rate times the size of the lowest eigenvalue, over the whole run; 0 if not at hand."""
    rate, values = _rate(log), log.eigenvalues
    if rate is None or values is None:
        return 0.0
    return rate * abs(float(values[0])) * float(log.step[-1] - log.step[0])


def _converged(log: Log, share: float) -> Finding:
    end = float(np.median(log.loss[-max(3, len(log) // 10) :]))
    above = end - log.lowest > SETTLED * log.drop  # noise or a slow rise keeps it there
    law, evidence, figures = ("", [], {}) if above else _law(log)
    quiet = _quiet(log)
    shown = [Evidence("fall of the last quarter, in the fall", share), *evidence]
    shown += [Evidence("last gradient norm, in the largest", quiet)] if log.gradient_norm is not None else []
    high = np.flatnonzero(log.loss > log.lowest + SETTLED * log.drop)
    settled = int(np.argmax(log.loss <= end)) if above else int(high[-1])
    best = log.step[int(np.argmin(log.loss))]
    lowest = "" if log.eigenvalues is None else f"lowest curvature {log.eigenvalues[0]:.3g}: not a saddle"
    says = f"the loss has settled at {log.lowest:.6g} by step {log.step[settled]}{law}"
    if above:
        says = f"the loss ends around {end:.6g}, after its lowest value of {log.lowest:.6g} at step {best}"
    return Finding(
        "converged",
        says,
        tuple(shown),
        log.span(settled),
        below(share, SETTLED) + 0.2 if log.eigenvalues is not None else 0.0,  # curves alone do not exclude a saddle
        {"settled": float(log.step[settled]), **figures},
        "saddle",
        lowest,
    )


def _law(log: Log) -> tuple[str, list[Evidence], dict[str, float]]:
    """Return how fast the run converged: linearly with a rate, or as a power of the step."""
    gap = log.loss - log.lowest
    third, last = log.quarters
    rest = last**2 / (third - last) if third > last > 0 else 0.0  # of a power law, the lowest loss is not the limit
    usable = (gap < 0.3 * log.drop) & (gap > max(1e-12 * abs(log.lowest), 1e-13 * log.drop, 50 * rest))
    places = np.flatnonzero(usable[: int(0.9 * len(log))] & (log.step[: int(0.9 * len(log))] > log.step[0]))
    if len(places) < 8 or (log.noisy and gap[places].min() > 1e-3 * log.drop):
        return "", [], {}
    k, y = (log.step[places] - log.step[0]).astype(float), np.log(gap[places])
    linear, power = np.polyfit(k, y, 1), np.polyfit(np.log(k), y, 1)
    error_linear = float(np.sqrt(np.mean((np.polyval(linear, k) - y) ** 2)))
    error_power = float(np.sqrt(np.mean((np.polyval(power, np.log(k)) - y) ** 2)))
    if error_linear <= error_power:
        rho = float(np.exp(linear[0]))
        return f", linearly with rate {rho:.5g}", [Evidence("rate per step", rho)], {"rate": rho}
    p = float(-power[0])
    return f", sublinearly as k^-{p:.3g}", [Evidence("power of the step", p)], {"power": p}


def _falling(log: Log, share: float, q: float, left: float) -> Finding:
    gain = share * sum(q**i for i in range(1, 5)) if q < 1 else 4 * share
    faster = ", faster and faster" if q > ACCELERATES and not log.noisy else ""
    return Finding(
        "still falling",
        f"the loss was still falling at the end{faster}: as many steps again would lower it by {gain:.2g} of the fall "
        "so far",
        (
            Evidence("fall of the last quarter, in the fall", share),
            Evidence("the same, in the fall of the quarter before", q),
        ),
        log.span(len(log) // 2),
        min(above(share, SETTLED), 10 * above(SLOW, q) if q < SLOW else 0.1),
        {"left": left, "gain": gain},
        "plateau" if faster else "crawling" if q > 0.7 else "converged",
    )


def unmoved(log: Log) -> Finding | None:
    """Noise hides whether the loss falls, and the weights have hardly moved."""
    if log.travelled is None or not log.noisy or not log.travelled < UNMOVED:
        return None
    return Finding(
        "crawling",
        "noise hides whether the loss falls; all steps together are short compared with the weights: there are too few "
        "of them, or the learning rate is too small",
        (Evidence("length of the trajectory, in the norm of the weights", log.travelled),),
        log.span(0),
        below(log.travelled, UNMOVED),
        {"travelled": log.travelled},
        "noise floor",
    )


def _crawling(log: Log, share: float, q: float, left: float) -> Finding:
    evidence = [
        Evidence("fall of the last quarter, in the fall of the quarter before", q),
        Evidence("fall of the last quarter, in the fall", share),
    ]
    rate, values = _rate(log), log.eigenvalues
    why, measured = "", ""
    if values is not None and rate is not None and values[-1] > 0:
        product = float(rate * values[-1])
        evidence.append(Evidence("learning rate · largest curvature (stable below 2)", product))
        small = product < 0.05
        why = ": the learning rate is far below 2/λ" if small else ": the curvatures differ too much for one rate"
        measured = (
            f"largest curvature {values[-1]:.3g}, lowest {values[0]:.3g}; steps are stable up to {2 / values[-1]:.3g}"
        )
    return Finding(
        "crawling",
        f"the loss falls at a nearly constant rate: the run has covered a small share of the way{why}",
        tuple(evidence),
        log.span(len(log) // 2),
        10 * above(q, SLOW) if q < 0.999 else 1.0,
        {"ratio": q},
        "still falling" if values is not None else "plateau",
        measured,
    )


def _stuck(log: Log, concave: float | None, share: float) -> Finding:
    """Return a saddle or a plateau."""
    quiet, rate, values = _quiet(log), _rate(log), log.eigenvalues
    evidence = [
        Evidence("fall of the last quarter, in the fall", share),
        Evidence("last gradient norm, in the largest", quiet),
    ]
    freed, measured = _freed(log), ""
    if concave is not None and values is not None:
        evidence.append(Evidence("lowest curvature, in the largest", concave))
        if rate is not None:
            evidence.append(Evidence("learning rate · |lowest curvature| · steps", freed))
            growth = math.log1p(rate * abs(float(values[0])))
            if growth > 0:
                measured = (
                    f"lowest curvature {values[0]:.3g}: noise of 0.001 grows a thousandfold in about "
                    f"{math.log(1e3) / growth:.0f} steps"
                )
    saddle = freed > FREED
    half = log.loss[len(log) // 2]
    since = int(np.flatnonzero(np.abs(log.loss - half) <= 0.02 * max(log.drop, 1e-300))[0])
    what = "a saddle: the gradient is nearly zero and the loss curves down" if saddle else "a plateau: the loss is flat"
    return Finding(
        "saddle" if saddle else "plateau",
        f"the run stands on {what}" if not saddle else f"the run stands at {what}",
        tuple(evidence),
        log.span(since),
        (above(freed, FREED) if saddle else below(freed, FREED) if freed else 0.2),
        {"onset": float(log.step[since])},
        "plateau" if saddle else "saddle",
        measured,
    )
