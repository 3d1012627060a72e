"""A typed script of a user: mypy checks with the package what is accepted and, by the ignores, what is refused."""

from __future__ import annotations

import torch

from landscapes import Record, optimizers, race

GROUPS = [{"coordinates": [0], "lr": 0.01}]

accepted: list[optimizers.Optimizer] = [
    optimizers.Adam(0.1, betas=(0.9, 0.99), foreach=False, maximize=False),
    optimizers.AdamW(lr=0.1, beta1=0.8, groups=GROUPS),
    optimizers.NAdam(lr=0.1, betas=(0.9, 0.99), capturable=False),
    optimizers.Rprop(lr=0.1, etas=(0.5, 1.2), step_sizes=(1e-6, 50)),
    optimizers.SGD(lr=0.1, momentum=0.9, nesterov=True, fused=None),
    optimizers.Lion(lr=0.1, betas=(0.9, 0.99)),
    optimizers.Clip(optimizers.Torch(torch.optim.Adam, lr=0.1, betas=(0.9, 0.99), groups=GROUPS), norm=1),
]

refused = [
    lambda: optimizers.Adam(lr="0.1"),  # type: ignore[arg-type]
    lambda: optimizers.Adam(betas=0.9),  # type: ignore[arg-type]
    lambda: optimizers.SGD(betas=(0.9, 0.99)),  # type: ignore[call-arg]
    lambda: optimizers.Adam(maximize=True),  # type: ignore[arg-type]
    lambda: optimizers.Adam(learning_rate=0.1),  # type: ignore[call-arg]
]


def result() -> Record:
    """Return a race of the optimizers that are accepted."""
    return race("booth", accepted, steps=2)
