"""Tests of the gallery: every script runs, and its stored pictures are up to date."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from matplotlib import pyplot as plt
from PIL import Image

from landscapes import functions, render

GALLERY = Path(__file__).resolve().parents[2] / "gallery"
SCRIPTS = sorted(GALLERY.glob("*.py"))
FAMOUS = sorted(GALLERY.glob("pictures/famous-*.gif"))
FIGSIZE, SECONDS = (3.2, 2.4), 0.2

SMALLER = {
    "sharpness": [
        ("steps: int = 1500", "steps: int = 60"), ("range(0, 1501, 15)", "range(0, 61, 15)"),
        ("resolution=13", "resolution=3"), ("steps: int = 3000", "steps: int = 30"), ("count=16", "count=3"),
    ],
}  # fmt: skip
"""What is replaced in scripts that take long, by script."""

LONG = ("digits_optimizers", "plot_types")
"""Scripts that take above five seconds of a processor even so; drawn by exhaustive runs."""

every = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
drawn = pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            script,
            marks=pytest.mark.exhaustive if script.stem in LONG else [pytest.mark.slow] * (script.stem != "race"),
        )
        for script in SCRIPTS
    ],
    ids=lambda script: script.stem,
)


def run(script: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Run a copy of the script in a folder, with small and short pictures, and return the pictures."""

    animate, save = render.animate, render.save

    def animate_small(record, *, figure=None, **options):
        size = {"figure": figure} if figure else {"figsize": FIGSIZE}
        return animate(record, **(options | size | {"seconds": SECONDS}))

    def save_small(record, path, **options):
        small = {"figsize": FIGSIZE, "seconds": SECONDS} if path.suffix == ".gif" else {}
        return save(record, path, **(options | small))

    monkeypatch.setattr(render, "animate", animate_small)
    monkeypatch.setattr(render, "save", save_small)
    few = functions.search()[::12]
    monkeypatch.setattr(functions, "search", lambda: few)
    monkeypatch.setattr(sys, "argv", [script.name])
    monkeypatch.chdir(folder)
    pictures = folder / "pictures"
    pictures.mkdir()
    copied = Path(shutil.copy(script, folder))
    for text, other in SMALLER.get(script.stem, ()):
        source = copied.read_text(encoding="utf-8")
        assert text in source
        copied.write_text(source.replace(text, other), encoding="utf-8")
    runpy.run_path(str(copied), run_name="__main__")
    assert not plt.get_fignums()
    return sorted(pictures.iterdir())


def metadata_of(picture: Path) -> dict[str, object]:
    """Return the metadata of a GIF without the versions."""
    with Image.open(picture) as image:
        metadata = json.loads(image.info["comment"])
    return {name: value for name, value in metadata.items() if name != "versions"}


@drawn
@pytest.mark.thin(1, 4)
def test_script_writes_its_pictures(script, tmp_path, monkeypatch):
    """The metadata of new and stored pictures agree. If a script changes, run it to update its pictures."""
    if "sklearn" in script.read_text(encoding="utf-8"):
        pytest.importorskip("sklearn", reason="needs scikit-learn")
    pictures = run(script, tmp_path, monkeypatch)
    assert pictures
    for picture in pictures:
        published = GALLERY / "pictures" / picture.name
        assert published.is_file()
        if picture.suffix == ".gif":
            assert metadata_of(picture) == metadata_of(published)


@every
def test_script_uses_public_names_only(script):
    text = script.read_text(encoding="utf-8")
    assert text.startswith('"""\n')
    assert not re.findall(r"(?:\.|import )_(?!_)\w+", text)


@pytest.mark.parametrize("picture", FAMOUS, ids=lambda picture: picture.stem)
def test_famous_animations_have_the_size_and_duration_of_the_originals(picture):
    assert picture.stat().st_size <= 600_000
    with Image.open(picture) as image:
        assert image.size == ((640, 480) if picture.stem == "famous-moons" else (800, 450))  # map and leaderboard
        assert image.info["loop"] == 0
        duration = 0
        for frame in range(image.n_frames):
            image.seek(frame)
            duration += image.info["duration"]
    assert 7_000 <= duration <= 12_000
    optimizers = [str(spec).split("(")[0] for spec in metadata_of(picture)["optimizers"]]
    assert optimizers == ["sgd", "sgd", "sgd", "adagrad", "adadelta", "rmsprop", "adam"]


def test_overview_of_the_catalogue_is_small_and_legible():
    picture = GALLERY / "pictures" / "catalogue.png"
    assert picture.stat().st_size <= 1_500_000
    with Image.open(picture) as image:
        cells = len(functions.search())
        assert image.width * image.height >= cells * 100 * 100


def test_there_are_four_famous_animations():
    assert [picture.stem for picture in FAMOUS] == ["famous-beale", "famous-moons", "famous-saddle", "famous-valley"]
