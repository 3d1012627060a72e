"""Whether a function has the derivatives that an optimizer works with."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.oracle import Oracle

APART = 1e-4
"""How far apart, as a share of the start, gradients are compared."""


def check_twice(kind: str, function: Function) -> None:
    """Raises `InputError` where a function cannot be differentiated twice at its start, or only seems to be."""
    oracle, x = Oracle(function.at_step(0)), torch.tensor(function.start, dtype=torch.float64)
    try:
        straight = (oracle.hessian(x[:, None])[..., 0] == 0).all(1)
        reason = "its gradient cannot be differentiated" if straight.any() and _bends(oracle, x)[straight].any() else ""
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    if reason:
        raise InputError(f"{kind} needs second derivatives, which {function.name} has not ({reason}); try lbfgs")


def _bends(oracle: Oracle, x: Tensor) -> Tensor:
    """Which parts of the gradient (d,) change near x with a rate, whatever derivatives say; at a kink there is none."""
    axes = torch.eye(len(x), dtype=x.dtype) * APART * (1 + x.abs())
    rates = []
    for share in (1, 0.5):
        ends = [oracle.value_and_gradient(x[:, None] + sign * share * axes)[1] for sign in (1, -1)]
        rates.append((ends[0] - ends[1]) / share)
    large = rates[1].abs() > APART * APART * (1 + ends[0].abs())
    return (large & ((rates[0] - rates[1]).abs() < 0.1 * rates[1].abs())).any(1)


def check_squares(kind: str, function: Function) -> None:
    """Raises `InputError` for a function whose every step is not known as a sum of squares."""
    if function.residuals is None or function.sample is not None:
        why = "is not known as one" if function.residuals is None else "sees another sample at each step"
        raise InputError(
            f"{kind} needs a sum of squares, and {function.name} {why}; "
            "give a landscape made with @least_squares, or take newton or lbfgs"
        )
