"""The whole picture: who is who, outside of the panels and readable whatever the size and number of runs."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from render_pixels import full_draw, levels_apart, sized
from render_records import KINDS, arc, converging, diverging, failing, leaving, record, scenery, unbounded
from thinned import FEW_THEMES, diagonal

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.legend import OutcomeText, StepCounter, legend_entries
from landscapes.render.artists.trails import Trail
from landscapes.render.figures.size import from_pixels
from landscapes.render.plots._label_runs import RunLabels
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import THEMES

SIZES = [(400, 300), (800, 600), (960, 540), (1600, 900)]


def plain(race: Record, **options) -> Figure:
    """The figure of a race with a plain legend."""
    return render.figure(race, standings=False, **options)


def legend(made: Figure):
    return next(ax for ax in made.axes if ax.get_label() == "legend")


def words(made: Figure) -> list[str]:
    return [
        text.get_text()
        for text in legend(made).texts + made.findobj(OutcomeText)
        if text.get_visible() and text.get_text()
    ]


def boxes(made: Figure) -> list[tuple[str, Bbox]]:
    """All visible texts of the legend, with their place in pixels."""
    renderer = RendererAgg(*(int(side) for side in made.bbox.size), made.dpi)
    texts = {id(text): text for text in legend(made).findobj(Text) if text.get_visible() and text.get_text()}
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts.values()]


def overlap(a: Bbox, b: Bbox, slack: float = 0.5) -> bool:
    """Whether two boxes share more than a hair."""
    return bool(min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack)


@pytest.mark.filterwarnings("ignore:the legend leaves out")
@pytest.mark.parametrize(("runs", "size"), diagonal([1, 2, 6, 12, 40], SIZES))
def test_the_legend_covers_nothing_and_is_readable(runs, size):
    labels = [f"run {i} with a name" for i in range(runs)] if runs == 2 else None
    outcomes = {0: ("diverged", 3), runs - 1: ("non-finite", 7)}
    race = converging(runs, steps=10, outcomes=outcomes, labels=labels)
    made = plain(race, **sized(*size))
    page, objective, key = made.bbox, made.axes[0], legend(made)
    assert not overlap(key.bbox, objective.bbox)
    found = boxes(made)
    named = [text for text, _ in found if text in set(race.trajectories.runs["label"])]
    more = [int(text.split()[1]) for text, _ in found if re.fullmatch(r"\+ \d+ more", text)]
    assert len(named) + sum(more) == runs
    assert not more or runs > 12
    for text, box in found:
        assert page.x0 <= box.x0 < box.x1 <= page.x1 + 0.5, text
        assert page.y0 - 0.5 <= box.y0 < box.y1 <= page.y1, text
        for ax in made.axes:
            assert ax is key or not overlap(box, ax.bbox), text
    for (one, a), (two, b) in combinations(found, 2):
        # lines of text are a little higher than what is written in them
        assert not overlap(a, b, slack=0.2 * min(a.height, b.height)), (one, two)


@pytest.mark.parametrize("runs", [25, pytest.param(60, marks=pytest.mark.slow), 200])
@pytest.mark.parametrize("options", [sized(960, 540), sized(480, 320)], ids=["usual", "small"])
@pytest.mark.slow
@pytest.mark.sample(3)
def test_many_runs_are_named_as_far_as_they_can_be_read(runs, options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = plain(converging(runs, steps=4), **options)
    texts = [text for text in legend(made).findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() * made.dpi / 72 for text in texts) > 5.4
    more = [int(text.get_text().split()[1]) for text in texts if text.get_text().startswith("+ ")]
    assert [str(one.message).split(":")[0] for one in caught] == [
        f"the legend leaves out {left} of {runs} runs" for left in more
    ]
    assert all("render.ensemble" in str(one.message) for one in caught)
    assert more or runs == 25


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.thin(1)
def test_panels_and_titles_keep_apart(size):
    made = plain(converging(6), **sized(*size))
    renderer = RendererAgg(*size, made.dpi)
    panels = [ax.get_tightbbox(renderer) for ax in made.axes if ax is not legend(made)]
    assert not any(overlap(a, b) for a, b in combinations(panels, 2))
    counter = made.findobj(StepCounter)[0].get_window_extent(renderer)
    title = made.axes[0].title if made.axes[0].title.get_text() else made.axes[0]._left_title
    assert title.get_text() == "Bowl"
    assert not overlap(counter, title.get_window_extent(renderer))
    assert made.bbox.contains(counter.x1, counter.y1)


def test_learning_rates_are_next_to_names():
    assert words(plain(converging(2), **sized(800, 600))) == ["SGD", "lr 0.01", "Momentum", "lr 0.02"]


def test_a_rate_that_is_in_the_label_or_unknown_is_not_repeated():
    race = converging(2, labels=["Adam lr=0.01", "mine"])
    race.trajectories.runs["lr"][1] = np.nan
    assert words(plain(race)) == ["Adam lr=0.01", "mine"]


@pytest.mark.parametrize(
    ("race", "outcome_words", "since"),
    [
        (diverging(at=12), "diverged at step 12", 12),
        (failing(at=15), "non-finite at step 15", 15),
        (unbounded(at=25), "unbounded at step 25", 25),
    ],
)
@pytest.mark.thin(1)
def test_an_outcome_is_reported_from_its_step_on(race, outcome_words, since):
    made = plain(race, **sized(960, 540))
    for step in (since - 1, since):
        set_step(made, step)
        assert (outcome_words in words(made)) == (step >= since)
        assert (outcome_words in words(plain(race, step=step))) == (step >= since)


@pytest.mark.slow
def test_the_outcome_is_in_the_frames_from_its_step_on():
    race = diverging(at=12)
    before, after = (full_draw(plain(race, step=step, **sized(640, 400))) for step in (11, 12))
    made = plain(race, **sized(640, 400))
    box = next(fate for fate in made.findobj(OutcomeText)).get_window_extent(RendererAgg(640, 400, made.dpi))
    place = (slice(400 - int(box.y1), 400 - int(box.y0)), slice(int(box.x0), int(box.x1)))
    assert np.ptp(before[place][..., :3].reshape(-1, 3), axis=0).max() == 0
    assert np.ptp(after[place][..., :3].reshape(-1, 3), axis=0).max() > 100


@pytest.mark.parametrize("label", ["price $5 and $6", r"a $\foo$ b", "_hidden", "", "x_1^{", "Ünï ⇒ €", "a%s {}"])
@pytest.mark.thin(1)
def test_labels_are_drawn_as_they_are(label):
    made = plain(converging(2, labels=[label, "other"]), **sized(640, 400))
    assert full_draw(made).shape == (400, 640, 4)
    assert [text for text in legend(made).texts if text.get_text() == label] or not label


@pytest.mark.parametrize("name", FEW_THEMES)
@pytest.mark.parametrize("dpi", [72, 100, 163.7])
def test_the_counter_pastes_what_a_text_would_draw(name, dpi):
    color = THEMES[name].foreground

    def page() -> Figure:
        return Figure(figsize=(1.6, 0.5), dpi=dpi, facecolor=THEMES[name].background)

    place = {"ha": "right", "va": "baseline", "fontsize": 10, "color": color}
    fast, slow = page(), page()
    counter = StepCounter(0.95, 0.4, 1000, transform=fast.transFigure, **place)
    fast.add_artist(counter)
    text = slow.text(0.95, 0.4, "", family="monospace", **place)
    for step in (0, 7, 45, 128, 369, 1000):
        counter.set_step(step)
        text.set_text(f"step {step:>4}")
        assert levels_apart(full_draw(fast), full_draw(slow)) <= 2


def test_the_counter_follows_a_change_of_colour_and_place():
    made = Figure(figsize=(2, 1), dpi=100)
    counter = StepCounter(0.9, 0.5, 50, transform=made.transFigure, ha="right", color="black")
    made.add_artist(counter)
    first = full_draw(made)
    counter.set_color("red")
    red = full_draw(made)
    assert (red[..., 0] > 200).all()
    counter.set_position((0.9, 0.2))
    assert not np.array_equal(full_draw(made), red)
    counter.set_color("black")
    counter.set_position((0.9, 0.5))
    np.testing.assert_array_equal(full_draw(made), first)


@settings(max_examples=12)
@given(st.integers(160, 1920), st.integers(120, 1200))
@pytest.mark.slow
def test_a_picture_has_the_size_asked_for(wide, high):
    made = plain(record([arc(2)]), **sized(wide, high))
    assert tuple(int(side) for side in made.bbox.size) == (wide, high)


@pytest.mark.parametrize("size", [(161, 121), (698, 400), (704, 600)])
def test_a_saved_picture_has_the_size_asked_for(size):
    assert full_draw(plain(converging(1), **sized(*size))).shape[:2] == size[::-1]


@pytest.mark.parametrize(
    "size", [(159, 300), (300, 119), (0, 0), (-800, 600), (9000, 600), (800.5, 600), 800, "big", (1, 2, 3), None]
)
def test_other_sizes_are_refused(size):
    with pytest.raises(InputError, match="size"):
        from_pixels(size)


@pytest.mark.parametrize(
    ("figsize", "dpi"),
    [
        ((1.59, 3.0), 100),
        ((3.0, 1.19), 100),
        ((0, 4), 100),
        ((-8, 6), 100),
        ((90, 6), 100),
        (8, 100),
        ("big", 100),
        ((1, 2, 3), 100),
        ((math.nan, 4), 100),
        ((9.6, 5.4), 0),
        ((9.6, 5.4), math.inf),
        ((9.6, 5.4), True),
    ],
)
def test_sizes_in_inches_and_resolutions_that_cannot_be_drawn_are_refused(figsize, dpi):
    for draw in (render.figure, render.animate):
        with pytest.raises(InputError, match="figsize" if dpi == 100 else "dpi must be > 0"):
            draw(converging(1), figsize=figsize, dpi=dpi)


def test_a_size_in_inches_is_that_of_the_figure():
    made = plain(converging(1), figsize=(6.75, 3.5), dpi=200)
    assert made.get_size_inches().round(6).tolist() == [6.75, 3.5]
    assert [int(side) for side in made.bbox.size] == [1350, 700]


@pytest.mark.slow
def test_a_race_without_a_map_shows_its_losses_alone():
    without = record([np.zeros((5, 3))], values=np.ones((1, 5)))
    for figure in (plain(without), render.animate(without).figure):
        drawn = [{type(artist) for artist in axes.get_children()} for axes in figure.axes]
        assert sum(Curve in kinds for kinds in drawn) == 1
        assert not any(Trail in kinds for kinds in drawn)
    with pytest.raises(InputError, match="no surface to draw, only losses"):
        plain(without, inset=True)


@pytest.mark.slow
def test_a_plane_without_a_surface_shows_its_trajectories():
    race = converging(2)
    plane = Record(race.trajectories, None, race.meta)
    figures = plain(plane, labels="direct"), render.filmstrip(plane), render.small_multiples([plane])
    for figure in figures:
        panels = [ax for ax in figure.axes if any(isinstance(line, Trail) for line in ax.lines)]
        assert len(panels) == (4 if figure is figures[1] else 1)
        for run in race.trajectories.x:
            low, high = panels[0].viewLim.get_points()
            assert ((low <= run) & (run <= high)).all()
    with pytest.raises(InputError, match="no surface to draw, only trajectories"):
        plain(plane, inset=True)


@pytest.mark.filterwarnings("ignore:the legend leaves out")
@pytest.mark.parametrize(("kind", "name"), diagonal(KINDS, ["dark", "print"]))
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_every_kind_of_race_is_drawn_in_every_theme(kind, name):
    picture = full_draw(plain(KINDS[kind](), theme=name, **sized(320, 240), panel=True))
    assert picture.shape == (240, 320, 4)
    assert (picture[..., 3] == 255).all()


@pytest.mark.slow
def test_a_panel_is_drawn_where_there_is_room():
    def panels(**options) -> int:
        return len(plain(converging(1), **options).axes) - 1

    assert [panels(**sized(*size)) for size in ((400, 300), (960, 540), (600, 600))] == [1, 2, 1]
    assert [panels(**sized(400, 300), panel=True), panels(panel=False)] == [2, 1]


LONG = [f"Adam · cosine to {place} after 1000 · clip 1.0 · weight decay 0.01 · averaged #{place}" for place in range(3)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("panel", [True, False])
@pytest.mark.thin(1)
def test_long_names_are_cut_where_they_do_not_fit_and_stay_apart(size, panel):
    race = converging(3, steps=10, labels=LONG, outcomes={1: ("diverged", 3)})
    made = plain(race, **sized(*size), panel=panel)
    page, found = made.bbox, boxes(made)
    for text, box in found:
        assert page.x0 <= box.x0 < box.x1 <= page.x1 + 0.5, text
    for (one, a), (two, b) in combinations(found, 2):
        assert not overlap(a, b, slack=0.2 * min(a.height, b.height)), (one, two)
    names = [text for text, _ in found if text.startswith("Ad")]
    assert len(set(names)) == 3


@pytest.mark.slow
def test_long_names_fit_a_filmstrip_and_heads():
    race = converging(3, steps=10, labels=LONG)
    strip = render.filmstrip(race, [5, 10])
    assert all(box.x1 <= strip.bbox.x1 for _, box in boxes(strip))
    made = plain(race, labels="direct", **sized(400, 300))
    (names,) = made.findobj(RunLabels)
    assert len(names.places(1.0)) == 3


@pytest.mark.parametrize(
    ("title", "size"),
    diagonal(
        ["A title that goes on and on, " * 8, "W" * 200, "short", "$x$ and so on and on " * 9], [*SIZES, (200, 150)]
    ),
)
def test_a_long_title_keeps_off_the_counter(title, size):
    made = plain(converging(2), **sized(*size), title=title)
    renderer = RendererAgg(*size, made.dpi)
    counter = made.findobj(StepCounter)[0].get_window_extent(renderer)
    written = made.axes[0]._left_title
    assert not overlap(counter, written.get_window_extent(renderer))
    assert written.get_text().replace("\\$", "$")[:5] == title[:5]


@pytest.mark.slow
def test_numbers_are_not_cut_off():
    far = scenery()
    far = replace(far, x=1000 * far.x, y=1e4 * far.y - 12345)
    race = replace(converging(2, steps=2000, surface=far, minimum=-np.inf))
    for size in SIZES:
        made = plain(race, **sized(*size), panel=True)
        renderer = RendererAgg(*size, made.dpi)
        panels = [ax.get_tightbbox(renderer) for ax in made.axes if ax is not legend(made)]
        assert all(box.x0 >= 0 and box.x1 <= size[0] for box in panels)
        assert not overlap(*panels)


@pytest.mark.parametrize(("view", "since"), [(None, 7), (((-1.9, 1.5), (-1, 1.4)), 6)])
def test_a_run_that_left_the_view_is_reported(view, since):
    race = leaving()
    made = plain(race, view=view)
    outcome_words = f"out of view from step {since}"
    for step in (since - 1, since):
        set_step(made, step)
        assert (outcome_words in words(made)) == (step >= since)
    assert race.trajectories.runs["status"][1] == "max_steps"


@pytest.mark.slow
def test_titles():
    assert plain(converging(1)).axes[0].get_title("left") == "Bowl"
    assert plain(converging(1), title="mine").axes[0].get_title("left") == "mine"


def test_figures_do_not_pile_up_artists():
    race = converging(3)
    made = plain(race)
    before = len(made.findobj())
    for step in range(41):
        set_step(made, step)
    assert len(made.findobj()) == before


@pytest.mark.parametrize(("label", "outcome_words"), [("mulryan", "lr 0.25"), ("SGD lr=0.25", "")])
def test_a_learning_rate_is_left_out_only_if_the_label_has_it(label, outcome_words):
    race = converging(1)
    runs = {**race.trajectories.runs, "label": np.array([label]), "lr": np.array([0.25])}
    race = replace(race, trajectories=replace(race.trajectories, runs=runs))
    (entry,) = legend_entries(race, THEMES["light"])
    assert entry.lr == outcome_words


def test_learning_rates_of_parameter_groups_show_under_a_label_of_ones_own():
    race = converging(1)
    spec = "adam(lr=0.25, groups=[{'coordinates': [0], 'lr': 0.01}])"
    runs = {
        **race.trajectories.runs,
        "label": np.array(["split"]),
        "lr": np.array([0.25]),
        "optimizer": np.array([spec]),
    }
    race = replace(race, trajectories=replace(race.trajectories, runs=runs))
    (entry,) = legend_entries(race, THEMES["light"])
    assert entry.lr == "lr 0.25, [0] 0.01"
    assert "split (lr 0.25, [0] lr=0.01);" in render.caption(race)
    assert "0.25, [0] 0.01  " in render.table(race)


@pytest.mark.parametrize("draw", [render.figure, render.animate, render.trajectories, render.loss_curves, render.crop])
def test_an_invalid_record_is_refused(draw):
    with pytest.raises(InputError, match="expected a Record"):
        draw("beale")
