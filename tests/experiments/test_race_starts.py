"""A race from several starts: each run has the numbers of a race from its start alone."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_array_equal

from landscapes import InputError, Record, formula, race, render
from landscapes.analysis.race_table import result_sentence, rows
from landscapes.functions import get
from landscapes.record import by_start, filled, labels_of, optimizer_labels
from landscapes.render.artists.legend import legend_entries
from landscapes.render.artists.trails import Trail

STARTS = [(0.6, 1.4), (-0.5, 2)]
OPTIMIZERS = {"Adam": "adam(lr=0.5)", "mine": "sgd(lr=0.01)", "wild": "sgd(lr=3)"}


@pytest.fixture(scope="module")
def record() -> Record:
    return race(get("beale").noisy(sigma=0.1), OPTIMIZERS, start=STARTS, steps=40, metrics=["gradient_norm"])


def test_each_run_is_that_of_a_race_from_its_start_alone(record, tmp_path):
    assert optimizer_labels(record) == [*OPTIMIZERS] * 2
    assert labels_of(record)[::3] == ["Adam from (0.6, 1.4)", "Adam from (-0.5, 2)"]
    loaded = Record.load(record.save(tmp_path / "starts.npz"))
    for start, part in zip(STARTS, by_start(loaded), strict=True):
        alone = race(get("beale").noisy(sigma=0.1), OPTIMIZERS, start=start, steps=40, metrics=["gradient_norm"])
        assert {**part.meta} == {**alone.meta}
        assert part.trajectories.runs.keys() == alone.trajectories.runs.keys()
        for name, column in alone.trajectories.runs.items():
            assert_array_equal(np.ma.filled(part.trajectories.runs[name], -1), np.ma.filled(column, -1), name)
        assert_array_equal(part.trajectories.x, alone.trajectories.x)
        assert_array_equal(part.trajectories.loss, alone.trajectories.loss)
        assert_array_equal(part.to_array("gradient_norm"), alone.to_array("gradient_norm"))
    assert record.sel(start=1).trajectories.x[0, 0].tolist() == [-0.5, 2]
    assert labels_of(record.sel(name="adam", start=0)) == ["Adam from (0.6, 1.4)"]


@pytest.mark.filterwarnings("ignore:the start lies outside")
@pytest.mark.parametrize("function", ["beale", "monkey_saddle"])
def test_starts_outside_the_view_change_no_other_run(function):
    """The view determines default step lengths, tuned rates, where runs diverge, and targets of unbounded functions."""
    starts = [(1, 1), (-7, 3), (0.4, 9)]
    optimizers = ["random_search", "cma_es", "sgd(lr=0.02)", "sgd(lr=1e4)"]
    record = race(function, ["sgd", *optimizers], start=starts, steps=12, resolution=9)
    for start, part in zip(starts, by_start(record), strict=True):
        first = "sgd" if start == (1, 1) else f"sgd(lr={float(record.trajectories.runs['lr'][0])!r})"
        alone = race(function, [first, *optimizers], start=start, steps=12, resolution=9)
        assert_array_equal(part.trajectories.x, alone.trajectories.x)
        for name in ("status", "reached", "first_reached", "stopped"):
            assert_array_equal(filled(part.trajectories.runs[name]), filled(alone.trajectories.runs[name]), name)
        assert part.meta.target == alone.meta.target


def test_optimizers_share_colours_and_legend_rows_and_the_table_ranks_each_start(record):
    ax = render.trajectories(record, render.contour(record))
    colors = [to_hex(line.get_color()) for line in ax.lines if isinstance(line, Trail)]
    assert colors[:3] == colors[3:]
    assert len(set(colors)) == 3
    entries = legend_entries(record, render.THEMES["light"])
    assert [entry.name for entry in entries] == [*OPTIMIZERS]
    assert [entry.outcome for entry in entries] == ["↗ 1/2", "↗ 1/2", "✕ 2/2"]
    header, *lines = rows(record)
    assert header[:3] == ("start", "place", "optimizer")
    assert [line[:2] for line in lines] == [(at, str(n)) for at in ("(0.6, 1.4)", "(-0.5, 2)") for n in (1, 2, 3)]
    assert render.caption(record).count("Adam (lr 0.5)") == 1
    assert ", 40 steps from (0.6, 1.4) and (-0.5, 2): Adam" in render.caption(record)
    first, second = (result_sentence(part).rstrip(".") for part in by_start(record))
    assert result_sentence(record) == f"from (0.6, 1.4) {first}; from (-0.5, 2) {second}.".replace("No run", "no run")


@pytest.mark.parametrize("options", [{"labels": "direct"}, {"inset": True}, {"view3d": True}, {"theme": "print"}])
def test_all_figures_draw_several_starts(record, options):
    assert render.figure(record, colors={"mine": "#ff0000"} if not options.get("view3d") else None, **options)


def test_other_dimensions_have_several_starts():
    curve = race(formula("x**2"), ["sgd(lr=0.1)"], start=[[1], [-2]], steps=9)
    assert filled(curve.trajectories.runs["start"]).tolist() == [0, 1]
    assert render.figure(curve)
    assert len(race("rosenbrock", "adam(lr=1)", start=np.ones((3, 2)) * [[0], [1], [2]], steps=3).trajectories) == 3


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ([(1, 2), (1, 2)], r"the start \[1.0, 2.0\] is given twice"),
        ([(1, 2), (1, 2, 3)], r"beale has 2 coordinates; the start \[1.0, 2.0, 3.0\] has 3"),
        ([(1, 2), 3], r"a start must be 2 numbers, got 3"),
        ([], r"beale has 2 coordinates; the start \[\] has 0"),
    ],
)
def test_invalid_starts_are_refused(start, message):
    with pytest.raises(InputError, match=message):
        race("beale", "adam(lr=1)", start=start, steps=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"starts": [[0.0, 0.0]]}, "one target per start"), ({"starts": [[0.0], [0.0]]}, "points of 2 numbers")],
)
def test_damaged_starts_are_refused(record, changes, message):
    with pytest.raises(InputError, match=message):
        Record(record.trajectories, record.surface, record.meta.replace(**changes))
