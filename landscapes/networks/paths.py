"""Training paths in the space of weights: checkpoints as vectors, their true losses, and their places in a plane."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.networks._watched import Watch
from landscapes.networks.losses import NetworkLoss
from landscapes.networks.weights import Weights, without_prefix
from landscapes.record import Record

RUN = "training"
"""The label of a path that has none."""

COMPARED = 100
"""At most this many checkpoints of all paths are compared with the plane, evenly spaced."""


@dataclass(frozen=True, eq=False)
class Path:
    """The checkpoints of one run.

    Attributes:
        label: its label.
        points: the weights, each (d,).
        states: the checkpoints as `state_dict`s without prefixes, or None for those that are vectors.
        losses: the losses recorded, or None.
    """

    label: str
    points: list[Tensor]
    states: list[Mapping[str, Any] | None]
    losses: NDArray[np.float64] | None


def as_paths(weights: Weights, given: Any, losses: Any = None) -> tuple[list[Path], list[int] | None]:
    """Return the paths in what a user gave, and their steps if they are known.

    Args:
        weights: which weights move.
        given: checkpoints of one run, a mapping from labels to those of several runs, or a `Record` in d
            coordinates, or a `Watch`.
        losses: recorded losses in the same form; None for those of a record, or to compute them.

    Raises:
        InputError: for checkpoints of another architecture, empty paths, and losses of other lengths.
    """
    steps = None
    if isinstance(given, Watch):
        given = given.path
    if isinstance(given, Record):
        if given.meta.experiment == "training":
            raise InputError(
                "the record of watch has the weights in a few random coordinates only; give path=watched, or "
                "path=networks.load_path(file), the weights in full"
            )
        t = given.trajectories
        steps = t.step.tolist()
        if losses is None:
            losses = {str(label): t.loss[i] for i, label in enumerate(t.runs["label"])}
        given = {str(label): t.x[i] for i, label in enumerate(t.runs["label"])}
    if isinstance(given, Mapping) and {without_prefix(str(name), weights.all_shapes) for name in given} >= {
        *weights.shapes
    }:
        raise InputError(
            "path must be a list of checkpoints, or a mapping from labels to such lists; got one checkpoint"
        )
    runs = given if isinstance(given, Mapping) else {RUN: given}
    if not runs:
        raise InputError("path has no runs")
    by_label = losses if isinstance(losses, Mapping) else {RUN: losses} if losses is not None else {}
    if losses is not None and {*map(str, by_label)} != {*map(str, runs)}:
        raise InputError(
            f"losses must have the labels of the path, {', '.join(map(str, runs))}; got {', '.join(map(str, by_label))}"
        )
    found = [_path(weights, str(label), run, by_label.get(label)) for label, run in runs.items()]
    return found, steps


def _path(weights: Weights, label: str, run: Any, losses: Any) -> Path:
    if isinstance(run, str | os.PathLike):
        raise InputError(
            f"path must be checkpoints, or what watch returned; read a file by networks.load_path({run!r})"
        )
    if isinstance(run, bytes | Mapping) or not isinstance(run, Iterable):
        raise InputError(f"path {label!r} must be a list of checkpoints, got {type(run).__name__}")
    checkpoints = list(run)
    if not checkpoints:
        raise InputError(f"path {label!r} has no checkpoints")
    addresses = {_address(point) for point in checkpoints}
    if len(checkpoints) > 1 and len(addresses) == 1 and None not in addresses:
        raise InputError(
            f"all checkpoints of path {label!r} are the same weights: state_dict() returns references to them, so copy "
            "each one, as in copy.deepcopy(model.state_dict())"
        )
    points = [weights.vector_of(point, f"checkpoint {i} of path {label!r}") for i, point in enumerate(checkpoints)]
    states: list[Mapping[str, Any] | None] = [
        {without_prefix(str(name), weights.all_shapes): value for name, value in point.items()}
        if isinstance(point, Mapping)
        else None
        for point in checkpoints
    ]
    values = None
    if losses is not None:
        values = np.array([float(loss) for loss in losses])
        if len(values) != len(points):
            raise InputError(f"path {label!r} has {len(points)} checkpoints but {len(values)} losses")
    return Path(label, points, states, values)


def _address(point: Any) -> int | None:
    first = next(iter(point.values()), None) if isinstance(point, Mapping) else point
    return int(first.data_ptr()) if isinstance(first, Tensor) else None


def true_losses(loss: NetworkLoss, path: Path, picked: Sequence[int]) -> NDArray[np.float64]:
    """Return the losses of some checkpoints of a path, evaluated on the data.

    A `state_dict` is evaluated as a whole, with its own statistics of BatchNorm and weights that do not move.
    """
    named = {**dict(loss.model.named_parameters()), **dict(loss.model.named_buffers())}
    before = {name: value.clone() for name, value in named.items()}
    found = np.empty(len(picked))
    try:
        for place, i in enumerate(picked):
            state = path.states[i]
            parts = loss.weights.split(path.points[i])
            with torch.no_grad():
                for name, value in named.items():
                    own = parts.get(name) if name in parts else None if state is None else state.get(name)
                    if isinstance(own, Tensor) and own.shape == value.shape:
                        value.copy_(own)
            found[place] = loss.evaluate()[0]
    finally:
        with torch.no_grad():
            for name, value in before.items():
                named[name].copy_(value)
    return found


def evenly(counts: Sequence[int], most: int = COMPARED) -> list[list[int]]:
    """Return the numbers of checkpoints to compare, for paths of these lengths: first, last and even ones between.

    >>> evenly([3, 200], most=6)
    [[0, 1, 2], [0, 100, 199]]
    """
    each = max(most // max(len(counts), 1), 2)
    return [sorted({round(i) for i in np.linspace(0, count - 1, min(each, count)).tolist()}) for count in counts]
