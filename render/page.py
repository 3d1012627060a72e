"""A race as a page to play with: one file for a browser, which asks the network for nothing."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.files import check_target, replacing
from landscapes.record import FAILED, Record
from landscapes.render.caption import caption
from landscapes.render.curves import losses
from landscapes.render.focus import focus
from landscapes.render.ground import ground
from landscapes.render.heads import Head
from landscapes.render.legend import entries
from landscapes.render.outline import outline
from landscapes.render.pool import Pool, digits, steps
from landscapes.render.theme import Style, Theme, as_theme, styles
from landscapes.render.thinning import thinned
from landscapes.render.timeline import positive
from landscapes.render.trajectories import check_step
from landscapes.views import View

Themes = str | Theme | Sequence[str | Theme]

LOOKS = ("light", "dark")
"""What a reader's system may ask for, and the theme each gets."""

GRID = 100_000
"""Points are rounded to so many parts of the view."""

FAR = 1000.0
"""How many views away a point may be; those beyond are drawn there."""

MOST_RUNS = 200
"""A page with more could not be told apart, nor switched one by one."""

MOST_POINTS = 24_000
"""How many points all runs have together; a longer race is thinned."""

UNSEEN = 1e-4
"""Thinning moves nothing by less than this share of the view, or of the losses' height, if it can."""

SCRIPTS = ("data", "ground", "shared", "axes", "map", "losses", "hover", "legend", "controls", "main")
"""The parts of the page's script, in order."""


