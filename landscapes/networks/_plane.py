"""`plane`: the loss of a network in a plane of its weights, with training paths and how far to trust it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.execution import Executor
from landscapes.execution.block_dir import Shard
from landscapes.networks.blocks import in_blocks
from landscapes.networks.choices import choose_directions
from landscapes.networks.directions import Subspace
from landscapes.networks.evaluation import Evaluator
from landscapes.networks.grid import axes_of, check_center, check_grid, check_moving, fitting_span
from landscapes.networks.losses import Loss, Metrics, NetworkLoss
from landscapes.networks.paths import Path, as_paths, evenly, true_losses
from landscapes.networks.preparation import batchnorm_between, network_loss, statistics_moved
from landscapes.networks.result import NetworkRecord
from landscapes.networks.ribbon import Ribbon
from landscapes.networks.weights import Patterns, Weights, unwrapped
from landscapes.record import Record, Surface
from landscapes.views import MARGIN, around

Progress = Callable[[int, int], None]

RIBBON_BOUND = 0.01
"""The error of a ribbon that is not worth a warning, relative to the range of the losses of its path."""


@suggests_arguments
def plane(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    directions: Any = "random",
    path: Any = None,
    losses: Any = None,
    steps: Sequence[int] | None = None,
    span: float | None = None,
    view: Sequence[Sequence[float]] | None = None,
    resolution: int = 51,
    normalize: str | None = "",
    include_1d: bool = False,
    layers: Patterns = None,
    freeze: Patterns = None,
    batchnorm: str | None = None,
    ribbon: bool = False,
    metrics: Metrics = None,
    seed: int = 0,
    dtype: torch.dtype | None = None,
    together: bool | None = None,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    title: str | None = None,
    progress: Progress | None = None,
) -> NetworkRecord:
    """Return the loss of a network in a plane of its weights, f(a, b) = loss(θ + a·d₁ + b·d₂), as a record.

    The module is copied: its weights, mode, buffers and `requires_grad` do not change. It is evaluated as in `.eval()`
    on all data; losses are averaged over rows in float64. The weights of the module are a point of the grid, at (0, 0).
    All pictures, such as `render.save(record, "surface.png")`, take the record, and `record.function` is a `Function`
    of two coordinates for `race` and `sweep`.

    Args:
        model: any module. DataParallel and compiled modules are unwrapped.
        loss: `loss(outputs, targets)`, such as `nn.CrossEntropyLoss()`, or `loss(model, batch)` if its first argument
            is called model, net, network or module. It returns one number, the mean over the rows of a batch. None
            takes `model(**batch).loss`.
        data: a tuple of tensors (inputs, targets), a mapping of tensors, a `DataLoader`, or a list of batches. A
            mapping is passed to the model as keyword arguments, without its targets ("labels", "targets", …).
        directions: "random" (Li et al., 2018); "pca", the principal directions of the path; "hessian", the two
            eigenvectors of the largest eigenvalues; "gradient", with a random one; other modules: to one, with a
            random direction, or to two. Or a pair of these words, modules, vectors (d,) or mappings of tensors. By
            default "pca" if there is a path.
        path: the checkpoints of a run, a mapping from labels to those of several, a record of them in all weights, or
            what `watch` returned. A checkpoint is a `state_dict` or a vector.
        losses: the losses of the checkpoints; by default those of a record, else they are evaluated on the data.
        steps: the step of each checkpoint; by default those of a record, else 0, 1, 2, …
        span: half the width of the plane, in units of the directions; by default 1 for random directions, a box around
            path or modules, else as far as the loss rises clearly.
        view: another box, ((a low, a high), (b low, b high)).
        resolution: points per side.
        normalize: scaling of directions: "filter" (as the same filters of the weights), "layer", "unit" (length 1) or
            None. By default "filter" for random directions, "unit" for principal ones, eigenvectors and gradients,
            and None for others.
        include_1d: whether random directions move biases and weights of normalizations, too.
        layers: patterns of the names of weights that move, such as "head.*"; by default all that require gradients.
        freeze: patterns of those that do not.
        batchnorm: "frozen": BatchNorm uses the running statistics of the module at all points. "batch": the statistics
            of each batch. "recalibrate": those of all data, at each point. By default "recalibrate" towards other
            modules, and with a path along which the statistics changed, which those of this module do not fit; else
            "frozen".
        ribbon: whether the plane bends so that it goes through the checkpoints of the path, where its loss is then the
            true one.
        metrics: further quantities by name, called as the loss is; "accuracy" for the share of correct classes.
            `record.show("accuracy")` shows one.
        seed: seed of random directions.
        dtype: precision of the evaluation; by default that of the module.
        together: whether to evaluate several points by `torch.func.vmap`; by default the faster way is measured.
        executor: an object with `submit`, such as a `ProcessPoolExecutor`, that evaluates blocks of points; by default
            they are evaluated in this process. Models, losses and data are sent to other processes by pickle.
        resume_dir: a directory for finished blocks of 128 points, from which a killed grid is resumed. Processes that
            share it share the work. `execution.results_dir.Shard` stands for a part of the blocks, whose other points
            are NaN; `merge` combines the parts.
        title: title of pictures.
        progress: called with (points done, all points).

    Returns:
        A record of a race in two coordinates: the runs are the paths, or the modules. Losses that are NaN or infinite
        stay in the surface. `meta.plane` has, as far as they apply: `cosine` of the directions and their `lengths`;
        `explained`, the share of the path's movement within the plane; `off_plane`, the largest distance of the path
        from it, and `path_length`, its largest distance from the model; `plane_error`, the largest difference between
        the loss in the plane and the true loss at checkpoints, with `plane_error_at` (label, checkpoint, true, shown);
        `ribbon_error`, the same for a ribbon.

    Raises:
        InputError: for invalid input; for a loss that is not one finite number at the model; for parallel directions;
            for checkpoints of another architecture; for a `resume_dir` of another grid.
        UnfinishedError: if the executor dies, or the disk is full.

    Warns:
        UserWarning: if the loss or the data are random; if a ribbon misses its path because BatchNorm is "frozen".

    >>> net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    >>> record = plane(net, nn.MSELoss(), (x, x.prod(1, keepdim=True)), resolution=11)
    >>> record.surface.values.shape, sorted(record.meta["plane"])[:3]
    ((11, 11), ['along', 'batchnorm', 'cosine'])
    """
    check_grid(resolution, span, view)
    network = unwrapped(model)
    paths, known_steps = ([], None) if path is None else as_paths(Weights.of(network, layers, freeze), path, losses)
    others = directions if isinstance(directions, list | tuple) else [directions]
    if batchnorm is None and statistics_moved(network, [state for one in paths for state in one.states]):
        batchnorm = "recalibrate"
    batchnorm = batchnorm_between(batchnorm, *others)
    objective = network_loss(
        model, loss, data, layers=layers, freeze=freeze, batchnorm=batchnorm, metrics=metrics, dtype=dtype
    )
    weights = objective.weights
    origin = weights.flat(objective.parameters).clone()
    if ribbon and path is None:
        raise InputError("a ribbon goes through a path; give path=, the checkpoints")
    if path is None and losses is not None:
        raise InputError("losses are those of a path; give path=, the checkpoints")
    chosen = choose_directions(
        objective,
        origin,
        directions if path is None or not _is_random(directions) else "pca",
        2,
        paths=paths,
        normalize=normalize,
        include_1d=include_1d,
        seed=seed,
    )
    space = chosen.space
    truths = _true_losses(objective, paths)
    marks = {one.label: np.array([space.project(point)[0] for point in one.points]) for one in paths}
    marks |= {label: np.array([point]) for label, point in chosen.marks.items()}
    bent = Ribbon(space, paths, marks) if ribbon else None
    evaluator = Evaluator(objective, space if bent is None else bent.space)
    box = _box(evaluator, marks, chosen.unit, span, view)
    x, y = (axes_of(low, high, resolution) for low, high in box.tolist())
    grid = np.stack([np.tile(x, len(y)), np.repeat(y, len(x))], 1)
    points = grid if bent is None else bent.coordinates(grid)
    if executor is None and resume_dir is None:
        values = evaluator.many(points, together=together, progress=progress)
    else:
        values = in_blocks(
            evaluator, points, executor=executor, resume_dir=resume_dir, together=together, progress=progress
        )
    check_moving(values[:, 0])
    check_center(grid, values[:, 0], objective.value, partial=isinstance(resume_dir, Shard))
    shape = len(y), len(x)
    surface = Surface(x, y, values[:, 0].reshape(shape), np.zeros((0, 2)), math.nan, "log")
    grids = {name: values[:, 1 + i].reshape(shape) for i, name in enumerate(objective.metrics)}
    facts: dict[str, Any] = {
        "along": space.names,
        "cosine": chosen.cosine,
        "lengths": chosen.lengths,
        "loss": objective.value,
        "weights": len(weights),
        "rows": objective.batches.total,
        "batchnorm": objective.batchnorm,
        "seed": seed,
    }
    if paths:
        facts |= _honesty(space, paths, marks) | _loss_error(evaluator, paths, marks, truths, "plane_error")
        if bent is not None:
            onto = {label: bent.coordinates(points) for label, points in marks.items()}
            facts |= _loss_error(evaluator, paths, onto, truths, "ribbon_error")
            if objective.batchnorm == "frozen" and facts["ribbon_error"] > RIBBON_BOUND * _range(truths):
                warn(
                    f"the ribbon is up to {facts['ribbon_error']:.3g} off the loss of its path, because the statistics "
                    'of BatchNorm are those of the model at all points; batchnorm="recalibrate" lets them follow'
                )
        runs = {one.label: marks[one.label] for one in paths}
        given = {one.label: _losses_of(one, truths[one.label]) for one in paths}
    else:
        runs = marks or {"model": np.zeros((1, 2))}
        given = {label: [_loss_at(evaluator, points[0].tolist())] for label, points in runs.items()}
    name = type(unwrapped(model)).__name__
    made = Record.from_checkpoints(
        runs,
        given,
        steps=steps if steps is not None else known_steps,
        title=f"{name}, {len(weights):,} weights" if title is None else title,
        surface=surface,
    )
    bound = {"lower_bound": 0.0} if np.nanmin(surface.values) >= 0 else {}
    meta = made.meta.replace(domain=box.tolist(), plane=_finite(facts), **bound)
    return NetworkRecord(made.trajectories, surface, meta, grids=grids, space=space, objective=objective)


def _loss_at(evaluator: Evaluator, point: list[float]) -> float:
    return evaluator.at(point)[0] if any(point) else evaluator.loss.value


def _is_random(directions: Any) -> bool:
    return isinstance(directions, str) and directions == "random"


def _true_losses(loss: NetworkLoss, paths: Sequence[Path]) -> dict[str, dict[int, float]]:
    """Return the true losses of checkpoints, by label and number: of all if none were recorded, else of some."""
    compared = evenly([len(one.points) for one in paths])
    found = {}
    for one, picked in zip(paths, compared, strict=True):
        wanted = picked if one.losses is not None else range(len(one.points))
        found[one.label] = dict(zip(wanted, true_losses(loss, one, list(wanted)).tolist(), strict=True))
    return found


def _range(truths: Mapping[str, Mapping[int, float]]) -> float:
    """Return the range of the finite losses of all paths."""
    finite = [loss for one in truths.values() for loss in one.values() if math.isfinite(loss)]
    return max(finite, default=0.0) - min(finite, default=0.0)


def _losses_of(path: Path, truths: Mapping[int, float]) -> Sequence[float]:
    return path.losses.tolist() if path.losses is not None else [truths[i] for i in range(len(path.points))]


def _honesty(space: Subspace, paths: Sequence[Path], marks: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what share of the movement a plane has, and how far the path is from it."""
    total = within = farthest = off = 0.0
    for one in paths:
        for point, at in zip(one.points, marks[one.label].tolist(), strict=True):
            step = point.double() - space.origin.double()
            rest = step - sum(c * d.double() for c, d in zip(at, space.directions, strict=True))
            moved, apart = float(step @ step), float(rest @ rest)
            if not math.isfinite(moved):
                continue
            total, within = total + moved, within + moved - apart
            farthest, off = max(farthest, moved), max(off, apart)
    return {
        "explained": within / total if total else 1.0,
        "off_plane": math.sqrt(max(off, 0.0)),
        "path_length": math.sqrt(farthest),
    }


