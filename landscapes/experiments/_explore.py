"""Open an interactive window with a race: `explore`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments._race import DEFAULT_OPTIMIZERS, race_searched
from landscapes.experiments.checks import check_count, check_start
from landscapes.experiments.optimizer_specs import (
    Optimizers,
    OptimizerSpec,
    labels,
    parse_optimizers,
    unique_labels,
    with_tuned_lrs,
)
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.record import Record, Surface
from landscapes.render.interactive._explore import Explorer, RaceRequest
from landscapes.render.interactive._explore import explore as window
from landscapes.render.interactive.window import announce_address, check_window

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from landscapes.render import Theme

OTHERS = ("beale", "rosenbrock", "himmelblau", "three_hump_camel", "goldstein_price", "ackley", "rastrigin", "saddle")
"""The functions offered besides a single given one."""

DRAFT = 0.045
"""Seconds of computing per frame while the mouse moves; drawing takes almost as long."""

FEWEST = 10
"""The smallest number of steps of such a draft."""

LEAST_MOMENTUM = 1e-9
"""Stands for momentum 0, which Nesterov's method refuses."""


@suggests_arguments
@in_usual_modes
def explore(
    function: str | Function | Sequence[str | Function],
    optimizers: Optimizers | None = None,
    *,
    steps: int | None = None,
    seed: int = 0,
    theme: str | Theme = "light",
    figure: Figure | None = None,
    show: bool = True,
) -> Explorer:
    """Open a window with a race: drag the start, change learning rates and momentum, choose optimizers and functions.

    Every change runs the race again. Learning rates are multiples of each optimizer's own, which is tuned for the
    function if its name gives none. The space bar plays the race, r resets everything, s saves a GIF and S a picture in
    the current folder; the window shows the file name.

    It needs a matplotlib backend with windows: Qt, Tk, GTK, WebAgg in a browser, or ipympl in a notebook.

    Args:
        function: a function of two coordinates, by name or as an object; or several to choose from. Besides a single
            one, some well-known ones are offered.
        optimizers: as `race` takes them; all of them run at first.
        steps: how many steps, >= 1; by default each function's own number.
        seed: of all random numbers.
        theme: "light", "dark", "print" or a `render.Theme`.
        figure: an empty figure with a canvas, to draw on instead.
        show: whether a script waits until the window is closed. In a notebook the window appears in any case.

    Returns:
        The `Explorer`: what is shown, and the widgets of the window.

    Raises:
        InputError: for a function with another number of coordinates than two, unknown names, or a backend without
            windows.

    >>> from matplotlib.backends.backend_agg import FigureCanvasAgg
    >>> from matplotlib.figure import Figure
    >>> page = Figure(figsize=(12, 6.6))
    >>> seen = explore("booth", ["sgd", "adam"], steps=20, figure=FigureCanvasAgg(page).figure)
    >>> seen.drop(-5, 5)
    >>> seen.record.meta["start"], seen.record.trajectories.x.shape
    ([-5.0, 5.0], (2, 21, 2))
    """
    if figure is None:
        check_window()
    given = list(function) if isinstance(function, Sequence) and not isinstance(function, str) else [function]
    functions = [_check_plane(as_function(one)) for one in given]
    if not functions:
        raise InputError('no functions to explore; give at least one, such as explore("beale")')
    if len(functions) == 1:
        functions += [other for other in map(as_function, OTHERS) if other.name != functions[0].name]
    specs = parse_optimizers(DEFAULT_OPTIMIZERS if optimizers is None else optimizers, "explore")
    names = unique_labels([one.title for one in functions])
    races = Racing(dict(zip(names, functions, strict=True)), specs, steps, check_count("seed", seed, 0))
    explorer = window(races, labels(specs), names, theme=theme, figure=figure)
    if figure is None and show:
        from matplotlib import pyplot

        announce_address()
        pyplot.show()
    return explorer


