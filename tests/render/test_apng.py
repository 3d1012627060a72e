"""APNG and WebP, byte by byte: what other decoders rely on, read without the writer's help."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from render_pixels import by_ffmpeg
from test_video_writers import write

from landscapes.render.writers.timeline import Timeline

HEIGHT, WIDTH = 45, 61

Frames = NDArray[np.uint8]


def dots(frames: int = 12) -> Frames:
    """A dot on a coloured ground that moves by an odd number of pixels; every fourth frame it rests."""
    surface = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) % 200
    pictures = np.repeat(surface[None, ..., None], frames, 0).repeat(3, 3).astype(np.uint8)
    for place in range(frames):
        at = 3 * (place - place // 4)
        pictures[place, 5 + at : 8 + at, 7 + at : 12 + at] = (250, 10, 30)
    return pictures


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place = 8
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(kind + body)
        yield kind, body
        place += 12 + size
    assert place == len(data)


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place < len(data):
        kind, size = struct.unpack("<4sI", data[place : place + 8])
        yield kind, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    assert place == len(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Twelve frames in both formats, at a rate that whole milliseconds do not hold."""
    made = tmp_path_factory.mktemp("exact")
    for suffix in (".apng", ".webp"):
        write(made / f"dots{suffix}", dots(), Timeline(np.arange(12), 30.0, {0: 0.4, 11: 2.0}, loop=False))
    return made


def test_an_apng_holds_what_the_standard_asks_for(folder):
    chunks = list(png_chunks((folder / "dots.apng").read_bytes()))
    kinds = [kind for kind, _ in chunks]
    assert kinds[:3] == [b"IHDR", b"acTL", b"tEXt"]
    assert kinds[-1] == b"IEND"
    assert chunks[2][1] == b"Comment\0a comment"
    frames, plays = struct.unpack(">II", chunks[1][1])
    assert (frames, plays) == (kinds.count(b"fcTL"), 1)
    numbers = [body[:4] for kind, body in chunks if kind in (b"fcTL", b"fdAT")]
    assert [struct.unpack(">I", number)[0] for number in numbers] == list(range(len(numbers)))
    seconds = 0.0
    for place, (kind, body) in enumerate(item for item in chunks if item[0] == b"fcTL"):
        assert kind == b"fcTL"
        _, width, height, x, y, delay, unit, disposal, blend = struct.unpack(">IIIIIHHBB", body)
        assert x + width <= WIDTH
        assert y + height <= HEIGHT
        assert ((x, y, width, height) == (0, 0, WIDTH, HEIGHT)) == (place == 0)
        assert (disposal, blend) == (0, int(place > 0))
        seconds += delay / unit
    assert seconds == pytest.approx(12 / 30 + 2.4, abs=1e-3)


def test_ffmpeg_and_pillow_see_the_same_apng(folder):
    path = folder / "dots.apng"
    theirs = by_ffmpeg(path, WIDTH, HEIGHT)
    np.testing.assert_array_equal(theirs, decoded(path))


@pytest.mark.parametrize("suffix", [".apng", ".webp"])
def test_every_frame_is_exact_and_lasts_as_long_as_it_should(folder, suffix):
    pictures = dots()
    new = [place for place in range(12) if place == 0 or (pictures[place] != pictures[place - 1]).any()]
    np.testing.assert_array_equal(decoded(folder / f"dots{suffix}"), pictures[new])
    begins = np.array([*(place / 30 + 0.4 * (place > 0) for place in new), 12 / 30 + 2.4])
    with Image.open(folder / f"dots{suffix}") as image:
        for place, (begin, end) in enumerate(pairwise(begins)):
            image.seek(place)
            image.load()
            assert image.info["duration"] == pytest.approx(1000 * (end - begin), abs=1)


def decoded(path: Path) -> Frames:
    with Image.open(path) as image:
        frames = []
        for place in range(image.n_frames):
            image.seek(place)
            frames.append(np.asarray(image.convert("RGB")))
    return np.array(frames)


def test_a_webp_holds_what_the_format_asks_for(folder):
    data = (folder / "dots.webp").read_bytes()
    assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP")
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    chunks = list(riff_chunks(data[12:]))
    kinds = [kind for kind, _ in chunks]
    assert kinds == [b"VP8X", b"ANIM", *[b"ANMF"] * (len(kinds) - 3), b"XMP "]
    assert chunks[0][1][0] == 0b10110  # alpha, XMP, animation
    assert [int.from_bytes(chunks[0][1][at : at + 3], "little") for at in (4, 7)] == [WIDTH - 1, HEIGHT - 1]
    assert struct.unpack("<H", chunks[1][1][4:])[0] == 1  # plays once
    for place, (_, body) in enumerate(chunks[2:-1]):
        x, y, width, height = (int.from_bytes(body[3 * at : 3 * at + 3], "little") for at in range(4))
        assert 2 * x + width + 1 <= WIDTH
        assert 2 * y + height + 1 <= HEIGHT
        assert ((x, y, width, height) == (0, 0, WIDTH - 1, HEIGHT - 1)) == (place == 0)
        assert body[15] == (2 if place == 0 else 0)
        ((inner, pixels),) = riff_chunks(body[16:])
        assert inner == b"VP8L"
        assert int.from_bytes(pixels[1:5], "little") & 0x3FFF == width


def test_the_comment_of_a_webp_is_xmp(tmp_path):
    path = tmp_path / "one.webp"
    write(path, dots(1), Timeline(np.arange(1), 25.0))
    with Image.open(path) as image:
        assert image.n_frames == 1
        root = ElementTree.fromstring(image.info["xmp"])
    assert [item.text for item in root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")] == ["a comment"]
