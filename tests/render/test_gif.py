"""GIF, APNG and WebP, decoded: right size, speed and colours, nothing piled up, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from render_pixels import count, decode, psnr, sized
from render_records import KINDS, coincident, converging, diverging
from thinned import FEW_THEMES

from landscapes import render
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.trails import Trail
from landscapes.render.figures._figure import figure
from landscapes.render.palette import Palette, count_each, pack, weigh
from landscapes.render.theme import THEMES, styles
from landscapes.render.writers import WRITERS
from landscapes.render.writers.timeline import Timeline

SIZE = (400, 300)
EACH = pytest.mark.parametrize("suffix", [".gif", ".apng", ".webp"])


def write(path: Path, pictures: np.ndarray, plan: Timeline, samples: np.ndarray | None = None) -> None:
    """Writes frames (n, height, width, 3) as the writer of the path's suffix does."""
    rgba = np.concatenate([pictures, np.full((*pictures.shape[:3], 1), 255, np.uint8)], -1)
    writer = WRITERS[path.suffix](path, plan, "a comment")
    writer.begin(list(rgba if samples is None else samples), np.zeros((0, 3), np.uint8))
    for place, frame in enumerate(rgba):
        changed = np.ones(frame.shape[:2], bool) if place == 0 else (frame != rgba[place - 1]).any(-1)
        writer.frame(frame, np.flatnonzero(changed), plan.extra_seconds.get(place, 0.0))
    writer.end()


def plain(frames: int, fps: float = 25.0, **options) -> Timeline:
    return Timeline(np.arange(frames), fps, **options)


def merged(pictures: np.ndarray) -> np.ndarray:
    """Frames without those that equal the one before."""
    return np.array([p for k, p in enumerate(pictures) if k == 0 or (p != pictures[k - 1]).any()])


def few_colours(frames: int, height: int = 7, width: int = 9):
    return arrays(np.uint8, (frames, height, width, 1), elements=st.sampled_from([0, 90, 200])).map(
        lambda grey: np.concatenate([grey, 255 - grey, grey // 2], -1)
    )


@EACH
@given(st.integers(1, 6).flatmap(few_colours), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_any_frames_come_back_and_equal_ones_merge(tmp_path_factory, suffix, pictures, order):
    shown = pictures[[place % len(pictures) for place in order]]
    path = tmp_path_factory.mktemp("any") / f"race{suffix}"
    write(path, shown, plain(len(shown)))
    found = decode(path)
    np.testing.assert_array_equal(found.frames, merged(shown))
    changes = [k for k, p in enumerate(shown) if k == 0 or (p != shown[k - 1]).any()]
    assert found.durations == [40.0 * (b - a) for a, b in zip(changes, [*changes[1:], len(shown)], strict=True)]


@EACH
@pytest.mark.parametrize("fps", [1.7, 10, 24, 25, 29.97, 30, 33.3, 48, 50])
def test_the_speed_is_right_on_average(tmp_path, fps, suffix):
    frames = np.zeros((60, 4, 4, 3), np.uint8)
    frames[:, 1, 1, 0] = np.arange(60)
    path = tmp_path / f"race{suffix}"
    write(path, frames, plain(60, fps, extra_seconds={0: 0.4, 59: 2.0}))
    durations = decode(path).durations
    unit = 10 if suffix == ".gif" else 1
    assert sum(durations) == pytest.approx(1000 * (60 / fps + 2.4), abs=unit)
    assert min(durations) >= 20
    assert durations[0] == pytest.approx(1000 / fps + 400, abs=unit)
    assert durations[-1] == pytest.approx(1000 / fps + 2000, abs=unit)
    assert all(abs(duration - 1000 / fps) <= unit for duration in durations[1:-1])


@EACH
def test_a_long_stay_is_kept(tmp_path, suffix):
    path = tmp_path / f"race{suffix}"
    write(
        path,
        np.arange(2, dtype=np.uint8).reshape(2, 1, 1, 1) * np.ones((1, 4, 4, 3), np.uint8),
        plain(2, extra_seconds={0: 1500.0}),
    )
    durations = decode(path).durations
    assert sum(durations) == 1_500_080
    assert durations[-1] == pytest.approx(40, abs=50)  # an APNG counts long delays in tenths of a second
    assert len(durations) == (4 if suffix == ".gif" else 2)  # the delays of a GIF end at 655.35 s


@EACH
@pytest.mark.parametrize("loop", [True, False])
def test_it_loops_for_ever_or_plays_once(tmp_path, loop, suffix):
    path = tmp_path / f"race{suffix}"
    frames = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1) * np.ones((1, 4, 4, 3), np.uint8)
    write(path, frames, plain(3, loop=loop))
    assert decode(path).loop == (0 if loop else {".gif": None, ".apng": 1, ".webp": 1}[suffix])


@EACH
def test_a_single_frame_is_a_picture(tmp_path, suffix):
    path = tmp_path / f"race{suffix}"
    write(path, np.full((1, 5, 6, 3), 77, np.uint8), plain(1))
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), np.full((5, 6, 3), 77))


