"""Pictures for papers: small vector files whose text is text, ragged trails as an image, LaTeX."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import warnings
import zlib
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from PIL import Image
from render_pixels import full_draw, levels_apart, psnr, sized
from render_records import VIEW, arc, bowl, converging, diverging, record, scenery
from thinned import FEW_THEMES

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render._save import check_output
from landscapes.render.artists.animated import AnimatedArtist
from landscapes.render.figures import stills
from landscapes.render.figures.stills import STILLS
from landscapes.render.plots.surface_image import VECTOR_DPI

SMALL = sized(240, 180)
MOST = 100_000
"""Bytes of a page with eight trails of 10,000 points over a lit field of 400 × 400: a third trails, a third image."""

HAS_TEX = any(map(shutil.which, stills.TEX))


def grid() -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(*(np.linspace(*side, 400) for side in VIEW))


def beale(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def long_race(field=bowl, noise: float = 0.0, runs: int = 8) -> Record:
    """Runs of 10,000 points over 400 × 400 values."""
    rng = np.random.default_rng(0)
    arcs = [arc(9_999, bend) + noise * rng.standard_normal((10_000, 2)) for bend in np.linspace(-0.45, 0.35, runs)]
    return record(arcs, surface=scenery(values=field(*grid())))


def images(data: bytes) -> list[tuple[int, int]]:
    """Widths and heights of a PDF's images."""
    return [
        (int(width), int(height)) for width, height in re.findall(rb"/Subtype /Image /Width (\d+) /Height (\d+)", data)
    ]


def streams(data: bytes) -> bytes:
    """What a PDF draws, in plain words."""
    found = b""
    for match in re.finditer(rb"stream\n", data):
        try:
            found += zlib.decompressobj().decompress(data[match.end() :])
        except zlib.error:
            continue
    return found


