"""
The catalogue at a glance
=========================

Every function of the catalogue in its default view, grouped by the module of ``functions/`` that defines it. A
star marks each known minimum. Functions of one coordinate are curves. Functions of more than two coordinates
are shown in the plane through their minimum and their start.
"""

# %%
# ``landscapes show NAME -o sheet.pdf`` draws the fact sheet of one function: plots, formula and facts.

import io
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from landscapes import functions, render, summarize
from landscapes.render.artists.text_fit import Ruler

PICTURES = Path(__file__).parent / "pictures"
COLUMNS, CELL = 17, 1.0  # plots per row; width of a cell in inches
theme = render.THEMES["light"]


def module(function):
    return function.formula.__module__.rpartition(".")[2]


# %%
# The cells of the figure: the name of each module, followed by its functions.

cells = []
for name, members in groupby(sorted(functions.search(), key=module), key=module):
    cells += [name.replace("_", " "), *members]

rows = -(-len(cells) // COLUMNS)

with theme.context():
    fig = Figure(figsize=(COLUMNS * CELL, rows * 1.14 * CELL), dpi=110)
    ruler = Ruler(fig.dpi)
    for index, cell in enumerate(cells):
        row, column = divmod(index, COLUMNS)
        left, bottom = (column + 0.06) / COLUMNS, 1 - (row + 0.96) / rows
        ax = fig.add_axes((left, bottom, 0.88 / COLUMNS, 0.76 / rows))
        ax.set(xticks=[], yticks=[])
        if isinstance(cell, str):
            ax.axis("off")
            heading = cell.replace(" ", "\n")
            ax.text(0.96, 0.5, heading, ha="right", va="center", fontsize=9.5, fontweight="bold", linespacing=1.3)
            continue
        summary = summarize(cell, points=81)
        surface = summary.surface
        if summary.is_line:
            ax.plot(surface.x, surface.values[0], color=theme.colors[0], linewidth=1.2)
            ax.margins(x=0, y=0.1)
        else:
            render.contour(surface, ax, theme=theme, levels=12)
        ax.set_title(ruler.shorten(cell.title, 62, 7, tail=0.4), fontsize=7, pad=2)

# %%
# A palette of 256 colours halves the size of the file without a visible difference.

with io.BytesIO() as png:
    fig.savefig(png)
    picture = Image.open(png).convert("RGB").quantize(256)
picture.save(PICTURES / "catalogue.png", optimize=True)
