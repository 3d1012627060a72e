"""Balls of the norms in which optimizers descend most steeply, at the current points of a race."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.record import Record, optimizer_labels
from landscapes.render.artists.norm_ball import Norm, NormBall
from landscapes.render.plots._trajectories import stop_of
from landscapes.render.plots.inputs import check_step, current_axes, filled_forward, show_step, size_factor
from landscapes.render.theme import Theme, as_theme, styles

EUCLIDEAN, LARGEST, SPECTRAL, SECOND = "Euclidean", "largest coordinate", "spectral", "second moment"

NORMS: Mapping[str, str] = {
    **dict.fromkeys(("sgd", "heavy_ball", "averaged_momentum"), EUCLIDEAN),
    **dict.fromkeys(("lion",), LARGEST),
    **dict.fromkeys(("muon",), SPECTRAL),
    **dict.fromkeys(
        ("adam", "adamw", "adam_uncorrected", "adamw_uncorrected", "ademamix", "mars", "rmsprop", "yogi"), SECOND
    ),
}
"""The norm of each optimizer whose step is the steepest descent in a norm, along its momentum; the others have none."""

SCHEDULES = (
    "constant", "cosine", "exponential", "inverse_time", "linear", "multi_step", "one_cycle", "plateau", "polynomial",
    "schedule", "step_decay", "warm_restarts", "warm_up",
)  # fmt: skip
"""Wrappers that change the length of steps alone."""


@suggests_arguments
def norm_balls(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draw the ball of each optimizer's norm at the current point of its run on axes with the race, and return them.

    The step of an optimizer that descends most steeply in a norm is the point of a ball where the ball touches the
    lowest level line of a plane: of the loss, linear near the last point, or of its momentum. The ball is centered at
    the point before, and the current point is on its border. Balls of short steps are enlarged from the current point.

    | optimizers | norm | ball |
    |---|---|---|
    | sgd with and without momentum, heavy_ball, averaged_momentum | Euclidean | circle |
    | lion | largest coordinate | square |
    | muon | largest singular value | square in a plane of singular values (`project`), circle for `rows=1` |
    | adam, adamw, rmsprop, mars, ademamix, yogi | √Σ√vᵢ·uᵢ², v the second moment | ellipse |

    The second moment must be recorded: `race(..., metrics=["second_moment"])`. All other optimizers have no such norm,
    and no ball. Neither weight decay nor ε is part of a norm.

    Args:
        record: a race in two dimensions, or one that `project` returns, with all steps recorded.
        ax: axes with the race, as `contour` and `trajectories` draw it; by default matplotlib's current axes.
        step: the step to show; by default the last.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a record in other dimensions or of another experiment, and a step outside the race.

    Warns:
        UserWarning: names the runs without a ball, and says why.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> from landscapes.render import contour, trajectories
    >>> record = race("booth", ["sgd(lr=0.05)", "lion(lr=0.3)"], steps=8)
    >>> ax = norm_balls(record, trajectories(record, contour(record, Figure().subplots())))
    """
    check_step(record, step)
    if record.trajectories.x.shape[-1] != 2:
        raise InputError(
            f"norm balls are drawn in two dimensions; this record has {record.trajectories.x.shape[-1]}: project it"
        )
    if "optimizer" not in record.trajectories.runs:
        raise InputError(f"norm balls need a race, or what project returns; got a record of {record.meta.experiment}")
    look = as_theme(theme)
    ax = current_axes(ax, look)
    missing = {}
    for run, style in enumerate(styles(optimizer_labels(record), look)):
        norm = norm_of(record, run)
        if isinstance(norm, str):
            missing[str(record.trajectories.runs["label"][run])] = norm
            continue
        points = filled_forward(record.trajectories.x[run : run + 1])[0]
        width = 1.1 * look.line_scale * size_factor(ax)
        color, rim, steps = to_rgb(style.color), to_rgb(look.rim), record.trajectories.step
        ax.add_artist(NormBall(points, steps, norm, color, rim, stop_of(record, run), width)).set_clip_path(ax.patch)
    if missing:
        warn("no norm balls of " + "; ".join(f"{label}: {why}" for label, why in missing.items()))
    show_step(ax, record, step)
    return ax


def norm_of(record: Record, run: int) -> Norm | str:
    """Return the norm in which an optimizer descends most steeply, or why it has no ball."""
    spec = str(record.trajectories.runs["optimizer"][run])
    name, _, inside = spec.partition("(")
    while name in SCHEDULES:
        name, _, inside = inside.partition("(")
    kind = NORMS.get(name)
    plane = record.meta.plane
    directions = None if plane is None else np.array(plane.get("directions", []), dtype=float)
    if kind is None or (name == "rmsprop" and "centered=True" in inside):
        return f"{name} is no steepest descent in a norm"
    if directions is not None and directions.ndim != 2:
        return "the directions of the plane are not stored"
    if kind == EUCLIDEAN:
        return lambda u, index: np.hypot(*u.T)
    if kind == SECOND:
        moment = record.trajectories.metrics.get("second_moment")
        if directions is not None or moment is None or moment.ndim != 3:
            return "its second moment is not known here; record it by race(..., metrics=['second_moment']), for d = 2"
        v: NDArray[np.float64] = moment[run]
        return lambda u, index: np.sqrt((np.sqrt(v[index]) * u * u).sum(-1))
    rows = re.search(r"\brows=(\d+)", inside)
    count = int(rows[1]) if rows else 1

    def whole(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return u if directions is None else u @ directions

    if kind == LARGEST:
        return lambda u, index: np.abs(whole(u)).max(-1)
    return lambda u, index: np.linalg.norm(whole(u).reshape(len(u), count, -1), ord=2, axis=(1, 2))
