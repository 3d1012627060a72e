"""
A forgotten zero_grad
=====================

**Claim.** "Always call zero_grad: without it the gradients of earlier steps add up and training fails."

Gradients that add up are a momentum of 1: nothing is ever forgotten, so the point swings like a ball without friction. Gradient
descent and Adam are run with and without the mistake on the sphere, from many starts and at many learning rates; heavy momentum
of exactly 1 stands beside them.

**Sources.** Polyak, *Some methods of speeding up the convergence of iteration methods* (1964); the manual of torch.optim.
"""

import sys
from pathlib import Path

import numpy as np

from landscapes import optimizers, race, render, sweep

STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
STEPS = 400
HERE = Path(__file__).parent

kinds = {
    "SGD": optimizers.SGD(lr=0.01),
    "SGD, no zero_grad": optimizers.ForgotZeroGrad(optimizers.SGD(lr=0.01)),
    "SGD, momentum 1": optimizers.SGD(lr=0.01, momentum=1.0),
    "Adam": optimizers.Adam(lr=0.01),
    "Adam, no zero_grad": optimizers.ForgotZeroGrad(optimizers.Adam(lr=0.01)),
}
lrs = [float(lr) for lr in np.geomspace(1e-4, 1, 25)]
record = sweep("sphere", kinds, lr=lrs, starts=STARTS, spread="view", steps=STEPS, keep="all")
same = [name in ("SGD, no zero_grad", "SGD, momentum 1") for name in kinds]
twins = record.grid(record.trajectories.x)[np.array(same)]
apart = float(np.nanmax(np.abs(twins[0] - twins[1]) / (1 + np.abs(twins[0]))))

gap = record.trajectories.value - record.trajectories.value.min()
share = record.grid(record.trajectories.value[:, -1] < 1e-6 * record.trajectories.value[:, 0]).mean(2).max(1)
solved = dict(zip(kinds, share.tolist(), strict=True))
print(
    f"holds: with gradients that add up SGD solves {100 * solved['SGD, no zero_grad']:.0f} % of {STARTS} starts at its best learning rate, and "
    f"{100 * solved['SGD']:.0f} % without the mistake; Adam {100 * solved['Adam, no zero_grad']:.0f} % and {100 * solved['Adam']:.0f} %. The mistake "
    f"is momentum 1, to {apart:.0e}: the run circles the minimum for ever"
)
assert solved["SGD"] == 1
assert solved["SGD, no zero_grad"] < 0.2
assert apart < 1e-9

names = ["SGD", "SGD, no zero_grad", "Adam, no zero_grad"]
shown = race("sphere", {name: kinds[name] for name in names}, start=(-3.5, 2.5), steps=200)
render.animate(shown, seconds=5).save(HERE / "pictures" / "17_zero_grad.gif")
