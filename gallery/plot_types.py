"""
Every type of plot, in four themes
==================================

Each axes-level function of ``landscapes.render`` draws on the given axes and changes nothing else. This figure
shows them in four themes.
"""

# %%
# One race, and experiments with many runs, at sizes that take seconds.

from pathlib import Path

from matplotlib.figure import Figure

from landscapes import Range, basins, compare, race, render, summarize, sweep

PICTURES = Path(__file__).parent / "pictures"
OPTIMIZERS = ["sgd", "momentum", "adam"]
PROBLEMS = [
    "beale", "booth", "rosenbrock", "himmelblau", "matyas", "six_hump_camel", "three_hump_camel", "styblinski_tang",
    "goldstein_price", "mccormick", "branin", "sphere", "bohachevsky", "ackley", "rastrigin", "levy",
]  # fmt: skip

run = race("beale", OPTIMIZERS, metrics=["gradient_norm", "momentum", "second_moment"])
line = race("forrester", ["sgd", "adam"])
many = {"SGD": "sgd(lr=0.005)", "Adam": "adam(lr=0.1)"}
ensemble = sweep("himmelblau", many, starts=200, spread="view", steps=60, record_steps=1)
rates = sweep("beale", OPTIMIZERS, lr=Range(1e-4, 2.0, n=24), starts=8)
grid = sweep("beale", "adam", lr=Range(1e-3, 5.0, n=24), beta1=Range(0.0, 0.99, "linear", n=24))
found = basins("himmelblau", "adam(lr=0.1)", resolution=96, steps=200)
comparison = compare(PROBLEMS, OPTIMIZERS, starts=4, steps=200)
surface = summarize("beale", points=129).surface

# %%
# Each plot is a function of the axes and the theme.


def draw_trajectories(ax, theme):
    render.contour(run, ax, theme=theme)
    render.trajectories(run, ax, theme=theme)


def draw_optimizer_state(ax, theme):
    render.contour(run, ax, theme=theme)
    render.trajectories(run, ax, theme=theme, step=30)
    render.optimizer_state(run, ax, theme=theme, step=30)


def draw_gradient_field(ax, theme):
    render.contour(surface, ax, theme=theme, lines=False)
    render.gradient_field(surface, ax, theme=theme)


def draw_ensemble(ax, theme):
    render.contour(ensemble, ax, theme=theme)
    render.ensemble(ensemble, ax, theme=theme, step=8)


PLOTS = {
    "contour, trajectories": draw_trajectories,
    "optimizer_state": draw_optimizer_state,
    "gradient_field": draw_gradient_field,
    "ensemble": draw_ensemble,
    "trajectories, d = 1": lambda ax, theme: render.trajectories(line, ax, theme=theme),
    "loss_curves": lambda ax, theme: render.loss_curves(run, ax, theme=theme),
    "history of a metric": lambda ax, theme: render.history(run, "gradient_norm", ax=ax, theme=theme),
    "loss_quantiles": lambda ax, theme: render.loss_quantiles(ensemble, ax, theme=theme),
    "sensitivity": lambda ax, theme: render.sensitivity(rates, ax, theme=theme),
    "heatmap": lambda ax, theme: render.heatmap(grid, ax, theme=theme),
    "basins": lambda ax, theme: render.basins(found, ax, theme=theme),
    "performance_profile": lambda ax, theme: render.performance_profile(comparison, ax, theme=theme),
}

# %%
# One figure per theme. A theme is a matplotlib context, and every function takes it by name or as a ``Theme``.

for name in ("light", "dark", "ember", "print"):
    theme = render.THEMES[name]
    with theme.context():
        fig = Figure(figsize=(12.8, 8.6), dpi=75, layout="constrained")
        axes = fig.subplots(3, 4).ravel()
        for ax, (title, draw) in zip(axes, PLOTS.items(), strict=True):
            draw(ax, theme)
            ax.set_title(title, loc="left", fontsize=10)
        fig.savefig(PICTURES / f"plot-types-{name}.png")
