"""Names beside heads: near them, calm, and on nothing that must be visible, whatever the race."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from render_pixels import count, full_draw, levels_apart, sized
from render_records import GOAL, KINDS, arc, converging, diverging, leaving, record
from thinned import FEW_THEMES, diagonal

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import animated_artists, set_step
from landscapes.render.artists.heads import Head
from landscapes.render.artists.label_placement import Boxes, settle
from landscapes.render.plots._label_runs import RunLabels, head_positions
from landscapes.render.writers.timeline import timeline

SIZES = [(400, 300), (1600, 900)]


def wild(runs: int, steps: int = 120) -> Record:
    """Runs that swing to and fro across each other on their way to one minimum, each with a frequency of its own."""
    rng = np.random.default_rng(runs)
    fade = np.exp(-8 * np.linspace(0, 1, steps + 1))
    arcs = []
    for run in range(runs):
        phase = (0.2 + 0.15 * run) * np.arange(steps + 1)
        swing = rng.uniform(0.1, 0.5) * fade * np.sin(phase)
        arcs.append(arc(steps, rng.uniform(-0.4, 0.4)) + swing[:, None] * np.array([0.5, 1.0]))
    return record(arcs)


def names(made: Figure) -> RunLabels:
    (found,) = made.findobj(RunLabels)
    return found


def frames(race: Record, size: tuple[int, int], **options):
    """For each frame of an animation what is named: run, centre, half sides, head; and the heads' radius and stars."""
    made = render.figure(race, **sized(*size), labels="direct", **options)
    artist, movers = names(made), animated_artists(made)
    for step in timeline(int(race.trajectories.step[-1])).steps:
        for mover in movers:
            mover.set_step(int(step))
        yield made, artist.places(made.dpi / 72)


def gap(middle: np.ndarray, half: np.ndarray, point: np.ndarray) -> float:
    """How far a box is from a point."""
    return float(np.hypot(*(np.clip(point, middle - half, middle + half) - point)))


@pytest.mark.parametrize(("runs", "size"), diagonal([2, 3, 6, 9, 12], SIZES))
@pytest.mark.thin(1)
@pytest.mark.sample(2)
def test_names_cover_no_head_no_star_and_no_name_in_any_frame(runs, size):
    race = wild(runs)
    assert race.surface is not None
    for made, placed in frames(race, size):
        ax, artist = made.axes[0], names(made)
        assert len(placed) == runs
        star = ax.transData.transform(race.surface.minima[0])
        point = made.dpi / 72
        heads = [head for *_, head in placed]
        for run, middle, half, _ in placed:
            assert ax.bbox.contains(*(middle - half))
            assert ax.bbox.contains(*(middle + half))
            assert gap(middle, half, star) >= 0.4 * artist.star * point
            assert all(gap(middle, half, head) >= 0.5 * artist.head * point for head in heads)
            for other, place, side, _ in placed:
                if other > run:
                    shared = half + side - np.abs(middle - place)
                    assert shared.min() <= 0.3


@pytest.mark.parametrize(("runs", "size"), diagonal([2, 6, 12], SIZES))
@pytest.mark.thin(1)
def test_names_move_no_more_than_their_heads_and_a_little(runs, size):
    extra, far = [], []
    before: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for made, placed in frames(wild(runs), size):
        across = float(np.hypot(*made.axes[0].bbox.size))
        for run, middle, half, head in placed:
            if run in before:
                moved, led = (np.hypot(*(now - then)) for now, then in zip((middle, head), before[run], strict=True))
                extra.append((moved - led) / across)
            before[run] = middle, head
            far.append(gap(middle, half, head) / across)
    assert np.quantile(extra, 0.99) < 0.04
    assert np.max(extra) < 0.16
    assert np.median(far) < 0.1
    assert np.max(extra[-40 * runs :]) < 0.001  # at the end, where heads rest


def test_a_label_does_not_depend_on_steps_shown_before():
    made = render.figure(wild(6), labels="direct", **sized(400, 300))
    artist = names(made)

    def at(step: int) -> list[list[float]]:
        set_step(made, step)
        return [middle.tolist() for _, middle, *_ in artist.places(1.0)]

    forth = [at(step) for step in (0, 40, 80)]
    back = [at(step) for step in (80, 40, 0)]
    assert forth == back[::-1]


