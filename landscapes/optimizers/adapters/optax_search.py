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
    """Return the function of a point of any shape, for JAX to trace; it may be differentiated once.

    Numbers cross as bits in 32-bit integers: JAX rounds arrays of callbacks to the precision of the thread that calls
    back, which may be one of XLA's own, with JAX's default of single precision.
    """
    jax, jnp = loaded("optimizers.Optax", "jax", "jax.numpy")

    def bits(shape: tuple[int, ...], dtype: Any) -> Any:
        return jax.ShapeDtypeStruct((*shape, 2) if dtype.itemsize == 8 else shape, jnp.uint32)

    def call(answer: Callable[[Any, Any], Any], shapes: Any, p: Any) -> Any:
        given = jax.lax.bitcast_convert_type(p.ravel(), jnp.uint32)
        found = jax.pure_callback(answer, shapes, number, given)
        return jax.tree.map(lambda one: jax.lax.bitcast_convert_type(one, p.dtype), found)

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def function(p: Any) -> Any:
        return call(_value, bits((), p.dtype), p)

    @function.defjvp  # type: ignore[untyped-decorator]
    def _(primals: Any, tangents: Any) -> Any:
        (p,), (direction,) = primals, tangents
        shapes = bits((), p.dtype), bits((p.size,), p.dtype)
        value, gradient = call(_value_and_gradient, shapes, p)
        return value, jnp.vdot(gradient, direction.ravel())

    return function  # type: ignore[no-any-return]


def _value(number: Any, given: Any) -> Array:
    return _bits(_asking[int(number)](_numbers_of(given), False)[0])


def _value_and_gradient(number: Any, given: Any) -> Any:
    value, gradient = _asking[int(number)](_numbers_of(given), True)
    return _bits(value), _bits(gradient)


def _numbers_of(bits: Any) -> Array:
    """Return the numbers (d,) of bits (d, 2) in double precision, (d,) in single."""
    own = np.ascontiguousarray(bits)
    return own.view(np.float64)[:, 0] if own.ndim == 2 else own.view(np.float32)


def _bits(numbers: Any) -> Array:
    """Return the bits of numbers (…), shape (…, 2) in double precision."""
    flat = np.ascontiguousarray(numbers).reshape(-1).view(np.uint32)
    return flat.reshape(*np.shape(numbers), 2) if numbers.dtype.itemsize == 8 else flat.reshape(np.shape(numbers))


def _to_numpy(values: torch.Tensor) -> Array:
    own: Array = values.detach().cpu().numpy()
    return own
