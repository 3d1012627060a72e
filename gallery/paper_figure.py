"""
A figure for a paper
====================

Two panels, as wide as a column: the paths on Rosenbrock's valley and how the gap to the minimum closes.
Everything is drawn on axes of your own, so fonts, sizes and arrangement stay yours.
"""

# %%
# The print theme tells optimizers apart by markers and dashes as well, so it survives a grey copy.

from pathlib import Path

from matplotlib import pyplot as plt

from landscapes import race, render

pictures = Path(__file__).parent / "pictures"
record = race("rosenbrock", ["momentum", "rmsprop", "adam"])

with plt.rc_context({"font.size": 7, "axes.linewidth": 0.6, "pdf.fonttype": 42}):
    fig, (left, right) = plt.subplots(1, 2, figsize=(3.4, 1.9), layout="constrained")
    render.contour(record, left, theme="print")
    render.paths(record, left, theme="print")
    render.losses(record, right, theme="print")
    left.set(xlabel="$x$", ylabel="$y$")
    right.set(xlabel="step", ylabel="$f - f^*$")
    fig.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    fig.savefig(pictures / "paper_figure.pdf", dpi=300)
    fig.savefig(pictures / "paper_figure.png", dpi=300)
    plt.close(fig)
