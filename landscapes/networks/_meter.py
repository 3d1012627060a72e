"""Norms of gradients, weights and updates per layer, and projections of the weights, at little cost per step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from landscapes.errors import InputError

CHUNK = 2**18
"""Weights per piece of a projection, so that pieces stay in the cache."""

LOW_PRECISION = (torch.float16, torch.bfloat16)
"""Types in which neither norms nor updates are computed."""


@dataclass(frozen=True)
class Layers:
    """The trained weights of an optimizer, by layer.

    Attributes:
        parameters: the weights, in the order of the groups.
        names: the names of the layers.
        of: the number of the layer of each weight.
    """

    parameters: tuple[Tensor, ...]
    names: tuple[str, ...]
    of: tuple[int, ...]

    @classmethod
    def of_optimizer(cls, optimizer: torch.optim.Optimizer, model: nn.Module | None) -> Layers:
        """Return the weights that an optimizer moves.

        With a model, a layer is the module that owns weights, such as "encoder.0". Without, each weight is a layer,
        named by its group, its place there and its shape.

        Raises:
            InputError: if there are none, and for sharded weights.
        """
        named = {} if model is None else {id(p): name for name, p in model.named_parameters()}
        found: dict[str, list[Tensor]] = {}
        several = len(optimizer.param_groups) > 1
        for g, group in enumerate(optimizer.param_groups):
            for j, p in enumerate(group["params"]):
                if not p.requires_grad:
                    continue
                if type(p.data).__name__ == "DTensor" or hasattr(p, "placements"):
                    raise InputError(
                        "watch measures whole weights, and these are sharded (DTensor, FSDP2); watch an unsharded run"
                    )
                shape = "×".join(map(str, p.shape)) or "1"
                name = named.get(id(p), "")
                layer = name.rpartition(".")[0] or name if name else f"{f'{g}.' if several else ''}{j} ({shape})"
                found.setdefault(layer, []).append(p)
        if not found:
            raise InputError("the optimizer has no weights that require gradients, so there is nothing to watch")
        parts = [(p, i) for i, group in enumerate(found.values()) for p in group]
        return cls(tuple(p for p, _ in parts), tuple(found), tuple(i for _, i in parts))

    @property
    def size(self) -> int:
        """The number of weights d."""
        return sum(_reals(p).numel() for p in self.parameters)

    def flat(self) -> Tensor:
        """Return the weights as one vector (d,) in float32, on the CPU; complex ones as pairs."""
        parts = [_reals(p.detach()).reshape(-1).to("cpu", torch.float32) for p in self.parameters]
        return torch.cat(parts)

    def per_layer(self, values: Sequence[float]) -> list[float]:
        """Return the norm of each layer from the norms of its weights."""
        sums = [0.0] * len(self.names)
        for value, layer in zip(values, self.of, strict=True):
            sums[layer] += value * value
        return [total**0.5 for total in sums]


def _reals(tensor: Tensor) -> Tensor:
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def gradients(parameters: Sequence[Tensor]) -> list[Tensor | None]:
    """Return the gradients; of sparse ones, the entries that are there."""
    found: list[Tensor | None] = []
    for p in parameters:
        grad = p.grad
        found.append(grad.coalesce().values() if grad is not None and grad.is_sparse else grad)
    return found


def norms(tensors: Sequence[Tensor | None]) -> Tensor:
    """Return the norm of each tensor, (n,), 0 for None; on the device of the first, without waiting for it.

    >>> norms([torch.tensor([3.0, 4.0]), None]).tolist()
    [5.0, 0.0]
    """
    there = [t.detach() for t in tensors if t is not None]
    if not there:
        return torch.zeros(len(tensors))
    low = any(t.dtype in LOW_PRECISION for t in there)
    found = torch._foreach_norm(there, 2, torch.float32) if low else torch._foreach_norm(there, 2)
    if len(there) == len(tensors) and len({(one.device, one.dtype) for one in found}) == 1:
        return torch.stack(list(found)).double()
    measured = iter(found)
    first, nothing = there[0].device, torch.zeros((), device=there[0].device)
    parts = [nothing if t is None else next(measured).to(first, torch.float64) for t in tensors]
    return torch.stack([part.double() for part in parts])


def state_of(tensors: Sequence[Tensor | None]) -> tuple[tuple[int, int], ...]:
    """Return a value that differs after any of the tensors was replaced or changed in place."""
    return tuple((0, 0) if t is None else (id(t), t._version) for t in tensors)


@dataclass(eq=False)
class Mover:
    """Measures updates: it keeps the weights before a step, and the update of the step before (2 d numbers)."""

    parameters: tuple[Tensor, ...]
    now: list[Tensor] = field(default_factory=list)
    last: list[Tensor] = field(default_factory=list)
    last_number: int = -2

    def before(self) -> None:
        """Copy the weights."""
        if not self.now:
            self.now, self.last = ([self._empty(p) for p in self.parameters] for _ in range(2))
        torch._foreach_copy_(self.now, [p.detach() for p in self.parameters])

    def after(self, number: int) -> tuple[Tensor, Tensor | None]:
        """Return the norms of the updates of a step, (n,), and their products with those of the step before.

        The products, (n,) as well, are None unless the step before was measured.
        """
        if any(old.dtype != p.dtype for old, p in zip(self.now, self.parameters, strict=True)):
            torch._foreach_sub_(
                self.now, [p.detach().to(old.dtype) for old, p in zip(self.now, self.parameters, strict=True)]
            )
        else:
            torch._foreach_sub_(self.now, [p.detach() for p in self.parameters])
        lengths, products = norms(self.now), None
        if self.last_number == number - 1:
            pairs = zip(self.now, self.last, strict=True)
            dots = [_dot(one, other).to(lengths.device) for one, other in pairs]
            alike = len({dot.dtype for dot in dots}) == 1
            products = torch.stack(dots).double() if alike else torch.stack([dot.double() for dot in dots])
        self.now, self.last, self.last_number = self.last, self.now, number
        return lengths, products

    @staticmethod
    def _empty(p: Tensor) -> Tensor:
        return torch.empty_like(p.detach(), dtype=torch.float32 if p.dtype in LOW_PRECISION else p.dtype)


def _dot(one: Tensor, other: Tensor) -> Tensor:
    return torch.dot(_reals(one).reshape(-1), _reals(other).reshape(-1))


@dataclass(eq=False)
class Sketch:
    """A random linear map to k coordinates, the same for all steps, that keeps lengths and angles on average.

    Each weight is added to one coordinate, with a random sign (count sketch; Charikar, Chen & Farach-Colton, 2002).
    The relative standard deviation of squared lengths is about √(2/k). The signs take one byte per weight.
    """

    parameters: tuple[Tensor, ...]
    k: int
    seed: int
    signs: list[Tensor] = field(default_factory=list)

    def __call__(self) -> Tensor:
        """Return the coordinates of the present weights, (k,) in float64."""
        if not self.signs:
            generator = torch.Generator().manual_seed(self.seed)
            for p in self.parameters:
                drawn = torch.randint(0, 2, (_reals(p).numel(),), generator=generator, dtype=torch.int8)
                self.signs.append(drawn.mul_(2).sub_(1).to(p.device))
        total = torch.zeros(self.k, dtype=torch.float64, device=self.parameters[0].device)
        chunk, place = CHUNK // self.k * self.k, 0
        for p, signs in zip(self.parameters, self.signs, strict=True):
            flat = _reals(p.detach()).reshape(-1)
            for begin in range(0, len(flat), chunk):
                piece = signs[begin : begin + chunk].to(flat.dtype).mul_(flat[begin : begin + chunk])  # faster than *
                whole = len(piece) // self.k * self.k
                sums = piece[:whole].view(-1, self.k).sum(0, dtype=torch.float32).double()
                if whole < len(piece):
                    sums[: len(piece) - whole] += piece[whole:].double()
                total += torch.roll(sums, place).to(total.device)
            place = (place + len(flat)) % self.k
        return total


def as_number(value: Any) -> float:
    """Return a number or a tensor of one entry as a float."""
    return float(value.item()) if isinstance(value, Tensor) else float(value)
