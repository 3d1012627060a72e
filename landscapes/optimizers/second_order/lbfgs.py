"""Quasi-Newton optimizers: L-BFGS, and BFGS with a full matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.base import OPEN_UNIT, POSITIVE, STRUCTURAL_INT
from landscapes.optimizers.first_order.base import State
from landscapes.optimizers.linalg import dot, product
from landscapes.optimizers.second_order.line_search_stepper import LineSearchOptimizer


def has_curvature(step: Tensor, change: Tensor, slope: Tensor) -> Tensor:
    """Return whether steps (d, R) met curvature beyond rounding, a mask (R,): sᵀy > ε·|gᵀs|, as in L-BFGS-B."""
    numbers = torch.finfo(step.dtype)
    least = numbers.tiny / numbers.eps  # below it, a quotient may overflow
    curvature = dot(step, change)
    return (curvature > numbers.eps * slope.abs()) & (curvature > least) & (dot(change, change) > least)


@dataclass(frozen=True)
class LBFGS(LineSearchOptimizer):
    """L-BFGS with a strong Wolfe line search (Nocedal, 1980; Liu & Nocedal, 1989).

        x ← x + t·p,  p = −Hg

    H is built from the last m steps s and gradient changes y, by the two-loop recursion of Nocedal & Wright (2006,
    algorithm 7.4), from γI with γ = sᵀy/yᵀy. At the first step, p = −g and t = min(1, 1/‖g‖₁).

    One step is one iteration of `torch.optim.LBFGS(line_search_fn="strong_wolfe", tolerance_change=0)`, up to rounding,
    while sᵀy > 10⁻¹⁰. Below that, torch stops updating H, and this optimizer does not.

    Args:
        lr: factor of the first trial step, > 0; 1 is the natural step; default 1.
        c1: fraction of the predicted decrease that is sufficient, in (0, c2); default 0.0001.
        c2: fraction of the slope that may remain, in (c1, 1); default 0.9.
        history_size: m, number of steps in the history, ≥ 1; default 10.

    Raises:
        InputError: if c1 ≥ c2.

    >>> LBFGS(history_size=5).spec
    'lbfgs(history_size=5)'
    """

    names: ClassVar[tuple[str, ...]] = ("lbfgs",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.LBFGS
    without_equivalent: ClassVar[tuple[str, ...]] = ("max_iter", "max_eval", "tolerance_grad", "tolerance_change")

    lr: Scalar = field(default=1.0, metadata=POSITIVE)
    c1: Scalar = field(default=1e-4, metadata=OPEN_UNIT)
    c2: Scalar = field(default=0.9, metadata=OPEN_UNIT)
    history_size: int = field(default=10, metadata=STRUCTURAL_INT)

    @property
    def label(self) -> str:
        return "L-BFGS"

    def init(self, x: Tensor) -> State:
        steps = x.new_zeros((self.history_size, *x.shape))
        return steps, steps, steps[:, 0], torch.ones_like(x[0])

    def direction(self, g: Tensor, s: State) -> Tensor:
        steps, changes, inverse, scale = s
        q, shares = -g, []
        for step, change, rho in zip(reversed(steps), reversed(changes), reversed(inverse), strict=True):
            shares.append(dot(step, q) * rho)
            q = q - shares[-1] * change
        p = q * scale
        for step, change, rho in zip(steps, changes, inverse, strict=True):
            p = p + (shares.pop() - dot(change, p) * rho) * step
        return p

    def update_state(self, s: State, step: Tensor, g: Tensor, change: Tensor, p: Tensor) -> State:
        curvature = dot(step, change)
        newest = step, change, 1 / curvature
        history = [torch.cat([old[1:], new[None]]) for old, new in zip(s, newest, strict=False)]
        updated = *history, curvature / dot(change, change)
        keeps = has_curvature(step, change, dot(g, step))
        return tuple(torch.where(keeps, new, old) for new, old in zip(updated, s, strict=True))


@dataclass(frozen=True)
class BFGS(LineSearchOptimizer):
    """BFGS with a strong Wolfe line search (Broyden, Fletcher, Goldfarb & Shanno, 1970).

        x ← x − t·Hg
        H ← (I − ρsyᵀ) H (I − ρysᵀ) + ρssᵀ,  ρ = 1/yᵀs

    Here s is the step and y the change of the gradient (Nocedal & Wright, 2006, algorithm 6.1). H is I at first, and
    sᵀy/yᵀy·I before its first update.

    Args:
        lr: factor of the first trial step, > 0; 1 is the natural step; default 1.
        c1: fraction of the predicted decrease that is sufficient, in (0, c2); default 0.0001.
        c2: fraction of the slope that may remain, in (c1, 1); default 0.9.

    Raises:
        InputError: if c1 ≥ c2.

    >>> BFGS(c2=0.5).spec
    'bfgs(c2=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("bfgs",)

    def init(self, x: Tensor) -> State:
        identity = torch.eye(len(x), dtype=x.dtype, device=x.device)[..., None]
        return identity.expand(len(x), *x.shape), torch.ones_like(x[0])  # and 1 until the first update

    def direction(self, g: Tensor, s: State) -> Tensor:
        return -product(s[0], g)

    def update_state(self, s: State, step: Tensor, g: Tensor, change: Tensor, p: Tensor) -> State:
        curvature = dot(step, change)
        inverse = torch.where(s[1] > 0, s[0] * (curvature / dot(change, change)), s[0])
        turned = product(inverse, change)
        mixed = step[:, None] * turned
        outer = step[:, None] * step
        inverse = inverse - (mixed + mixed.transpose(0, 1)) / curvature
        inverse = inverse + (1 + dot(change, turned) / curvature) / curvature * outer
        keeps = has_curvature(step, change, dot(g, step))
        return torch.where(keeps, inverse, s[0]), torch.where(keeps, 0.0, s[1])
