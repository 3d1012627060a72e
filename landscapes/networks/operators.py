"""Products of a network's curvature matrices with vectors, averaged over the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator
from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.networks.data import inputs_and_targets
from landscapes.networks.losses import NetworkLoss

Vector = NDArray[np.float64]

MATRICES = ("hessian", "gauss-newton")


def gradient(loss: NetworkLoss, at: Tensor | None = None) -> Tensor:
    """Return the gradient of the full loss at weights (d,), by default those of the copy."""
    theta = _leaf(loss, at)
    total = torch.zeros(len(theta), dtype=torch.float64, device=theta.device)
    with torch.enable_grad():
        for batch, share in loss.pairs():
            (found,) = torch.autograd.grad(_value(loss, theta, batch), theta)
            total += share * found.double()
    return total


class Curvature(LinearOperator):  # type: ignore[misc]
    """The Hessian or the Gauss–Newton matrix of a network's loss as a linear operator (d, d) of SciPy.

    Attributes:
        products: the number of products so far.
    """

    def __init__(self, loss: NetworkLoss, matrix: str = "hessian", at: Tensor | None = None) -> None:
        if matrix not in MATRICES:
            raise unknown("curvature matrix", str(matrix), MATRICES)
        if matrix == "gauss-newton" and loss.module.whole:
            raise InputError(
                "the Gauss–Newton matrix needs a loss of outputs and targets, loss(outputs, targets); a loss of the "
                "model and the batch hides its outputs"
            )
        self.loss, self.products = loss, 0
        self._theta = _leaf(loss, at)
        self._product = _gauss_newton if matrix == "gauss-newton" else _hessian
        self._graph: Tensor | None = None
        self._keeps = matrix == "hessian" and loss.batches.kept is not None and len(loss.batches) == 1
        super().__init__(dtype=np.dtype(np.float64), shape=(len(self._theta),) * 2)

    def _matvec(self, v: Any) -> Vector:
        self.products += 1
        vector = torch.as_tensor(np.asarray(v).reshape(-1).copy()).to(self._theta.device, self._theta.dtype)
        total = torch.zeros(len(vector), dtype=torch.float64, device=vector.device)
        with torch.enable_grad(), self.loss.same_numbers():
            if self._keeps:  # the gradient of the only batch is differentiated again and again
                if self._graph is None:
                    ((batch, share),) = self.loss.pairs()
                    self._graph = share * _slope(self.loss, self._theta, batch)
                total += _derivative(self._graph, self._theta, vector, keep=True).double()
            else:
                for batch, share in self.loss.pairs():
                    total += share * self._product(self.loss, self._theta, batch, vector).double()
        return np.asarray(total.cpu().numpy())

    def _rmatvec(self, v: Any) -> Vector:
        return np.asarray(self._matvec(v))

    def dense(self) -> NDArray[np.float64]:
        """Return the matrix, d products."""
        made = np.stack([self.matvec(row) for row in np.eye(self.shape[0])])
        return np.asarray((made + made.T) / 2)


def _leaf(loss: NetworkLoss, at: Tensor | None) -> Tensor:
    origin = loss.weights.flat(loss.parameters) if at is None else at
    first = next(iter(loss.parameters.values()))
    return origin.detach().to(first.device, first.dtype).clone().requires_grad_()


def _value(loss: NetworkLoss, theta: Tensor, batch: Any) -> Tensor:
    found = loss.functional(loss.weights.split(theta), batch)
    return found[0] if loss.metrics else found


def _slope(loss: NetworkLoss, theta: Tensor, batch: Any) -> Tensor:
    (found,) = torch.autograd.grad(_value(loss, theta, batch), theta, create_graph=True)
    return found


def _derivative(of: Tensor, by: Tensor, along: Tensor, keep: bool = False) -> Tensor:
    """Return the vector-Jacobian product, zero where nothing depends on `by`."""
    if not of.requires_grad:
        return torch.zeros_like(by)
    (found,) = torch.autograd.grad(of, by, along, retain_graph=keep, allow_unused=True)
    return torch.zeros_like(by) if found is None else found


def _hessian(loss: NetworkLoss, theta: Tensor, batch: Any, v: Tensor) -> Tensor:
    return _derivative(_slope(loss, theta, batch), theta, v)


def _gauss_newton(loss: NetworkLoss, theta: Tensor, batch: Any, v: Tensor) -> Tensor:
    """Return JᵀHJv, where J is the Jacobian of the outputs and H the Hessian of the loss in the outputs."""
    inputs, named, targets = inputs_and_targets(batch)
    moved = loss.weights.split(theta)
    outputs = torch.func.functional_call(loss.model, dict(moved), inputs, named)
    if not isinstance(outputs, Tensor):
        raise InputError(f"the Gauss–Newton matrix needs outputs that are one tensor, got {type(outputs).__name__}")
    dual = torch.zeros_like(outputs, requires_grad=True)
    (pulled,) = torch.autograd.grad(outputs, theta, dual, create_graph=True)
    (along,) = torch.autograd.grad(pulled, dual, v, retain_graph=True)
    free = outputs.detach().requires_grad_()
    value: Callable[..., Any] = loss.module.loss
    (slope,) = torch.autograd.grad(value(free, targets), free, create_graph=True)
    bent = _derivative(slope, free, along)
    (found,) = torch.autograd.grad(outputs, theta, bent)
    return found
