"""
Weight decay in Adam and AdamW
==============================

**Claim.** "L2 in Adam is not decoupled weight decay."

All runs start at the minimum of a ravine, (4, −3), with condition number κ = 100, rotated by 30°. They have a decay
λ from 1e-5 to 1 and a cosine schedule from lr 0.1 to 0 over 4000 steps. With an L2 penalty, every optimizer
converges to the minimum of f + ½λ‖x‖². AdamW stops where its decay, lr·λx, equals its step, lr·m/√v. This is the
minimum of f + ½λ·Σ√vᵢxᵢ², where √v is almost zero without noise. The gradient noise is normal, of size σ in each
coordinate. Brackets hold 90 % of seeds. The comparison at λ = 0.1 is repeated at other angles and condition
numbers, with ten seeds.

**Symptom.** Weight decay tuned for Adam does too much or too little in AdamW.

**Change.** Tune it anew: the two penalties differ by the size of the gradients.

**Sources.** Loshchilov & Hutter, *Decoupled weight decay regularization* (2019); Xie & Li, *Implicit bias of AdamW:
ℓ∞ norm constrained optimization* (2024), for |x| ≤ 1/λ.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from landscapes import function, functions, optimizers, render, sweep

SEEDS, STEPS, ONE_IN = (int(sys.argv[1]), 600, 5) if len(sys.argv) > 1 else (40, 4000, 1)
DECAY = [1e-9, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]  # 1e-9 has no effect, and runs in one batch with the others
PICTURES = Path(__file__).parent / "pictures"

minimum = np.array([4.0, -3.0])
ravine = functions.get("ravine").shifted((4, -3)).with_view(((2.7, 4.5), (-3.9, -2.5)))
along = np.array([np.sqrt(3), 1]) / 2
hessian = 100 * np.eye(2) - 99 * np.outer(along, along)

candidates = {
    f"AdamW, σ = {sigma:g}": optimizers.Noise(optimizers.Cosine(optimizers.AdamW(lr=0.1)), sigma=sigma)
    for sigma in (0, 1, 10)
}
candidates["Adam with L2, σ = 10"] = optimizers.Noise(optimizers.Cosine(optimizers.Adam(lr=0.1)), sigma=10)
ADAMW, ADAMW_NOISE_1, ADAMW_NOISE_10, L2 = range(4)

# %%
# How far decay moves the end of each run, from the end of the same seed without decay.

record = sweep(ravine, candidates, start=minimum, weight_decay=DECAY, seeds=SEEDS, steps=STEPS)
ends = record.grid(record.trajectories.x[:, -1])  # (optimizer, decay, seed, 2)
shift = np.linalg.norm(ends - ends[:, :1], axis=-1)
mid, low, high = np.quantile(shift, (0.5, 0.05, 0.95), axis=2)

# %%
# The theory of the L2 penalty.

penalties = np.geomspace(1e-5, 1, 61)
minimizers = [np.linalg.solve(hessian + penalty * np.eye(2), hessian @ minimum) for penalty in penalties]
theory = [np.linalg.norm(minimizer - minimum) for minimizer in minimizers]

# %%
# The same at λ = 0.1 on other ravines: how far AdamW moves without noise, relative to Adam with L2.


def relative_move(condition, angle):
    """Return the median move of AdamW over that of Adam with L2 and noise, from the ends without decay."""
    decorate = function((-5, 5), (-5, 5), minima=[(0, 0)], name="other_ravine")
    bowl = decorate(lambda x, y: (x * x + condition * y * y) / 2).rotated(angle).shifted((4, -3))
    both = {name: candidates[name] for name in ("AdamW, σ = 0", "Adam with L2, σ = 10")}
    seeds = min(SEEDS, 10)
    runs = sweep(bowl, both, start=minimum, weight_decay=[1e-9, 0.1], seeds=seeds, steps=STEPS)
    ends = runs.grid(runs.trajectories.x[:, -1])
    adamw, l2 = np.median(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=-1), axis=1)
    return adamw / l2


ravines = [(condition, angle) for condition in (10, 1000) for angle in (0, 15, 45)]
others = [relative_move(*of) for of in ravines[::ONE_IN]]

at = DECAY.index(0.1)
moved = [f"{m:.2g} [{lo:.2g}, {hi:.2g}]" for m, lo, hi in zip(mid[:, at], low[:, at], high[:, at], strict=True)]
print(
    f"holds: at λ = 0.1 and noise of size 10, L2 moves Adam by {moved[L2]}, as its penalty should ({theory[48]:.2g}). "
    f"AdamW moves by {moved[ADAMW]} without noise, by {moved[ADAMW_NOISE_1]} with noise of size 1 and by "
    f"{moved[ADAMW_NOISE_10]} with noise of size 10, over {SEEDS} seeds. Decoupled decay acts as λ times the size of "
    "the gradients, so a λ tuned for one is wrong for the other. At λ = 1 AdamW ends at |x| = "
    f"{abs(ends[ADAMW, -1]).mean():.2f}, its limit 1/λ. How much the two differ depends on the "
    "ravine: at κ = 10 and 1000, rotated by 0°, 15° and 45°, AdamW without noise moves "
    f"{min(others):.2g} to {max(others):.2g} times as far as Adam with L2"
)
per_decade = theory[:48:12]
ten_times_larger = theory[12::12][:4]
np.testing.assert_allclose(mid[1:, 1:5], [per_decade, ten_times_larger, per_decade], rtol=0.25)
assert (mid[ADAMW, 1:6] < 0.3 * mid[L2, 1:6]).all()
assert np.abs(np.abs(ends[:2, -1]) - 1).max() < 0.05

# %%
# The figure.

theme = render.THEMES["light"]
with theme.context():
    fig = Figure(figsize=(9.6, 4.2), layout="constrained")
    left, right = fig.subplots(1, 2)
    render.contour(record, left).set_title(f"where {SEEDS} seeds end at λ = 0.1", loc="left")

    colors = np.array(theme.colors)[[7, 0, 2, 5]]
    outline = [withStroke(linewidth=2.5, foreground=theme.halo)]
    for index, (name, marker, color) in enumerate(zip(candidates, "D^os", colors, strict=True)):
        fill = "none" if index == L2 else "full"
        style = {"color": color, "marker": marker, "linestyle": "", "fillstyle": fill}
        left.plot(*ends[index, at].T, **style, markersize=5, zorder=12 - index, path_effects=outline)
        spread = [(mid - low)[index, 1:], (high - mid)[index, 1:]]
        right.errorbar(DECAY[1:], mid[index, 1:], spread, **style, markersize=6 + index, label=name)

    for noise, dashes, name in ((1, "-", "λ"), (10, "--", "10 λ")):
        label = f"theory: a penalty of {name}"
        right.plot(penalties / noise, theory, dashes, color=theme.muted, zorder=0, label=label)
    right.set(xscale="log", yscale="log", xlim=(5e-6, 2), xlabel="weight decay λ", ylabel="how far decay moves the end")
    right.legend(frameon=False)
    fig.savefig(PICTURES / "14_weight_decay.png", dpi=100)
