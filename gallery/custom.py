"""
A landscape and an optimizer of your own
========================================

A function is a formula in torch operations with its bounds; an optimizer is any subclass of
``torch.optim.Optimizer``, as you use it in training.
"""

# %%
# The formula takes one tensor a coordinate and may be handed many points at once. Its gradient comes from
# autograd; a lowest point is looked for on the way, since none is given.

from pathlib import Path

import torch

from landscapes import function, optimizers, race, render

pictures = Path(__file__).parent / "pictures"


@function((-3, 3), (-3, 3), start=(2.5, 2.2), steps=120)
def egg_box(x, y):
    """A bowl with dents: good for seeing who rolls over them."""
    return x**2 + 2 * y**2 + 1.5 * torch.sin(3 * x) * torch.sin(3 * y)


# %%
# The optimizer: steps of one length, in the direction of the sign of an average gradient.


class Signum(torch.optim.Optimizer):
    """Sign descent with momentum (Bernstein and others, 2018)."""

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
# Names are tuned for this very race; rules are taken as they are.

record = race(
    egg_box, {"Signum": optimizers.Torch(Signum, lr=0.05), "SGD": "sgd", "Momentum": "momentum", "Adam": "adam"}
)
render.save(record, pictures / "own.gif", theme="dark")
