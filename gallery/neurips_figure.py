"""
A NeurIPS figure in five lines
==============================

A figure of two panels, one NeurIPS page wide: the trajectories on Beale's function, and the gap to its minimum.
"""

# %%
# NeurIPS requires a width of 5.5 inches, serif fonts no larger than the caption's, and no Type 3 fonts.
# tueplots provides these settings as ``bundles.neurips2024(usetex=False, ncols=2) | {"pdf.fonttype": 42}``.
# SciencePlots works as well, with ``plt.style.context(["science", "no-latex"])``.

from pathlib import Path

from matplotlib import pyplot as plt

from landscapes import race, render

PICTURES = Path(__file__).parent / "pictures"
NEURIPS = {
    "figure.figsize": (5.5, 1.9),
    "font.family": "serif",
    "font.serif": ["Times New Roman", "STIXGeneral"],
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "axes.linewidth": 0.5,
    "pdf.fonttype": 42,
}
record = race("beale", ["sgd", "momentum", "rmsprop", "adam"])

# %%
# The five lines: the axes, the contour plot, the trajectories on it, the loss curves, and the legend.

with plt.rc_context(NEURIPS):
    fig, (left, right) = plt.subplots(1, 2, layout="constrained")
    render.contour(record, left, theme="print")
    render.trajectories(record, left, theme="print")
    render.loss_curves(record, right, theme="print").set(xlabel="step", ylabel="$f - f^*$")
    fig.legend(*right.get_legend_handles_labels(), loc="outside right center", frameon=False)

    fig.savefig(PICTURES / "neurips_figure.pdf", dpi=300)
    fig.savefig(PICTURES / "neurips_figure.png", dpi=200)
    plt.close(fig)

# %%
# A sentence for the caption, and the results as a booktabs table.

print(render.caption(record))
print(render.table(record, "latex"))