@pytest.mark.parametrize("name", FEW_THEMES)
def test_each_name_is_written_in_its_colour_where_it_is_placed(name):
    made = render.figure(converging(3), **sized(640, 400), labels="direct", theme=name, panel=False)
    picture = full_draw(made)
    for run, middle, half, _ in names(made).places(made.dpi / 72):
        low, high = (middle - half).round().astype(int), (middle + half).round().astype(int)
        box = picture[400 - high[1] : 400 - low[1], low[0] : high[0]]
        assert count(box, names(made).shown[run].style.color) > 10
        show_less = [entry for entry in names(made).shown if entry.name != names(made).shown[run].name]
        assert not any(count(box, entry.style.color) for entry in show_less)


@pytest.mark.parametrize("race", [wild(4), diverging(), leaving()], ids=["wild", "diverging", "leaving"])
@pytest.mark.slow
def test_frames_in_a_row_equal_a_full_draw(race):
    made = render.figure(race, **sized(400, 300), labels="direct")
    rolling = Frames(made)
    for step in range(0, int(race.trajectories.step[-1]) + 1, 8):
        assert levels_apart(rolling.advance(step)[0], full_draw(made)) <= 2, step


def test_nothing_is_redrawn_while_labels_rest():
    race = record([np.tile(GOAL, (401, 1)), np.tile((-1.0, 0.5), (401, 1))])
    made = render.figure(race, labels="direct", **sized(400, 300))
    full_draw(made)
    assert len(names(made).dirty_boxes(range(100, 111), RendererAgg(400, 300, made.dpi))) == 0
    swinging = render.figure(wild(2), labels="direct", **sized(400, 300))
    boxes_ = names(swinging).dirty_boxes(range(20, 25), RendererAgg(400, 300, made.dpi))
    for step in range(20, 25):
        for run, middle, half, head in names(swinging).places(1.0, step):
            assert (boxes_[run, :2] <= np.minimum(middle - half, head)).all()
            assert (boxes_[run, 2:] >= np.maximum(middle + half, head)).all()


@pytest.mark.slow
def test_only_the_surroundings_of_labels_are_redrawn_for_any_number_of_steps():
    race = record([arc(6400, 0.3), arc(6400, -0.2)])
    made = render.figure(race, **sized(400, 300), labels="direct", panel=False)
    steps = range(0, 6401, 20)
    moving = Frames(made, steps=steps)
    drawn = []
    for step in steps[:120]:
        picture = moving.advance(step)[0]
        drawn.append(sum(part[..., 0].size for part in map(picture.__getitem__, moving._regions)))
    assert levels_apart(picture, full_draw(made)) <= 2
    assert np.median(drawn) < 0.25 * 400 * 300


def test_direct_labels_replace_the_legend():
    made = render.figure(converging(3), labels="direct")
    assert [ax.get_label() for ax in made.axes].count("legend") == 0
    both = render.figure(converging(3))
    assert made.axes[1].bbox.height > 1.2 * both.axes[1].bbox.height
    assert len(both.findobj(RunLabels)) == 0


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] * (i % 2)) for i, kind in enumerate(KINDS)]
)
@pytest.mark.thin(1)
def test_every_kind_of_race_can_be_named(kind):
    race = KINDS[kind]()
    made = render.figure(race, **sized(400, 300), labels="direct")
    frames = Frames(made)
    last = int(race.trajectories.step[-1])
    for step in (0, last, last // 2):
        assert levels_apart(frames.show(step), full_draw(made)) <= 2


def test_an_outcome_is_reported_next_to_the_name():
    race = diverging(at=12)
    made = render.figure(race, labels="direct")
    for step, expected in ((11, "Nesterov"), (12, "Nesterov diverged at step 12")):
        set_step(made, step)
        assert names(made)._words(2, bool(names(made)._ended(step)[2])) == expected


def test_a_run_out_of_view_is_named_at_its_arrow():
    race = leaving()
    made = render.figure(race, labels="direct", **sized(400, 300))
    ax = made.axes[0]
    placed = {run: (middle, half, head) for run, middle, half, head in names(made).places(made.dpi / 72)}
    middle, half, head = placed[1]
    assert head[0] == pytest.approx(ax.bbox.x0)
    assert ax.bbox.contains(*middle)
    assert gap(middle, half, head) < 0.2 * ax.bbox.height


def test_a_run_never_in_view_is_not_named():
    away = np.array([5.0, 5.0]) + np.zeros((41, 2))
    made = render.figure(record([arc(40), away]), labels="direct", **sized(400, 300))
    assert [run for run, *_ in names(made).places(1.0)] == [0]


def test_names_keep_off_the_inset():
    for made, placed in frames(wild(6), (800, 600), inset=True):
        (lens,) = made.axes[0].child_axes
        inner = np.array([lens.bbox.x0, lens.bbox.y0]), np.array([lens.bbox.x1, lens.bbox.y1])
        for _, middle, half, _ in placed:
            assert np.minimum(inner[1] - (middle - half), (middle + half) - inner[0]).min() <= 0.3


@pytest.mark.slow
def test_a_name_apart_from_its_head_has_a_line_to_it():
    race = wild(12)
    made = render.figure(race, labels="direct", **sized(400, 300), theme="dark")
    artist = names(made)
    placed = artist.places(made.dpi / 72)
    _, middle, half, head = max(placed, key=lambda place: gap(*place[1:]))
    assert gap(middle, half, head) > 2 * artist.font
    near = np.clip(head, middle - half, middle + half)
    before = full_draw(made)
    artist._lead = lambda *_: None  # type: ignore[method-assign]
    after = full_draw(made)
    x, y = ((near + head) / 2).round().astype(int)
    patch = (slice(300 - y - 3, 300 - y + 3), slice(x - 3, x + 3))
    assert levels_apart(before[patch], after[patch]) > 30


@pytest.mark.slow
def test_on_axes_of_the_users_and_in_vector_files(tmp_path):
    race = converging(2)
    page = Figure()
    ax = page.subplots()
    render.contour(race, ax)
    render.trajectories(race, ax)
    assert isinstance(render.label_runs(race, ax, step=10, fontsize=11), Axes)
    assert names(page).step == 10
    page.savefig(tmp_path / "own.svg", metadata={"Date": None})
    made = render.save(race, tmp_path / "race.svg", labels="direct").read_text(encoding="utf-8")
    assert re.findall(r">(SGD|Momentum)</text>", made) == ["SGD", "Momentum"]


@pytest.mark.parametrize("labels", ["head", "", None, 3])
def test_other_labels_are_refused(labels):
    with pytest.raises(InputError, match=r"unknown kind of labels|labels must be text"):
        render.figure(converging(1), labels=labels)


boxes = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(2, 15), st.floats(2, 5)), min_size=1, max_size=8
)


