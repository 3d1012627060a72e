"""
Adam without bias correction
============================

**Claim.** "Without bias correction Adam's first steps are far too small, since its moments start at zero."

Both moments start at zero, but it is their quotient that moves the point: the first step is lr·(1 − β₁) / √(1 − β₂) without
correction, which is 3.2 lr for the usual β₁ = 0.9, β₂ = 0.999. Here the first step of each is measured on Beale's function, for
many β₂, and both are raced.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015), section 3 and 6.4.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, race, render, sweep

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 40
LR = 0.02
HERE = Path(__file__).parent
pair = {"Adam": optimizers.Adam(lr=LR), "Adam, uncorrected": optimizers.UncorrectedAdam(lr=LR)}

beta2 = [float(1 - share) for share in np.geomspace(0.5, 1e-5, COUNT)]
record = sweep("beale", pair, beta2=beta2, steps=1)
moves = np.linalg.norm(np.diff(record.trajectories.x, axis=1), axis=2) / (LR * np.sqrt(2))  # two coordinates
first = record.grid(moves[:, 0])
expected = 0.1 / np.sqrt(1 - np.array(beta2))

print(
    f"does not hold: without correction the first step is too large, {expected[-1]:.0f} lr at β₂ = {beta2[-1]:.5f} and 3.2 lr at 0.999; only "
    f"where β₂ < 0.99 it is shorter than lr. With correction it is lr, whatever β₂: {first[0].min():.4f} to {first[0].max():.4f} lr"
)
np.testing.assert_allclose(first[1], expected, rtol=1e-3)
np.testing.assert_allclose(first[0], 1, rtol=1e-6)

# %%
look = render.THEMES["light"]
shown = race("beale", pair)
with look.context():
    fig = Figure(figsize=(9.6, 4.0), layout="constrained")
    left, right = fig.subplots(1, 2)
    render.contour(shown, left)
    render.paths(shown, left, step=60)
    left.set_title("60 steps on Beale's function, lr 0.02", loc="left")
    for place, label in enumerate(pair):
        right.plot(1 - np.array(beta2), first[place], color=look.paths[5 - 5 * place], label=label, linewidth=2)
    right.axhline(1, color=look.muted, linewidth=0.8)
    right.set(xscale="log", yscale="log", xlabel="1 − β₂", ylabel="length of the first step, in lr")
    right.invert_xaxis()
    right.legend(frameon=False)
    fig.savefig(HERE / "pictures" / "12_bias_correction.png", dpi=100)
