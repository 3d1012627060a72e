"""Optimizers as JavaScript whose hyper-parameters at zero can be raised."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from landscapes.errors import InputError
from landscapes.javascript._optimizers import CHECKED_STEPS, Emitter, OptimizerScript, emit_optimizer, emitted
from landscapes.javascript.program import TooLongError
from landscapes.javascript.rules import NotEmittedError
from landscapes.optimizers.first_order.base import FirstOrder

RAISED = 0.5
"""The value in place of zero while a step is recorded; values that do not fit are halved."""

HALVINGS = 8

NEAR = 1e-12
"""The largest difference of points, with the hyper-parameters at zero, to steps that omit their terms."""


@dataclass(frozen=True)
class AdjustableScript:
    """An optimizer of which all hyper-parameters can be changed.

    Attributes:
        hyperparameters: the names and values of all that can be changed, in order; some are zero.
        zero: the names of those at zero, which `plain` does not take.
        plain: the optimizer as it is: it takes those that are not zero, and rounds as the optimizer does.
        raised: the optimizer with all of them; None if `plain` has them all. Its points with the others at zero are
            those of `plain`, to rounding.
        exact: whether these points have the same bits, so that `raised` can stand for `plain`.
    """

    hyperparameters: Mapping[str, float]
    zero: tuple[str, ...]
    plain: OptimizerScript
    raised: OptimizerScript | None
    exact: bool = False


def emit_adjustable(optimizer: FirstOrder, dim: int = 2) -> AdjustableScript:
    """Return a first-order optimizer as JavaScript, whose hyper-parameters at zero can be raised, where it has any.

    torch.optim omits the terms of hyper-parameters at zero, and so does `emit_optimizer`. A second script has them.

    Raises:
        InputError: for an optimizer that cannot be written, as `emit_optimizer` does.

    >>> from landscapes.optimizers import SGD
    >>> script = emit_adjustable(SGD(lr=0.1))
    >>> dict(script.hyperparameters)
    {'lr': 0.1, 'momentum': 0.0, 'dampening': 0.0, 'weight_decay': 0.0}
    """
    plain = emit_optimizer(optimizer, dim)
    candidates = _candidates(optimizer)
    found = _raised(optimizer, candidates, plain, dim)
    if found is None and len(candidates) > 1:
        candidates = {name: one for name, one in candidates.items() if _raised(optimizer, {name: one}, plain, dim)}
        found = _raised(optimizer, candidates, plain, dim)
    if found is None:
        return AdjustableScript(plain.hyperparameters, (), plain, None)
    raised, exact = found
    values = {name: 0.0 if name in candidates else value for name, value in raised.hyperparameters.items()}
    return AdjustableScript(values, tuple(candidates), plain, raised, exact)


def _candidates(optimizer: FirstOrder) -> dict[str, float]:
    """Return the hyper-parameters at zero that may be larger, with such a value each."""
    found = {}
    for field in dataclasses.fields(optimizer):
        facts = field.metadata
        if facts.get("structural") or facts.get("integer") or optimizer.hyperparameters().get(field.name) != 0:
            continue
        for halving in range(HALVINGS):
            value = RAISED / 2**halving
            try:
                optimizer.with_hyperparameters({field.name: value})
            except InputError:
                continue
            found[field.name] = value
            break
    return found


def _raised(
    optimizer: FirstOrder, candidates: Mapping[str, float], plain: OptimizerScript, dim: int
) -> tuple[OptimizerScript, bool] | None:
    """Return the optimizer with the candidates among its hyper-parameters, and whether it is exact with them at zero.

    Return None if it does not hold there.
    """
    if not candidates:
        return None
    try:
        script, emitter = emitted(optimizer.with_hyperparameters(candidates), dim)
    except (InputError, NotEmittedError, TooLongError):
        return None
    if set(script.hyperparameters) != {*plain.hyperparameters, *candidates}:
        return None
    apart = _distance_at_zero(optimizer, emitter)
    return (script, apart == 0) if apart <= NEAR else None


def _distance_at_zero(optimizer: FirstOrder, emitter: Emitter) -> float:
    """Return how far steps with the terms, at zero, lead from where steps without the terms lead."""
    generator = torch.Generator().manual_seed(1)
    dim, apart = len(emitter.coordinates), 0.0
    point = expected = torch.rand(dim, 1, generator=generator, dtype=torch.float64)
    state, plain, carried = emitter.optimizer.init(point), optimizer.init(point), emitter.carried()
    for t in range(1, CHECKED_STEPS + 1):
        gradient = torch.rand(dim, 1, generator=generator, dtype=torch.float64) - 0.5
        expected, plain = optimizer.update(expected, gradient, plain, optimizer.coef(t))
        found = iter(emitter.evaluate(t, point, gradient, state, carried, optimizer))
        point = torch.stack([next(found) for _ in range(dim)])
        state = tuple(torch.stack([next(found) for _ in range(part.numel())]).reshape(part.shape) for part in state)
        carried = [*found]
        apart = max(apart, float((point - expected).abs().max()))
    return apart
