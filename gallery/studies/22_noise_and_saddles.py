"""
Noise in one gradient, none in the other
========================================

**Claim.** "SGD with noise against Adam with the full gradient shows that Adam escapes saddle points."

f = ½(x² − y²) + ¼y⁴ has a saddle point at the origin and minima of −¼ at y = ±1. Runs start at x = 1, on the ridge
y = 0 and at distances from it of 10⁻⁸ to 10⁻¹, and take 1,000 steps. SGD and Adam, both at lr 0.01, run with the full
gradient and with normal noise of size 0.1 in each coordinate, drawn alike for both from 100 seeds. A run has escaped at
the step from which it stays below f = −0.2. The pair that people show is SGD with noise and Adam without. The fair
pairs have the same gradients, once at the same learning rate and once at the best of 15 rates each, from 0.001 to 3.

**Symptom.** Adam leaves a saddle point at once, and SGD hovers around it.

**Change.** Give both the same gradients, and tune the rate of each; then compare.

**Sources.** Jin, Ge, Netrapalli, Kakade & Jordan, *How to escape saddle points efficiently* (2017); Staib, Reddi, Kale,
Kumar & Sra, *Escaping saddle points with adaptive gradient methods* (2019).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import function, optimizers, render, sweep

SEEDS = 10 if len(sys.argv) > 1 else 100
STEPS, LR, NOISE = 1000, 0.01, 0.1
DISTANCES = (0, 1e-8, 1e-6, 1e-4, 1e-2, 1e-1)
RATES = np.geomspace(1e-3, 10**0.5, 15).tolist()
PICTURES = Path(__file__).parent / "pictures"
PLAIN = {"SGD": optimizers.SGD(lr=LR), "Adam": optimizers.Adam(lr=LR)}


@function((-2, 2), (-2, 2), start=(1, 0), minima=[(0, -1), (0, 1)], minimum=-0.25)
def ridge(x, y):
    """A ridge with a saddle point at its lowest point and a minimum on either side."""
    return (x * x - y * y) / 2 + y * y * y * y / 4


def noisy(optimizer):
    return optimizers.Noise(optimizer, sigma=NOISE)


def escapes(optimizer, distance, seeds=1, **grid):
    """Return the step from which each run stays below f = −0.2, infinity if there is none, and its learning rate."""
    runs = sweep(ridge, optimizer, start=(1, distance), seeds=seeds, steps=STEPS, record_steps=1, **grid).trajectories
    above = ~(runs.loss <= -0.2)
    return np.append(runs.step, np.inf)[above.shape[1] - above[:, ::-1].argmax(1)], runs.runs["lr"]


full = {name: [escapes(one, y)[0][0] for y in DISTANCES] for name, one in PLAIN.items()}
noise = {name: [np.median(escapes(noisy(one), y, SEEDS)[0]) for y in DISTANCES] for name, one in PLAIN.items()}


def best(name, y, noise_too):
    """Return the fewest steps, the median over seeds, at the best learning rate, and that rate."""
    optimizer = noisy(PLAIN[name]) if noise_too else PLAIN[name]
    steps, rates = escapes(optimizer, y, SEEDS if noise_too else 1, lr=RATES)
    return min((float(np.median(steps[rates == lr])), lr) for lr in RATES)


tuned = {name: best(name, 0, True) for name in PLAIN}
clean = {name: best(name, 1e-4, False) for name in PLAIN}


def when(count):
    return "never" if np.isinf(count) else f"after {count:.0f}"


print(
    "does not hold: the two runs differ in two things, and the noise decides. On the ridge, SGD with noise escapes "
    f"{when(noise['SGD'][0])} steps and Adam with the full gradient {when(full['Adam'][0])}; from a distance of 1e-4, "
    f"{when(noise['SGD'][3])} and {when(full['Adam'][3])}. With the same gradients and the same rate, on the ridge: "
    f"without noise SGD {when(full['SGD'][0])}, Adam {when(full['Adam'][0])}; with noise SGD {when(noise['SGD'][0])}, "
    f"Adam {when(noise['Adam'][0])}, since one rate gives Adam far longer steps. At the best rate of each, with noise "
    f"on the ridge, SGD {when(tuned['SGD'][0])} (lr {tuned['SGD'][1]:.2g}) and Adam {when(tuned['Adam'][0])} (lr "
    f"{tuned['Adam'][1]:.2g}); without noise, from a distance of 1e-4, SGD {when(clean['SGD'][0])} and Adam "
    f"{when(clean['Adam'][0])}"
)
assert np.isinf(full["Adam"][0])
assert np.isinf(full["SGD"][0])
assert np.isfinite(noise["SGD"][0])
assert noise["SGD"][0] > 3 * noise["Adam"][0]
assert max(tuned["SGD"][0], tuned["Adam"][0]) < 0.2 * noise["SGD"][0]

# %%
# The picture: the steps to escape at the same rate, from each distance, and at the best rates.

theme = render.THEMES["light"]
with theme.context():
    fig = Figure(figsize=(11.4, 4.4), layout="constrained")
    same_axes, best_axes = fig.subplots(1, 2, width_ratios=(1.4, 1))
    colors = dict(zip(PLAIN, (theme.colors[0], theme.colors[5]), strict=True))
    places = range(len(DISTANCES))
    for name in PLAIN:
        for counts, style, label in ((noise, "o-", "with noise"), (full, "o--", "full gradient")):
            shown = np.where(np.isinf(counts[name]), 1.6 * STEPS, counts[name])
            same_axes.semilogy(places, shown, style, color=colors[name], label=f"{name}, {label}")
    same_axes.axhline(1.2 * STEPS, color=theme.muted, linewidth=0.8)
    same_axes.text(len(DISTANCES) - 1, 1.6 * STEPS, f"not within {STEPS} steps", ha="right", va="center")
    same_axes.set_xticks(places, ["on the ridge", *(f"{y:g}" for y in DISTANCES[1:])])
    same_axes.set(title=f"steps to escape, lr {LR} for both", xlabel="distance from the ridge at the start")
    same_axes.legend(loc="center", bbox_to_anchor=(0.45, 0.3))

    pairs = {"with noise,\non the ridge": tuned, "full gradient,\ndistance 1e-4": clean}
    for place, counts in enumerate(pairs.values()):
        for shift, name in zip((-0.2, 0.2), PLAIN, strict=True):
            bar = best_axes.bar(
                place + shift, counts[name][0], 0.36, color=colors[name], label=name if not place else ""
            )
            best_axes.bar_label(bar, [f"{counts[name][0]:.0f}\nlr {counts[name][1]:.2g}"])
    best_axes.set_xticks(range(len(pairs)), list(pairs))
    best_axes.set(title="steps to escape, each at its best rate")
    best_axes.margins(y=0.18)
    best_axes.legend()
    fig.savefig(PICTURES / "22_noise_and_saddles.png", dpi=150)
