"""One change of a training run: `Change`, which a training function applies to its optimizer and its settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from landscapes.errors import InputError
from landscapes.experiments.optimizer_changes import (
    BATCH,
    DECAY,
    EPS,
    FACTOR,
    MOMENTUM,
    NOISE,
    PATIENCE,
    SHARE,
)

UNCHANGED = "unchanged"


class Change:
    """One change of a training run. `prescribe` passes it to the training function.

    Call it with the `torch.optim` optimizer, right after that is made. Read `batch`, `dtype` and `scale_data` where the
    function has a use for them, and pass losses to `loss` if the learning rate is to fall on plateaus. A change that
    the function does not take up is left out.

    Attributes:
        name: one of the names of `landscapes.experiments.optimizer_changes.CHANGES`, or "unchanged".
        seed: the seed of the run.

    >>> weights = [torch.nn.Parameter(torch.zeros(1))]
    >>> optimizer = Change("lower lr", 0)(torch.optim.Adam(weights, lr=0.1))
    >>> round(optimizer.param_groups[0]["lr"], 3)
    0.01
    """

    def __init__(self, name: str, seed: int, steps: int = 0) -> None:
        self.name, self.seed = name, seed
        self._steps = steps
        self._used = name == UNCHANGED
        self._called = False
        self._why = ""
        self._factor: Callable[[int], float] | None = None
        self._best, self._waited, self._halved = math.inf, 0, 1.0

    def __call__(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        """Change an optimizer in place, and return it.

        Raises:
            InputError: for another object.
        """
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise InputError(f"a change is called with an optimizer of torch.optim, got {optimizer!r:.80}")
        self._called = True
        self._change(optimizer)
        return optimizer

    @property
    def batch(self) -> int:
        """The factor of the batch size: 4 for "larger batch", else 1."""
        return BATCH if self._takes("larger batch") else 1

    @property
    def dtype(self) -> torch.dtype:
        """The precision: `torch.float64` for "float64", else `torch.float32`."""
        return torch.float64 if self._takes("float64") else torch.float32

    @property
    def scale_data(self) -> bool:
        """Whether to scale inputs to mean 0 and variance 1: True for "scaled data"."""
        return self._takes("scaled data")

    def loss(self, value: Any) -> None:
        """Take the loss of a step, on whose plateaus "plateau decay" halves the learning rate."""
        if not self._takes("plateau decay"):
            return
        loss = float(value.detach()) if isinstance(value, torch.Tensor) else float(value)
        patience = max(2, round(PATIENCE * self._steps))
        if loss < self._best * (1 - 1e-4 * math.copysign(1.0, self._best)) or not math.isfinite(self._best):
            self._best, self._waited = loss, 0
        else:
            self._waited += 1
        if self._waited > patience:
            self._halved, self._waited = self._halved / 2, 0

    def missing(self) -> str:
        """Return why the change was not taken up, "" if it was."""
        if self._used:
            return ""
        if self._why:
            return self._why
        reads = {
            "larger batch": "does not read change.batch",
            "float64": "does not read change.dtype",
            "scaled data": "does not read change.scale_data",
            "plateau decay": "does not call change.loss",
        }
        return f"the function {reads.get(self.name, 'does not call change(optimizer)')}"

    def _takes(self, name: str) -> bool:
        self._used |= self.name == name
        return self.name == name

    def _change(self, optimizer: torch.optim.Optimizer) -> None:
        groups = optimizer.param_groups
        part = max(2, round(SHARE * self._steps))
        match self.name:
            case "lower lr" | "higher lr":
                for group in groups:
                    group["lr"] = group["lr"] * (1 / FACTOR if self.name == "lower lr" else FACTOR)
                self._used = True
            case "plateau decay":
                self._schedule(optimizer, lambda k: self._halved)
            case "cosine decay":
                self._schedule(optimizer, lambda k: (1 + math.cos(math.pi * min(1.0, k / max(1, self._steps)))) / 2)
                self._used = True
            case "warm-up":
                self._schedule(optimizer, lambda k: min(1.0, (k + 1) / part))
                self._used = True
            case "clipping":
                norms: list[float] = []
                optimizer.register_step_pre_hook(lambda one, args, kwargs: _clip(one, norms))
                self._used = True
            case "larger eps":
                self._set(groups, "eps", lambda old: old * EPS, "has no ε")
            case "amsgrad":
                self._set(groups, "amsgrad", lambda old: True, "is not Adam")
            case "adamw":
                self._set(groups, "decoupled_weight_decay", lambda old: True, "is not Adam, or torch is too old")
                for group in groups if self._used else ():
                    group["weight_decay"] = group["weight_decay"] or DECAY
            case "momentum" | "no momentum":
                adds = self.name == "momentum"
                if any(bool(group.get("momentum")) is adds for group in groups):
                    self._why = f"{type(optimizer).__name__} {'has' if adds else 'has no'} momentum already"
                    self._why = self._why if adds else f"{type(optimizer).__name__} has no momentum"
                    return
                self._set(groups, "momentum", lambda old: MOMENTUM if adds else 0.0, "has no such setting")
                for group in groups if self._used and not adds else ():
                    group["nesterov"] = False
            case "reset":
                count = [0]
                optimizer.register_step_post_hook(lambda one, args, kwargs: _reset(one, count, part))
                self._used = True
            case "noise":
                rng = torch.Generator().manual_seed(self.seed)
                optimizer.register_step_pre_hook(lambda one, args, kwargs: _shake(one, rng))
                self._used = True

    def _set(self, groups: list[dict[str, Any]], name: str, change: Callable[[Any], Any], why: str) -> None:
        """Change a setting of all groups, or note why that is impossible."""
        if not all(name in group for group in groups):
            self._why = f"the optimizer {why}"
            return
        if all(group[name] == change(group[name]) for group in groups):
            self._why = "the optimizer has it already"
            return
        for group in groups:
            group[name] = change(group[name])
        self._used = True

    def _schedule(self, optimizer: torch.optim.Optimizer, factor: Callable[[int], float]) -> None:
        """Multiply learning rates by a factor during each step; schedulers of the function see them unchanged."""
        lrs: list[Any] = []
        count = [0]

        def before(one: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
            lrs[:] = [group["lr"] for group in one.param_groups]
            for group in one.param_groups:
                group["lr"] = group["lr"] * factor(count[0])
            count[0] += 1

        def after(one: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
            for group, lr in zip(one.param_groups, lrs, strict=True):
                group["lr"] = lr

        optimizer.register_step_pre_hook(before)
        optimizer.register_step_post_hook(after)


def _gradients(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]


def _norm(gradients: list[torch.Tensor]) -> float:
    """Return the norm of all gradients together, as `torch.nn.utils.get_total_norm` of torch 2.6 does."""
    norms = [torch.linalg.vector_norm(gradient).to(gradients[0].device) for gradient in gradients]
    return float(torch.linalg.vector_norm(torch.stack(norms)))


def _clip(optimizer: torch.optim.Optimizer, norms: list[float]) -> None:
    """Clip gradients to the median norm of the steps so far (Seetharaman et al., 2020)."""
    gradients = _gradients(optimizer)
    if not gradients:
        return
    norm = _norm(gradients)
    if math.isfinite(norm):
        norms.append(norm)
    limit = float(np.median(norms)) if norms else 0.0
    if norm > limit > 0:
        for gradient in gradients:
            gradient.mul_(limit / norm)


def _shake(optimizer: torch.optim.Optimizer, rng: torch.Generator) -> None:
    """Add noise of a small share of the norm of the gradient."""
    gradients = _gradients(optimizer)
    size = sum(gradient.numel() for gradient in gradients)
    if not size:
        return
    scale = NOISE * _norm(gradients) / math.sqrt(size)
    for gradient in gradients:
        noise = torch.randn(gradient.shape, generator=rng)
        gradient.add_(noise.to(gradient), alpha=scale)


def _reset(optimizer: torch.optim.Optimizer, count: list[int], every: int) -> None:
    """Discard the state of the optimizer after each so many steps."""
    count[0] += 1
    if count[0] % every == 0:
        optimizer.state.clear()
