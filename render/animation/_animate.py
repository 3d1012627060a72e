"""The race as an animation: a real `matplotlib.animation.Animation` with a fast writer of its own."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import AnimatedArtist, animated_artists, set_step
from landscapes.render.artists.trails import Trail
from landscapes.render.figures._figure import FigureOptions, with_article
from landscapes.render.figures._figure import figure as draw_figure
from landscapes.render.plot3d.surface_artist import SurfaceArtist
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.plots.inputs import check_step
from landscapes.render.text._caption import caption
from landscapes.render.writers import WRITERS, writer_for
from landscapes.render.writers.timeline import Timeline, check_fps, check_positive, timeline

Progress = Callable[[int, int], None]


class RaceAnimation(FuncAnimation):
    """A race in motion. `save("race.gif")` streams, a notebook shows it moving; everything else is matplotlib's.

    Attributes:
        record: what is shown.
        figure: on what.
        timeline: which step each frame shows, and how long it stays.
    """

    def __init__(self, record: Record, made: Figure, timeline: Timeline) -> None:
        self.record = record
        self.timeline = timeline
        self.figure = made
        super().__init__(
            made, self._show, frames=[int(step) for step in timeline.steps], interval=1000 / timeline.fps,
            repeat=timeline.loop, blit=False, cache_frame_data=False,
        )  # fmt: skip
        self._draw_was_started = True  # saving draws without the canvas; nothing was forgotten

    def _show(self, step: int) -> list[Artist]:
        set_step(self.figure, step)
        return [artist for artist in animated_artists(self.figure) if isinstance(artist, Artist)]

    def save(
        self,
        filename: str | os.PathLike[str],
        writer: Any = None,
        fps: float | None = None,
        dpi: float | None = None,
        *args: Any,
        progress_callback: Progress | None = None,
        **kwargs: Any,
    ) -> None:
        """Saves the animation; without a `writer` the suffix picks one of ours.

        Args:
            filename: .gif, .mp4, .webm, .webp, .apng, numbered .png (frames-%04d.png), or what imageio writes
                (.mov, .mkv, .avi, .tiff …); the file appears when it is whole.
            writer: a matplotlib writer, or its name; then matplotlib does the work, with its own meaning
                of every argument.
            fps: frames a second, by default the animation's; the number of frames stays.
            dpi: by default the figure's.
            progress_callback: called with (frame, frames) after each frame.

        Raises:
            InputError: for a suffix that no writer knows, a writer that is not installed, a folder that cannot be
                written, a speed or resolution that is none.
        """
        if writer is not None or args or kwargs:
            named = writer is None or isinstance(writer, str)  # a writer that is made already has its speed
            super().save(
                os.fspath(filename), writer, self.timeline.fps if fps is None and named else fps, dpi, *args,  # type: ignore[arg-type]
                progress_callback=progress_callback, **kwargs,
            )  # fmt: skip
            return
        path = Path(filename)
        kind = writer_for(path)
        if kind is None:
            given = path.suffix.lower() or "a file without a suffix"
            raise InputError(f"an animation is saved as {' or '.join(WRITERS)}, not as {given!r}")
        plan = self.timeline if fps is None else replace(self.timeline, fps=check_fps(fps))
        if dpi is not None:
            dpi = check_positive("dpi", dpi)
        with kind.temporary_path(path) as temporary:
            writer = kind(temporary, plan, describe(self.record))
            frames = Frames(self.figure, dpi, plan.steps.tolist())
            try:
                writer.begin(self._samples(frames), reserved(frames.animated))
                for place, step in enumerate(plan.steps):
                    writer.frame(*frames.advance(int(step)), plan.extra_seconds.get(place, 0.0))
                    if progress_callback is not None:
                        progress_callback(place + 1, len(plan.steps))
                writer.end()
            except BaseException:
                writer.abort()
                raise
            finally:
                for mover in frames.animated:
                    mover.set_step(int(plan.steps[-1]))

    def _repr_html_(self) -> str:
        """What a notebook shows: the race as a GIF; what matplotlib makes of it where `animation.html` asks for that."""
        if mpl.rcParams["animation.html"] != "none":
            return super()._repr_html_()
        with TemporaryDirectory() as folder:
            picture = Path(folder) / "race.gif"
            self.save(picture)
            data = base64.b64encode(picture.read_bytes()).decode()
        return f'<img src="data:image/gif;base64,{data}" alt="{html.escape(caption(self.record))}" style="max-width: 100%">'

    def _samples(self, frames: Frames) -> Iterator[NDArray[np.uint8]]:
        """Frames to choose colours by: the first, an early one, the last."""
        steps = self.timeline.steps
        return (frames.show(int(steps[place])).copy() for place in (0, len(steps) // 3, -1))


def reserved(movers: Sequence[AnimatedArtist]) -> NDArray[np.uint8]:
    """The colours (k, 3) that carry meaning: of trails, young and old, of curves, hills, heads and stars."""
    trails = [mover for mover in movers if isinstance(mover, Trail)]
    colors = [color for trail in trails for color in trail.colors]
    for theme in {id(trail.theme): trail.theme for trail in trails}.values():
        colors += [to_rgb(color) for color in (theme.rim, theme.star, theme.star_edge)]
    colors += [mover.color for mover in movers if isinstance(mover, Curve)]
    colors += [color for mover in movers if isinstance(mover, SurfaceArtist) for color in mover.colors]
    return np.unique(np.rint(255 * np.array(colors, float).reshape(-1, 3)), axis=0).astype(np.uint8)


def animate(
    record: Record,
    *,
    figure: Figure | None = None,
    seconds: float = 8.0,
    fps: float = 25.0,
    frames: int | None = None,
    pace: str = "linear",
    pauses: Mapping[int, float] | None = None,
    hold: tuple[float, float] = (0.4, 2.0),
    loop: bool = True,
    **options: Unpack[FigureOptions],
) -> RaceAnimation:
    """Return a race as a matplotlib animation.

    Args:
        record: a race.
        figure: a figure to animate on which `render.trajectories`, `render.loss_curves` or other animated plots have
            drawn; by default `render.figure(record, **options)`.
        seconds, fps, frames, pace, pauses, hold, loop: which step is shown when; see `landscapes.render.writers.timeline`.
        options: as in `render.figure`.

    Raises:
        InputError: for another experiment, for a figure without animated artists, and for whatever the timeline or
            `render.figure` refuse.
    """
    last = check_step(record, None)
    experiment = str(record.meta.get("experiment", "race"))
    if figure is None and experiment != "race":
        raise InputError(f"{with_article(experiment)} cannot be animated, only a race; render.figure draws it")
    plan = timeline(last, seconds=seconds, fps=fps, frames=frames, pace=pace, pauses=pauses, hold=hold, loop=loop)
    made = draw_figure(record, **options) if figure is None else figure
    if not animated_artists(made):
        raise InputError(
            "this figure has no animated artist: draw on it with render.trajectories or render.loss_curves"
        )
    return RaceAnimation(record, made, plan)


def describe(record: Record) -> str:
    """What made the picture, as one line of JSON for a file's metadata."""
    runs = record.trajectories.runs
    keys = ("function", "start", "steps", "seed")
    facts = {key: record.meta[key] for key in keys if key in record.meta}
    facts["labels"] = [str(label) for label in runs["label"]]
    facts["optimizers"] = [str(entry) for entry in runs["optimizer"]]
    if "seed" in runs:
        facts["seeds"] = [int(seed) for seed in runs["seed"]]
    facts["versions"] = {**record.meta.get("versions", {}), "matplotlib": mpl.__version__}
    facts["caption"] = caption(record)
    return json.dumps(facts)
