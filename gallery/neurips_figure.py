"""
NeurIPS in five lines
=====================

Two panels as wide as a NeurIPS page: the paths on Beale's function, and how soon the gap to its minimum closes.
"""

# %%
# What the conference asks for: 5.5 inches, serif letters of the caption's size and smaller, fonts that are no Type 3.
# With tueplots it is ``neurips = bundles.neurips2024(usetex=False, ncols=2) | {"pdf.fonttype": 42}``; a style of
# SciencePlots works as well, by ``with plt.style.context(["science", "no-latex"])``.

from pathlib import Path

from matplotlib import pyplot as plt

from landscapes import race, render

pictures = Path(__file__).parent / "pictures"
neurips = {"figure.figsize": (5.5, 1.9), "font.family": "serif", "font.serif": ["Times New Roman", "STIXGeneral"],
           "mathtext.fontset": "stix", "font.size": 8, "axes.labelsize": 8, "legend.fontsize": 7, "xtick.labelsize": 6,
           "ytick.labelsize": 6, "axes.linewidth": 0.5, "pdf.fonttype": 42}  # fmt: skip
record = race("beale", ["sgd", "momentum", "rmsprop", "adam"])

# %%
# And the five lines: the map, the paths on it, the losses beside it, and who is who.

with plt.rc_context(neurips):
    fig, (left, right) = plt.subplots(1, 2, layout="constrained")
    render.contour(record, left, theme="print")
    render.paths(record, left, theme="print")
    render.losses(record, right, theme="print").set(xlabel="step", ylabel="$f - f^*$")
    fig.legend(*right.get_legend_handles_labels(), loc="outside right center", frameon=False)

    fig.savefig(pictures / "neurips_figure.pdf", dpi=300)
    fig.savefig(pictures / "neurips_figure.png", dpi=200)
    plt.close(fig)

# %%
# The sentence for the caption, and the standings as a table for booktabs.

print(render.caption(record))
print(render.table(record, "latex"))