@given(boxes, boxes)
def test_settled_names_cover_nothing(animated_artists, fixed):
    names_, walls = (Boxes(np.array(part)[:, :2], np.array(part)[:, 2:]) for part in (animated_artists, fixed))
    low, high = np.zeros(2), np.array([120.0, 100.0])
    middle, placed = settle(names_, walls, low, high)
    for one in np.flatnonzero(placed):
        assert (middle[one] - names_.half[one] >= low - 1e-9).all()
        assert (middle[one] + names_.half[one] <= high + 1e-9).all()
        for where, half in zip(walls.middle, walls.half, strict=True):
            assert (names_.half[one] + half - np.abs(middle[one] - where)).min() <= 0.2
        for two in np.flatnonzero(placed):
            if one < two:
                assert (names_.half[one] + names_.half[two] - np.abs(middle[one] - middle[two])).min() <= 0.2


def test_labels_without_a_free_place_are_left_out():
    names_ = Boxes(np.full((3, 2), 5.0), np.full((3, 2), 4.0))
    _, placed = settle(names_, Boxes(np.zeros((0, 2)), np.zeros((0, 2))), np.zeros(2), np.full(2, 10.0))
    assert placed.sum() == 1


def test_names_next_to_free_heads_stay_where_they_were():
    names_ = Boxes(np.array([[20.0, 20.0], [80.0, 80.0]]), np.full((2, 2), 5.0))
    middle, placed = settle(names_, Boxes(np.zeros((0, 2)), np.zeros((0, 2))), np.zeros(2), np.full(2, 100.0))
    assert middle.tolist() == names_.middle.tolist()
    assert placed.all()


def test_heads_are_where_heads_draw_them():
    race = leaving()
    made = render.figure(race, **sized(400, 300), panel=False)
    ax = made.axes[0]
    way_ = ax.transData.transform(race.trajectories.x[1])
    drawn = head_positions(way_, ax.bbox.extents)
    inside = ax.bbox.extents[0] <= way_[:, 0]
    assert drawn[inside].tolist() == way_[inside].tolist()
    assert np.allclose(drawn[~inside], drawn[-1])
    assert drawn[-1][0] == pytest.approx(ax.bbox.x0)
    assert isinstance(made.findobj(Head)[1], Head)
    back = np.vstack([way_, way_[::-1]])
    assert head_positions(back, ax.bbox.extents)[-1].tolist() == way_[0].tolist()
    lost = np.where(np.arange(len(way_))[:, None] >= 5, np.nan, way_)
    assert head_positions(lost, ax.bbox.extents)[-1].tolist() == way_[4].tolist()
