"""What a picture says of a plane through the weights of a network: its directions, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from landscapes.record import Record
from landscapes.render.figures.layout import Sheet
from landscapes.render.plot3d.tick_labels import MINUS
from landscapes.render.theme import Theme

SIZE = 8.0
"""Font size of the note in points."""

TRUST = "{share} % of the movement in this plane; path at most {distance} off it, losses at most {error} off"


INDENT = 42.0
"""The largest distance of the note from the left border in points."""


@dataclass(frozen=True)
class PlaneNote:
    """A note of some lines below a picture.

    Attributes:
        lines: the lines; none for other records.
        size: the font size in points.
    """

    lines: tuple[str, ...]
    size: float

    @classmethod
    def of(cls, sheet: Sheet, record: Record) -> PlaneNote:
        """Return the note of a record: the figures of a path in a plane, or the angle of random directions."""
        facts = record.meta.plane or {}
        size = SIZE * sheet.scale
        look = sheet.look
        if "plane_error" in facts:
            values = {
                "share": f"{100 * facts['explained']:.0f}",
                "distance": f"{facts['off_plane']:.3g}",
                "error": f"{facts.get('ribbon_error', facts['plane_error']):.3g}",
            }
            text = look.say(TRUST, **{name: look.number(value) for name, value in values.items()})
        elif facts.get("cosine") is not None and "weights" in facts:
            cosine = f"{facts['cosine']:z.2f}".replace("-", MINUS)
            text = look.say("cosine of the directions: {cosine}", cosine=look.number(cosine))
        else:
            return cls((), size)
        return cls(tuple(sheet.ruler.wrap(text, sheet.wide - INDENT - 8, size, 2)), size)

    @property
    def height(self) -> float:
        """The height of all lines in points."""
        return 1.35 * self.size * len(self.lines)

    def write(self, sheet: Sheet, x: float) -> None:
        """Write the note at the foot of a figure, from a place on, or further left."""
        for place, line in enumerate(reversed(self.lines)):
            sheet.write(min(x, INDENT), 5 + 1.35 * self.size * place, line, self.size, alpha=0.75, parse_math=False)


def label_plane(ax: Axes, record: Record, look: Theme) -> None:
    """Label the axes of a plane through the weights of a network with its directions."""
    along = (record.meta.plane or {}).get("along")
    if not isinstance(along, list) or not all(isinstance(name, str) for name in along):
        return
    for name, axis in zip(along, (ax.xaxis, ax.yaxis), strict=False):
        word, _, number = name.rpartition(" ")
        text = look.say(f"{word} {{number}}", number=number) if word and number.isdecimal() else look.say(name)
        axis.set_label_text(text, fontsize=9 * look.text_scale, parse_math=False)
