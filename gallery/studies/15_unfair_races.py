"""
Unfair races
============

**Claim.** "Adam converges 5–10 times faster than SGD."

All landscapes of the catalogue that are smooth, with a known minimum and nothing lower outside their domain (kinks, steps and falls without
end are left out); 24 starts, 500 steps, 34 learning rates from 1e-8 to 1000. All meet at one rate; then each at its best on a function, chosen
on the other half of the starts. Counted are the expected steps to 0.001 of the first gap, failed runs being repeated; brackets: 95 %, bootstrap.

**Sources.** Choi et al., *On empirical comparisons of optimizers for deep learning* (2019); Dolan & Moré, *Mathematical Programming* 91 (2002).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import Range, analysis, compare, functions, render

STARTS, EVERY, RATES, STEPS = (int(sys.argv[1]), 45, 12, 150) if len(sys.argv) > 1 else (24, 1, 34, 500)
known = [f for f in functions.search("smooth") if np.isfinite(f.minimum) and f.outside == "higher"][::EVERY]
lr = Range(1e-8, 1e3).spaced(RATES)
found = compare(known, ["sgd", "momentum", "adam"], lr=lr, starts=STARTS, steps=STEPS, targets=[1e-1, 1e-3, 1e-6])
races = {f"{rate:g} for all": (1e-3, analysis.choosing.only(found, "lr", rate)) for rate in (1e-3, 1e-2, 1e-1)}
races |= {f"own best, to {to:g}": (to, analysis.choosing.at_best_rate(found, to)) for to in (1e-1, 1e-3, 1e-6)}
rows, ratios = [], {}
for name, (to, part) in races.items():
    costs = analysis.standings.costs(part, "steps")
    rows.append([name, *(f"{100 * share:.0f} %" for share in np.isfinite(costs.at(to)).mean(0))])
    for rival in (1, 0):
        steps = costs.running_times(to)[:, [rival, 2]]
        ratios[name] = np.clip(np.divide(*steps[np.isfinite(steps).any(1)].T), 0.01, 100)
        mid, low, high = analysis.profiles.bootstrap(ratios[name][:, None], lambda drawn: np.median(drawn, -2))
        rows[-1].append(f"{mid[0]:.2g} [{low[0]:.2g}, {high[0]:.2g}]".replace("1e+02", "100"))
header = ["learning rate", "SGD", "Momentum", "Adam", "Momentum / Adam", "SGD / Adam"]
print(analysis.tables.Table("Runs that arrive; median ratios of steps, 0.01 to 100.", header, rows).markdown(), "\n")
names, middle = list(races), [np.median(ratio) for ratio in ratios.values()]
best, ratio, one = races[names[4]][1], ratios[names[4]], (found.grid("steps_to")[..., 1] >= 0).mean((0, 3, 4))
print(
    f"does not hold: each at its best rate, SGD takes {rows[4][-1]} times Adam's steps, momentum {rows[4][-2]}; Adam is 5 times as fast or more on "
    f"{100 * (ratio >= 5).mean():.0f} % of functions, slower on {100 * (ratio < 1).mean():.0f} %. At one rate for both the ratio is anything: "
    f"{middle[0]:.2g} at 0.001, {middle[1]:.2g} at 0.01, {middle[2]:.0f} or more at 0.1. What Adam spares is tuning: with {lr[one[2].argmax()]:.1g} "
    f"everywhere {100 * one[2].max():.0f} % of its runs arrive, of SGD's at most {100 * one[0].max():.0f} %"
)
assert all((10 * middle[0] < middle[2], middle[4] < 5, one[2].max() > 1.2 * one[0].max()))
with (look := render.THEMES["light"]).context():
    left, right = (fig := Figure(figsize=(11, 4.6), layout="constrained")).subplots(1, 2)
    render.profile(best, left, target=1e-3).legend(loc="lower right", frameon=False)
    left.set(title=f"Own best rates: {len(known)} functions, {STARTS} starts", xlabel="times the steps of the fastest")
    right.axvspan(5, 10, color="0.88", label="the claim")
    for name, dashes in zip([*names[:3], names[4]], (":", "--", "-.", "-"), strict=True):
        share, color = np.linspace(1, 0, len(ratios[name]), endpoint=False), look.paths[5] if dashes == "-" else "0.35"
        right.step(np.sort(ratios[name]), share, dashes, color=color, linewidth=2, label=name)
    right.set(xscale="log", xlim=(0.011, 90), ylim=(0, 1.04), title="Adam is at least so many times as fast as SGD")
    right.set_xticks([0.02, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50], ["1/50", "1/10", "1/5", "1/2", "1", "2", "5", "10", "50"])
    right.set(xlabel="SGD's steps / Adam's", ylabel="share of functions")
    right.legend(title="learning rate", frameon=False, loc="lower left")
    fig.savefig(Path(__file__).parent / "pictures" / "15_unfair_races.png", dpi=100)
