"""
Adam's two betas
================

**Claim.** "Poorly tuned betas break Adam."

Adam on Beale's function, β₁ from 0 to 0.999 and β₂ from 0 to 0.9999, spread by the logarithm of 1 − β: at the learning rate 0.1 for all, and each
pair at its best of seven rates. In 500 steps a run arrives where 1e-4 of the first gap is left, and breaks where it ends above its start; of
the others those swing whose gap rises by a tenth or more in the last 32 steps. Nothing is drawn at random.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015); Bock & Weiß, *A proof of local convergence for the Adam
optimizer* (2019), for β₁ < √β₂; Ma, Wu & E, *A qualitative study of the dynamic behavior for adaptive gradient algorithms* (2022).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from landscapes import Range, optimizers, render, sweep

FIXED, TUNED = (4 * int(sys.argv[1]),) * 2 if len(sys.argv) > 1 else (256, 128)
KINDS = {"arrives": "#5b9bcf", "swings": "#ffd23f", "creeps": "#e4e0d6", "breaks": "#a3324a"}


def betas(size, **more):
    more |= {"beta2": Range(0.0, 0.9999, "decay").spaced(size), "beta1": Range(0.0, 0.999, "decay").spaced(size)}
    record = sweep("beale", optimizers.Adam(lr=0.1), **more, steps=500, keep=range(468, 501))
    gap = record.grid(np.maximum(record.trajectories.value, 1e-30)).reshape(-1, size, size, 34)
    lost = (gap[..., -1] > gap[..., 0]) | (record.grid("reason") != "").reshape(gap.shape[:3])
    swings = (gap[..., 1:] / np.minimum.accumulate(gap[..., 1:], 3)).max(3) > 1.1
    kinds = np.select([lost, gap[..., -1] <= 1e-4 * gap[..., 0], swings], [3, 0, 1], 2)
    best = np.where(lost, np.inf, gap[..., -1]).argmin(0)[None]
    return record, np.take_along_axis(kinds, best, 0)[0], *np.meshgrid(more["beta2"], more["beta1"], indexing="ij")


pairs = {"lr 0.1": betas(FIXED), "best of seven lr": betas(TUNED, lr=[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0])}
parts = [[k, k[(b1 <= 0.9) & (b2 >= 0.5)], k[b1 > 0.99], k[b1**2 > b2]] for _, k, b2, b1 in pairs.values()]
fixed, tuned = ([100 * np.bincount(part.ravel(), minlength=4) / part.size for part in row] for row in parts)
print(
    f"only when β₁ is above 0.99 or the rate is not the pair's own: at lr 0.1 {fixed[0][0]:.0f} % of pairs arrive, {fixed[0][1]:.0f} % swing and {fixed[0][3]:.0f} % "
    f"break; tuned {tuned[0][0]:.0f}, {tuned[0][1]:.0f} and {tuned[0][3]:.0f} %. Where β₁ ≤ 0.9 and β₂ ≥ 0.5 {fixed[1][0]:.0f} % arrive, tuned {tuned[1][0]:.0f} %; "
    f"where β₁ > 0.99 {fixed[2][0]:.0f} and {tuned[2][0]:.0f} %; where β₁ > √β₂ {fixed[3][0]:.0f} and {tuned[3][0]:.0f} %"
)
assert max(fixed[2][0], tuned[2][0], fixed[3][0]) < 15 < fixed[0][0] < 60 < 95 < tuned[1][0]
with render.THEMES["light"].context():
    axes = (fig := Figure(figsize=(9.6, 8.6), layout="constrained")).subplots(2, 2, sharex="col", sharey="col").T
    for (name, (record, kinds, b2, b1)), (above, below) in zip(pairs.items(), axes, strict=True):
        render.heatmap(record, above, along=["beta2", "beta1"]).set_title(f"{name}: final gap, dark is low", loc="left")
        below.pcolormesh(kinds, cmap=ListedColormap(list(KINDS.values())), vmin=0, vmax=3)
        marks, place = (0, 0.5, 0.9, 0.99, 0.999, 0.9999), np.arange(len(b1)) + 0.5
        below.plot(np.interp(np.sqrt(b2[:, 0]), b1[0], place, right=np.nan), place, "k--", linewidth=1)
        below.set_xticks(np.interp(marks[:-1], b1[0], place), marks[:-1])
        below.set_yticks(np.interp(marks, b2[:, 0], place), marks)
        below.set(xlabel=r"$\beta_1$ (dashed: $\beta_1 = \sqrt{\beta_2}$)", ylabel=r"$\beta_2$")
    fig.legend(handles=[Patch(color=c, label=name) for name, c in KINDS.items()], loc="outside lower center", ncols=4)
    fig.savefig(Path(__file__).parent / "pictures" / "16_betas.png", dpi=100)
