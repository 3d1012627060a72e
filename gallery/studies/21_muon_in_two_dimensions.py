"""
Muon in two dimensions
======================

**Claim.** "Muon cannot show its advantage in two dimensions."

The point is a 2×2 matrix W, and f = ½ tr(WᵀAW) with A = Q diag(κ, 1) Qᵀ. The matrices Q diag(a, b) Pᵀ form a plane with
two coordinates, the singular values a and b, and there f is an ordinary ravine, ½(κa² + b²), as in the study of
ravines. Runs start at a = 1, b = 0.8, with κ = 10⁴: unturned (Q = P = I), turned by 30° and −20°, and with rotations Q
and P by 20 pairs of random angles. All optimizers are tuned over 26 learning rates from 4e-5 to 4. Adam, Shampoo and
Muon, with the Newton–Schulz steps of torch and with exact singular values, may also decay the rate by 1, 3 or 10 % per
step. A run has converged once it stays within a distance of 0.01.

**Symptom.** On two coordinates Muon looks like SGD with steps of one length.

**Change.** Make the two coordinates the singular values of a matrix: write `rows=2` and draw the plane that they span.

**Sources.** Jordan et al., *Muon: an optimizer for hidden layers* (2024); Bernstein & Newhouse, *Old optimizer, new
norm* (2024); Gupta, Koren & Singer, *Shampoo* (2018).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import optimizers, project, race, render, sweep
from landscapes.functions import matrices

SIDES, KAPPA = ((2, 2), 1000) if len(sys.argv) > 1 else ((5, 4), 10_000)
RADIUS = 0.01
RATES = np.geomspace(10**-4.4, 10**0.6, 26).tolist()
DECAYS = (1, 0.99, 0.97, 0.9)
PICTURES = Path(__file__).parent / "pictures"

MATRIX = {"rows": 2, "weight_decay": 0.0}
OPTIMIZERS = {  # with the most steps of a run, and the decays of the rate
    "SGD": (optimizers.SGD(), 3 * KAPPA // 10, (1,)),
    "Momentum": (optimizers.SGD(momentum=0.9), KAPPA // 5, (1,)),
    "Adam": (optimizers.Adam(), KAPPA // 5, DECAYS),
    "Muon": (optimizers.Muon(**MATRIX), 300, DECAYS),
    "Muon, exact": (optimizers.Muon(**MATRIX, exact=True), 300, DECAYS),
    "Shampoo": (optimizers.Shampoo(rows=2, matrix_eps=1e-12), 100, DECAYS),
}


def tune(name, left, rights):
    """Return the fewest steps from each start, and the largest distance from the plane until a run is near for once."""
    optimizer, steps, decays = OPTIMIZERS[name]
    planes = [np.array(matrices.singular_plane(left, right)) for right in rights]
    runs = sweep(
        matrices.matrix_ravine(KAPPA, left),
        {f"{gamma}": optimizers.Exponential(optimizer, gamma=gamma) if gamma < 1 else optimizer for gamma in decays},
        lr=RATES,
        starts=[(plane[0] + 0.8 * plane[1]).tolist() for plane in planes],
        steps=steps,
        record_steps=1,
    ).trajectories

    outside = ~(np.linalg.norm(runs.x, axis=-1) <= RADIUS)
    arrival = np.where(outside.any(1), outside.shape[1] - outside[:, ::-1].argmax(1), 0).reshape(-1, len(rights))
    best = arrival.argmin(0)
    found = []
    for place, plane in enumerate(planes):
        x = runs.x.reshape(*arrival.shape, -1, 4)[best[place], place]
        first = outside.reshape(*arrival.shape, -1)[best[place], place].argmin() or steps
        away = np.abs(x[: first + 1] - x[: first + 1] @ plane.T @ plane).max()
        found.append((np.append(runs.step, np.inf)[arrival[best[place], place]], first, away))
    return np.array(found).T


rng = np.random.default_rng(0)
lefts, rights = rng.uniform(0, 360, SIDES[0]).tolist(), rng.uniform(0, 360, SIDES[1]).tolist()
straight = {name: tune(name, 0, [0])[0][0] for name in OPTIMIZERS}
turned = {name: tune(name, 30, [-20])[0][0] for name in OPTIMIZERS}
random = {name: np.concatenate([tune(name, left, rights) for left in lefts], 1) for name in OPTIMIZERS}


def steps_of(count, name):
    return f"{count:.0f}" if np.isfinite(count) else f"more than {OPTIMIZERS[name][1]}"


def span(name):  # of steps
    low, high = (steps_of(pick(random[name][0]), name) for pick in (np.min, np.max))
    return f"{name} {low}" + (f" to {high}" if low != high else "")


leaves = {name: random[name][2].max() for name in OPTIMIZERS}
stay = ("SGD", "Momentum", "Muon, exact")
print(
    f"does not hold: at condition number {KAPPA} and {len(lefts) * len(rights)} random pairs of angles, the steps are "
    f"{', '.join(map(span, OPTIMIZERS))}. Unturned, Adam takes {steps_of(straight['Adam'], 'Adam')} steps, turned by "
    f"30° and −20° {steps_of(turned['Adam'], 'Adam')}; exact Muon takes {straight['Muon, exact']:.0f} and "
    f"{turned['Muon, exact']:.0f}. Until they are near, SGD, momentum and exact Muon stay in the plane up to "
    f"{max(leaves[one] for one in stay):.0e}. Shampoo would stay in it, too, but for rounding errors, which its "
    f"steps enlarge off the plane, up to {leaves['Shampoo']:.0e}; torch's Newton–Schulz steps, in bfloat16, leave it "
    f"by up to {leaves['Muon']:.2f}, and Adam by up to {leaves['Adam']:.2f}"
)
slowest, fastest = ({name: pick(random[name][0]) for name in OPTIMIZERS} for pick in (np.max, np.min))
assert all(leaves[name] < 1e-11 for name in stay)
assert leaves["Adam"] > 0.05
assert turned["Adam"] > 1.5 * straight["Adam"]
assert slowest["Shampoo"] < slowest["Muon, exact"] < fastest["Momentum"] / 2 < fastest["SGD"] / 3
assert slowest["Muon"] < fastest["SGD"]
assert abs(turned["Muon, exact"] - straight["Muon, exact"]) <= 1

# %%
# The picture: races in the plane of singular values at κ = 100, and the steps of all.

theme = render.THEMES["light"]
shown_rates = {"SGD": 0.018, "Momentum": 0.018, "Adam": 0.05, "Muon, exact": 0.1, "Shampoo": 0.5}
with theme.context():
    fig = Figure(figsize=(12.4, 4.7), layout="constrained")
    plane_axes, steps_axes = fig.subplots(1, 2, width_ratios=(1, 1.15))

    ravine = matrices.matrix_ravine(100, 30, -20)
    decayed = {
        name: optimizers.Exponential(OPTIMIZERS[name][0].with_learning_rate(lr), gamma=0.97 if lr >= 0.1 else 1.0)
        for name, lr in shown_rates.items()
    }
    record = race(ravine, decayed, steps=100)
    plane = project(
        record, ravine, along=matrices.singular_plane(30, -20), origin=(0, 0, 0, 0), view=((-1.1, 1.15), (-0.5, 1.1))
    )
    render.contour(plane, plane_axes)
    render.trajectories(plane, plane_axes)
    render.label_runs(plane, plane_axes)
    plane_axes.set(title="κ = 100, turned by 30° and −20°", xlabel="singular value a", ylabel="singular value b")

    for place, (name, index) in enumerate(zip(OPTIMIZERS, (0, 1, 5, 6, 2, 3), strict=True)):
        most, color = OPTIMIZERS[name][1], theme.colors[index]
        counts = np.minimum(random[name][0], most)
        steps_axes.plot([counts.min(), counts.max()], [place] * 2, "-", color=color, linewidth=5, alpha=0.35)
        steps_axes.plot(counts, [place] * len(counts), "o", color=color)
        if not np.isfinite(slowest[name]):
            steps_axes.annotate("not there yet", (most, place), (-10, 0), textcoords="offset points", ha="right")
        if np.isfinite(straight[name]):
            steps_axes.plot(straight[name], place, "|", color=theme.foreground, markersize=18, markeredgewidth=2)
    steps_axes.set_yticks(range(len(OPTIMIZERS)), list(OPTIMIZERS))
    steps_axes.set(xscale="log", xlabel="steps", title=f"steps to 0.01 at κ = {KAPPA} (bar: unturned)")
    steps_axes.invert_yaxis()
    fig.savefig(PICTURES / "21_muon_in_two_dimensions.png", dpi=150)