@dataclass(frozen=True)
class Prepared:
    """What all races on one function share.

    Attributes:
        given: the checked function.
        function: the same with the minima that a search found, if it found any.
        surface: its values.
        optimizers: the optimizers at their own learning rates, by label.
        steps: how many steps a race has.
    """

    given: Function
    function: Function
    surface: Surface
    optimizers: Mapping[str, Optimizer]
    steps: int


class Racing:
    """Runs the requested races.

    Args:
        functions: the functions by name.
        specs: the optimizers.
        steps: how many steps; None for each function's own number.
        seed: of all random numbers.

    Attributes:
        names: the names of the functions.
        pace: seconds per step of the last race.
    """

    def __init__(
        self, functions: Mapping[str, Function], specs: Sequence[OptimizerSpec], steps: int | None, seed: int
    ) -> None:
        self.names = list(functions)
        self.pace = 0.0
        self._functions = functions
        self._specs = specs
        self._steps = None if steps is None else check_count("steps", steps)
        self._seed = seed
        self._prepared: dict[str, Prepared] = {}

    def __call__(self, request: RaceRequest) -> Record:
        """Return the race, or its first steps for a draft. Raises `InputError` if it cannot start."""
        prepared = self._prepare(request.function)
        optimizers = {label: _with_sliders(prepared.optimizers[label], request) for label in request.optimizers}
        steps = prepared.steps
        if request.draft and self.pace > 0:
            steps = min(max(int(DRAFT / self.pace), FEWEST), steps)
        surfaced = (
            257 if prepared.function.minimum == -math.inf else 2
        )  # unbounded below: the target depends on the surface
        begin = time.perf_counter()
        point = check_start(prepared.given, prepared.given.start if request.start is None else request.start)
        given = checked(prepared.given, point)
        record = race_searched(
            given,
            given if prepared.function is prepared.given else prepared.function,
            [point],
            optimizers,
            steps,
            seed=self._seed,
            resolution=surfaced,
        )
        self.pace = (time.perf_counter() - begin) / steps
        return replace(record, surface=prepared.surface)

    def _prepare(self, name: str) -> Prepared:
        """Return what the races on a function share, computed when it is first chosen."""
        if name in self._prepared:
            return self._prepared[name]
        plain = checked(self._functions[name])
        function = with_found_minima(plain)
        surface = function.surface()
        lowest = float(np.min(surface.values, where=np.isfinite(surface.values), initial=math.inf))
        if function is not plain and lowest < function.minimum:
            function, surface = plain, replace(surface, minima=surface.minima[:0], minimum=math.nan)
        # the function's own number of steps, for which learning rates are stored
        tuned = with_tuned_lrs(self._specs, function, function.start, function.steps)
        optimizers = dict(zip(labels(self._specs), [entry.optimizer for entry in tuned], strict=True))
        self._prepared[name] = Prepared(plain, function, surface, optimizers, self._steps or function.steps)
        return self._prepared[name]


def _check_plane(function: Function) -> Function:
    if function.dim != 2:
        raise InputError(
            f"explore needs a function of 2 coordinates; {function.name} has {function.dim}. Choose another, or "
            "restrict it to a plane by landscapes.transforms.restricted"
        )
    return function


def _with_sliders(optimizer: Optimizer, request: RaceRequest) -> Optimizer:
    """Return the optimizer with the requested learning rate and momentum."""
    changed = (
        optimizer
        if math.isnan(optimizer.learning_rate)
        else optimizer.with_learning_rate(optimizer.learning_rate * request.factor)
    )
    numbers = optimizer.hyperparameters()
    own = next((name for name in ("momentum", "beta1") if numbers.get(name)), None)
    if request.momentum is None or own is None:
        return changed
    momentum: dict[str, Any] = {own: max(request.momentum, LEAST_MOMENTUM)}
    return changed.with_hyperparameters(momentum)
