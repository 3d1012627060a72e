"""`explore`: the race in a window, with a start to drag, sliders and boxes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments._race import DEFAULT_OPTIMIZERS, race
from landscapes.experiments.checks import check_count
from landscapes.experiments.optimizer_specs import (
    Optimizers,
    OptimizerSpec,
    labels,
    parse_optimizers,
    unique,
    with_tuned_lrs,
)
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.record import Record, Surface
from landscapes.render.interactive._explore import Explorer, Wish
from landscapes.render.interactive._explore import explore as window
from landscapes.render.interactive.window import check_window

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from landscapes.render import Theme

OTHERS = ("beale", "rosenbrock", "himmelblau", "three_hump_camel", "goldstein_price", "ackley", "rastrigin", "saddle")
"""The landscapes that are offered beside one that is named."""

DRAFT = 0.045
"""Seconds that the first steps may take while the mouse moves; drawing takes almost as long."""

FEWEST = 10
"""At least so many steps are taken then."""

LEAST_MOMENTUM = 1e-9
"""What stands for no momentum, which Nesterov's cannot do without."""


@suggests_arguments
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
    """Opens a window with a race: drag its start, turn learning rates and momentum, tick optimizers, choose landscapes.

    Whatever is changed, the race is run again at once. Learning rates are multiples of each optimizer's own: the one
    that a sweep found for the landscape, where its name says none. The space bar plays the race, r goes back to where it
    began, s saves a GIF and S a picture in the current folder, under a name that the window tells.

    It takes a backend of matplotlib that has windows: Qt, Tk, GTK, WebAgg in a browser, or ipympl in a notebook.

    Args:
        function: a landscape of two coordinates, by name or as it is; or several to choose from. Beside one alone
            some well-known ones are offered.
        optimizers: as `race` takes them; all of them run at first.
        steps: how many steps, at least 1; by default each landscape's own number.
        seed: of all random numbers.
        theme: "light", "dark", "print" or a `render.Theme`.
        figure: an empty figure of one's own, with a canvas, to draw on instead.
        show: whether to wait until the window is closed, in a script; in a notebook it appears in any case.

    Returns:
        The `Explorer`: what is shown, and what is in the window.

    Raises:
        InputError: for a landscape with another number of coordinates than two, unknown names, and where there is no
            window to be had.

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
    lands = [_plane(as_function(one)) for one in given]
    if not lands:
        raise InputError('there is no landscape to explore: name one, as in explore("beale")')
    if len(lands) == 1:
        lands += [other for other in map(as_function, OTHERS) if other.name != lands[0].name]
    who = parse_optimizers(DEFAULT_OPTIMIZERS if optimizers is None else optimizers, "explore")
    names = unique([land.title for land in lands])
    racer = Racing(dict(zip(names, lands, strict=True)), who, steps, check_count("seed", seed, 0))
    seen = window(racer, labels(who), names, theme=theme, figure=figure)
    if figure is None and show:
        from matplotlib import pyplot

        pyplot.show()
    return seen


@dataclass(frozen=True)
class Prepared:
    """A landscape that was looked at once: what its races have in common.

    Attributes:
        function: checked, with minima where a search found them.
        surface: its values.
        minimum_is: how the minimum is known, as records say it.
        optimizers: the optimizers at their own learning rates, by label.
        steps: how many steps a race has.
    """

    function: Function
    surface: Surface
    minimum_is: str
    optimizers: Mapping[str, Optimizer]
    steps: int


class Racing:
    """Runs the races that are asked for.

    Args:
        functions: the landscapes by name.
        entries: the optimizers.
        steps: how many steps, None for each landscape's own number.
        seed: of all random numbers.

    Attributes:
        names: of the landscapes.
        pace: seconds that a step of the last race took.
    """

    def __init__(
        self, functions: Mapping[str, Function], entries: Sequence[OptimizerSpec], steps: int | None, seed: int
    ) -> None:
        self.names = list(functions)
        self.pace = 0.0
        self._functions = functions
        self._entries = entries
        self._steps = None if steps is None else check_count("steps", steps)
        self._seed = seed
        self._prepared: dict[str, Prepared] = {}

    def __call__(self, wish: Wish) -> Record:
        """The race, of a draft its first steps. Raises `InputError` where it cannot start."""
        ground = self._prepare(wish.function)
        optimizers = {label: _turned(ground.optimizers[label], wish) for label in wish.optimizers}
        steps = ground.steps
        if wish.draft and self.pace > 0:
            steps = min(max(int(DRAFT / self.pace), FEWEST), steps)
        surfaced = 257 if ground.function.minimum == -math.inf else 2  # there the target is half way to what is in view
        begin = time.perf_counter()
        record = race(ground.function, optimizers, start=wish.start, steps=steps, seed=self._seed, resolution=surfaced)
        self.pace = (time.perf_counter() - begin) / steps
        return replace(record, surface=ground.surface, meta=record.meta.replace(minimum_is=ground.minimum_is))

    def _prepare(self, name: str) -> Prepared:
        """What the races on a landscape have in common, worked out when it is chosen for the first time."""
        if name in self._prepared:
            return self._prepared[name]
        plain = checked(self._functions[name])
        function = with_found_minima(plain)
        surface = function.surface()
        lowest = float(np.min(surface.values, where=np.isfinite(surface.values), initial=math.inf))
        minimum_is = "known" if function is plain else "found"
        if math.isnan(function.minimum) or (minimum_is == "found" and lowest < function.minimum):
            function, minimum_is = replace(plain, minimum=lowest), "the lowest value seen"
            surface = replace(surface, minima=surface.minima[:0], minimum=math.nan)
        # their own number of steps, whatever was asked for: there rates are known without a sweep
        tuned = with_tuned_lrs(self._entries, function, function.start, function.steps)
        optimizers = dict(zip(labels(self._entries), [entry.optimizer for entry in tuned], strict=True))
        self._prepared[name] = Prepared(function, surface, minimum_is, optimizers, self._steps or function.steps)
        return self._prepared[name]


def _plane(function: Function) -> Function:
    if function.dim != 2:
        raise InputError(
            f"{function.name} has {function.dim} coordinates, and a window shows two: choose another landscape, or a plane "
            "through this one by landscapes.transforms.restricted"
        )
    return function


def _turned(optimizer: Optimizer, wish: Wish) -> Optimizer:
    """The optimizer with the learning rate and momentum that are asked for."""
    changed = (
        optimizer
        if math.isnan(optimizer.learning_rate)
        else optimizer.with_learning_rate(optimizer.learning_rate * wish.factor)
    )
    numbers = optimizer.hyperparameters()
    mine = next((name for name in ("momentum", "beta1") if numbers.get(name)), None)
    if wish.momentum is None or mine is None:
        return changed
    momentum: dict[str, Any] = {mine: max(wish.momentum, LEAST_MOMENTUM)}
    return changed.with_hyperparameters(momentum)
