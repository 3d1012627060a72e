"""
Gradient clipping
=================

**Claim.** "Clipping the gradient prevents the explosion of the loss."

A network 10-100-1 with ReLU is fitted to 256 points of y = Σx / 2 + noise, by its mean squared error, with batches of
32, for 200 steps. SGD and Adam run at lr 0.1 and 0.01, with the gradient clipped to a norm of 1 and without, on three
forms of the data: as they are; with a loss that is 10⁴ times as large; and with spikes, one batch in 50 with targets
1000 times too large. Each seed draws points, weights and batches. Losses are those of all points, without spikes, in
the unit of the first data. A run has exploded if its loss rises above ten times its first value. Adam's largest loss is
the median over seeds, and brackets hold 90 % of seeds.

**Symptom.** The loss explodes after single batches with a huge gradient.

**Change.** Clip the gradient, with SGD as with Adam; then find these batches.

**Symptom.** Clipping Adam's gradients changes nothing.

**Change.** Lower the learning rate: Adam divides by the size of its gradients, so a constant factor in them is lost.

**Sources.** Pascanu, Mikolov & Bengio, *On the difficulty of training recurrent neural networks* (2013); Kingma & Ba,
*Adam: a method for stochastic optimization* (2015), section 2.1; Zhang, He, Sra & Jadbabaie, *Why gradient clipping
accelerates training* (2020).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (int(sys.argv[1]), 60) if len(sys.argv) > 1 else (10, 200)
POINTS, INPUTS, HIDDEN, BATCH = 256, 10, 100, 32
SPIKE, EVERY, FACTOR, NORM = 1000, 50, 1e4, 1.0
FORMS = {"data as they are": (1.0, 1.0), "loss × 10⁴": (FACTOR, 1.0), "with spikes": (1.0, SPIKE)}
PICTURES = Path(__file__).parent / "pictures"

rules = {f"{cls.__name__}, lr {lr:g}": cls(lr=lr) for cls in (optimizers.SGD, optimizers.Adam) for lr in (0.1, 0.01)}
candidates = rules | {f"{name}, clipped": optimizers.Clip(rule, norm=NORM) for name, rule in rules.items()}


def network(w, x):
    """Return the outputs (…, n) of networks with weights w (…, 1201) for inputs x (n, 10)."""
    first, bias, last, end = w.split([INPUTS * HIDDEN, HIDDEN, HIDDEN, 1], -1)
    hidden = torch.relu(x @ first.unflatten(-1, (INPUTS, HIDDEN)) + bias[..., None, :])
    return (hidden @ last[..., None])[..., 0] + end


def losses(seed, factor, spike):
    """Return the loss of all points per run and step (8, steps + 1), NaN after a run has failed."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(POINTS, INPUTS, generator=generator, dtype=torch.float64)
    y = x.sum(1) / 2 + 0.1 * torch.randn(POINTS, generator=generator)
    bound = torch.cat([torch.full((INPUTS * HIDDEN + HIDDEN,), INPUTS**-0.5), torch.full((HIDDEN + 1,), HIDDEN**-0.5)])
    start = bound * (2 * torch.rand(len(bound), generator=generator) - 1)  # the initialization of torch.nn.Linear
    batches = torch.randint(POINTS, (STEPS, BATCH), generator=generator)
    spiked = torch.rand(STEPS, generator=generator) < 1 / EVERY
    spiked[STEPS // 3] = True

    def error(rows, size=1.0):
        return lambda w: factor * (network(w, x[rows]) - size * y[rows]).square().mean(-1)

    def batch_loss(step):
        return error(batches[step], spike if spiked[step] else 1.0)

    decorate = function(*[(-1e99, 1e99)] * len(start), start=start.tolist(), sample=batch_loss)
    record = race(decorate(error(slice(None))), candidates, steps=STEPS, resolution=2)
    return record.trajectories.loss / factor


found = {form: np.stack([losses(seed, *change) for seed in range(SEEDS)]) for form, change in FORMS.items()}
ended = {form: np.nan_to_num(part[..., -1], nan=np.inf) for form, part in found.items()}
exploded = {
    form: (np.nanmax(part, -1) > 10 * part[..., 0]) | ~np.isfinite(part[..., -1]) for form, part in found.items()
}
names = list(candidates)
SGD, SGD_LOW, ADAM, ADAM_LOW, SGD_CLIPPED, SGD_LOW_CLIPPED, ADAM_CLIPPED, ADAM_LOW_CLIPPED = range(8)


def share(form, run):
    return f"{exploded[form][:, run].sum()} of {SEEDS}"


def peak(form, run):
    return f"{np.median(np.nanmax(found[form][:, run], -1)):.2g}"


def end(form, run):
    low, mid, high = np.quantile(ended[form][:, run], (0.05, 0.5, 0.95))
    return f"{mid:.2g} [{low:.2g}, {high:.2g}]"


plain, large, spiky = FORMS
print(
    "only when gradients are too large for the rate of SGD, or have spikes. At lr 0.1 nothing explodes on the data as "
    f"they are, and clipping changes the largest loss of Adam from {peak(plain, ADAM)} to {peak(plain, ADAM_CLIPPED)}. "
    f"With a loss 10⁴ times as large SGD explodes with {share(large, SGD)} seeds, clipped with "
    f"{share(large, SGD_CLIPPED)}, and Adam with {share(large, ADAM)}: it ends at {end(large, ADAM)}, and at "
    f"{end(plain, ADAM)} on the data as they are. With spikes SGD explodes with {share(spiky, SGD)} seeds, and Adam "
    f"with {share(spiky, ADAM)}: a spike throws it far and then blocks it. Clipped, {share(spiky, SGD_CLIPPED)} and "
    f"{share(spiky, ADAM_CLIPPED)} explode; they end at {end(spiky, SGD_CLIPPED)} and {end(spiky, ADAM_CLIPPED)}. Adam "
    f"at lr 0.01 ends at {end(spiky, ADAM_LOW_CLIPPED)} instead of {end(spiky, ADAM_LOW)}. Without spikes, clipping "
    f"slows SGD at lr 0.01: it ends at {end(plain, SGD_LOW_CLIPPED)} instead of {end(plain, SGD_LOW)}"
)
assert not exploded[plain].any()
assert exploded[large][:, SGD].all()
assert exploded[spiky][:, SGD].all()
assert all(part[:, SGD_CLIPPED:].mean(0).max() < 0.3 for part in exploded.values())
assert not exploded[large][:, ADAM].any()
assert 0.5 < np.median(ended[large][:, ADAM] / ended[plain][:, ADAM]) < 2
assert np.median(ended[spiky][:, ADAM]) > 100 * np.median(ended[spiky][:, ADAM_CLIPPED])

# %%
# The losses at lr 0.1, medians over the seeds with bands of 90 %, with and without clipping.

theme = render.THEMES["light"]
TOP = 1e5
with theme.context():
    fig = Figure((11.4, 4.2), layout="constrained")
    panels = fig.subplots(1, 3, sharey=True)
    for (form, part), ax in zip(found.items(), panels, strict=True):
        for run, color, style in ((SGD, 0, "-"), (SGD_CLIPPED, 0, "--"), (ADAM, 5, "-"), (ADAM_CLIPPED, 5, "--")):
            low, mid, high = np.quantile(np.nan_to_num(part[:, run], nan=np.inf), (0.05, 0.5, 0.95), axis=0)
            color = theme.colors[color]
            ax.semilogy(mid, style, color=color, label=names[run])
            ax.fill_between(range(STEPS + 1), low, high, color=color, alpha=0.15, linewidth=0)
            if mid[-1] > TOP:
                ax.plot((mid > TOP).argmax(), TOP / 1.6, "^", color=color, markersize=9, clip_on=False)
        ax.set(title=form, xlabel="step", ylim=(5e-3, TOP))
    panels[0].set(ylabel="loss")
    panels[0].legend(loc="upper right")
    panels[1].annotate("to infinity", (0.08, 0.94), xycoords="axes fraction", color=theme.colors[0])
    fig.savefig(PICTURES / "09_clipping.png", dpi=100)
