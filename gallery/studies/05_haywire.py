"""
A long run that goes haywire
============================

**Claim.** "If a run goes haywire after 200,000 steps, lower the learning rate, clip, enlarge ε, use AdamW or AMSGrad,
reset the state or enlarge the batch: change one thing at a time."

Adam at lr 1e-3 runs for 200,000 steps on mini-batches of four rows, on two problems: a network with 17 weights, whose
targets another network of its kind makes, and Rosenbrock's function with gradient noise. Trouble begins at step
180,000, in one of two ways. With a corrupted shard, one row of 8000 has a target, or a noise, a thousand times too
large. With a drift, the scale of one input grows a hundredfold until the end. Then each change is raced alone, from the
weights of step 180,000, on the same rows; the state of the optimizer starts anew, which "restart" tries alone. Losses
are those of clean rows. A change cures a seed if the mean loss of the last tenth is at most three times that before the
trouble. Each seed draws weights and rows, and all seeds run together, as blocks of coordinates of one function;
therefore clipping is by value, at 1. λ is the largest eigenvalue of the Hessian, scaled by Adam's 1 / √v.

**Symptom.** The loss goes up after a very long calm time, in leaps, each after a huge gradient norm.

**Change.** Clip, lower β₂ to 0.95, or lower the rate: one such gradient throws each weight by up to 32 lr, and blocks
it for thousands of steps; a larger batch meets more of them.

**Symptom.** The loss goes up after a very long calm time, steadily, without huge gradients.

**Change.** Look for a drift of the data, and scale the inputs anew: no setting of the optimizer is a reliable cure.

**Sources.** Li, datascience.stackexchange.com 25024 (2017); Molybog et al., *A theory on Adam instability in
large-scale machine learning* (2023); Cohen et al., *Adaptive gradient methods at the edge of stability* (2022).
"""

import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import diagnose, function, functions, optimizers, race, render

SMALL = len(sys.argv) > 1
SEEDS, STEPS = (2, 2000) if SMALL else (10, 200_000)
ONSET = STEPS * 9 // 10
ROWS, LARGE = 4, 16  # rows per batch
CORRUPT = 1 / (50 if SMALL else 8000)  # share of corrupted rows
SPIKE, DRIFT, NOISE = 1000, 100, 0.1
HIDDEN = 4
SIZES = (4 * HIDDEN + 1, 2)  # coordinates of the network, and of Rosenbrock's function
LR, LIMIT = 1e-3, 38  # and the limit of lr · λ, for β₁ = 0.9
BLOCK = 1000  # steps whose rows are drawn together
PICTURES = Path(__file__).parent / "pictures"
torch.set_num_threads(1)  # the arrays of a step are small: more threads wait for each other

# %%
# The two problems: all points are (…, 38 · seeds), and each part has the shape (…, trouble, seed, coordinates).

generator = torch.Generator().manual_seed(0)
weights, teachers = torch.randn(2, SEEDS, SIZES[0], generator=generator, dtype=torch.float64)
rosenbrock = functions.get("rosenbrock")
start = torch.cat([weights.repeat(2, 1).flatten(), torch.tensor(rosenbrock.start).double().repeat(2 * SEEDS)])


def split(points):
    """Return the weights of the networks and the points of the functions."""
    cut = 2 * SEEDS * SIZES[0]
    parts = points[..., :cut], points[..., cut:]
    return [part.reshape(*points.shape[:-1], 2, SEEDS, size) for part, size in zip(parts, SIZES, strict=True)]


def network(w, x):
    """Return the outputs (…, n) of networks with weights w (…, 17) for inputs x (…, n, 2)."""
    first, second, bias, last = w[..., None, :-1].split(HIDDEN, -1)
    return (torch.tanh(x[..., :1] * first + x[..., 1:] * second + bias) * last).sum(-1) + w[..., -1:]


