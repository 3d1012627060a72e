"""Themes: colours and line styles as data; and colormaps by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import matplotlib as mpl
from matplotlib.colors import is_color_like, to_rgb
from matplotlib.rcsetup import cycler

from landscapes.errors import InputError, unknown
from landscapes.render.colormaps import colormap, oklab_ramp
from landscapes.render.fonts import families_for
from landscapes.render.languages.base import ENGLISH, Language, language, language_code
from landscapes.render.locking import DRAWING
from landscapes.render.words import WORDS, check_words

OPTIMIZERS = (
    "SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "Adadelta", "AdamW", "Lion", "NAdam",
    "AMSGrad", "Adamax", "RAdam", "Rprop", "ASGD",
)  # fmt: skip
"""The optimizers with fixed colours: the index in this list is the index in `Theme.colors`."""

MARKERS = ("o", "s", "^", "D", "v", "p", "<", "h", ">", "d", "8", "H")
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (4, 1.5),
    (1.2, 1.2),
    (6, 1.5, 1.2, 1.5),
    (2.5, 2.2),
    (5, 1.2, 1, 1.2, 1, 1.2),
)

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

StyleLike = Any
"""A colour of matplotlib, or a mapping with "color", "marker" and "dashes"."""


@dataclass(frozen=True)
class Theme:
    """The colours and styles of pictures. `theme | {...}` returns a changed copy.

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
            _check_style(str(label), style)

    def __or__(self, changes: Mapping[str, Any]) -> Theme:
        known = [item.name for item in fields(self)]
        for name in changes:
            if name not in known:
                raise unknown("theme setting", name, known)
        return replace(self, **changes)

    def say(self, words: str, **values: Any) -> str:
        """Return one of the texts of pictures in the reader's language, with values in its placeholders.

        >>> (THEMES["light"] | {"words": {"step {step}": "Schritt {step}"}}).say("step {step}", step=3)
        'Schritt 3'
        >>> (THEMES["light"] | {"lang": "fr"}).say("step {step}", step=3)
        'pas 3'
        """
        text = self.words.get(words, self.language.texts.get(words, words))
        return text.format(**values) if values else text

    def number(self, text: str) -> str:
        """Return numbers as the reader's language writes them.

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


@dataclass(frozen=True)
class Style:
    """The style of a run, the same in every panel and legend."""

    color: tuple[float, float, float]
    marker: str = "o"
    dashes: tuple[float, ...] = ()


def styles(labels: Sequence[str], theme: Theme) -> list[Style]:
    """Return one style per label: the theme's own, else known optimizers have fixed colours, others take free ones.

    Equal labels have one style: runs of one optimizer from several starts.

    >>> [style.marker for style in styles(["Adam", "SGD"], THEMES["light"])]
    ['o', 'o']
    """
    distinct = list(dict.fromkeys(labels))
    places: list[int | None] = []
    for label in distinct:
        place = _place(label)
        places.append(None if place in places else place)
    free = (place for place in range(len(distinct) + len(OPTIMIZERS)) if place not in places)
    usual = [_style(next(free) if place is None else place, theme) for place in places]
    found = {label: _restyled(style, theme.by_label.get(label)) for label, style in zip(distinct, usual, strict=True)}
    return [found[label] for label in labels]


def _restyled(style: Style, wanted: StyleLike | None) -> Style:
    if wanted is None:
        return style
    changes: dict[str, Any] = dict(wanted) if isinstance(wanted, Mapping) else {"color": wanted}
    if "color" in changes:
        changes["color"] = to_rgb(changes["color"])
    if "dashes" in changes:
        changes["dashes"] = tuple(float(dash) for dash in changes["dashes"])
    return replace(style, **changes)


def _check_style(label: str, style: Any) -> None:
    """Raise `InputError` unless a style of a label is a colour, or a mapping with a colour, a marker or dashes."""
    facts = style if isinstance(style, Mapping) else {"color": style}
    for name, value in facts.items():
        if name not in ("color", "marker", "dashes"):
            raise unknown(f"part of the style of {label!r}", str(name), ("color", "marker", "dashes"))
        if name == "color" and not is_color_like(value):
            raise InputError(f"invalid colour of {label!r}: {value!r}; use one such as '#1f77b4'")
        if name == "marker" and value not in MARKERS:
            raise InputError(f"invalid marker of {label!r}: {value!r}; available: {', '.join(MARKERS)}")
        if name == "dashes" and not _is_dashes(value):
            raise InputError(
                f"dashes of {label!r} must be an even number of lengths > 0 in line widths, as in (4, 1.5), or (), "
                f"got {value!r}"
            )


def _is_dashes(value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) % 2:
        return False
    return all(isinstance(dash, int | float) and not isinstance(dash, bool) and 0 < dash < 1000 for dash in value)


def _place(label: str) -> int | None:
    """Return the index of the optimizer whose name begins the label, or None."""
    hits = [name for name in OPTIMIZERS if label == name or label.startswith(name + " ")]
    return OPTIMIZERS.index(max(hits, key=len)) if hits else None


def _style(place: int, theme: Theme) -> Style:
    lap, color = divmod(place, len(theme.colors))
    shape = place if theme.distinct else lap
    return Style(to_rgb(theme.colors[color]), MARKERS[shape % len(MARKERS)], DASHES[shape % len(DASHES)])


VIVID = (
    "#0f00b0", "#a36202", "#026895", "#002c18", "#7e005c", "#a30003", "#7019dd", "#0f0f0f", "#c91574", "#173a64",
    "#2a63f1", "#008239", "#3c5a2d", "#8d55b8", "#5a1e1e",
)  # fmt: skip
"""Colours of optimizers with a contrast of at least 4.5 to white, bright for their lightness."""

BRIGHT = (
    "#31b0ff", "#f1ad33", "#0af6fe", "#caffaa", "#feb6cd", "#f86878", "#f2ea20", "#ffffff", "#af97d8", "#f7966b",
    "#969600", "#00e196", "#a5c3ff", "#c387a5", "#5aa587",
)  # fmt: skip
"""Colours of optimizers with a contrast of at least 4.5 to black."""

WARM = (
    "#31b0ff", "#69d22d", "#0af6fe", "#caffaa", "#feb6cd", "#c378c3", "#ffff00", "#ff6996", "#9669ff", "#699678",
    "#968700", "#a5c378", "#a5c3ff", "#b4a5c3", "#ffffff",
)  # fmt: skip
"""Colours of optimizers as bright as those, and far from red, orange and brown."""

LIGHT = Theme(
    name="light",
    background="#ffffff",
    foreground="#1f2430",
    muted="#8b93a1",
    fill=oklab_ramp((0.3, 0.075, 262), (0.46, 0.1, 250), (0.62, 0.09, 232), (0.78, 0.065, 212), (0.965, 0.022, 175)),
    line="#0b2b4038",
    halo="#ffffff",
    colors=VIVID,
    star_edge="#4a3b00",
    fade=0.15,
    taper=0.15,
)

DARK = Theme(
    name="dark",
    background="#0b0e14",
    foreground="#e6e9ef",
    muted="#667085",
    fill=oklab_ramp(
        (0.24, 0.05, 275), (0.37, 0.085, 262), (0.5, 0.085, 236), (0.63, 0.08, 205), (0.75, 0.08, 172), (0.9, 0.06, 110)
    ),
    line="#ffffff2b",
    halo="#05070c",
    colors=BRIGHT,
    rim="#ffffff",
    light=0.6,
    glow=0.32,
    fade=0.15,
    taper=0.35,
    ramp=("#f3f8ff", "#b5d4f4", "#74a9de", "#3f77ad", "#254a70", "#152638"),
)

EMBER = DARK | {
    "name": "ember",
    "background": "#140d0c",
    "foreground": "#f4e9df",
    "muted": "#8a7468",
    "fill": oklab_ramp(
        (0.23, 0.06, 320), (0.35, 0.12, 350), (0.49, 0.15, 18), (0.63, 0.14, 42), (0.77, 0.11, 66), (0.92, 0.06, 90)
    ),
    "line": "#fff4e02b",
    "colors": WARM,
    "halo": "#0c0605",
    "ramp": ("#fff3e0", "#f7c996", "#e2925c", "#b35a3c", "#74323a", "#351a2b"),
}

PRINT = Theme(
    name="print",
    background="#ffffff",
    foreground="#000000",
    muted="#555555",
    fill=("#dbdbdb", "#e4e4e4", "#ededed", "#f5f5f5", "#fdfdfd"),
    light=0.0,
    line="#c6c6c6",
    halo="#ffffff",
    colors=VIVID,
    star="#ffffff",
    star_edge="#000000",
    taper=0.0,
    fade=0.045,
    ramp=("#1a1a1a", "#4d4d4d", "#808080", "#b3b3b3", "#d9d9d9", "#f7f7f7"),
    distinct=True,
)

SLIDES = LIGHT | {"name": "slides", "text_scale": 1.65, "line_scale": 1.5, "muted": "#5c6473", "foreground": "#0b0f19"}

MINIMAL = LIGHT | {
    "name": "minimal",
    "fill": oklab_ramp((0.4, 0.1, 262), (0.56, 0.1, 238), (0.7, 0.09, 205), (0.84, 0.09, 160)),
    "line": "#aab4c4",
    "outlined": True,
    "line_scale": 1.45,
    "taper": 0.0,
    "fade": 0.0,
}

THEMES: dict[str, Theme] = {item.name: item for item in tuple(globals().values()) if isinstance(item, Theme)}
"""All themes of this module by name."""


def as_theme(
    theme: str | Theme,
    text_scale: float | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
    labels: Iterable[str] = (),
    lang: str | None = None,
) -> Theme:
    """Return a theme by name, or the theme itself, with other text sizes, language, words and styles of labels.

    Raises `InputError` for an unknown name or language, and for colours of labels that are not among `labels`.
    """
    if not isinstance(theme, str | Theme):
        raise InputError(f"theme must be a name or a Theme, got {theme!r}")
    if theme == "auto":
        raise InputError("theme 'auto' is for render.save to .svg and .html; a figure has one theme: 'light' or 'dark'")
    if isinstance(theme, str) and theme not in THEMES:
        raise unknown("theme", theme, THEMES)
    look = THEMES[theme] if isinstance(theme, str) else theme
    changes: dict[str, Any] = {"text_scale": text_scale, "lang": lang}
    for name, given in (("words", words), ("colors", colors)):
        if given is not None and not isinstance(given, Mapping):
            raise InputError(f"{name} must be a mapping, got {given!r:.80}")
    if words is not None:
        changes["words"] = {**look.words, **words}
    if colors is not None:
        known = [str(label) for label in labels]
        for label in colors:
            if label not in known:
                raise unknown("label in colors", str(label), known)
        changes["by_label"] = {**look.by_label, **colors}
    return look | {name: value for name, value in changes.items() if value is not None}
