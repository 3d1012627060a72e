"""
The catalogue at a glance
=========================

Every landscape there is, in its usual view, with a star on each known minimum, grouped by the module of
``functions/`` that defines it. Those of one coordinate are curves, those of more than two are seen in the plane
through their minimum and their start.
"""

# %%
# ``landscapes show NAME -o sheet.pdf`` draws one of them on a page of its own, with its formula and its facts.

import io
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from landscapes import functions, portray, render
from landscapes.render.artists.text_fit import shortened

ACROSS, CELL = 17, 1.0  # pictures a row; inches
look = render.THEMES["light"]


def module(item):
    return item.formula.__module__.rpartition(".")[2]


cells = []
for name, members in groupby(sorted(functions.search(), key=module), key=module):
    cells += [name.replace("_", " "), *members]

down = -(-len(cells) // ACROSS)
with look.context():
    fig = Figure(figsize=(ACROSS * CELL, down * 1.14 * CELL), dpi=110)
    for place, item in enumerate(cells):
        row, column = divmod(place, ACROSS)
        ax = fig.add_axes(((column + 0.06) / ACROSS, 1 - (row + 0.96) / down, 0.88 / ACROSS, 0.76 / down))
        ax.set(xticks=[], yticks=[])
        if isinstance(item, str):
            ax.axis("off")
            words = item.replace(" ", "\n")
            ax.text(0.96, 0.5, words, ha="right", va="center", fontsize=9.5, fontweight="bold", linespacing=1.3)
            continue
        portrait = portray(item, points=81)
        surface = portrait.surface
        if portrait.is_line:
            ax.plot(surface.x, surface.values[0], color=look.paths[0], linewidth=1.2)
            ax.margins(x=0, y=0.1)
        else:
            render.contour(surface, ax, theme=look, levels=12)
        ax.set_title(shortened(item.title, 62, 7), fontsize=7, pad=2)

with io.BytesIO() as drawn:
    fig.savefig(drawn)
    picture = Image.open(drawn).convert("RGB").quantize(256)  # half the bytes, and no colour is missed
picture.save(Path(__file__).parent / "pictures" / "catalogue.png", optimize=True)
