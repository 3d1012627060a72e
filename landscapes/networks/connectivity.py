"""How two trained networks are connected: by a straight line, a trained curve, or after sorting their hidden units."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.networks.losses import Loss, NetworkLoss
from landscapes.networks.paths import Path, true_losses
from landscapes.networks.preparation import network_loss
from landscapes.networks.weights import unwrapped


@dataclass(frozen=True, eq=False)
class Curve:
    """A quadratic Bézier curve between two networks, and the losses along it and along the straight line.

    Attributes:
        t: positions from 0 to 1, shape (n,).
        losses: losses along the curve, shape (n,).
        line: losses along the straight line, shape (n,).
        ends: the weights at t = 0 and 1, and `bend`, the trained control point, each shape (d,).
        bend: the control point.
        history: the mean loss of each training step.
    """

    t: NDArray[np.float64]
    losses: NDArray[np.float64]
    line: NDArray[np.float64]
    ends: tuple[Tensor, Tensor] = field(repr=False)
    bend: Tensor = field(repr=False)
    history: NDArray[np.float64] = field(repr=False)

    @property
    def barrier(self) -> float:
        """The largest excess of the loss along the curve over the straight line between the end losses."""
        return excess(self.t, self.losses)

    @property
    def line_barrier(self) -> float:
        """The same along the straight line."""
        return excess(self.t, self.line)

    def at(self, t: float) -> Tensor:
        """Return the weights (d,) at a position: (1−t)²·A + 2t(1−t)·bend + t²·B."""
        a, b = self.ends
        return (1 - t) ** 2 * a + 2 * t * (1 - t) * self.bend + t * t * b

    def points(self, n: int = 51) -> list[Tensor]:
        """Return n points of the curve, as `plane(path=...)` takes them."""
        return [self.at(t) for t in np.linspace(0, 1, n).tolist()]


def excess(t: NDArray[np.float64], losses: NDArray[np.float64]) -> float:
    """Return the height of a barrier: the largest excess over the straight line between the end losses, at least 0.

    >>> excess(np.array([0.0, 0.5, 1.0]), np.array([1.0, 4.0, 3.0]))
    2.0
    """
    above = losses - (losses[0] + t * (losses[-1] - losses[0]))
    return float(np.nan_to_num(above, nan=math.inf).max(initial=0.0))


def connect(
    model: nn.Module,
    other: nn.Module,
    loss: Loss,
    data: Any,
    *,
    steps: int = 200,
    lr: float = 0.02,
    resolution: int = 51,
    batchnorm: str = "batch",
    seed: int = 0,
) -> Curve:
    """Train a quadratic Bézier curve of low loss between two networks (Garipov et al., 2018).

    Each step moves the control point by Adam along the gradient of the mean loss at 4 random positions, one in each
    quarter of the curve. The networks at the ends stay.

    Args:
        model: the network at t = 0.
        other: the network at t = 1, of the same architecture.
        loss, data: as in `landscapes.plane`.
        steps: training steps of the control point.
        lr: learning rate of Adam, in units of the root mean square distance of the two networks' weights per step.
        resolution: number of positions where losses are evaluated.
        batchnorm: "batch", "frozen" or "recalibrate"; running statistics of one end are wrong elsewhere.
        seed: seed of the positions.

    Raises:
        InputError: for networks of different architectures, and as `landscapes.plane`.

    >>> nets = [nn.Linear(2, 1), nn.Linear(2, 1)]
    >>> x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    >>> curve = connect(*nets, nn.MSELoss(), (x, x.sum(1, keepdim=True)), steps=5, resolution=5)
    >>> curve.losses.shape, curve.line_barrier < 1e-6  # a convex loss
    ((5,), True)
    """
    for name, count, least in (("steps", steps, 0), ("resolution", resolution, 2)):
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            raise InputError(f"{name} must be an integer >= {least}, got {count!r}")
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf:
        raise InputError(f"lr must be a finite number > 0, got {lr!r}")
    objective = network_loss(model, loss, data, batchnorm=batchnorm)
    a = objective.weights.flat(objective.parameters).clone()
    b = objective.weights.vector_of(other, "the other model").to(a)
    unit = float((b - a).double().pow(2).mean().sqrt())
    if unit == 0:
        raise InputError("the two models have the same weights, so there is nothing to connect")
    bend = ((a + b) / 2).requires_grad_()
    optimizer = torch.optim.Adam([bend], lr=lr * unit)
    random = np.random.default_rng(seed)
    history = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = 0.0
        for quarter in range(4):
            t = float(random.uniform(quarter / 4, (quarter + 1) / 4))
            theta = (1 - t) ** 2 * a + 2 * t * (1 - t) * bend + t * t * b
            value += _backward(objective, theta) / 4
        bend.grad = None if bend.grad is None else bend.grad / 4
        optimizer.step()
        history.append(value)
    at = np.linspace(0, 1, resolution)
    made = Curve(at, at, at, (a, b), bend.detach(), np.array(history))
    along = true_losses(objective, _as_path([made.at(s) for s in at.tolist()]), range(resolution))
    straight = true_losses(objective, _as_path([a + s * (b - a) for s in at.tolist()]), range(resolution))
    return Curve(at, along, straight, made.ends, made.bend, made.history)


def _as_path(points: list[Tensor]) -> Path:
    return Path("", points, [None] * len(points), None)


def _backward(loss: NetworkLoss, theta: Tensor) -> float:
    """Add the gradient of the full loss at weights to what they were computed of, and return the loss."""
    leaf = theta.detach().requires_grad_()
    value = 0.0
    for batch, share in loss.pairs():
        found = loss.functional(loss.weights.split(leaf), batch) * share
        torch.autograd.backward(found)
        value += found.item()
    torch.autograd.backward(theta, leaf.grad)
    return value


def match_units(model: nn.Module, other: nn.Module, *, sweeps: int = 50, seed: int = 0) -> nn.Module:
    """Return a copy of another network whose hidden units are sorted to fit a network (weight matching).

    The hidden units of a layer can be permuted without a change of the function. The permutations that maximize the
    scalar product of the weights are found layer by layer by the assignment algorithm, until none improves (Ainsworth,
    Hayase & Srinivasa, 2023). Convolutional and linear layers that follow one another are matched, with the weights and
    statistics of normalizations between them.

    Args:
        model: the network to fit.
        other: a network of the same architecture, a chain of layers (`nn.Sequential`, also nested).
        sweeps: the largest number of passes over the layers.
        seed: seed of the order in which layers are matched.

    Raises:
        InputError: for networks of different architectures, and for ones that are no chains of layers.

    >>> net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    >>> turned = copy.deepcopy(net)
    >>> order = [2, 0, 3, 1]
    >>> with torch.no_grad():
    ...     for p, q in ((net[0].weight[order], turned[0].weight), (net[0].bias[order], turned[0].bias)):
    ...         _ = q.copy_(p)
    ...     _ = turned[2].weight.copy_(net[2].weight[:, order])
    >>> bool(torch.equal(match_units(net, turned)[2].weight, net[2].weight))
    True
    """
    model, made = unwrapped(model), copy.deepcopy(unwrapped(other))
    one, two = _chain(model), _chain(made)
    shapes = [[tuple(p.shape) for p in layer.parameters()] for layer in one]
    if shapes != [[tuple(p.shape) for p in layer.parameters()] for layer in two]:
        raise InputError("the two models must have the same architecture to be matched")
    hidden = [i for i, layer in enumerate(one) if isinstance(layer, LAYERS)]
    random = np.random.default_rng(seed)
    for _ in range(sweeps):
        improved = False
        for k in random.permutation(len(hidden) - 1).tolist():
            between = slice(hidden[k], hidden[k + 1] + 1)
            improved |= _match(one[between], two[between])
        if not improved:
            break
    return made


LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)


def _chain(model: nn.Module) -> list[nn.Module]:
    """Return the layers of a network that is a chain. Raises `InputError` for others."""
    if isinstance(model, nn.Sequential):
        return [layer for part in model for layer in _chain(part)]
    if any(True for _ in model.children()) or (
        any(True for _ in model.parameters(recurse=False)) and not isinstance(model, LAYERS + NORMS)
    ):
        raise InputError(
            "units can be matched in a chain of layers (nn.Sequential) of linear and convolutional ones; got "
            f"{type(model).__name__}, in which the units of one layer may be used in several places"
        )
    groups = getattr(model, "groups", 1)
    if groups != 1:
        raise InputError(f"units of grouped convolutions cannot be permuted freely, got groups={groups}")
    return [model]


def _match(one: list[nn.Module], two: list[nn.Module]) -> bool:
    """Sort the outputs of the first layer of a part of the chain; return whether that improved the fit."""
    (first, *between, last), (first2, *between2, last2) = one, two
    units = int(_weight(first).shape[0])
    per_unit = int(_weight(last).shape[1]) // units
    with torch.no_grad():
        gain = _rows(first, units) @ _rows(first2, units).T
        for norm, norm2 in zip(between, between2, strict=True):
            if isinstance(norm, NORMS) and norm.weight is not None and tuple(norm.weight.shape) == (units,):
                gain = gain + _rows(norm, units) @ _rows(norm2, units).T
        gain = gain + _columns(last, units, per_unit) @ _columns(last2, units, per_unit).T
        scores = gain.double().cpu().numpy()
        _, order = linear_sum_assignment(scores, maximize=True)
        now = float(np.trace(scores))
        better = float(scores[np.arange(units), order].sum())
        if not better > now + 1e-9 * max(abs(now), 1e-12):
            return False
        _permute(first2, torch.from_numpy(order), units)
        for norm2 in between2:
            if isinstance(norm2, NORMS):
                _permute(norm2, torch.from_numpy(order), units)
        weight = _weight(last2)
        parts = weight.reshape(weight.shape[0], units, per_unit, *weight.shape[2:])
        weight.copy_(parts[:, order].reshape(weight.shape))
    return True


def _weight(layer: Any) -> Tensor:
    return cast(Tensor, layer.weight)


def _rows(layer: nn.Module, units: int) -> Tensor:
    """Return all weights of each output unit, shape (units, n)."""
    return torch.cat([p.detach().reshape(units, -1) for p in layer.parameters(recurse=False)], 1)


def _columns(layer: nn.Module, units: int, per_unit: int) -> Tensor:
    """Return all weights that each input unit is multiplied with, shape (units, n)."""
    weight = _weight(layer).detach()
    parts = weight.reshape(weight.shape[0], units, per_unit, -1)
    return parts.movedim(1, 0).reshape(units, -1)


def _permute(layer: nn.Module, order: Tensor, units: int) -> None:
    """Sort the outputs of a layer, and the statistics of BatchNorm."""
    for value in (*layer.parameters(recurse=False), *layer.buffers(recurse=False)):
        if value.ndim and value.shape[0] == units:
            value.copy_(value[order.to(value.device)])
