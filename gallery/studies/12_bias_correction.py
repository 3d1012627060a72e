"""
Adam without bias correction
============================

**Claim.** "Without bias correction Adam's first steps are far too small, since its moments start at zero."

Both moments start at zero, but the step depends on their quotient. Without correction, the first step is lr·(1 −
β₁) / √(1 − β₂), which is 3.2 lr for the usual β₁ = 0.9 and β₂ = 0.999. The study measures the first step on Beale's
function for many values of β₂, and races both versions.

**Symptom.** The first steps of an Adam of one's own are too large.

**Change.** Correct the bias of both moments.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015), section 3 and 6.4.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, race, render, sweep

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 40
LR = 0.02
PICTURES = Path(__file__).parent / "pictures"
adams = {"Adam": optimizers.Adam(lr=LR), "Adam, uncorrected": optimizers.UncorrectedAdam(lr=LR)}

beta2 = [float(1 - gap) for gap in np.geomspace(0.5, 1e-5, COUNT)]
record = sweep("beale", adams, beta2=beta2, steps=1)
lengths = np.linalg.norm(np.diff(record.trajectories.x, axis=1), axis=2)
first_step = record.grid(lengths[:, 0] / (LR * np.sqrt(2)))  # in lr, for two coordinates
expected = 0.1 / np.sqrt(1 - np.array(beta2))

print(
    f"does not hold: without correction the first step is too large, {expected[-1]:.0f} lr at β₂ = {beta2[-1]:.5f} "
    "and 3.2 lr at 0.999. It is shorter than lr only if β₂ < 0.99. With correction it equals lr for every β₂: "
    f"{first_step[0].min():.4f} to {first_step[0].max():.4f} lr"
)
np.testing.assert_allclose(first_step[1], expected, rtol=1e-3)
np.testing.assert_allclose(first_step[0], 1, rtol=1e-6)

# %%
# The figure: a race of both versions, and the first step against β₂.

theme = render.THEMES["light"]
shown = race("beale", adams)
with theme.context():
    fig = Figure(figsize=(9.6, 4.0), layout="constrained")
    left, right = fig.subplots(1, 2)

    render.contour(shown, left)
    render.trajectories(shown, left, step=60)
    left.set_title("60 steps on Beale's function, lr 0.02", loc="left")

    for index, label in enumerate(adams):
        color = theme.colors[5 - 5 * index]
        right.plot(1 - np.array(beta2), first_step[index], color=color, label=label, linewidth=2)
    right.axhline(1, color=theme.muted, linewidth=0.8)
    right.set(xscale="log", yscale="log", xlabel="1 − β₂", ylabel="length of the first step, in lr")
    right.invert_xaxis()
    right.legend(frameon=False)
    fig.savefig(PICTURES / "12_bias_correction.png", dpi=100)
