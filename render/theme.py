"""Themes: colours and line styles as data; and colormaps by name."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import is_color_like, to_hex, to_rgb
from matplotlib.rcsetup import cycler

from landscapes.errors import InputError, unknown
from landscapes.silence import ignored_warnings

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

WHOLE: dict[Any, Any] = {"savefig.bbox": None}
"""Matplotlib settings for all files; a style that crops margins would change the size."""

VECTOR: dict[Any, Any] = WHOLE | {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "landscapes"}
"""Matplotlib settings for vector files: fonts that journals take, text that stays text, the same bytes each time.
They are read when a file is written, not when a figure is made."""


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
        line: level lines.
        halo: the outline that separates a trail from the fill.
        halo_width: additional width of the outline, in widths of the trail; 0 for none.
        colors: colours of the optimizers (see `OPTIMIZERS`); reused with other markers when they run out. Ours differ
            in lightness as well, for grey copies.
        star, star_edge: the mark on a minimum.
        rim: the edge of a current point.
        fade: how far old parts of a trail mix with the middle of the fill, from 0 to 1.
        ramp: colours of a heat map from best to worst, or the name of a colormap.
        distinct: whether optimizers also differ by markers and dashes, and minima by hatchings, for print in grey.
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
    fade: float = 0.4
    halo_width: float = 1.05
    ramp: tuple[str, ...] = ("#0b2f6b", "#1f5fa8", "#5b9bcf", "#a5cbe6", "#d9e8f4", "#f6fafd")
    distinct: bool = False
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
        if not 0 <= self.fade <= 1 or not 0 <= self.halo_width <= 10:
            raise InputError(
                f"theme {self.name!r}: fade must be in [0, 1] and halo_width in [0, 10], "
                f"got {self.fade!r} and {self.halo_width!r}"
            )
        if len(self.fill) < 2 or len(self.ramp) < 2 or not self.colors:
            raise InputError(f"theme {self.name!r} needs at least two colours in fill and in ramp, and one in colors")

    def __or__(self, changes: Mapping[str, Any]) -> Theme:
        known = [item.name for item in fields(self)]
        for name in changes:
            if name not in known:
                raise unknown("theme setting", name, known)
        return replace(self, **changes)

    def context(self) -> AbstractContextManager[None]:
        """Return a context with the matplotlib settings for figures in this theme."""
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
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "grid.color": self.muted,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
        }
        return mpl.rc_context(settings | VECTOR | dict(self.rc))

    @property
    def faded(self) -> tuple[float, float, float]:
        """The colour with which old parts of trails mix."""
        return to_rgb(self.fill[len(self.fill) // 2])


@dataclass(frozen=True)
class Style:
    """The style of a run, the same in every panel and legend."""

    color: tuple[float, float, float]
    marker: str = "o"
    dashes: tuple[float, ...] = ()


def styles(labels: Sequence[str], theme: Theme) -> list[Style]:
    """Return one style per label: known optimizers have fixed colours, others take free ones.

    >>> [style.marker for style in styles(["Adam", "SGD"], THEMES["light"])]
    ['o', 'o']
    """
    places: list[int | None] = []
    for label in labels:
        place = _place(label)
        places.append(None if place in places else place)
    free = (place for place in range(len(labels) + len(OPTIMIZERS)) if place not in places)
    return [_style(next(free) if place is None else place, theme) for place in places]


def _place(label: str) -> int | None:
    """Return the index of the optimizer whose name begins the label, or None."""
    hits = [name for name in OPTIMIZERS if label == name or label.startswith(name + " ")]
    return OPTIMIZERS.index(max(hits, key=len)) if hits else None


def _style(place: int, theme: Theme) -> Style:
    lap, color = divmod(place, len(theme.colors))
    shape = place if theme.distinct else lap
    return Style(to_rgb(theme.colors[color]), MARKERS[shape % len(MARKERS)], DASHES[shape % len(DASHES)])


LIGHT = Theme(
    name="light",
    background="#ffffff",
    foreground="#1f2430",
    muted="#8b93a1",
    fill=("#c7deef", "#d3e4f2", "#e0ecf6", "#edf4fa", "#fbfdfe"),
    line="#b4cde1",
    halo="#ffffff",
    colors=(
        "#191bc1",
        "#ae6d00",
        "#0b7783",
        "#043913",
        "#8e047f",
        "#b51724",
        "#460067",
        "#111111",
        "#c8436a",
        "#28714c",
    ),
    star_edge="#4a3b00",
    rim="#ffffff",
    fade=0.22,
)

DARK = Theme(
    name="dark",
    background="#0e1117",
    foreground="#e6e9ef",
    muted="#5f6878",
    fill=("#091320", "#101f31", "#182c43", "#223b56", "#2c4c6a"),
    line="#4a6480",
    halo="#0a0d12",
    colors=(
        "#31b0ff",
        "#f1ad33",
        "#0af6fe",
        "#caffaa",
        "#feb6cd",
        "#ff662d",
        "#f2ea20",
        "#ffffff",
        "#af97d8",
        "#f7966b",
    ),
    rim="#0a0d12",
    fade=0.4,
    ramp=("#f3f8ff", "#b5d4f4", "#74a9de", "#3f77ad", "#254a70", "#152638"),
)

PRINT = Theme(
    name="print",
    background="#ffffff",
    foreground="#000000",
    muted="#555555",
    fill=("#dbdbdb", "#e4e4e4", "#ededed", "#f5f5f5", "#fdfdfd"),
    line="#c6c6c6",
    halo="#ffffff",
    colors=LIGHT.colors,
    star="#ffffff",
    star_edge="#000000",
    rim="#ffffff",
    fade=0.22,
    ramp=("#1a1a1a", "#4d4d4d", "#808080", "#b3b3b3", "#d9d9d9", "#f7f7f7"),
    distinct=True,
)

THEMES: dict[str, Theme] = {item.name: item for item in tuple(globals().values()) if isinstance(item, Theme)}
"""All themes of this module by name."""


def as_theme(theme: str | Theme) -> Theme:
    """Return a theme by name, or the theme itself. Raise `InputError` for an unknown name."""
    if isinstance(theme, Theme):
        return theme
    if not isinstance(theme, str):
        raise InputError(f"theme must be a name or a Theme, got {theme!r}")
    if theme not in THEMES:
        raise unknown("theme", theme, THEMES)
    return THEMES[theme]


PACKAGES = {"cmc": ("cmcrameri", "cmcrameri.cm"), "cmr": ("cmasher", "cmasher"), "cmo": ("cmocean", "cmocean.cm")}
"""Packages by prefix of their colormaps' names: what to install, and the module that registers them."""

