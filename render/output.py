"""One call that saves a race as whatever the file's suffix says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from landscapes.errors import InputError, unknown
from landscapes.files import check_target, replacing
from landscapes.record import Record
from landscapes.render.animation import animate, describe
from landscapes.render.layout import SIZE, figure
from landscapes.render.sinks import SINKS
from landscapes.render.theme import VECTOR, Theme

STILLS = (".png", ".pdf", ".svg")
"""Suffixes of pictures that show one step."""


def check_output(path: str | os.PathLike[str]) -> Path:
    """The path as a `Path`, once it is sure that it can be written; so nothing is computed in vain.

    Raises `InputError` for an unknown suffix, a writer that is not installed, a folder that is missing or
    cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if not suffix:
        raise InputError(f"{os.fspath(path)!r} needs a suffix that says what to write: {', '.join((*SINKS, *STILLS))}")
    if suffix not in SINKS and suffix not in STILLS:
        raise unknown("suffix", suffix, (*SINKS, *STILLS))
    if suffix in SINKS:
        SINKS[suffix].check()
    return check_target(path)


def save(
    record: Record,
    path: str | os.PathLike[str],
    *,
    theme: str | Theme = "light",
    size: tuple[int, int] = SIZE,
    panel: bool | None = None,
    title: str | None = None,
    step: int | None = None,
    seconds: float = 8.0,
    fps: float = 25.0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Saves a race as an animation (.gif, .mp4) or as a picture of one step (.png, .pdf, .svg).

    Args:
        record: a race in two dimensions.
        path: where to; the file appears when it is whole.
        theme, size, panel, title: as in `render.figure`.
        step: the step that a picture shows; by default the last.
        seconds, fps: as in `render.animate`.
        progress: called with (frame, frames) after each frame of an animation.

    Returns:
        The path.

    Raises:
        InputError: for whatever `check_output`, `render.figure` or `render.animate` refuse.
    """
    target = check_output(path)
    if target.suffix.lower() in SINKS:
        race = animate(record, theme=theme, size=size, panel=panel, title=title, seconds=seconds, fps=fps)
        race.save(target, progress_callback=progress)
    else:
        still(figure(record, step=step, theme=theme, size=size, panel=panel, title=title), target, describe(record))
    return target


def still(made: Figure, path: Path, comment: str) -> None:
    """Saves a figure with the same bytes each time: no dates, fixed identifiers."""
    suffix = path.suffix.lower()
    metadata = {
        ".png": {"Software": None, "Comment": comment},
        ".pdf": {"CreationDate": None, "ModDate": None, "Subject": comment},
        ".svg": {"Date": None, "Description": comment},
    }[suffix]
    with replacing(path) as temporary, mpl.rc_context(VECTOR):
        made.savefig(temporary, metadata=metadata, dpi=made.dpi if suffix == ".png" else 300)
