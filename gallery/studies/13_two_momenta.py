"""
Variants of momentum and of RMSprop
===================================

**Claim.** "How momentum is written, and where RMSprop has its epsilon, makes no difference."

PyTorch's momentum is v ← 0.9v + g and x ← x − lr·v. Averaged momentum uses 0.1g instead of g. The heavy ball
includes the rate in v: v ← 0.9v − lr·g and x ← x + v. They run on a ravine at constant rates and with schedules.
They also run with normal gradient noise of size 10 at many rates, which drop tenfold half way. RMSprop divides by
√s + ε or by √(s + ε). The study compares their first steps for gradients g from 1e-12 to 1, with α = 0 and
therefore s = g².

**Symptom.** Results change between frameworks at the same settings.

**Change.** Compare the formulas: averaged momentum needs the rate divided by 1 − β; see where ε is added.

**Sources.** Polyak, *Some methods of speeding up the convergence of iteration methods* (1964); Tieleman & Hinton,
*Lecture 6.5* (2012); Goodfellow, Bengio & Courville, *Deep learning* (2016), algorithms 8.2 and 8.5; the manuals of
torch.optim and of Keras.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, race, render, sweep

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
PICTURES = Path(__file__).parent / "pictures"

MOMENTA = {
    "Momentum": optimizers.SGD(lr=0.002, momentum=0.9),
    "Heavy ball": optimizers.HeavyBall(lr=0.002),
    "Averaged": optimizers.AveragedMomentum(lr=0.02),
}
MOMENTUM, HEAVY_BALL, AVERAGED = range(3)

# %%
# Momentum without noise: the largest distance of each variant to PyTorch's momentum, per schedule.

SCHEDULES = {
    "constant": lambda optimizer: optimizer,
    "warm-up": lambda optimizer: optimizers.WarmUp(optimizer, steps=50),
    "drop": lambda optimizer: optimizers.MultiStep(optimizer, at=(20,)),
}
races, distance = {}, {}
for schedule, wrap in SCHEDULES.items():
    wrapped = {name: wrap(optimizer) for name, optimizer in MOMENTA.items()}
    races[schedule] = race("ravine", wrapped, view="race")
    x = races[schedule].trajectories.x
    distance[schedule] = np.linalg.norm(x - x[MOMENTUM], axis=2).max(1)

# %%
# Momentum with noise: the final loss of each variant at its best rate, over all seeds.

noisy = {
    name: optimizers.Noise(optimizers.StepDecay(optimizer, every=50), sigma=10) for name, optimizer in MOMENTA.items()
}
rates = (10 ** np.linspace(-3.5, -0.5, 31)).tolist()
tuned = sweep("ravine", noisy, lr=rates, seeds=SEEDS, steps=100)
final = tuned.grid("final")
best = np.median(final, 2).argmin(1)
ends = [np.quantile(final[index, rate], (0.5, 0.05, 0.95)) for index, rate in enumerate(best)]

# %%
# RMSprop: the first step against the size of the gradient.

sizes = np.geomspace(1e-12, 1, 49)
RMSPROPS = {
    "g / (√s + ε)": optimizers.RMSprop(1, alpha=0),
    "g / √(s + ε)": optimizers.RMSpropInside(1, alpha=0),
    "g / √(s + ε²)": optimizers.RMSpropInside(1, alpha=0, eps=1e-16),
}
record = sweep("sphere", RMSPROPS, starts=[(size / 2, 0) for size in sizes], steps=1)
outside, inside, squared = step = record.grid(np.abs(np.diff(record.trajectories.x[..., 0])[:, 0]))
differs_below = sizes[outside > 1.01 * inside].max()
shorter = (outside / inside).max()
longer = (squared / outside).max()

spread = " and at ".join("{:.2f} [{:.2f}, {:.2f}]".format(*end) for end in ends[:2])
print(
    "only when the rate is constant and gradients are large. Averaged momentum equals PyTorch's at ten times the "
    f"rate (to {distance['drop'][AVERAGED]:.0e}, with or without schedules). The heavy ball equals it at the same "
    f"rate ({distance['constant'][HEAVY_BALL]:.0e}), but a warm-up separates them by "
    f"{distance['warm-up'][HEAVY_BALL]:.2f} and a drop by {distance['drop'][HEAVY_BALL]:.2f}, because the heavy ball "
    f"keeps its velocity. With noise, at their best rates, they end at {spread} over {SEEDS} seeds: the noise "
    f"dominates. ε = 1e-8 inside RMSprop's root shortens steps by over 1 % for gradients below {differs_below:.0e}, "
    f"and by a factor of up to {shorter:.0f}. With ε² inside, steps are at most {longer:.2f} times longer"
)
same = [*distance["constant"], distance["drop"][AVERAGED], distance["warm-up"][AVERAGED]]
assert max(same) < 1e-12 < 0.3 < min(distance["drop"][HEAVY_BALL], distance["warm-up"][HEAVY_BALL])
assert best[AVERAGED] - best[MOMENTUM] == 10  # ten rates of the grid are one decade
np.testing.assert_allclose([shorter, longer], [1e4, np.sqrt(2)], rtol=0.01)

# %%
# The figure.

theme = render.THEMES["light"]
with theme.context():
    fig = Figure(figsize=(12.6, 4.2), layout="constrained")
    left, middle, right = fig.subplots(1, 3)

    render.contour(races["drop"], left)
    render.trajectories(races["drop"], left, step=60)
    left.set_title("the rate drops tenfold after 20 steps", loc="left")

    render.sensitivity(tuned, middle)
    middle.set_title(f"with noise and a drop half way, {SEEDS} seeds", loc="left")

    right.set_prop_cycle(color=(theme.colors[4], theme.colors[2], theme.foreground), linestyle=("-", "-", ":"))
    right.loglog(sizes, step.T, linewidth=2, label=list(RMSPROPS))
    right.set(xlabel="size of the gradient", ylabel="first step, in lr")
    right.set_title("RMSprop, ε = 1e-8", loc="left")

    for ax in (middle, right):
        ax.legend(frameon=False)
    fig.savefig(PICTURES / "13_two_momenta.png", dpi=100)
