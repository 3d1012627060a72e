"""Fonts for languages whose letters matplotlib's own fonts lack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from matplotlib import font_manager

from landscapes.errors import InputError
from landscapes.render.locking import drawing

PLACEHOLDERS = ("Last Resort",)
"""Fonts with a box for each letter."""

LATIN = 0x24F
"""The last letter of Latin scripts, which all fonts in use have."""


@drawing
def families_for(texts: Iterable[str], usual: str | Sequence[str], preferred: Sequence[str] = ()) -> list[str]:
    """Return the font families for texts: the usual ones, after one that has the letters that they lack.

    That one comes first, because formulas of matplotlib take the letters around them from the first family alone.

    Args:
        texts: what will be drawn.
        usual: the families in use.
        preferred: families to try before all others that matplotlib knows.

    Raises:
        InputError: if no font has the letters.
    """
    families = [usual] if isinstance(usual, str) else list(usual)
    letters = frozenset(letter for text in texts for letter in text if ord(letter) > LATIN and letter.isalpha())
    if not letters or letters <= (own := _letters_of(families)):
        return families
    found = _family(tuple(preferred), letters, len(font_manager.fontManager.ttflist))
    if found is None:
        _add_new_fonts()
        found = _family(tuple(preferred), letters, len(font_manager.fontManager.ttflist))
    if found is None:
        advice = f"{preferred[0]} (Debian and Ubuntu: apt install fonts-noto-cjk)" if preferred else "one that has them"
        raise InputError(
            f"no installed font has the letters {' '.join(sorted(letters - own)[:4])} …: install {advice}, or name "
            "one: theme=render.THEMES['light'] | {'rc': {'font.family': 'NAME'}}"
        )
    return [found, *families]


def _letters_of(families: Sequence[str]) -> frozenset[str]:
    """Return the letters of the first of these families."""
    return _letters(font_manager.findfont(font_manager.FontProperties(family=list(families))))


@lru_cache(512)
def _letters(path: Any) -> frozenset[str]:
    """Return the letters of a font file."""
    try:
        return frozenset(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError):  # what FreeType raises for a font that it cannot read
        return frozenset()


@lru_cache(16)
def _family(preferred: tuple[str, ...], letters: frozenset[str], known: int) -> str | None:
    """Return the first family with all letters; `known`, the number of fonts, renews the answer."""
    files = {font.name: font.fname for font in reversed(font_manager.fontManager.ttflist)}
    for name in [*(name for name in preferred if name in files), *sorted(set(files) - set(preferred))]:
        if not name.startswith(PLACEHOLDERS) and letters <= _letters(files[name]):
            return name
    return None


def _add_new_fonts() -> None:
    """Make known to matplotlib the fonts that were installed after it had listed them."""
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            try:
                font_manager.fontManager.addfont(path)
            except (OSError, RuntimeError, ValueError):  # a font that matplotlib cannot read cannot be drawn with
                continue
