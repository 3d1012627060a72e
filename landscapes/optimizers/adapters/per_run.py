"""Third-party optimizers with one object per run: correct for every class, at the cost of a plain loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.adapters.isolation import preserve_rng_state, seed_all, third_party_code
from landscapes.optimizers.adapters.torch_spec import StepRequirement, TorchSpec
from landscapes.optimizers.stepper import StepContext
from landscapes.optimizers.torch_arguments import PAIRS
from landscapes.oracle import Oracle

ValueAndGradient = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Return the value, shape (), and the gradient (d,) at a point (d,)."""

GraphGradient = Callable[[Tensor], Tensor]
"""Return the gradient (d,) at a point (d,), in a graph that can be differentiated again."""


class PerRun:
    """One run: a torch optimizer and its parameter, in the shape that the spec asks for."""

    def __init__(self, spec: TorchSpec, point: Tensor) -> None:
        self.spec, self.failure = spec, f"{spec.spec} failed in its step"
        self.parameter = torch.nn.Parameter(point.detach().clone().reshape(spec.shape or point.shape))
        with third_party_code(f"{spec.spec} cannot be created", point.dtype):
            self.torch_optimizer = spec.create(self.parameter, deepcopy(spec.hyper))

    @property
    def point(self) -> Tensor:
        return self.parameter.detach().reshape(-1)

    def step(
        self,
        point: Tensor,
        gradient: Tensor,
        requirement: StepRequirement,
        evaluate: ValueAndGradient | None = None,
        graph_gradient: GraphGradient | None = None,
    ) -> None:
        """Take one step from the point (d,) with the gradient (d,); the torch optimizer may modify both in place."""
        shape = self.parameter.shape
        with torch.no_grad():
            self.parameter.copy_(point.reshape(shape))
        self.parameter.grad = _owned(gradient, shape)

        def closure() -> Tensor:
            assert evaluate is not None
            value, gradient = evaluate(self.point.clone())
            self.parameter.grad = _owned(gradient, shape)
            return value

        with torch.enable_grad(), third_party_code(self.failure, point.dtype):
            if requirement == "sparse":
                self.parameter.grad = _sparse(self.parameter.grad)
            elif requirement == "graph":
                assert graph_gradient is not None
                self.parameter.grad = graph_gradient(self.parameter.reshape(-1)).reshape(shape)
            # torch types a closure as returning float; LBFGS itself takes tensors
            cast(Any, self.torch_optimizer).step(*([closure] if requirement == "closure" else []))
        self.parameter.grad = None


class PerRunLoop:
    """Runs of one class of torch optimizer, stepped one after the other.

    The global generators are seeded by seed, stream and step before each run's step. So the random numbers of a run do
    not depend on the other runs.
    """

    def __init__(
        self, specs: Sequence[TorchSpec], x: Tensor, runs: NDArray[np.int64], streams: list[int], seed: int
    ) -> None:
        self.runs, self.specs, self.streams, self.seed = runs, specs, streams, seed
        self.settings: dict[str, NDArray[np.float64]] = {}
        self.errors: dict[int, InputError] = {}
        with preserve_rng_state():
            self.each = [self._create(i, x[:, run], 0) for i, run in enumerate(runs)]

    def step(self, context: StepContext) -> list[PerRunLoop]:
        """Take one step; runs that raise leave the loop, with their error in `errors`."""
        gradients = context.gradient.T
        with preserve_rng_state():
            for i, (run, one) in enumerate(zip(self.runs, self.each, strict=True)):
                mask = torch.zeros_like(context.active)
                mask[run] = True
                seed_all(self.seed, self.streams[i], context.t)
                requirement = one.spec.step_requirement
                evaluate, graph_gradient = _queries(context, mask, requirement)
                try:
                    one.step(context.x[:, run], gradients[run], requirement, evaluate, graph_gradient)
                except InputError as error:
                    self.errors[int(run)] = error
        if self.errors.keys() & set(self.runs.tolist()):
            self._keep([i for i, run in enumerate(self.runs.tolist()) if run not in self.errors])
        return [self] if len(self.runs) else []

    def _keep(self, kept: list[int]) -> None:
        """Drop all runs but some, given by their positions here."""
        self.runs = self.runs[kept]
        self.specs, self.streams = [self.specs[i] for i in kept], [self.streams[i] for i in kept]
        self.each = [self.each[i] for i in kept]
        self.settings = {name: values[kept] for name, values in self.settings.items()}

    @property
    def points(self) -> Tensor:
        return torch.stack([one.point for one in self.each], 1)

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        own = values[self.runs]
        self.settings[name] = own
        for one, value in zip(self.each, own.tolist(), strict=True):
            set_group_value(one.torch_optimizer, one.spec, name, value)

    def reset(self, runs: NDArray[np.bool_], x: Tensor, t: int) -> list[PerRunLoop]:
        with preserve_rng_state():
            for i, run in enumerate(self.runs):
                if runs[run]:
                    self.each[i] = self._create(i, x[:, run], t)
        return [self]

    def states(self) -> dict[str, Tensor]:
        """Return the state that all runs have, one tensor per name, shapes (d, n) or (n,)."""
        columns = [read_state(one.torch_optimizer, one.parameter) for one in self.each]
        names = [name for name in columns[0] if all(name in column for column in columns)]
        found = {}
        for name in names:
            values = [column[name].reshape(-1) for column in columns]
            if all(len(value) == len(values[0]) for value in values):
                stacked = torch.stack(values, 1)
                found[name] = stacked[0] if columns[0][name].ndim == 0 else stacked
        return found

    def _create(self, i: int, point: Tensor, t: int) -> PerRun:
        seed_all(self.seed, self.streams[i], -1 - t)
        one = PerRun(self.specs[i], point)
        for name, values in self.settings.items():
            set_group_value(one.torch_optimizer, one.spec, name, float(values[i]))
        return one


