"""
A plateau with a cliff nearby
=============================

**Claim.** "On a plateau SGD barely moves, although a cliff is near."

Welsch's loss, 1 − exp(−4x² − y²), is flat but for a hole with a steep edge, and its slope dies exponentially away from the edge.
Starts are drawn on the flat part (loss above 0.95); a run has left it once its loss is below ½. Each optimizer has the one rate
with which most starts end in the bottom hundredth of the hole, and of those the quickest.

**Sources.** Dennis & Welsch, *Techniques for nonlinear least squares and robust regression* (1978); Kingma & Ba, *Adam* (2015).
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, race, render, sweep

STARTS, STEPS = (5 * int(sys.argv[1]), 500) if len(sys.argv) > 1 else (60, 10_000)
RATES, left = np.geomspace(1e-3, 3, 22).tolist(), {}
field = {
    "SGD": optimizers.SGD(),
    "Momentum": optimizers.SGD(momentum=0.9),
    "RMSprop": optimizers.RMSprop(),
    "Adam": optimizers.Adam(),
}
field["Adam, ε = 1e-30"] = optimizers.Adam(eps=1e-30)
x, y = np.random.default_rng(0).uniform(-3, 3, (2, 20 * STARTS))
depth = np.exp(-4 * x * x - y * y)
starts, slope = np.stack([x, y], 1)[depth < 0.05][:STARTS], (depth * np.hypot(8 * x, 2 * y))[depth < 0.05][:STARTS]
for name, rule in field.items():
    tried = sweep("welsch", rule, lr=RATES, starts=starts, steps=STEPS, target=0.5)
    leaves = np.where(tried.grid("reached") < 0, np.inf, tried.grid("reached"))
    rests = tried.grid("final") < 0.01
    best = np.lexsort((np.where(rests, leaves, 0).sum(1), -rests.sum(1)))[0]
    left[name], field[name] = leaves[best], replace(rule, lr=RATES[best])

count = {name: np.isfinite(steps).sum() for name, steps in left.items()}
felt, free, gone = left["Adam"][slope > 1e-8], left["Adam, ε = 1e-30"], slope[np.isfinite(left["SGD"])]
print(
    f"holds: at its best rate SGD has left from {count['SGD']} of {STARTS} starts after {STEPS} steps, from none where the slope is below {gone.min():.0e}; "
    f"momentum from {count['Momentum']}, RMSprop from {count['RMSprop']}, Adam from {count['Adam']}, in {felt.min():.0f} to {felt.max():.0f} steps wherever the slope is above its "
    f"ε = 1e-8. Far below that Adam is SGD again, with rate lr/ε, and crawls; with ε = 1e-30 it leaves from all, in {free.min():.0f} to {free.max():.0f}"
)
assert count["SGD"] <= count["Momentum"] < count["RMSprop"] <= count["Adam"] < count["Adam, ε = 1e-30"] == STARTS
assert max(felt.max(), free.max()) < 20 < left["Adam"][slope < 1e-10].min()
assert gone.min() > 1e-5
look = render.THEMES["light"]
shown = race("welsch", {name: field[name] for name in list(field)[:4]}, start=(-1.8, 1.2), steps=40)
with look.context():
    fig = Figure(figsize=(10.8, 4.8), layout="constrained")
    ground, ax = fig.subplots(1, 2)
    render.paths(shown, render.contour(shown, ground))
    ground.set(title="40 steps: SGD and momentum still at the start", aspect="equal", xlabel="x", ylabel="y")
    for place, ((name, steps), color) in enumerate(zip(left.items(), (0, 1, 4, 5, 9), strict=True)):
        height = np.where(np.isinf(steps), STEPS * 1.6 ** (place + 1), steps)
        ax.loglog(slope, height, "osvD*"[place], color=look.paths[color], alpha=0.7, markersize=5, label=name)
    ax.axhline(STEPS, color=look.muted, linewidth=0.8)
    ax.set(title="steps to leave (above the line: never left)", xlabel="slope at the start", ylabel="steps")
    ax.legend(loc="center", bbox_to_anchor=(0.6, 0.5), fontsize=8)
    render.animate(shown, seconds=4, figure=fig).save(Path(__file__).parent / "pictures" / "11_plateau_and_cliff.gif")
