"""The race in motion: a real matplotlib animation, with one's own figures too."""

from __future__ import annotations

import base64
import html
import io
import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.animation import Animation, FuncAnimation
from matplotlib.figure import Figure
from PIL import Image
from render_pixels import decode, full_draw, psnr, sized
from render_records import arc, converging, diverging, record
from test_video_writers import decode as decode_video

from landscapes import render
from landscapes.errors import InputError
from landscapes.render._save import check_output
from landscapes.render.artists.animated import animated_artists, set_step
from landscapes.render.artists.heads import Head
from landscapes.render.artists.trails import Trail
from landscapes.render.writers.timeline import PACES, timeline

SMALL = sized(160, 120)


def test_it_is_an_animation_of_matplotlib():
    animation = render.animate(converging(1), frames=3, pace="linear", **SMALL)
    assert isinstance(animation, Animation)
    assert list(animation.new_frame_seq()) == [0, 20, 40]


def test_html_shows_the_frames(tmp_path):
    animation = render.animate(converging(2), frames=3, pace="linear", **SMALL)
    page = animation.to_jshtml(fps=5)
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
        for data in re.findall(r'frames\[\d+\] = "data:image/png;base64,(.*?)"', page.replace("\\\n", ""), re.DOTALL)
    ]
    assert len(pictures) == 3
    assert "200" in re.search(r"new Animation\(.*?\)", page, re.DOTALL)[0]
    for picture, step in zip(pictures, (0, 20, 40), strict=True):
        set_step(animation.figure, step)
        assert psnr(picture, full_draw(animation.figure)) > 40


def test_a_notebook_shows_it_moving(tmp_path):
    animation = render.animate(converging(2), frames=4, **SMALL)
    shown = re.fullmatch(r'<img src="data:image/gif;base64,(.*)" alt="(.*)" style="[^"]*">', animation._repr_html_())
    (tmp_path / "shown.gif").write_bytes(base64.b64decode(shown[1]))
    animation.save(tmp_path / "race.gif")
    assert (tmp_path / "shown.gif").read_bytes() == (tmp_path / "race.gif").read_bytes()
    assert len(decode(tmp_path / "shown.gif").frames) == 4
    assert html.unescape(shown[2]) == render.caption(converging(2))


def test_alt_text_in_a_notebook_is_escaped():
    titled = converging(1)
    titled = replace(titled, meta={**titled.meta, "title": 'a "bowl"><script>'})
    words = render.animate(titled, frames=2, **SMALL)._repr_html_().partition("alt=")[2]
    assert "&quot;bowl&quot;&gt;&lt;script&gt;" in words


def test_a_notebook_that_asks_matplotlib_gets_what_it_asks_for():
    animation = render.animate(converging(1), frames=2, **SMALL)
    with mpl.rc_context({"animation.html": "jshtml"}):
        assert "new Animation(" in animation._repr_html_()


def test_a_writer_of_matplotlib_does_as_it_does(tmp_path):
    animation = render.animate(converging(2), frames=4, **SMALL)
    reported = []
    animation.save(
        tmp_path / "race.gif", writer="pillow", fps=10, progress_callback=lambda k, n: reported.append((k, n))
    )
    found = decode(tmp_path / "race.gif")
    assert found.durations == [100] * 4
    assert reported[0] == (0, 4)
    set_step(animation.figure, 40)
    assert psnr(found.frames[-1], full_draw(animation.figure)) > 30


def test_matplotlibs_options_reach_matplotlib(tmp_path):
    animation = render.animate(converging(1), frames=2, **SMALL)
    animation.save(tmp_path / "race.gif", writer="pillow", dpi=36, savefig_kwargs={"facecolor": "red"})
    found = decode(tmp_path / "race.gif")
    assert found.frames.shape[1:3] == (60, 80)
    np.testing.assert_allclose(found.frames[0, 0, 0], (255, 0, 0), atol=2)  # Pillow's palettes are near


def test_moving_artists_serve_a_func_animation_of_the_users(tmp_path):
    made = Figure(figsize=(2, 1.5), dpi=80)
    ax = made.subplots()
    race = converging(2)
    render.contour(race, ax)
    render.trajectories(race, ax)
    seen = []

    def update(step: int) -> list:
        seen.append(step)
        for artist in animated_artists(made):
            artist.set_step(step)
        return animated_artists(made)

    FuncAnimation(made, update, frames=[0, 20, 40], blit=False).save(tmp_path / "race.gif", writer="pillow")
    assert seen[-3:] == [0, 20, 40]
    found = decode(tmp_path / "race.gif")
    assert len(found.frames) == 3
    assert (found.frames[0] != found.frames[2]).any()


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
@pytest.mark.thin(1)
def test_a_figure_of_the_users_is_animated(tmp_path, suffix):
    race = diverging()
    made = Figure(figsize=(4, 2), dpi=80)
    left, right = made.subplots(1, 2)
    render.contour(race, left)
    render.trajectories(race, left)
    render.loss_curves(race, right)
    left.set_title("mine")
    left.legend(fontsize=6)
    animation = render.animate(race, figure=made, frames=5)
    assert animation.figure is made
    animation.save(tmp_path / f"race{suffix}")
    if suffix == ".gif":
        found = decode(tmp_path / "race.gif")
        assert found.frames.shape == (5, 160, 320, 3)
        for picture, step in zip(found.frames, animation.timeline.steps, strict=True):
            set_step(made, int(step))
            assert psnr(picture, full_draw(made)) > 40


