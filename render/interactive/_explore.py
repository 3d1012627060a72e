"""The race as a window to play in: click where it starts, turn its learning rates, tick who takes part."""

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

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render._save import save
from landscapes.render.artists.animated import AnimatedArtist, animated_artists
from landscapes.render.artists.legend import compact, entries
from landscapes.render.interactive.blit import BlitManager, Layer
from landscapes.render.interactive.controls import Controls
from landscapes.render.interactive.race_panels import MAP, RacePanels
from landscapes.render.interactive.window import opened
from landscapes.render.theme import Theme, as_theme, styles
from landscapes.render.writers.timeline import timeline

REST = 0.015
"""So many seconds after a race, moves of the mouse that waited for its end are passed over."""

SECONDS, FPS = 6.0, 25.0
"""Length and speed of a race that is played."""

HELP = "drag the start · space plays · r resets · s saves a GIF, S a PNG"


@dataclass(frozen=True)
class Wish:
    """A race that is asked for.

    Attributes:
        function: which landscape, by its name.
        optimizers: who takes part, by label; at least one.
        start: where, or None for the landscape's own.
        factor: what each optimizer's own learning rate is multiplied by.
        momentum: of those that have one, or None for each its own.
        draft: whether the first steps will do, as many as there is time for while the mouse moves.
    """

    function: str
    optimizers: tuple[str, ...]
    start: tuple[float, float] | None = None
    factor: float = 1.0
    momentum: float | None = None
    draft: bool = False


Racer = Callable[[Wish], Record]
"""Runs a race and gives its record, with a surface; an `InputError` is shown."""


