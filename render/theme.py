"""The themes, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from landscapes.errors import InputError, unknown, warn
from landscapes.render.colormaps import oklab_ramp
from landscapes.render.fonts import families_for
from landscapes.render.run_styles import DASHES, MARKERS, OPTIMIZERS, Style, StyleLike
from landscapes.render.theme_class import VECTOR, WHOLE, Theme, styles

__all__ = [
    "DASHES", "MARKERS", "OPTIMIZERS", "THEMES", "VECTOR", "WHOLE", "Style", "StyleLike", "Theme", "as_theme", "styles",
]  # fmt: skip

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


def with_letters(look: Theme, texts: Iterable[str]) -> Theme:
    """Return a theme whose fonts have the letters of a user's texts: one that has them is the last resort.

    Warns if no installed font has them; they are drawn as boxes then.
    """
    usual = look.families
    try:
        found, *_ = families = families_for(texts, usual, look.language.fonts)
    except InputError as error:
        warn(f"{error}. They are drawn as boxes")
        return look
    return look if families == usual else look | {"rc": {**look.rc, "font.family": [*usual, found]}}