def _queries(
    context: StepContext, mask: Tensor, requirement: StepRequirement
) -> tuple[ValueAndGradient, GraphGradient | None]:
    """Return functions by which the run in the mask evaluates the function at this step; it is charged for them."""

    def evaluate(point: Tensor) -> tuple[Tensor, Tensor]:
        value, gradient = context.oracle.value_and_gradient(point[:, None], mask)
        return value[0], gradient[:, 0]

    def graph_gradient(point: Tensor) -> Tensor:
        if type(context.oracle) is not Oracle:
            raise InputError("a torch optimizer that differentiates its gradient cannot be wrapped; race it unwrapped")
        value = context.oracle.current.evaluate(point[:, None])[0]
        (gradient,) = torch.autograd.grad(value, point, create_graph=True)
        if not gradient.requires_grad:
            gradient = gradient + 0 * point
        cast(Any, gradient).register_hook(lambda _: context.oracle.count("n_hvps", mask))
        return gradient

    return evaluate, graph_gradient if requirement == "graph" else None


def _owned(gradient: Tensor, shape: torch.Size) -> Tensor:
    """Return a copy of a gradient that is no view: optimizers may detach it or modify it in place."""
    return gradient.detach().reshape(shape).clone(memory_format=torch.contiguous_format)


def _sparse(gradient: Tensor | None) -> Tensor:
    """Return the gradient as a sparse tensor with every row present."""
    assert gradient is not None
    indices = torch.arange(len(gradient), device=gradient.device)[None]
    return torch.sparse_coo_tensor(indices, gradient, gradient.shape, check_invariants=False).coalesce()


def set_group_value(torch_optimizer: torch.optim.Optimizer, spec: TorchSpec, name: str, value: Any) -> None:
    """Set a hyper-parameter in the `param_groups` of the torch optimizer.

    Raises:
        InputError: if the hyper-parameter is not there.
    """
    pair, index = next(((p, names.index(name)) for p, names in PAIRS.items() if name in names), ("", 0))
    for group in torch_optimizer.param_groups:
        if name in group:
            group[name] = value
        elif pair in group:
            both = list(group[pair])
            both[index] = value
            group[pair] = tuple(both)
        else:
            raise InputError(f"{spec.kind} has no {name} in its param_groups, so it cannot change between steps")


def read_state(torch_optimizer: torch.optim.Optimizer, parameter: Tensor) -> dict[str, Tensor]:
    """Return the dense floating-point tensors in the state of the parameter, by name."""
    state = getattr(torch_optimizer, "state", {}).get(parameter, {})
    return {
        name: value.detach()
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, Tensor) and value.is_floating_point() and not value.is_sparse
    }
