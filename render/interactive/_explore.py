"""The interactive window of a race: drag the start, change learning rates, choose optimizers and functions."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseButton, MouseEvent, TimerBase, key_press_handler
from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render._save import save
from landscapes.render.artists.animated import AnimatedArtist, animated_artists, known_step
from landscapes.render.artists.legend import abbreviated, legend_entries
from landscapes.render.interactive.blit import BlitManager, Layer
from landscapes.render.interactive.controls import Controls
from landscapes.render.interactive.race_panels import CONTOUR, RacePanels
from landscapes.render.interactive.window import open_figure
from landscapes.render.theme import Theme, as_theme, styles
from landscapes.render.writers.timeline import timeline

COOLDOWN = 0.015
"""Mouse moves within this many seconds after a race are skipped, because they were queued during it."""

SECONDS, FPS = 6.0, 25.0
"""Playback: seconds, and frames per second."""

HELP = "drag the start · space plays · r resets · s saves a GIF, S a PNG"


@dataclass(frozen=True)
class RaceRequest:
    """A race requested by the window.

    Attributes:
        function: name of the function.
        optimizers: labels of the optimizers; at least one.
        start: the start point, or None for the function's default.
        factor: factor applied to each optimizer's learning rate.
        momentum: momentum of the optimizers that have one, or None for their own values.
        draft: whether to run only the first steps, as many as fit between two mouse moves.
    """

    function: str
    optimizers: tuple[str, ...]
    start: tuple[float, float] | None = None
    factor: float = 1.0
    momentum: float | None = None
    draft: bool = False


Racer = Callable[[RaceRequest], Record]
"""Runs a race and returns its record with a surface. An `InputError` is shown in the window."""


class Explorer:
    """A race in a window that is run again after every change. Created by `explore`.

    While the mouse button is held, only the first steps are run; on release, all of them.

    Attributes:
        figure: the figure of the window.
        panels: the contour plot and the loss curves.
        controls: sliders and check boxes.
        racer: runs the races.
        request: the requested race.
        record: the last completed race.
        status: the status line: help, saved files, errors.
    """

    record: Record

    def __init__(
        self, figure: Figure, racer: Racer, optimizers: Sequence[str], functions: Sequence[str], look: Theme
    ) -> None:
        self.figure = figure
        self.racer = racer
        self._look = look
        self.request = RaceRequest(functions[0], tuple(optimizers))
        self._function = ""
        self._shown_optimizers: tuple[str, ...] = ()
        self._button_down = self._dragging_start = self._pending = self._busy = False
        self._finished_at = 0.0
        self._frames: list[float] = []
        self._frame = -1
        self._started_at = 0.0
        self._animated: list[AnimatedArtist] = []
        self._timer: TimerBase | None = None
        self._connect()  # connect before the controls, which report changes immediately
        looks = dict(zip(optimizers, styles(optimizers, look), strict=True))
        with look.context():
            figure.set_facecolor(look.background)
            self.panels = RacePanels(figure, look, looks)
            self.controls = Controls(figure, look, looks, functions)
            self.status = figure.text(CONTOUR[0], 0.011, "", fontsize=8, color=look.foreground, parse_math=False)
        axes = self.panels.contour, self.panels.losses
        status_line: Layer = [self.status], self.status.get_text
        volatile = [*self.controls.volatile, self.panels.counter]
        self._blit = BlitManager(figure, axes, [status_line, *self.controls.layers], volatile)
        self.controls.on_change(
            runs=lambda labels: self._rerun(optimizers=labels),
            function=lambda name: self._rerun(function=name, start=None),
            factor=lambda factor: self._rerun(factor=factor),
            momentum=lambda momentum: self._rerun(momentum=momentum),
        )
        self._rerun()

    def drop(self, x: float, y: float) -> None:
        """Move the start to a point, clipped to the view."""
        low, high = np.sort([self.panels.contour.get_xlim(), self.panels.contour.get_ylim()], axis=1).T
        x, y = np.clip((x, y), low, high).tolist()
        self._rerun(start=(x, y))

    def reset(self) -> None:
        """Restore the default start, learning rates and momenta."""
        self.controls.reset()
        self._rerun(start=None, factor=1.0, momentum=None)

    def play(self) -> None:
        """Play the race from its start, or pause and resume it."""
        if self._timer is not None:
            self._pause()
            return
        if not self._frames:
            last = int(self.record.trajectories.step[-1])
            self._frames = timeline(last, seconds=SECONDS, fps=FPS, hold=(0, 0)).steps.tolist()
            self._frame = -1
            self._animated = animated_artists(self.figure)
        self._started_at = time.perf_counter() - max(self._frame, 0) / FPS
        self._timer = self.figure.canvas.new_timer(interval=round(1000 / FPS))
        self._timer.add_callback(self.advance)
        self._timer.start()

    def advance(self) -> None:
        """Show the next frame, skipping frames if drawing is too slow."""
        if not self._frames:
            return
        on_time = int((time.perf_counter() - self._started_at) * FPS)
        self._frame = min(max(self._frame + 1, on_time), len(self._frames) - 1)
        for artist in self._animated:
            artist.set_step(known_step(artist, self._frames[self._frame]))
        self._blit.paint()
        if self._frame == len(self._frames) - 1:
            self._rewind()

    def save(self, suffix: str = ".gif") -> Path | None:
        """Save the race in the current folder under an unused name. Return the path, or None if saving failed."""
        self._pause()
        stem = re.sub(r"[^\w.-]+", "-", str(self.record.meta.get("function", ""))).strip("-.") or "race"
        names = (f"{stem}{'' if number == 1 else f'-{number}'}{suffix}" for number in count(1))
        path = next(name for name in map(Path, names) if not name.exists())
        self._set_status(f"saving {path} …")
        try:
            save(self.record, path, theme=self._look)
        except (InputError, OSError) as error:
            self._set_status(f"cannot save {path}: {error}")
            return None
        self._set_status(f"saved as {path}, {path.stat().st_size / 1000:.0f} kB")
        return path

    def _connect(self) -> None:
        canvas = self.figure.canvas
        if canvas.manager is not None and canvas.manager.key_press_handler_id is not None:
            canvas.mpl_disconnect(
                canvas.manager.key_press_handler_id
            )  # keys r and s are used here; others are forwarded
        canvas.mpl_connect("button_press_event", self._pressed)
        canvas.mpl_connect("motion_notify_event", self._moved)
        canvas.mpl_connect("button_release_event", self._released)
        canvas.mpl_connect("key_press_event", self._typed)
        canvas.mpl_connect("close_event", lambda _: self._pause())

    def _pressed(self, event: Any) -> None:
        toolbar = self.figure.canvas.toolbar
        if event.button != MouseButton.LEFT or (toolbar is not None and str(toolbar.mode)):
            return
        self._dragging_start = event.inaxes is self.panels.contour
        self._button_down = self._dragging_start or self.controls.is_slider(event.inaxes)
        if self._dragging_start:
            self._drag(event)

    def _moved(self, event: Any) -> None:
        if self._button_down and self._dragging_start:
            self._drag(event)

    def _released(self, event: Any) -> None:
        if event.button != MouseButton.LEFT or not self._button_down:
            return
        self._button_down = False
        if self._dragging_start:
            self._drag(event)
        else:
            self._rerun()

    def _drag(self, event: MouseEvent) -> None:
        x, y = self.panels.contour.transData.inverted().transform((event.x, event.y)).tolist()
        self.drop(x, y)

    def _typed(self, event: Any) -> None:
        actions: dict[str | None, Callable[[], object]] = {
            " ": self.play,
            "r": self.reset,
            "s": self.save,
            "S": lambda: self.save(".png"),
        }
        if event.key in actions:
            actions[event.key]()
        elif isinstance(event, KeyEvent) and self.figure.canvas.manager is not None:
            key_press_handler(event)

    def _rerun(self, **changes: Any) -> None:
        """Run the race again. Changes that arrive during the run start another one afterwards."""
        self.request = replace(self.request, **changes)
        if self._button_down and time.perf_counter() - self._finished_at < COOLDOWN:
            return  # another move or a release follows
        self._pending = True
        if self._busy:
            return
        self._busy = True
        try:
            while self._pending:
                self._pending = False
                self._race()
        finally:
            self._busy = False
            self._finished_at = time.perf_counter()

    def _race(self) -> None:
        self._rewind()
        draft = self._button_down and self.request.function == self._function
        request = replace(self.request, draft=draft)
        try:
            record = self.racer(request)
        except InputError as error:
            if not self._function:
                raise
            self._set_status(str(error))
            return
        self.record = record
        with self._look.context():
            if request.function != self._function:
                self.panels.draw_function(record)
                self._function = request.function
                self._blit.invalidate()
                if self.figure.canvas.toolbar is not None:
                    self.figure.canvas.toolbar.update()  # forget the views of the previous function
            self.panels.draw_race(record, draft)
            self.controls.update_rows(abbreviated(legend_entries(record, self._look)))
        if request.optimizers != self._shown_optimizers:
            self._shown_optimizers = request.optimizers
            self._blit.invalidate()
        self._set_status(HELP)

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _rewind(self) -> None:
        """Stop playback; the next one begins at the start."""
        self._pause()
        self._frames = []

    def _set_status(self, text: str) -> None:
        """Write the status line and update the window."""
        self.status.set_text(" ".join(text.split()))
        self._blit.paint()


@suggests_arguments
def explore(
    racer: Racer,
    optimizers: Sequence[str],
    functions: Sequence[str],
    *,
    theme: str | Theme = "light",
    figure: Figure | None = None,
) -> Explorer:
    """Open a window in which a race can be changed, and return its `Explorer`.

    Args:
        racer: runs a requested race.
        optimizers: unique labels to choose from, at least one.
        functions: unique names of functions to choose from, at least one; the first is raced at once.
        theme: colours, by name or as a `Theme`.
        figure: an empty figure with a canvas, for example in the window of another program; by default pyplot opens
            one. `pyplot.show()` waits until it is closed.

    Raises:
        InputError: if matplotlib cannot open a window, if the theme is unknown, or if the first race is refused.

    `landscapes.explore` passes a `racer` that calls `landscapes.race`:

    >>> from landscapes import explore
    >>> window = explore("beale", ["adam", "sgd"])  # doctest: +SKIP
    """
    look = as_theme(theme)
    made = open_figure(look) if figure is None else figure
    return Explorer(made, racer, optimizers, functions, look)
