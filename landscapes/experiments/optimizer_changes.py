"""Changes of an optimizer in a race, one at a time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from landscapes.optimizers import Clip, Cosine, Noise, Optax, Optimizer, Plateau, Reset, Torch, WarmUp
from landscapes.optimizers.wrappers.base import Wrapper, unwrap

CHANGES = (
    "lower lr",
    "higher lr",
    "plateau decay",
    "cosine decay",
    "warm-up",
    "clipping",
    "larger eps",
    "amsgrad",
    "adamw",
    "momentum",
    "no momentum",
    "reset",
    "noise",
    "larger batch",
    "float64",
    "scaled data",
)
"""The names of all changes."""

FACTOR = 10.0
"""Learning rates are divided or multiplied by this number."""

EPS, DECAY, MOMENTUM, SHARE, PATIENCE, BATCH = 1e4, 0.01, 0.9, 0.1, 0.05, 4
"""The factor of ε, the weight decay of AdamW, the momentum, the share of the run for a warm-up and between resets, the
share without progress before the learning rate is halved, and the factor of the batch."""

NOISE = 1e-3
"""Added noise, in the median norm of gradients."""

FIXED = (
    "a ready-made transformation has fixed numbers; pass the function that makes it, "
    "as in optimizers.Optax(optax.adam, learning_rate=0.1)"
)

ON_DATA = {
    "float64": "the race already computes in float64",
    "scaled data": "a function has no data; pass your training function",
}


def changed(optimizer: Optimizer, steps: int, gradient: float) -> tuple[dict[str, Optimizer], dict[str, str]]:
    """Return the changed optimizers by name of the change, and why other changes do not apply.

    Args:
        optimizer: the failing optimizer.
        steps: of a run.
        gradient: the median norm of gradients.
    """
    made: dict[str, Optimizer] = {}
    left_out = dict(ON_DATA)
    inner = unwrap(optimizer)
    known = inner.known_settings()
    lr = optimizer.learning_rate
    part = max(2, round(SHARE * steps))
    if math.isfinite(lr) and lr > 0:
        made["lower lr"] = optimizer.with_learning_rate(lr / FACTOR)
        made["higher lr"] = optimizer.with_learning_rate(lr * FACTOR)
        made["plateau decay"] = Plateau(optimizer, factor=0.5, patience=max(2, round(PATIENCE * steps)))
        made["cosine decay"] = Cosine(optimizer)
        made["warm-up"] = WarmUp(optimizer, start=1 / part, steps=part)
    else:
        words = f"{inner.label} has no learning rate" if known else FIXED
        left_out |= dict.fromkeys(("lower lr", "higher lr", "plateau decay", "cosine decay", "warm-up"), words)
    if not inner.needs_gradient:
        left_out |= dict.fromkeys(("clipping", "noise"), f"{inner.label} uses no gradient")
    elif gradient > 0 and math.isfinite(gradient):
        made["clipping"] = _inner(optimizer, lambda one: Clip(one, norm=gradient))
        noises = isinstance(optimizer, Wrapper) and optimizer.depth(Noise)
        if not noises:
            made["noise"] = Noise(optimizer, NOISE * gradient)
    _adam(optimizer, known, made, left_out)
    if "momentum" not in known:
        left_out["momentum"] = f"{inner.label} has no such setting" if known else FIXED
    elif known["momentum"]:
        made["no momentum"] = _with(optimizer, momentum=0.0, **({"nesterov": False} if known.get("nesterov") else {}))
    else:
        made["momentum"] = _with(optimizer, momentum=MOMENTUM)
    if not known.get("momentum", 1) and inner.kind in ("SGD", "sgd"):
        left_out["reset"] = f"{inner.label} has no state"
    elif inner.needs_gradient:
        made["reset"] = Reset(optimizer, every=part)
    if isinstance(optimizer, Wrapper) and optimizer.depth(Noise):
        made["larger batch"] = _quieter(optimizer)
        left_out["noise"] = "the gradient already has noise"
    else:
        left_out["larger batch"] = "the gradient has no noise"
    return {name: made[name] for name in CHANGES if name in made}, left_out


def _adam(optimizer: Optimizer, known: Mapping[str, Any], made: dict[str, Optimizer], left_out: dict[str, str]) -> None:
    """Add the changes that only optimizers like Adam know."""
    inner = unwrap(optimizer)
    no_adam = f"{inner.label} has no such setting" if isinstance(inner, Torch | Optax) else f"{inner.label} is not Adam"
    eps = known.get("eps")
    if isinstance(eps, float) and eps > 0:
        made["larger eps"] = _with(optimizer, eps=eps * EPS)
    else:
        left_out["larger eps"] = f"{inner.label} has no ε" if known else FIXED
    if "amsgrad" in known and not known["amsgrad"]:
        made["amsgrad"] = _with(optimizer, amsgrad=True)
    else:
        left_out["amsgrad"] = f"{inner.label} has it already" if "amsgrad" in known else no_adam if known else FIXED
    if inner.kind == "Adam" and "decoupled_weight_decay" in known:
        made["adamw"] = _with(optimizer, decoupled_weight_decay=True, weight_decay=known["weight_decay"] or DECAY)
    else:
        left_out["adamw"] = no_adam if known else FIXED


def _inner(optimizer: Optimizer, change: Callable[[Any], Optimizer]) -> Optimizer:
    """Change the innermost optimizer, and keep its wrappers."""
    if isinstance(optimizer, Wrapper):
        return dataclasses.replace(optimizer, optimizer=_inner(optimizer.optimizer, change))
    return change(optimizer)


def _with(optimizer: Optimizer, **settings: Any) -> Optimizer:
    return _inner(optimizer, lambda one: one.with_hyperparameters(settings))


def _quieter(optimizer: Optimizer) -> Optimizer:
    """Return the optimizer with the noise of batches that are `BATCH` times as large."""
    if not isinstance(optimizer, Wrapper):
        return optimizer
    inside: Mapping[str, Any] = {"optimizer": _quieter(optimizer.optimizer)}
    if isinstance(optimizer, Noise):
        inside = {**inside, "sigma": optimizer.sigma / math.sqrt(BATCH)}
    return dataclasses.replace(optimizer, **inside)
