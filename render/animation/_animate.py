"""Animations of races: matplotlib animations that are saved by the fast writers of this package."""

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

from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.files import as_path
from landscapes.record import Record
from landscapes.render.animation.frames import Frames
from landscapes.render.animation.pacing import check_recorded, follow_timeline, head_travel
from landscapes.render.artists.animated import AnimatedArtist, animated_artists, set_step
from landscapes.render.artists.trails import Trail
from landscapes.render.figures._figure import FigureOptions, with_article
from landscapes.render.figures._figure import figure as draw_figure
from landscapes.render.locking import drawing
from landscapes.render.plot3d.surface_trails import SurfaceTrails
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.plots.inputs import check_step
from landscapes.render.text._caption import caption
from landscapes.render.theme import Theme, as_theme
from landscapes.render.writers import WRITERS, Apng, Gif, writer_for
from landscapes.render.writers.timeline import Pause, Timeline, check_fps, check_positive, timeline

Progress = Callable[[int, int], None]
"""Called with (frames done, frames in all)."""

MOST_NOTES = 6
"""The largest number of sentences among the frames from which a palette is chosen."""


class RaceAnimation(FuncAnimation):
    """An animation of a race: a matplotlib `FuncAnimation` with a faster `save`. Notebooks show it as a GIF.

    Attributes:
        record: the race.
        figure: the figure whose artists are animated.
        timeline: the step that each frame shows, and for how long.
    """

    def __init__(self, record: Record, figure: Figure, timeline: Timeline) -> None:
        self.record = record
        self.figure = figure
        self.timeline = timeline
        super().__init__(
            figure,
            self._draw_step,
            frames=timeline.steps.tolist(),
            interval=1000 / timeline.fps,
            repeat=timeline.loop,
            blit=False,
            cache_frame_data=False,
        )
        self._draw_was_started = True  # no warning of matplotlib if the animation is never shown

    def _draw_step(self, step: float) -> list[Artist]:
        set_step(self.figure, step)
        return [artist for artist in animated_artists(self.figure) if isinstance(artist, Artist)]

    @drawing
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
        """Save the animation in the format of the suffix.

        The file appears once it is complete. An interrupted call leaves an older file unchanged. Afterwards the figure
        shows the last step.

        Args:
            filename: .gif, .mp4, .webm, .webp, .apng, numbered .png files (frames-%04d.png), or a format of imageio
                (.mov, .mkv, .avi, .tiff …).
            writer: a matplotlib writer or its name. Then matplotlib saves the animation, and all arguments have
                matplotlib's meaning. By default the suffix selects a writer of this package.
            fps: frames per second, > 0 and <= 50 for .gif, 90 for .webp and .apng, 120 for others; by default those of
                the animation. The number of frames is unchanged.
            dpi: dots per inch, > 0; by default those of the figure.
            progress_callback: called with (frames done, frames in all) after each frame.
            args, kwargs: further arguments of `matplotlib.animation.Animation.save`; they imply matplotlib's writers.

        Raises:
            InputError: if the suffix is unknown, a required package is not installed, the folder does not exist, or fps
                or dpi is out of range.
        """
        if writer is not None or args or kwargs:
            by_name = writer is None or isinstance(writer, str)  # a writer object has its own fps
            if fps is None and by_name:
                fps = self.timeline.fps
            name = os.fspath(filename)
            super().save(name, writer, fps, dpi, *args, progress_callback=progress_callback, **kwargs)  # type: ignore[arg-type]
            return
        path = as_path(filename)
        writer_class = writer_for(path)
        if writer_class is None:
            if not path.suffix:
                raise InputError(f"{str(path)!r} needs a suffix: {', '.join(WRITERS)}")
            raise unknown("suffix of an animation", path.suffix.lower(), WRITERS)
        schedule = self.timeline if fps is None else replace(self.timeline, fps=check_fps(fps))
        writer_class.check_fps(path, schedule.fps)
        if dpi is not None:
            dpi = check_positive("dpi", dpi)
        with writer_class.temporary_path(path) as temporary:
            writer = writer_class(temporary, schedule, describe(self.record))
            frames = Frames(self.figure, dpi, schedule.steps.tolist())
            try:
                writer.begin(self._sample_frames(frames), reserved_colors(frames.animated))
                for index, step in enumerate(schedule.steps.tolist()):
                    writer.frame(*frames.advance(step), schedule.extra_seconds.get(index, 0.0))
                    if progress_callback is not None:
                        progress_callback(index + 1, len(schedule.steps))
                writer.end()
            except BaseException:
                writer.abort()
                raise
            finally:
                for artist in frames.animated:
                    artist.set_step(int(schedule.steps[-1]))

    def _repr_html_(self) -> str:
        """Return the animation as an embedded GIF, or matplotlib's player if `rcParams["animation.html"]` is set.

        An animation that is too fast for a GIF is embedded as APNG.
        """
        if mpl.rcParams["animation.html"] != "none":
            return super()._repr_html_()
        with TemporaryDirectory() as folder:
            kind = "gif" if self.timeline.fps <= Gif.max_fps else "apng"
            path = Path(folder) / f"race.{kind}"
            self.save(path, fps=min(self.timeline.fps, Apng.max_fps))
            data = base64.b64encode(path.read_bytes()).decode()
        words = html.escape(caption(self.record))
        return f'<img src="data:image/{kind};base64,{data}" alt="{words}" style="max-width: 100%">'

    def _sample_frames(self, frames: Frames) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames from which a palette is chosen: the first, an early and the last one, and some sentences.

        What is below a sentence is shown again after it, so that its colours are needed.
        """
        steps, notes = self.timeline.steps, list(self.timeline.notes)
        notes = (
            [notes[place] for place in np.unique(np.linspace(0, len(notes) - 1, MOST_NOTES, dtype=int))]
            if notes
            else []
        )
        shown = [steps[0].item(), *notes, steps[len(steps) // 3].item(), steps[-1].item()]
        return (frames.show(step).copy() for step in shown)


def reserved_colors(artists: Sequence[AnimatedArtist]) -> NDArray[np.uint8]:
    """Return the colours that a palette must contain exactly: of trails, loss curves, surfaces, heads and stars.

    The shape is (k, 3), in sorted order.
    """
    trails = [artist for artist in artists if isinstance(artist, Trail)]
    colors = [color for trail in trails for color in trail.colors]
    for theme in {id(trail.theme): trail.theme for trail in trails}.values():
        colors += [to_rgb(color) for color in (theme.rim, theme.star, theme.star_edge)]
    colors += [artist.color for artist in artists if isinstance(artist, Curve)]
    colors += [color for artist in artists if isinstance(artist, SurfaceTrails) for color in artist.colors]
    return np.unique(np.rint(255 * np.array(colors, float).reshape(-1, 3)), axis=0).astype(np.uint8)


@suggests_arguments
def animate(
    record: Record,
    *,
    figure: Figure | None = None,
    seconds: float | None = None,
    fps: float = 25.0,
    frames: int | None = None,
    pace: str = "auto",
    pause: Mapping[int, Pause] | None = None,
    hold: tuple[float, float] | None = None,
    loop: bool = True,
    **options: Unpack[FigureOptions],
) -> RaceAnimation:
    """Return a race as a matplotlib animation.

    By default it takes 10 seconds at 25 frames per second: the race takes 8 seconds, the first frame is shown 0.5
    seconds longer and the last one 1.5 seconds longer. Where the pace changes, a note states the steps per frame.

    Args:
        record: a race.
        figure: a figure that contains the output of `render.trajectories`, `render.loss_curves` or other animated plots
            of this race; by default `render.figure(record, **options)`.
        seconds: length of the whole animation in seconds, with `pause` and `hold`, at most 14,400; default 10, and
            the pauses.
        fps: frames per second, > 0 and <= 120; .gif files have at most 50, .webp and .apng files 90.
        frames: number of frames, instead of `seconds`. `pause` and `hold` are added to the `frames / fps` seconds.
        pace: how steps are distributed over time. "linear" gives every step equal time; "log" shows the first steps
            slowly and the last ones fast; "movement" follows the heads: where they move fast, steps take longer, and no
            step is shown for less than a quarter of its linear time. "auto" is "movement" if no head would move
            visibly for more than half of the animation, else "linear".
        pause: by step, seconds for which the animation stops, 0 to 600, a sentence to show meanwhile, or both:
            {10: "momentum overshoots", 20: 1.5, 30: ("it turns back", 3)}. A sentence alone takes the time to read it.
            Each step with a sentence gets a frame; a step that was not recorded, or for which no frame is left, is an
            error.
        hold: seconds, 0 to 600, added to the first and to the last frame; by default (0.5, 1.5), or less, so that both
            take at most two fifths of a short animation.
        loop: whether the animation repeats.
        options: options of `render.figure`, such as `theme`, `figsize` and `view3d`.

    Raises:
        InputError: if the record is not a race, the figure has no animated artists, a number is out of range, pauses
            and holds leave no time for two frames, or `render.figure` raises it.

    >>> from landscapes import race
    >>> animation = animate(race("booth", ["adam", "sgd"], steps=60), seconds=8, fps=10)
    >>> len(animation.timeline.steps), animation.timeline.seconds
    (60, 8.0)
    """
    last = check_step(record, None)
    experiment = str(record.meta.get("experiment", "race"))
    if figure is None and experiment != "race":
        raise InputError(f"{with_article(experiment)} cannot be animated, only a race; render.figure draws it")
    schedule = timeline(
        last,
        seconds=seconds,
        fps=fps,
        frames=frames,
        pace=pace,
        pause=pause,
        hold=hold,
        loop=loop,
        travel=head_travel(record) if pace in ("auto", "movement") else None,
    )
    check_recorded(record, pause or ())
    if figure is None:
        figure = draw_figure(record, **options)
    if not animated_artists(figure):
        raise InputError(
            "this figure has no animated artist: draw on it with render.trajectories or render.loss_curves"
        )
    follow_timeline(figure, schedule, record, theme_of(figure, options), pause or ())
    return RaceAnimation(record, figure, schedule)


def theme_of(figure: Figure, options: FigureOptions) -> Theme:
    """Return the theme of a figure's artists, else the one in the options."""
    for artist in figure.findobj():
        if isinstance(theme := getattr(artist, "theme", None), Theme):
            return theme
    return as_theme(options.get("theme", "light"), lang=options.get("lang"))


def describe(record: Record) -> str:
    """Return how a race was made as one line of JSON, for the metadata of files."""
    runs = record.trajectories.runs
    keys = ("function", "start", "steps", "seed")
    facts = {key: record.meta[key] for key in keys if key in record.meta}
    facts["labels"] = [str(label) for label in runs["label"]]
    facts["optimizers"] = [str(optimizer) for optimizer in runs["optimizer"]]
    if "seed" in runs:
        facts["seeds"] = [int(seed) for seed in runs["seed"]]
    facts["versions"] = {**record.meta.get("versions", {}), "matplotlib": mpl.__version__}
    facts["caption"] = caption(record)
    return json.dumps(facts)
