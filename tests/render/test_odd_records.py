"""Every plot of records in which nothing is reached, nothing is finite, or little is there at all."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure

from landscapes import race, render, sweep
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.artists.animated import animated_artists
from landscapes.render.artists.legend import StepCounter
from landscapes.render.artists.standings import Standings

METRICS = ["momentum", "second_moment", "evaluations", "lr"]


@cache
def calm() -> Record:
    return race("beale", ["sgd(lr=0.01)", "adam(lr=0.1)"], steps=20, metrics=METRICS)


def altered(**columns: object) -> Record:
    """The calm race with other points, losses and columns."""
    runs = calm().trajectories
    arrays = {name: columns.pop(name) for name in ("x", "loss") if name in columns}
    table = {**runs.runs, **{name: np.asarray(column) for name, column in columns.items()}}
    return replace(calm(), trajectories=replace(runs, **arrays, runs=table))


RECORDS = {
    "all diverge": lambda: race("beale", ["sgd(lr=1e9)", "adam(lr=1e150)"], steps=5, metrics=METRICS),
    "all NaN": lambda: altered(
        x=np.full((2, 21, 2), np.nan), loss=np.full((2, 21), np.nan), status=["diverged"] * 2, stopped=[0, 0]
    ),
    "one step": lambda: race("beale", ["sgd", "adam"], steps=1, metrics=METRICS),
    "one run": lambda: race("beale", ["adam"], steps=5, metrics=METRICS),
    "losses 0": lambda: altered(loss=np.zeros((2, 21))),
    "losses negative": lambda: altered(loss=np.full((2, 21), -1.0)),
    "from the minimum": lambda: race(
        "beale", ["sgd(lr=0.01)", "adam(lr=0.1)"], start=(3.0, 0.5), steps=5, metrics=METRICS
    ),
}

PLOTS = {
    "contour": lambda record: render.contour(record, Figure().subplots()),
    "trajectories": lambda record: render.trajectories(record, Figure().subplots()),
    "loss_curves": lambda record: render.loss_curves(record, Figure().subplots()),
    "optimizer_state": lambda record: render.optimizer_state(record, Figure().subplots()),
    "label_runs": lambda record: render.label_runs(record, render.contour(record, Figure().subplots())),
    "ensemble": lambda record: render.ensemble(record, Figure().subplots()),
    "loss_quantiles": lambda record: render.loss_quantiles(record, Figure().subplots()),
    "gradient_field": lambda record: render.gradient_field(record, Figure().subplots()),
    "history of steps": lambda record: render.history(record, "step_length", Figure().subplots()),
    "history of cosines": lambda record: render.history(record, "cosine", Figure().subplots(), x="evaluations"),
    "history of losses": lambda record: render.history(record, "loss", Figure().subplots()),
    "figure": render.figure,
    "figure_3d": render.figure_3d,
    "table": render.table,
    "caption": render.caption,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.thin(10)
def test_every_plot_draws_odd_records(kind, plot):
    made = PLOTS[plot](cached(kind))
    if not isinstance(made, str):
        (made if isinstance(made, Figure) else made.figure).savefig(BytesIO(), dpi=30)


@cache
def cached(kind: str) -> Record:
    return RECORDS[kind]()


def test_a_history_of_nothing_finite_says_so():
    ax = render.history(cached("all NaN"), "step_length", Figure().subplots())
    assert [text.get_text() for text in ax.texts] == ["no run has a finite step length"]


@pytest.mark.parametrize(
    ("measure", "lrs", "note"),
    [("gap", (100.0, 1000.0), "every setting fails"), ("steps", (1e-5, 1e-4), "no setting reaches the target")],
)
@pytest.mark.parametrize("plot", [render.sensitivity, render.heatmap])
@pytest.mark.thin(1)
def test_a_sweep_without_values_says_so(plot, measure, lrs, note):
    both = {"momentum": (0.1, 0.5)} if plot is render.heatmap else {}
    tried = sweep("rosenbrock", "sgd(momentum=0.1)", lr=list(lrs), steps=20, target=1e-3, **both)
    ax = plot(tried, Figure().subplots(), measure=measure)
    ax.figure.savefig(BytesIO(), dpi=30)
    words = [text.get_text() for text in ax.texts] + [ax.get_title(loc="left")]
    assert any(note in text for text in words)
    render.figure(tried, measure=measure).savefig(BytesIO(), dpi=30)


def test_gradient_evaluations_of_a_sweep_are_drawn():
    tried = sweep("rosenbrock", "adam", lr=[1e-3, 1e-2, 1e-1], steps=5)
    ax = render.sensitivity(tried, Figure().subplots(), measure="gradients")
    assert set(ax.lines[0].get_ydata()) == {5}


@pytest.mark.parametrize(
    "plot",
    ["trajectories", "loss_curves", "optimizer_state", "label_runs", "zoom_inset", "history"],
)
@pytest.mark.thin(2)
def test_all_of_a_figure_shows_the_same_step(plot):
    whole = render.figure(calm())
    ax = whole.axes[0]
    draw = getattr(render, plot)
    given = {"ax": whole.axes[-1]} if plot == "history" else {"ax": ax}
    draw(calm(), **given, step=7)
    steps = {artist.polyline.shown for artist in animated_artists(whole) if hasattr(artist, "polyline")}
    assert steps == {7}
    assert [part.get_text() for part in whole.get_children() if isinstance(part, StepCounter)] == ["step  7"]
    draw(calm(), **given)
    assert {artist.polyline.shown for artist in animated_artists(whole) if hasattr(artist, "polyline")} == {7}


def test_an_inset_shows_the_end_of_the_best_run_if_none_comes_near_the_minimum():
    lost = race("rosenbrock", ["sgd(lr=1e-4)"], steps=20)
    ax = render.trajectories(lost, render.contour(lost, Figure().subplots()))
    inset = render.zoom_inset(lost, ax)
    assert np.allclose([np.mean(inset.get_xlim()), np.mean(inset.get_ylim())], lost.trajectories.x[0, -1])


def test_a_run_without_points_has_no_inset():
    with pytest.raises(InputError, match="no finite point; there is nothing to magnify"):
        render.zoom_inset(cached("all NaN"), render.contour(calm(), Figure().subplots()))


@pytest.mark.slow
def test_the_legend_of_a_3d_figure_has_the_solid_lines_that_are_drawn():
    made = render.figure_3d(calm(), theme="print", standings=False)
    lines = [line for ax in made.axes for line in ax.lines]
    assert lines
    assert all(line.get_linestyle() == "-" or line.get_linestyle() == "None" for line in lines)
    (board,) = render.figure_3d(calm(), theme="print").findobj(Standings)
    assert [entry.style.dashes for entry in board.columns.entries] == [(), ()]


def test_the_docstring_names_all_functions():
    assert [name for name in render.__all__ if f"`{name}`" not in render.__doc__] == []
