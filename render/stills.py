"""Pictures of one step for papers and pages: small files, the same bytes each time, text that stays text."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure

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

TEX = ("xelatex", "lualatex", "pdflatex")


def check_still(path: Path) -> None:
    """Raises `InputError` where what the suffix needs is not installed."""
    if path.suffix.lower() == ".pgf":
        _tex()


def still(made: Figure, path: Path, comment: str) -> None:
    """Saves a figure with the same bytes each time: no dates, fixed identifiers, the comment in its metadata.

    Warns where the trails are so ragged that they are drawn as an image.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        with replacing(path) as temporary:
            made.savefig(temporary, dpi=made.dpi, metadata={"Software": None, "Comment": comment})
    elif suffix == ".pgf":
        with replacing_all(path) as temporary, _lightened(made, path, DPI), mpl.rc_context(VECTOR | _pgf()):
            made.savefig(temporary, dpi=DPI)
            temporary.write_text(f"% {comment}\n{temporary.read_text(encoding='utf-8')}", encoding="utf-8")
    else:
        metadata = {
            ".pdf": {"CreationDate": None, "ModDate": None, "Subject": comment},
            ".svg": {"Date": None, "Description": comment},
        }[suffix]
        with replacing(path) as temporary, _lightened(made, path, 72), mpl.rc_context(VECTOR):
            made.savefig(temporary, dpi=DPI, metadata=metadata)


@contextmanager
def _lightened(made: Figure, path: Path, dpi: float) -> Iterator[None]:
    """The figure with its trails as an image where they have too many vertices at the file's own resolution."""
    lines: list[tuple[Artist, Trail | Curve]] = [(line, line) for line in made.findobj(Trail) + made.findobj(Curve)]
    lines += [(halo, halo.trail) for halo in made.findobj(Halo)]
    count = _vertices(made, [line for _, line in lines], dpi)
    if count <= HEAVY:
        yield
        return
    warnings.warn(
        f"the trails in {path.name} have {count:,} vertices, more than {HEAVY:,}: they are drawn as an image at {DPI} dpi",
        stacklevel=5,
    )
    before = [artist.get_rasterized() for artist, _ in lines]
    for artist, _ in lines:
        artist.set_rasterized(True)
    try:
        yield
    finally:
        for (artist, _), flag in zip(lines, before, strict=True):
            artist.set_rasterized(flag)


def _vertices(made: Figure, lines: list[Trail | Curve], dpi: float) -> int:
    """How many vertices all these lines take, as thinned and simplified as they are drawn at a resolution."""
    total, before = 0, made.dpi
    made.dpi = dpi
    try:
        for line in lines:
            line.route.update(line)
            if line.route.count > 1:
                total += len(line.route.piece(0, line.route.count).cleaned(simplify=True))
    finally:
        made.dpi = before
    return total


def _pgf() -> dict[Any, Any]:
    """Settings for LaTeX: whichever program is there, and the fonts of the document that takes the picture in."""
    return {"pgf.texsystem": _tex(), "pgf.rcfonts": False}


def _tex() -> str:
    """A TeX program: matplotlib asks it how large words are."""
    for program in (mpl.rcParams["pgf.texsystem"], *TEX):
        if shutil.which(program):
            return str(program)
    raise InputError(f".pgf needs a TeX program ({', '.join(TEX)}): install TeX Live or MiKTeX, or choose .pdf")
