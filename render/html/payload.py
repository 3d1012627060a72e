"""The payload of a page: themes, surface, loss panel and runs as JSON."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import FAILED, Record, optimizer_labels, step_or_none
from landscapes.render.artists.heads import Head
from landscapes.render.artists.legend import run_entries
from landscapes.render.html.encoding import IntegerBlock, differences, four_digits, surface_data
from landscapes.render.plots._loss_curves import loss_curves
from landscapes.render.plots.contours import open_star
from landscapes.render.plots.inputs import check_step
from landscapes.render.theme import Style, Theme, styles
from landscapes.render.writers.timeline import split_seconds

GRID = 100_000
"""Points are rounded to this many parts of the view."""

FAR = 1000.0
"""Points further away than this many views are clipped to that distance."""

MAX_RUNS = 200
"""Maximum number of runs; more could not be told apart or toggled."""

MAX_POINTS = 24_000
"""Maximum number of points of all runs together; longer races are simplified."""

INVISIBLE = 1e-4
"""Errors of simplification below this share of the view, or of the loss panel's height, are invisible."""

SPARE = 6
"""Styles of a live page for optimizers that a reader adds twice."""

PATH_LETTERS = {
    int(code): letter
    for code, letter in zip((Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE4, Path.CLOSEPOLY), "MLQCZ", strict=True)
}
"""Matplotlib's codes of a path's parts, and SVG's letters for them."""


def check_record(record: Record) -> None:
    """Raise `InputError` for a record that a page cannot show."""
    if isinstance(record, Record) and 0 in record.trajectories.loss.shape:
        raise InputError("this record has no runs or no steps; a page needs at least one of each")
    check_step(record, None)
    if len(record.trajectories) > MAX_RUNS:
        raise InputError(
            f"a page shows at most {MAX_RUNS} runs, got {len(record.trajectories)}; race fewer optimizers, "
            "or save a picture with render.save"
        )


