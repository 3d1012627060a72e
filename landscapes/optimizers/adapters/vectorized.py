"""Foreign optimizers, one object for many runs: as fast as torch computes, and the numbers of each run alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.adapters.batched_tensor import Lift, Lifting, Runs, plain
from landscapes.optimizers.adapters.per_run import put, state_of, working
from landscapes.optimizers.adapters.per_run_number import Column, DividedError
from landscapes.optimizers.adapters.settings import Place, columns, filled
from landscapes.optimizers.adapters.state_split import ApartError, Joint, Kept, copied
from landscapes.optimizers.stepper import StepContext

if TYPE_CHECKING:
    from landscapes.optimizers.adapters.torch_optim import Torch

REMEMBERED = 64
"""How many steps are taken between copies of the torch_optimizer, at most."""

ROOM = 2**26
"""How many bytes the points and gradients since the last copy may take."""


class Vectorized:
    """Several runs as one parameter of one torch optimizer object, which takes them for one run.

    Hyper-parameters are columns where the runs differ. If the torch optimizer asks a question that not all runs answer
    alike (does the gradient vanish? is the warm-up over?), they go apart: a copy of the torch optimizer from a few steps
    ago is cut in two, each half takes these steps again, and the halves are put together where they can be.

    Attributes:
        runs: which runs of the stepper these are, shape (n,).
        scattered: whether the torch optimizer ever asked for a number instead of a yes or no, which parts many runs.
    """

    def __init__(self, optimizers: Sequence[Torch], x: Tensor, runs: NDArray[np.int64], lift: Lift = "none") -> None:
        self.runs, self.optimizers, self.everyone, self.lift = runs, optimizers, x.shape[1], lift
        found = columns(optimizers[0].hyper, (optimizer.hyper for optimizer in optimizers))
        settings = {place: own[0].item() if (own == own[0]).all() else Column(own) for place, own in found.items()}
        points = x[:, runs].detach().clone().reshape(*(optimizers[0].shape or x.shape[:1]), len(runs))
        self.parameter: Tensor = points.as_subclass(Runs).requires_grad_()
        with working(f"{optimizers[0].spec} cannot be made", x.dtype), self._lifted():
            self.torch_optimizer = self._made(optimizers[0], settings)
        self.scattered, self.complaint = False, f"{optimizers[0].spec} failed in its step"
        self.past: list[tuple[Tensor, Tensor]] = []
        self.before = self._copy()

    def _made(self, optimizer: Torch, settings: Mapping[Place, Any]) -> torch.optim.Optimizer:
        """A torch optimizer of these numbers: given to it, or, if it takes floats only, put where it looks them up."""
        try:
            return optimizer.made(self.parameter, filled(optimizer.hyper, settings))
        except DividedError:
            raise
        except Exception:
            torch_optimizer, hyper = (
                optimizer.made(self.parameter, filled(optimizer.hyper, {})),
                filled(optimizer.hyper, settings),
            )
            for name in {place[0] for place, value in settings.items() if isinstance(value, Column)}:
                for group in torch_optimizer.param_groups:
                    if group.get(name) != optimizer.hyper[name]:
                        raise
                    group[name] = hyper[name]
            return torch_optimizer

    def step(self, context: StepContext) -> list[Vectorized]:
        return self.advance(context.x, context.gradient)

    def advance(self, x: Tensor, gradient: Tensor) -> list[Vectorized]:
        """One step of these runs, given the points and gradients (d, R) of all; the parts they are in afterwards."""
        if len(self.past) >= max(2, min(REMEMBERED, ROOM // (2 * x.nbytes))):
            self.forget()
        self.past.append((x, gradient))
        try:
            self._step(x, gradient)
        except DividedError as division:
            return self._divided(division.labels, division.narrow)
        return [self]

    @property
    def points(self) -> Tensor:
        return plain(self.parameter).detach().reshape(-1, len(self.runs)).clone()

    def forget(self) -> None:
        """Remembers the present instead of the past."""
        self.before, self.past = self._copy(), []

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        own = values[self.runs]
        put(
            self.torch_optimizer,
            self.optimizers[0],
            name,
            float(own[0]) if (own == own[0]).all() else Column(own.copy()),
        )
        self.forget()

    def part(self, chosen: NDArray[np.int64]) -> Vectorized:
        """Some of these runs, given by their places here, on their own from the present on."""
        twin = object.__new__(Vectorized)
        twin.runs, twin.optimizers, twin.complaint = (
            self.runs[chosen],
            [self.optimizers[i] for i in chosen],
            self.complaint,
        )
        twin.everyone, twin.lift, twin.scattered = self.everyone, self.lift, self.scattered
        twin._take(copied(Kept(self.torch_optimizer, self.parameter), chosen))
        twin.past, twin.before = [], twin._copy()
        return twin

    def states(self) -> dict[str, Tensor]:
        """What is kept of every run, a tensor a name, shapes (d, n) or (n,)."""
        found = {}
        for name, value in state_of(self.torch_optimizer, self.parameter).items():
            if type(value) is Runs:
                own = plain(value)
                found[name] = own if own.ndim == 1 else own.reshape(-1, len(self.runs))
            elif value.ndim == 0:
                found[name] = value.expand(len(self.runs))
        return found

    def _step(self, x: Tensor, gradient: Tensor) -> None:
        if len(self.runs) < self.everyone:
            index = torch.from_numpy(self.runs).to(x.device)
            x, gradient = x[:, index], gradient[:, index]
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            self.parameter.copy_(x.reshape(*Tensor.size(self.parameter)))
            slope = _copy_of(gradient.detach())  # it may be changed in place
            self.parameter.grad = slope.reshape(*Tensor.size(self.parameter)).as_subclass(Runs)
        with torch.enable_grad(), working(self.complaint, x.dtype), self._lifted():
            self.torch_optimizer.step()

    @contextmanager
    def _lifted(self) -> Iterator[None]:
        """Infinities are silent, as in torch, and tensors made from nothing are what they must be."""
        lifting = nullcontext() if self.lift == "none" else Lifting(len(self.runs), self.lift == "shaped")
        with np.errstate(all="ignore"), lifting:
            yield

    def _copy(self) -> Kept:
        return copied(Kept(self.torch_optimizer, self.parameter))

    def _take(self, kept: Kept) -> None:
        self.torch_optimizer, self.parameter = kept.torch_optimizer, kept.parameter

    def _divided(self, labels: NDArray[np.int64], narrow: bool) -> list[Vectorized]:
        """The runs that agree in each part, brought from the last copy to the present; in one again where that works."""
        past, self.scattered = self.past, self.scattered or not narrow
        self._take(self.before)
        parts = []
        for label in np.unique(labels):
            group = [self.part(np.flatnonzero(labels == label))]
            for x, gradient in past:
                group = [after for part in group for after in part.advance(x, gradient)]
            parts += group
        return self._rejoined(parts)

    def _rejoined(self, parts: list[Vectorized]) -> list[Vectorized]:
        runs = np.concatenate([part.runs for part in parts])
        order = np.argsort(runs)
        try:
            whole = Joint([len(part.runs) for part in parts], order)(
                [Kept(p.torch_optimizer, p.parameter) for p in parts]
            )
        except ApartError:
            return parts
        optimizers = [optimizer for part in parts for optimizer in part.optimizers]
        self.runs, self.optimizers = runs[order], [optimizers[i] for i in order]
        self.scattered = any(part.scattered for part in [self, *parts])
        self._take(whole)
        self.forget()
        return [self]


def _copy_of(x: Tensor) -> Tensor:
    """A contiguous copy of (d, n); by rows where they are not dense, which is faster than torch's own way."""
    return x.clone() if x.is_contiguous() else torch.stack(x.unbind(0))
