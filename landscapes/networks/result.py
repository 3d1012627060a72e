"""The record of a plane or a line, with the network's loss as a function of its coordinates."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from torch import Tensor

from landscapes.errors import InputError
from landscapes.networks.data import map_tensors
from landscapes.networks.directions import Subspace
from landscapes.networks.losses import NetworkLoss
from landscapes.objectives.decorators import Function, function
from landscapes.objectives.validation import checked
from landscapes.record import Record
from landscapes.silence import ignored_warnings


@dataclass(frozen=True, eq=False, repr=False)
class NetworkRecord(Record):
    """A record of a network in a plane or on a line. Saved and loaded, it is a `Record`.

    Attributes:
        space: the origin and the directions.
        objective: the loss of the network, on a private copy.
    """

    space: Subspace | None = None
    objective: NetworkLoss | None = None

    @cached_property
    def function(self) -> Function:
        """The loss as a `Function` of the coordinates, differentiable, for `race`, `sweep` and `restricted`."""
        if self.space is None or self.objective is None:
            raise InputError("this record has lost its network; make it again by plane() or line()")
        shown = self.surface if self.surface is not None else self.curve
        assert shown is not None
        axes = [shown.x] if self.surface is None else [shown.x, shown.y]
        domain = [(float(axis[0]), float(axis[-1])) for axis in axes]
        if "ribbon_error" in (self.meta.plane or {}):
            raise InputError("a ribbon bends, so it is no function of its plane; make the plane without ribbon=True")
        if self.objective.batchnorm == "recalibrate":
            raise InputError('a function has fixed statistics: use batchnorm="frozen" or "batch"')
        return plane_function(self.objective, self.space, domain, self.meta.title)


def plane_function(loss: NetworkLoss, space: Subspace, domain: Any, title: str) -> Function:
    """Return the loss of a network in a subspace as a function of its coordinates."""
    formula = PlaneLoss(in_double(loss), space)
    start = tuple(0.6 * low + 0.4 * high if abs(low) > abs(high) else 0.4 * low + 0.6 * high for low, high in domain)
    facts: dict[str, Any] = {"name": "plane" if len(domain) == 2 else "line", "title": title, "start": start}
    made = function(*domain, **facts)(formula.two if len(domain) == 2 else formula.one)
    made = replace(made, mode="vmapped", lower_bound=0.0 if loss.value >= 0 else math.nan)
    if loss.grad or loss.random:
        return replace(made, mode="looped")
    with ignored_warnings():
        return checked(made)


def in_double(loss: NetworkLoss) -> NetworkLoss:
    """Return the same loss on another copy in float64, so that derivatives and batches agree to the last digits."""

    def double(value: Tensor) -> Tensor:
        return value.double() if value.is_floating_point() else value

    batches = loss.batches
    kept = None if batches.kept is None else [map_tensors(batch, double) for batch in batches.kept]
    place = batches.place
    batches = replace(batches, kept=kept, place=lambda batch: map_tensors(place(batch), double))
    return replace(loss, module=copy.deepcopy(loss.module).double(), batches=batches)


@dataclass(frozen=True, eq=False)
class PlaneLoss:
    """The loss in a subspace as a formula for one point at a time."""

    loss: NetworkLoss
    space: Subspace

    def two(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the loss at two coordinates."""
        return self._at(a, b)

    def one(self, a: Tensor) -> Tensor:
        """Return the loss at one coordinate."""
        return self._at(a)

    def _at(self, *point: Tensor) -> Tensor:
        moved = self.space.origin.double()
        for c, direction in zip(point, self.space.directions, strict=True):
            moved = moved + c.double() * direction.double()
        named = self.loss.weights.split(moved)
        total: Any = 0.0
        for batch, share in self.loss.pairs():
            found = self.loss.functional(named, batch).double()
            total = total + share * (found[0] if self.loss.metrics else found)
        return cast(Tensor, total).to(point[0].dtype)
