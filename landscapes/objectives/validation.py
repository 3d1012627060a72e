"""Check that a function can be evaluated in batches: compare batches with single points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError, warn
from landscapes.objectives._function import BatchMode, Function
from landscapes.objectives.gradient_check import check_gradients
from landscapes.silence import ignored_warnings

POINTS = 13
"""Size of the batch that is compared: a prime above two, which is rarely a size inside a formula."""

TOLERANCE = 1e-9
"""Relative difference between a batch and its points that counts as rounding."""

LOW_PRECISION_TOLERANCE = 1e-4
"""The same for formulas that compute in less than float64."""

FINITE_DIFFERENCES = "finite differences"
"""Tag of functions whose gradients are finite differences; they are compared at low precision."""

GOLDEN_RATIO = (1 + math.sqrt(5)) / 2

FALLBACKS: tuple[tuple[BatchMode, str], ...] = (
    ("vmapped", "torch.func.vmap, which is slower"),
    ("looped", "a Python loop over the points, which is much slower"),
)


def checked(function: Function, start: Sequence[float] | None = None) -> Function:
    """Return the function in the fastest mode whose values and gradients are correct for batches.

    A formula that mixes the points of a batch, such as `(x**2).sum()` or `x.mean()`, is correct for one point only. So
    is one that branches on values, such as `if x > 0`. If a batch differs from its points, the function is evaluated by
    `torch.func.vmap` or in a Python loop. A warning says how to write the formula. For a stochastic function, the
    sample of step 0 is checked too.

    Args:
        function: the function.
        start: start point of the race; by default the function's own.

    Raises:
        InputError: if the formula or its first sample raises; if it does not return one real floating-point number
            per point; if it is not finite or not differentiable at the start; if it changes from call to call.

    Warns:
        UserWarning: if batches must be evaluated in a slower mode.

    >>> from landscapes.objectives.decorators import function
    >>> checked(function((-1, 1), (-1, 1))(lambda x, y: x * x + y * y)).mode
    'batched'
    """
    first = function.start if start is None else start
    mode = _fastest_mode(function, first)
    if function.sample is not None:
        mode = _fastest_mode(_repeatable_sample(replace(function, mode=mode), first), first)
    return function if mode == function.mode else replace(function, mode=mode)


def _fastest_mode(function: Function, start: Sequence[float]) -> BatchMode:
    """Return the fastest correct mode; warn if it is not the function's own."""
    points = _test_points(function, start)
    with ignored_warnings():  # the race shows the formula's own warnings
        expected = _at_single_points(function, points)
        fault = _batch_fault(function, points, expected)
        mode, description = (function.mode, "") if fault is None else _fallback(function, points, expected)
        if function.check_gradients:
            evaluated = function if mode == function.mode else replace(function, mode=mode)
            check_gradients(evaluated, points, expected.value, expected.gradient)
    if fault is None:
        return mode
    warn(
        f"function {function.name!r} cannot take a batch of points ({fault}), so it is evaluated by {description}. "
        + _advice(function)
    )
    return mode


def _repeatable_sample(function: Function, start: Sequence[float]) -> Function:
    """Return the function of step 0; refuse a sample that differs when it is drawn again."""
    sample, again = function.at_step(0), function.at_step(0)
    points = _test_points(function, start)
    with ignored_warnings():
        first, second = _at_single_points(sample, points), _at_single_points(again, points)
    if not (_agree(first.value, second.value, TOLERANCE) and _agree(first.gradient, second.gradient, TOLERANCE)):
        raise InputError(
            f"function {function.name!r}: its sample of step 0 differs when it is drawn again; it must depend on the "
            "step only, with random numbers from torch.Generator().manual_seed(t)"
        )
    return sample


@dataclass(frozen=True)
class _Evaluation:
    """Values (n,) and gradients (d, n)."""

    value: Tensor
    gradient: Tensor


def _test_points(function: Function, start: Sequence[float]) -> Tensor:
    """Return the start and quasi-random points of the view, shape (d, n): multiples of irrational numbers modulo 1."""
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    roots = torch.arange(2, function.dim + 2, dtype=torch.float64).sqrt() * GOLDEN_RATIO
    share = roots[:, None] * torch.arange(1, POINTS) % 1
    spread = low[:, None] + (high - low)[:, None] * share
    return torch.cat([torch.tensor(start, dtype=torch.float64)[:, None], spread], 1)