@pytest.mark.parametrize("field", [bowl, pytest.param(beale, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_a_page_with_long_trails_is_small(tmp_path, field):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = render.save(long_race(field), tmp_path / "race.pdf")
    data = path.read_bytes()
    assert len(data) <= MOST
    ((width, height),) = images(data)  # the fill, and nothing else
    map_inches = 0.36 * 9.6, 0.6 * 5.4
    assert width > 0.98 * VECTOR_DPI * map_inches[0]
    assert height > 0.98 * VECTOR_DPI * map_inches[1]


def test_the_fill_covers_its_axes():
    """The image of a vector file lies on the frame of its axes, from edge to edge."""
    made = record([arc(5)], surface=scenery())
    file = io.BytesIO()
    render.save(made, file, format="svg", figsize=(4, 2.4))
    text = file.getvalue().decode()
    sizes = re.search(r'width="(\d+)" height="(\d+)" transform="matrix\(([^)]*)\)"', text)
    left, top, width, height = (
        float(n) for n in re.search(r'<rect x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"', text).groups()
    )
    across, _, _, up, x, bottom = map(float, sizes[3].split())
    frame = left, left + width, top, top + height
    assert (x, x + across * int(sizes[1]), bottom + up * int(sizes[2]), bottom) == pytest.approx(frame, abs=1.1)

    file = io.BytesIO()
    render.save(made, file, format="pdf", figsize=(4, 2.4))
    number = rb"(-?[\d.]+)"
    moves = re.search(rb"1 0 0 1 %s %s cm\s+%s 0 0 %s %s %s cm" % ((number,) * 6), streams(file.getvalue()))
    x, y, wide, tall, right, up = map(float, moves.groups())
    assert (x + right, x + right + wide) == pytest.approx(frame[:2], abs=1.1)
    assert (y + up, y + up + tall) == pytest.approx((2.4 * 72 - frame[3], 2.4 * 72 - frame[2]), abs=1.1)


def egg_box(x, y):
    """Hills and pits in rows, as many as Rastrigin's function has."""
    return x**2 + y**2 - 4 * np.cos(16 * x) - 4 * np.cos(20 * y)


@pytest.mark.slow
def test_a_rugged_function_has_coarser_pixels(tmp_path):
    data = render.save(long_race(egg_box), tmp_path / "race.pdf", theme="print").read_bytes()
    ((width, _),) = images(data)
    assert len(data) <= MOST
    assert stills.COARSER[-1] * 0.5 * 9.6 < width < 0.8 * stills.DPI * 0.5 * 9.6


def swinging_race() -> Record:
    """Eight runs of 10,000 points that swing across a valley at first, and so do their losses."""
    arcs = []
    for run in range(8):
        step = np.arange(10_000)
        swing = 0.4 * np.exp(-step / (15 + 6 * run)) * np.cos((0.5 + 0.3 * run) * step)
        arcs.append(arc(9_999, 0.1 * run - 0.4) + swing[:, None] * np.array([0.3, 1.0]))
    return record(arcs, surface=scenery(values=beale(*grid())))


@pytest.mark.parametrize("name", FEW_THEMES)
@pytest.mark.slow
@pytest.mark.sample(1)
def test_a_page_with_swinging_losses_is_small_in_every_theme(tmp_path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = render.save(swinging_race(), tmp_path / "race.pdf", theme=name)
    assert path.stat().st_size <= MOST


@pytest.mark.parametrize(
    ("suffix", "runs", "most"),
    [
        (".pdf", 3, 600_000),
        pytest.param(".svg", 8, 1_000_000, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
@pytest.mark.sample(1)
def test_ragged_trails_become_an_image_with_a_warning(tmp_path, suffix, runs, most):
    made = render.figure(long_race(noise=0.03, runs=runs))
    before = full_draw(made)
    with pytest.warns(
        UserWarning, match=r"the trails in race\.\w+ have \d+,\d+ vertices, more than 20,000"
    ) as reported:
        stills.still(made, tmp_path / f"race{suffix}", "x")
    assert len(reported) == 1
    data = (tmp_path / f"race{suffix}").read_bytes()
    assert len(data) < most
    if suffix == ".pdf":
        assert len(images(data)) > 1
        assert streams(data).count(b" l\n") < 20_000
    np.testing.assert_array_equal(full_draw(made), before)  # the figure is as it was
    assert not any(item.get_rasterized() for item in made.findobj(lambda item: isinstance(item, AnimatedArtist)))


@pytest.mark.slow
def test_the_warning_points_at_the_call(tmp_path):
    with pytest.warns(UserWarning, match="drawn as an image") as reported:
        render.save(long_race(noise=0.03, runs=3), tmp_path / "race.svg")
    assert Path(reported[0].filename).name == Path(__file__).name


@pytest.mark.slow
def test_level_lines_lose_vertices_and_nothing_that_shows(tmp_path, monkeypatch):
    made = render.figure(long_race(beale))
    lines = [item for item in made.findobj(ContourSet) if not item.filled]
    (before,) = ([len(arc) for arc in item.get_paths()] for item in lines)
    full = full_draw(made, 72)
    thinned: list[tuple[int, np.ndarray]] = []

    def savefig(self: Figure, *_args, **_options) -> None:
        stream = io.BytesIO()
        plain(self, stream, format="png", dpi=72)
        shown = np.asarray(Image.open(stream).convert("RGBA"))
        thinned.append((sum(len(arc) for item in lines for arc in item.get_paths()), shown))

    plain = Figure.savefig
    with monkeypatch.context() as patch:
        patch.setattr(Figure, "savefig", savefig)
        stills.still(made, tmp_path / "race.pdf", "x")
    (count, shown), *others = thinned
    assert not others
    assert count < sum(before) / 4
    assert psnr(shown, full) > 48
    assert levels_apart(shown, full) < 40
    assert [len(arc) for item in lines for arc in item.get_paths()] == before
    np.testing.assert_array_equal(full_draw(made, 72), full)


@pytest.mark.slow
def test_fonts_are_those_that_journals_take(tmp_path):
    data = render.save(diverging(), tmp_path / "race.pdf", **SMALL).read_bytes()
    assert b"/Type3" not in data
    assert data.count(b"/FontFile2") >= 2
    assert b"/CreationDate" not in data
    assert b"/ModDate" not in data


@pytest.mark.slow
def test_text_in_an_svg_is_text(tmp_path):
    text = render.save(diverging(), tmp_path / "race.svg", title="Round & about").read_text(encoding="utf-8")
    words = re.findall(r"<text [^>]*>([^<]*)</text>", text)
    assert {"Round &amp; about", "SGD", "step 40"} <= set(words)
    assert "<dc:date>" not in text


@pytest.mark.parametrize("suffix", [".png", ".svg"])
@pytest.mark.parametrize("step", [0, 13, 40])
@pytest.mark.thin(1)
def test_any_step_can_be_shown(tmp_path, suffix, step):
    path = render.save(converging(2), tmp_path / f"race{suffix}", step=step, **SMALL)
    if suffix == ".svg":
        assert f">step {step:>2}<" in path.read_text(encoding="utf-8").replace("\u00a0", " ")
    else:
        with Image.open(path) as image:
            assert levels_apart(np.asarray(image), full_draw(render.figure(converging(2), step=step, **SMALL))) == 0


@pytest.mark.slow
@pytest.mark.parametrize("suffix", sorted(set(STILLS) - {".png", ".svg", ".pgf"}))
@pytest.mark.sample(1)
def test_every_step_has_a_page_of_its_own(tmp_path, suffix):
    once, again = (
        [render.save(converging(2), tmp_path / f"{step}{suffix}", step=step, **SMALL).read_bytes() for step in (0, 13)]
        for _ in range(2)
    )
    assert len(set(once)) == 2
    assert once == again


@pytest.mark.skipif(not HAS_TEX, reason="needs TeX")
@pytest.mark.slow
def test_a_picture_for_latex_is_compiled_by_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for folder in "ab":
        render.save(diverging(), tmp_path / folder / "race.pgf", theme="print")
    names = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert names[-1] == "race.pgf"
    assert names[:-1] == [f"race-img{number}.png" for number in range(len(names) - 1)]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    text = (tmp_path / "a" / "race.pgf").read_text(encoding="utf-8")
    assert text.startswith('% {"function": "bowl"')
    assert str(tmp_path) not in text
    assert "Path=" not in text  # nor where this machine keeps its fonts
    (tmp_path / "a" / "page.tex").write_text(
        r"\documentclass{article}\usepackage{pgf}\begin{document}\input{race.pgf}\end{document}"
    )
    program = shutil.which("pdflatex") or next(filter(shutil.which, stills.TEX))
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=tmp_path / "a", capture_output=True
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "a" / "page.pdf").stat().st_size > 10_000


def test_a_missing_tex_is_reported_before_anything_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("landscapes.render._save.figure", None)  # would be a TypeError
    for attempt in (check_output, lambda path: render.save(converging(1), path)):
        with pytest.raises(
            InputError, match=r"\.pgf needs a TeX program .*: install TeX Live or MiKTeX, or choose \.pdf"
        ):
            attempt(tmp_path / "race.pgf")
    assert not list(tmp_path.iterdir())


def test_an_animation_has_no_single_step(tmp_path):
    for name in ("race.gif", "race-%d.png", "race.mov"):
        with pytest.raises(InputError, match=r"is an animation of every step; for one step choose \.png, \.pdf"):
            render.save(converging(1), tmp_path / name, step=3)


def test_an_svg_is_as_large_in_browsers_as_the_png(tmp_path):
    path = render.save(converging(2, steps=5), tmp_path / "race.svg", figsize=(4.8, 3.2), dpi=100)
    head = path.read_text(encoding="utf-8").partition("<metadata>")[0]
    assert 'width="480" height="320"' in head
    assert "viewBox" in head


def test_a_style_for_white_paper_leaves_dark_stills_dark(tmp_path):
    with mpl.rc_context({"savefig.facecolor": "white", "savefig.edgecolor": "white"}):
        render.save(diverging(), tmp_path / "race.png", theme="dark", figsize=(3, 2))
    assert max(Image.open(tmp_path / "race.png").convert("RGB").getpixel((1, 1))) < 60
