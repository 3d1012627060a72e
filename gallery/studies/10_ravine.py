"""
Ravines, axis-aligned and rotated
=================================

**Claim.** "In a ravine SGD zigzags, while RMSprop and Adam rescale each direction, so that its condition no longer
matters."

The function is ½(x²/κ + y²) with condition numbers κ from 10 to 10⁴, axis-aligned and rotated by 45°. Starts lie at
distance 1 and rotate with the ravine. For each optimizer a grid is searched: 19 learning rates from 0.5 to 4 for SGD
and momentum, 25 from 1e-4 to 1 for RMSprop (α = 0.9) and Adam, and 0.5, 0.8, 0.9, 0.95, 0.98, 0.99 for the momentum
and β₁. SGD and RMSprop run for 3κ + 300 steps, Adam for κ / 2 + 300 and momentum for 0.3κ + 300. A run has converged
once it stays within a distance of 0.01. The best setting is the one whose slowest start converges first. At condition
number 100, RMSprop is also tuned on ravines rotated by other angles.

**Symptom.** SGD zigzags across a valley and creeps along it.

**Change.** Use momentum; adaptive rates help only if the valley lies along the axes.

**Sources.** Tieleman & Hinton, *Lecture 6.5: RMSprop* (2012); Goh, *Why momentum really works* (2017).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render, sweep, transforms

STARTS, CONDITIONS = (int(sys.argv[1]), [10, 100]) if len(sys.argv) > 1 else (20, [10, 100, 1000, 10_000])
ANGLES = (0, 45)
RADIUS = 0.01
PICTURES = Path(__file__).parent / "pictures"

near_bound = np.geomspace(0.5, 4, 19).tolist()
wide = np.geomspace(1e-4, 1, 25).tolist()
momenta = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99]

OPTIMIZERS = {  # the optimizer, its steps as a multiple of κ, and its grid
    "SGD": (optimizers.SGD(), 3, {"lr": near_bound}),
    "RMSprop": (optimizers.RMSprop(alpha=0.9), 3, {"lr": wide}),
    "Momentum": (optimizers.SGD(momentum=0.9), 0.3, {"lr": near_bound, "momentum": momenta}),
    "Adam": (optimizers.Adam(), 0.5, {"lr": wide, "beta1": momenta}),
}


def ravine(condition, angle):
    decorate = function((-1.2, 1.2), (-1.2, 1.2), minima=[(0, 0)], name="ravine")
    aligned = decorate(lambda x, y: (x * x / condition + y * y) / 2)
    return transforms.rotated(aligned, angle).with_view([(-1.2, 1.2)] * 2)


def tune(name, condition, angle):
    """Return the optimizer with its best setting, and the number of steps from each start."""
    optimizer, length, grid = OPTIMIZERS[name]
    directions = np.random.default_rng(0).uniform(0, 2 * np.pi, STARTS) + np.deg2rad(angle)
    starts = np.stack([np.cos(directions), np.sin(directions)], 1)

    record = sweep(
        ravine(condition, angle),
        optimizer,
        starts=starts,
        steps=int(length * condition) + 300,
        record_steps=max(1, int(condition**0.5) // 10),
        **grid,
    )
    runs = record.trajectories
    outside = np.linalg.norm(runs.x, axis=-1) > RADIUS
    first_inside = outside.shape[1] - outside[:, ::-1].argmax(1)  # the record after the last one outside
    steps = np.append(runs.step, np.inf)[first_inside].reshape(-1, STARTS)
    best = steps.max(1).argmin()
    setting = {name: float(runs.runs[name][best * STARTS]) for name in grid}
    return optimizer.with_hyperparameters(setting), steps[best]


found = {(name, angle): [tune(name, k, angle) for k in CONDITIONS] for angle in ANGLES for name in OPTIMIZERS}
slowest = {key: np.array([steps.max() for _, steps in row]) for key, row in found.items()}

others = {angle: tune("RMSprop", 100, angle)[1].max() for angle in (10, 22.5, 30, 60, 80)}
rmsprop, adam = slowest["RMSprop", 0], slowest["Adam", 0]
rotated = {name: f"{found[name, 45][-1][1].min():.0f} to {slowest[name, 45][-1]:.0f}" for name in OPTIMIZERS}
print(
    f"only when the ravine is axis-aligned. There, from the slowest of {STARTS} starts, RMSprop takes "
    f"{rmsprop.min():.0f} to {rmsprop.max():.0f} steps over all condition numbers, Adam {adam.min():.0f} to "
    f"{adam.max():.0f}, and SGD up to {slowest['SGD', 0][-1]:.0f}. Rotated by 45°, at condition number "
    f"{CONDITIONS[-1]}, RMSprop takes {rotated['RMSprop']} steps, about as many as SGD ({rotated['SGD']}), and Adam "
    f"{rotated['Adam']}. Momentum takes {rotated['Momentum']}, rotated or not. At condition number 100, RMSprop takes "
    f"{slowest['RMSprop', 0][1]:.0f} steps on the aligned ravine and, rotated by 10°, 22.5°, 30°, 60° and 80°, "
    f"{', '.join(f'{steps:.0f}' for steps in others.values())}"
)
assert rmsprop.max() < 1.2 * rmsprop.min() < 1.2 * slowest["SGD", 0][-1] < 1.5 * slowest["RMSprop", 45][-1]
assert 1.5 * adam[-1] < slowest["Adam", 45][-1] > 1.5 * slowest["Momentum", 45][-1]
assert all(np.allclose(slowest[name, 0], slowest[name, 45], rtol=0.03) for name in ("SGD", "Momentum"))

# %%
# The animation: the tuned optimizers at condition number 100, and the number of steps for each condition number.

theme = render.THEMES["light"]
with theme.context():
    fig = Figure(figsize=(12.8, 4.7), layout="constrained")
    *race_axes, steps_axes = fig.subplots(1, 3)

    for angle, style, ax in zip(ANGLES, ("o--", "o-"), race_axes, strict=True):
        direction = np.deg2rad(160 + angle)
        tuned = {name: found[name, angle][1][0] for name in OPTIMIZERS}
        shown = race(ravine(100, angle), tuned, start=(np.cos(direction), np.sin(direction)), steps=120)
        render.contour(shown, ax)
        render.trajectories(shown, ax).set(title=f"rotated by {angle}°", aspect="equal")

        for name, index in zip(OPTIMIZERS, (0, 4, 1, 5), strict=True):
            label = name if angle else ""
            steps_axes.loglog(CONDITIONS, slowest[name, angle], style, color=theme.colors[index], label=label)

    steps_axes.set(title="steps to converge (dashed: rotated by 0°)", xlabel="condition number")
    steps_axes.legend()
    render.animate(shown, seconds=7.4, figure=fig).save(PICTURES / "10_ravine.gif")
