"""
A forgotten zero_grad
=====================

**Claim.** "Always call zero_grad: without it the gradients of earlier steps add up and training fails."

Accumulated gradients are momentum with a coefficient of 1: past gradients never decay, so a run oscillates like a
frictionless ball. SGD and Adam run with and without the mistake on the sphere function, from many starts and at
many learning rates. SGD with momentum 1 is included for comparison.

**Symptom.** Every optimizer oscillates and never settles.

**Change.** Call `zero_grad` before each step.

**Sources.** Polyak, *Some methods of speeding up the convergence of iteration methods* (1964); the manual of
torch.optim.
"""

import sys
from pathlib import Path

import numpy as np

from landscapes import optimizers, race, render, sweep

STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
STEPS = 400
RATES = [float(lr) for lr in np.geomspace(1e-4, 1, 25)]
PICTURES = Path(__file__).parent / "pictures"

candidates = {
    "SGD": optimizers.SGD(lr=0.01),
    "SGD, no zero_grad": optimizers.ForgotZeroGrad(optimizers.SGD(lr=0.01)),
    "SGD, momentum 1": optimizers.SGD(lr=0.01, momentum=1.0),
    "Adam": optimizers.Adam(lr=0.01),
    "Adam, no zero_grad": optimizers.ForgotZeroGrad(optimizers.Adam(lr=0.01)),
}
record = sweep("sphere", candidates, lr=RATES, starts=STARTS, spread="view", steps=STEPS, record_steps="all")

# %%
# The largest relative difference between the mistake and momentum 1.

names = list(candidates)
x = record.grid(record.trajectories.x)
mistake, momentum = x[names.index("SGD, no zero_grad")], x[names.index("SGD, momentum 1")]
difference = float(np.nanmax(np.abs(mistake - momentum) / (1 + np.abs(mistake))))

# %%
# The success rate of each optimizer at its best learning rate.

loss = record.trajectories.loss
success = record.grid(loss[:, -1] < 1e-6 * loss[:, 0]).mean(2).max(1)
solved = dict(zip(candidates, (100 * success).tolist(), strict=True))

print(
    f"holds: with accumulated gradients SGD solves {solved['SGD, no zero_grad']:.0f} % of {STARTS} starts at its best "
    f"learning rate, against {solved['SGD']:.0f} % without the mistake. Adam solves "
    f"{solved['Adam, no zero_grad']:.0f} % and {solved['Adam']:.0f} %. The mistake equals momentum 1, to "
    f"{difference:.0e}: the run oscillates around the minimum forever"
)
assert solved["SGD"] == 100
assert solved["SGD, no zero_grad"] < 20
assert difference < 1e-9

# %%
# The animation.

shown = {name: candidates[name] for name in ("SGD", "SGD, no zero_grad", "Adam, no zero_grad")}
animation = render.animate(race("sphere", shown, start=(-3.5, 2.5), steps=200), seconds=7.4)
animation.save(PICTURES / "17_zero_grad.gif")
