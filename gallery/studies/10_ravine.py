"""
Ravines, along an axis and askew
================================

**Claim.** "In a ravine SGD zigzags, while RMSprop and Adam rescale each direction, so that its condition no longer matters."

½(x²/κ + y²) for conditions κ from 10 to 10⁴, along an axis and turned by 45°, from starts at distance 1, which turn with it. All rates,
momenta and β₁ of a grid are tried (α = 0.9); those are taken with which the slowest start is soonest at distance 0.01, to stay below.

**Sources.** Tieleman & Hinton, *Lecture 6.5: RMSprop* (2012); Goh, *Why momentum really works* (2017).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render, sweep, transforms

STARTS, CONDITIONS = (int(sys.argv[1]), [10, 100]) if len(sys.argv) > 1 else (20, [10, 100, 1000, 10_000])
near, wide, heavy = np.geomspace(0.5, 4, 19).tolist(), np.geomspace(1e-4, 1, 25).tolist(), [0.5, 0.8, 0.9, 0.95, 0.98, 0.99]  # fmt: skip
field = {"SGD": (optimizers.SGD(), 3, {"lr": near}), "RMSprop": (optimizers.RMSprop(alpha=0.9), 3, {"lr": wide})}
field |= {"Momentum": (optimizers.SGD(momentum=0.9), 0.3, {"lr": near, "momentum": heavy}), "Adam": (optimizers.Adam(), 0.5, {"lr": wide, "beta1": heavy})}  # fmt: skip


def ravine(k, turn):
    lies = function((-1.2, 1.2), (-1.2, 1.2), minima=[(0, 0)], name="ravine")
    return transforms.rotated(lies(lambda x, y: (x * x / k + y * y) / 2), turn).with_view([(-1.2, 1.2)] * 2)


def tuned(name, k, turn):
    """The rule with its best settings, and the steps that it takes from each start."""
    rule, length, grid = field[name]
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, STARTS) + np.deg2rad(turn)
    way = {"starts": np.stack([np.cos(angle), np.sin(angle)], 1), "steps": int(length * k) + 300}
    runs = sweep(ravine(k, turn), rule, keep=max(1, int(k**0.5) // 10), **way, **grid).trajectories
    far = np.linalg.norm(runs.x, axis=-1) > 0.01
    at = (steps := np.append(runs.step, np.inf)[far.shape[1] - far[:, ::-1].argmax(1)].reshape(-1, STARTS)).max(1).argmin()  # fmt: skip
    return rule.with_numbers({key: float(runs.runs[key][at * STARTS]) for key in grid}), steps[at]


found = {(name, turn): [tuned(name, k, turn) for k in CONDITIONS] for turn in (0, 45) for name in field}
slow = {key: np.array([steps.max() for _, steps in row]) for key, row in found.items()}
rms, adam, last = slow["RMSprop", 0], slow["Adam", 0], {name: f"{found[name, 45][-1][1].min():.0f} to {slow[name, 45][-1]:.0f}" for name in field}  # fmt: skip
print(f"only when the ravine lies along an axis: there, from the slowest of {STARTS} starts, RMSprop takes {rms.min():.0f} to {rms.max():.0f} steps over all conditions, Adam {adam.min():.0f} to {adam.max():.0f} and SGD up to {slow['SGD', 0][-1]:.0f}. Turned by 45°, at condition {CONDITIONS[-1]}, RMSprop takes {last['RMSprop']}, about as many as SGD ({last['SGD']}), and Adam {last['Adam']}; momentum takes {last['Momentum']}, turned or not")  # fmt: skip
assert rms.max() < 1.2 * rms.min() < 1.2 * slow["SGD", 0][-1] < 1.5 * slow["RMSprop", 45][-1]
assert 1.5 * adam[-1] < slow["Adam", 45][-1] > 1.5 * slow["Momentum", 45][-1]
assert all(np.allclose(slow[name, 0], slow[name, 45], rtol=0.03) for name in ("SGD", "Momentum"))
with (look := render.THEMES["light"]).context():
    *grounds, ax = (fig := Figure(figsize=(12.8, 4.7), layout="constrained")).subplots(1, 3)
    for turn, mark, ground in zip((0, 45), ("o--", "o-"), grounds, strict=True):
        angle, best = np.deg2rad(160 + turn), {name: found[name, turn][1][0] for name in field}
        shown = race(ravine(100, turn), best, start=(np.cos(angle), np.sin(angle)), steps=120)
        render.paths(shown, render.contour(shown, ground)).set(title=f"turned by {turn}°", aspect="equal")
        for name, place in zip(field, (0, 4, 1, 5), strict=True):
            ax.loglog(CONDITIONS, slow[name, turn], mark, color=look.paths[place], label=name * (turn > 0))  # fmt: skip
    ax.set(title="steps needed (dashed: turned by 0°)", xlabel="condition")
    ax.legend()
    render.animate(shown, seconds=5, figure=fig).save(Path(__file__).parent / "pictures" / "10_ravine.gif")
