"""The function as a line search of optax calls it within a step: `value_fn`, and its gradient, from our engine.

The compiled step calls back. A number names who asks, because one compiled step serves all runs in all threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.jax_blocks import loaded
from landscapes.optimizers.stepper import StepContext

Array = NDArray[Any]

_asking: dict[int, Callable[[Array, bool], tuple[Array, Array | None]]] = {}
"""Who answers, by number: takes a point (d,) and whether its gradient is wanted; entries live as long as one step."""

_numbers = itertools.count(1)


@contextmanager
def answering(context: StepContext, run: int) -> Iterator[NDArray[np.int32]]:
    """Yield the number by which the compiled step of a run asks for the function; its evaluations are counted."""
    mask = torch.zeros_like(context.active)
    mask[run] = True

    def answer(point: Array, gradient: bool) -> tuple[Array, Array | None]:
        x = torch.from_numpy(np.array(point)).to(context.x)[:, None]
        if not gradient:
            return _to_numpy(context.oracle.value(x, mask)[0]), None
        value, slope = context.oracle.value_and_gradient(x, mask)
        return _to_numpy(value[0]), _to_numpy(slope[:, 0])

    number = next(_numbers) % 2**31
    _asking[number] = answer
    try:
        yield np.int32(number)  # type: ignore[misc]
    finally:
        del _asking[number]


def value_fn(number: Any) -> Callable[[Any], Any]:
    """Return the function of a point of any shape, for JAX to trace; it may be differentiated once."""
    jax, jnp = loaded("optimizers.Optax", "jax", "jax.numpy")

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def function(p: Any) -> Any:
        return jax.pure_callback(_value, jax.ShapeDtypeStruct((), p.dtype), number, p.ravel())

    @function.defjvp  # type: ignore[untyped-decorator]
    def _(primals: Any, tangents: Any) -> Any:
        (p,), (direction,) = primals, tangents
        flat = p.ravel()
        shapes = jax.ShapeDtypeStruct((), p.dtype), jax.ShapeDtypeStruct(flat.shape, p.dtype)
        value, gradient = jax.pure_callback(_value_and_gradient, shapes, number, flat)
        return value, jnp.vdot(gradient, direction.ravel())

    return function  # type: ignore[no-any-return]


def _value(number: Any, point: Any) -> Array:
    return _asking[int(number)](np.asarray(point), False)[0]


def _value_and_gradient(number: Any, point: Any) -> Any:
    return _asking[int(number)](np.asarray(point), True)


def _to_numpy(values: torch.Tensor) -> Array:
    own: Array = values.detach().cpu().numpy()
    return own
