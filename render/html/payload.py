"""What a page is told of a race: its looks, its map, its losses and its runs, as JSON knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import FAILED, Record, step_or_none
from landscapes.render.artists.heads import Head
from landscapes.render.artists.legend import entries
from landscapes.render.artists.outline import outline
from landscapes.render.html.pool import Pool, digits, steps
from landscapes.render.html.simplify import thinned
from landscapes.render.html.surface_data import ground
from landscapes.render.plots._loss_curves import loss_curves
from landscapes.render.plots.inputs import check_step
from landscapes.render.text._caption import caption
from landscapes.render.theme import Style, Theme, styles

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


def check_record(record: Record) -> None:
    """Refuses what no page can show."""
    if isinstance(record, Record) and 0 in record.trajectories.loss.shape:
        raise InputError("this record is empty: it has no runs, or no steps; a page needs one of each")
    check_step(record, None)
    if len(record.trajectories) > MOST_RUNS:
        raise InputError(
            f"a page shows at most {MOST_RUNS} runs, not {len(record.trajectories)}; race fewer of them, "
            "or save a picture with render.save"
        )


def told(record: Record, looks: Sequence[Theme], title: str, seconds: float) -> dict[str, Any]:
    """All that the script draws. Long rows of numbers are in one pool, in the order in which the script takes them."""
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
    ax = loss_curves(record, Figure().add_subplot())
    low, high = ax.get_ylim()
    minimum, target = float(record.meta["minimum"]), float(record.meta["target"])
    bounded = bool(np.isfinite(minimum))
    level = target - minimum if bounded else target
    return {
        "name": "gap to the minimum" if bounded else "value",
        "log": ax.get_yscale() == "log",
        "low": float(low),
        "high": float(high),
        "target": level if np.isfinite(level) else None,
    }


def _runs(record: Record, look: Theme, panel: Mapping[str, Any], pool: Pool) -> list[dict[str, Any]]:
    """The runs: what the legend says of each, and how many numbers of each kind it has in the pool."""
    paths, shown = record.trajectories, []
    for run, entry in enumerate(entries(record, look)):
        stopped = step_or_none(paths.runs["stopped"], run)
        shown.append(
            {
                "label": entry.name,
                "rate": entry.rate,
                "fate": entry.fate,
                "sign": entry.sign and f"{entry.sign} {entry.since}",
                "since": entry.since,
                "stopped": stopped if str(paths.runs["status"][run]) in FAILED else None,
                "lr": f"{float(paths.runs['lr'][run]):.4g}" if np.isfinite(paths.runs["lr"][run]) else "",
                "arrays": {name: pool.put(values) for name, values in _arrays(record, run, panel).items()},
            }
        )
    return shown


def _arrays(record: Record, run: int, panel: Mapping[str, Any]) -> dict[str, NDArray[np.int64]]:
    """A run's steps, points, losses, gaps where the minimum is not 0, and learning rates where they were observed."""
    paths, minimum = record.trajectories, float(record.meta["minimum"])
    way, count = _held(record, run)
    series = {"value": paths.loss[run, :count]}
    gap = series["value"] - minimum if np.isfinite(minimum) else series["value"]
    if np.isfinite(minimum) and minimum:
        series["gap"] = gap
    if "lr" in paths.metrics and paths.metrics["lr"].ndim == 2:
        series["lr"] = paths.metrics["lr"][run, :count]
    kept, most = np.arange(count), max(MOST_POINTS // len(paths), 2)
    if count > most:
        seen = np.column_stack([way.clip(-0.5, 1.5), _height(gap, panel)])
        kept = thinned(seen, paths.step[:count], most, UNSEEN)
    made = {"step": steps(paths.step[kept])}
    for axis, column in zip("xy", way[kept].T, strict=False):
        made[axis] = steps(np.rint(GRID * column).astype(np.int64))
    for name, values in series.items():
        made[name], power = digits(values[kept])
        made[f"{name}_power"] = steps(power)
    return made


def _held(record: Record, run: int) -> tuple[NDArray[np.float64], int]:
    """A run's way in shares of the view, (count, 2), or (count, 0) where there is no map; and how long it went on.

    It ends where the run was stopped, or at the last point that is finite; single ones before stay where it was.
    """
    paths = record.trajectories
    sound = np.isfinite(paths.x[run]).all(1)
    if record.surface is None:
        sound &= np.isfinite(paths.loss[run])
    stopped = step_or_none(paths.runs["stopped"], run)
    ran = paths.step < max(stopped, 1) if stopped is not None else np.ones(len(sound), bool)
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