def page(
    record: Record,
    path: str | os.PathLike[str],
    *,
    theme: Themes = LOOKS,
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
        view: a piece of the surface, as in `render.focus`; by default all that was recorded.
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
    theme: Themes = LOOKS,
    title: str | None = None,
    view: View | None = None,
    seconds: float = 8.0,
) -> str:
    """The page as text; all arguments as for `page`."""
    _check(record)
    looks = [theme] if isinstance(theme, str | Theme) else list(theme)
    if not 1 <= len(looks) <= 2:
        raise InputError(f"a page has one theme, or two: for light and for dark systems; not {len(looks)}")
    chosen = [as_theme(look) for look in looks]
    if view is not None:
        record = focus(record, view)
    words = title or _title(record)
    data = _data(record, chosen, words, positive("seconds", seconds))
    script = "\n".join(_part(f"{name}.js") for name in SCRIPTS)
    return _filled(
        _part("page.html"),
        {
            "title": html.escape(words),
            "caption": html.escape(caption(record)),
            "style": _colors(chosen) + _part("page.css"),
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
        f'style="width: 100%; height: {height}px; border: 0; color-scheme: auto"></iframe>'
    )


def _check(record: Record) -> None:
    """Refuses what no page can show."""
    if isinstance(record, Record) and 0 in record.trajectories.value.shape:
        raise InputError("this record is empty: it has no runs, or no steps; a page needs one of each")
    check_step(record, None)
    if len(record.trajectories) > MOST_RUNS:
        raise InputError(
            f"a page shows at most {MOST_RUNS} runs, not {len(record.trajectories)}; race fewer of them, "
            "or save a picture with render.save"
        )


def _data(record: Record, looks: Sequence[Theme], title: str, seconds: float) -> dict[str, Any]:
    """All that the script draws, as JSON knows it."""
    pool = Pool()
    labels = [str(label) for label in record.trajectories.runs["label"]]
    worn = [styles(labels, look) for look in looks]
    shapes = {"*", *(style.marker for row in worn for style in row)}
    map_ = None if record.surface is None else ground(record, pool)
    panel = _panel(record)
    return {
        "title": title,
        "caption": caption(record),
        "last": int(record.trajectories.step[-1]),
        "seconds": seconds,
        "looks": [_look(look, style, map_["bands"] if map_ else 0) for look, style in zip(looks, worn, strict=True)],
        "shapes": {shape: outline(Head.shape(shape)) for shape in sorted(shapes)},
        "map": map_,
        "losses": panel,
        "runs": _runs(record, looks[0], panel, pool),
        "numbers": pool.text,
    }


def _title(record: Record) -> str:
    """The function's, with the number of coordinates where there is no map that shows them."""
    name, count = str(record.meta.get("title", "")), record.trajectories.x.shape[-1]
    return name if record.surface is not None else f"{name}, {count} coordinate{'' if count == 1 else 's'}"


def _look(look: Theme, worn: Sequence[Style], bands: int) -> dict[str, Any]:
    """A theme with so many bands of colour, and how the runs look in it."""
    names = ("background", "foreground", "muted", "line", "halo", "star", "star_edge", "rim")
    fill = LinearSegmentedColormap.from_list(look.name, list(look.fill))
    return {
        **{name: to_hex(getattr(look, name)) for name in names},
        "fill": [to_hex(color) for color in fill(np.linspace(0, 1, bands))],
        "old": to_hex(look.old),
        "fade": look.fade,
        "halo_width": look.halo_width,
        "runs": [
            {"color": to_hex(style.color), "marker": style.marker, "dashes": list(style.dashes)} for style in worn
        ],
    }


def _panel(record: Record) -> dict[str, Any]:
    """The losses' axes, as the figures have them."""
    ax = losses(record, Figure().add_subplot())
    low, high = ax.get_ylim()
    minimum, target = float(record.meta["minimum"]), float(record.meta["target"])
    bounded = bool(np.isfinite(minimum))
    return {
        "name": "gap to the minimum" if bounded else "value",
        "log": ax.get_yscale() == "log",
        "low": float(low),
        "high": float(high),
        "target": target - minimum if bounded else target,
    }


def _runs(record: Record, look: Theme, panel: Mapping[str, Any], pool: Pool) -> list[dict[str, Any]]:
    """The runs: what the legend says of each, and how many numbers of each kind it has in the pool."""
    paths, minimum = record.trajectories, float(record.meta["minimum"])
    share = max(MOST_POINTS // len(paths), 2)
    told = []
    for run, entry in enumerate(entries(record, look)):
        stopped = int(paths.runs["stopped"][run])
        way, count = _held(record, run)
        value = paths.value[run, :count]
        gap = value - minimum if np.isfinite(minimum) else value
        kept = np.arange(count)
        if count > share:
            kept = thinned(
                np.column_stack([way.clip(-0.5, 1.5), _height(gap, panel)]), paths.step[:count], share, UNSEEN
            )
        arrays = {"step": steps(paths.step[kept])}
        arrays |= {
            axis: steps(np.rint(GRID * column).astype(np.int64))
            for axis, column in zip("xy", way[kept].T, strict=False)
        }
        series = {"value": value, "gap": gap} if np.isfinite(minimum) and minimum else {"value": value}
        if "lr" in paths.observed and paths.observed["lr"].ndim == 2:
            series["lr"] = paths.observed["lr"][run, :count]
        for name, values in series.items():
            arrays[name], power = digits(values[kept])
            arrays[f"{name}_power"] = steps(power)
        told.append(
            {
                "label": entry.name,
                "rate": entry.rate,
                "fate": entry.fate,
                "since": entry.since,
                "stopped": stopped if str(paths.runs["status"][run]) in FAILED and stopped >= 0 else None,
                "lr": f"{float(paths.runs['lr'][run]):.4g}" if np.isfinite(paths.runs["lr"][run]) else "",
                "arrays": {name: pool.put(values) for name, values in arrays.items()},
            }
        )
    return told


def _held(record: Record, run: int) -> tuple[NDArray[np.float64], int]:
    """A run's way in shares of the view, (count, 2), or (count, 0) where there is no map; and how long it went on.

    It ends where the run was stopped, or at the last point that is finite; single ones before stay where it was.
    """
    paths = record.trajectories
    sound = np.isfinite(paths.x[run]).all(1)
    if record.surface is None:
        sound &= np.isfinite(paths.value[run])
    stopped = int(paths.runs["stopped"][run])
    ran = paths.step < max(stopped, 1) if stopped >= 0 else np.ones(len(sound), bool)
    good = np.flatnonzero(sound & ran)
    count = int(good[-1]) + 1 if len(good) else 0
    if record.surface is None:
        return np.zeros((count, 0)), count
    x, y = record.surface.x, record.surface.y
    box = np.array([[x[0], x[-1]], [y[0], y[-1]]])
    with np.errstate(over="ignore"):
        way = (paths.x[run, :count] - box[:, 0]) / (box[:, 1] - box[:, 0])
    if count:
        last = np.maximum.accumulate(np.where(sound[:count], np.arange(count), 0))
        way = way[np.where(sound[last], last, good[0])]
    return way.clip(-FAR, FAR), count


def _height(gap: NDArray[np.float64], panel: Mapping[str, Any]) -> NDArray[np.float64]:
    """How high losses are in their panel, from 0 to 1; those outside are just outside."""
    low, high = panel["low"], panel["high"]
    clean = np.nan_to_num(gap, nan=high, posinf=high, neginf=low)
    if panel["log"]:
        clean, low, high = np.log10(np.maximum(clean, low / 2)), np.log10(low), np.log10(high)
    return np.asarray(((clean - low) / (high - low)).clip(-0.05, 1.05))


def _colors(looks: Sequence[Theme]) -> str:
    """The colours of the page around the drawings: of one theme, or of the one that the reader's system asks for."""
    names = ("background", "foreground", "muted")
    rules = [
        ":root { " + "".join(f"--{name}: {to_hex(getattr(look, name))}; " for name in names) + "}" for look in looks
    ]
    dark = [sum(to_rgb(look.background)) < 1.5 for look in looks]
    schemes = [f":root {{ color-scheme: {'dark' if is_dark else 'light'}; }}" for is_dark in dark]
    first, *second = [f"{rule} {scheme}" for rule, scheme in zip(rules, schemes, strict=True)]
    return "\n".join([first, *(f"@media (prefers-color-scheme: dark) {{ {rule} }}" for rule in second), ""])


def _as_script(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element: nothing in it can end the element, and no number is NaN."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _part(name: str) -> str:
    """A piece of the page, from the folder `web`."""
    return files("landscapes.render").joinpath("web", name).read_text(encoding="utf-8")


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """A template with its `{{name}}` places filled, once: what is put in is not looked at again."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)
