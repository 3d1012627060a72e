"""Whether a landscape can be raced: point by point first, then whole batches against the points."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function, Mode

POINTS = 13
"""How many points a batch is compared at: prime and more than two, so that it is seldom a formula's own size."""

TOLERANCE = 1e-9
"""Relative difference between a batch and its points that still counts as rounding."""

LOOSE = 1e-4
"""The same for a formula that computes in less than float64."""

DIFFERENCES = "finite differences"
"""The tag of a function whose gradients are differences of its values: what rounds there is loose here."""

GOLDEN = (1 + math.sqrt(5)) / 2
"""Spreads the points; see `_points`."""

FALLBACKS: tuple[tuple[Mode, str], ...] = (
    ("vmapped", "torch.func.vmap, which is slower"),
    ("looped", "a Python loop over the points, which is much slower"),
)


def checked(function: Function, start: Sequence[float] | None = None) -> Function:
    """The function, known to give right values and gradients, in the fastest way that does.

    A formula that mixes the points of a batch, as `(x**2).sum()` or `x.mean()` do, or that asks `if x > 0`,
    is right for one point and wrong for many. It is found out by comparing a batch with its points, and
    evaluated by `torch.func.vmap` or in a loop instead, with a warning that says what to write. Of a
    stochastic function the sample of the first step is checked too.

    Args:
        function: the landscape.
        start: where the race will begin, if not at the function's own start.

    Raises:
        InputError: where the formula raises, returns something other than one real floating-point tensor a
            point, is not finite or not differentiable at the start, or changes from call to call; and
            where a sample does so.

    >>> from landscapes.objectives.decorators import function
    >>> checked(function((-1, 1), (-1, 1))(lambda x, y: x * x + y * y)).mode
    'batched'
    """
    begin = function.start if start is None else start
    mode = _fastest(function, begin)
    if function.sample is not None:
        mode = _fastest(_repeatable(replace(function, mode=mode), begin), begin)
    return function if mode == function.mode else replace(function, mode=mode)