class Explorer:
    """A race in a window, run again whenever something is changed. Made by `explore`.

    While the mouse is held the first steps are raced, and all of them once it is let go.

    Attributes:
        figure: the window's figure.
        board: the landscape and the losses.
        controls: sliders and boxes.
        racer: runs the races.
        wish: what is shown, or will be once a race is done.
        record: the last race.
        saying: the line beneath: help, what was saved, what went wrong.
    """

    record: Record

    def __init__(
        self, figure: Figure, racer: Racer, optimizers: Sequence[str], functions: Sequence[str], look: Theme
    ) -> None:
        self.figure = figure
        self.racer = racer
        self._look = look
        self.wish = Wish(functions[0], tuple(optimizers))
        self._ground = ""
        self._runs: tuple[str, ...] = ()
        self._held = self._carries = self._due = self._busy = False
        self._done = 0.0
        self._frames: list[int] = []
        self._frame = -1
        self._began = 0.0
        self._movers: list[AnimatedArtist] = []
        self._timer: TimerBase | None = None
        self._listen()  # before the controls do: these tell of a change at once
        looks = dict(zip(optimizers, styles(optimizers, look), strict=True))
        with look.context():
            figure.set_facecolor(look.background)
            self.board = RacePanels(figure, look, looks)
            self.controls = Controls(figure, look, looks, functions)
            self.saying = figure.text(MAP[0], 0.011, "", fontsize=8, color=look.foreground, parse_math=False)
        panels = self.board.map, self.board.losses
        said: Layer = [self.saying], self.saying.get_text
        lively = [*self.controls.lively, self.board.counter]
        self._stage = BlitManager(figure, panels, [said, *self.controls.layers], lively)
        self.controls.on_change(
            runs=lambda labels: self._again(optimizers=labels),
            function=lambda name: self._again(function=name, start=None),
            factor=lambda factor: self._again(factor=factor),
            momentum=lambda momentum: self._again(momentum=momentum),
        )
        self._again()

    def drop(self, x: float, y: float) -> None:
        """Starts at a point; at the nearest one of the map for one beyond."""
        low, high = np.sort([self.board.map.get_xlim(), self.board.map.get_ylim()], axis=1).T
        x, y = np.clip((x, y), low, high).tolist()
        self._again(start=(x, y))

    def reset(self) -> None:
        """Goes back to the landscape's own start, and to each optimizer's own learning rate and momentum."""
        self.controls.reset()
        self._again(start=None, factor=1.0, momentum=None)

    def play(self) -> None:
        """Plays the race from its start, or stops it where it is and goes on from there."""
        if self._timer is not None:
            self._pause()
            return
        if not self._frames:
            last = int(self.record.trajectories.step[-1])
            self._frames = timeline(last, seconds=SECONDS, fps=FPS, hold=(0, 0)).steps.tolist()
            self._frame = -1
            self._movers = animated_artists(self.figure)
        self._began = time.perf_counter() - max(self._frame, 0) / FPS
        self._timer = self.figure.canvas.new_timer(interval=round(1000 / FPS))
        self._timer.add_callback(self.advance)
        self._timer.start()

    def advance(self) -> None:
        """Shows the next frame of a race that is played, or a later one where drawing lags behind."""
        if not self._frames:
            return
        on_time = int((time.perf_counter() - self._began) * FPS)
        self._frame = min(max(self._frame + 1, on_time), len(self._frames) - 1)
        for mover in self._movers:
            mover.set_step(self._frames[self._frame])
        self._stage.paint()
        if self._frame == len(self._frames) - 1:
            self._rewind()

    def save(self, suffix: str = ".gif") -> Path | None:
        """Saves the race in the current folder and says under which name, one that was free; None where it cannot."""
        self._pause()
        stem = re.sub(r"[^\w.-]+", "-", str(self.record.meta.get("function", ""))).strip("-.") or "race"
        names = (f"{stem}{'' if number == 1 else f'-{number}'}{suffix}" for number in count(1))
        path = next(name for name in map(Path, names) if not name.exists())
        self._say(f"saving {path} …")
        try:
            save(self.record, path, theme=self._look)
        except (InputError, OSError) as error:
            self._say(f"{path} is not saved: {error}")
            return None
        self._say(f"saved as {path}, {path.stat().st_size / 1000:.0f} kB")
        return path

    def _listen(self) -> None:
        canvas = self.figure.canvas
        if canvas.manager is not None and canvas.manager.key_press_handler_id is not None:
            canvas.mpl_disconnect(canvas.manager.key_press_handler_id)  # r and s are ours; other keys go on to it
        canvas.mpl_connect("button_press_event", self._pressed)
        canvas.mpl_connect("motion_notify_event", self._moved)
        canvas.mpl_connect("button_release_event", self._released)
        canvas.mpl_connect("key_press_event", self._typed)
        canvas.mpl_connect("close_event", lambda _: self._pause())

    def _pressed(self, event: Any) -> None:
        toolbar = self.figure.canvas.toolbar
        if event.button != MouseButton.LEFT or (toolbar is not None and str(toolbar.mode)):
            return
        self._carries = event.inaxes is self.board.map
        self._held = self._carries or self.controls.slides(event.inaxes)
        if self._carries:
            self._drag(event)

    def _moved(self, event: Any) -> None:
        if self._held and self._carries:
            self._drag(event)

    def _released(self, event: Any) -> None:
        if event.button != MouseButton.LEFT or not self._held:
            return
        self._held = False
        if self._carries:
            self._drag(event)
        else:
            self._again()

    def _drag(self, event: MouseEvent) -> None:
        x, y = self.board.map.transData.inverted().transform((event.x, event.y)).tolist()
        self.drop(x, y)

    def _typed(self, event: Any) -> None:
        acts: dict[str | None, Callable[[], object]] = {
            " ": self.play,
            "r": self.reset,
            "s": self.save,
            "S": lambda: self.save(".png"),
        }
        if event.key in acts:
            acts[event.key]()
        elif isinstance(event, KeyEvent) and self.figure.canvas.manager is not None:
            key_press_handler(event)

    def _again(self, **changes: Any) -> None:
        """Races again. What is changed meanwhile, by events that drawing lets through, comes right after."""
        self.wish = replace(self.wish, **changes)
        if self._held and time.perf_counter() - self._done < REST:
            return  # there will be another move, or an end
        self._due = True
        if self._busy:
            return
        self._busy = True
        try:
            while self._due:
                self._due = False
                self._race()
        finally:
            self._busy = False
            self._done = time.perf_counter()

    def _race(self) -> None:
        self._rewind()
        draft = self._held and self.wish.function == self._ground
        wish = replace(self.wish, draft=draft)
        try:
            record = self.racer(wish)
        except InputError as error:
            if not self._ground:
                raise
            self._say(str(error))
            return
        self.record = record
        with self._look.context():
            if wish.function != self._ground:
                self.board.ground(record)
                self._ground = wish.function
                self._stage.forget()
                if self.figure.canvas.toolbar is not None:
                    self.figure.canvas.toolbar.update()  # it remembers views of the landscape before
            self.board.draw(record, draft)
            self.controls.tell(compact(entries(record, self._look)))
        if wish.optimizers != self._runs:
            self._runs = wish.optimizers
            self._stage.forget()
        self._say(HELP)

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _rewind(self) -> None:
        """Ends playing; the next time it begins at the start."""
        self._pause()
        self._frames = []

    def _say(self, words: str) -> None:
        """Writes a line beneath the map, and brings the window up to date."""
        self.saying.set_text(" ".join(words.split()))
        self._stage.paint()


def explore(
    racer: Racer,
    optimizers: Sequence[str],
    functions: Sequence[str],
    *,
    theme: str | Theme = "light",
    figure: Figure | None = None,
) -> Explorer:
    """Opens a window in which a race is changed and run again, and returns what is in it.

    Args:
        racer: runs the race that is asked for.
        optimizers: the labels to choose from, at least one, no two alike.
        functions: the names of landscapes to choose from, likewise; the first is raced at once.
        theme: colours, by name or as a `Theme`.
        figure: an empty figure of one's own with a canvas, in another program's window for instance; by default pyplot
            opens one. `pyplot.show()` waits until it is closed.

    Raises:
        InputError: where matplotlib can open no window, saying what to install; for an unknown theme; for what the first
            race refuses.
    """
    look = as_theme(theme)
    made = opened(look) if figure is None else figure
    return Explorer(made, racer, optimizers, functions, look)
