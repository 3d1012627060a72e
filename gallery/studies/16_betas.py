"""
Adam's two betas
================

**Claim.** "Poorly tuned betas break Adam."

Adam runs on Beale's function with β₁ from 0 to 0.999 and β₂ from 0 to 0.9999, spaced by the logarithm of 1 − β. All
pairs run at lr 0.1, and each pair at its best of seven rates from 0.001 to 1, for 500 steps from (0.6, 1.4). A
coarser grid runs from (−1, 1.5) as well. A run converges if the final gap is at most 1e-4 of the initial gap. It
fails if it ends above its start. Of the others, a run oscillates if its gap rises by a tenth or more in the last 32
steps. Nothing is random.

**Symptom.** Adam oscillates or crawls.

**Change.** Lower β₁ below 0.99 and tune the rate for the pair of betas.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015); Bock & Weiß, *A proof of local
convergence for the Adam optimizer* (2019), for β₁ < √β₂; Ma, Wu & E, *A qualitative study of the dynamic behavior
for adaptive gradient algorithms* (2022).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from landscapes import Range, optimizers, render, sweep

FIXED, TUNED = (4 * int(sys.argv[1]),) * 2 if len(sys.argv) > 1 else (256, 128)
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
STEPS, LAST = 500, 32
COLORS = {"converges": "#5b9bcf", "oscillates": "#ffd23f", "slow": "#e4e0d6", "fails": "#a3324a"}
CONVERGES, OSCILLATES, SLOW, FAILS = range(4)
PICTURES = Path(__file__).parent / "pictures"


def outcomes(size, start=None, **options):
    """Return a sweep over pairs of betas, the outcome of each pair at its best rate, and the grids of β₂ and β₁."""
    beta2 = Range(0.0, 0.9999, "decay", n=size)
    beta1 = Range(0.0, 0.999, "decay", n=size)
    recorded = range(STEPS - LAST, STEPS + 1)
    record = sweep(
        "beale",
        optimizers.Adam(lr=0.1),
        start=start,
        **options,
        beta2=beta2,
        beta1=beta1,
        steps=STEPS,
        record_steps=recorded,
    )

    gap = record.grid(np.maximum(record.trajectories.loss, 1e-30)).reshape(-1, size, size, LAST + 2)
    first, last, tail = gap[..., 0], gap[..., -1], gap[..., 1:]
    stopped = (record.grid("reason") != "").reshape(first.shape)
    fails = (last > first) | stopped
    converges = last <= 1e-4 * first
    oscillates = (tail / np.minimum.accumulate(tail, 3)).max(3) > 1.1
    kinds = np.select([fails, converges, oscillates], [FAILS, CONVERGES, OSCILLATES], SLOW)

    best = np.where(fails, np.inf, last).argmin(0)[None]
    b1, b2 = np.meshgrid(beta1.values(), beta2.values())
    return record, np.take_along_axis(kinds, best, 0)[0], b2, b1


sweeps = {"lr 0.1": outcomes(FIXED), "best of seven lr": outcomes(TUNED, lr=RATES)}


OTHER, COARSE = (-1.0, 1.5), FIXED // 4
other = [outcomes(COARSE, OTHER), outcomes(COARSE, OTHER, lr=RATES)]


def percentages(kinds):
    return 100 * np.bincount(kinds.ravel(), minlength=4) / kinds.size


def regions(kinds, b2, b1):
    """Return the percentages of the outcomes for all pairs, usual pairs, β₁ > 0.99, and β₁ > √β₂."""
    masks = [np.full(kinds.shape, True), (b1 <= 0.9) & (b2 >= 0.5), b1 > 0.99, b1**2 > b2]
    return [percentages(kinds[mask]) for mask in masks]


fixed, tuned = (regions(kinds, b2, b1) for _, kinds, b2, b1 in sweeps.values())
ALL, USUAL, HIGH, ABOVE_ROOT = range(4)
fixed_ok, tuned_ok = ([region[CONVERGES] for region in regions] for regions in (fixed, tuned))
other_ok = [regions(kinds, b2, b1)[USUAL][CONVERGES] for _, kinds, b2, b1 in other]
print(
    f"only when β₁ is above 0.99 or the rate is not tuned for the pair. At lr 0.1, {fixed_ok[ALL]:.0f} % of pairs "
    f"converge, {fixed[ALL][OSCILLATES]:.0f} % oscillate and {fixed[ALL][FAILS]:.0f} % fail. With tuned rates these "
    f"are {tuned_ok[ALL]:.0f}, {tuned[ALL][OSCILLATES]:.0f} and {tuned[ALL][FAILS]:.0f} %. For β₁ ≤ 0.9 and β₂ ≥ 0.5, "
    f"{fixed_ok[USUAL]:.0f} % converge, and {tuned_ok[USUAL]:.0f} % with tuned rates. For β₁ > 0.99 these are "
    f"{fixed_ok[HIGH]:.0f} and {tuned_ok[HIGH]:.0f} %, and for β₁ > √β₂ {fixed_ok[ABOVE_ROOT]:.0f} and "
    f"{tuned_ok[ABOVE_ROOT]:.0f} %. These shares depend on the start: from (−1, 1.5), "
    f"{other_ok[0]:.0f} % of pairs with β₁ ≤ 0.9 and β₂ ≥ 0.5 converge at lr 0.1, and {other_ok[1]:.0f} % with tuned "
    "rates"
)
assert max(fixed_ok[HIGH], tuned_ok[HIGH], fixed_ok[ABOVE_ROOT]) < 15 < fixed_ok[ALL] < 60 < 95 < tuned_ok[USUAL]

# %%
# The figure: final gaps above, outcomes below.

with render.THEMES["light"].context():
    fig = Figure(figsize=(9.6, 8.6), layout="constrained")
    axes = fig.subplots(2, 2, sharex="col", sharey="col").T

    for (name, (record, kinds, b2, b1)), (above, below) in zip(sweeps.items(), axes, strict=True):
        render.heatmap(record, above, along=["beta2", "beta1"])
        above.set_title(f"{name}: final gap, dark is low", loc="left")

        below.pcolormesh(kinds, cmap=ListedColormap(list(COLORS.values())), vmin=0, vmax=3)
        ticks = (0, 0.5, 0.9, 0.99, 0.999, 0.9999)
        cells = np.arange(len(b1)) + 0.5
        below.plot(np.interp(np.sqrt(b2[:, 0]), b1[0], cells, right=np.nan), cells, "k--", linewidth=1)
        below.set_xticks(np.interp(ticks[:-1], b1[0], cells), ticks[:-1])
        below.set_yticks(np.interp(ticks, b2[:, 0], cells), ticks)
        below.set(xlabel=r"$\beta_1$ (dashed: $\beta_1 = \sqrt{\beta_2}$)", ylabel=r"$\beta_2$")

    patches = [Patch(color=color, label=name) for name, color in COLORS.items()]
    fig.legend(handles=patches, loc="outside lower center", ncols=4)
    fig.savefig(PICTURES / "16_betas.png", dpi=100)