def _at_single_points(function: Function, points: Tensor) -> _Evaluation:
    """Evaluate each point alone. Only the start must be finite."""
    values, gradients = [], []
    for i, point in enumerate(points.unbind(1)):
        value, gradient = _at_point(function, point)
        if i == 0:
            place = f"at the start {_format_point(point)}"
            if not math.isfinite(value):
                raise InputError(f"function {function.name!r} is {value} {place}; start where it is finite")
            if not gradient.isfinite().all():
                raise InputError(
                    f"the gradient of function {function.name!r} is {gradient.tolist()} {place}; start elsewhere, or "
                    "write the formula so that its gradient is finite there"
                )
        values.append(value)
        gradients.append(gradient)
    return _Evaluation(torch.stack(values), torch.stack(gradients, 1))


def _at_point(function: Function, point: Tensor) -> tuple[Tensor, Tensor]:
    """Return value and gradient at one point; refuse a formula that does not return a differentiable number."""
    name, place = f"function {function.name!r}", f"at {_format_point(point)}"
    x = point.clone().requires_grad_()
    try:
        value: Any = function.evaluate(x)
    except Exception as error:
        if "call numpy()" in str(error):  # torch advises .detach() here, which loses the gradient
            raise InputError(
                f"{name} passes a tensor to numpy {place}; write torch.sin for np.sin, or keep numpy and make the "
                "function with landscapes.from_numpy"
            ) from None
        hint = ""
        if any(words in str(error) for words in ("same dtype", "expected scalar type", "Double and Float")):
            hint = "; coordinates are float64: convert its tensors and networks with .double()"
        raise InputError(f"{name} raises {_reason(error)} {place}{hint}") from error
    if not isinstance(value, Tensor):
        raise InputError(
            f"{name} returns {type(value).__name__} {place}, not a tensor; compute with torch (torch.sin for math.sin "
            "or np.sin), without .item() and .numpy()"
        )
    if value.shape != ():
        reduction = (
            "reduce over the last dimension, as in (x**2).sum(-1)"
            if function.takes_vector
            else "combine the coordinates"
        )
        raise InputError(
            f"{name} returns shape {tuple(value.shape)} for one point, not one number, shape (); {reduction}"
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
            f"{name} cannot be differentiated {place}: its value is not computed from its coordinates by torch "
            "operations; remove .item(), .detach(), .numpy(), torch.tensor(...) and torch.no_grad()"
        )
    return value.detach(), gradient


def _batch_fault(function: Function, points: Tensor, expected: _Evaluation) -> str | None:
    """Describe how batches differ from single points; None if they agree."""
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
        tolerance = TOLERANCE if value.dtype == torch.float64 else LOW_PRECISION_TOLERANCE
        if not _agree(value, expected.value, tolerance):
            return "its values differ from those of single points"
        gradient_tolerance = LOW_PRECISION_TOLERANCE if FINITE_DIFFERENCES in function.tags else tolerance
        if not _agree(gradient, expected.gradient, gradient_tolerance):
            return "its gradients differ from those of single points"
    return None


def _fallback(function: Function, points: Tensor, expected: _Evaluation) -> tuple[BatchMode, str]:
    """Return the first slower mode in which batches agree with single points, and its description."""
    fault = None
    for mode, description in FALLBACKS:
        fault = _batch_fault(replace(function, mode=mode), points, expected)
        if fault is None:
            return mode, description
    raise InputError(
        f"function {function.name!r} returns different results when it is called again ({fault}); draw random numbers "
        "outside the formula, per step with sample=, and call .eval() on networks"
    )


def _agree(actual: Tensor, expected: Tensor, tolerance: float) -> bool:
    """Compare with the first of the expected numbers up to rounding, relative to the largest where terms cancel."""
    actual, expected = actual.detach().double(), expected.double()
    size = expected[expected.isfinite()].abs()
    noise = 1e-3 * tolerance * float(size.max()) if len(size) else 0.0
    first = expected[..., : actual.shape[-1]]
    return torch.allclose(actual, first, rtol=tolerance, atol=noise, equal_nan=True)


def _advice(function: Function) -> str:
    reduce = "reduce over the last dimension, x.sum(-1) and not x.sum(), " if function.takes_vector else ""
    return f"Write it for many points at once: {reduce}x[..., 0] for x[0], torch.where(x > 0, a, b) for if x > 0."


def _format_point(point: Tensor) -> str:
    return f"({', '.join(f'{c:.6g}' for c in point.tolist())})"


def _reason(error: Exception) -> str:
    """Return the exception as one line of at most 200 characters."""
    message = " ".join(str(error).split())
    shortened = f"{message[:200]}{'…' if len(message) > 200 else ''}"
    return f"{type(error).__name__}: {shortened}" if message else type(error).__name__
