"""Pictures of one step for papers and pages: small files, the same bytes each time, text that stays text."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.transforms import IdentityTransform, Transform

from landscapes.errors import InputError
from landscapes.files import replacing, replacing_all
from landscapes.render.curves import Curve
from landscapes.render.theme import VECTOR
from landscapes.render.trails import Halo, Trail

STILLS = (".png", ".pdf", ".svg", ".pgf")
"""Suffixes of pictures that show one step."""

DPI = 300
"""Of what is drawn as an image in vector files."""

HEAVY = 20_000
"""From this many vertices on, trails are drawn as an image: as vectors they would be megabytes."""

CLOSE = 0.2
"""How far a level line may pass from its vertices, in units of the file: a hair's breadth."""

MATH = r"\providecommand{\mathdefault}[1]{#1}"
"""What matplotlib's numbers need, so that the picture's own document need not say it."""

TEX = ("xelatex", "lualatex", "pdflatex")


def check_still(path: Path) -> None:
    """Raises `InputError` where what the suffix needs is not installed."""
    if path.suffix.lower() == ".pgf":
        _tex()


def still(made: Figure, path: Path, comment: str, title: str = "") -> None:
    """Saves a figure with the same bytes each time: no dates, fixed identifiers, comment and title in its metadata.

    Browsers read an SVG's title aloud.

    Warns where the trails are so ragged that they are drawn as an image.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        with replacing(path) as temporary:
            made.savefig(temporary, dpi=made.dpi, metadata={"Software": None, "Comment": comment})
    elif suffix == ".pgf":
        with replacing_all(path) as temporary, _lightened(made, path, DPI), mpl.rc_context(VECTOR | _pgf()):
            made.savefig(temporary, dpi=DPI)
            drawn = temporary.read_text(encoding="utf-8")
            temporary.write_text(f"% {comment}\n{MATH}\n{drawn}", encoding="utf-8")
    else:
        metadata = {
            ".pdf": {"CreationDate": None, "ModDate": None, "Subject": comment, "Title": title or None},
            ".svg": {"Date": None, "Description": comment, "Title": title or None},
        }[suffix]
        settings = VECTOR | {"pdf.compression": 9}
        with replacing(path) as temporary, _lightened(made, path, 72), mpl.rc_context(settings):
            made.savefig(temporary, dpi=DPI, metadata=metadata)


@contextmanager
def _lightened(made: Figure, path: Path, dpi: float) -> Iterator[None]:
    """The figure as it suits a vector file that is written at a resolution of its own."""
    with _at(made, dpi):
        lines = [line for line in made.findobj(ContourSet) if not line.filled]
        before = [(list(line.get_paths()), line.get_transform()) for line in lines]
        thinned = [[_thinned(way, change) for way in ways] for ways, change in before]
    with _heavy_as_image(made, path, dpi):
        for line, ways in zip(lines, thinned, strict=True):
            line.set_paths(ways)
            line.set_transform(IdentityTransform())
        try:
            yield
        finally:
            for line, (ways, change) in zip(lines, before, strict=True):
                line.set_paths(ways)
                line.set_transform(change)


def _thinned(way: Outline, change: Transform) -> Outline:
    """A level line in the file's own units, without vertices that do not show; matplotlib leaves closed ones as they are."""
    copy = Outline(way.vertices, way.codes)
    copy.simplify_threshold = CLOSE
    clean = copy.cleaned(change, simplify=True)
    return Outline(np.asarray(clean.vertices).round(2)[:-1], np.asarray(clean.codes)[:-1])  # the last says stop


@contextmanager
def _heavy_as_image(made: Figure, path: Path, dpi: float) -> Iterator[None]:
    """The figure with its trails as an image where they have too many vertices."""
    lines: list[tuple[Artist, Trail | Curve]] = [(line, line) for line in made.findobj(Trail) + made.findobj(Curve)]
    lines += [(halo, halo.trail) for halo in made.findobj(Halo)]
    with _at(made, dpi):
        count = sum(_vertices(line) for _, line in lines)
    if count <= HEAVY:
        yield
        return
    warnings.warn(
        f"the trails in {path.name} have {count:,} vertices, more than {HEAVY:,}: they are drawn as an image at {DPI} dpi",
        stacklevel=7,
    )
    before = [artist.get_rasterized() for artist, _ in lines]
    for artist, _ in lines:
        artist.set_rasterized(True)
    try:
        yield
    finally:
        for (artist, _), flag in zip(lines, before, strict=True):
            artist.set_rasterized(flag)


def _vertices(line: Trail | Curve) -> int:
    """How many vertices a line takes, as thinned and simplified as it is drawn."""
    line.route.update(line)
    return len(line.route.piece(0, line.route.count).cleaned(simplify=True)) if line.route.count > 1 else 0


@contextmanager
def _at(made: Figure, dpi: float) -> Iterator[None]:
    """The figure at a resolution."""
    before = made.dpi
    made.dpi = dpi
    try:
        yield
    finally:
        made.dpi = before


def _pgf() -> dict[Any, Any]:
    """Settings for LaTeX: whichever program is there, and the fonts of the document that takes the picture in."""
    return {"pgf.texsystem": _tex(), "pgf.rcfonts": False}


def _tex() -> str:
    """A TeX program: matplotlib asks it how large words are."""
    for program in (mpl.rcParams["pgf.texsystem"], *TEX):
        if shutil.which(program):
            return str(program)
    raise InputError(f".pgf needs a TeX program ({', '.join(TEX)}): install TeX Live or MiKTeX, or choose .pdf")
