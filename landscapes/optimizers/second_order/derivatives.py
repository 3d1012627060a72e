"""Check that a function has the derivatives that an optimizer requires."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.oracle import Oracle

DISTANCE = 1e-4
"""Distance at which gradients are compared, relative to the start."""


def check_twice_differentiable(kind: str, function: Function) -> None:
    """Raise `InputError` if the function has no second derivatives at its start, or wrong ones (all zero)."""
    oracle, x = Oracle(function.at_step(0)), torch.tensor(function.start, dtype=torch.float64)
    try:
        flat = (oracle.hessian(x[:, None])[..., 0] == 0).all(1)
        reason = "its gradient cannot be differentiated" if flat.any() and _changes(oracle, x)[flat].any() else ""
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    if reason:
        raise InputError(
            f"{kind} requires second derivatives, which {function.name} does not have ({reason}); try lbfgs"
        )


def _changes(oracle: Oracle, x: Tensor) -> Tensor:
    """Return which components of the gradient change smoothly near x, by finite differences; at a kink none do."""
    axes = torch.eye(len(x), dtype=x.dtype) * DISTANCE * (1 + x.abs())
    rates = []
    for share in (1, 0.5):
        ends = [oracle.value_and_gradient(x[:, None] + sign * share * axes)[1] for sign in (1, -1)]
        rates.append((ends[0] - ends[1]) / share)
    large = rates[1].abs() > DISTANCE * DISTANCE * (1 + ends[0].abs())
    return (large & ((rates[0] - rates[1]).abs() < 0.1 * rates[1].abs())).any(1)


def check_sum_of_squares(kind: str, function: Function) -> None:
    """Raise `InputError` if the function is not the same sum of squares at every step."""
    if function.residuals is None or function.sample is not None:
        why = "has no residuals" if function.residuals is None else "has another sample at each step"
        raise InputError(
            f"{kind} requires a sum of squares, and {function.name} {why}; "
            "define the function with @least_squares, or use newton or lbfgs"
        )
