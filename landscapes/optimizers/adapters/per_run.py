"""Foreign optimizers, one object a run: right for each, at the price of a plain loop."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.adapters.per_run_number import DividedError
from landscapes.optimizers.base import PAIRS
from landscapes.optimizers.stepper import StepContext
from landscapes.oracle import Oracle

if TYPE_CHECKING:
    from landscapes.optimizers.adapters.torch_optim import Torch

Ask = Callable[[Tensor], tuple[Tensor, Tensor]]
"""The value, shape (), and the gradient (d,) at a point (d,)."""

Slope = Callable[[Tensor], Tensor]
"""The gradient (d,) at a point (d,) that can be differentiated again."""

StepRequirement = Literal["gradient", "closure", "graph", "sparse"]
"""What a step needs: a gradient; a closure; a gradient that can be differentiated again; a sparse gradient."""

STEP_REQUIREMENTS: tuple[StepRequirement, ...] = ("gradient", "closure", "graph", "sparse")


class PerRun:
    """One run: a torch optimizer and its parameter, of the shape the optimizer asks for."""

    def __init__(self, optimizer: Torch, point: Tensor) -> None:
        self.optimizer, self.complaint = optimizer, f"{optimizer.spec} failed in its step"
        self.parameter = torch.nn.Parameter(point.detach().clone().reshape(optimizer.shape or point.shape))
        with working(f"{optimizer.spec} cannot be made", point.dtype):
            self.torch_optimizer = optimizer.made(self.parameter, deepcopy(optimizer.hyper))

    @property
    def point(self) -> Tensor:
        return self.parameter.detach().reshape(-1)

    def step(
        self, point: Tensor, gradient: Tensor, way: StepRequirement, ask: Ask | None = None, slope: Slope | None = None
    ) -> None:
        """One step from the point (d,) with the gradient (d,) there, both left to the torch optimizer."""
        shape = self.parameter.shape
        with torch.no_grad():
            self.parameter.copy_(point.reshape(shape))
        self.parameter.grad = gradient.reshape(shape)

        def closure() -> Tensor:
            assert ask is not None
            value, gradient = ask(self.point.clone())
            self.parameter.grad = gradient.reshape(shape)
            return value

        with torch.enable_grad(), working(self.complaint, point.dtype):
            if way == "sparse":
                self.parameter.grad = _sparse(self.parameter.grad)
            elif way == "graph":
                assert slope is not None
                self.parameter.grad = slope(self.parameter.reshape(-1)).reshape(shape)
            # torch types a closure as one of numbers; LBFGS itself takes tensors
            cast(Any, self.torch_optimizer).step(*([closure] if way == "closure" else []))
        self.parameter.grad = None


class PerRunLoop:
    """Runs of one class of torch optimizer, one after the other.

    Random numbers that a torch optimizer draws from the global generators are keyed by seed, stream and step, so that
    a run's do not depend on its company.
    """

    def __init__(
        self, optimizers: Sequence[Torch], x: Tensor, runs: NDArray[np.int64], streams: list[int], seed: int
    ) -> None:
        self.runs, self.optimizers, self.streams, self.seed = runs, optimizers, streams, seed
        self.settings: dict[str, NDArray[np.float64]] = {}
        with kept_generators():
            self.each = [self._made(i, x[:, run], 0) for i, run in enumerate(runs)]

    def step(self, context: StepContext) -> list[PerRunLoop]:
        # each run's gradient is a copy, since optimizers may change it in place
        slopes = context.gradient.detach().T.clone(memory_format=torch.contiguous_format)
        with kept_generators():
            for i, (run, alone) in enumerate(zip(self.runs, self.each, strict=True)):
                mask = torch.zeros_like(context.active)
                mask[run] = True
                seed_all(self.seed, self.streams[i], context.t)
                ask, slope = _questions(context, mask, alone.optimizer.way)
                alone.step(context.x[:, run], slopes[run], alone.optimizer.way, ask, slope)
        return [self]

    @property
    def points(self) -> Tensor:
        return torch.stack([alone.point for alone in self.each], 1)

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        own = values[self.runs]
        self.settings[name] = own
        for alone, value in zip(self.each, own.tolist(), strict=True):
            put(alone.torch_optimizer, alone.optimizer, name, value)

    def reset(self, runs: NDArray[np.bool_], x: Tensor, t: int) -> list[PerRunLoop]:
        with kept_generators():
            for i, run in enumerate(self.runs):
                if runs[run]:
                    self.each[i] = self._made(i, x[:, run], t)
        return [self]

    def states(self) -> dict[str, Tensor]:
        """What is kept of every run, a tensor a name, shapes (d, n) or (n,)."""
        columns = [state_of(alone.torch_optimizer, alone.parameter) for alone in self.each]
        names = [name for name in columns[0] if all(name in column for column in columns)]
        found = {}
        for name in names:
            values = [column[name].reshape(-1) for column in columns]
            if all(len(value) == len(values[0]) for value in values):
                stacked = torch.stack(values, 1)
                found[name] = stacked[0] if columns[0][name].ndim == 0 else stacked
        return found

    def _made(self, i: int, point: Tensor, t: int) -> PerRun:
        seed_all(self.seed, self.streams[i], -1 - t)
        alone = PerRun(self.optimizers[i], point)
        for name, values in self.settings.items():
            put(alone.torch_optimizer, alone.optimizer, name, float(values[i]))
        return alone


def _questions(context: StepContext, mask: Tensor, way: StepRequirement) -> tuple[Ask, Slope | None]:
    """What a run may ask of the function at this step, put to its account."""

    def ask(point: Tensor) -> tuple[Tensor, Tensor]:
        value, gradient = context.oracle.value_and_gradient(point[:, None], mask)
        return value[0], gradient[:, 0]

    def slope(point: Tensor) -> Tensor:
        if type(context.oracle) is not Oracle:
            raise InputError("a torch optimizer that differentiates its gradient cannot be wrapped; race it as it is")
        value = context.oracle.current.evaluate(point[:, None])[0]
        (gradient,) = torch.autograd.grad(value, point, create_graph=True)
        if not gradient.requires_grad:
            gradient = gradient + 0 * point
        cast(Any, gradient).register_hook(lambda _: context.oracle.count("n_hvps", mask))
        return gradient

    return ask, slope if way == "graph" else None


def _sparse(gradient: Tensor | None) -> Tensor:
    """The gradient as a sparse tensor with every row present."""
    assert gradient is not None
    places = torch.arange(len(gradient), device=gradient.device)[None]
    return torch.sparse_coo_tensor(places, gradient, gradient.shape, check_invariants=False).coalesce()


def put(torch_optimizer: torch.optim.Optimizer, optimizer: Torch, name: str, value: Any) -> None:
    """Changes a hyper-parameter where the torch optimizer looks it up at each step.

    Raises `InputError` where it is not found there.
    """
    pair, half = next(((p, halves.index(name)) for p, halves in PAIRS.items() if name in halves), ("", 0))
    for group in torch_optimizer.param_groups:
        if name in group:
            group[name] = value
        elif pair in group:
            both = list(group[pair])
            both[half] = value
            group[pair] = tuple(both)
        else:
            raise InputError(
                f"{optimizer.kind} keeps no {name} in its param_groups, so none can change from step to step"
            )


def state_of(torch_optimizer: torch.optim.Optimizer, parameter: Tensor) -> dict[str, Tensor]:
    """The real tensors in the optimizer's state, by name."""
    state = getattr(torch_optimizer, "state", {}).get(parameter, {})
    return {
        name: value.detach()
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, Tensor) and value.is_floating_point() and not value.is_sparse
    }