def test_colours_not_sampled_come_back_nearly(tmp_path):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (5, 30, 40, 3), dtype=np.uint8)
    samples = np.concatenate([frames[:2], np.full((2, 30, 40, 1), 255, np.uint8)], -1)
    write(tmp_path / "race.gif", frames, plain(5), samples)
    for one, two in zip(decode(tmp_path / "race.gif").frames, frames, strict=True):
        assert psnr(one, two) > 22  # noise: 255 entries for 24,000 colours


@pytest.fixture(scope="module")
def animation() -> render.RaceAnimation:
    return render.animate(converging(6), **sized(*SIZE), frames=21, pace="linear")


@pytest.fixture(scope="module")
def saved(animation, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("gif") / "race.gif"
    animation.save(path)
    return path


def test_every_step_has_its_frame(saved, animation):
    found = decode(saved)
    assert found.frames.shape == (21, SIZE[1], SIZE[0], 3)
    assert found.loop == 0
    assert sum(found.durations) == 21 * 40 + 500 + 1500
    assert (found.durations[0], found.durations[-1]) == (540, 1540)
    assert set(found.durations[1:-1]) == {40}


def test_what_changes_has_the_palettes_colours_and_the_rest_stays(saved, animation):
    table = np.frombuffer(saved.read_bytes()[13 : 13 + 768], np.uint8).reshape(256, 3)
    frames = Frames(animation.figure)
    samples = [pack(frame) for frame in animation._sample_frames(frames)]
    used = table[1 : 1 + len(np.unique(table[1:], axis=0))]
    palette = Palette(used, weigh(count_each(samples))[0])
    colors = np.frombuffer(palette.table, np.uint8).reshape(256, 3)
    pictures = decode(saved).frames
    for k, step in enumerate(animation.timeline.steps):
        frame, changed = frames.advance(int(step))
        if k:
            expected = pictures[k - 1].copy().reshape(-1, 3)
            expected[changed] = colors[palette.map(frame)].reshape(-1, 3)[changed]
            np.testing.assert_array_equal(pictures[k].reshape(-1, 3), expected)


def test_every_frame_is_close_to_the_drawing(saved, animation):
    frames = Frames(animation.figure)
    for picture, step in zip(decode(saved).frames, animation.timeline.steps, strict=True):
        assert psnr(picture, frames.show(int(step))) > 44


@pytest.mark.parametrize("suffix", [".apng", ".webp"])
@pytest.mark.thin(1)
def test_lossless_ones_are_the_drawing(animation, tmp_path, suffix):
    path = tmp_path / f"race{suffix}"
    animation.save(path)
    frames = Frames(animation.figure)
    found = decode(path)
    plan = animation.timeline
    assert found.durations == [1000 / plan.fps + 1000 * plan.extra_seconds.get(k, 0.0) for k in range(len(plan.steps))]
    for picture, step in zip(found.frames, plan.steps, strict=True):
        np.testing.assert_array_equal(picture, frames.show(int(step))[..., :3])
    assert b'"function": "bowl"' in path.read_bytes()


@pytest.mark.parametrize("name", FEW_THEMES)
@pytest.mark.slow
def test_the_colours_that_carry_meaning_are_exact_in_every_theme(tmp_path, name):
    race = converging(6)
    made = figure(race, theme=name, **sized(640, 400))
    render.animate(race, figure=made, frames=3).save(tmp_path / "race.gif")
    first, *_, last = decode(tmp_path / "race.gif").frames
    frame = Frames(made).show(40)
    theme = THEMES[name]
    exact = [color for trail in made.findobj(Trail) for color in trail.colors]
    exact += [tuple(int(theme.star[k : k + 2], 16) / 255 for k in (1, 3, 5))]
    for color in exact:
        assert count(last, color) >= count(frame, color)
    assert all(count(last, style.color) > 0 for style in styles(list(race.trajectories.runs["label"]), theme))
    assert count(first, exact[-1]) > 10


def test_curves_alone_keep_their_colours(tmp_path):
    from matplotlib.figure import Figure

    race = converging(5)
    made = Figure(figsize=(3, 2), dpi=80)
    ax = made.subplots()
    ax.imshow(np.random.default_rng(0).random((40, 60, 3)), extent=(0, 40, 1e-9, 10), aspect="auto")
    render.loss_curves(race, ax)
    render.animate(race, figure=made, frames=3).save(tmp_path / "race.gif")
    last = decode(tmp_path / "race.gif").frames[-1]
    assert all(count(last, style.color) > 0 for style in styles(list(race.trajectories.runs["label"]), THEMES["light"]))


@pytest.mark.slow
def test_four_overlapping_runs_keep_four_colours(tmp_path):
    race = coincident(4)
    made = figure(race, **sized(640, 400))
    render.animate(race, figure=made, frames=5).save(tmp_path / "race.gif")
    last = decode(tmp_path / "race.gif").frames[-1]
    for trail in made.findobj(Trail):
        assert sum(count(last[:, :380], color) for color in trail.colors) > 30


@pytest.mark.slow
def test_a_run_that_diverged_is_marked_in_the_frames(tmp_path):
    render.animate(diverging(at=12), **sized(640, 400), frames=41, pace="linear", standings=False).save(
        tmp_path / "race.gif"
    )
    frames = decode(tmp_path / "race.gif").frames
    legend = frames[:, 200:, 420:]
    assert all((legend[k] == legend[0]).all() for k in range(1, 12))
    assert (legend[12] != legend[11]).any()


def test_the_file_says_what_made_it(saved):
    reported = json.loads(decode(saved).comment)
    assert reported["function"] == "bowl"
    assert reported["optimizers"] == [f"adam(lr={0.01 * k:g})" for k in range(1, 7)]
    assert reported["start"] == [-1.5, 1.0]


@pytest.mark.parametrize("suffix", sorted(WRITERS))
@pytest.mark.thin(1)
def test_the_same_race_gives_the_same_bytes(tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        render.animate(converging(3), **sized(320, 200), frames=6).save(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_saving_twice_from_one_animation_gives_the_same_bytes(animation, saved, tmp_path):
    animation.save(tmp_path / "again.gif")
    assert (tmp_path / "again.gif").read_bytes() == saved.read_bytes()


@pytest.mark.filterwarnings("ignore:the legend leaves out")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_every_kind_of_race_becomes_a_gif(tmp_path, kind):
    race = KINDS[kind]()
    render.animate(race, **sized(160, 120), frames=4, pace="linear").save(tmp_path / "race.gif")
    assert len(decode(tmp_path / "race.gif").frames) == 4


def test_a_small_file(saved):
    assert saved.stat().st_size < 120_000


MEASURE = """
import sys, tracemalloc
from landscapes.record import Record
from landscapes import render
race = Record.load(sys.argv[1])
def peak(frames, suffix):
    animation = render.animate(race, figsize=(1.6, 1.2), dpi=100, frames=frames)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    animation.save("race" + suffix)
    return tracemalloc.get_traced_memory()[1] - before
tracemalloc.start()
for suffix in sys.argv[2:]:
    peak(6, suffix)
    short, long = peak(6, suffix), peak(18, suffix)
    print(long - short)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, python, exhaustive):
    converging(3, steps=400).save(tmp_path / "race.npz")
    suffixes = sorted(WRITERS)[:: 1 if exhaustive else 2]
    result = python("-c", MEASURE, "race.npz", *suffixes)
    assert result.returncode == 0, result.stderr
    grown = dict(zip(suffixes, map(int, result.stdout.split()), strict=True))
    assert max(grown.values()) < 4 * 160 * 120 * 4, f"four frames' worth for 12 more: {grown}"