def _loss_error(
    evaluator: Evaluator, paths: Sequence[Path], at: Mapping[str, NDArray[np.float64]], truths: Any, name: str
) -> dict[str, Any]:
    """Return the largest difference between the loss drawn at checkpoints and their true loss, and where it is."""
    error, place = 0.0, []
    width = len(evaluator.space.directions)
    for one, picked in zip(paths, evenly([len(one.points) for one in paths]), strict=True):
        for i in picked:
            point = at[one.label][i].tolist()
            true, shown = truths[one.label][i], evaluator.at([*point, *[0.0] * (width - len(point))])[0]
            if math.isfinite(true) and (not math.isfinite(shown) or abs(shown - true) > error):
                error, place = abs(shown - true), [one.label, i, true, shown]
    return {name: error, f"{name}_at": place}


def _box(
    evaluator: Evaluator,
    marks: Mapping[str, NDArray[np.float64]],
    unit: bool,
    span: float | None,
    view: Sequence[Sequence[float]] | None,
) -> NDArray[np.float64]:
    """Return the box of a plane, shape (2, 2)."""
    if view is not None:
        return np.array(view, dtype=float)
    if span is None and marks:
        points = np.concatenate([*marks.values(), np.zeros((1, 2))])
        points = points[np.isfinite(points).all(1)]
        return around(np.stack([points.min(0), points.max(0)], 1), np.ones(2), 2 * MARGIN)
    half = float(span) if span is not None else fitting_span(evaluator) if unit else 1.0
    return np.array([[-half, half], [-half, half]])


def _finite(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts as JSON knows them, without numbers that are not finite."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in facts.items()
    }
