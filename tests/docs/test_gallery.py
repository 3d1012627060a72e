"""Every script of the gallery runs, and the pictures beside it are the ones it makes."""

from __future__ import annotations

import inspect
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
SMALL = {"size": (320, 240), "seconds": 0.2}

every = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
drawn = pytest.mark.parametrize(
    "script",
    [pytest.param(script, marks=[pytest.mark.slow] * (i % 5 > 0)) for i, script in enumerate(SCRIPTS)],
    ids=lambda script: script.stem,
)


def run(script: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The pictures that a copy of the script makes in a folder of its own: the same, but small and short."""

    def smaller(draw):
        return lambda *given, **settings: draw(*given, **(settings | SMALL))

    for name in ("animate", "save"):
        assert SMALL.keys() <= inspect.signature(getattr(render, name)).parameters.keys()
        monkeypatch.setattr(render, name, smaller(getattr(render, name)))
    few = functions.search()[::12]
    monkeypatch.setattr(functions, "search", lambda: few)
    monkeypatch.setattr(sys, "argv", [script.name])
    monkeypatch.chdir(folder)
    pictures = folder / "pictures"
    pictures.mkdir()
    runpy.run_path(str(shutil.copy(script, folder)), run_name="__main__")
    assert not plt.get_fignums()
    return sorted(pictures.iterdir())


def facts(picture: Path) -> dict[str, object]:
    """What a GIF says of how it was made, but for the versions."""
    with Image.open(picture) as image:
        said = json.loads(image.info["comment"])
    return {name: fact for name, fact in said.items() if name != "versions"}


@drawn
def test_a_script_makes_the_pictures_that_lie_beside_it(script, tmp_path, monkeypatch):
    """With the same function, start, steps and optimizers: whoever changes a script draws its pictures anew."""
    made = run(script, tmp_path, monkeypatch)
    assert made
    for picture in made:
        published = GALLERY / "pictures" / picture.name
        assert published.is_file()
        if picture.suffix == ".gif":
            assert facts(picture) == facts(published)


@every
def test_a_script_is_short_and_uses_the_public_interface_alone(script):
    text = script.read_text(encoding="utf-8")
    assert text.startswith('"""\n')
    assert len(text.splitlines()) <= 60
    assert not re.findall(r"(?:\.|import )_(?!_)\w+", text)


@pytest.mark.parametrize("picture", FAMOUS, ids=lambda picture: picture.stem)
def test_the_famous_ones_are_light_and_last_as_long_as_the_old_ones(picture):
    assert picture.stat().st_size <= 600_000
    with Image.open(picture) as image:
        assert image.size == (640, 480)
        assert image.info["loop"] == 0
        spent = 0
        for frame in range(image.n_frames):
            image.seek(frame)
            spent += image.info["duration"]
    assert 7_000 <= spent <= 12_000
    optimizers = [str(entry).split("(")[0] for entry in facts(picture)["optimizers"]]
    assert optimizers == ["sgd", "sgd", "sgd", "adagrad", "adadelta", "rmsprop", "adam"]


def test_the_catalogue_at_a_glance_is_light_and_large_enough_to_read():
    picture = GALLERY / "pictures" / "catalogue.png"
    assert picture.stat().st_size <= 1_500_000
    with Image.open(picture) as image:
        cells = len(functions.search())
        assert image.width * image.height >= cells * 100 * 100


def test_there_are_four_famous_ones():
    assert [picture.stem for picture in FAMOUS] == ["famous-beale", "famous-moons", "famous-saddle", "famous-valley"]
