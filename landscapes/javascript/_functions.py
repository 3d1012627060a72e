"""Emit functions as JavaScript: their value, or value and gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.javascript.printing import Script, printed
from landscapes.javascript.program import MAX_OPERATIONS, Program, TooLongError
from landscapes.javascript.recorder import Recorder
from landscapes.javascript.rules import NotEmittedError
from landscapes.objectives.decorators import Function
from landscapes.oracle import value_and_gradient
from landscapes.silence import ignored_warnings

POINTS = 257
"""Points at which a program is compared with the function that it was made from."""

TOLERANCE = 1e-9
"""The largest difference between them, relative to the value and to the gradient's norm, or to their medians."""


def emit_function(function: str | Function, *, gradient: bool = True) -> Script:
    """Return a function as JavaScript of one number per coordinate: x, y for two, else x0, x1, …

    The formula and its gradient are traced at one point and written as operations on numbers, in torch's order. They
    are in double precision. Where only +, −, ×, ÷ and roots occur, results equal those of torch bit for bit.
    Exponentials, sines and the like may differ in the last bit.

    Args:
        function: any function that is not stochastic, or its name in the catalogue.
        gradient: whether to return [value, ∂₀, ∂₁, …], or the value alone; default True.

    Raises:
        InputError: for a function that has no such text, with the reason.

    >>> emit_function("booth").source
    '(x,y)=>{const a=x+y*2-7,b=x*2+y-5,c=a+a,d=b+b;return [a*a+b*b,d*2+c,d+c*2]}'
    """
    function = as_function(function)
    try:
        program, outputs = _program(function, gradient=gradient)
    except NotEmittedError as error:
        raise InputError(f"{function.name} cannot be written as JavaScript: {error}") from None
    except TooLongError:
        raise InputError(
            f"{function.name} cannot be written as JavaScript: it takes more than {MAX_OPERATIONS} operations"
        ) from None
    return printed(program, outputs, unwrapped=not gradient)


def input_names(dim: int) -> list[str]:
    """Return the names of coordinates in emitted functions."""
    return ["x", "y"] if dim == 2 else ["x"] if dim == 1 else [f"x{i}" for i in range(dim)]


def _program(function: Function, *, gradient: bool) -> tuple[Program, list[int]]:
    if function.sample is not None:
        raise NotEmittedError("it is stochastic")
    program = Program(input_names(function.dim))
    recorder = Recorder(program)
    with recording(recorder):
        point = recorder.input(torch.tensor(function.start, dtype=torch.float64), input_names(function.dim))
        results = _at_point(function, point, gradient=gradient)
    outputs = [number for result in results for number in recorder.ids(result).flatten().tolist()]
    if len(outputs) != 1 + function.dim * gradient:
        raise NotEmittedError("its value at one point is not one number")
    _check(function, program, outputs)
    return program, outputs


def _at_point(function: Function, point: Tensor, *, gradient: bool) -> tuple[Tensor, ...]:
    if not gradient:
        with torch.no_grad():
            return (function.evaluate(point),)
    with torch.enable_grad():
        point.requires_grad_()
        value = function.evaluate(point)
        (derivative,) = torch.autograd.grad(value, point, torch.ones_like(value))
    return value, derivative


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Record what is done within; raise `NotEmittedError` for any error."""
    with refusing(), ignored_warnings(), recorder:
        yield


@contextmanager
def refusing() -> Iterator[None]:
    """Raise `NotEmittedError` for any error within: a user's code may do anything."""
    try:
        yield
    except (NotEmittedError, TooLongError):
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise NotEmittedError(f"it cannot be traced ({reason:.160})") from error


def _check(function: Function, program: Program, outputs: list[int]) -> None:
    """Raise `NotEmittedError` if a program differs from its function, whose values then depend on more than a point."""
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    share = torch.rand(function.dim, POINTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = low[:, None] + share * (high - low)[:, None]
    value, gradient = value_and_gradient(function, points)
    found = torch.stack(program.evaluate(outputs, points.unbind(0)))
    for expected, given in ((value[None], found[:1]), (gradient, found[1:])):
        size = expected.norm(dim=0)
        error = (given - expected[: len(given)]).norm(dim=0)
        wrong = (error > TOLERANCE * size.clamp(min=float(size.nanmedian()))) & expected.isfinite().all(0)
        if len(given) and bool(wrong.any()):
            at = ", ".join(f"{one:g}" for one in points[:, wrong][:, 0])
            raise NotEmittedError(
                f"the traced operations give another value at ({at}); numpy code and changing state are not traced"
            )
