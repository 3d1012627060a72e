"""Quadratic models of a function around each point, in their eigenvector coordinates."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import pairwise_sum
from landscapes.optimizers.linalg import eigh, product
from landscapes.optimizers.second_order.line_search import rounding


class QuadraticModel(NamedTuple):
    """A quadratic model per point, in eigenvector coordinates: value + gᵀp + ½ Σ curvatureₖ pₖ².

    Attributes:
        value: values, shape (R,).
        gradient: gradients in eigenvector coordinates, shape (d, R).
        curvature: eigenvalues of the Hessians, shape (d, R).
        axes: eigenvectors, one per column, shape (d, d, R).
    """

    value: Tensor
    gradient: Tensor
    curvature: Tensor
    axes: Tensor

    @classmethod
    def of(cls, value: Tensor, gradient: Tensor, hessian: Tensor) -> QuadraticModel:
        """Return the model of values (R,), gradients (d, R) and Hessians (d, d, R).

        A Hessian that is not finite counts as zero.
        """
        known = hessian.isfinite().flatten(0, 1).all(0)
        curvature, axes = eigh(torch.where(known, hessian, 0.0))
        return cls(value, product(axes.transpose(0, 1), gradient), curvature, axes)

    def change(self, p: Tensor) -> Tensor:
        """Return the change of the model along p (d, R) in eigenvector coordinates, shape (R,)."""
        return pairwise_sum(p * (self.gradient + 0.5 * self.curvature * p))

    @property
    def diagonal(self) -> Tensor:
        """Diagonal of the Hessian, shape (d, R)."""
        return product(self.axes * self.axes, self.curvature)

    def to_coordinates(self, p: Tensor) -> Tensor:
        """Map a direction p (d, R) from eigenvector coordinates to those of the function."""
        return product(self.axes, p)


def gain_ratio(value: Tensor, promised: Tensor, reached: Tensor) -> Tensor:
    """Return the decrease from `value` to `reached` relative to the promised one, all (R,); 1 if both are rounding.

    As in Conn, Gould & Toint (Trust-region methods, 2000, section 17.4.2), so that the last steps to a minimum are
    accepted.
    """
    slack = rounding(value) + torch.finfo(value.dtype).tiny
    return (value - reached + slack) / (promised + slack)
