"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_scaled, add_weight_decay, map_floats, power
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import TorchOptions


@dataclass(frozen=True)
class ASGD(TorchOptions, FirstOrder):
    """Averaged SGD (Polyak & Juditsky, 1992), with the step sizes of Bottou (2010).

        η ← lr / (1 + λ·lr·(t−1))^α
        x ← (1−λη)x − ηg

    The trajectory shows x, as in torch.optim. The average of the points from step t₀ on is the buffer "average".

    It reproduces `torch.optim.ASGD` bitwise on the CPU under `torch.set_default_dtype(torch.float64)`. Torch stores η
    and the averaging weight in its default dtype, so an ordinary loop rounds them to float32, also for float64 points.
    Here they are always doubles, so that a run depends on no setting of the process. The first steps then agree to
    about seven digits.

    Args:
        lr: first step size, ≥ 0; default 0.01.
        lambd: λ, decay of the step size and of the point, ≥ 0; default 0.0001.
        alpha: α, exponent of the decay of the step size, ≥ 0; default 0.75.
        t0: t₀, step at which averaging begins; default 1000000.0.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> ASGD(lr=0.05, t0=10).spec
    'asgd(lr=0.05, t0=10.0)'
    """

    names: ClassVar[tuple[str, ...]] = ("asgd",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.ASGD

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    lambd: Scalar = field(default=1e-4, metadata=NON_NEGATIVE)
    alpha: Scalar = field(default=0.75, metadata=NON_NEGATIVE)
    t0: Scalar = 1e6
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),)

    def coef(self, t: int) -> Coefs:
        done, eta = self.__dict__.get("_known_eta", (0, 0.0))
        eta = eta if done == t else self._eta(t)
        object.__setattr__(self, "_known_eta", (t + 1, self._eta(t + 1)))  # torch computes η one step ahead
        return eta, 1 - self.lambd * eta, map_floats(_share, t, self.t0)

    def _eta(self, t: int) -> Scalar:
        return self.lr / power(1 + self.lambd * self.lr * (t - 1), self.alpha)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        eta, shrink, share = c
        p = add_scaled(p * shrink, -eta, add_weight_decay(g, self.weight_decay, p))
        average = s[0] + (p - s[0]) * share
        if isinstance(share, Tensor):
            return p, (torch.where(share == 1, p, average),)
        return p, (p if share == 1 else average,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"average": s[0]}


def _share(t: int, t0: float) -> float:
    """Return the weight of the current point in the average: 1 until averaging begins."""
    return 1.0 if t == 1 else 1 / max(1, t - 1 - t0)
