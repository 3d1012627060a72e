"""The map of a sweep as data of a page: shades of cells, what each runs, the boundary of stability, and labels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from numpy.typing import NDArray

from landscapes.analysis.selection import only
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.html.encoding import IntegerBlock, differences
from landscapes.render.plots._heatmap import choose_axes, color_scale, display_name, tick_places
from landscapes.render.plots.run_table import MEASURES, REPEATS, GridValues, grid_values
from landscapes.render.theme import THEMES, Theme
from landscapes.render.words import WORDS

SHADES = 255
"""Values are rounded to so many parts of the colour scale."""

FAILED_CELL, MISSED_CELL = SHADES + 1, SHADES + 2
"""The codes of cells in which most runs fail, and in which they miss the target."""

MOST_TICKS = 7
"""The largest number of labels of a side."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

MOST_CELLS = 250_000
"""The largest number of cells of all maps."""


def shown_names(record: Record, along: str | Sequence[str] | None) -> list[str]:
    """Return the hyper-parameters of the map: one or two, the first ones by default."""
    names = [name for name in record.axes if name not in (*REPEATS, "optimizer")]
    wanted = names[:2] if along is None else [along] if isinstance(along, str) else list(along)
    return choose_axes(record, wanted, min(max(len(wanted), 1), 2))


@dataclass(frozen=True)
class Grid:
    """A map: its values, and what each of its cells runs.

    Attributes:
        values: the measure along the two sides.
        optimizers: the number of the optimizer of each row.
        others: of the hyper-parameters that are not shown, the best value of each cell.
        sides: the names of the two sides; "optimizer" for the rows of a strip.
        record: the record.
    """

    values: GridValues
    optimizers: list[int]
    others: dict[str, NDArray[np.float64]]
    sides: tuple[str, str]
    record: Record


def grids(record: Record, shown: Sequence[str], labels: Sequence[str], measure: str) -> list[Grid]:
    """Return a map per optimizer, or one strip with a row per optimizer."""
    rows = [
        _best_of_others(only(record, "optimizer", label) if "optimizer" in record.axes else record, shown, measure)
        for label in labels
    ]
    if len(shown) == 2:
        sides = (shown[0], shown[1])
        return [
            Grid(values, [i] * len(values.values), others, sides, record) for i, (values, others) in enumerate(rows)
        ]
    rows.reverse()  # the first optimizer is the uppermost row
    stacked = GridValues(
        np.stack([values.values for values, _ in rows]),
        {"optimizer": list(labels[::-1]), **rows[0][0].axes},
        MEASURES[measure],
    )
    others = {name: np.stack([row[1][name] for row in rows]) for name in rows[0][1]}
    return [Grid(stacked, list(range(len(labels)))[::-1], others, ("optimizer", shown[0]), record)]


def _best_of_others(
    record: Record, shown: Sequence[str], measure: str
) -> tuple[GridValues, dict[str, NDArray[np.float64]]]:
    """Return the measure along the shown hyper-parameters, and the best values of the others in each cell."""
    hidden = [name for name in record.axes if name not in (*REPEATS, *shown)]
    values = grid_values(record, measure, list(shown))
    if not hidden:
        return values, {}
    every = grid_values(record, measure, [*shown, *hidden]).values
    score = np.where(np.isnan(every), np.inf, -every if measure == "success" else every)
    lengths = [len(record.axes[name]) for name in hidden]
    best = np.unravel_index(score.reshape(*values.values.shape, -1).argmin(-1), lengths)
    return values, {name: np.asarray(record.axes[name], float)[place] for name, place in zip(hidden, best, strict=True)}


