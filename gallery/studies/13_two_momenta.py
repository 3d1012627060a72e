"""
Two momenta, two RMSprops
=========================

**Claim.** "How momentum is written, and where RMSprop has its epsilon, makes no difference."

PyTorch has v ← 0.9v + g and x ← x − lr·v; averaged momentum has 0.1g in place of g; the heavy ball has its rate inside, v ← 0.9v − lr·g and
x ← x + v. They run down a ravine at constant rates, with schedules, and with normal noise of size 10 in the gradients at many rates, which
drop tenfold half way. RMSprop divides by √s + ε or √(s + ε): the first steps for gradients g from 1e-12 to 1, where α = 0 and so s = g².

**Sources.** Polyak, *Some methods of speeding up the convergence of iteration methods* (1964); Tieleman & Hinton, *Lecture 6.5* (2012);
Goodfellow, Bengio & Courville, *Deep learning* (2016), algorithms 8.2 and 8.5; the manuals of torch.optim and of Keras.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, race, render, sweep

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
ball, mean = optimizers.HeavyBall(lr=0.002), optimizers.AveragedMomentum(lr=0.02)
field = {"Momentum": optimizers.SGD(lr=0.002, momentum=0.9), "Heavy ball": ball, "Averaged": mean}
plans = (
    lambda rule: rule,
    lambda rule: optimizers.WarmUp(rule, steps=50),
    lambda rule: optimizers.MultiStep(rule, at=(20,)),
)
runs = [race("ravine", {name: plan(rule) for name, rule in field.items()}, view="race") for plan in plans]
same, warm, drop = (np.linalg.norm(x - x[0], axis=2).max(1) for x in (run.trajectories.x for run in runs))
noisy = {name: optimizers.Noise(optimizers.StepDecay(rule, every=50), sigma=10) for name, rule in field.items()}
tuned = sweep("ravine", noisy, lr=(10 ** np.linspace(-3.5, -0.5, 31)).tolist(), seeds=SEEDS, steps=100)
best = np.median(tuned.grid("final"), 2).argmin(1)
ends = [np.quantile(tuned.grid("final")[place, rate], (0.5, 0.05, 0.95)) for place, rate in enumerate(best)]
sizes = np.geomspace(1e-12, 1, 49)
roots = {"g / (√s + ε)": optimizers.RMSprop(1, alpha=0), "g / √(s + ε)": optimizers.RMSpropInside(1, alpha=0)}
roots["g / √(s + ε²)"] = optimizers.RMSpropInside(1, alpha=0, eps=1e-16)
first = sweep("sphere", roots, starts=[(size / 2, 0) for size in sizes], steps=1)
step = first.grid(np.abs(np.diff(first.trajectories.x[..., 0])[:, 0]))
differ, shorter, longer = sizes[step[0] > 1.01 * step[1]].max(), (step[0] / step[1]).max(), (step[2] / step[0]).max()
print(
    f"only when the rate is constant and gradients are large: averaged momentum is PyTorch's at ten times the rate (to {drop[2]:.0e}, schedules or not), the "
    f"heavy ball at the same ({same[1]:.0e}), but a warm-up parts them by {warm[1]:.2f} and a drop by {drop[1]:.2f}, since the ball rolls on. At their best rates they end "
    f"at {' and at '.join('{:.2f} [{:.2f}, {:.2f}]'.format(*end) for end in ends[:2])} over {SEEDS} seeds: the noise is what counts. ε = 1e-8 under RMSprop's "
    f"root shortens steps by over 1 % below a gradient of {differ:.0e}, up to {shorter:.0f} times; put ε² there, and steps are at most {longer:.2f} times longer"
)
assert max(*same, drop[2], warm[2]) < 1e-12 < 0.3 < min(drop[1], warm[1])
assert best[2] - best[0] == 10  # so many rates are one decade
np.testing.assert_allclose([shorter, longer], [1e4, np.sqrt(2)], rtol=0.01)
with (look := render.THEMES["light"]).context():
    fig = Figure(figsize=(12.6, 4.2), layout="constrained")
    left, middle, right = fig.subplots(1, 3)
    render.contour(runs[2], left)
    render.paths(runs[2], left, step=60).set_title("the rate drops tenfold after 20 steps", loc="left")
    render.response(tuned, middle).set_title(f"with noise and a drop half way, {SEEDS} seeds", loc="left")
    right.set_prop_cycle(color=(look.paths[4], look.paths[2], look.foreground), linestyle=("-", "-", ":"))
    right.loglog(sizes, step.T, linewidth=2, label=list(roots))
    right.set(xlabel="size of the gradient", ylabel="first step, in lr")
    right.set_title("RMSprop, ε = 1e-8", loc="left")
    for ax in (middle, right):
        ax.legend(frameon=False)
    fig.savefig(Path(__file__).parent / "pictures" / "13_two_momenta.png", dpi=100)
