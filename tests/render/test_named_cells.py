"""Maps of names and flags: every cell says its value, every name is legible."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscapes import compare
from landscapes.errors import InputError
from landscapes.record import Record, Trajectories, filled
from landscapes.record.metadata import SweepMeta
from landscapes.render import THEMES, caption, figure, heatmap, sensitivity, table
from landscapes.render.artists.text_fit import text_renderer
from landscapes.render.plots.categories import CELL

GERMAN = THEMES["light"] | {"lang": "de"}


def axes() -> Axes:
    return Figure(figsize=(5, 4)).add_subplot()


def flag_record() -> Record:
    """Three functions, two optimizers and a flag; SGD never arrives on the last one and fails on the second."""
    names, labels = ["bowl", "valley", "a long name"], ["SGD", "Adam"]
    rows = [(f, o, n) for f in names for o in labels for n in (False, True)]
    reached = [-1 if f == "a long name" and o == "SGD" else 3 + 4 * i for i, (f, o, _) in enumerate(rows)]
    lost = [f == "valley" and o == "SGD" for f, o, _ in rows]
    runs = {
        "label": np.array([o for _, o, _ in rows]),
        "function": np.array([f for f, _, _ in rows]),
        "nesterov": np.array([n for _, _, n in rows]),
        "status": np.array(["diverged" if one else "max_steps" for one in lost]),
        "final": np.array([10.0**-i for i in range(len(rows))]),
        "lr": np.full(len(rows), 0.1),
        "reached": np.where(lost, -1, reached),
        "target": np.full(len(rows), 0.1),
        "minimum": np.zeros(len(rows)),
    }
    facts = {"dim": 2, "minimum": 0.0, "starts": [[1.0, 1.0]], "target": 0.1}
    meta = SweepMeta(
        title="3 functions",
        steps=99,
        axes={"function": names, "optimizer": labels, "nesterov": [False, True]},
        scales={"nesterov": "categorical"},
        functions={name: facts | {"title": name.capitalize()} for name in names},
    )
    loss = np.stack([np.full(len(rows), 2.0), runs["final"]], 1)
    return Record(Trajectories(np.zeros((len(rows), 2, 2)), loss, np.array([0, 99]), runs), None, meta)


def cells(ax: Axes) -> dict[tuple[float, float], str]:
    """The texts in the cells of a heat map by place."""
    return {text.get_position(): text.get_text() for text in ax.texts if text.get_label() == CELL}


def test_cells_of_names_have_their_values_and_say_never():
    ax = heatmap(flag_record(), axes(), measure="steps", along=["function", "optimizer"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bowl", "valley", "a long name"]
    assert ax.yaxis_inverted()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == (
        "optimizer", "function", "steps to the target: best over nesterov",
    )  # fmt: skip
    assert cells(ax) == {
        (0.5, 0.5): "3", (1.5, 0.5): "11", (0.5, 1.5): "never", (1.5, 1.5): "27", (0.5, 2.5): "never", (1.5, 2.5): "43",
    }  # fmt: skip
    gap = heatmap(flag_record(), axes(), along=["function", "optimizer"])
    assert gap.get_title(loc="left").startswith("share of the initial gap that remains")
    assert (cells(gap)[0.5, 1.5], cells(gap)[1.5, 0.5]) == ("fails", "0.0005")  # of a first gap of 2, the better flag


@pytest.mark.slow
def test_flags_are_on_and_off_and_functions_are_panels():
    made = figure(flag_record(), measure="steps")
    panels = [ax for ax in made.axes if ax.get_label() != "<colorbar>"]
    assert [ax.get_title(loc="left").partition(":")[0] for ax in panels] == ["bowl", "valley", "a long name"]
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["off", "on"]
    assert [ax.get_xlabel() for ax in panels] == ["", "nesterov", "nesterov"]  # where nothing is below
    bar = made.axes[4]  # from 27 to 31 steps
    assert [label.get_text() for label in bar.get_yticklabels()] == [f"{tick:g}" for tick in bar.get_yticks()]
    assert not bar.yaxis.get_minorticklocs().size
    german = heatmap(flag_record().sel(function="bowl"), axes(), along=["optimizer", "nesterov"], theme=GERMAN)
    assert [label.get_text() for label in german.get_xticklabels()] == ["aus", "an"]


@pytest.mark.parametrize("width", [360, 640, 960])
def test_names_and_cells_are_legible_at_each_width(width: int) -> None:
    record = flag_record()
    made = figure(record, measure="steps", along=["function", "optimizer"], figsize=(width / 100, width / 133), dpi=100)
    ax, measure = made.axes[0], text_renderer(100)
    labels = [label for axis in (ax.xaxis, ax.yaxis) for label in axis.get_ticklabels()]
    assert len(labels) == 5
    boxes = [label.get_window_extent(measure) for label in labels]
    assert not any(one.overlaps(two) for one, two in itertools.combinations(boxes, 2))
    shown = [text for text in ax.texts if text.get_label() == CELL]
    assert all(text.get_visible() and text.get_fontsize() >= 4.5 for text in shown)
    assert max(text.get_window_extent(measure).width for text in shown) <= ax.bbox.width / 2


def test_a_plot_of_one_function_asks_for_one():
    record = flag_record()
    with pytest.raises(InputError, match=r'record.sel\(function="bowl"\)'):
        heatmap(record, axes(), along=["optimizer", "nesterov"])
    with pytest.raises(InputError, match=r'record.sel\(function="bowl"\)'):
        sensitivity(record, axes(), along="nesterov")
    ax = sensitivity(record.sel(function="bowl"), axes(), along="nesterov", measure="steps")
    assert [line.get_linestyle() for line in ax.lines if line.get_label() == "Adam"] == ["None"]


def test_a_comparison_is_a_map_of_functions_and_optimizers():
    record = compare(["booth", "beale"], ["sgd(lr=0.01)", "adam(lr=0.1)"], starts=3, steps=30, tolerances=[0.1])
    ax = heatmap(record, axes(), measure="success")
    reached = (filled(record.grid("steps_to"))[..., 0] >= 0).mean((2, 3))
    assert [float(cells(ax)[x + 0.5, y + 0.5]) for y in (0, 1) for x in (0, 1)] == pytest.approx(
        reached.ravel(), abs=5e-3
    )


def test_the_table_of_several_functions_lists_each():
    text = table(flag_record())
    assert [line.split()[0] for line in text.splitlines()[3:7]] == ["bowl"] * 4
    assert "off" in text
    assert caption(flag_record()).count("|") == 2


def test_one_axis_of_names_is_a_row_of_dots_and_never_empty():
    one = flag_record().sel(optimizer="Adam")
    made = figure(one.sel(nesterov=True))  # functions alone
    ax = made.axes[0]
    assert ax.get_ylabel() == "share of the initial gap that remains"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["bowl", "valley", "a long name"]
    (line,) = [line for line in ax.lines if line.get_label() == "Adam"]
    assert np.asarray(line.get_ydata()) == pytest.approx([10.0**-place / 2 for place in (3, 7, 11)])
    flag = sensitivity(one.sel(function="bowl"), axes(), along="nesterov")
    assert (list(flag.texts), flag.get_yscale()) == ([], "log")  # no note that every setting fails


def test_long_names_leave_room_for_the_map():
    record = flag_record()
    labels = ["SGD " + 56 * "x", "Adam " + 55 * "x"]
    record.meta.axes["optimizer"][:] = labels
    made = figure(record, along=["function", "optimizer"], figsize=(4.8, 2.7))
    assert made.axes[0].get_position().height > 0.4
    assert all("…" in label.get_text() for label in made.axes[0].get_xticklabels())
