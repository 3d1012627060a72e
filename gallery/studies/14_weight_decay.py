"""
Weight decay in Adam and in AdamW
=================================

**Claim.** "L2 in Adam is not decoupled weight decay."

All start at the minimum of a ravine, (4, −3), with decay λ from 1e-5 to 1 and a learning rate that falls from 0.1 to 0 along a cosine. An L2
penalty draws any rule to the minimum of f + ½λ‖x‖². AdamW rests where its shrinking, lr·λx, is held up by its step, lr·m/√v: at the
minimum of f + ½λ·Σ√vᵢxᵢ², and without noise √v is next to nothing there. Noise is normal, of size σ, in each coordinate of the gradients.

**Sources.** Loshchilov & Hutter, *Decoupled weight decay regularization* (2019); Xie & Li, *Implicit bias of AdamW: ℓ∞ norm constrained
optimization* (2024), for |x| ≤ 1/λ.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import functions, optimizers, render, sweep

SEEDS, STEPS = (int(sys.argv[1]), 600) if len(sys.argv) > 1 else (40, 4000)
DECAY = [1e-9, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]  # the first is as good as none, and in one batch with the others
ravine = functions.get("ravine").shifted((4, -3)).with_view(((2.7, 4.5), (-3.9, -2.5)))
best, along = np.array([4.0, -3.0]), np.array([np.sqrt(3), 1]) / 2
hessian = 100 * np.eye(2) - 99 * np.outer(along, along)

field = {
    f"AdamW, σ = {sigma:g}": optimizers.Noise(optimizers.Cosine(optimizers.AdamW(lr=0.1)), sigma=sigma)
    for sigma in (0, 1, 10)
}
field["Adam with L2, σ = 10"] = optimizers.Noise(optimizers.Cosine(optimizers.Adam(lr=0.1)), sigma=10)
record = sweep(ravine, field, start=best, weight_decay=DECAY, seeds=SEEDS, steps=STEPS)
ends = record.grid(record.trajectories.x[:, -1])
shift = np.linalg.norm(ends - ends[:, :1], axis=-1)  # from where the same seed ends without decay
middle, low, high = np.quantile(shift, (0.5, 0.05, 0.95), axis=2)
weights = np.geomspace(1e-5, 1, 61)
theory = [np.linalg.norm(np.linalg.solve(hessian + w * np.eye(2), hessian @ best) - best) for w in weights]
told = ["{:.2g} [{:.2g}, {:.2g}]".format(*three) for three in zip(middle[:, 5], low[:, 5], high[:, 5], strict=True)]
print(
    f"holds: at λ = 0.1 L2 moves Adam by {told[3]} under noise of size 10, as its penalty should ({theory[48]:.2g}), and AdamW moves by {told[0]} "
    f"without noise, by {told[1]} with noise of 1 and by {told[2]} with 10, over {SEEDS} seeds: decoupled decay weighs λ times the size of the "
    f"gradients, so that a λ tuned for the one is wrong for the other. At λ = 1 AdamW ends at |x| = {abs(ends[0, -1]).mean():.2f}, its limit 1/λ"
)
np.testing.assert_allclose(middle[1:, 1:5], [theory[:48:12], theory[12::12][:4], theory[:48:12]], rtol=0.25)
assert (middle[0, 1:6] < 0.3 * middle[3, 1:6]).all()
assert np.abs(np.abs(ends[:2, -1]) - 1).max() < 0.05
look = render.THEMES["light"]
with look.context():
    fig = Figure(figsize=(9.6, 4.2), layout="constrained")
    left, right = fig.subplots(1, 2)
    render.contour(record, left).set_title(f"where {SEEDS} seeds end at λ = 0.1", loc="left")
    for place, (name, marker, color) in enumerate(zip(field, "D^os", np.array(look.paths)[[7, 0, 2, 5]], strict=True)):
        kind = {"color": color, "marker": marker, "linestyle": "", "fillstyle": "none" if place == 3 else "full"}
        left.plot(*ends[place, 5].T, **kind, markersize=5, zorder=9)
        spread = [(middle - low)[place, 1:], (high - middle)[place, 1:]]
        right.errorbar(DECAY[1:], middle[place, 1:], spread, **kind, markersize=6 + place, label=name)
    for noise, dashes, name in ((1, "-", "λ"), (10, "--", "10 λ")):
        right.plot(weights / noise, theory, dashes, color=look.muted, zorder=0, label=f"theory: a penalty of {name}")
    right.set(xscale="log", yscale="log", xlim=(5e-6, 2), xlabel="weight decay λ", ylabel="how far decay moves the end")
    right.legend(frameon=False)
    fig.savefig(Path(__file__).parent / "pictures" / "14_weight_decay.png", dpi=100)
