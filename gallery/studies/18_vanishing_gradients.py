"""
Vanishing and exploding gradients
=================================

**Claim.** "In deep networks gradients vanish or explode, and learning stops."

A chain has n layers of one unit: the first has a weight a, all later ones share a weight v, and the loss is the squared
error on the inputs ±1. In the linear chain the output is a·vⁿ⁻¹·x, which is to be x. In the chain of sigmoids a layer
is σ(v·(h − ½)), with the bias that keeps it where a sigmoid is steepest, and the targets are 0.9 and 0.1. The pictures
show the loss over a and v. Starts are drawn from a, v in [0.5, 1.5], where gradients of a factor (v/4)ⁿ⁻¹ pass n
sigmoids, and vⁿ⁻¹ pass n linear layers. SGD, SGD with the gradient clipped to 1, Adam, and Adam with ε = 1e-30 run for
500 steps at 13 learning rates from 1e-3 to 1000, and the best counts: that with which most runs arrive at a loss of
0.01.

**Symptom.** A deep network does not learn at all: its gradient is tiny in the first layers.

**Change.** Use Adam, or layers that keep the size of the signal; a higher rate for SGD helps to a few layers more.

**Symptom.** The loss of a deep or recurrent network explodes although the rate is small.

**Change.** Clip the gradient, or use Adam.

**Sources.** Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen* (1991); Bengio, Simard & Frasconi, *Learning
long-term dependencies with gradient descent is difficult* (1994); Pascanu, Mikolov & Bengio, *On the difficulty of
training recurrent neural networks* (2013); Glorot & Bengio, *Understanding the difficulty of training deep feedforward
neural networks* (2010).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render, sweep

SMALL = len(sys.argv) > 1
STARTS, STEPS, DEPTHS = (10, 200, [2, 12]) if SMALL else (50, 500, [2, 5, 10, 15, 20])
RATES = np.geomspace(1e-3, 1e3, 5 if SMALL else 13).tolist()
LOSS = 0.01
PICTURES = Path(__file__).parent / "pictures"

RULES = {
    "SGD": optimizers.SGD(),
    "SGD, clipped": optimizers.Clip(optimizers.SGD(), norm=1.0),
    "Adam": optimizers.Adam(),
    "Adam, ε = 1e-30": optimizers.Adam(eps=1e-30),
}


def linear(depth):
    @function((-3, 3), (-3, 3), view=[(-2, 2), (-2, 2)], start=(1.0, 0.7), name=f"linear {depth}")
    def chain(a, v):
        out = a
        for _ in range(depth - 1):
            out = out * v
        return (out - 1) * (out - 1)

    return chain


def sigmoids(depth):
    @function((-30, 30), (-30, 30), view=[(-2, 12), (-2, 12)], start=(1.0, 1.0), name=f"sigmoids {depth}")
    def chain(a, v):
        out = torch.sigmoid(a)  # of the input 1; that of −1 is 1 − out, in every layer
        for _ in range(depth - 1):
            out = torch.sigmoid(v * (out - 0.5))
        return (out - 0.9) * (out - 0.9)

    return chain


# %%
# The share of runs that arrive, at the best rate, and the gradient of the first weight at the starts.

starts = np.random.default_rng(0).uniform(0.5, 1.5, (STARTS, 2))
arrived, gradients = {}, {}
for kind in (linear, sigmoids):
    for depth in DEPTHS:
        chain = kind(depth)
        at = torch.from_numpy(starts).T.clone().requires_grad_()
        gradient = torch.autograd.grad(chain.evaluate(at).sum(), at)[0][0]
        gradients[kind, depth] = np.quantile(gradient.abs().numpy(), (0.05, 0.5, 0.95))
        for name, rule in RULES.items():
            record = sweep(chain, rule, lr=RATES, starts=starts.tolist(), steps=STEPS, target=LOSS)
            final = np.nan_to_num(np.ma.filled(record.grid("final"), np.inf), nan=np.inf)
            arrived[kind, name, depth] = (final <= LOSS).mean(-1).max()

deep = DEPTHS[-1]


def share(kind, name, depth=deep):
    return f"{100 * arrived[kind, name, depth]:.0f} %"


def size(kind, depth=deep):
    return "{1:.0e} [{0:.0e}, {2:.0e}]".format(*gradients[kind, depth])


SGD, CLIPPED, ADAM, TINY = RULES
print(
    f"only when the optimizer does not rescale its gradient. Through {deep} sigmoids the gradient of the first weight "
    f"is {size(sigmoids)}, against {size(sigmoids, 2)} through 2, and SGD arrives from {share(sigmoids, SGD)} of "
    f"{STARTS} starts, against {share(sigmoids, SGD, 2)}. Adam arrives from {share(sigmoids, ADAM)}, with ε = 1e-30 "
    f"from {share(sigmoids, TINY)}: the loss is flat, but its slope has a direction. Through {deep} linear layers "
    f"gradients vanish or explode, {size(linear)}; SGD arrives from {share(linear, SGD)}, clipped from "
    f"{share(linear, CLIPPED)} and Adam from {share(linear, ADAM)}"
)
assert gradients[sigmoids, deep][1] < 1e-4 * gradients[sigmoids, 2][1]
assert gradients[linear, deep][2] > 1000 * gradients[linear, deep][0]
assert arrived[sigmoids, SGD, 2] == 1
assert arrived[sigmoids, SGD, deep] < 0.7 < 0.9 < arrived[sigmoids, TINY, deep]
assert arrived[linear, SGD, deep] <= arrived[linear, CLIPPED, deep]
assert arrived[linear, SGD, deep] < arrived[linear, ADAM, deep]

# %%
# Above, the losses of three chains with runs of SGD and Adam; below, gradients and arrivals by depth.

theme = render.THEMES["light"]
STYLES = {SGD: "o-", CLIPPED: "s--", ADAM: "o-", TINY: "s--"}
PLAIN = {"linewidth": 4, "markersize": 9, "alpha": 0.45}  # below thin curves, so that those that coincide stay visible
colors = dict(zip(RULES, (theme.colors[i] for i in (0, 2, 5, 1)), strict=True))
with theme.context():
    fig = Figure((12.4, 7.4), layout="constrained")
    above, below = fig.subplots(2, 3)
    shown = ((linear, DEPTHS[2 % len(DEPTHS)]), (sigmoids, 2), (sigmoids, DEPTHS[2 % len(DEPTHS)]))
    for (kind, depth), ax in zip(shown, above, strict=True):
        rules = {"SGD": optimizers.SGD(lr=0.1), "Adam": optimizers.Adam(lr=0.1)}
        record = race(kind(depth), rules, steps=STEPS, resolution=121)
        render.contour(record, ax)
        render.trajectories(record, ax, theme=theme | {"by_label": {"SGD": colors[SGD], "Adam": colors[ADAM]}})
        ax.set(title=f"{depth} {'linear layers' if kind is linear else 'sigmoids'}", xlabel="a", ylabel="v")
    for kind, color in ((linear, "0.4"), (sigmoids, theme.colors[3])):
        low, mid, high = np.array([gradients[kind, depth] for depth in DEPTHS]).T
        below[0].semilogy(DEPTHS, mid, "o-", color=color, label="linear layers" if kind is linear else "sigmoids")
        below[0].fill_between(DEPTHS, low, high, color=color, alpha=0.2, linewidth=0)
    below[0].set(title="gradient of the first weight at the starts", xlabel="layers")
    below[0].legend()
    for kind, ax in zip((linear, sigmoids), below[1:], strict=True):
        for name in RULES:
            ax.plot(
                DEPTHS,
                [100 * arrived[kind, name, depth] for depth in DEPTHS],
                STYLES[name],
                color=colors[name],
                label=name,
                **(PLAIN if name in (SGD, ADAM) else {}),
            )
        what = "linear layers" if kind is linear else "sigmoids"
        ax.set(title=f"runs that arrive, {what}, %", xlabel="layers", ylim=(-5, 105))
    below[2].legend()
    for ax in below:
        ax.set_xticks(DEPTHS)
    fig.savefig(PICTURES / "18_vanishing_gradients.png", dpi=100)
