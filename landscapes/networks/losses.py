"""The loss of a module on data, on a private copy: checked once, then evaluated at any weights.

The caller's module is copied and only read, so its weights, mode, buffers and `requires_grad` stay, also if the loss
raises. Global random states are restored.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from landscapes.errors import InputError
from landscapes.networks.data import Batches, inputs_and_targets
from landscapes.networks.weights import Weights
from landscapes.optimizers.adapters.isolation import preserve_rng_state, seed_all

Loss = Callable[..., Any] | None
Metrics = Mapping[str, Callable[..., Any]] | str | list[str] | None

BATCHNORM = ("frozen", "batch", "recalibrate")
"""How BatchNorm normalizes at other weights than the model's own."""


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the share of rows whose largest output is the target class, or whose sign fits a binary target.

    >>> float(accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0])))
    0.5
    """
    if (
        targets.is_floating_point()
        and targets.shape == outputs.shape
        and outputs.shape[-1:] != (1,)
        and outputs.ndim > 1
    ):
        targets = targets.argmax(1)
    if outputs.ndim > targets.ndim:
        return (outputs.argmax(1) == targets).double().mean()
    return ((outputs > 0).reshape(-1) == (targets > 0.5).reshape(-1)).double().mean()


class LossModule(nn.Module):
    """A module whose call returns the loss of a batch and its metrics, shape (1 + m,)."""

    def __init__(self, model: nn.Module, loss: Loss, metrics: Mapping[str, Callable[..., Any]], whole: bool) -> None:
        super().__init__()
        self.model = model
        self.whole = whole
        self.loss: Any = loss
        self._metrics = dict(metrics)

    def forward(self, batch: Any) -> Tensor:
        """Return the loss and the metrics of a batch."""
        if self.loss is None:
            outputs = self.model(**batch) if isinstance(batch, Mapping) else self.model(*batch)
            values = [getattr(outputs, "loss", None)]
            if values[0] is None:
                raise InputError(
                    "the output of the model has no .loss; give a loss: loss(outputs, targets), or loss(model, batch)"
                )
            args: tuple[Any, ...] = (self.model, batch)
        elif self.whole:
            values, args = [self.loss(self.model, batch)], (self.model, batch)
        elif type(batch) is tuple and len(batch) == 2 and isinstance(batch[0], Tensor):  # by far the most frequent
            args = self.model(batch[0]), batch[1]
            values = [self.loss(*args)]
        else:
            inputs, named, targets = inputs_and_targets(batch)
            args = self.model(*inputs, **named), targets
            values = [self.loss(*args)]
        if not self._metrics:
            return _scalar(values[0], "the loss")
        values += [metric(*args) for metric in self._metrics.values()]
        names = ["the loss", *(f"metric {name!r}" for name in self._metrics)]
        scalars = [_scalar(value, name) for value, name in zip(values, names, strict=True)]
        return torch.stack([scalar.to(scalars[0].dtype) for scalar in scalars])


def _scalar(value: Any, what: str) -> Tensor:
    """Return a value as a tensor without dimensions. Raises `InputError` for anything else than one real number."""
    if isinstance(value, int | float):
        return torch.tensor(float(value), dtype=torch.float64)
    if not isinstance(value, Tensor):
        raise InputError(f"{what} must be one number per batch, got {type(value).__name__}")
    if value.numel() != 1:
        raise InputError(
            f'{what} must be one number per batch, got shape {tuple(value.shape)}; average it, as with reduction="mean"'
        )
    if value.is_complex():
        raise InputError(f"{what} must be real, got complex numbers")
    return value.reshape(())


@dataclass(eq=False)
class NetworkLoss:
    """The loss of a module on data as a function of its weights, on a private copy.

    Attributes:
        module: returns the loss and the metrics of a batch.
        weights: which weights move.
        batches: the data.
        metrics: the names of the metrics.
        batchnorm: "frozen", "batch" or "recalibrate".
        total: whether the loss is a sum over rows rather than a mean.
        grad: whether the loss itself differentiates, as those of physics-informed networks do.
        random: whether the loss draws random numbers, so that each evaluation begins with the same seed.
        value: the loss of the module as it is.
        values: the loss and the metrics there.
    """

    module: LossModule
    weights: Weights
    batches: Batches
    metrics: tuple[str, ...]
    batchnorm: str
    total: bool
    grad: bool = False
    random: bool = False
    values: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """The loss of the module as it is."""
        return self.values[0]

    @property
    def model(self) -> nn.Module:
        """The private copy."""
        return self.module.model

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """The moving weights of the copy."""
        named = dict(self.model.named_parameters())
        return {name: named[name] for name in self.weights.shapes}

    def pairs(self) -> Iterable[tuple[Any, float]]:
        """Return each batch with its share in the full pass."""
        batches = self.batches
        rows = batches.total
        counts = batches.rows if batches.kept is not None else ()
        if len(counts) == 1 and batches.kept is not None:
            return [(batches.kept[0], 1.0)]
        return ((batch, 1.0 if self.total else count / rows) for batch, count in batches)

    def evaluate(self) -> tuple[float, ...]:
        """Return the loss and the metrics at the present weights of the copy, averages over rows in float64."""
        if self.batchnorm == "recalibrate":
            self._recalibrate()
        with self.context(), self.same_numbers():
            return self.full_pass()

    def full_pass(self) -> tuple[float, ...]:
        """Return what `evaluate` does, within `context` and without what random losses and BatchNorm need."""
        forward = self.module.forward
        pairs = self.pairs()
        if isinstance(pairs, list):  # one batch, as of small data, whose overhead counts
            found = forward(pairs[0][0])
            return tuple(found.tolist()) if found.ndim else (found.item(),)
        sums: Any = 0.0
        for batch, share in pairs:
            found = forward(batch)
            if found.is_cuda:  # is not waited for
                sums = sums + share * found.detach().double()
            elif found.ndim:
                sums = [share * v + s for v, s in zip(found.tolist(), sums or [0.0] * len(found), strict=True)]
            else:
                sums += share * found.item()
        if isinstance(sums, Tensor):
            sums = sums.tolist()
        return (sums,) if isinstance(sums, float) else tuple(sums)

    @property
    def plain(self) -> bool:
        """Whether a full pass is all that an evaluation needs."""
        return not self.random and self.batchnorm != "recalibrate"

    @property
    def of_torch(self) -> bool:
        """Whether all parts are torch's own, which neither differentiate nor keep tensors: inference mode is safe."""
        parts = [*self.model.modules(), self.module.loss]
        return all(
            str(getattr(part if inspect.isfunction(part) else type(part), "__module__", "")).startswith("torch.nn.")
            and not getattr(part, "_forward_hooks", None)
            and not getattr(part, "_forward_pre_hooks", None)
            for part in parts
        ) and all(metric is accuracy for metric in self.module._metrics.values())

    @contextmanager
    def context(self) -> Iterator[None]:
        """Evaluate without gradients, unless the loss itself differentiates."""
        with torch.enable_grad() if self.grad else torch.no_grad():
            yield

    @contextmanager
    def same_numbers(self) -> Iterator[None]:
        """Let a random loss draw the same numbers at all weights, and restore the global generators."""
        if not self.random:
            yield
            return
        with preserve_rng_state():
            seed_all(0, 0, 0)
            yield

    def _recalibrate(self) -> None:
        """Give BatchNorm the statistics of the data at the present weights: one pass, averaged over batches."""
        layers = [
            layer for layer in self.model.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats
        ]
        before = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = cast(Any, None)  # a cumulative average
            layer.train()
        try:
            with self.context(), self.same_numbers():
                for batch, _ in self.batches:
                    self.module(batch)
        finally:
            for layer, momentum in zip(layers, before, strict=True):
                layer.momentum = momentum
                layer.eval()

    def functional(self, named: Mapping[str, Tensor], batch: Any) -> Tensor:
        """Return loss and metrics of a batch at other weights, differentiably."""
        moved = {f"model.{name}": weight for name, weight in named.items()}
        return cast(Tensor, torch.func.functional_call(self.module, moved, (batch,)))

    def load_buffers(self, state: Mapping[str, Any]) -> None:
        """Copy buffers, such as the statistics of BatchNorm, from a `state_dict` into the copy."""
        for name, buffer in self.model.named_buffers():
            given = state.get(name)
            if isinstance(given, Tensor) and given.shape == buffer.shape:
                buffer.copy_(given)