def test_a_figure_on_which_nothing_moves_is_refused():
    made = Figure()
    render.contour(converging(1), made.subplots())
    with pytest.raises(InputError, match="this figure has no animated artist"):
        render.animate(converging(1), figure=made)


def test_saving_leaves_the_last_step_on_the_figure(tmp_path):
    animation = render.animate(converging(1), frames=3, pace="linear", **SMALL)
    animation.save(tmp_path / "race.gif")
    assert {trail.polyline.count for trail in animation.figure.findobj(Trail)} == {41}
    with pytest.raises(RuntimeError, match="enough"):
        animation.save(tmp_path / "race.gif", progress_callback=_stop_at(1, RuntimeError("enough")))
    assert {head.step for head in animation.figure.findobj(Head)} == {40}


def _stop_at(frame: int, error: BaseException):
    def progress(done: int, total: int) -> None:
        if done == frame:
            raise error

    return progress


def test_progress_is_reported_after_each_frame(tmp_path):
    reported = []
    animation = render.animate(converging(1), frames=4, **SMALL)
    animation.save(tmp_path / "race.gif", progress_callback=lambda done, total: reported.append((done, total)))
    assert reported == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("dpi", [36, 144.0])
def test_a_resolution_of_the_users(tmp_path, dpi):
    animation = render.animate(converging(1), frames=2, **SMALL)
    before = animation.figure.dpi
    animation.save(tmp_path / "race.gif", dpi=dpi)
    assert animation.figure.dpi == before
    assert decode(tmp_path / "race.gif").frames.shape[1:3] == (120 * dpi // 72, 160 * dpi // 72)


def test_a_speed_of_the_users_when_saving(tmp_path):
    animation = render.animate(converging(1), frames=5, hold=(0, 0), **SMALL)
    animation.save(tmp_path / "race.gif", fps=10)
    assert decode(tmp_path / "race.gif").durations == [100] * 5


@pytest.mark.parametrize("fps", [0, -1, 120.5, float("nan"), float("inf"), "fast", True])
def test_speeds_that_play_nowhere_are_refused(tmp_path, fps):
    with pytest.raises(InputError, match="fps must be > 0 and <= 120"):
        render.animate(converging(1), fps=fps)
    with pytest.raises(InputError, match="fps must be > 0 and <= 120"):
        render.animate(converging(1), frames=2, **SMALL).save(tmp_path / "race.gif", fps=fps)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "most"), [(".gif", 50), (".webp", 90), (".apng", 90), (".mp4", 120), (".mov", 120)])
def test_each_format_names_its_own_limit_of_the_speed(tmp_path, suffix, most):
    path = tmp_path / f"race{suffix}"
    check_output(path, fps=most)
    with pytest.raises(InputError, match=f"fps must be > 0 and <= {most}"):
        check_output(path, fps=most + 1)
    if most < 120:
        with pytest.raises(InputError, match=f"<= {most} for {suffix}, got {most + 1}: .* at 10 fps; .mp4 and .webm"):
            render.animate(converging(1), frames=2, **SMALL).save(path, fps=most + 1)


def test_a_notebook_shows_what_is_too_fast_for_a_gif():
    shown = render.animate(converging(1), frames=3, fps=60, hold=(0, 0), **SMALL)._repr_html_()
    assert shown.startswith('<img src="data:image/apng;base64,')


