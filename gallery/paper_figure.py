"""
A figure for a paper
====================

A figure of two panels, one column wide: the trajectories on Rosenbrock's function, and the gap to its minimum.
The plots use your own axes, so you choose fonts, sizes and layout.
"""

# %%
# The print theme also distinguishes optimizers by markers and dashes, so the figure stays legible in greyscale. Calm
# learning rates are easier to follow by eye than the fastest ones.

from pathlib import Path

from matplotlib import pyplot as plt

from landscapes import race, render

PICTURES = Path(__file__).parent / "pictures"

record = race("rosenbrock", ["momentum", "rmsprop", "adam"], calm=True)

with plt.rc_context({"font.size": 7, "axes.linewidth": 0.6, "pdf.fonttype": 42}):
    fig, (left, right) = plt.subplots(1, 2, figsize=(3.4, 1.9), layout="constrained")
    render.contour(record, left, theme="print")
    render.trajectories(record, left, theme="print")
    render.loss_curves(record, right, theme="print")
    left.set(xlabel="$x$", ylabel="$y$")
    right.set(xlabel="step", ylabel="$f - f^*$")
    fig.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    fig.savefig(PICTURES / "paper_figure.pdf", dpi=300)
    fig.savefig(PICTURES / "paper_figure.png", dpi=300)
    plt.close(fig)
