"""Save pictures of one step: small, reproducible files with text that stays text."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import matplotlib as mpl
import numpy as np
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.transforms import IdentityTransform, Transform

from landscapes import errors
from landscapes.errors import InputError
from landscapes.files import replacing, replacing_all
from landscapes.render.artists.animated import IDENTITY
from landscapes.render.artists.older_matplotlib import set_rasterized
from landscapes.render.artists.polyline import Polyline
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.artists.trails import Halo, Trail
from landscapes.render.figures.color_schemes import merge_schemes
from landscapes.render.figures.images import eps, jpeg
from landscapes.render.locking import drawing
from landscapes.render.mathtext import UNDRAWABLE
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import VECTOR, WHOLE

STILLS = (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".eps", ".pgf")
"""The suffixes of pictures."""

DPI = 300
"""Resolution of .eps files, and of the parts of vector files that are images."""

COARSER = (200, 150, 120)
"""Lower resolutions for large .pdf files; still lower ones make level lines look heavy."""

LARGE = 80_000
"""Files larger than this many bytes take a lower resolution."""

HEAVY = 20_000
"""With more vertices, trails are drawn as an image; as vectors they would take megabytes."""

CROWDED = 8_000
"""With more vertices, level lines are drawn as an image."""

CLOSE = 0.2
"""Tolerance of simplified level lines, in points."""

MOST_TITLE = 20_000
"""The largest number of characters of a title in the metadata."""

TEX = ("xelatex", "lualatex", "pdflatex")

TEX_SPECIALS = set('\\{}$&#%~^"')
"""Signs that TeX does not read in a file name."""


def check_still(path: Path) -> None:
    """Raise `InputError` if the format needs a program that is not installed, or cannot have the name."""
    if path.suffix.lower() == ".pgf":
        if wrong := "".join(sorted(set(path.stem) & TEX_SPECIALS)):
            raise InputError(
                f"a .pgf file names its images in TeX, so its name cannot have {wrong}: choose another name"
            )
        _tex()


@drawing
def still(made: Figure, path: Path, comment: str, title: str = "", dark: Figure | None = None) -> None:
    """Save a figure reproducibly: no dates, fixed identifiers, comment and title in the metadata.

    Screen readers read the title of an SVG. An SVG shows the figure `dark` on systems in dark mode. Warns if trails
    have so many vertices that they are drawn as an image.
    """
    title = clean_text(title, math=False, most=MOST_TITLE)
    comment = UNDRAWABLE.sub("\N{REPLACEMENT CHARACTER}", comment)  # one line: the next would be TeX or PostScript
    suffix = path.suffix.lower()
    if suffix == ".png":
        with replacing(path) as temporary, mpl.rc_context(WHOLE):
            made.savefig(temporary, dpi=made.dpi, metadata={"Software": None, "Comment": comment})
    elif suffix in (".jpg", ".jpeg"):
        with replacing(path) as temporary:
            temporary.write_bytes(jpeg(made, comment))
    elif suffix == ".eps":
        with replacing(path) as temporary:
            temporary.write_bytes(eps(made, comment, DPI))
    elif suffix == ".pgf":
        from landscapes.render.figures.pgf import BACKEND  # fontTools, which it loads, takes long to import

        with replacing_all(path) as temporary, _lightened(made, path, DPI), mpl.rc_context(VECTOR | _pgf()):
            made.savefig(temporary, dpi=DPI, backend=BACKEND)
            drawn = temporary.read_text(encoding="utf-8")
            temporary.write_text(f"% {' '.join(comment.split())}\n{drawn}", encoding="utf-8", newline="\n")
    elif suffix == ".svg":
        with replacing(path) as temporary:
            text = _svg(made, path, comment, title)
            if dark is not None:
                text = merge_schemes(text, _svg(dark, path, comment, title, warn=False))
            temporary.write_text(text, encoding="utf-8", newline="\n")
    else:
        metadata = {"CreationDate": None, "ModDate": None, "Subject": comment} | ({"Title": title} if title else {})
        settings = VECTOR | {"pdf.compression": 9}
        with replacing(path) as temporary, _lightened(made, path, 72), mpl.rc_context(settings):
            flat = any(trail.get_rasterized() for trail in made.findobj(Trail))
            data = _pdf(made, DPI, metadata)
            sizes = [len(data)]
            for dpi in () if flat else COARSER:
                if sizes[-1] <= LARGE or sizes[-1] in sizes[:-1]:  # no part of the page depends on the resolution
                    break
                if dpi > COARSER[-1] and sizes[0] * (dpi / DPI) ** 2 > LARGE:  # an image shrinks with its area at most
                    continue
                data = _pdf(made, dpi, metadata)
                sizes.append(len(data))
            temporary.write_bytes(data)


def _pdf(made: Figure, dpi: float, metadata: Mapping[str, Any]) -> bytes:
    """Return a PDF; matplotlib's writer hides a full disk behind an error of its own."""
    page = io.BytesIO()
    made.savefig(page, format="pdf", dpi=dpi, metadata=metadata)
    return page.getvalue()


