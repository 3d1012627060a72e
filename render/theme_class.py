"""What a theme is: the colours and line styles of pictures as data, and the matplotlib settings that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import matplotlib as mpl
from matplotlib.colors import is_color_like, to_rgb
from matplotlib.rcsetup import cycler

from landscapes.errors import InputError, unknown
from landscapes.render.colormaps import colormap
from landscapes.render.fonts import families_for
from landscapes.render.languages.base import ENGLISH, Language, language, language_code
from landscapes.render.locking import DRAWING
from landscapes.render.run_styles import DASHES, MARKERS, OPTIMIZERS, Style, StyleLike, check_style, place_of, restyled
from landscapes.render.words import WORDS, check_words

WHOLE: dict[Any, Any] = {"savefig.bbox": None, "savefig.facecolor": "auto", "savefig.edgecolor": "auto"}
"""Matplotlib settings for all files: a style that crops would change the size, one for white paper the background."""

VECTOR: dict[Any, Any] = WHOLE | {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "landscapes"}
"""Matplotlib settings for vector files: fonts that journals take, text that stays text, the same bytes each time.
They are read when a file is written, not when a figure is made."""

SCALES = 0.5, 4.0
"""Bounds of `text_scale`."""

BOUNDS = {
    "fade": (0, 1),
    "halo_width": (0, 10),
    "light": (0, 1),
    "glow": (0, 1),
    "taper": (0, 0.9),
    "line_scale": (0.2, 5),
}
"""Bounds of the other numbers of a theme."""


@dataclass(frozen=True)
class Theme:
    """The colours and styles of pictures. `theme | {...}` returns a changed copy.

    >>> from landscapes.render.theme import THEMES
    >>> deep = THEMES["light"] | {"fill": "Blues_r", "background": "#fffaf0"}
    >>> deep.fill[0], deep.ramp == THEMES["light"].ramp
    ('#08306b', True)

    Attributes:
        name: the name.
        background, foreground: colour of the page, and of text.
        muted: axes lines, ticks and grid.
        fill: colours of the surface from low to high, or the name of a colormap, such as "viridis".
        light: how strongly sun, sky and shadows shape the surface, from 0 to 1; 0 draws flat bands of colour.
        line: level lines; with alpha, as in "#0b2b4033", the surface shows through.
        outlined: whether a surface is level lines in the colours of `fill`, on the bare background.
        halo: the outline that separates a trail from the fill.
        halo_width: additional width of the outline, in widths of the trail; 0 for none.
        colors: colours of the optimizers (see `OPTIMIZERS`); reused with other markers when they run out. Ours differ
            in lightness as well, for grey copies.
        star, star_edge: the mark on a minimum.
        rim: the edge of a current point.
        glow: the opacity of the glow around current points, from 0 to 1.
        line_scale: the width of trails and curves, relative to the usual one.
        taper: how much thinner the oldest part of a trail is, as a share of its width.
        fade: how far old parts of a trail mix with the middle of the fill, from 0 to 1.
        ramp: colours of a heat map from best to worst, or the name of a colormap.
        distinct: whether optimizers also differ by markers and dashes, and minima by hatchings, for print in grey.
        text_scale: the size of all texts, relative to the usual one; margins follow.
        lang: the language of texts and numbers: "en", "de", "es", "fr", "ja" or "zh"; a locale, such as "de_AT.UTF-8",
            stands for its language.
        words: other texts, by our English ones, see `render.words`; they take precedence over the language's.
        by_label: styles of runs by label: a colour, or a mapping with "color", "marker" and "dashes".
        rc: additional matplotlib settings for whole figures.
    """

    name: str
    background: str
    foreground: str
    muted: str
    fill: tuple[str, ...]
    line: str
    halo: str
    colors: tuple[str, ...]
    star: str = "#ffd23f"
    star_edge: str = "#3a3000"
    rim: str = "#ffffff"
    glow: float = 0.0
    line_scale: float = 1.0
    taper: float = 0.25
    light: float = 0.7
    outlined: bool = False
    fade: float = 0.4
    halo_width: float = 1.05
    ramp: tuple[str, ...] = ("#0b2f6b", "#1f5fa8", "#5b9bcf", "#a5cbe6", "#d9e8f4", "#f6fafd")
    distinct: bool = False
    text_scale: float = 1.0
    lang: str = ENGLISH
    words: Mapping[str, str] = field(default_factory=dict)
    by_label: Mapping[str, StyleLike] = field(default_factory=dict)
    rc: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("fill", "ramp"):
            if isinstance(given := getattr(self, name), str):
                object.__setattr__(self, name, colormap(given))  # the dataclass is frozen
        colors = ("background", "foreground", "muted", "line", "halo", "star", "star_edge", "rim")
        used = [(name, getattr(self, name)) for name in colors]
        used += [(name, color) for name in ("fill", "colors", "ramp") for color in getattr(self, name)]
        for name, color in used:
            if not is_color_like(color):
                raise InputError(f"{name} of theme {self.name!r}: invalid colour {color!r}; use one such as '#1f77b4'")
        for name, (low, high) in BOUNDS.items():
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
                raise InputError(f"theme {self.name!r}: {name} must be from {low:g} to {high:g}, got {given!r}")
        if len(self.fill) < 2 or len(self.ramp) < 2 or not self.colors:
            raise InputError(f"theme {self.name!r} needs at least two colours in fill and in ramp, and one in colors")
        if (
            isinstance(self.text_scale, bool)
            or not isinstance(self.text_scale, int | float)
            or not (SCALES[0] <= self.text_scale <= SCALES[1])
        ):
            raise InputError(f"text_scale must be from {SCALES[0]:g} to {SCALES[1]:g}, got {self.text_scale!r}")
        object.__setattr__(self, "lang", language_code(self.lang))
        check_words(self.words)
        for label, style in self.by_label.items():
            check_style(str(label), style)

    def __or__(self, changes: Mapping[str, Any]) -> Theme:
        known = [item.name for item in fields(self)]
        for name in changes:
            if name not in known:
                raise unknown("theme setting", name, known)
        return replace(self, **changes)

    def say(self, words: str, **values: Any) -> str:
        """Return one of the texts of pictures in the reader's language, with values in its placeholders.

        >>> from landscapes.render.theme import THEMES
        >>> (THEMES["light"] | {"words": {"step {step}": "Schritt {step}"}}).say("step {step}", step=3)
        'Schritt 3'
        >>> (THEMES["light"] | {"lang": "fr"}).say("step {step}", step=3)
        'pas 3'
        """
        text = self.words.get(words, self.language.texts.get(words, words))
        return text.format(**values) if values else text

    def number(self, text: str) -> str:
        """Return numbers as the reader's language writes them.

        >>> from landscapes.render.theme import THEMES
        >>> (THEMES["light"] | {"lang": "de"}).number("0.1")
        '0,1'
        """
        return self.language.number(text)

    @property
    def language(self) -> Language:
        """The language of texts and numbers."""
        return language(self.lang)

    @property
    def families(self) -> list[str]:
        """The font families of texts. Raises `InputError` if no installed font has the letters of the language."""
        usual = self.rc.get("font.family", mpl.rcParams["font.family"])
        if self.lang == ENGLISH and not self.words:
            return [usual] if isinstance(usual, str) else list(usual)
        return families_for(map(self.say, WORDS), usual, self.language.fonts)

    @contextmanager
    def context(self) -> Iterator[None]:
        """Apply the matplotlib settings for figures in this theme; other threads wait (see `DRAWING`)."""
        settings: Any = {
            "figure.constrained_layout.use": False,  # layout engines of a style would move our panels
            "figure.autolayout": False,
            "figure.facecolor": self.background,
            "savefig.facecolor": self.background,
            "axes.facecolor": self.background,
            "axes.edgecolor": self.muted,
            "axes.labelcolor": self.foreground,
            "axes.linewidth": 0.8,
            "axes.prop_cycle": cycler(color=self.colors),
            "text.color": self.foreground,
            "xtick.color": self.muted,
            "ytick.color": self.muted,
            "xtick.labelcolor": self.foreground,
            "ytick.labelcolor": self.foreground,
            "xtick.labelsize": 9 * self.text_scale,
            "ytick.labelsize": 9 * self.text_scale,
            "axes.titlesize": 11 * self.text_scale,
            "axes.labelsize": 10 * self.text_scale,
            "xtick.major.pad": 3.5 * self.text_scale,
            "ytick.major.pad": 3.5 * self.text_scale,
            "font.size": 10 * self.text_scale,
            "legend.fontsize": 9 * self.text_scale,
            "grid.color": self.muted,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
        }
        with DRAWING, mpl.rc_context(settings | VECTOR | dict(self.rc) | {"font.family": self.families}):
            yield

    @property
    def faded(self) -> tuple[float, float, float]:
        """The colour with which old parts of trails mix."""
        return to_rgb(self.background if self.outlined else self.fill[len(self.fill) // 2])


def styles(labels: Sequence[str], theme: Theme) -> list[Style]:
    """Return one style per label: the theme's own, else known optimizers have fixed colours, others take free ones.

    Equal labels have one style: runs of one optimizer from several starts.

    >>> from landscapes.render.theme import THEMES
    >>> [style.marker for style in styles(["Adam", "SGD"], THEMES["light"])]
    ['o', 'o']
    """
    distinct = list(dict.fromkeys(labels))
    places: list[int | None] = []
    for label in distinct:
        place = place_of(label)
        places.append(None if place in places else place)
    free = (place for place in range(len(distinct) + len(OPTIMIZERS)) if place not in places)
    usual = [_style(next(free) if place is None else place, theme) for place in places]
    found = {label: restyled(style, theme.by_label.get(label)) for label, style in zip(distinct, usual, strict=True)}
    return [found[label] for label in labels]


def _style(place: int, theme: Theme) -> Style:
    lap, color = divmod(place, len(theme.colors))
    shape = place if theme.distinct else lap
    return Style(to_rgb(theme.colors[color]), MARKERS[shape % len(MARKERS)], DASHES[shape % len(DASHES)])