def _fastest(function: Function, start: Sequence[float]) -> Mode:
    """The fastest mode that gives right results, with a warning where it is not the function's own."""
    points = _points(function, start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a formula warns of, it will warn of in the race
        truth = _singles(function, points)
        fault = _fault(function, points, truth)
        if fault is None:
            return function.mode
        mode, means = _slower(function, points, truth)
    warnings.warn(
        f"function {function.name!r} cannot take a batch of points ({fault}), so it is evaluated by {means}. "
        + _advice(function),
        UserWarning,
        stacklevel=4,
    )
    return mode


def _repeatable(function: Function, start: Sequence[float]) -> Function:
    """The function as the first step sees it, once it is sure to be the same when it is asked for again."""
    seen, again = function.at_step(0), function.at_step(0)
    points = _points(function, start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = _singles(seen, points), _singles(again, points)
    if not (_agree(first.value, second.value, TOLERANCE) and _agree(first.gradient, second.gradient, TOLERANCE)):
        raise InputError(
            f"function {function.name!r}: its sample of step 0 is another one when it is asked for again; let "
            "it depend on the step alone, with random numbers from torch.Generator().manual_seed(t)"
        )
    return seen


@dataclass(frozen=True)
class _Results:
    """Values (n,) and gradients (d, n)."""

    value: Tensor
    gradient: Tensor


def _points(function: Function, start: Sequence[float]) -> Tensor:
    """The start and points spread over the view, shape (d, n): multiples of irrational numbers, modulo 1."""
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    roots = torch.arange(2, function.dim + 2, dtype=torch.float64).sqrt() * GOLDEN
    share = roots[:, None] * torch.arange(1, POINTS) % 1
    spread = low[:, None] + (high - low)[:, None] * share
    return torch.cat([torch.tensor(start, dtype=torch.float64)[:, None], spread], 1)


def _singles(function: Function, points: Tensor) -> _Results:
    """What the formula gives for each point alone. Only at the start must it be finite."""
    values, gradients = [], []
    for i, point in enumerate(points.unbind(1)):
        value, gradient = _single(function, point)
        if i == 0:
            place = f"at the start {_shown(point)}"
            if not math.isfinite(value):
                raise InputError(f"function {function.name!r} is {value} {place}; start where it is finite")
            if not gradient.isfinite().all():
                raise InputError(
                    f"the gradient of function {function.name!r} is {gradient.tolist()} {place}; start elsewhere, or "
                    "write the formula so that its gradient is finite there"
                )
        values.append(value)
        gradients.append(gradient)
    return _Results(torch.stack(values), torch.stack(gradients, 1))


def _single(function: Function, point: Tensor) -> tuple[Tensor, Tensor]:
    name, place = f"function {function.name!r}", f"at {_shown(point)}"
    x = point.clone().requires_grad_()
    try:
        value: Any = function.evaluate(x)
    except Exception as error:
        raise InputError(f"{name} raises {_reason(error)} {place}") from error
    if not isinstance(value, Tensor):
        raise InputError(
            f"{name} returns {type(value).__name__} {place}, not a tensor; compute with torch (torch.sin for math.sin "
            "or np.sin), without .item() and .numpy()"
        )
    if value.shape != ():
        raise InputError(
            f"{name} returns shape {tuple(value.shape)} for one point, not one number, shape (); {_reduction(function)}"
        )
    if not value.is_floating_point():
        raise InputError(f"{name} returns {value.dtype} {place}, not real floating-point numbers")
    try:
        (gradient,) = torch.autograd.grad(value, x, allow_unused=True)
    except Exception as error:
        if value.requires_grad:
            raise InputError(f"the gradient of {name} raises {_reason(error)} {place}") from error
        gradient = None
    if gradient is None:
        raise InputError(
            f"{name} cannot be differentiated {place}: its value does not come from its coordinates by torch "
            "operations; leave out .item(), .detach(), .numpy(), torch.tensor(...) and torch.no_grad()"
        )
    return value.detach(), gradient


def _fault(function: Function, points: Tensor, truth: _Results) -> str | None:
    """What is wrong with the function's batches, in a few words; None where they agree with the points."""
    for count in (points.shape[1], 1):
        x = points[:, :count].clone().requires_grad_()
        try:
            value = function.evaluate(x)
            if not isinstance(value, Tensor) or value.shape != (count,):
                returned = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
                return f"for {count} points it returns {returned}"
            (gradient,) = torch.autograd.grad(value.sum(), x)
        except Exception as error:
            return f"for {count} points it raises {_reason(error)}"
        tolerance = TOLERANCE if value.dtype == torch.float64 else LOOSE
        if not _agree(value, truth.value, tolerance):
            return "its values differ from those of single points"
        if not _agree(gradient, truth.gradient, LOOSE if DIFFERENCES in function.tags else tolerance):
            return "its gradients differ from those of single points"
    return None


def _slower(function: Function, points: Tensor, truth: _Results) -> tuple[Mode, str]:
    """The first mode in which batches agree with the points, and what it is."""
    fault = None
    for mode, means in FALLBACKS:
        fault = _fault(replace(function, mode=mode), points, truth)
        if fault is None:
            return mode, means
    raise InputError(
        f"function {function.name!r} gives other results when it is asked again ({fault}); a landscape must "
        "not change: draw random numbers outside the formula, per step by sample=, and call .eval() on networks"
    )


def _agree(given: Tensor, expected: Tensor, tolerance: float) -> bool:
    """Equal to the first of the expected, up to rounding; where terms cancel, that of the largest there is."""
    given, expected = given.detach().double(), expected.double()
    size = expected[expected.isfinite()].abs()
    noise = 1e-3 * tolerance * float(size.max()) if len(size) else 0.0
    first = expected[..., : given.shape[-1]]
    return torch.allclose(given, first, rtol=tolerance, atol=noise, equal_nan=True)


def _reduction(function: Function) -> str:
    return (
        "reduce over the last dimension, as in (x**2).sum(-1)" if function.takes_vector else "combine the coordinates"
    )


def _advice(function: Function) -> str:
    reduce = "reduce over the last dimension, x.sum(-1) and not x.sum(), " if function.takes_vector else ""
    return f"Write it for many points at once: {reduce}x[..., 0] for x[0], torch.where(x > 0, a, b) for if x > 0."


def _shown(point: Tensor) -> str:
    return f"({', '.join(f'{c:.6g}' for c in point.tolist())})"


def _reason(error: Exception) -> str:
    """The exception in one line; torch's messages can be pages."""
    message = " ".join(str(error).split())
    return (
        f"{type(error).__name__}: {message[:200]}{'…' if len(message) > 200 else ''}"
        if message
        else type(error).__name__
    )
