"""
Schedules on a plateau
======================

**Claim.** "When the loss stays on a plateau, the first move is to decay the learning rate."

A curve that no longer falls has four causes here. At a noise floor, Adam at lr 0.3 runs on Booth's function with
gradient noise of size 2. With spikes, the noise is 0.1, but 300 at one step in 50. In a valley, Adam at lr 0.003 creeps
along that of Rosenbrock's function. On a flat part, SGD at lr 0.2 starts where Welsch's function exceeds 0.99. Each
runs for 600 steps: at a constant rate, with ReduceLROnPlateau (factor 0.5, patience 3 and 5), StepLR (30, 0.1), a
cosine to 0, and a warm-up over the first tenth. Plateaus are judged by the true loss, as by a large validation set,
once per step. The score is the mean gap to the minimum over the last tenth, relative to the constant rate of the same
seed; on the flat part, how many runs leave it, that is, end below ½. Each seed has its own start and noise. Brackets
hold 90 % of seeds.

**Symptom.** The loss has fallen, then fluctuates about a level.

**Change.** Decay the rate, once the run has arrived: here a cosine comes closest, and StepLR(30, 0.1) decays too early.

**Symptom.** The loss is flat, without fluctuation.

**Change.** Do not decay the rate, which ends what progress there is: the run needs longer steps, not shorter ones.

**Sources.** Robbins & Monro, *A stochastic approximation method* (1951); Bottou, Curtis & Nocedal, *Optimization
methods for large-scale machine learning* (2018), section 4; the manual of torch.optim.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import functions, optimizers, render, sweep

SEEDS, STEPS = (2 * int(sys.argv[1]), 300) if len(sys.argv) > 1 else (40, 600)
LATE = STEPS // 10
FLAT = "flat part"
PICTURES = Path(__file__).parent / "pictures"

adam = optimizers.Adam(lr=0.3)
spikes = {"sigma": 300, "kind": "spikes", "probability": 0.02}
CAUSES = {  # the function, the optimizer around which a schedule is put, its noise, and the spread of its starts
    "noise floor": ("booth", adam, [{"sigma": 2}], 1.0),
    "spikes": ("booth", adam, [{"sigma": 0.1}, spikes], 1.0),
    "valley": ("rosenbrock", optimizers.Adam(lr=0.003), [], 0.2),
    FLAT: ("welsch", optimizers.SGD(lr=0.2), [], 0.0),
}
SCHEDULES = {
    "constant": lambda rule: rule,
    "patience 3": lambda rule: optimizers.Plateau(rule, factor=0.5, patience=3),
    "patience 5": lambda rule: optimizers.Plateau(rule, factor=0.5, patience=5),
    "StepLR": lambda rule: optimizers.StepDecay(rule, every=30, gamma=0.1),
    "cosine": optimizers.Cosine,
    "warm-up": lambda rule: optimizers.WarmUp(rule, steps=STEPS // 10),
}


def starts_for(cause):
    """Return a start per seed: near the function's own, or on the flat part of Welsch's."""
    generator = np.random.default_rng(0)
    name, _, _, spread = CAUSES[cause]
    if spread:
        return np.array(functions.get(name).start) + generator.uniform(-spread, spread, (SEEDS, 2))
    x, y = generator.uniform(-3, 3, (2, 200 * SEEDS))
    depth = np.exp(-4 * x * x - y * y)
    return np.stack([x, y], 1)[(depth < 0.01) & (depth > 1e-4)][:SEEDS]


# %%
# The gaps to the minimum: cause, schedule → (seed, step). Run k of an optimizer has start k and its own noise.

gaps, scores = {}, {}
for cause, (name, rule, noises, _) in CAUSES.items():
    chosen = {}
    for schedule, wrap in SCHEDULES.items():
        chosen[schedule] = wrap(rule)
        for noise in noises:
            chosen[schedule] = optimizers.Noise(chosen[schedule], **noise)
    record = sweep(name, chosen, starts=starts_for(cause).tolist(), steps=STEPS, record_steps="all")
    loss = record.trajectories.loss.reshape(len(chosen), SEEDS, -1)
    gaps[cause] = dict(zip(chosen, loss - functions.get(name).minimum, strict=True))
    ends = {schedule: gap[:, -LATE:].mean(1) for schedule, gap in gaps[cause].items()}
    scores[cause] = {schedule: end / ends["constant"] for schedule, end in ends.items() if cause != FLAT}

left = {schedule: int((gap[:, -1] < 0.5).sum()) for schedule, gap in gaps[FLAT].items()}


def score(cause, schedule):
    low, mid, high = np.quantile(scores[cause][schedule], (0.05, 0.5, 0.95))
    return f"{mid:.2g} [{low:.2g}, {high:.2g}]"


floor = {schedule: np.median(part) for schedule, part in scores["noise floor"].items()}
valley = {schedule: np.median(part) for schedule, part in scores["valley"].items()}
print(
    f"only when the plateau is a noise floor. There ReduceLROnPlateau ends at {score('noise floor', 'patience 3')} "
    f"(patience 3) and {score('noise floor', 'patience 5')} (patience 5) of the gap of the constant rate, and a cosine "
    f"at {score('noise floor', 'cosine')}. StepLR(30, 0.1) ends at {score('noise floor', 'StepLR')}: its rate is gone "
    f"before the run arrives; a warm-up changes little, {score('noise floor', 'warm-up')}. With spikes a decay helps "
    f"most seeds and harms some, which stop where a spike has thrown them: {score('spikes', 'patience 3')}, and cosine "
    f"{score('spikes', 'cosine')}. In the valley every decay is worse than none: {score('valley', 'patience 3')}, "
    f"cosine {score('valley', 'cosine')}, StepLR {score('valley', 'StepLR')}. From the flat part {left['constant']} of "
    f"{SEEDS} runs leave at the constant rate, {left['patience 3']} and {left['patience 5']} with ReduceLROnPlateau, "
    f"{left['cosine']} with a cosine and {left['StepLR']} with StepLR"
)
assert floor["cosine"] < floor["patience 3"] < 0.8 < 5 < floor["StepLR"]
assert min(valley.values()) > 0.999
assert left["StepLR"] <= left["patience 3"] <= left["constant"]
assert left["cosine"] <= left["constant"]

# %%
# Above, the gap to the minimum, medians over the seeds; below, the scores with bands of 90 %.

theme = render.THEMES["light"]
colors = dict(zip(SCHEDULES, ("0.35", *(theme.colors[i] for i in (5, 1, 3, 0, 4))), strict=True))
with theme.context():
    fig = Figure((12.8, 6.4), layout="constrained")
    above, below = fig.subplots(2, 4, height_ratios=(3, 2))
    for cause, curve_ax, score_ax in zip(CAUSES, above, below, strict=True):
        for place, (schedule, gap) in enumerate(gaps[cause].items()):
            curve_ax.semilogy(np.median(gap, 0), color=colors[schedule], label=schedule)
            if cause == FLAT:
                score_ax.barh(place, 100 * left[schedule] / SEEDS, color=colors[schedule])
                continue
            low, mid, high = np.quantile(scores[cause][schedule], (0.05, 0.5, 0.95))
            score_ax.plot([low, high], [place] * 2, color=colors[schedule], linewidth=3, alpha=0.4)
            score_ax.plot(mid, place, "o", color=colors[schedule])
            score_ax.axvline(1, color="0.6", linewidth=1, zorder=0)
        curve_ax.set(title=cause, xlabel="step")
        score_ax.set_yticks(range(len(SCHEDULES)), list(SCHEDULES) if cause == "noise floor" else [])
        score_ax.invert_yaxis()
        score_ax.set(xlabel="runs that leave, %" if cause == FLAT else "gap at the end / that at the constant rate")
        score_ax.set_xscale("linear" if cause == FLAT else "log")
    above[0].set(ylabel="gap to the minimum")
    above[0].legend(fontsize=8)
    fig.savefig(PICTURES / "06_plateau_schedules.png", dpi=100)
