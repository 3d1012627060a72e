"""The edge of stability: the largest curvature along a run beside the bound that its optimizer can bear."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.networks._central_flow import flows_of
from landscapes.networks._watched import Watch
from landscapes.networks.curvature import operator_eigenpairs
from landscapes.networks.operators import Curvature, gradient
from landscapes.networks.preparation import network_loss
from landscapes.objectives.decorators import Function
from landscapes.objectives.derivatives import gradient_and_hessian
from landscapes.optimizers import Adam, AdamW, AveragedMomentum, HeavyBall, Optimizer, RMSprop, parse
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.record import Record

MOST_STEPS = 200
"""At most this many recorded steps are examined by default, evenly spaced."""


@dataclass(frozen=True)
class Bound:
    """The largest stable eigenvalue of a preconditioned Hessian, and its preconditioner.

    Attributes:
        value: the bound.
        beta2: the decay of squared gradients by which the Hessian is preconditioned; None for none.
        corrected: whether the squares are bias-corrected.
        eps: what is added to their root.
    """

    value: float
    beta2: float | None = None
    corrected: bool = False
    eps: float = 0.0


def stability_bound(optimizer: str | Optimizer) -> Bound:
    """Return the largest eigenvalue at which an optimizer is stable on a quadratic function.

    2/lr for gradient descent, 2(1+β)/lr for heavy-ball momentum, 2(1+β)/(lr(1−β)) for averaged momentum, whose rate is
    lr(1−β), 2(1+β)/(lr(1+2β)) for Nesterov's, 2/lr of the preconditioned Hessian for RMSprop, and 2(1+β₁)/(lr(1−β₁))
    for Adam, 38/lr at β₁ = 0.9 (Cohen et al., 2021, 2022).

    Raises:
        InputError: for another optimizer.

    >>> [round(stability_bound(text).value, 6) for text in ("sgd(lr=0.1)", "momentum(lr=0.1)", "adam(lr=0.1)")]
    [20.0, 38.0, 380.0]
    """
    made = parse(optimizer)[0] if isinstance(optimizer, str) else optimizer
    values: Any = made
    kind = type(made).__name__
    if not isinstance(made, FirstOrder) or not hasattr(made, "lr"):
        raise _no_bound(made)
    if not values.lr > 0:
        raise InputError(f"the stability bound of {made.label} is infinite at lr 0; leave it out")
    lr = float(values.lr)
    if isinstance(made, Adam | AdamW):
        if values.amsgrad:
            raise _no_bound(made)
        beta = float(values.beta1)
        return Bound(2 * (1 + beta) / (lr * (1 - beta)), float(values.beta2), True, float(values.eps))
    if isinstance(made, RMSprop) and not values.momentum and not values.centered:
        return Bound(2 / lr, float(values.alpha), False, float(values.eps))
    if kind == "SGD" and not values.dampening:
        beta = float(values.momentum)
        return Bound(2 * (1 + beta) / (lr * (1 + 2 * beta if values.nesterov else 1)))
    if isinstance(made, HeavyBall | AveragedMomentum) and values.momentum < 1:
        beta = float(values.momentum)
        return Bound(2 * (1 + beta) / (lr * (1 - beta if isinstance(made, AveragedMomentum) else 1)))
    raise _no_bound(made)


def _no_bound(made: Any) -> InputError:
    return InputError(
        "the stability bound is known for sgd, momentum, nesterov, heavy_ball, averaged_momentum, rmsprop, adam and "
        f"adamw; got {made!r:.60}"
    )


def stability(
    record: Record | Watch,
    of: str | Function | tuple[nn.Module, Any, Any] | None = None,
    *,
    optimizer: str | Optimizer | Mapping[str, str | Optimizer] | None = None,
    most_steps: int = MOST_STEPS,
    tol: float = 1e-4,
) -> Record:
    """Return a race with the largest eigenvalue of the (preconditioned) Hessian along each run, beside its bound.

    Above the bound, a step along the eigenvector overshoots and oscillates. Full-batch training of networks raises the
    curvature up to the bound and stays there (Cohen et al., 2021).

    Args:
        record: a race, your own runs (`Record.from_checkpoints`) in all coordinates, or what `watch` returned.
        of: the function, or its name, or (model, loss, data) of a network; by default the function of the record.
        optimizer: the optimizer of all runs, or a mapping from their labels; by default that of the record.
        most_steps: the largest number of steps to examine, evenly spaced among those recorded.
        tol: the relative residual of eigenvalues, for more than 96 coordinates.

    Returns:
        The record at the steps examined, with the metrics "sharpness" and "stability_bound", shape (R, T), and the
        column "crossed" of runs: the first of these steps at which the sharpness exceeds the bound, or -1. For runs of
        plain gradient descent on two coordinates that oscillate, because the sharpness exceeds 1/lr somewhere, the
        metric "central_flow", shape (R, T, 8), has four points (x, y) per step of the smooth line that `central_flow`
        returns, NaN for others. `render.central_flow` draws it, and whole figures contain it.
        `render.save` draws losses and sharpness, `render.sharpness` the sharpness alone.

    Raises:
        InputError: for another optimizer, for a function of other coordinates, and for Adam and RMSprop if not every
            step was recorded, because their preconditioner is computed from all gradients.

    >>> from landscapes import race
    >>> found = stability(race("booth", ["sgd(lr=0.1)", "sgd(lr=0.3)"], steps=4))
    >>> found.trajectories.metrics["sharpness"][:, 0].round(6).tolist()
    [18.0, 18.0]
    >>> found.trajectories.runs["crossed"].tolist()  # the bounds are 20 and 6.67
    [-1, 0]
    """
    record = record.path if isinstance(record, Watch) else record
    if not isinstance(record, Record):
        raise InputError(f"stability takes a Record of a race, got {record!r:.80}")
    if isinstance(most_steps, bool) or not isinstance(most_steps, int) or most_steps < 2:
        raise InputError(f"most_steps must be an integer >= 2, got {most_steps!r}")
    t = record.trajectories
    labels = [str(label) for label in t.runs["label"]]
    if isinstance(optimizer, Mapping) and set(optimizer) != set(labels):
        raise InputError(f"optimizer must have the labels of the runs, {', '.join(labels)}; got {', '.join(optimizer)}")
    slope, curvature = _derivatives(of if of is not None else record.meta.function, t.x.shape[2], tol)
    count = len(t.step)
    picked = sorted({round(i) for i in np.linspace(0, count - 1, min(count, most_steps)).tolist()})
    sharpness = np.full((len(t), len(picked)), np.nan)
    bounds = np.full_like(sharpness, np.nan)
    for run, label in enumerate(labels):
        given = optimizer[label] if isinstance(optimizer, Mapping) else optimizer
        bound = stability_bound(given if given is not None else str(t.runs["optimizer"][run]))
        if bound.beta2 is not None and (np.diff(t.step) != 1).any():
            raise InputError(
                "the preconditioner of Adam and RMSprop is computed from the gradients of all steps: record every step"
            )
        bounds[run] = bound.value
        scale = _preconditioners(bound, slope, t.x[run], picked)
        for place, i in enumerate(picked):
            if np.isfinite(t.x[run, i]).all():
                sharpness[run, place] = curvature(t.x[run, i], next(scale))
    over = sharpness > bounds
    step = t.step[picked]
    crossed = np.where(over.any(1), step[over.argmax(1)], -1)
    metrics = {name: values[:, picked] for name, values in t.metrics.items()}
    metrics |= flows_of(record, of, optimizer, sharpness, picked)
    return replace(
        record,
        trajectories=replace(
            t,
            x=t.x[:, picked],
            loss=t.loss[:, picked],
            step=step,
            runs={**t.runs, "crossed": crossed},
            metrics={**metrics, "sharpness": sharpness, "stability_bound": bounds},
        ),
    )


Slope = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Largest = Callable[[NDArray[np.float64], NDArray[np.float64] | None], float]


def _derivatives(of: Any, dim: int, tol: float) -> tuple[Slope, Largest]:
    """Return the gradient, and the largest eigenvalue of the Hessian scaled by a diagonal from both sides."""
    if isinstance(of, tuple):
        if len(of) != 3:
            raise InputError("a network is given as (model, loss, data)")
        loss = network_loss(*of)
        if len(loss.weights) != dim:
            raise InputError(f"the record has {dim} coordinates, but {len(loss.weights)} weights of the model move")

        def slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(gradient(loss, torch.from_numpy(x)).cpu().numpy())

        def largest(x: NDArray[np.float64], scale: NDArray[np.float64] | None) -> float:
            operator: Any = Curvature(loss, at=torch.from_numpy(x.copy()))
            if scale is not None:
                inner, root = operator, scale
                operator = LinearOperator(inner.shape, matvec=lambda v: root * inner.matvec(root * v.reshape(-1)))
            return float(operator_eigenpairs(operator, 1, "top", tol, None, 0).values[0])

        return slope, largest
    if of == "":
        raise InputError("this record does not say its function: give it, or (model, loss, data) of a network")
    function = as_function(of)
    function = function if function.dim == dim else function.with_dim(dim)

    def both(x: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        return gradient_and_hessian(function, torch.from_numpy(x.copy())[None])

    def top(x: NDArray[np.float64], scale: NDArray[np.float64] | None) -> float:
        matrix = both(x)[1][0].numpy()
        matrix = matrix if scale is None else scale[:, None] * matrix * scale
        return float(np.linalg.eigvalsh(matrix)[-1]) if np.isfinite(matrix).all() else math.nan

    return lambda x: np.asarray(both(x)[0][0].numpy()), top


def _preconditioners(bound: Bound, slope: Slope, x: NDArray[np.float64], picked: Sequence[int]) -> Any:
    """Yield, for each step picked, the root of the inverse preconditioner of the step from there; None without one."""
    if bound.beta2 is None:
        for i in picked:
            if np.isfinite(x[i]).all():
                yield None
        return
    wanted, squares = set(picked), np.zeros(x.shape[1])
    for i in range(len(x)):
        if not np.isfinite(x[i]).all():
            continue
        squares = bound.beta2 * squares + (1 - bound.beta2) * slope(x[i]) ** 2
        if i in wanted:
            correction = 1 - bound.beta2 ** (i + 1) if bound.corrected else 1.0
            yield 1 / np.sqrt(np.sqrt(squares / correction) + bound.eps)
