"""Pictures of one step for papers and pages: small files, the same bytes each time, text that stays text."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.transforms import IdentityTransform, Transform

from landscapes.errors import InputError
from landscapes.files import replacing, replacing_all
from landscapes.render.artists.trails import Halo, Trail
from landscapes.render.figures.lightness import Columns, Light, light
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import VECTOR, WHOLE

STILLS = (".png", ".pdf", ".svg", ".pgf")
"""Suffixes of pictures that show one step."""

DPI = 300
"""Of what is drawn as an image in vector files."""

COARSER = (200, 150, 120)
"""Where a .pdf would be large otherwise; in still larger pixels level lines would look heavier."""

LARGE = 80_000
"""Bytes of a file whose image may be coarser."""

HEAVY = 20_000
"""From this many vertices on, trails are drawn as an image: as vectors they would be megabytes."""

CROWDED = 8_000
"""From this many vertices on, level lines are drawn as an image."""

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
        with replacing(path) as temporary, mpl.rc_context(WHOLE):
            made.savefig(temporary, dpi=made.dpi, metadata={"Software": None, "Comment": comment})
    elif suffix == ".pgf":
        with replacing_all(path) as temporary, _lightened(made, path, DPI), mpl.rc_context(VECTOR | _pgf()):
            made.savefig(temporary, dpi=DPI)
            drawn = temporary.read_text(encoding="utf-8")
            temporary.write_text(f"% {comment}\n{MATH}\n{drawn}", encoding="utf-8")
    else:
        metadata: dict[str, Any] = {"Title": title} if title else {}
        metadata |= {
            ".pdf": {"CreationDate": None, "ModDate": None, "Subject": comment},
            ".svg": {"Date": None, "Description": comment},
        }[suffix]
        settings = VECTOR | {"pdf.compression": 9}
        with replacing(path) as temporary, _lightened(made, path, 72), mpl.rc_context(settings):
            flat = any(trail.get_rasterized() for trail in made.findobj(Trail))
            for dpi in (DPI, *(() if flat or suffix == ".svg" else COARSER)):  # an .svg is text, most of it trails
                made.savefig(temporary, dpi=dpi, metadata=metadata)
                if temporary.stat().st_size <= LARGE:
                    break


@contextmanager
def _lightened(made: Figure, path: Path, dpi: float) -> Iterator[None]:
    """The figure as it suits a vector file that is written at a resolution of its own; then as it was."""
    with ExitStack() as stack:
        for line in _lines(made):
            light = Columns if isinstance(line, Curve) else Light
            stack.enter_context(_swapped(line, "route", light.of(line.route)))
        stack.enter_context(_trails_as_image(made, path, dpi))
        stack.enter_context(_contours_lightened(made, dpi))
        yield


@contextmanager
def _contours_lightened(made: Figure, dpi: float) -> Iterator[None]:
    """The figure with bands of pure colours, of which an image holds few, and level lines without what does not show.

    Level lines of too many vertices join the image.
    """
    every: list[Any] = made.findobj(ContourSet)  # whose types are told in part only
    fills, lines = [item for item in every if item.filled], [item for item in every if not item.filled]
    with _at(made, dpi):
        thinned = [[_thinned(way, line.get_transform()) for way in line.get_paths()] for line in lines]
    crowded = sum(len(way) for ways in thinned for way in ways) > CROWDED
    kept = [(item.get_antialiaseds(), item.get_rasterized()) for item in fills + lines]
    before = [(list(line.get_paths()), line.get_transform()) for line in lines]
    for item in fills + lines if crowded else fills:
        item.set_antialiased(False)
        item.set_rasterized(True)
    if not crowded:
        for line, ways in zip(lines, thinned, strict=True):
            line.set_paths(ways)
            line.set_transform(IdentityTransform())
    try:
        yield
    finally:
        for line, (ways, change) in zip(lines, before, strict=True):
            line.set_paths(ways)
            line.set_transform(change)
        for item, (smooth, flat) in zip(fills + lines, kept, strict=True):
            item.set_antialiased(smooth)
            item.set_rasterized(flat)


def _thinned(way: Outline, change: Transform) -> Outline:
    """A level line in the file's own units, without vertices that do not show; matplotlib leaves closed ones as they are."""
    copy = Outline(way.vertices, way.codes)
    copy.simplify_threshold = CLOSE
    return light(copy, change, digits=1)


@contextmanager
def _trails_as_image(made: Figure, path: Path, dpi: float) -> Iterator[None]:
    """The figure with its trails as an image where they have too many vertices."""
    lines = _lines(made)
    with _at(made, dpi):
        count = sum(_vertices(line) for line in lines) + sum(_vertices(halo.trail) for halo in made.findobj(Halo))
    with ExitStack() as stack:
        if count > HEAVY:
            warnings.warn(
                f"the trails in {path.name} have {count:,} vertices, more than {HEAVY:,}: "
                f"they are drawn as an image at {DPI} dpi",
                stacklevel=8,
            )
            for artist in [*made.findobj(Trail), *made.findobj(Halo)]:
                stack.enter_context(_swapped(artist, "_rasterized", True))
        yield


def _lines(made: Figure) -> list[Trail | Curve]:
    return [*made.findobj(Trail), *made.findobj(Curve)]


def _vertices(line: Trail | Curve) -> int:
    """How many vertices a line takes as it is drawn."""
    line.route.update(line)
    return len(line.route.piece(0, line.route.count)) if line.route.count > 1 else 0


@contextmanager
def _swapped(thing: object, name: str, value: object) -> Iterator[None]:
    """A thing with another value of an attribute."""
    before = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        setattr(thing, name, before)


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
