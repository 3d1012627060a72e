"""
Adam's late instability
=======================

**Claim.** "After thousands of steps at a loss of zero Adam's loss rises again; gradient descent does not do this."

The model is Linear(1000, 1) on 64 random points, with the summed squared error, float32, Adam at lr 1e-3 and SGD at
1e-4, for 4000 steps. Each seed draws data and weights; brackets give the lowest and the highest of the seeds. The runs
at lr 1e-5 and of SGD at lr 1e-3 use the first seed. Losses are evaluated in float64 at the points of the float32 runs:
in float32 a loss near zero depends on the order of summation. With β₁ = 0.9, Adam is stable while lr · λ < 38. λ
is the largest eigenvalue of 2 X diag(1 / √v̂) Xᵀ, which grows as √v̂ decays.

**Symptom.** The loss grows again after thousands of good steps.

**Change.** Enlarge ε (0.1), or use AMSGrad; a lower rate only delays it, and float64 does not help.

**Sources.** Li, datascience.stackexchange.com 25024 (2017); Cohen et al., *Adaptive gradient methods at the edge of
stability* (2022).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render

SMALL = len(sys.argv) > 1
SEEDS, STEPS = (2, 600) if SMALL else (20, 4000)
LONG_STEPS, LOW_LR = (1200, 1e-4) if SMALL else (50_000, 1e-5)
BETA2 = 0.99 if SMALL else 0.999
DIM = 1001  # 1000 weights and a bias
LIMIT = 38  # of lr · λ, for β₁ = 0.9
SETTLED = 100  # records after which the loss should stay at zero
PICTURES = Path(__file__).parent / "pictures"

generator = torch.Generator().manual_seed(0)
weights, X, Y = (torch.randn(SEEDS, *shape, generator=generator) for shape in ((DIM,), (64, DIM), (64, 1)))
weights = (2 * torch.rand(weights.shape, generator=generator) - 1) / 1000**0.5  # the initialization of torch.nn.Linear
X[..., -1] = 1.0


def run(candidates, seeds, steps, dtype=torch.float32, **options):
    """Race on the first seeds. All seeds run together, as blocks of coordinates of one function."""

    def loss(w):
        residuals = X[:seeds].to(w) @ w.movedim(-1, 0).reshape(seeds, DIM, -1) - Y[:seeds].to(w)
        return (residuals * residuals).sum((0, 1)).reshape(w.shape[:-1])

    decorate = function(*[(-1, 1)] * (seeds * DIM), start=weights[:seeds].flatten().tolist(), minimum=0.0)
    record = race(decorate(loss), candidates, steps=steps, record_steps=steps // 200, dtype=dtype, **options)
    return record.trajectories


candidates = {
    "Adam": optimizers.Adam(beta2=BETA2),
    "ε 1e-4": optimizers.Adam(beta2=BETA2, eps=1e-4),
    "ε 0.1": optimizers.Adam(beta2=BETA2, eps=0.1),
    "AMSGrad": optimizers.Adam(beta2=BETA2, amsgrad=True),
    "SGD, lr 1e-4": optimizers.SGD(lr=1e-4),
}
ADAM, EPS_SMALL, EPS_LARGE, AMSGRAD, SGD, DOUBLE = range(6)

main = run(candidates, SEEDS, STEPS, metrics=["second_moment"])
double = run([candidates["Adam"]], SEEDS, STEPS, torch.float64)
fast_sgd = run([optimizers.SGD(lr=1e-3)], 1, STEPS)
slow = run([optimizers.Adam(LOW_LR, beta2=BETA2)], 1, LONG_STEPS)

# %%
# Losses per run, step and seed; of Adam also √v̂, the norm of the gradient, and lr · λ relative to its limit.

step = main.step[1:]
features = X.double().numpy()


def by_seed(values):
    return values.reshape(len(values), -1, SEEDS, DIM)[:, 1:]


points = by_seed(np.concatenate([main.x, double.x]))
residuals = np.einsum("snd,ctsd->ctsn", features, points, optimize=True) - Y[..., 0].numpy()
loss = (residuals * residuals).sum(-1)

second_moment = by_seed(main.metrics["second_moment"])[ADAM]
root = np.sqrt(second_moment.T / (1 - BETA2**step)).T
gradient = np.linalg.norm(2 * np.einsum("snd,tsn->tsd", features, residuals[ADAM], optimize=True), axis=-1)
kernels = [np.linalg.eigvalsh(k / root[:, s, None] @ k.T)[:, -1] for s, k in enumerate(features)]
edge = np.stack(kernels, 1) * 2e-3 / LIMIT

near_limit = step[(edge > 0.9).argmax(0)]
usual = np.median(gradient[SETTLED - 20 : SETTLED], 0)
rises = step[SETTLED + (gradient[SETTLED:] > 10 * usual).argmax(0)]
lag = rises - near_limit

slow_minimum = slow.loss.min()
slow_step = slow.step[slow.loss.argmin()]
slow_late = slow.loss[0, -50:].max()

sgd_end = str(fast_sgd.runs["status"][0])
largest = [f"{np.median(part):.0e} [{part.min():.0e}, {part.max():.0e}]" for part in loss[:, SETTLED:].max(1)]
print(
    f"holds: Adam's loss falls below {loss[ADAM].min(0).max():.0e} and returns to {largest[ADAM]}, over {SEEDS} "
    f"seeds. First √v̂ decays. Near step {np.median(near_limit):.0f}, lr · λ reaches 90 % of {LIMIT}. "
    f"{np.median(lag):.0f} [{lag.min()}, {lag.max()}] steps later the gradient has grown tenfold. AMSGrad "
    f"({largest[AMSGRAD]}) and ε = 0.1 ({largest[EPS_LARGE]}) prevent this; ε = 1e-4 ({largest[EPS_SMALL]}) and "
    f"float64 ({largest[DOUBLE]}) do not. A rate of {LOW_LR:g} only delays it: {slow_minimum:.0e} at step "
    f"{slow_step}, {slow_late:.0e} by step {LONG_STEPS}. SGD stays at "
    f"{largest[SGD]} at lr 1e-4; at 1e-3, Adam's rate, it fails ({sgd_end})"
)
unstable = loss[[ADAM, EPS_SMALL, DOUBLE], SETTLED:].max(1).min()
stable = loss[[EPS_LARGE, AMSGRAD, SGD], SETTLED:].max()
assert sgd_end in ("diverged", "non-finite")
assert min(unstable, slow_late, lag.min()) > 1e-8 > 1e-9 > stable

with render.THEMES["light"].context():
    fig = Figure((9.6, 4.6), layout="tight")
    left, right = fig.subplots(1, 2, subplot_kw={"xlabel": "step", "yscale": "log"})
    left.semilogx(step, loss[:5, :, 0].T, label=list(candidates))
    left.semilogx(slow.step[1:], slow.loss[0, 1:], label=f"Adam, lr {LOW_LR:g}")
    left.set_ylim(1e-18, 1e3)  # leaves space for the legend
    left.legend(ncols=2, title="loss", loc=4)
    curves = np.stack([np.median(root, -1), edge, gradient])[..., 0].T
    right.plot(step, curves, label=["√v̂", "lr · λ / 38", "gradient"])
    right.legend(title="Adam")
    right.axhline(1, color="0.5")
    fig.savefig(PICTURES / "04_late_instability.png", dpi=100)
