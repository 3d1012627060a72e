"""`from_module`: the loss of a torch module as a function of its weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.objectives.decorators import Formula, Function, Interval, function
from landscapes.objectives.samples import generator
from landscapes.objectives.validation import checked
from landscapes.silence import ignored_warnings

Loss = Callable[..., Tensor]


@suggests_arguments
def from_module(
    module: nn.Module,
    loss: Loss,
    inputs: Tensor | Sequence[Tensor],
    *targets: Tensor,
    batch: int | None = None,
    seed: int = 0,
    radius: float = 1.0,
    batchnorm: str = "frozen",
    **facts: Any,
) -> Function:
    """Make a `Function` of the weights of a module: f(w) = loss(module(inputs; w), *targets).

    All runs are evaluated together by `torch.func.vmap`. The module is copied and evaluated as in `.eval()`, so that
    the function is deterministic; the module itself is not changed. Weights that do not require gradients stay
    constant. To turn a point x back into a network, call
    `torch.nn.utils.vector_to_parameters(torch.tensor(x, dtype=torch.float32), module.parameters())`.

    Args:
        module: the network; d is the number of its weights, in the order of `module.parameters()`.
        loss: takes the output of the module and the targets and returns one number, such as `nn.MSELoss()`.
        inputs: input of the module: a tensor or several.
        targets: further arguments of the loss.
        batch: size of mini-batches: each step evaluates this many random rows of inputs and targets. By default every
            step evaluates all rows. The average over steps is f if the loss is a mean over rows.
        seed: of the mini-batches, which also follow the seed of each run, as in `sweep(f, "sgd", seeds=5)`.
        radius: distance of the borders of domain and view from the present weights, along each coordinate.
        batchnorm: "frozen": BatchNorm uses the running statistics of the module given, at every point. They do not fit
            other weights, so losses along a trajectory differ from those of training. "batch": it normalizes by the
            mean and variance of the rows evaluated, as in training.
        facts: further facts, as for `landscapes.function`: name, title, steps, start, scale, … Unless `minimum` or
            `lower_bound` is given, no loss is taken to be below 0 (if the present one is not).

    Raises:
        InputError: for a module without weights, for another `batchnorm`, for data of different lengths, for a loss
            that is not one finite number, and for facts that contradict each other.

    Warns:
        UserWarning: if `torch.func.vmap` cannot evaluate the module, so that runs are evaluated one by one.

    >>> net = nn.Linear(2, 1)
    >>> x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    >>> f = from_module(net, nn.MSELoss(), x, x.sum(1, keepdim=True))
    >>> f.dim, f.mode
    (3, 'vmapped')
    """
    if not isinstance(module, nn.Module):
        raise InputError(f"from_module takes a torch.nn.Module, got {module!r:.80}")
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius < math.inf:
        raise InputError(f"radius must be a finite number > 0, got {radius!r}")
    if batchnorm not in ("frozen", "batch"):
        raise InputError(f'batchnorm must be "frozen" or "batch", got {batchnorm!r}')
    input_tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if not all(isinstance(data, Tensor) for data in (*input_tensors, *targets)):
        raise InputError("inputs and targets must be tensors")
    net = eval_copy(module)
    if batchnorm == "batch":
        forget_statistics(net)
    weights = {name: p.detach().double() for name, p in net.named_parameters() if p.requires_grad}
    if not weights:
        raise InputError(f"the module {type(module).__name__} has no weights that require gradients")
    start = torch.cat([weight.flatten() for weight in weights.values()]).tolist()
    shapes = {name: weight.shape for name, weight in weights.items()}
    full = ModuleLoss(net, loss, shapes, input_tensors, targets)
    domain: list[Interval] = [(c - radius, c + radius) for c in start]
    sample = None if batch is None else _batches(full, _check_batch(batch, (*input_tensors, *targets)), seed)
    known = {"name": type(module).__name__, "start": start, "sample": sample}
    made = replace(function(*domain, **{**known, **facts})(full), mode="vmapped", description="")
    with ignored_warnings():  # replaced by the warning below
        valid = checked(made)
    if valid.mode == "looped":
        warn(
            f"the module {made.name} cannot be evaluated by torch.func.vmap, so runs are evaluated one after another, "
            "which is slower"
        )
    if "minimum" in facts or "minima" in facts or "lower_bound" in facts or float(valid(valid.start)) < 0:
        return valid
    return replace(valid, lower_bound=0.0)


@dataclass(frozen=True, eq=False)
class ModuleLoss:
    """The loss of a module as a formula of all its weights, for one point at a time."""

    net: nn.Module
    loss: Loss
    shapes: dict[str, torch.Size]
    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]

    def __call__(self, x: Tensor) -> Tensor:
        x = x.reshape(-1)  # a single weight is passed as a scalar
        parts = torch.split(x, [shape.numel() for shape in self.shapes.values()])
        weights = {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
        if (x.dtype, x.device) not in self._constants:
            self._constants[x.dtype, x.device] = self._constants_like(x)
        fixed = self._constants[x.dtype, x.device]
        return fixed.loss(functional_call(self.net, {**fixed.frozen, **weights}, fixed.inputs), *fixed.targets)

    @property
    def statistics(self) -> dict[str, Tensor]:
        """The running statistics of BatchNorm that the loss uses at all points, by their names in `state_dict`."""
        return {
            f"{name}.{key}" if name else key: data
            for name, layer in self.net.named_modules()
            if isinstance(layer, _BatchNorm)
            for key, data in (("running_mean", layer.running_mean), ("running_var", layer.running_var))
            if data is not None
        }

    def rows(self, picked: Tensor) -> ModuleLoss:
        """Return the loss on these rows of the data."""
        inputs, targets = (
            tuple(data[picked.to(data.device)] for data in group) for group in (self.inputs, self.targets)
        )
        return replace(self, inputs=inputs, targets=targets)

    @cached_property
    def _constants(self) -> dict[Any, _Constants]:
        return {}

    def _constants_like(self, x: Tensor) -> _Constants:
        def like(data: Tensor) -> Tensor:
            return data.detach().to(x.device, x.dtype if data.is_floating_point() else data.dtype)

        named = {**dict(self.net.named_parameters()), **dict(self.net.named_buffers())}
        return _Constants(
            frozen={name: like(data) for name, data in named.items() if name not in self.shapes},
            loss=copy.deepcopy(self.loss).to(x.device, x.dtype) if isinstance(self.loss, nn.Module) else self.loss,
            inputs=tuple(map(like, self.inputs)),
            targets=tuple(map(like, self.targets)),
        )


@dataclass(frozen=True, eq=False)
class _Constants:
    """Everything but the trained weights, with their dtype and on their device."""

    frozen: dict[str, Tensor]
    loss: Loss
    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]


def eval_copy(module: nn.Module) -> nn.Module:
    """Return a copy of the module in evaluation mode."""
    if any(nn.parameter.is_lazy(p) for p in (*module.parameters(), *module.buffers())):
        raise InputError(f"the module {type(module).__name__} has weights without a shape; call it once on its inputs")
    computed = [data for part in module.modules() for data in vars(part).values() if _is_computed(data)]
    return copy.deepcopy(module, {id(data): data.detach().clone() for data in computed}).eval()


def _is_computed(value: Any) -> bool:
    """Return whether an attribute was computed from weights, as `torch.nn.utils.weight_norm` does at each call."""
    return isinstance(value, Tensor) and not value.is_leaf


def forget_statistics(net: nn.Module) -> None:
    """Let BatchNorm normalize by the rows evaluated; without running statistics it does so in evaluation mode, too."""
    for layer in net.modules():
        if isinstance(layer, _BatchNorm):
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None


def _check_batch(batch: int, data: Sequence[Tensor]) -> int:
    rows = {len(tensor) if tensor.ndim else 0 for tensor in data}
    if len(rows) != 1:
        raise InputError(
            f"for mini-batches, inputs and targets must have the same number of rows, got {sorted(rows)} rows"
        )
    (count,) = rows
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= count:
        raise InputError(f"batch must be an integer from 1 to {count}, the number of rows, got {batch!r}")
    return batch


def _batches(full: ModuleLoss, size: int, seed: int) -> Callable[[int], Formula]:
    """Return a sampler of mini-batch losses; rows are drawn without replacement from seeds and the step."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be an integer >= 0, got {seed!r}")
    count = len(full.inputs[0])

    own = seed

    def sample(t: int, seed: int = 0) -> Formula:
        picked = generator(own, t, seed).choice(count, size, replace=False)
        return full.rows(torch.from_numpy(np.sort(picked)))

    return sample
