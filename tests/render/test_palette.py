"""One palette for all frames: colours that carry meaning are exact, the rest are near."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from render_pixels import psnr, sized
from render_records import converging

from landscapes import render
from landscapes.render.animation.frames import Frames
from landscapes.render.palette import SIZE, Palette, choose_colors, count, count_each, near_changes, pack, unpack, weigh

NONE = np.zeros((0, 3), np.uint8)

colors = arrays(np.uint8, st.tuples(st.integers(1, 40), st.just(3)), elements=st.integers(0, 255))


def page(rgb: np.ndarray, width: int = 8) -> np.ndarray:
    """Colours (n, 3) as a frame (height, width, 4), repeated to fill it."""
    height = -(-len(rgb) // width)
    full = np.resize(rgb, (height * width, 3)).reshape(height, width, 3)
    return np.concatenate([full, np.full((height, width, 1), 255, np.uint8)], -1)


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3), dtype=np.uint8)


def chosen_for(frames: list[np.ndarray], reserved: np.ndarray = NONE) -> tuple[np.ndarray, Palette]:
    """A palette's colours, and the palette, for frames like these."""
    keys, weight = weigh(count_each([pack(frame) for frame in frames]))
    colors = choose_colors(keys, weight, reserved)
    return colors, Palette(colors, keys)


def decoded(palette: Palette, frame: np.ndarray) -> np.ndarray:
    table = np.frombuffer(palette.table, np.uint8).reshape(256, 3)
    return table[palette.map(frame)]


@given(arrays(np.uint8, (4, 5, 3), elements=st.integers(0, 255)))
def test_packing_is_lossless(rgb):
    frame = np.concatenate([rgb, np.full((4, 5, 1), 77, np.uint8)], -1)
    np.testing.assert_array_equal(unpack(pack(frame)), rgb)


@given(colors, colors)
def test_few_colours_are_all_exact(shown, reserved):
    frame = page(shown)
    chosen, palette = chosen_for([frame], reserved)
    assert len(chosen) == len(np.unique(np.concatenate([shown, reserved]), axis=0)) <= SIZE
    np.testing.assert_array_equal(decoded(palette, frame), frame[..., :3])
    np.testing.assert_array_equal(decoded(palette, page(reserved)), page(reserved)[..., :3])


@given(st.integers(0, 10**6), st.integers(0, 200), st.integers(1, 4))
def test_reserved_colours_are_exact_among_too_many_others(seed, exact_count, samples):
    reserved = np.unique(noise(exact_count, seed), axis=0)
    frames = [page(noise(400, seed + 1 + k)) for k in range(samples)]
    chosen, palette = chosen_for(frames, reserved)
    assert len(chosen) <= SIZE
    assert len(np.unique(chosen, axis=0)) == len(chosen)
    assert {tuple(color) for color in reserved} <= {tuple(color) for color in chosen}
    np.testing.assert_array_equal(decoded(palette, page(chosen)), page(chosen)[..., :3])


@given(st.integers(0, 10**6))
def test_no_changed_pixel_is_missed(seed):
    colors, _ = chosen_for([page(noise(300, seed))])
    palette = Palette(colors)
    assert palette.map(page(noise(500, seed + 1))).min() > 0


@given(st.integers(0, 10**6))
def test_sampled_colours_take_their_nearest_entry(seed):
    frame = page(noise(600, seed))
    chosen, palette = chosen_for([frame])
    got = decoded(palette, frame).astype(int)
    wanted = frame[..., :3].reshape(-1, 1, 3).astype(int)
    nearest = ((wanted - chosen.astype(int)) ** 2).sum(-1).min(-1)
    np.testing.assert_array_equal(((frame[..., :3] - got) ** 2).sum(-1).ravel(), nearest)


@given(st.integers(0, 10**6))
def test_colours_met_later_miss_their_nearest_entry_by_no_more_than_a_cell(seed):
    sample, later = page(noise(600, seed)), page(noise(600, seed + 1))
    chosen, palette = chosen_for([sample])
    got = decoded(palette, later).astype(float)
    wanted = later[..., :3].reshape(-1, 1, 3).astype(int)
    nearest = np.sqrt(((wanted - chosen.astype(int)) ** 2).sum(-1).min(-1))
    found = np.sqrt(((later[..., :3] - got) ** 2).sum(-1)).ravel()
    assert (found <= nearest + 2 * np.sqrt(3 * 4**2)).all()  # there and back across half a cell of 8 × 8 × 8


def test_a_palette_is_the_same_each_time():
    frames = [page(noise(500, k)) for k in range(3)]
    np.testing.assert_array_equal(chosen_for(frames, noise(9, 9))[0], chosen_for(frames, noise(9, 9))[0])


def test_mapping_does_not_depend_on_what_was_mapped_before():
    sample, a, b = (page(noise(400, k)) for k in range(3))
    (_, one), (_, two) = (chosen_for([sample], noise(3, 9)) for _ in range(2))
    first = one.map(a), one.map(b)
    second = two.map(b), two.map(a)
    np.testing.assert_array_equal(first, second[::-1])


def test_a_drawn_race_keeps_its_looks():
    frames = Frames(render.figure(converging(6), **sized(400, 300)))
    samples = [frames.show(step).copy() for step in (0, 13, 40)]
    _, palette = chosen_for(samples)
    for step in (5, 20, 30):
        frame = frames.show(step)
        assert psnr(decoded(palette, frame), frame) > 45


@given(st.lists(st.tuples(st.integers(0, 2**24 - 1), st.integers(1, 9)), min_size=1, max_size=30))
def test_colours_are_counted_in_runs_as_one_by_one(runs):
    pixels = np.repeat(*np.array(runs, np.uint32).T)
    for found, known in zip(count(pixels), np.unique(pixels, return_counts=True), strict=True):
        np.testing.assert_array_equal(found, known)


@pytest.mark.parametrize("reach", [1, 2, 5, 12])
def test_pixels_near_changes_are_those_within_reach(reach):
    first, second = np.zeros((2, 30, 17), np.uint32)
    second[[4, 29], [8, 0]] = 1
    rows, cols = np.indices(first.shape)
    near = [(abs(rows - row) <= reach) & (abs(cols - col) <= reach) for row, col in ((4, 8), (29, 0))]
    np.testing.assert_array_equal(near_changes([first, second], reach), near[0] | near[1])
