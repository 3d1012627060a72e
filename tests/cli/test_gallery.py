"""`landscapes gallery`: file names, the index, and which pictures are drawn again."""

from __future__ import annotations

import json

import pytest

from landscapes.cli import gallery, main

SMALL = ("--size", "240x180", "--steps", "5", "--format", "png", "-o", "pictures")


def words(out: str) -> dict[str, str]:
    """Return "drawn" or "unchanged" by file name."""
    return {line.split()[0].rpartition("/")[2]: line.split()[-1] for line in out.splitlines()[:-1]}


@pytest.mark.slow
def test_only_changed_pictures_are_drawn_again(cli, tmp_path):
    both = ("-f", "booth", "-f", "beale", "-O", "sgd(lr=0.01)", "-O", "adam(lr=0.1)", "--each", *SMALL)
    code, out, err = cli("gallery", *both)
    assert (code, err) == (0, "")
    assert set(words(out).values()) == {"drawn"}
    assert list(words(out)) == ["booth-sgd.png", "booth-adam.png", "beale-sgd.png", "beale-adam.png"]
    assert out.endswith("pictures/index.md  4 pictures, 4 drawn, 0 unchanged\n")
    assert set(words(cli("gallery", *both)[1]).values()) == {"unchanged"}

    (tmp_path / "pictures" / "booth-sgd.png").write_bytes(b"edited")
    (tmp_path / "pictures" / "beale-sgd.png").unlink()
    other = [word.replace("lr=0.1)", "lr=0.2)") for word in both]
    found = words(cli("gallery", *other)[1])
    assert set(found.values()) == {"drawn"}, "an edited and a missing file, and another learning rate"
    found = words(cli("gallery", *other, "--steps", "6")[1])
    assert set(found.values()) == {"drawn"}
    found = words(cli("gallery", *other, "--steps", "6", "-O", "momentum(lr=0.01)")[1])
    assert list(found.values()) == ["unchanged", "unchanged", "drawn"] * 2
    assert set(words(cli("gallery", *other, "--steps", "6", "--redraw")[1]).values()) == {"drawn"}


def test_the_index_shows_both_themes_with_captions(cli, tmp_path):
    code, _, err = cli("gallery", "-f", "booth", "-O", "adam(lr=0.5)", "--theme", "light", "--theme", "dark", *SMALL)
    assert (code, err) == (0, "")
    page = (tmp_path / "pictures" / gallery.INDEX).read_text(encoding="utf-8")
    assert page.startswith("## Booth\n")
    assert '<source media="(prefers-color-scheme: dark)" srcset="booth-dark.png">' in page
    assert '<img src="booth-light.png" alt="Adam on Booth">' in page
    assert page.count("5 steps from (-8, 8): Adam (lr 0.5);") == 1
    assert set(json.loads((tmp_path / "pictures" / "gallery.json").read_text())) == {
        "booth-light.png",
        "booth-dark.png",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-O adam -o p", "no functions given; for example: --function beale"),
        ("-f booth -o p", "no optimizers given; for example: --optimizer adam"),
        ("-f booth -O adam", "no folder given; for example: --output races"),
        ("-f booth -O adam -o file", "'file' is a file; --output of a gallery is a folder"),
        ("-f booth -O adam -o p --theme Dark", "Did you mean dark?"),
        ("-f booth -O adam -o p --format gift", "'.gift'"),
        ("-f booth -f booth -O adam(lr=1) --steps 2 -o p", "two pictures would be named 'booth.gif'"),
    ],
)
def test_invalid_galleries_are_refused_before_drawing(cli, tmp_path, arguments, message):
    (tmp_path / "file").write_text("mine")
    code, out, err = cli("gallery", *arguments.split())
    assert (code, out) == (2, "")
    assert message in err
    assert not (tmp_path / "p").exists()
    assert (tmp_path / "file").read_text() == "mine"


def test_a_damaged_manifest_is_refused(cli, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "gallery.json").write_text("[1]")
    code, _, err = cli("gallery", "-f", "booth", "-O", "adam(lr=1)", *SMALL)
    assert code == 2
    assert "is not the manifest of a gallery" in err
    assert "gallery" in main.COMMANDS
