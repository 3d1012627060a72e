"""
Noisy moons
===========

Alec Radford's animations of 2014 taught a generation what optimizers do. This is the first of the four,
made again with every setting stated, and with Adam, which came a few months later.
"""

# %%
# Logistic regression with two weights on two noisy half moons. The surface is the loss over all 200 points;
# each step sees a mini-batch of four, drawn from the step's own seed, so everybody meets the same noise.

from pathlib import Path

import numpy as np
import torch

from landscapes import function, race, render

pictures = Path(__file__).parent / "pictures"

random = np.random.default_rng(0)
angle, side = random.uniform(0, np.pi, 200), np.tile([1, -1], 100)
points = np.stack([side * (np.cos(angle) - 0.5) + 0.5, side * (np.sin(angle) - 0.25) + 0.25])
points += 0.3 * random.standard_normal((2, 200))
right = torch.tensor(side * (points - [[0.5], [0.25]]))  # times the weights: how far on the right side a point lies


def loss(right):
    """The mean logistic loss, as a formula of the weights."""
    return lambda u, v: -torch.nn.functional.logsigmoid(u[..., None] * right[0] + v[..., None] * right[1]).mean(-1)


def batch(step):
    """The loss over the step's four points."""
    return loss(right[:, torch.randint(200, (4,), generator=torch.Generator().manual_seed(step))])


@function(
    (-5, 5), (-1, 6), start=(4.4, -0.5), steps=120, sample=batch,
    minima=[(-1.4789071186510028, 3.303764092503284)], name="moons", title="Noisy moons",
)  # fmt: skip
def moons(u, v):
    """Every step sees four of 200 points: who averages over steps, and who runs after each batch?"""
    return loss(right)(u, v)


# %%
# What to look at: plain descent runs after every batch and keeps shaking; momentum averages the noise away,
# overshoots by far and comes back; Nesterov's looks ahead, so it turns sooner; those that scale each weight's
# step by its own gradients leave the steepest way at once and come in from above.

record = race(
    moons,
    [
        "sgd(lr=1)", "momentum(lr=0.25)", "nesterov(lr=0.25)", "adagrad(lr=1)", "adadelta(lr=30)",
        "rmsprop(lr=0.1, alpha=0.9)", "adam(lr=0.25)",
    ],
)  # fmt: skip
render.animate(record, size=(640, 480), panel=False).save(pictures / "famous-moons.gif")
