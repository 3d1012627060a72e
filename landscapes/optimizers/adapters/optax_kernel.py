"""Compiled steps of an optax transformation for blocks of runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from landscapes.jax_blocks import loaded, local_settings
from landscapes.optimizers.adapters.optax_search import value_fn


@dataclass(frozen=True, eq=False)
class Kernel:
    """One transformation, compiled on first use for each size of a block and each dtype.

    All arrays have the runs as their last dimension: points and gradients (d, B), values (B,), and the leaves of the
    state. `jax.vmap` maps over it, so that a norm or a trust ratio is that of one run.

    Attributes:
        make: returns the transformation of the numbers that may differ between runs.
        shape: shape of the parameter; () for (d,).
        searches: whether a step evaluates the function itself, as a line search does. Runs are then stepped one by one.
        tried: the numbers of coordinates d on which a step was traced.
    """

    make: Callable[[Mapping[str, Any]], Any]
    shape: tuple[int, ...] = ()
    searches: bool = False
    tried: set[int] = field(default_factory=set)

    @cached_property
    def init(self) -> Callable[..., Any]:
        """Compiled `init(points, numbers)`, which returns a state."""
        jax = loaded("optimizers.Optax", "jax")[0]
        return jax.jit(jax.vmap(self.init_one, in_axes=-1, out_axes=-1))  # type: ignore[no-any-return]

    @cached_property
    def step(self) -> Callable[..., Any]:
        """Compiled `step(points, gradients, values, state, numbers)`, which returns points and a state."""
        jax = loaded("optimizers.Optax", "jax")[0]
        return jax.jit(jax.vmap(self.step_one, in_axes=-1, out_axes=-1))  # type: ignore[no-any-return]

    @cached_property
    def search(self) -> Callable[..., Any]:
        """Compiled `search(points, gradients, values, state, numbers, number)` of one run; it asks `value_fn(number)`.

        The arrays have the one run as their last dimension, as those of `step`.
        """
        jax = loaded("optimizers.Optax", "jax")[0]

        def one(*given: Any) -> Any:
            *arrays, number = given
            single = jax.tree.map(lambda leaf: leaf[..., 0], arrays)
            return jax.tree.map(lambda leaf: leaf[..., None], self.step_one(*single, value_fn=value_fn(number)))

        return jax.jit(one)  # type: ignore[no-any-return]

    @cached_property
    def reset(self) -> Callable[..., Any]:
        """Compiled `reset(mask, points, state, numbers)`, which returns a state that is new where the mask is true."""
        jax, jnp = loaded("optimizers.Optax", "jax", "jax.numpy")

        def one(mask: Any, point: Any, state: Any, numbers: Any) -> Any:
            fresh = self.init_one(point, numbers)
            return jax.tree.map(lambda new, old: jnp.where(mask, new, old).astype(old.dtype), fresh, state)

        return jax.jit(jax.vmap(one, in_axes=-1, out_axes=-1))  # type: ignore[no-any-return]

    def init_one(self, point: Any, numbers: Mapping[str, Any]) -> Any:
        """Return the state of one run at a point (d,)."""
        return self.make(numbers).init(point.reshape(self.shape or point.shape))

    def step_one(
        self, point: Any, gradient: Any, value: Any, state: Any, numbers: Mapping[str, Any], **more: Any
    ) -> tuple[Any, Any]:
        """Return the point (d,) and the state of one run after a step."""
        optax = loaded("optimizers.Optax", "optax")[0]
        shape = self.shape or point.shape
        p, g = point.reshape(shape), gradient.reshape(shape)
        transformation = optax.with_extra_args_support(self.make(numbers))
        updates, state = transformation.update(g, state, p, value=value, grad=g, **more)
        return optax.apply_updates(p, updates).reshape(point.shape), state

    def try_step(self, dim: int, names: tuple[str, ...]) -> None:
        """Trace a step on d coordinates, without computing it; raise whatever the transformation raises."""
        if dim in self.tried:
            return
        jax, jnp = loaded("optimizers.Optax", "jax", "jax.numpy")
        with local_settings(torch.float64):
            number, point = jax.ShapeDtypeStruct((), jnp.float64), jax.ShapeDtypeStruct((dim,), jnp.float64)
            numbers = dict.fromkeys(names, number)
            state = jax.eval_shape(self.init_one, point, numbers)
            more: dict[str, Any] = {"value_fn": lambda p: (p * p).sum()} if self.searches else {}
            step = functools.partial(self.step_one, **more)
            moved, _ = jax.eval_shape(step, point, point, number, state, numbers)
        if moved.dtype.kind != "f":
            raise TypeError(f"its steps are {moved.dtype}, not real numbers")
        self.tried.add(dim)