USUAL = ("viridis", "cividis", "Blues", "Greys")
"""Suggestions if no name is similar."""

SAMPLES = 52
"""The number of colours of a colormap that a theme keeps."""


def colormap(name: str) -> tuple[str, ...]:
    """Return the colours of a colormap from its lower to its upper end; append "_r" to reverse it.

    Args:
        name: one of matplotlib's, such as "viridis", or of a package that is installed: "cmc.batlow" of cmcrameri
            (Crameri, 2018), "cmr.rainforest" of cmasher (van der Velden, 2020), "cmo.deep" of cmocean (Thyng et al.,
            2016).

    Raises:
        InputError: for an unknown name, and where its package is not installed.

    >>> colormap("gray")[0], colormap("gray")[-1], len(colormap("gray_r"))
    ('#000000', '#ffffff', 52)
    """
    begin, dot, _ = name.partition(".")
    if name not in mpl.colormaps and dot and begin in PACKAGES:
        package, module = PACKAGES[begin]
        try:
            with ignored_warnings():  # their warnings about creating colormaps
                importlib.import_module(module)
        except ImportError as error:
            raise InputError(f"colormap {name!r} needs the package {package}: pip install {package}") from error
    if name not in mpl.colormaps:
        near = difflib.get_close_matches(name, mpl.colormaps) or USUAL
        raise InputError(f"unknown colormap {name!r}; there are {', '.join(near)} and others, see matplotlib.colormaps")
    return tuple(to_hex(color) for color in mpl.colormaps[name](np.linspace(0, 1, SAMPLES)))
