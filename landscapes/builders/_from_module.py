"""Networks as landscapes: a point is all weights of a module, the value its loss on some data."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscapes.errors import InputError
from landscapes.objectives.decorators import Formula, Function, Interval, function
from landscapes.objectives.validation import checked

Loss = Callable[..., Tensor]


def from_module(
    module: nn.Module,
    loss: Loss,
    inputs: Tensor | Sequence[Tensor],
    *targets: Tensor,
    batch: int | None = None,
    seed: int = 0,
    radius: float = 1.0,
    **facts: Any,
) -> Function:
    """Makes a landscape of a module's weights: f(w) = loss(module(inputs; w), *targets).

    All runs are evaluated together by `torch.func.vmap`. The module is copied and evaluated as in `.eval()`, so
    that the landscape stays the same; what is given is left untouched. Weights that do not require gradients
    stay as they are. The end of a run becomes a network again by
    `torch.nn.utils.vector_to_parameters(torch.tensor(x, dtype=torch.float32), module.parameters())`.

    Args:
        module: the network; d is the number of its weights, in the order of `module.parameters()`.
        loss: takes the module's output and the targets and returns one number, such as `nn.MSELoss()`.
        inputs: what the module takes: a tensor, or several.
        targets: what the loss takes beside the output.
        batch: for mini-batches, how many rows of inputs and targets each step sees, drawn anew; the average
            over steps is the landscape where the loss is a mean over rows. By default all rows are seen.
        seed: of the mini-batches.
        radius: how far domain and view reach from the present weights.
        facts: what else is known, as for `landscapes.function`: name, title, steps, start, scale, …

    Raises:
        InputError: for a module without weights, data that do not go together, a loss that is not one number or
            not finite, and facts that do not fit.

    >>> net = nn.Linear(2, 1)
    >>> x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    >>> landscape = from_module(net, nn.MSELoss(), x, x.sum(1, keepdim=True))
    >>> landscape.dim, landscape.mode
    (3, 'vmapped')
    """
    if not isinstance(module, nn.Module):
        raise InputError(f"from_module takes a torch.nn.Module, not {module!r:.80}")
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius < math.inf:
        raise InputError(f"the radius is a number above 0, not {radius!r}")
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if not all(isinstance(data, Tensor) for data in (*given, *targets)):
        raise InputError("inputs and targets are tensors")
    net = _frozen(module)
    weights = {name: p.detach().double() for name, p in net.named_parameters() if p.requires_grad}
    if not weights:
        raise InputError(f"the module {type(module).__name__} has no weights that require gradients")
    start = torch.cat([weight.flatten() for weight in weights.values()]).tolist()
    shapes = {name: weight.shape for name, weight in weights.items()}
    full = ModuleLoss(net, loss, shapes, given, targets)
    domain: list[Interval] = [(c - radius, c + radius) for c in start]
    sample = None if batch is None else _batches(full, _check_batch(batch, (*given, *targets)), seed)
    known = {"name": type(module).__name__, "start": start, "sample": sample}
    made = replace(function(*domain, **{**known, **facts})(full), mode="vmapped", description="")
    with warnings.catch_warnings(action="ignore"):  # what is to be said is said below
        fitting = checked(made)
    if fitting.mode == "looped":
        warnings.warn(
            f"the module {made.name} cannot be evaluated by torch.func.vmap, so runs are evaluated one after another, "
            "which is slower",
            UserWarning,
            stacklevel=2,
        )
    return fitting


@dataclass(frozen=True, eq=False)
class ModuleLoss:
    """The loss of a module as a function of all its weights, one point at a time."""

    net: nn.Module
    loss: Loss
    shapes: dict[str, torch.Size]
    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]

    def __call__(self, x: Tensor) -> Tensor:
        x = x.reshape(-1)  # a single weight comes as a number
        parts = torch.split(x, [shape.numel() for shape in self.shapes.values()])
        weights = {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
        if (x.dtype, x.device) not in self._fitted:
            self._fitted[x.dtype, x.device] = self._fit(x)
        fit = self._fitted[x.dtype, x.device]
        return fit.loss(functional_call(self.net, {**fit.rest, **weights}, fit.inputs), *fit.targets)

    def rows(self, picked: Tensor) -> ModuleLoss:
        """The loss on some rows of the data."""
        inputs, targets = (
            tuple(data[picked.to(data.device)] for data in group) for group in (self.inputs, self.targets)
        )
        return replace(self, inputs=inputs, targets=targets)

    @cached_property
    def _fitted(self) -> dict[Any, _Fit]:
        return {}

    def _fit(self, x: Tensor) -> _Fit:
        def like(data: Tensor) -> Tensor:
            return data.detach().to(x.device, x.dtype if data.is_floating_point() else data.dtype)

        named = {**dict(self.net.named_parameters()), **dict(self.net.named_buffers())}
        return _Fit(
            rest={name: like(data) for name, data in named.items() if name not in self.shapes},
            loss=copy.deepcopy(self.loss).to(x.device, x.dtype) if isinstance(self.loss, nn.Module) else self.loss,
            inputs=tuple(map(like, self.inputs)),
            targets=tuple(map(like, self.targets)),
        )


@dataclass(frozen=True, eq=False)
class _Fit:
    """What goes with the weights, in their precision and on their device."""

    rest: dict[str, Tensor]
    loss: Loss
    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]


def _frozen(module: nn.Module) -> nn.Module:
    """A copy that always gives the same."""
    if any(nn.parameter.is_lazy(p) for p in (*module.parameters(), *module.buffers())):
        raise InputError(f"the module {type(module).__name__} has weights without a shape; call it once on its inputs")
    return copy.deepcopy(module).eval()


def _check_batch(batch: int, data: Sequence[Tensor]) -> int:
    rows = {len(tensor) if tensor.ndim else 0 for tensor in data}
    if len(rows) != 1:
        raise InputError(f"for mini-batches inputs and targets have as many rows each; they have {sorted(rows)}")
    (count,) = rows
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= count:
        raise InputError(f"a batch is a whole number of rows, from 1 to {count}, not {batch!r}")
    return batch


def _batches(full: ModuleLoss, size: int, seed: int) -> Callable[[int], Formula]:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"a seed is a whole number, at least 0, not {seed!r}")
    count = len(full.inputs[0])

    def sample(t: int) -> Formula:
        picked = np.random.default_rng([seed, t]).choice(count, size, replace=False)
        return full.rows(torch.from_numpy(np.sort(picked)))

    return sample