@lru_cache(1)
def drawn(block, rows):
    """Return what the steps of a block see: inputs, targets, noise of gradients, scales, and which rows are corrupted.

    The shapes are (step, trouble, seed, …); the first trouble is the corrupted shard, the second the drift.
    """
    generator = torch.Generator().manual_seed(1 + block)
    drawn_now = LARGE if block * BLOCK + BLOCK > ONSET else rows  # larger batches come with the trouble only
    x = torch.randn(BLOCK, SEEDS, drawn_now, 2, generator=generator, dtype=torch.float64)[:, :, :rows]
    noise = NOISE * torch.randn(BLOCK, SEEDS, drawn_now, generator=generator, dtype=torch.float64)[..., :rows]
    step = block * BLOCK + torch.arange(BLOCK)[:, None, None]
    corrupted = (torch.rand(BLOCK, SEEDS, drawn_now, generator=generator)[..., :rows] < CORRUPT) & (step >= ONSET)
    size, clean = torch.where(corrupted, SPIKE, 1.0), network(teachers, x) + noise
    scale = scales(step[:, 0, 0])
    tilts = NOISE * torch.stack([x * size[..., None], x], 1).mean(-2)
    inputs, targets = x[:, None] * scale[..., None, :], torch.stack([clean * size, clean], 1)
    return inputs.numpy(), targets[..., None].numpy(), tilts.numpy(), scale.numpy(), corrupted


def scales(steps):
    """Return the factors of the inputs (step, trouble, 1, 2)."""
    found = torch.ones(len(steps), 2, 1, 2, dtype=torch.float64)
    found[:, 1, 0, 0] = DRIFT ** ((steps - ONSET) / (STEPS - ONSET)).clamp(min=0)
    return found


class Loss(torch.autograd.Function):
    """The sum of the losses of all networks and functions. Its gradient is by hand and in numpy: autograd is slower."""

    @staticmethod
    def forward(ctx, points, inputs, targets, tilt, scale):
        gradient = np.empty(points.shape)
        (w, p), (of_w, of_p) = split(points.numpy()), split(gradient)
        first = w[..., : 2 * HIDDEN].reshape(*w.shape[:-1], 2, HIDDEN)
        bias, last = w[..., None, 2 * HIDDEN : 3 * HIDDEN], w[..., None, 3 * HIDDEN : -1]
        hidden = np.tanh(inputs @ first + bias)
        errors = hidden @ last.swapaxes(-1, -2) + w[..., None, -1:] - targets
        pull = errors * (2 / errors.shape[-2])
        inner = pull * last * (1 - hidden * hidden)
        of_w[..., : 2 * HIDDEN] = (inputs.swapaxes(-1, -2) @ inner).reshape(*w.shape[:-1], -1)
        of_w[..., 2 * HIDDEN : 3 * HIDDEN] = inner.sum(-2)
        of_w[..., 3 * HIDDEN : -1] = (pull * hidden).sum(-2)
        of_w[..., -1] = pull.sum((-1, -2))
        seen = p * scale  # by Rosenbrock's function
        left, over = 1 - seen[..., 0], seen[..., 1] - seen[..., 0] ** 2
        of_p[..., 0] = scale[..., 0] * (-400 * seen[..., 0] * over - 2 * left)
        of_p[..., 1] = scale[..., 1] * (200 * over)
        of_p += tilt
        of_functions = (100 * over * over + left * left).sum((-1, -2)) + (tilt * p).sum((-1, -2, -3))
        ctx.save_for_backward(torch.from_numpy(gradient))
        return torch.as_tensor((errors * errors).sum((-1, -2, -3, -4)) / errors.shape[-2] + of_functions)

    @staticmethod
    def backward(ctx, above):
        return above[..., None] * ctx.saved_tensors[0], None, None, None, None


