"""
Noisy moons
===========

The first of Alec Radford's four animations of 2014, redrawn with every setting stated. Adam, published a few
months later, is added.
"""

# %%
# Logistic regression with two weights on two noisy half moons. The surface is the loss over all 200 points.
# Each step uses a mini-batch of four points. Its seed is the step, so all optimizers see the same noise.

from pathlib import Path

import numpy as np
import torch

from landscapes import function, race, render

PICTURES = Path(__file__).parent / "pictures"
OPTIMIZERS = [
    "sgd(lr=1)",
    "momentum(lr=0.25)",
    "nesterov(lr=0.25)",
    "adagrad(lr=1)",
    "adadelta(lr=30)",
    "rmsprop(lr=0.1, alpha=0.9)",
    "adam(lr=0.25)",
]

rng = np.random.default_rng(0)
angle, label = rng.uniform(0, np.pi, 200), np.tile([1, -1], 100)
points = np.stack([label * (np.cos(angle) - 0.5) + 0.5, label * (np.sin(angle) - 0.25) + 0.25])
points += 0.3 * rng.standard_normal((2, 200))
features = torch.tensor(label * (points - [[0.5], [0.25]]))  # the margin of a point is features @ weights


def loss(features):
    """Return the mean logistic loss as a function of the weights."""

    def mean_loss(u, v):
        margin = u[..., None] * features[0] + v[..., None] * features[1]
        return -torch.nn.functional.logsigmoid(margin).mean(-1)

    return mean_loss


def batch_loss(step):
    """Return the loss over the four points of a step."""
    indices = torch.randint(200, (4,), generator=torch.Generator().manual_seed(step))
    return loss(features[:, indices])


MINIMA = [(-1.4789071186510028, 3.303764092503284)]


@function(
    (-5, 5),
    (-1, 6),
    start=(4.4, -0.5),
    steps=120,
    sample=batch_loss,
    minima=MINIMA,
    name="moons",
    title="Noisy moons",
)
def moons(u, v):
    """A logistic loss with mini-batches of 4 of 200 points: noise favours optimizers that average over steps."""
    return loss(features)(u, v)


# %%
# SGD follows each mini-batch and keeps fluctuating. Momentum averages the noise, overshoots far and returns.
# Nesterov momentum overshoots less. Optimizers with a step size per coordinate leave the direction of steepest
# descent at once.

record = race(moons, OPTIMIZERS)
render.animate(record, figsize=(6.4, 4.8), panel=False, seconds=9).save(PICTURES / "famous-moons.gif")
