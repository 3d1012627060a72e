"""
A convex problem on which Adam fails
====================================

**Claim.** "There are convex problems on which Adam converges to the worst point."

The losses on [−1, 1] are linear: 3·x at every third step and −x at the others. Their average, x/3, is lowest at x =
−1. In the stochastic form, 3·x has probability 0.3. Each coordinate is a run of its own, because the coordinates
are independent: the first uses the cycle, the others random losses. β₁ = 0, β₂ = 1/10, learning rates decay as
1/√t from 0.5 for Adam and AMSGrad and from 0.2 for SGD, and steps are projected onto the interval. All start at 0. The
reported x is the mean over the last 1000 of 10,000 steps, since the points keep moving by a step of the decayed rate.

**Symptom.** Adam does not converge: it drifts away from the best point in spite of a decaying rate.

**Change.** Use AMSGrad or SGD.

**Sources.** Reddi, Kale & Kumar, *On the convergence of Adam and beyond* (2018), theorems 1 and 3.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (int(sys.argv[1]), 2000) if len(sys.argv) > 1 else (40, 10_000)
DIM = SEEDS + 1  # the cycle and the seeds
PICTURES = Path(__file__).parent / "pictures"


def step_loss(step):
    """Return the loss of a step: the sum over coordinates of 3·x or −x."""
    large = torch.rand(DIM, generator=torch.Generator().manual_seed(step)) < 0.3
    large[0] = step % 3 == 0
    return lambda x: (torch.where(large, 3.0, -1.0).to(x) * x).sum(-1)


@function(*[(-1, 1)] * DIM, start=[0.0] * DIM, sample=step_loss, minimum=-0.2 * DIM, minima=[(-1.0,) * DIM])
def linear(x):
    return (0.2 * x).sum(-1)


plain = {
    "Adam": optimizers.Adam(0.5, beta1=0, beta2=0.1),
    "AMSGrad": optimizers.Adam(0.5, beta1=0, beta2=0.1, amsgrad=True),
    "SGD": optimizers.SGD(lr=0.2),
}
candidates = {
    name: optimizers.Projected(optimizers.InverseTime(optimizer, decay=1.0, power=0.5))
    for name, optimizer in plain.items()
}
record = race(linear, candidates, steps=STEPS, record_steps=STEPS // 200)

x, step = record.trajectories.x, record.trajectories.step
ends = dict(zip(candidates, x[:, -len(step) // 10 :].mean(1), strict=True))
ranges = "; ".join(f"{name} {end[0]:.2f}, {end[1:].min():.2f} to {end[1:].max():.2f}" for name, end in ends.items())
print(
    f"holds: the mean of x over the last tenth of {STEPS} steps for the cycle, and its range over {SEEDS} seeds, are: "
    f"{ranges}. The best point is "
    "−1, the worst is 1"
)
assert ends["Adam"].min() > 0.8
assert max(ends["AMSGrad"].max(), ends["SGD"].max()) < -0.8

# %%
# The figure: the cycle, and the median and range over the seeds.

theme = render.THEMES["light"]
with theme.context():
    fig = Figure(figsize=(9.6, 4.0), layout="constrained")
    panels = {"3x, −x, −x, 3x, …": x[:, :, :1], f"at random, {SEEDS} seeds": x[:, :, 1:]}

    for ax, (title, part) in zip(fig.subplots(1, 2), panels.items(), strict=True):
        for name, values, dashes in zip(candidates, part, ("-", "--", "-"), strict=True):
            color = theme.colors[5 if name == "Adam" else 0]
            ax.plot(step, np.median(values, -1), dashes, color=color, label=name)
            ax.fill_between(step, values.min(-1), values.max(-1), color=color, alpha=0.15, linewidth=0)
        ax.set(xlabel="step", ylabel="x", title=title)
        ax.legend()
    fig.savefig(PICTURES / "19_adam_fails.png", dpi=100)