def batch_loss(step, rows=ROWS):
    """Return the loss of a step."""
    now = [part[step % BLOCK] for part in drawn(step // BLOCK, rows)[:4]]
    return lambda points: Loss.apply(points, *now)


def run(candidates, begin, first, rows=ROWS, **options):
    """Race from a point at a step to the end. Losses are evaluated later, at recorded steps only."""
    decorate = function(
        *[(-1e99, 1e99)] * len(begin), start=begin.tolist(), sample=lambda step: batch_loss(first + step, rows)
    )
    record = race(decorate(lambda w: w.square().sum(-1)), candidates, steps=STEPS - first, resolution=2, **options)
    return record.trajectories


# %%
# The long run, recorded twice per stretch for the lengths of steps, and at every step after the first corrupted row.

STRETCH = STEPS // 400
corrupted = torch.cat([drawn(block, ROWS)[-1].any(-1) for block in range(ONSET // BLOCK, STEPS // BLOCK)])
hits = corrupted[ONSET % BLOCK :].double().argmax(0) + ONSET  # the step of the first corrupted row, per seed
grid = np.arange(0, STEPS, STRETCH)
close = (hits[:, None] + torch.arange(-2, 100)).flatten().clamp(max=STEPS - 1).numpy()
recorded = np.unique(np.concatenate([grid, grid + 1, close, close + 1, [STEPS]]))

adam = optimizers.Adam(lr=LR)
long = run([adam], start, 0, record_steps=recorded.tolist(), metrics=["second_moment"])
begin = torch.from_numpy(long.x[0, long.step == ONSET][0])

changes = {
    "restart": adam,
    "lower lr": optimizers.Adam(lr=LR / 10),
    "clipping": optimizers.Clip(adam, value=1.0),
    "larger ε": optimizers.Adam(lr=LR, eps=0.1),
    "AdamW": optimizers.AdamW(lr=LR, weight_decay=0.01),
    "AMSGrad": optimizers.Adam(lr=LR, amsgrad=True),
    "resets": optimizers.Reset(adam, every=STEPS // 100),
    "β₂ = 0.95": optimizers.Adam(lr=LR, beta2=0.95),
}
late = np.unique(np.r_[0 : STEPS - ONSET : STRETCH, STEPS - ONSET])
tried = run(changes, begin, ONSET, record_steps=late.tolist())
larger = run([adam], begin, ONSET, LARGE, record_steps=late.tolist())
names = [*changes, "larger batch"]

# %%
# Losses of clean rows, shape (…, record, problem, trouble, seed).

rows = torch.randn(256, 2, generator=generator, dtype=torch.float64)
truth = network(teachers, rows)


def clean_losses(points, steps):
    found = []
    for at, step in zip(torch.from_numpy(points).movedim(-2, 0), steps, strict=True):
        w, p = split(at)
        scale = scales(torch.tensor([step]))[0]
        errors = (network(w, rows * scale[:, None]) - truth).square().mean(-1)
        found.append(torch.stack([errors, rosenbrock(p * scale)], -3))
    return torch.stack(found, -4).numpy()


loss = clean_losses(long.x[0], long.step)
after = clean_losses(np.concatenate([tried.x, larger.x]), late + ONSET)
step = long.step
at_grid = np.isin(step, grid)
calm = at_grid & (step >= ONSET // 2) & (step < ONSET)
before = np.median(loss[calm], 0)
ends = after[:, late >= (STEPS - ONSET) * 0.9].mean(1)
failed = loss[at_grid & (step >= ONSET + (STEPS - ONSET) * 0.9)].mean(0) > 3 * before
cured = ends <= 3 * before

# %%
# What moves first: quantities of each network and function, shape (record, problem, trouble, seed).


def by_problem(values):
    """Return the norms of the parts of points, shape (record, problem, trouble, seed)."""
    return np.stack([part.norm(dim=-1).numpy() for part in split(torch.from_numpy(values))], 1)


def gradient_at(points, steps):
    found = []
    for at, t in zip(torch.from_numpy(points), steps, strict=True):
        at = at.clone().requires_grad_()
        found.append(torch.autograd.grad(batch_loss(min(int(t), STEPS - 1))(at), at)[0].numpy())
    return np.array(found)


def curvature(points, moments, steps, needed):
    """Return the largest eigenvalue of the Hessian of the clean loss, scaled by 1 / √v, times lr / 38.

    It is NaN but where it is needed (record, trouble, seed): Hessians are dear.
    """

    def network_loss(w, teacher, scale):
        inputs = rows[:64]
        return (network(w, inputs * scale) - network(teacher, inputs)).square().mean(-1)

    def function_loss(p, scale):
        return rosenbrock.evaluate(p * scale)

    vmap, hessian = torch.func.vmap, torch.func.hessian
    (w, p), roots = split(torch.from_numpy(points)), split((torch.from_numpy(moments) + 1e-30) ** -0.25)
    scale = scales(torch.from_numpy(steps))[:, :, 0]
    found = np.full((len(steps), 2, 2, SEEDS), np.nan)
    for record, trouble, seed in zip(*(np.array_split(part, 20) for part in needed.nonzero()), strict=True):
        here, by = (record, trouble, seed), scale[record, trouble]
        hessians = vmap(hessian(network_loss))(w[here], teachers[seed], by), vmap(hessian(function_loss))(p[here], by)
        for problem, (root, h) in enumerate(zip(roots, hessians, strict=True)):
            scaled = root[here][..., None] * h * root[here][..., None, :]
            found[record, problem, trouble, seed] = torch.linalg.eigvalsh(scaled)[..., -1]
    return LR / LIMIT * found


x, v = long.x[0], long.metrics["second_moment"][0]
paired = np.flatnonzero(np.isin(step + 1, step) & (step > 0))
at = step[paired]
quiet = np.isin(at, grid) & (at >= ONSET // 2) & (at < ONSET)
needed = np.zeros((len(at), 2, SEEDS), bool)
needed[np.isin(at, grid) & (at >= ONSET // 2)] = True
needed[:, 0] |= (at[:, None] >= hits.numpy() - 2) & (at[:, None] < hits.numpy() + 100)
steps_ahead = by_problem(x[np.searchsorted(step, step[paired] + 1)] - x[paired])
measured = {
    "gradient norm": by_problem(gradient_at(x[paired], step[paired])),
    "step length": steps_ahead,
    "update / weight": steps_ahead / by_problem(x[paired]),
    "√v": by_problem(np.sqrt(v[paired])),
    "lr · λ / 38": curvature(x[paired], v[paired], at, needed),
    "loss": loss[paired],
}
first_move = {}  # per quantity the first step outside three times its calm range, shape (problem, trouble, seed)
for name, values in measured.items():
    outside = (values > 3 * values[quiet].max(0)) | (values < values[quiet].min(0) / 3)
    outside &= (at >= ONSET)[:, None, None, None]
    first_move[name] = np.where(outside.any(0), at[outside.argmax(0)], STEPS + STRETCH).astype(float)
lead = {name: first_move["loss"] - move for name, move in first_move.items() if name != "loss"}

# %%
# Predictions of the formula: how far one huge gradient throws each weight, and for how many steps it blocks it.

predicted = (1 - 0.9) / (1 - 0.999) ** 0.5 / (1 - 0.9 / 0.999**0.5)  # in learning rates
thrown, blocked = np.empty((2, SEEDS)), np.empty((2, SEEDS))
for problem, parts in enumerate(zip(split(torch.from_numpy(x)), split(torch.from_numpy(v)), strict=True)):
    for seed, hit in enumerate(hits.tolist()):
        begun, done = np.searchsorted(step, [hit, hit + 60])
        points, moments = (part[:, 0, seed] for part in parts)
        thrown[problem, seed] = (points[done] - points[begun]).abs().median() / LR
        blocked[problem, seed] = (moments[begun + 1] / moments[begun]).log().median() / -np.log(0.999)


def verdict_on(problem, trouble, seed):
    """Return the verdict of `diagnose` on a long run, logged once per stretch from the middle of the calm part on."""
    kept = np.isin(at, grid) & (at >= STEPS // 40)
    logged = [measured[name][kept, problem, trouble, seed] for name in ("loss", "gradient norm", "step length")]
    return diagnose(logged[0], step=at[kept], gradient_norm=logged[1], step_length=logged[2])[0].kind


def most_common(trouble):
    kinds = [verdict_on(problem, trouble, seed) for problem in range(2) for seed in range(SEEDS)]
    return ", ".join(f"{kind} {count}" for kind, count in Counter(kinds).most_common())


def cures(trouble, name):
    of = failed[:, trouble]
    return " + ".join(f"{(cured[names.index(name), p, trouble] & of[p]).sum()} of {of[p].sum()}" for p in range(2))


def middle(values):
    low, mid, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{mid:.3g} [{low:.3g}, {high:.3g}]"


def leads(trouble):
    moves = {name: np.median(values[:, trouble]) for name, values in lead.items()}
    return ", ".join(f"{name} {steps:.0f}" for name, steps in sorted(moves.items(), key=lambda item: -item[1]))


rise = loss[at_grid & (step >= STEPS - (STEPS - ONSET) // 10)].mean(0) / before
table = [[name, *(cures(trouble, name) for trouble in range(2))] for name in names]
print("| change | corrupted shard: cured networks + functions | drift |", "|---|---|---|", sep="\n")
print(*(f"| {' | '.join(row)} |" for row in table), "", sep="\n")
print(
    f"only when the change fits the cause. With the corrupted shard the loss ends {middle(rise[:, 0])} times as high "
    f"as before. Clipping cures {cures(0, 'clipping')} (networks + functions), β₂ = 0.95 {cures(0, 'β₂ = 0.95')} and a "
    f"lower rate {cures(0, 'lower lr')}; resets cure {cures(0, 'resets')}, a larger ε {cures(0, 'larger ε')}, AdamW "
    f"{cures(0, 'AdamW')}, AMSGrad {cures(0, 'AMSGrad')}, a larger batch {cures(0, 'larger batch')} and a mere restart "
    f"{cures(0, 'restart')}. One corrupted row throws each weight by {middle(thrown)} learning rates (Adam's formula "
    f"predicts {predicted:.1f} for any huge gradient), and blocks it for {middle(blocked)} steps. With the drift the "
    f"loss ends {middle(rise[:, 1])} times as high, and no change is reliable: a lower rate cures "
    f"{cures(1, 'lower lr')}, clipping {cures(1, 'clipping')}, AMSGrad {cures(1, 'AMSGrad')}, a larger batch "
    f"{cures(1, 'larger batch')}. Steps by which quantities move before the loss, with the shard: {leads(0)}; with the "
    f"drift: {leads(1)}. `diagnose` says of the shard: {most_common(0)}; of the drift: {most_common(1)}"
)
assert SMALL or cured[[names.index(name) for name in ("clipping", "β₂ = 0.95")], :, 0].mean() > 0.9
assert (
    SMALL or cured[[names.index(name) for name in ("AMSGrad", "larger ε", "AdamW", "larger batch")], :, 0].mean() < 0.6
)
assert SMALL or cured[:, :, 1].mean((1, 2)).max() < 0.7
assert SMALL or failed.mean() > 0.5

# %%
# Per trouble: the losses, what moves first in the network of the first seed, and the shares that each change cures.

theme = render.THEMES["light"]
TITLES = ("corrupted shard", "drift of an input")
with theme.context():
    fig = Figure((12.8, 7.6), layout="constrained")
    for trouble, (loss_ax, move_ax, cure_ax) in enumerate(fig.subplots(2, 3)):
        for problem, (name, color) in enumerate((("network", theme.colors[5]), ("Rosenbrock", theme.colors[0]))):
            gaps = loss[at_grid][:, problem, trouble] / before[problem, trouble]
            low, mid, high = np.quantile(gaps, (0.05, 0.5, 0.95), axis=1)
            loss_ax.semilogy(step[at_grid], mid, color=color, label=name)
            loss_ax.fill_between(step[at_grid], low, high, color=color, alpha=0.2, linewidth=0)
            of = failed[problem, trouble]
            shares = [100 * (one & of).sum() / max(1, of.sum()) for one in cured[:, problem, trouble]]
            cure_ax.barh(np.arange(len(names)) + 0.4 * problem - 0.2, shares, 0.38, color=color)
        loss_ax.axvline(ONSET, color="0.5", linewidth=1)
        loss_ax.set(
            title=f"{TITLES[trouble]}: loss / loss before", xlabel="step", xlim=(STEPS * 0.8, STEPS), ylim=(1e-2, 1e4)
        )
        loss_ax.set_xticks([STEPS * 0.8, ONSET, STEPS])
        for (name, values), color in zip(measured.items(), (theme.colors[i] for i in (0, 1, 2, 3, 4, 5)), strict=True):
            curve = values[:, 0, trouble, 0]
            curve = curve / np.median(curve[quiet])
            begun = int(hits[0]) if trouble == 0 else ONSET
            shown = (
                (at >= begun - 2) & (at <= begun + 100) if trouble == 0 else np.isin(at, grid) & (at >= ONSET - 2000)
            )
            style = "--" if name == "update / weight" else "-"  # it hides the step length
            move_ax.semilogy(at[shown] - begun, curve[shown], style, color=color, label=name)
        what = "the first corrupted row" if trouble == 0 else "the drift began"
        move_ax.set(title="network, seed 0: relative to before", xlabel=f"steps after {what}")
        cure_ax.set_yticks(range(len(names)), names)
        cure_ax.invert_yaxis()
        cure_ax.set(title="cured, %", xlim=(0, 104))
        if trouble == 0:
            loss_ax.legend(loc="upper left")
            move_ax.legend(fontsize=8)
    fig.savefig(PICTURES / "05_haywire.png", dpi=100)
