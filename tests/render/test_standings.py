"""The leaderboard of a race: who leads at which step, how rows change place, and that nothing overlaps."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from render_pixels import full_draw, levels_apart, sized
from render_records import arc, coincident, converging, diverging, leaving, record, unbounded

from landscapes import render
from landscapes.analysis.live_standings import live_standings
from landscapes.record import Record
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.standings import Standings
from landscapes.render.artists.standings_columns import short_number, widest_numbers
from landscapes.render.artists.standings_rows import Row

STEPS = 200


def crossing() -> Record:
    """A race with a change of lead at step 100; the two losses then stay apart, and neither reaches the target."""
    share = np.linspace(0, 1, STEPS + 1)
    losses = np.array([2 - share, 2.5 - 2 * share]) + 1
    return record([arc(STEPS, 0.2), arc(STEPS, -0.2)], values=losses)


def flickering() -> Record:
    """A race in which the lead changes at every step, until the second run leads from step 150 on."""
    sign = np.where(np.arange(STEPS + 1) % 2, 0.1, -0.1)
    base = np.linspace(3, 2, STEPS + 1)
    late = np.where(np.arange(STEPS + 1) >= 150, 0.5, 0.0)
    return record([arc(STEPS, 0.2), arc(STEPS, -0.2)], values=np.array([base + sign, base - sign - late]))


def several_starts() -> Record:
    """Two optimizers from two starts: one arrives twice, the other once."""
    made = converging(4, labels=["A 1", "B 1", "A 2", "B 2"])
    runs = made.trajectories.runs
    columns = {"name": np.array(["A", "B", "A", "B"]), "start": np.array([0, 0, 1, 1])}
    reached = np.ma.array([20, 30, 25, 0], mask=[0, 0, 0, 1])
    object.__setattr__(made.trajectories, "runs", runs | columns | {"reached": reached})
    return made


def board(made: Figure) -> Standings:
    (found,) = made.findobj(Standings)
    assert isinstance(found, Standings)
    return found


def names(rows: list[Row], race: Record) -> list[str]:
    labels = list(dict.fromkeys(race.trajectories.runs.get("name", race.trajectories.runs["label"]).tolist()))
    return [labels[row.entry] for row in rows]


def test_a_still_has_the_order_of_its_step():
    race = crossing()
    for step, leader in ((99, "SGD"), (101, "Momentum"), (STEPS, "Momentum")):
        rows = board(render.figure(race, step=step)).rows()
        assert names(rows, race)[0] == leader
        assert [row.place for row in rows] == ["1", "2"]
        assert [row.slot for row in rows] == [0, 1]
        assert [row.leads for row in rows] == [True, False]


def test_a_tie_shares_a_place_and_nobody_leads():
    rows = board(render.figure(crossing(), step=100)).rows()
    assert [row.place for row in rows] == ["1", "1"]
    assert not any(row.leads for row in rows)
    rows = board(render.figure(coincident(3))).rows()  # they also reach the target at the same step
    assert [row.place for row in rows] == ["1"] * 3
    assert len({row.mark for row in rows}) == 1
    assert rows[0].mark.startswith("✓ ")


def test_rows_move_steadily_around_the_change_of_lead():
    race = crossing()
    artist = board(render.animate(race, seconds=10, pace="linear").figure)
    way = np.array([artist.slots(step)[1] for step in range(STEPS + 1)])
    assert (way[0], way[-1]) == (1, 0)
    assert (np.diff(way) <= 0).all()
    moving = np.flatnonzero((way > 0) & (way < 1))
    assert moving[0] > 80
    assert moving[-1] < 120
    assert np.abs(np.diff(way)).max() < 0.5  # no jump
    assert artist.slots(STEPS).tolist() == [1, 0]


def test_rows_that_pass_never_show_letters_on_letters():
    """Two rows that change place: the one that falls fades before they touch, and all is back at the end."""
    artist = board(render.animate(crossing(), seconds=10, pace="linear").figure)
    touch = 1.05 * artist.columns.font / artist.columns.row
    faded = set()
    for step in np.arange(80, 121, 0.5):
        artist.set_step(step)
        (back, pale), (front, full) = artist.opacities()
        assert full == 1
        apart = abs(front.slot - back.slot)
        assert apart >= touch or pale == 0
        if apart < 1:
            assert artist.slots(step)[front.entry] >= artist.slots(step + 0.5)[front.entry]  # it climbs
        assert pale == 1 or apart < 1
        faded.add(pale)
    assert {0, 1} < faded


def test_a_row_that_ties_with_a_failed_one_keeps_its_place():
    """At the first steps all losses are equal, and the run in the first row has failed."""
    rows = board(render.figure(record([arc(9), arc(9), arc(9)], outcomes={0: ("diverged", 1)}), step=1)).rows()
    assert sorted(row.place for row in rows) == ["1", "1", "–"]
    artist = board(render.animate(record([arc(9), arc(9), arc(9)], outcomes={0: ("diverged", 1)}), seconds=9).figure)
    assert all(sorted(row.place for row in artist.rows(step)) == ["1", "1", "–"] for step in np.arange(1, 3, 0.2))


def test_rows_do_not_follow_a_flickering_lead():
    artist = board(render.animate(flickering(), seconds=10, pace="linear").figure)
    slots = np.array([artist.slots(step) for step in range(2, STEPS)])
    turns = np.flatnonzero(np.diff(slots[:, 0] > slots[:, 1]))
    assert len(turns) <= 2
    assert slots[100:130].std(0).max() == 0


def test_digits_rest_for_a_quarter_of_a_second_and_are_exact_at_pauses():
    plan = {"frames": STEPS + 1, "fps": 25, "hold": (0, 0), "pace": "linear", "pause": {101: 1.0}}
    artist = board(render.animate(crossing(), **plan).figure)
    read = [tuple(row.value for row in sorted(artist.rows(step), key=lambda row: row.entry)) for step in range(201)]
    changed = np.flatnonzero([one != two for one, two in pairwise(read)]) + 1
    assert set(changed.tolist()) <= {*range(0, 201, 6), 101, 200}
    assert len(changed) > 20
    exact = board(render.figure(crossing(), step=101))
    assert {row.entry: row.value for row in artist.rows(101)} == {row.entry: row.value for row in exact.rows(101)}


def test_frames_do_not_depend_on_the_frames_before():
    made = render.animate(crossing(), **sized(640, 360)).figure
    frames, steps = Frames(made), [3, 99, 101, 104, 20, 200, 98]
    shown = {step: frames.show(step).copy() for step in steps}
    for step in (98, 101, 104):
        assert levels_apart(Frames(made).show(step), shown[step]) <= 2
    advancing = Frames(made, None, range(90, 120))
    for step in range(90, 120):
        frame = advancing.advance(step)[0]
        if step % 7 == 0:
            set_step(made, step)
            assert levels_apart(frame, full_draw(made)) <= 2


def test_arrivals_are_marked_from_their_step_on_and_rank_by_it():
    race = converging(4)
    reached = race.trajectories.runs["reached"]
    made = board(render.figure(race))
    first = int(reached.min())
    assert all(not row.mark for row in made.rows(first - 1))
    rows = made.rows(first)
    assert rows[0].mark == f"✓ {first}"
    assert [row.entry for row in made.rows()] == race.order
    assert names(made.rows(), race) == [str(race.trajectories.runs["label"][run]) for run in race.order]


def test_a_run_that_leaves_the_target_again_is_not_marked():
    race = converging(2)
    loss = race.trajectories.loss.copy()
    loss[0, 30:] = 1.0  # it had reached the target
    runs = race.trajectories.runs | {"reached": np.ma.array([0, 30], mask=[True, False])}
    again = Record(
        type(race.trajectories)(race.trajectories.x, loss, race.trajectories.step, runs), race.surface, race.meta
    )
    made = board(render.figure(again))
    assert {row.mark for step in range(41) for row in made.rows(step) if row.entry == 0} == {""}


@pytest.mark.parametrize(
    ("race", "since", "words", "sign"),
    [(diverging(at=12), 12, "diverged at step 12", "✕ 12"), (unbounded(at=25), 25, "unbounded at step 25", "↗ 25")],
    ids=["diverging", "unbounded"],
)
def test_a_failure_is_told_from_its_step_on(race, since, words, sign):
    made = board(render.figure(race, **sized(1600, 900)))
    runs = {row.entry: row for row in made.rows(since - 1)}
    assert not any(row.outcome for row in runs.values())
    (told,) = (row for row in made.rows(since) if row.outcome)
    assert (told.outcome, told.mark) == (words, sign)
    if sign.startswith("✕"):
        assert (told.place, told.value, told.failed, told.slot) == ("–", "", True, 2)
    small = board(render.figure(race, **sized(640, 360)))
    assert sign in {row.mark for row in small.rows(since)}


def test_a_run_out_of_view_has_an_arrow():
    race = leaving()
    marks = {row.entry: row.mark for row in board(render.figure(race)).rows()}
    assert marks[1].startswith("↗ ")


def test_several_starts_share_a_row_with_counts():
    race = several_starts()
    rows = board(render.figure(race)).rows()
    assert [(name, row.mark) for name, row in zip(names(rows, race), rows, strict=True)] == [
        ("A", "✓ 2/2"),
        ("B", "✓ 1/2"),
    ]
    live = live_standings(race)
    loss = race.trajectories.loss
    assert live.values(10).tolist() == pytest.approx(np.median(loss[:, 10].reshape(2, 2), axis=0).tolist())


def test_seeds_count_by_their_median_and_failures_from_their_step_on():
    """One seed that fails does not carry an optimizer away, and what failed ranks by where it ended."""
    values = np.array([[9, 4, 3, 2.0], [9, 4, 3, 1.0], [9, 8, 8, 8], [9, 7, 7, 7], [9, 5, 5, 5]])
    arcs = [arc(3, 0.1)] * 5
    made = record(arcs, values=values, outcomes={2: ("non-finite", 2), 3: ("diverged", 2), 4: ("diverged", 3)})
    runs = {**made.trajectories.runs, "name": np.array(["A", "A", "A", "B", "C"])}
    object.__setattr__(made.trajectories, "runs", runs)
    live = live_standings(made)
    assert live.loss.tolist()[1:] == [[4, 7, 5], [3, np.inf, 5], [2, np.inf, np.inf]]
    assert [[live.names[row] for row in live.order(step)] for step in (1, 2, 3)] == [
        ["A", "C", "B"], ["A", "C", "B"], ["A", "C", "B"]
    ]  # fmt: skip
    swapped = [made.trajectories.loss[run] for run in (0, 1, 2, 4, 3)]
    object.__setattr__(made.trajectories, "loss", np.array(swapped))
    live = live_standings(made)
    assert [live.names[row] for row in live.order(3)] == ["A", "B", "C"]  # both failed; B ended lower


def texts(made: Figure) -> list[tuple[str, Bbox]]:
    """All texts that the leaderboard writes, with their places in pixels."""
    artist, found = board(made), []
    renderer = RendererAgg(*(int(side) for side in made.bbox.size), made.dpi)

    class Listening(Text):
        pass

    draw = Text.draw

    def listen(text, page):
        if text.get_text() and page is not renderer:
            return draw(text, page)
        found.append((text.get_text(), text.get_window_extent(renderer)))
        return None

    vector = type("Vector", (), {"__getattr__": lambda self, name: getattr(renderer, name)})()
    patch = pytest.MonkeyPatch()
    with patch.context() as changed:
        changed.setattr(
            Text, "draw", lambda text, page: found.append((text.get_text(), text.get_window_extent(renderer)))
        )
        artist.draw(vector)
    return found


LONG = "an optimizer with a name of sixty letters that goes on and on"


@pytest.mark.parametrize(
    ("size", "scale", "runs"),
    [
        *[((400, 300), 1, 2), ((400, 300), 2, 12), ((400, 400), 1, 6), ((640, 360), 1, 12), ((800, 600), 2, 2)],
        *[((960, 540), 1, 12), ((960, 540), 2, 6), ((1920, 1080), 2, 12), ((1920, 1080), 1, 6)],
    ],
)
@pytest.mark.sample(3)
def test_nothing_overlaps_at_any_size(size, scale, runs):
    labels = [f"{LONG} {run}" for run in range(runs)] if runs == 6 else None
    race = converging(runs, labels=labels, outcomes={1: ("diverged", 5)})
    lang = {2: "de", 6: "en", 12: "fr"}[runs]
    made = render.figure(race, text_scale=scale, lang=lang, step=30, **sized(*size))
    keys = [ax for ax in made.axes if ax.get_label() in ("standings", "legend")]
    assert len(keys) == 1
    for ax in made.axes:
        assert ax is keys[0] or not Bbox.intersection(ax.bbox, keys[0].bbox) or keys[0].get_label() == "legend"
    if keys[0].get_label() == "legend":
        assert min(size) <= 400 or scale == 2
        return
    found = texts(made)
    for text, box in found:
        assert made.bbox.x0 <= box.x0 < box.x1 <= made.bbox.x1 + 1, text
        assert made.bbox.y0 <= box.y0 < box.y1 <= made.bbox.y1 + 1, text
    for (one, a), (two, b) in combinations(found, 2):
        shared = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert shared[0] <= 0.5 or shared[1] <= 0.3 * min(a.height, b.height), (one, two)


def test_the_headings_say_what_the_numbers_are():
    words = [text for text, _ in texts(render.figure(converging(3)))]
    assert words[:4] == ["gap", "lr", "target", "first to hold target, then gap"]
    words = [text for text, _ in texts(render.figure(converging(3), lang="de"))]
    assert words[:4] == ["Abstand", "Lernrate", "Zielwert", "nach Ankunft, Abstand"]
    assert "0,01" in words


def falling() -> Record:
    """A race that is unbounded below, of two runs that both end there."""
    made = unbounded()
    outcomes = {0: ("unbounded", 25), 1: ("unbounded", 35)}
    values, ground = made.trajectories.loss, made.surface
    return record(made.trajectories.x, outcomes=outcomes, values=values, surface=ground, minimum=-np.inf)


@pytest.mark.parametrize(
    ("race", "rule"),
    [(crossing, "by gap"), (several_starts, "most arrivals, then gap"), (falling, "earliest first, then loss")],
)
def test_the_heading_says_what_decides_the_places(race, rule):
    assert board(render.figure(race())).columns.rule == rule


def test_no_heading_of_losses_stands_above_outcomes_alone():
    made = render.figure(falling())
    artist = board(made)
    for step, shown in ((34, True), (35, False)):
        set_step(made, step)
        assert ("loss" in [text for text, _ in texts(made)]) is shown
    box = artist.dirty_boxes([34, 35], RendererAgg(960, 540, 100))
    assert box is not None
    assert box[:, 3].max() >= artist.axes.bbox.y1  # of the heading, too


def test_marks_take_the_place_of_losses_in_narrow_leaderboards():
    made = render.figure(converging(6), text_scale=1.65, step=30, **sized(640, 480))
    artist = board(made)
    assert artist.columns.compact
    for row in artist.rows():
        assert bool(row.value) != bool(row.mark)
    function, key = made.axes[0].bbox, artist.axes.bbox
    assert key.x0 > function.x1
    assert function.width > 0.6 * function.height
    shown = [text for text, _ in texts(made)]
    assert "first to hold target, then gap" in shown
    assert "gap" not in shown


def test_a_leaderboard_of_one_row_has_no_rule():
    assert board(render.figure(converging(1))).columns.rule == ""


def test_twelve_runs_on_slides_have_a_leaderboard_instead_of_losses():
    made = render.figure(converging(12), theme="slides", figsize=(9.6, 5.4), dpi=100)
    assert board(made).columns.small * 100 / 72 >= 18
    assert len(made.axes) == 2
    assert len(render.figure(converging(12), figsize=(9.6, 5.4), dpi=100).axes) == 3  # has room for both


def test_texts_of_slides_become_smaller_before_the_function_becomes_flat():
    made = render.figure(converging(12), theme="slides", figsize=(4, 2.25), dpi=100)
    assert made.axes[0].bbox.height > 0.36 * 225


def test_the_function_of_a_small_wide_figure_is_not_flat():
    for runs, least in ((6, 0.8), (3, 0.8)):
        made = render.figure(converging(runs), **sized(400, 225))
        assert made.axes[0].bbox.height > least * 0.9 * made.axes[0].bbox.width


def test_numbers_are_never_wider_than_their_column():
    race = converging(3)
    race.trajectories.loss[:] = np.geomspace(1e-7, 9e3, race.trajectories.loss.size).reshape(
        race.trajectories.loss.shape
    )
    live = live_standings(race)
    measure = board(render.figure(race)).columns
    from landscapes.render.artists.text_fit import Ruler

    ruler = Ruler(100.0)
    room = max(ruler.width(text, measure.small) for text in widest_numbers(live))
    shown = {short_number(float(value)) for step in range(41) for value in live.values(step)}
    assert max(ruler.width(text, measure.small) for text in shown) <= room
    assert room <= measure.value - measure.start + 1.01


def test_names_that_must_be_cut_are_small_and_keep_most_of_their_letters():
    labels = [f"a network with a very long descriptive name, variant {i}" for i in (1, 2)]
    columns = board(render.figure(record([arc(20), arc(20, 0.4)], labels=labels), **sized(960, 540))).columns
    shown = [entry.name for entry in columns.entries]  # 16 letters in the usual font
    assert all("…" in name and len(name) >= 24 for name in shown)
    assert [name[-1] for name in shown] == ["1", "2"]


@pytest.mark.parametrize("lang", ["en", "de"])
def test_numbers_of_coarse_pictures_are_legible(lang):
    columns = board(render.figure(converging(6), lang=lang, figsize=(400 / 72, 225 / 72), dpi=72)).columns
    assert columns.small >= 7.5
    assert all("…" not in entry.name for entry in columns.entries)


def test_without_standings_or_room_there_is_a_legend():
    for made in (render.figure(converging(3), standings=False), render.figure(converging(12), **sized(200, 150))):
        assert not made.findobj(Standings)
        assert [ax.get_label() for ax in made.axes][-1] == "legend"
