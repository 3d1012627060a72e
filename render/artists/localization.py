"""Axes in the reader's language: numbers at ticks, and fonts that have the letters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, Formatter, NullFormatter

from landscapes.render.languages.base import ENGLISH, Language
from landscapes.render.theme import Theme


class LocalFormatter(Formatter):
    """The labels of another formatter, with numbers as a language writes them."""

    def __init__(self, formatter: Formatter, language: Language) -> None:
        self.formatter = formatter
        self.language = language

    def set_axis(self, axis: Any) -> None:
        super().set_axis(axis)
        self.formatter.set_axis(axis)

    def set_locs(self, locs: Any) -> None:
        super().set_locs(locs)
        self.formatter.set_locs(locs)

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.language.number(self.formatter(x, pos))

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        return [self.language.number(label) for label in self.formatter.format_ticks(list(values))]

    def format_data(self, value: float) -> str:
        return self.language.number(self.formatter.format_data(value))

    def format_data_short(self, value: float) -> str:
        return self.language.number(self.formatter.format_data_short(value))

    def get_offset(self) -> str:
        return self.language.number(self.formatter.get_offset())


def localize(ax: Axes, look: Theme) -> None:
    """Write the numbers at the ticks of axes, and the letters of their texts, as the language of a theme needs it.

    Labels of ticks that were given one by one are not changed. Axes in English stay as they are.
    """
    if look.lang == ENGLISH and not look.words:
        return
    if look.language.decimal != ".":
        for axis in ax._axis_map.values():
            _localize_axis(axis, look.language)
    if (families := look.families) != list(mpl.rcParams["font.family"]):
        for text in ax.findobj(Text):
            if isinstance(text, Text) and text.get_fontfamily() == list(mpl.rcParams["font.family"]):
                text.set_fontfamily(families)


def _localize_axis(axis: Axis, language: Language) -> None:
    """Wrap the formatters of ticks whose places matplotlib chooses."""
    for locator, formatter, change in (
        (axis.get_major_locator(), axis.get_major_formatter(), axis.set_major_formatter),
        (axis.get_minor_locator(), axis.get_minor_formatter(), axis.set_minor_formatter),
    ):
        if not isinstance(locator, FixedLocator) and not isinstance(formatter, NullFormatter | LocalFormatter):
            change(LocalFormatter(formatter, language))
