"""
Where Adam provably fails
=========================

**Claim.** "There are convex problems on which Adam converges to the worst point."

Linear losses on [−1, 1], one a step: 3·x at every third step and −x at the others, so that their average, x/3, is least at x = −1. In the
stochastic form 3·x comes with probability 0.3. Each coordinate is a run of its own, since nothing couples them: the first one
is the cycle, the others draw. β₁ = 0 and β₂ = 1/10, rates fall as 1/√t, and steps are projected onto the interval.

**Sources.** Reddi, Kale & Kumar, *On the convergence of Adam and beyond* (2018), theorems 1 and 3.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (int(sys.argv[1]), 2000) if len(sys.argv) > 1 else (40, 10_000)
HERE = Path(__file__).parent
LOW = (-1.0,) * (SEEDS + 1)


def losses(t):
    """The loss of step t: the sum over coordinates of 3·x or −x."""
    large = torch.rand(SEEDS + 1, generator=torch.Generator().manual_seed(t)) < 0.3
    large[0] = t % 3 == 0
    return lambda x: (torch.where(large, 3.0, -1.0).to(x) * x).sum(-1)


@function(*[(-1, 1)] * len(LOW), start=[0.0] * len(LOW), sample=losses, minimum=-0.2 * len(LOW), minima=[LOW])
def linear(x):
    return (0.2 * x).sum(-1)


field = {name: optimizers.Adam(0.5, beta1=0, beta2=0.1, amsgrad=name != "Adam") for name in ("Adam", "AMSGrad")}
field["SGD"] = optimizers.SGD(lr=0.2)
held = {name: optimizers.Projected(optimizers.InverseTime(rule, decay=1.0, power=0.5)) for name, rule in field.items()}
record = race(linear, held, steps=STEPS, keep=STEPS // 200)
x, step = record.trajectories.x, record.trajectories.step
late = dict(zip(held, x[:, -20:].mean(1), strict=True))
told = "; ".join(f"{name} {ends[0]:.2f}, {ends[1:].min():.2f} to {ends[1:].max():.2f}" for name, ends in late.items())
print(f"holds: after {STEPS} steps x stands, for the cycle and over {SEEDS} seeds, at {told}; −1 is best and 1 worst")
assert late["Adam"].min() > 0.8
assert max(late["AMSGrad"].max(), late["SGD"].max()) < -0.8
look = render.THEMES["light"]
with look.context():
    fig = Figure(figsize=(9.6, 4.0), layout="constrained")
    panels = {"3x, −x, −x, 3x, …": x[:, :, :1], f"at random, {SEEDS} seeds": x[:, :, 1:]}
    for ax, (words, part) in zip(fig.subplots(1, 2), panels.items(), strict=True):
        for name, ways, dashes in zip(held, part, ("-", "--", "-"), strict=True):
            (line,) = ax.plot(step, np.median(ways, -1), dashes, color=look.paths[5 * (name == "Adam")], label=name)
            ax.fill_between(step, ways.min(-1), ways.max(-1), color=line.get_color(), alpha=0.15, linewidth=0)
        ax.set(xlabel="step", ylabel="x", title=words)
        ax.legend()
    fig.savefig(HERE / "pictures" / "19_adam_fails.png", dpi=100)
