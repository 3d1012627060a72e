"""A race as an interactive page: one HTML file that needs no network."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from matplotlib.colors import to_hex, to_rgb

from landscapes.errors import InputError
from landscapes.files import check_target, replacing
from landscapes.record import Record
from landscapes.render.html.payload import build_payload, check_record
from landscapes.render.plots._crop import crop
from landscapes.render.text._caption import caption
from landscapes.render.theme import Theme, as_theme
from landscapes.render.writers.timeline import check_positive
from landscapes.views import View

ThemeChoice = str | Theme | Sequence[str | Theme]

SYSTEM_THEMES = ("light", "dark")
"""The themes of a page, for systems in light and in dark mode."""

SCRIPTS = ("data", "surface", "overlap", "axes", "contour", "loss_curves", "tooltip", "legend", "controls", "main")
"""The parts of the page's script, in order."""


def page(
    record: Record,
    path: str | os.PathLike[str],
    *,
    theme: ThemeChoice = SYSTEM_THEMES,
    title: str | None = None,
    view: View | None = None,
    seconds: float = 8.0,
) -> Path:
    """Saves a race as one .html file: to play, scrub, zoom, and to ask each point of each run for its loss.

    It needs no network and no other file, keeps sharp on any screen, and gives the same bytes for the same record.
    A race in two dimensions has its map; any other its losses alone. Points are rounded to 1e-5 of the view, losses
    to four digits. More than 24,000 points in all are thinned, those first that nobody sees.

    Args:
        record: a race of at most 200 runs.
        path: where to, ending in .html or .htm; the file appears when it is whole.
        theme: the look, by name or as a `Theme`; or two of them, for readers whose system is light and dark.
        title: by default the function's.
        view: a piece of the surface, as in `render.crop`; by default all that was recorded.
        seconds: how long the race takes to play at its usual speed.

    Returns:
        The path.

    Raises:
        InputError: for another suffix, a folder that cannot be written, no record or one without runs or with too
            many, an unknown theme, a view that was not recorded, a time that is not positive.

    >>> from landscapes import race
    >>> page(race("booth", ["adam(lr=0.5)"], steps=60), "race.html").name
    'race.html'
    """
    target = check_page(path)
    text = document(record, theme=theme, title=title, view=view, seconds=seconds)
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


def is_page(path: str | os.PathLike[str]) -> bool:
    """Whether a file of this name is a page."""
    return Path(path).suffix.lower() in (".html", ".htm")


def check_page(path: str | os.PathLike[str]) -> Path:
    """The path as a `Path`, once it is sure that a page can be written there; else an `InputError`."""
    if not is_page(path):
        given = repr(Path(path).suffix) if Path(path).suffix else "a file without a suffix"
        raise InputError(f"a page is saved as .html, not as {given}; render.save writes pictures and films")
    return check_target(path)


def document(
    record: Record,
    *,
    theme: ThemeChoice = SYSTEM_THEMES,
    title: str | None = None,
    view: View | None = None,
    seconds: float = 8.0,
) -> str:
    """The page as text; all arguments as for `page`."""
    check_record(record)
    looks = [theme] if isinstance(theme, str | Theme) else theme
    if not isinstance(looks, Sequence) or not 1 <= len(looks) <= 2:
        raise InputError(f"a page has one theme, or two: for light and for dark systems; not {theme!r:.80}")
    chosen = [as_theme(look) for look in looks]
    if view is not None:
        record = crop(record, view)
    words = title or _title(record)
    data = build_payload(record, chosen, words, check_positive("seconds", seconds))
    script = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    return _fill_template(
        _asset("page.html"),
        {
            "title": html.escape(words),
            "caption": html.escape(caption(record)),
            "style": _colors(chosen) + _asset("page.css"),
            "data": _as_script(data),
            "script": script,
        },
    )


def framed(record: Record, height: int = 560) -> str:
    """The page inside a frame, for notebooks."""
    inside = html.escape(document(record))
    words = html.escape(str(record.meta.get("title", "")))
    return (
        f'<iframe srcdoc="{inside}" title="{words}" sandbox="allow-scripts" loading="lazy" '
        f'style="width: 100%; height: {height}px; border: 0"></iframe>'
    )


def _title(record: Record) -> str:
    """The function's, with the number of coordinates where there is no map that shows them."""
    name, count = str(record.meta.get("title", "")), record.trajectories.x.shape[-1]
    return name if record.surface is not None else f"{name}, {count} coordinate{'' if count == 1 else 's'}"


def _colors(looks: Sequence[Theme]) -> str:
    """The colours of the page around the drawings: of one theme, or of the one that the reader's system asks for."""
    names = ("background", "foreground", "muted")
    palettes = [
        ":root { " + "".join(f"--{name}: {to_hex(getattr(look, name))}; " for name in names) + "}" for look in looks
    ]
    dark = [sum(to_rgb(look.background)) < 1.5 for look in looks]
    schemes = [f":root {{ color-scheme: {'dark' if is_dark else 'light'}; }}" for is_dark in dark]
    first, *second = [f"{palette} {scheme}" for palette, scheme in zip(palettes, schemes, strict=True)]
    return "\n".join([first, *(f"@media (prefers-color-scheme: dark) {{ {palette} }}" for palette in second), ""])


def _as_script(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element: nothing in it can end the element, and no number is NaN."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    """A piece of the page, from the folder `assets`."""
    return files("landscapes.render.html").joinpath("assets", name).read_text(encoding="utf-8")


def _fill_template(template: str, parts: Mapping[str, str]) -> str:
    """A template with its `{{name}}` places filled, once: what is put in is not looked at again."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)
