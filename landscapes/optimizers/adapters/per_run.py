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
from landscapes.optimizers.adapters.closures import ClosureLoss
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
    """One run: a torch optimizer and its parameter, in the shape that the spec asks for, or one per parameter group.

    Attributes:
        torch_optimizer: the optimizer.
        parameters: its parameters.
        parts: the coordinates of each parameter; None for all.
        shown: the point (d,) of the evaluation mode after the last step, for an optimizer with modes.
    """

    shown: Tensor | None = None

    def __init__(self, spec: TorchSpec, point: Tensor) -> None:
        self.spec, self.failure = spec, f"{spec.spec} failed in its step"
        self.parts: list[Tensor] | None = None
        pieces = [point.detach().clone().reshape(spec.shape or point.shape)]
        if spec.parameter_groups:
            self.parts = [torch.from_numpy(part).to(point.device) for part in spec.parameter_groups.split(len(point))]
            if not len(self.parts[-1]):
                self.parts.pop()
            pieces = [pieces[0][part] for part in self.parts]
            self.inverse = torch.cat(self.parts).argsort()
        self.parameters = [torch.nn.Parameter(piece) for piece in pieces]
        self.losses = ClosureLoss(self.parameters if spec.step_requirement == "closure" else [])
        with third_party_code(f"{spec.spec} cannot be created", point.dtype):
            self.torch_optimizer = spec.create(self.parameters, deepcopy(spec.hyper))

    @property
    def point(self) -> Tensor:
        return self._joined().detach() if self.shown is None else self.shown

    def set_hyperparameter(self, name: str, value: NDArray[np.float64]) -> None:
        """Set a hyper-parameter of all groups, to a number, shape (), or to one per coordinate, shape (d,)."""
        firsts = [0] if self.parts is None else [int(part[0]) for part in self.parts]
        values = [float(value if value.ndim == 0 else value[first]) for first in firsts]
        set_group_value(self.torch_optimizer, self.spec, name, values)

    def states(self) -> dict[str, Tensor]:
        """Return the state, one tensor per name, shapes (d,) or ()."""
        found = [read_state(self.torch_optimizer, parameter) for parameter in self.parameters]
        if self.parts is None:
            return {name: value.reshape(-1) if value.ndim else value for name, value in found[0].items()}
        states: dict[str, Tensor] = {}
        for part, own in zip(self.parts, found, strict=True):
            for name, value in own.items():
                if value.ndim == 0 or value.numel() == len(part):
                    whole = states.setdefault(name, value.new_full(self.inverse.shape, torch.nan))
                    whole[part] = value.reshape(-1)
        return states

    def _joined(self) -> Tensor:
        """Return the parameters as one vector (d,), differentiable."""
        vectors = [parameter.reshape(-1) for parameter in self.parameters]
        return vectors[0] if self.parts is None else torch.cat(vectors)[self.inverse]

    def _split(self, vector: Tensor) -> list[Tensor]:
        """Return a vector (d,) in the shapes of the parameters."""
        pieces = [vector] if self.parts is None else [vector[part] for part in self.parts]
        return [piece.reshape(own.shape) for piece, own in zip(pieces, self.parameters, strict=True)]

    def _set_gradients(self, gradient: Tensor) -> None:
        for parameter, own in zip(self.parameters, self._split(gradient), strict=True):
            parameter.grad = _owned(own)

    def step(
        self,
        point: Tensor,
        gradient: Tensor,
        requirement: StepRequirement,
        evaluate: ValueAndGradient | None = None,
        graph_gradient: GraphGradient | None = None,
    ) -> None:
        """Take one step from the point (d,) with the gradient (d,); the torch optimizer may modify both in place."""
        if self.shown is None or not torch.equal(self.shown, point):  # else the training mode goes on from its point
            self._set_point(point)
        if requirement == "modes":
            assert evaluate is not None
            gradient = evaluate(self._joined().detach().clone())[1]
        self._set_gradients(gradient)

        def closure() -> Tensor:
            assert evaluate is not None
            assert graph_gradient is not None
            value, gradient = evaluate(self.point.clone())
            self._set_gradients(gradient)
            return self.losses.connected(value, lambda: self._split(graph_gradient(self._joined())))

        with torch.enable_grad(), third_party_code(self.failure, point.dtype):
            if requirement == "sparse":
                for parameter in self.parameters:
                    parameter.grad = _sparse(parameter.grad)
            elif requirement == "graph":
                assert graph_gradient is not None
                for parameter, own in zip(self.parameters, self._split(graph_gradient(self._joined())), strict=True):
                    parameter.grad = own
            # torch types a closure as returning float; LBFGS itself takes tensors
            cast(Any, self.torch_optimizer).step(*([closure] if requirement == "closure" else []))
            if requirement == "modes":
                self.shown = self._evaluation_point()
        for parameter in self.parameters:
            parameter.grad = None

    def _evaluation_point(self) -> Tensor:
        """Return the point (d,) of the evaluation mode, and leave the optimizer in training mode where it was."""
        optimizer, training = cast(Any, self.torch_optimizer), self._joined().detach().clone()
        optimizer.eval()
        shown = self._joined().detach().clone()
        optimizer.train()
        self._set_point(training)  # the way back rounds
        return shown

    def _set_point(self, point: Tensor) -> None:
        with torch.no_grad():
            for parameter, own in zip(self.parameters, self._split(point), strict=True):
                parameter.copy_(own)


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
        self.settings = {name: values[..., kept] for name, values in self.settings.items()}

    @property
    def points(self) -> Tensor:
        return torch.stack([one.point for one in self.each], 1)

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        own = values[..., self.runs]
        self.settings[name] = own
        for one, value in zip(self.each, own.T, strict=True):
            one.set_hyperparameter(name, np.asarray(value))

    def reset(self, runs: NDArray[np.bool_], x: Tensor, t: int) -> list[PerRunLoop]:
        with preserve_rng_state():
            for i, run in enumerate(self.runs):
                if runs[run]:
                    self.each[i] = self._create(i, x[:, run], t)
        return [self]

    def states(self) -> dict[str, Tensor]:
        """Return the state that all runs have, one tensor per name, shapes (d, n) or (n,)."""
        columns = [one.states() for one in self.each]
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
            one.set_hyperparameter(name, np.asarray(values[..., i]))
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
        value = context.oracle.seen(point[:, None], mask).evaluate(point[:, None])[0]
        (gradient,) = torch.autograd.grad(value, point, create_graph=True)
        if not gradient.requires_grad:
            gradient = gradient + 0 * point
        cast(Any, gradient).register_hook(lambda _: context.oracle.count("n_hvps", mask))
        return gradient

    return evaluate, graph_gradient if requirement in ("closure", "graph") else None


def _owned(gradient: Tensor) -> Tensor:
    """Return a copy of a gradient that is no view: optimizers may detach it or modify it in place."""
    return gradient.detach().clone(memory_format=torch.contiguous_format)


def _sparse(gradient: Tensor | None) -> Tensor:
    """Return the gradient as a sparse tensor with every row present."""
    assert gradient is not None
    indices = torch.arange(len(gradient), device=gradient.device)[None]
    return torch.sparse_coo_tensor(indices, gradient, gradient.shape, check_invariants=False).coalesce()


def set_group_value(torch_optimizer: torch.optim.Optimizer, spec: TorchSpec, name: str, values: Sequence[Any]) -> None:
    """Set a hyper-parameter in the `param_groups` of the torch optimizer, to one value per group.

    Raises:
        InputError: if the hyper-parameter is not there.
    """
    pair, index = next(((p, names.index(name)) for p, names in PAIRS.items() if name in names), ("", 0))
    groups = torch_optimizer.param_groups
    if len(values) == 1:
        values = list(values) * len(groups)
    if len(values) != len(groups):
        raise InputError(f"{spec.kind} rearranges its param_groups, so {name} cannot change between steps")
    for group, value in zip(groups, values, strict=True):
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
