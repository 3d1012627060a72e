"""One call that saves a race as whatever the file's suffix says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from landscapes.errors import InputError, unknown
from landscapes.files import check_target
from landscapes.record import Record
from landscapes.render.animation._animate import animate, describe
from landscapes.render.figures.stills import STILLS, check_still, still
from landscapes.render.html._page import LOOKS, is_page, page
from landscapes.render.plot3d._figure_3d import scene
from landscapes.render.plot3d.camera import Camera
from landscapes.render.plots._crop import focus
from landscapes.render.plots.layout import SIZE, figure
from landscapes.render.text._caption import caption
from landscapes.render.theme import Theme
from landscapes.render.writers import WRITERS, writer_for
from landscapes.views import View


def check_output(
    path: str | os.PathLike[str],
    *,
    step: int | None = None,
    panel: bool | None = None,
    inset: bool | float = False,
    labels: str = "legend",
    aside: bool | Camera = False,
) -> Path:
    """The path as a `Path`, once it is sure that it can be written; so nothing is computed in vain.

    With a `step`, it must be a picture of one step. A page has no inset, no names at heads, and always its losses. What is
    seen from `aside` has none of the three, and is no page.

    Raises `InputError` for an unknown suffix, a writer that is not installed, a folder that is missing or
    cannot be written, and where the file cannot hold what is asked for.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    known = (*WRITERS, *STILLS, ".html")
    if not suffix:
        raise InputError(f"{os.fspath(path)!r} needs a suffix that says what to write: {', '.join(known)}")
    if aside is not False and (inset is not False or labels != "legend" or panel or is_page(target)):
        raise InputError(
            "what is seen from aside is a picture or a film with a legend: leave out the inset, names at the heads and the "
            "losses, and choose another suffix than .html"
        )
    if not moves(target):
        check_still(target)
    elif step is not None:
        raise InputError(f"{target.name!r} moves and shows every step; for one step choose {', '.join(STILLS)}")
    elif is_page(target):
        if inset is not False or labels != "legend" or panel is False:
            raise InputError(
                "a page has its losses and a legend, and its reader zooms: leave out the inset, names at the heads "
                "and panel=False"
            )
    elif writer_for(target) is None:
        raise unknown("suffix", suffix, known)
    return check_target(target)


def moves(path: str | os.PathLike[str]) -> bool:
    """Whether a file of this name is an animation: all are but stills, and a .png is where its name has a number's place.

    >>> moves("race.gif"), moves("race.png"), moves("race-%04d.png")
    (True, False, True)
    """
    target = Path(path)
    return target.suffix.lower() not in STILLS or (target.suffix.lower() == ".png" and "%" in target.name)


def save(
    record: Record,
    path: str | os.PathLike[str],
    *,
    theme: str | Theme | None = None,
    size: tuple[int, int] = SIZE,
    panel: bool | None = None,
    title: str | None = None,
    view: View | None = None,
    inset: bool | float = False,
    labels: str = "legend",
    aside: bool | Camera = False,
    step: int | None = None,
    seconds: float = 8.0,
    fps: float = 25.0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Saves a race as an animation (.gif, .mp4, .webm, .webp, .apng, numbered .png, and what imageio writes), as
    a page to play with (.html; see `render.page`) or as a picture of one step (.png, .pdf, .svg, .pgf).

    Args:
        record: a race.
        path: where to; the file appears when it is whole.
        theme: colours, by name or as a `Theme`; by default light ones, on a page those of the reader's system.
        size, panel, title, view, inset, labels: as in `render.figure`. A page is as large as its window, always has
            the losses and a legend, and is zoomed by its reader.
        aside: whether to draw the surface in relief, as `render.scene` does, or the camera to do so with; a still one where
            most is seen by default. Such a picture has no losses, inset or names at the heads.
        step: the step that a picture shows; by default the last. An animation shows them all.
        seconds, fps: as in `render.animate`.
        progress: called with (frame, frames) after each frame of an animation.

    Returns:
        The path.

    Raises:
        InputError: for whatever `check_output`, `render.figure`, `render.scene`, `render.animate` or `render.page` refuse.
    """
    target = check_output(path, step=step, panel=panel, inset=inset, labels=labels, aside=aside)
    if is_page(target):
        return page(record, target, theme=LOOKS if theme is None else theme, title=title, view=view, seconds=seconds)
    look: Any = {"theme": "light" if theme is None else theme, "size": size, "title": title}
    if aside is False:
        made = figure(record, step=step, **look, panel=panel, view=view, inset=inset, labels=labels)
    else:
        camera = aside if isinstance(aside, Camera) else None
        made = scene(record if view is None else focus(record, view), step=step, camera=camera, **look)
    if moves(target):
        animate(record, figure=made, seconds=seconds, fps=fps).save(target, progress_callback=progress)
    else:
        still(made, target, describe(record), caption(record))
    return target