def _svg(made: Figure, path: Path, comment: str, title: str, warn: bool = True) -> str:
    """Return an SVG of the figure's size in pixels; matplotlib writes points, which browsers draw a third larger."""
    metadata: dict[str, Any] = {"Date": None, "Description": comment} | ({"Title": title} if title else {})
    text = io.StringIO()
    with _lightened(made, path, 72, warn=warn), mpl.rc_context(VECTOR):
        made.savefig(text, format="svg", dpi=DPI, metadata=metadata)
    width, height = (f"{side:g}" for side in made.get_size_inches() * made.dpi)
    size = f'width="{width}" height="{height}"'
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', size, text.getvalue(), count=1)


@contextmanager
def _lightened(made: Figure, path: Path, dpi: float, *, warn: bool = True) -> Iterator[None]:
    """Prepare a figure for a vector file of a resolution; restore it afterwards."""
    with ExitStack() as stack:
        for line in _lines(made):
            kind = CompactCurve if isinstance(line, Curve) else CompactPolyline
            stack.enter_context(_swapped(line, "polyline", kind.of(line.polyline)))
        stack.enter_context(_trails_as_image(made, path, dpi, warn))
        stack.enter_context(_contours_lightened(made, dpi))
        yield


@contextmanager
def _contours_lightened(made: Figure, dpi: float) -> Iterator[None]:
    """Draw bands without antialiasing, so that the image has few colours, and simplify level lines.

    Level lines with too many vertices become part of the image.
    """
    every: list[Any] = made.findobj(ContourSet)  # typed in part only
    fills, lines = [item for item in every if item.filled], [item for item in every if not item.filled]
    with _at(made, dpi):
        thinned = [[_thinned(points, line.get_transform()) for points in line.get_paths()] for line in lines]
    crowded = sum(len(points) for all_points in thinned for points in all_points) > CROWDED
    kept = [(item.get_antialiaseds(), item.get_rasterized()) for item in fills + lines]
    before = [(list(line.get_paths()), line.get_transform()) for line in lines]
    for item in fills + lines if crowded else fills:
        item.set_antialiased(False)
        set_rasterized(item)
    if not crowded:
        for line, all_points in zip(lines, thinned, strict=True):
            line.set_paths(all_points)
            line.set_transform(IdentityTransform())
    try:
        yield
    finally:
        for line, (all_points, change) in zip(lines, before, strict=True):
            line.set_paths(all_points)
            line.set_transform(change)
        for item, (smooth, flat) in zip(fills + lines, kept, strict=True):
            item.set_antialiased(smooth)
            set_rasterized(item, flat)


def _thinned(points: Outline, change: Transform) -> Outline:
    """Return a level line in the file's units, simplified; matplotlib does not simplify closed ones."""
    copy = Outline(points.vertices, points.codes)
    copy.simplify_threshold = CLOSE
    return compact_path(copy, change, digits=1)


