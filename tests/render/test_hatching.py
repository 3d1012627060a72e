"""Maps of basins in print: what tells minima apart where all colours are grey."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from numpy.typing import NDArray
from render_pixels import full_draw
from test_charts import sweep_record, valley

from landscapes.record import Record, Trajectories
from landscapes.render import figure
from landscapes.render.plots._basins import HATCHES, basins, hatching
from landscapes.render.plots._heatmap import HATCHES as MISSING
from landscapes.render.theme import THEMES, Theme

GREY = THEMES["print"] | {"colors": ("#777777",)}
"""Print, with minima of one colour."""


def map_of(minimum: NDArray[np.int64], count: int) -> Record:
    """A map of starts (ny, nx) that lead to some of so many minima, all after as many steps; -1 to none."""
    down, across = minimum.shape
    status = np.where(minimum >= 0, "converged", "max_steps").ravel()
    runs = {"basin": minimum.ravel(), "arrived": np.where(minimum.ravel() >= 0, 5, -1), "status": status}
    meta = {
        "experiment": "basins",
        "title": "Wells",
        "label": "SGD",
        "steps": 30,
        "minimum": 0.0,
        "box": [[0, across], [0, down]],
        "minima": [[number + 0.5, -9.0] for number in range(count)],
        "axes": {"y": list(range(down)), "x": list(range(across))},
    }
    many = minimum.size
    return Record(Trajectories(np.zeros((many, 2, 2)), np.zeros((many, 2)), np.array([0, 30]), runs), None, meta)


def grey(record: Record, theme: str | Theme) -> NDArray[np.float64]:
    """The lightness of the map alone, from 0 to 1, with 60 pixels a start."""
    down, across = record.grid("basin").shape
    made = Figure(figsize=(across * 0.5, down * 0.5), dpi=120)
    ax = made.add_axes((0, 0, 1, 1))
    basins(record, ax, theme=theme, stars=False)
    ax.axis("off")
    return np.asarray(full_draw(made)[..., :3] @ [0.2126, 0.7152, 0.0722]) / 255


def test_ten_minima_are_distinguishable_in_greyscale() -> None:
    """Wherever one pattern is laid on another: the smallest share of pixels that differ is 0.17."""
    ten = map_of(np.arange(10)[None, :], 10)
    picture = grey(ten, GREY)
    cells = [picture[8:52, 60 * number + 8 : 60 * number + 52] for number in range(10)]

    def apart(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
        moved = (np.roll(two, (down, right), (0, 1)) for down in range(0, 12, 2) for right in range(0, 12, 2))
        return min(float(np.mean(np.abs(one - other) > 0.15)) for other in moved)

    assert min(apart(one, two) for one, two in combinations(cells, 2)) > 0.15


def test_a_hatching_covers_its_basin_and_nothing_else() -> None:
    two = map_of(np.array([[1, 0, -1], [0, 0, 1]]), 2)
    change = np.abs(grey(two, GREY) - grey(two, GREY | {"distinct": False})) > 0.05
    cells = change.reshape(2, 60, 3, 60).transpose(0, 2, 1, 3)[::-1]  # y goes up
    inner = cells[..., 8:52, 8:52].mean((2, 3))
    assert (inner[[0, 1], [0, 2]] > 0.1).all()
    assert inner[0, 1:].max() == inner[1, :2].max() == 0
    assert change[-60:, :4].any(), "to the very border"


@pytest.mark.parametrize("name", THEMES)
def test_only_print_is_hatched(name: str) -> None:
    ax = Figure().subplots()
    basins(map_of(np.arange(4)[None, :], 4), ax, theme=name)
    drawn = [artist.hatches for artist in ax.collections if isinstance(artist, ContourSet)]
    assert drawn == ([[HATCHES[1]], [HATCHES[2]], [HATCHES[3]]] if name == "print" else [])


def test_a_basin_that_is_all_of_the_map_is_hatched_and_one_of_no_run_is_not() -> None:
    full = grey(map_of(np.ones((2, 2), int), 3), GREY)
    assert full.std() > 0.05
    ax = basins(map_of(np.zeros((2, 2), int), 3), Figure().subplots(), theme="print")
    assert not ax.collections


@pytest.mark.slow
def test_the_legend_has_the_hatchings_of_the_map() -> None:
    made = figure(map_of(np.array([[0, 1, 2, -1]]), 3), theme="print")
    (legend,) = made.legends
    shown = [handle.get_hatch() for handle in legend.legend_handles]
    assert shown == [HATCHES[0], HATCHES[1], HATCHES[2], None]
    assert [hatching(number, THEMES["light"]) for number in range(3)] == [""] * 3


@pytest.mark.parametrize("name", THEMES)
def test_settings_that_fail_are_hatched_in_print_where_values_are_grey(name: str) -> None:
    """The highest learning rate fails; in print a grey cell would look like a value."""
    record = sweep_record(valley)
    made = figure(record, theme=name)
    found = [artist.get_hatch() for ax in made.axes for artist in ax.collections if artist.get_hatch()]
    shown = [handle.get_hatch() for legend in made.legends for handle in legend.legend_handles]
    assert shown == ([MISSING["most runs fail"]] if name == "print" else [None])
    assert found == [hatch for hatch in shown if hatch]
