"""
Adam long after it has arrived
==============================

**Claim.** "After thousands of steps at a loss of zero Adam's loss rises again; gradient descent does not do this."

Linear(1000, 1) on 64 random points, summed squared error, float32, lr 1e-3; each seed draws data and weights, lr 1e-5 takes the first.
With β₁ = 0.9 Adam is stable while lr · λ < 38, λ the largest eigenvalue of 2 X diag(1 / √v̂) Xᵀ: √v̂ fades, and the edge comes.

**Sources.** Li, datascience.stackexchange.com 25024 (2017); Cohen et al., *Adaptive gradient methods at the edge of stability* (2022).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render

SEEDS, STEPS, LONG, LOW, B2 = (20, 4000, 50_000, 1e-5, 0.999) if len(sys.argv) < 2 else (2, 600, 1200, 1e-4, 0.99)
D, G = 1001, torch.Generator().manual_seed(0)
W, X, Y = (torch.randn(SEEDS, *shape, generator=G) for shape in ((D,), (64, D), (64, 1)))
W, X[..., -1] = (2 * torch.rand(W.shape, generator=G) - 1) / 1000**0.5, 1.0


def raced(field, seeds, steps, dtype=torch.float32, **more):
    def loss(w):
        r = X[:seeds].to(w) @ w.movedim(-1, 0).reshape(seeds, D, -1) - Y[:seeds].to(w)
        return (r * r).sum((0, 1)).reshape(w.shape[:-1])

    made = function(*[(-1, 1)] * (seeds * D), start=W[:seeds].flatten().tolist(), minimum=0.0)(loss)
    return race(made, field, steps=steps, keep=steps // 200, dtype=dtype, **more).trajectories


field = {name: optimizers.Adam(beta2=B2, eps=eps) for name, eps in {"Adam": 1e-8, "ε 1e-4": 1e-4, "ε 0.1": 0.1}.items()}
field |= {"AMSGrad": optimizers.Adam(beta2=B2, amsgrad=True), "SGD, lr 1e-4": optimizers.SGD(lr=1e-4)}
main, double = raced(field, SEEDS, STEPS, observe=["second_moment"]), raced(list(field.values())[:1], SEEDS, STEPS, torch.float64).x  # fmt: skip
slow, step, half, a = raced([optimizers.Adam(LOW, beta2=B2)], 1, LONG), main.step[1:], 100, X.double().numpy()
x, v = (part.reshape(len(part), -1, SEEDS, D)[:, 1:] for part in (np.concatenate([main.x, double]), main.observed["second_moment"]))  # fmt: skip
r, root = np.einsum("snd,ctsd->ctsn", a, x, optimize=True) - Y[..., 0].numpy(), np.sqrt(v[0].T / (1 - B2**step)).T
loss, slope = (r * r).sum(-1), np.linalg.norm(2 * np.einsum("snd,tsn->tsd", a, r[0], optimize=True), axis=-1)
edge = np.stack([np.linalg.eigvalsh(k / root[:, s, None] @ k.T)[:, -1] for s, k in enumerate(a)], 1) * 2e-3 / 38
meets, late = step[(edge > 0.9).argmax(0)], slow.value[0, -50:].max()
lag = step[half + (slope[half:] > 10 * np.median(slope[half - 20 : half], 0)).argmax(0)] - meets
told = [f"{np.median(part):.0e} [{part.min():.0e}, {part.max():.0e}]" for part in loss[:, half:].max(1)]
print(
    f"holds: Adam's loss falls below {loss[0].min(0).max():.0e} and is back at {told[0]}, {SEEDS} seeds. √v̂ fades first; near step {np.median(meets):.0f} lr · λ comes within a tenth of 38, and {np.median(lag):.0f} [{lag.min()}, {lag.max()}] steps later the gradient has risen tenfold. AMSGrad ({told[3]}) "
    f"and ε = 0.1 ({told[2]}) cure it; ε = 1e-4 ({told[1]}) and float64 ({told[5]}) do not; lr {LOW:g} only delays it: {slow.value.min():.0e} at step {slow.step[slow.value.argmin()]}, {late:.0e} by {LONG}. SGD: {told[4]}"
)
assert min(loss[[0, 1, 5], half:].max(1).min(), late, lag.min()) > 1e-8 > 1e-9 > loss[2:5, half:].max()
with render.THEMES["light"].context():
    left, right = Figure((9.6, 4.6), layout="tight").subplots(1, 2, subplot_kw={"xlabel": "step", "yscale": "log"})
    left.semilogx(step, loss[:5, :, 0].T, label=list(field))
    left.semilogx(slow.step[1:], slow.value[0, 1:], label=f"Adam, lr {LOW:g}")
    right.plot(step, np.stack([np.median(root, -1), edge, slope])[..., 0].T, label=["√v̂", "lr · λ / 38", "gradient"])
    left.set_ylim(1e-18, 1e3)  # room for the legend
    _ = left.legend(ncols=2, title="loss", loc=4), right.legend(title="Adam"), right.axhline(1, color="0.5")
    left.figure.savefig(Path(__file__).parent / "pictures" / "04_late_instability.png", dpi=100)
