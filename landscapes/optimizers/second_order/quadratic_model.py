"""The quadratic model of a landscape around each point, in the axes in which it has no mixed terms."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import pairwise_sum
from landscapes.optimizers.second_order.linalg import eigh, product
from landscapes.optimizers.second_order.line_search import rounding


class QuadraticModel(NamedTuple):
    """A quadratic model at each point, in coordinates of its own: value + gᵀp + ½ Σ curvatureₖ pₖ².

    Attributes:
        value: the values, shape (R,).
        gradient: along the axes of the model, shape (d, R).
        curvature: along the same axes, shape (d, R).
        axes: the axes, one a column, shape (d, d, R).
    """

    value: Tensor
    gradient: Tensor
    curvature: Tensor
    axes: Tensor

    @classmethod
    def of(cls, value: Tensor, gradient: Tensor, hessian: Tensor) -> QuadraticModel:
        """The model of values (R,), gradients (d, R) and Hessians (d, d, R); one that is not finite counts as none."""
        known = hessian.isfinite().flatten(0, 1).all(0)
        curvature, axes = eigh(torch.where(known, hessian, 0.0))
        return cls(value, product(axes.transpose(0, 1), gradient), curvature, axes)

    def change(self, p: Tensor) -> Tensor:
        """How far the model changes along p (d, R), given in its axes: shape (R,)."""
        return pairwise_sum(p * (self.gradient + 0.5 * self.curvature * p))

    @property
    def diagonal(self) -> Tensor:
        """The diagonal of the Hessian, shape (d, R)."""
        return product(self.axes * self.axes, self.curvature)

    def to_coordinates(self, p: Tensor) -> Tensor:
        """The direction p (d, R), given in the model's axes, in those of the landscape."""
        return product(self.axes, p)


def gain_ratio(value: Tensor, promised: Tensor, reached: Tensor) -> Tensor:
    """The decrease from `value` to `reached` as a share of what a model promised, all (R,); 1 where both are rounding.

    As Conn, Gould & Toint (Trust-region methods, 2000, section 17.4.2) have it, so that the last steps to a minimum are taken.
    """
    slack = rounding(value) + torch.finfo(value.dtype).tiny
    return (value - reached + slack) / (promised + slack)