def build_payload(
    records: Sequence[Record],
    looks: Sequence[Theme],
    titles: Sequence[str],
    captions: Sequence[str],
    seconds: float,
    live: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the payload. Arrays are stored in one block of integers, in the order in which the script reads them.

    A page that is not live has one record. A live one has one per function. It computes its runs from `live`, the facts
    of `landscapes.emit_race` or `landscapes.playground`, and has no arrays of them.
    """
    block, record = IntegerBlock(), records[0]
    labels = optimizer_labels(record) + [f"copy {i}" for i in range(SPARE if live else 0)]
    run_styles = [styles(labels, look) for look in looks]
    shapes = {"*", *(style.marker for row in run_styles for style in row)}
    scenes = [
        _scene(one, looks[0], title, words, block, computed=bool(live and live["functions"][i]["computes_surface"]))
        for i, (one, title, words) in enumerate(zip(records, titles, captions, strict=True))
    ]
    bands = max(scene["surface"]["bands"] if scene["surface"] else 0 for scene in scenes)
    return {
        **({} if live else scenes[0]),
        "scenes": scenes if live else [],
        "last": int(record.trajectories.step[-1]),
        "seconds": dict(zip(("first", "moving", "last"), split_seconds(seconds), strict=True)),
        "looks": [describe_look(look, style, bands) for look, style in zip(looks, run_styles, strict=True)],
        "text_scale": looks[0].text_scale,
        "lang": looks[0].lang,
        "shapes": {shape: outline(Head.shape(shape)) for shape in sorted(shapes)},
        "runs": [{"label": entry.name} for entry in run_entries(record, looks[0])]
        if live
        else _runs(record, looks[0], scenes[0]["loss_panel"], block),
        "live": dict(live) if live else None,
        "numbers": block.text,
    }


def _scene(
    record: Record, look: Theme, title: str, caption: str, block: IntegerBlock, *, computed: bool
) -> dict[str, Any]:
    """Return what belongs to the function of a record: texts, surface and loss panel."""
    return {
        "title": title,
        "caption": caption,
        "surface": None if record.surface is None else surface_data(record, block, computed=computed),
        "loss_panel": _panel(record, look),
    }


def describe_look(look: Theme, run_styles: Sequence[Style], bands: int) -> dict[str, Any]:
    """Return the colours of a theme with this many bands, and the styles of the runs."""
    names = ("background", "foreground", "muted", "line", "halo", "star", "star_edge", "rim")
    fill = LinearSegmentedColormap.from_list(look.name, list(look.fill))
    return {
        **{name: to_hex(getattr(look, name)) for name in names},
        "open_star": [to_hex(color) for color in open_star(look)],
        "fill": [to_hex(color) for color in fill(np.linspace(0, 1, bands))],
        "old": to_hex(look.faded),
        "fade": look.fade,
        "halo_width": look.halo_width,
        "runs": [
            {"color": to_hex(style.color), "marker": style.marker, "dashes": list(style.dashes)} for style in run_styles
        ],
    }


def _panel(record: Record, look: Theme) -> dict[str, Any]:
    """Return the axes limits and scale of the loss panel, as in figures."""
    ax = loss_curves(record, Figure().add_subplot())
    low, high = ax.get_ylim()
    origin, target = record.gap_origin, record.meta.target
    from_minimum = bool(np.isfinite(origin))
    level = np.nan if target is None else target - (origin if from_minimum else 0.0)
    name = "gap to the minimum" if from_minimum else "loss"
    return {
        "name": name,
        "heading": look.say(f"{name}, by step"),
        "log": ax.get_yscale() == "log",
        "low": float(low),
        "high": float(high),
        "target": level if np.isfinite(level) else None,
    }


def _runs(record: Record, look: Theme, panel: Mapping[str, Any], block: IntegerBlock) -> list[dict[str, Any]]:
    """Return per run the texts of its legend row and the lengths of its arrays in the block."""
    paths, shown = record.trajectories, []
    for run, entry in enumerate(run_entries(record, look)):
        stopped = step_or_none(paths.runs["stopped"], run)
        failed, final = str(paths.runs["status"][run]) in FAILED, float(paths.loss[run, -1])
        shown.append(
            {
                "label": entry.name,
                "lr_text": entry.lr,
                "outcome": entry.outcome,
                "sign": entry.symbol and f"{entry.symbol} {entry.since}",
                "since": entry.since,
                "stopped": stopped if failed else None,
                "reached": step_or_none(paths.runs["reached"], run),
                "final": final if failed and np.isfinite(final) else None,
                "lr": look.number(f"{float(paths.runs['lr'][run]):.4g}") if np.isfinite(paths.runs["lr"][run]) else "",
                "arrays": {name: block.append(values) for name, values in _arrays(record, run, panel).items()},
            }
        )
    return shown


def _arrays(record: Record, run: int, panel: Mapping[str, Any]) -> dict[str, NDArray[np.int64]]:
    """Return the arrays of a run: steps, points, losses, gaps if the minimum is not 0, learning rates if recorded."""
    paths, origin = record.trajectories, record.gap_origin
    points, count = _visible_part(record, run)
    series = {"loss": paths.loss[run, :count]}
    gap = series["loss"] - origin if np.isfinite(origin) else series["loss"]
    if np.isfinite(origin) and origin:
        series["gap"] = gap
    if "lr" in paths.metrics and paths.metrics["lr"].ndim == 2:
        series["lr"] = paths.metrics["lr"][run, :count]
    kept, most = np.arange(count), max(MAX_POINTS // len(paths), 2)
    if count > most:
        drawn = np.column_stack([points.clip(-0.5, 1.5), _height(gap, panel)])
        kept = simplify(drawn, paths.step[:count], most, INVISIBLE)
    made = {"step": differences(paths.step[kept])}
    for axis, column in zip("xy", points[kept].T, strict=False):
        made[axis] = differences(np.rint(GRID * column).astype(np.int64))
    for name, values in series.items():
        made[name], power = four_digits(values[kept])
        made[f"{name}_power"] = differences(power)
    return made


def _visible_part(record: Record, run: int) -> tuple[NDArray[np.float64], int]:
    """Return a run's points as shares of the view, (count, 2) or (count, 0) without a surface, and their number.

    The run ends where it was stopped, or at its last finite point. Non-finite points before repeat the previous one.
    """
    paths = record.trajectories
    finite = np.isfinite(paths.x[run]).all(1)
    if record.surface is None:
        finite &= np.isfinite(paths.loss[run])
    stopped = step_or_none(paths.runs["stopped"], run)
    ran = paths.step < max(stopped, 1) if stopped is not None else np.ones(len(finite), bool)
    good = np.flatnonzero(finite & ran)
    count = int(good[-1]) + 1 if len(good) else 0
    if record.surface is None:
        return np.zeros((count, 0)), count
    x, y = record.surface.x, record.surface.y
    box = np.array([[x[0], x[-1]], [y[0], y[-1]]])
    with np.errstate(over="ignore"):
        points = (paths.x[run, :count] - box[:, 0]) / (box[:, 1] - box[:, 0])
    if count:
        last = np.maximum.accumulate(np.where(finite[:count], np.arange(count), 0))
        points = points[np.where(finite[last], last, good[0])]
    return points.clip(-FAR, FAR), count


def _height(gap: NDArray[np.float64], panel: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return positions of losses in their panel, from 0 to 1; values outside are clipped just outside."""
    low, high = panel["low"], panel["high"]
    clean = np.nan_to_num(gap, nan=high, posinf=high, neginf=low)
    if panel["log"]:
        clean, low, high = np.log10(np.maximum(clean, low / 2)), np.log10(low), np.log10(high)
    return np.asarray(((clean - low) / (high - low)).clip(-0.05, 1.05))


def simplify(points: NDArray[np.float64], time: NDArray[np.int64], most: int, least: float) -> NDArray[np.int64]:
    """Return the points to keep so that linear interpolation in time stays close to the trajectory.

    The first and the last point are kept, then repeatedly the point with the largest error (Ramer 1972, Douglas &
    Peucker 1973; errors are taken at equal times, as in Meratnia & de By 2004).

    Args:
        points: finite points (T, k), scaled to the plot.
        time: time of each point, shape (T,), ascending.
        most: maximum number of points, at least 2.
        least: errors up to this size are ignored (maximum over the k coordinates).

    Returns:
        Indices of the kept points, ascending.

    >>> line = np.array([[0.0], [1.0], [2.0], [9.0], [4.0]])
    >>> [simplify(line, np.arange(5), most=most, least=0.1).tolist() for most in (5, 3)]
    [[0, 2, 3, 4], [0, 3, 4]]
    """
    kept = {0, len(points) - 1}
    waiting = [_farthest(points, time, 0, len(points) - 1)]
    while waiting and len(kept) < most:
        nearness, first, worst, last = heapq.heappop(waiting)
        if -nearness <= least:
            break
        kept.add(worst)
        heapq.heappush(waiting, _farthest(points, time, first, worst))
        heapq.heappush(waiting, _farthest(points, time, worst, last))
    return np.array(sorted(kept), np.int64)


def _farthest(
    points: NDArray[np.float64], time: NDArray[np.int64], first: int, last: int
) -> tuple[float, int, int, int]:
    """Return the negative error of the worst point between two, with the indices (first, worst, last)."""
    if last - first < 2:
        return 0.0, first, first, last
    share = (time[first + 1 : last] - time[first]) / (time[last] - time[first])
    even = points[first] + share[:, None] * (points[last] - points[first])
    away = np.abs(points[first + 1 : last] - even).max(1)
    worst = int(away.argmax())
    return -float(away[worst]), first, first + 1 + worst, last


def outline(path: Path) -> str:
    """Return a path in SVG's notation, with y downwards.

    >>> outline(Path([(0, 0), (1, 0.5), (0, 0)], [Path.MOVETO, Path.LINETO, Path.CLOSEPOLY]))
    'M0.0 0.0L1.0 -0.5Z'
    """
    parts = []
    for points, code in path.iter_segments(simplify=False):
        x, y = ([round(float(part), 4) + 0.0 for part in side] for side in (points[::2], points[1::2]))
        places = "" if code == Path.CLOSEPOLY else " ".join(f"{a} {0 - b}" for a, b in zip(x, y, strict=True))
        parts.append(PATH_LETTERS[int(code)] + places)
    return "".join(parts)