def seed_all(seed: int, stream: int, step: int) -> None:
    """Sets the generators that foreign code may draw from."""
    key = hashlib.blake2b(struct.pack("<QqQ", seed % 2**64, stream, step % 2**64), digest_size=8).digest()
    number = int.from_bytes(key, "little")
    for generator in _generators():
        generator.manual_seed(number % 2**63)
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002


def _generators() -> list[torch.Generator]:
    """Torch's own, those of devices only where devices are in use."""
    return [torch.default_generator, *(torch.cuda.default_generators if cast(Any, torch.cuda).is_initialized() else ())]


@contextmanager
def kept_generators() -> Iterator[None]:
    """The global generators are afterwards what they were."""
    torches = _generators()
    state = [g.get_state() for g in torches], random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        for generator, own in zip(torches, state[0], strict=True):
            generator.set_state(own)
        random.setstate(state[1])
        np.random.set_state(state[2])  # noqa: NPY002


@contextmanager
def silenced() -> Iterator[None]:
    """A trial: nothing is printed, nobody is warned, no generator moves."""
    with (
        kept_generators(),
        warnings.catch_warnings(action="ignore"),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        yield


@contextmanager
def working(complaint: str, dtype: torch.dtype) -> Iterator[None]:
    """Someone else's code at work: in the run's precision (torch's NAdam keeps numbers in the default one),
    and whatever it raises told in one line."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    except (InputError, DividedError):
        raise
    except Exception as error:
        raise InputError(f"{complaint}: {type(error).__name__}: {' '.join(str(error).split())}"[:300]) from error
    finally:
        torch.set_default_dtype(before)
