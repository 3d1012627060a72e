"""Grids of a line or a plane: the model's weights are one of its points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.networks.evaluation import Evaluator
from landscapes.objectives._function import check_resolution

CENTER_TOLERANCE = 1e-4
"""By what share the loss at the centre may differ from that of the model, by rounding."""


def check_grid(resolution: Any, span: Any, view: Any, sides: int = 2) -> None:
    """Raise `InputError` for a resolution, a span or a view that is no box."""
    check_resolution(resolution)
    if span is not None and (isinstance(span, bool) or not isinstance(span, int | float) or not 0 < span < math.inf):
        raise InputError(f"span must be a finite number > 0, got {span!r}")
    if view is None:
        return
    if span is not None:
        raise InputError("give span or view, not both")
    try:
        box = np.array(view, dtype=float)
    except (TypeError, ValueError):
        box = np.zeros(0)
    if box.shape != (sides, 2) or not np.isfinite(box).all() or not (box[:, 0] < box[:, 1]).all():
        form = "((a low, a high), (b low, b high))" if sides == 2 else "(low, high)"
        raise InputError(f"view must be a box {form} in units of the directions, got {view!r:.80}")


def axes_of(low: float, high: float, n: int) -> NDArray[np.float64]:
    """Return n evenly spaced numbers that cover an interval; 0 is one of them if it lies inside.

    >>> axes_of(-1.0, 1.0, 5).tolist(), [round(a, 3) for a in axes_of(-0.3, 1.0, 5).tolist()]
    ([-1.0, -0.5, 0.0, 0.5, 1.0], [-0.333, 0.0, 0.333, 0.667, 1.0])
    """
    if not low <= 0 <= high or n < 3:
        return np.linspace(low, high, n)
    sides = [(-low / k if k else 0.0, high / (n - 1 - k) if k < n - 1 else 0.0, k) for k in range(n)]
    reach = [(max(left, right), k) for left, right, k in sides if (k or low == 0) and (k < n - 1 or high == 0)]
    step, below = min(reach)  # the smallest step with which `below` steps reach low, and the others high
    return np.asarray(step * (np.arange(n) - below), dtype=np.float64)


def check_center(
    grid: NDArray[np.float64], values: NDArray[np.float64], expected: float, partial: bool = False
) -> None:
    """Assert that a surface has the loss of the model where the model is, unless a shard left that point out.

    Raises:
        AssertionError: if not, which is a fault of this package or of a module with a hidden state.
    """
    center = np.flatnonzero((grid == 0).all(1))
    for i in center:
        if not math.isfinite(values[i]) and partial:
            continue
        apart = abs(float(values[i]) - expected)
        assert apart <= CENTER_TOLERANCE * max(abs(expected), 0.1), (
            f"the surface has {values[i]:.6g} at the weights of the model, whose loss is {expected:.6g}; does the "
            "module keep a state that changes when it is evaluated?"
        )


def check_moving(values: NDArray[np.float64]) -> None:
    """Raise `InputError` if all losses of a grid are the same to the last bit: the loss ignores the weights it gets."""
    if len(values) > 1 and np.isfinite(values).all() and (values == values[0]).all():
        raise InputError(
            f"the loss is {values[0]:.6g} at all points, whatever the weights are: a loss of (model, batch) must use "
            "the model that it is given, which is a copy, and not one from outside"
        )


RISE = 1.0
"""A plane reaches at least as far as the loss rises by this, or doubles."""


def fitting_span(evaluator: Evaluator) -> float:
    """Return half the width of a plane at whose edges the loss has clearly risen, a power of two of the first guess."""
    weights = evaluator.space.origin
    half = 0.05 * max(float(weights.double().norm()), 1e-3)
    start = evaluator.loss.value
    target = start + max(abs(start), RISE)

    def rises(reach: float) -> bool:
        k = len(evaluator.space.directions)
        ends = [[side * reach if i == j else 0.0 for i in range(k)] for j in range(k) for side in (-1.0, 1.0)]
        found: Sequence[float] = [evaluator.at(end)[0] for end in ends]
        return any(not math.isfinite(value) or value >= target for value in found)

    if rises(half):
        for _ in range(12):
            if not rises(half / 2):
                break
            half /= 2
    else:
        for _ in range(8):
            half *= 2
            if rises(half):
                break
    return half
