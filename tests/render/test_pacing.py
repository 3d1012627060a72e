"""Time in animations: where a race stands still, pauses with sentences, and what is said of the pace."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from render_pixels import decode, full_draw, levels_apart, sized
from render_records import arc, converging, diverging, record

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record, Trajectories
from landscapes.render.animation.frames import Frames
from landscapes.render.animation.pacing import head_travel
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.legend import OutcomeText, StepCounter
from landscapes.render.artists.notes import PaceNote, PauseNotes
from landscapes.render.artists.standings import Standings
from landscapes.render.artists.trails import Trail
from landscapes.render.figures._figure_3d import TurningBlock
from landscapes.render.writers.timeline import reading_time, stands_still, timeline


def resting(steps: int = 400) -> Record:
    """A race that is over after a tenth of its steps."""
    ways = [
        np.concatenate([arc(steps // 10, bend), np.tile(arc(1)[-1], (steps - steps // 10, 1))]) for bend in (-0.3, 0.3)
    ]
    return record(ways)


def seen_moving(race: Record, steps: np.ndarray) -> float:
    """The share of frames in which a head moves by 1/500 of the view, measured on the points themselves."""
    known = np.arange(race.trajectories.x.shape[1])
    at = np.stack([[np.interp(steps, known, way[:, axis]) for axis in (0, 1)] for way in race.trajectories.x])
    at = at.transpose(0, 2, 1) / [4.0, 3.0]
    return float((np.hypot(*np.diff(at, axis=1).transpose(2, 0, 1)).max(0) > 0.002).mean())


def test_a_race_never_stands_still_for_half_its_film():
    race = resting()
    assert stands_still(head_travel(race)) > 0.85
    plan = render.animate(race).timeline
    assert not plan.even
    assert (
        seen_moving(race, plan.steps)
        > 0.5
        > 0.2
        > seen_moving(race, render.animate(race, pace="linear").timeline.steps)
    )
    assert (plan.steps[0], plan.steps[-1], len(plan.steps)) == (0, 400, 200)
    assert np.diff(plan.steps).max() <= 400 / 200 / 0.25 + 1  # no step has less than a quarter of its time
    lively = record([np.linspace((-1.5, 1.0), (1.0, 0.25), 41)])
    plan = render.animate(lively).timeline
    assert plan.even
    assert plan.steps.tolist() == render.animate(lively, pace="linear").timeline.steps.tolist()


def test_the_film_says_how_many_steps_a_frame_takes():
    race = resting()
    made = render.animate(race)
    (note,) = made.figure.findobj(PaceNote)
    steps = made.timeline.steps
    said = [note.at(step) for step in steps]
    assert said[0].endswith("frames per step")
    assert said[-1].endswith("steps per frame")
    rate = np.convolve(np.diff(steps), np.full(15, 1 / 15), mode="same")
    for number in range(20, len(rate) - 20, 7):
        count = int(said[number].split()[0])
        true = rate[number] if said[number].endswith("frame") else 1 / rate[number]
        assert count / 3 <= true <= 3 * count, (number, said[number])
    assert sum(one != two for one, two in pairwise(said)) <= 8
    counter = made.figure.findobj(StepCounter)[0].get_window_extent()
    title = made.figure.axes[0]._left_title.get_window_extent()
    place = note.get_window_extent()
    assert title.x1 < place.x0 < place.x1 < counter.x0
    assert not render.animate(race, pace="linear").figure.findobj(PaceNote)
    (german,) = render.animate(race, lang="de").figure.findobj(PaceNote)
    assert german.texts[0].endswith("Bilder je Schritt")


@pytest.mark.parametrize(("kind", "count"), [(PaceNote, 60), (OutcomeText, 160)])
def test_texts_are_laid_out_only_where_they_change(monkeypatch, kind, count):
    made = render.animate(resting() if kind is PaceNote else diverging(steps=240), standings=False, **sized(480, 300))
    texts = made.figure.findobj(kind)
    steps = made.timeline.steps[:count]
    frames = Frames(made.figure, steps=steps)
    drawn = []
    draw = Text.draw
    monkeypatch.setattr(Text, "draw", lambda text, renderer: (drawn.append(text), draw(text, renderer)))
    for step in steps:
        frames.advance(step)
    assert 0 < sum(text in texts for text in drawn) < len(steps) / 2
    monkeypatch.undo()
    assert levels_apart(frames.rgba, full_draw(made.figure)) <= 2


def test_where_there_is_no_room_the_pace_is_on_the_function():
    made = render.animate(resting(), title="A title that needs all the room there is above", **sized(320, 240)).figure
    (note,) = made.findobj(PaceNote)
    box, ax = note.get_window_extent(), made.axes[0].bbox
    assert ax.x0 < box.x0 < box.x1 <= ax.x1
    assert ax.y0 < box.y0 < box.y1 <= ax.y1


def test_movement_is_measured_in_the_view():
    race = diverging(at=30)  # far out of the view, which is not seen
    assert head_travel(race).sum() < 3
    assert head_travel(record([arc(40)[:, :1].repeat(3, 1)])) is None  # three coordinates have no plot


SENTENCE = "momentum carries it past the minimum, and then it has to come back all the way"


def test_a_sentence_is_shown_while_the_film_pauses():
    made = render.animate(converging(3), seconds=16, pause={10: SENTENCE, 20: ("again", 2.5), 30: 0.5})
    plan = made.timeline
    assert plan.seconds == pytest.approx(16)
    stays = {int(plan.steps[frame]): extra for frame, extra in plan.extra_seconds.items()}
    assert stays[10] == reading_time(SENTENCE) > 5
    assert (stays[20], stays[30]) == (2.5, 0.5)
    (notes,) = made.figure.findobj(PauseNotes)
    assert set(notes.notes) == {10, 20}
    frames = Frames(made.figure, None, plan.steps.tolist())
    quiet, told = frames.show(9).copy(), frames.show(10).copy()
    box = notes.layout(10, frames._canvas)[2]
    rows = slice(540 - int(box.y1), 540 - int(box.y0)), slice(int(box.x0), int(box.x1))
    assert (quiet[rows] != told[rows]).any(2).mean() > 0.5
    np.testing.assert_array_equal(Frames(made.figure).show(11), frames.show(11))
    assert (frames.show(11)[rows] != told[rows]).any(2).mean() > 0.5


def test_without_seconds_pauses_are_added():
    assert timeline(100, pause={3: 7.0}).seconds == pytest.approx(17)
    with pytest.raises(InputError, match=r"seconds must be at least 7\.08"):
        timeline(100, seconds=5, pause={3: 7.0})
    with pytest.warns(UserWarning, match="pauses take 3.4 of 5 seconds, the race itself 0.96: give more seconds"):
        timeline(100, seconds=5, pause={3: ("text", 3.4)})


@pytest.mark.parametrize(("size", "step"), [((400, 300), 40), ((960, 540), 5), ((320, 240), 5)])
def test_a_sentence_covers_no_head(size, step):
    race = converging(6)
    made = render.animate(race, pause={step: SENTENCE}, **sized(*size)).figure
    (notes,) = made.findobj(PauseNotes)
    frames = Frames(made)
    lines, _, box = notes.layout(step, frames._canvas)
    ax = made.axes[0]
    heads = ax.transData.transform(race.trajectories.x[:, step])
    assert not any(box.contains(*head) for head in heads)
    assert not box.contains(*ax.transData.transform((1.0, 0.25)))
    assert " ".join(lines) == SENTENCE
    inside = Bbox.intersection(box, ax.bbox)
    assert inside is not None
    assert np.allclose(inside.extents, box.extents)


def test_at_a_pause_the_leaderboard_is_exact_and_rests():
    race = converging(4)
    (board,) = render.animate(race, pause={7: "look", 23: 1.0}).figure.findobj(Standings)
    for step in (0, 7, 23, 40):
        assert board.slots(step).tolist() == np.argsort(board.live.order(step)).tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pause": {41: "late"}}, "pause must be at steps from 0 to 40, got 41"),
        ({"pause": {"10": "text"}}, "pause must be at steps from 0 to 40, got '10'"),
        ({"pause": {10: ""}}, "must have 1 to 300 letters, got ''"),
        ({"pause": {10: "x" * 301}}, "must have 1 to 300 letters"),
        ({"pause": {10: ("a", -1)}}, "a pause must be a number of seconds from 0 to 600, got -1"),
        ({"pause": {10: (1, 2)}}, "a pause must be seconds, a sentence, or"),
        ({"pause": {3: "a", 4: "b", 5: "c"}, "frames": 4}, "pause at step .: none of the 4 frames is left for it"),
    ],
)
def test_wrong_pauses_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        render.animate(converging(1), **options)


def test_a_pause_at_a_step_that_was_not_recorded_names_the_nearest(tmp_path):
    race = converging(2)
    arcs = race.trajectories
    thin = Record(Trajectories(arcs.x[:, ::4], arcs.loss[:, ::4], arcs.step[::4], arcs.runs), race.surface, race.meta)
    with pytest.raises(InputError, match="step 10: this step was not recorded; the nearest ones are 8 and 12"):
        render.save(thin, tmp_path / "race.gif", pause={10: "here"})
    render.animate(thin, pause={8: "here"})


def test_the_camera_eases_in_and_out():
    race = converging(1)
    made = render.animate(race, view3d=render.Camera(rotate=90), pace="log").figure
    (block,) = made.findobj(TurningBlock)
    steps, shares = block.clock
    turns = [block.camera.azim + 90 * (6 * s**5 - 15 * s**4 + 10 * s**3) for s in shares]
    frames = Frames(made)
    for number in (0, 50, 100, 199):
        frames.show(float(steps[number]))
        view = block.projection(frames._canvas)
        angle = np.degrees(np.arctan2(-view.across[0], view.along[0]))
        same = [turns[k] for k in np.flatnonzero(steps == steps[number])]
        assert min(same) - 2 <= angle <= max(same) + 2
    assert turns[1] - turns[0] < 0.1


def test_heads_ease_from_step_to_step():
    race = converging(2)
    made = render.animate(race, seconds=10, pace="linear")
    steps = made.timeline.steps
    between = steps[(steps > 4) & (steps < 5)]
    assert len(between) >= 3
    trail = next(line for line in made.figure.axes[0].lines if isinstance(line, Trail))
    change = made.figure.axes[0].transData
    one, two = change.transform(race.trajectories.x[0, 4:6])
    ways = []
    for step in between.tolist():
        set_step(made.figure, step)
        full_draw(made.figure)
        moved = trail.polyline.tip - one
        ways.append(float(moved @ (two - one) / ((two - one) @ (two - one))))
        s = step - 4
        assert ways[-1] == pytest.approx(6 * s**5 - 15 * s**4 + 10 * s**3, abs=1e-6)
        assert (
            abs(moved[0] * (two - one)[1] - moved[1] * (two - one)[0]) < 1e-6 * np.hypot(*(two - one)) + 1e-6
        )  # on the segment
    (counter,) = made.figure.findobj(StepCounter)
    assert counter.get_text() == "step  4"


def test_frames_between_steps_equal_a_full_draw():
    made = render.animate(converging(3, steps=12), **sized(320, 200), pace="linear", panel=True)
    steps = made.timeline.steps
    frames = Frames(made.figure, None, steps.tolist())
    for number, step in enumerate(steps.tolist()):
        frame, _ = frames.advance(step)
        if number % 23 == 5:
            set_step(made.figure, step)
            assert levels_apart(frame, full_draw(made.figure)) <= 2, step


def test_what_a_sentence_covered_comes_back_in_its_colours(tmp_path):
    animation = render.animate(converging(3), theme="dark", pause={5: (SENTENCE, 0.5)}, frames=9, **sized(640, 360))
    animation.save(tmp_path / "race.gif")
    (notes,) = animation.figure.findobj(PauseNotes)
    frames = Frames(animation.figure)
    left, low, right, high = (int(side) for side in notes.layout(5, frames._canvas)[2].extents)
    box = slice(360 - high, 360 - low), slice(left, right)
    drawn = frames.show(int(animation.timeline.steps[-1]))[box][..., :3].astype(int)
    assert np.abs(decode(tmp_path / "race.gif").frames[-1][box] - drawn).max(2).mean() < 4