def map_data(grid: Grid, measure: str, facts: Mapping[str, Any], block: IntegerBlock) -> dict[str, Any]:
    """Return the facts of a map, and append its colours to the block: shades, failed or not reached."""
    values, scale = grid.values, color_scale(grid.values, THEMES["light"])
    if values.values.size > MOST_CELLS:
        raise InputError(
            f"a map has at most {MOST_CELLS:,} cells, this one {values.values.size:,}; sweep over fewer values, or "
            "save a picture, .png"
        )
    finite = np.isfinite(values.values)
    norm = scale.norm
    shades = np.asarray(norm(np.where(finite, values.values, norm.vmin or 0.0)), float).clip(0, 1)
    codes = np.where(finite, np.rint(SHADES * shades), np.where(np.isnan(values.values), FAILED_CELL, MISSED_CELL))
    rows, columns = values.values.shape
    found = finite.any()
    return {
        "rows": rows,
        "columns": columns,
        "optimizers": grid.optimizers,
        "codes": block.append(differences(codes.ravel().astype(np.int64))),
        "best": list(values.best) if found else None,
        "others": {name: numbers.ravel().tolist() for name, numbers in grid.others.items()},
        "low": np.asarray(norm.vmin, float).item() if found else None,
        "high": np.asarray(norm.vmax, float).item() if found else None,
        "failed": bool(np.isnan(values.values).any()),
        "missed": bool(np.isposinf(values.values).any()),
        "boundary": _boundary(grid, facts),
    }


def _boundary(grid: Grid, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return where the largest stable learning rate lies: for each row (or column) a place along the learning rates."""
    if "lr" not in grid.sides:
        return None
    along = grid.sides.index("lr")
    other = grid.sides[1 - along]
    places: list[float | None] = []
    formulas: list[str] = []
    for i in range(grid.values.values.shape[1 - along]):
        stable = facts["optimizers"][grid.optimizers[i if along == 1 else 0]]["stable"]
        by_other = stable is not None and stable["by"] == other
        lr = None if stable is None or (stable["by"] and not by_other) else stable["lr"][i if by_other else 0]
        places.append(None if lr is None else _place(grid.record.axes["lr"], lr))
        formulas.append("" if lr is None else stable["formula"])
    if not any(formulas):
        return None
    known = [facts["optimizers"][i]["stable"] for i in grid.optimizers]
    first = next(stable for stable in known if stable is not None)
    return {
        "along": "across" if along == 1 else "down",
        "places": places,
        "formulas": formulas,
        "curvature": first["curvature"],
        "at": first["at"],
    }


def _place(rates: Sequence[float], lr: float) -> float | None:
    """Return where a rate lies along cells one unit wide, on a log scale; None outside of them.

    >>> _place([0.01, 0.1, 1.0], 0.1), _place([0.01, 0.1, 1.0], 0.02), _place([0.01, 0.1, 1.0], 30)
    (1.5, 0.8010299956639813, None)
    """
    numbers = np.asarray(rates, float)
    if len(numbers) < 2 or not (numbers > 0).all() or not (np.diff(numbers) > 0).all() or not lr > 0:
        return None
    logs, centers = np.log10(numbers), np.arange(len(numbers)) + 0.5
    i = int(np.clip(np.searchsorted(logs, math.log10(lr)) - 1, 0, len(logs) - 2))
    place = float(centers[i] + (math.log10(lr) - logs[i]) / (logs[i + 1] - logs[i]))
    return place if 0 <= place <= len(numbers) else None


def side_data(record: Record, name: str, look: Theme) -> dict[str, Any]:
    """Return a side of the map: its name, its values, and the places of its labels."""
    values = [float(value) for value in record.axes[name]]
    ticks = [[place, plain_power(look.number(label))] for place, label in tick_places(values, MOST_TICKS)]
    return {
        "key": name,
        "name": look.say(display_name(name)) if display_name(name) in WORDS else display_name(name),
        "values": values,
        "ticks": ticks,
    }


def plain_power(label: str) -> str:
    """Return a tick label without mathtext.

    >>> plain_power("$10^{-3}$"), plain_power("0.5")
    ('10⁻³', '0.5')
    """
    found = re.fullmatch(r"\$10\^\{(-?\d+)\}\$", label)
    return f"10{found[1].translate(SUPERSCRIPTS)}" if found else label


def map_colors(look: Theme, measure: str) -> dict[str, Any]:
    """Return the colours of the map in a theme: of the shades, of failed cells and of cells that miss the target."""
    ramp = look.ramp[::-1] if measure == "success" else look.ramp
    shades = LinearSegmentedColormap.from_list(look.name, list(ramp))(np.linspace(0, 1, SHADES + 1))
    gray = LinearSegmentedColormap.from_list("", [look.background, look.muted])
    return {"ramp": [to_hex(color) for color in shades], "failed": to_hex(gray(0.6)), "missed": to_hex(gray(0.25))}
