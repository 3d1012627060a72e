"""How fair a race was: what tuning tried, and where learning rates lie in their sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from render_pixels import full_draw
from render_records import converging
from thinned import FEW_THEMES

from landscapes import race, sweep, tune
from landscapes.errors import InputError
from landscapes.record import Record, Surface
from landscapes.render import lr_sweep, tuning_trials
from landscapes.render.theme import THEMES, styles


def axes() -> Axes:
    return Figure(figsize=(6, 4), dpi=100).subplots()


def marked(ax: Axes, name: str) -> list[Line2D]:
    return [line for line in ax.lines if line.get_label() == name]


def tried(efforts: Sequence[float] = (2.0, 0.5, 3.0), other: float = 0.3) -> dict[str, NDArray[Any]]:
    """A tuning by hand: of A three settings, two of them again for all steps; of B one."""
    return {
        "label": np.array(["A", "A", "A", "A", "A", "B", "B"]),
        "rung": np.array([0, 0, 0, 1, 1, 0, 1]),
        "steps": np.array([10, 10, 10, 30, 30, 10, 30]),
        "effort": np.array([*efforts, efforts[0] / 2, efforts[1], 1.5, other]),
        "evaluations": np.array([10, 10, 3, 1030, 30, 10, 30]),
        "lr": np.array([0.1, 0.2, 5.0, 0.1, 0.2, 1.0, 1.0]),
        "beta1": np.array([np.nan] * 5 + [0.9, 0.9]),
    }


def test_the_best_is_at_the_top_with_what_was_chosen_and_what_was_given():
    ax = tuning_trials(tried(), axes())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["B", "A"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    chosen = {float(line.get_ydata()[0]): float(line.get_xdata()[0]) for line in marked(ax, "_chosen")}  # type: ignore[index]
    assert chosen == {0.0: 0.3, 1.0: 0.5}
    given_ = {float(line.get_ydata()[0]): float(line.get_xdata()[0]) for line in marked(ax, "_given")}  # type: ignore[index]
    assert given_ == {0.0: 0.3, 1.0: 1.0}  # as long as each was tried
    colors = {tuple(np.round(line.get_markeredgecolor(), 3)) for line in marked(ax, "_given")}  # type: ignore[arg-type]
    assert colors == {tuple(np.round(style.color, 3)) for style in styles(["A", "B"], THEMES["light"])}


def test_every_setting_is_a_point_and_what_was_spent_is_reported():
    ax = tuning_trials(tried(), axes())
    assert sum(len(np.asarray(line.get_xdata())) for line in marked(ax, "_settings")) == 7
    words = {text.get_text().replace("\n", " ") for text in ax.texts}
    assert words == {
        "3 settings, 1,083 evaluations; lr 0.1 to 5",
        "1 setting, 40 evaluations; lr 1, beta1 0.9",
    }


def test_texts_of_all_rows_are_in_view_and_decays_differ_from_1():
    columns = {**tried(), "beta2": np.array([0.999] * 5 + [0.9994, 0.5])}
    ax = tuning_trials(columns, Figure(figsize=(4.8, 2.7)).add_subplot())
    words = " ".join(text.get_text().replace("\n", " ") for text in ax.texts)
    assert "beta2 0.999" in words
    assert "beta2 0.5 to 0.9994" in words
    boxes = [text.get_window_extent() for text in ax.texts]
    assert all(ax.bbox.y0 <= box.y0 and box.y1 <= ax.bbox.y1 for box in boxes)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    low, high = ax.get_xlim()
    ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    assert [label.get_text() for tick, label in ticks if low < tick < high] == ["0.3", "0.5", "1", "2", "3"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.001, 3.0), min_size=3, max_size=3), st.floats(0.001, 3.0))
@pytest.mark.slow
def test_all_settings_are_in_view_in_the_order_of_their_best(efforts: list[float], other: float) -> None:
    ax = tuning_trials(tried(efforts, other), axes())
    low, high = ax.get_xlim()
    for line in [*marked(ax, "_settings"), *marked(ax, "_chosen"), *marked(ax, "_given")]:
        assert ((low < np.asarray(line.get_xdata())) & (np.asarray(line.get_xdata()) < high)).all()
    best = min(efforts[0] / 2, efforts[1])
    top = ax.get_yticklabels()[0].get_text()
    assert best == other or top == ("A" if best < other else "B")


@pytest.mark.parametrize("theme", FEW_THEMES)
@pytest.mark.thin(1)
def test_a_real_tuning_is_drawn(theme):
    found = tune("booth", ["sgd", "adam"], steps=60, candidates=9, starts=1)
    ax = tuning_trials(found, axes(), theme=theme)
    order = [tick.get_text() for tick in ax.get_yticklabels()]
    assert order == sorted(found.meta.effort, key=found.meta.effort.__getitem__)
    chosen = [float(line.get_xdata()[0]) for line in marked(ax, "_chosen")]  # type: ignore[index]
    assert sorted(chosen) == pytest.approx(sorted(found.meta.effort.values()))
    assert len(np.unique(full_draw(ax.get_figure(root=True)).reshape(-1, 4), axis=0)) > 50  # type: ignore[arg-type]


GRID = [0.001, 0.01, 0.1, 1.0]


def swept() -> Record:
    return sweep("booth", ["sgd", "adam"], lr=GRID, steps=20)


@pytest.mark.parametrize(
    ("given_", "notes"),
    [
        (["sgd(lr=0.01)", "adam(lr=0.1)"], []),
        (["sgd(lr=0.001)", "adam(lr=0.1)"], ["SGD: at the edge of the grid"]),
        (["sgd(lr=0.01)", "adam(lr=3.0)"], ["Adam: beyond the grid"]),
        (["sgd(lr=0.0001)", "adam(lr=1.0)"], ["SGD: beyond the grid; Adam: at the edge of the grid"]),
        (["adam(lr=0.1)", "lbfgs"], []),
    ],
)
def test_rates_are_marked_and_the_edge_is_reported(given_, notes):
    made = race("booth", given_, steps=20)
    ax = lr_sweep(made, axes(), sweep=swept())
    lr = [float(value) for value in made.trajectories.runs["lr"] if not np.isnan(value)]
    lines = marked(ax, "_rate")
    assert [float(line.get_xdata()[0]) for line in lines] == lr  # type: ignore[index]
    low, high = ax.get_xlim()
    assert all(low <= rate <= high for rate in lr)
    assert [text.get_text() for text in ax.texts] == notes
    curves = {line.get_label(): line.get_color() for line in ax.lines}
    for line, label in zip(lines, made.trajectories.runs["label"], strict=False):
        assert line.get_color() == curves[str(label)]


def surface() -> Surface:
    made = converging().surface
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: tuning_trials({}, axes()), "lack label, rung, steps, effort, evaluations"),
        (lambda: tuning_trials([1], axes()), "got \\[1\\]"),  # type: ignore[arg-type]
        (lambda: tuning_trials({**tried(), "lr": np.ones(3)}, axes()), "one length"),
        (lambda: tuning_trials({name: column[:0] for name, column in tried().items()}, axes()), "at least 1"),
        (lambda: tuning_trials(tried(), axes(), theme="neon"), "unknown theme"),
        (lambda: lr_sweep(converging(), axes(), sweep=converging()), 'sweep= needs a sweep over "lr"'),
        (
            lambda: lr_sweep(converging(labels=["a", "b", "c"]), axes(), sweep=swept()),
            r"\(SGD, Adam\) is in the race: a, b, c",
        ),
        (lambda: lr_sweep(surface(), axes(), sweep=swept()), "expected a Record"),  # type: ignore[arg-type]
        (lambda: lr_sweep(converging(), axes(), sweep=surface()), "expected a Record"),  # type: ignore[arg-type]
    ],
)
def test_records_that_cannot_be_drawn_are_reported(call, match):
    with pytest.raises(InputError, match=match):
        call()