@pytest.mark.parametrize("dpi", [0, -1, float("nan"), float("inf"), "high"])
def test_invalid_resolutions_are_refused_and_change_nothing(tmp_path, dpi):
    animation = render.animate(converging(1), frames=2, **SMALL)
    with pytest.raises(InputError, match="dpi must be a finite number > 0"):
        animation.save(tmp_path / "race.gif", dpi=dpi)
    animation.save(tmp_path / "race.gif")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seconds": 0}, "seconds must be a finite number > 0, got 0"),
        ({"seconds": -2}, "seconds must be a finite number > 0, got -2"),
        ({"seconds": float("nan")}, "seconds must be a finite number > 0"),
        ({"seconds": float("inf")}, "seconds must be a finite number > 0"),
        ({"seconds": "8"}, "seconds must be a finite number > 0, got '8'"),
        ({"seconds": 1e9}, "seconds must be <= 14400"),
        ({"seconds": 14_400}, "at most 100000 frames, got 359950: lower seconds or fps"),
        ({"seconds": 0.05}, "seconds must be at least 0.08 for two frames at 25 fps, got 0.05"),
        ({"seconds": 1, "pause": {3: 0.5, 4: 1}}, "at least 1.58 for two frames at 25 fps and 1.5 s of pauses, got 1"),
        ({"seconds": 1, "hold": (0.5, 1)}, "at least 1.58 for two frames at 25 fps and 1.5 s of holds, got 1"),
        ({"seconds": 1, "frames": 30}, "give seconds or frames, not both"),
        ({"frames": 100_000, "fps": 1}, "at most 14400 s, got 100002 s"),
        ({"pause": [3]}, "pause must be seconds or a sentence by step"),
        ({"frames": 0}, "frames must be an integer"),
        ({"frames": -3}, "frames must be an integer"),
        ({"frames": 2.5}, "frames must be an integer"),
        ({"pace": "quick"}, "unknown pace 'quick'"),
        ({"pause": {41: 1.0}}, "pause must be at steps from 0 to 40, got 41"),
        ({"pause": {3: -1.0}}, "a pause must be a number of seconds"),
        ({"hold": (0.0, float("nan"))}, "hold must be two numbers of seconds"),
    ],
)
def test_other_timelines_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        render.animate(converging(1), **options)


@given(
    last=st.integers(1, 5000),
    frames=st.integers(2, 400),
    pace=st.sampled_from(PACES),
    pause=st.dictionaries(st.floats(0, 1), st.floats(0, 5), max_size=3),
)
def test_a_timeline_runs_from_the_start_to_the_end(last, frames, pace, pause):
    stops = {round(share * last): stay for share, stay in pause.items()}
    plan = timeline(last, frames=frames, pace=pace, pause=stops)
    assert (plan.steps[0], plan.steps[-1]) == (0, last)
    assert len(plan.steps) == frames
    assert (np.diff(plan.steps) >= 0).all()
    assert set(stops) <= set(plan.steps.tolist()) or len(set(stops) - {0, last}) > frames - 2
    assert plan.seconds == pytest.approx(frames / 25 + 2 + sum(stops.values()))


@given(
    seconds=st.floats(0.5, 30),
    fps=st.sampled_from([5, 12, 24, 25, 29.97, 50, 120]),
    pause=st.dictionaries(st.integers(0, 40), st.floats(0, 0.02), max_size=3),
    hold=st.sampled_from([None, (0, 0), (0.01, 0.03)]),
)
def test_seconds_are_the_length_of_the_whole(seconds, fps, pause, hold):
    plan = timeline(40, seconds=seconds, fps=fps, pause=pause, hold=hold)
    assert plan.seconds == pytest.approx(seconds, abs=1e-6 if hold is None else 0.5 / fps + 1e-6)
    assert min(plan.extra_seconds.values()) >= 0
    held = plan.extra_seconds[len(plan.steps) - 1] - pause.get(40, 0)
    assert held <= 2 + 1 / fps


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng", ".mp4", ".webm", ".mov", "-%d.png"])
@pytest.mark.slow
@pytest.mark.sample(3)
def test_files_take_as_long_as_asked(tmp_path, suffix):
    fps = 60 if suffix in (".mp4", ".webm", ".mov") else 30
    options = {"seconds": 1.25, "fps": fps, "pause": {3: 0.11, 20: 0.11, 30: 0.11}, "pace": "log"}
    view3d = suffix in (".gif", ".mp4")
    path = render.save(converging(1), tmp_path / f"race{suffix}", **options, **SMALL, view3d=view3d)
    if suffix == "-%d.png":
        length = len(list(tmp_path.iterdir())) / fps
    elif suffix in (".gif", ".webp", ".apng"):
        length = sum(decode(path).durations) / 1000
    else:
        length = len(decode_video(path)) / fps
    assert length == pytest.approx(1.25, abs=1 / fps)


def test_by_default_it_takes_eight_seconds_and_stands_at_both_ends():
    plan = render.animate(converging(1)).timeline
    assert (len(plan.steps), plan.fps, plan.extra_seconds, plan.loop) == (200, 25.0, {0: 0.5, 199: 1.5}, True)


def test_a_race_of_one_step_is_animated(tmp_path):
    render.animate(record([arc(1)]), seconds=1, **SMALL).save(tmp_path / "race.gif")
    found = decode(tmp_path / "race.gif")
    assert len(found.frames) == 15  # eased on the way
    assert sum(found.durations) == 1000


def test_artists_do_not_pile_up(tmp_path):
    animation = render.animate(converging(2), frames=6, **SMALL)
    before = len(animation.figure.findobj())
    animation.save(tmp_path / "race.gif")
    assert len(animation.figure.findobj()) == before
