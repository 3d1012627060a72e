"""
Your own function and optimizer
===============================

A function is a formula in torch operations with its domain. An optimizer is any subclass of ``torch.optim.Optimizer``.
"""

# %%
# The formula takes one tensor per coordinate and must accept batches of points. Autograd computes its gradient.
# No minimum is given, so the race searches for one.

from pathlib import Path

import torch

from landscapes import function, optimizers, race, render

PICTURES = Path(__file__).parent / "pictures"


@function((-3, 3), (-3, 3), start=(2.5, 2.2), steps=120)
def egg_box(x, y):
    """A bowl with many local minima: shows which optimizers pass over them."""
    return x**2 + 2 * y**2 + 1.5 * torch.sin(3 * x) * torch.sin(3 * y)


# %%
# The optimizer moves each coordinate by a constant length, in the direction of the sign of an averaged gradient.


class Signum(torch.optim.Optimizer):
    """Sign descent with momentum (Bernstein et al., 2018)."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                average = self.state[p].setdefault("average", torch.zeros_like(p))
                average.mul_(group["momentum"]).add_(p.grad, alpha=1 - group["momentum"])
                p.add_(average.sign(), alpha=-group["lr"])


# %%
# Names get learning rates that are tuned for this race; calm ones are easier to follow by eye than the fastest ones.
# Optimizer objects are used as they are.

signum = optimizers.Torch(Signum, lr=0.05)
record = race(egg_box, {"Signum": signum, "SGD": "sgd", "Momentum": "momentum", "Adam": "adam"}, calm=True)
render.save(record, PICTURES / "custom.gif", theme="dark")