@contextmanager
def _trails_as_image(made: Figure, path: Path, dpi: float, warn: bool) -> Iterator[None]:
    """Draw trails as an image if they have too many vertices."""
    lines = _lines(made)
    with _at(made, dpi):
        count = sum(_vertices(line) for line in lines) + sum(_vertices(halo.trail) for halo in made.findobj(Halo))
    with ExitStack() as stack:
        if count > HEAVY:
            if warn:
                errors.warn(
                    f"the trails in {path.name} have {count:,} vertices, more than {HEAVY:,}: "
                    f"they are drawn as an image at {DPI} dpi"
                )
            for artist in [*made.findobj(Trail), *made.findobj(Halo)]:
                stack.enter_context(_swapped(artist, "_rasterized", True))
        yield


def _lines(made: Figure) -> list[Trail | Curve]:
    return [*made.findobj(Trail), *made.findobj(Curve)]


def _vertices(line: Trail | Curve) -> int:
    """Return the number of vertices of a line as drawn."""
    line.polyline.update(line)
    return len(line.polyline.piece(0, line.polyline.count)) if line.polyline.count > 1 else 0


@contextmanager
def _swapped(thing: object, name: str, value: object) -> Iterator[None]:
    """Set an attribute temporarily."""
    before = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        setattr(thing, name, before)


@contextmanager
def _at(made: Figure, dpi: float) -> Iterator[None]:
    """Set the resolution of a figure temporarily."""
    before = made.dpi
    made.dpi = dpi
    try:
        yield
    finally:
        made.dpi = before


def _pgf() -> dict[Any, Any]:
    """Return the settings for LaTeX: an installed program, and the fonts of the including document."""
    return {"pgf.texsystem": _tex(), "pgf.rcfonts": False}


def _tex() -> str:
    """Return an installed TeX program, with which matplotlib measures text."""
    for program in (mpl.rcParams["pgf.texsystem"], *TEX):
        if shutil.which(program):
            return str(program)
    raise InputError(f".pgf needs a TeX program ({', '.join(TEX)}): install TeX Live or MiKTeX, or choose .pdf")


DIGITS = 2
"""Decimals of coordinates, in points."""

COLUMN = 0.5
"""Width of a column of a curve in points; within one, only the extremes are visible."""


class CompactPolyline(Polyline):
    """A polyline without invisible vertices."""

    @classmethod
    def of(cls, route: Polyline) -> Self:
        """Return a copy, shown up to the same step."""
        made = cls(np.asarray(route.data[:, 0], np.float64), np.asarray(route.data[:, 1], np.float64), route.step)
        made.set_step(route.shown)
        return made

    def lean(self, path: Outline) -> Outline:
        return compact_path(path, IDENTITY)


class CompactCurve(CompactPolyline):
    """A polyline that goes to the right and oscillates."""

    def lean(self, path: Outline) -> Outline:
        points = np.asarray(path.vertices, float)
        if path.codes is not None:
            strokes = np.split(points, np.flatnonzero(path.codes == Outline.MOVETO)[1:])
            return Outline.make_compound_path(*[self.lean(Outline(stroke)) for stroke in strokes if len(stroke) > 1])
        if not np.isfinite(points).all():
            return super().lean(path)
        column = np.floor(points[:, 0] / COLUMN)
        order = np.lexsort((points[:, 1], column))
        border = np.flatnonzero(np.diff(column, prepend=np.nan, append=np.nan) != 0)
        extremes = np.concatenate([order[border[:-1]], order[border[1:] - 1]])
        kept = np.unique(np.concatenate([extremes, border[:-1], border[1:] - 1]))
        return compact_path(Outline(points[kept]), IDENTITY)


def compact_path(path: Outline, change: Transform, digits: int = DIGITS) -> Outline:
    """Return a path transformed, simplified and rounded."""
    clean = path.cleaned(change, remove_nans=True, simplify=True)
    made = Outline(np.asarray(clean.vertices)[:-1].round(digits), np.asarray(clean.codes)[:-1])  # the last code is STOP
    made.should_simplify = False
    return made
