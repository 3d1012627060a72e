"""
Every picture, in every theme
=============================

Each axes-level function of ``landscapes.render`` draws on axes of your own and touches nothing else. Here they are, side by
side, in the three themes.
"""

# %%
# A race, and jobs of very many runs, small enough to wait for.

from pathlib import Path

from matplotlib.figure import Figure

from landscapes import Range, basins, compare, portray, race, render, sweep

names = ["sgd", "momentum", "adam"]
run = race("beale", names, observe=["gradient_norm", "momentum", "second_moment"])
line = race("forrester", ["sgd", "adam"])
crowd = sweep(
    "himmelblau", {"SGD": "sgd(lr=0.005)", "Adam": "adam(lr=0.1)"}, starts=200, spread="view", steps=60, keep=1
)
rates = sweep("beale", names, lr=Range(1e-4, 2.0).spaced(24), starts=8)
grid = sweep("beale", "adam", lr=Range(1e-3, 5.0).spaced(24), beta1=Range(0.0, 0.99, "linear").spaced(24))
found = basins("himmelblau", "adam(lr=0.1)", resolution=96, steps=200)
standings = compare(["beale", "booth", "rosenbrock", "himmelblau"], names, starts=4, steps=200)
map_ = portray("beale", points=129).surface

pictures = {
    "contour, paths": lambda ax, look: render.paths(run, render.contour(run, ax, theme=look), theme=look),
    "states": lambda ax, look: render.states(
        run, render.paths(run, render.contour(run, ax, theme=look), theme=look, step=30), theme=look, step=30
    ),
    "downhill": lambda ax, look: render.downhill(map_, render.contour(map_, ax, theme=look, lines=False), theme=look),
    "swarm": lambda ax, look: render.swarm(crowd, render.contour(crowd, ax, theme=look), theme=look, step=8),
    "slide": lambda ax, look: render.slide(line, ax, theme=look),
    "losses": lambda ax, look: render.losses(run, ax, theme=look),
    "trace: gradient norm": lambda ax, look: render.trace(run, "gradient_norm", ax=ax, theme=look),
    "bands": lambda ax, look: render.bands(crowd, ax, theme=look),
    "response": lambda ax, look: render.response(rates, ax, theme=look),
    "heatmap": lambda ax, look: render.heatmap(grid, ax, theme=look),
    "basins": lambda ax, look: render.basins(found, ax, theme=look),
    "profile": lambda ax, look: render.profile(standings, ax, theme=look),
}

# %%
# One page a theme: a theme is a matplotlib context, and every function takes it by name or as a ``Theme``.

for theme, look in render.THEMES.items():
    with look.context():
        fig = Figure(figsize=(12.8, 8.6), dpi=75, layout="constrained")
        for ax, (name, draw) in zip(fig.subplots(3, 4).ravel(), pictures.items(), strict=True):
            draw(ax, look)
            ax.set_title(name, loc="left", fontsize=10)
        fig.savefig(Path(__file__).parent / "pictures" / f"every-picture-{theme}.png")
