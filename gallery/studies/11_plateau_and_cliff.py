"""
A plateau near a cliff
======================

**Claim.** "On a plateau SGD barely moves, although a cliff is near."

Welsch's loss, 1 − exp(−4x² − y²), is flat except for a hole with a steep edge. Its gradient decays exponentially
with the distance to the edge. Starts are drawn on the flat part (loss above 0.95). A run has left the plateau once
its loss is below ½. Each optimizer uses one learning rate: the one with which most starts end in the bottom
hundredth of the hole, and among those the fastest.

**Symptom.** The loss stays on a plateau from the start.

**Change.** Use an adaptive optimizer, and an ε below the size of the gradients.

**Sources.** Dennis & Welsch, *Techniques for nonlinear least squares and robust regression* (1978); Kingma & Ba,
*Adam* (2015).
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, race, render, sweep

STARTS, STEPS = (5 * int(sys.argv[1]), 500) if len(sys.argv) > 1 else (60, 10_000)
RATES = np.geomspace(1e-3, 3, 22).tolist()
PICTURES = Path(__file__).parent / "pictures"

candidates = {
    "SGD": optimizers.SGD(),
    "Momentum": optimizers.SGD(momentum=0.9),
    "RMSprop": optimizers.RMSprop(),
    "Adam": optimizers.Adam(),
    "Adam, ε = 1e-30": optimizers.Adam(eps=1e-30),
}

# %%
# Starts on the plateau, and the norm of the gradient at each.

x, y = np.random.default_rng(0).uniform(-3, 3, (2, 20 * STARTS))
depth = np.exp(-4 * x * x - y * y)
flat = depth < 0.05
starts = np.stack([x, y], 1)[flat][:STARTS]
gradient = (depth * np.hypot(8 * x, 2 * y))[flat][:STARTS]

# %%
# The steps to leave the plateau from each start, with the best learning rate.

tuned, escape = {}, {}
for name, optimizer in candidates.items():
    record = sweep("welsch", optimizer, lr=RATES, starts=starts, steps=STEPS, target=0.5)
    steps = record.grid("reached").astype(float).filled(np.inf)
    converged = record.grid("final") < 0.01
    time_of_converged = np.where(converged, steps, 0).sum(1)
    best = np.lexsort((time_of_converged, -converged.sum(1)))[0]
    escape[name] = steps[best]
    tuned[name] = replace(optimizer, lr=RATES[best])

count = {name: np.isfinite(steps).sum() for name, steps in escape.items()}
steep = escape["Adam"][gradient > 1e-8]
tiny_eps = escape["Adam, ε = 1e-30"]
escaped_by_sgd = gradient[np.isfinite(escape["SGD"])]
print(
    f"holds: at its best rate, SGD has left the plateau from {count['SGD']} of {STARTS} starts after {STEPS} steps, "
    f"and from none with a gradient below {escaped_by_sgd.min():.0e}. Momentum has left from {count['Momentum']}, "
    f"RMSprop from {count['RMSprop']} and Adam from {count['Adam']}. Adam takes {steep.min():.0f} to "
    f"{steep.max():.0f} steps where the gradient exceeds its ε = 1e-8. For much smaller gradients Adam behaves as SGD "
    f"with learning rate lr/ε and is slow. With ε = 1e-30 it leaves from all starts, in {tiny_eps.min():.0f} to "
    f"{tiny_eps.max():.0f} steps"
)
assert count["SGD"] <= count["Momentum"] < count["RMSprop"] <= count["Adam"] < count["Adam, ε = 1e-30"] == STARTS
assert max(steep.max(), tiny_eps.max()) < 20 < escape["Adam"][gradient < 1e-10].min()
assert escaped_by_sgd.min() > 1e-5

# %%
# The animation: one start on the plateau, and the steps to leave against the gradient at the start.

shown = race("welsch", {name: tuned[name] for name in list(tuned)[:4]}, start=(-1.8, 1.2), steps=40)
theme = render.THEMES["light"]
with theme.context():
    fig = Figure(figsize=(10.8, 4.8), layout="constrained")
    left, right = fig.subplots(1, 2)

    render.contour(shown, left)
    render.trajectories(shown, left)
    left.set(title="40 steps: SGD and momentum still at the start", aspect="equal", xlabel="x", ylabel="y")

    for index, ((name, steps), color) in enumerate(zip(escape.items(), (0, 1, 4, 5, 9), strict=True)):
        never = STEPS * 1.6 ** (index + 1)
        heights = np.where(np.isinf(steps), never, steps)
        style = {"color": theme.colors[color], "alpha": 0.7, "markersize": 5, "label": name}
        right.loglog(gradient, heights, "osvD*"[index], **style)
    right.axhline(STEPS, color=theme.muted, linewidth=0.8)
    right.set(title="steps to leave (above the line: never)", xlabel="gradient at the start", ylabel="steps")
    right.legend(loc="center", bbox_to_anchor=(0.6, 0.5), fontsize=8)
    render.animate(shown, seconds=6.4, figure=fig).save(PICTURES / "11_plateau_and_cliff.gif")
