"""Make a record of the points that your own training loop visited: `Record.from_checkpoints`. Numpy only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, warn
from landscapes.record._arrays import Trajectories
from landscapes.record.metadata import RaceMeta
from landscapes.record.validation import numbers

Points = NDArray[np.float64]

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""What a `state_dict` has besides weights: the statistics of BatchNorm, which no optimizer moves."""

LARGEST_START = 1000
"""Starts with more coordinates are left out of the metadata; the trajectories have them."""


def trajectories_and_meta(
    runs: Any,
    losses: Any,
    *,
    steps: Sequence[int] | None = None,
    target: float | None = None,
    title: str = "",
    function: str = "",
) -> tuple[Trajectories, RaceMeta]:
    """Return the trajectories and metadata of one or several runs; see `Record.from_checkpoints`."""
    by_label = runs if isinstance(runs, Mapping) else {"training": runs}
    if not by_label:
        raise InputError("there are no runs; give at least one")
    given = losses if isinstance(losses, Mapping) else losses if callable(losses) else {"training": losses}
    if isinstance(given, Mapping) and given.keys() != by_label.keys():
        raise InputError(
            f"losses must have the labels of the runs, {', '.join(map(str, by_label))}; "
            f"got {', '.join(map(str, given))}"
        )
    if callable(given):
        _warn_of_statistics(by_label, getattr(getattr(given, "formula", None), "statistics", {}))
    points = {str(label): _points(str(label), run) for label, run in by_label.items()}
    dims = {label: run.shape[1] for label, run in points.items()}
    if len(set(dims.values())) > 1:
        raise InputError(f"all points must have the same number of coordinates, got {dims}")
    values = {
        str(label): _losses(str(label), given if callable(given) else given[label], points[str(label)])
        for label in by_label
    }
    length = max(map(len, points.values()))
    step = np.arange(length) if steps is None else np.asarray(steps)
    if step.shape != (length,):
        raise InputError(f"steps must have {length} entries, one per checkpoint of the longest run; got {step.shape}")
    each = [_padded(label, points[label], values[label], length) for label in points]
    x, loss = np.stack([run[0] for run in each]), np.stack([run[1] for run in each])
    ends, status = [run[2] for run in each], [run[3] for run in each]
    below = loss <= (-np.inf if target is None else target)
    lasting = np.logical_and.accumulate(below[:, ::-1], 1)[:, ::-1]
    status = [
        "converged" if hit and how != "non-finite" else how for how, hit in zip(status, below[:, -1], strict=True)
    ]
    columns = {
        "label": np.array(list(points)),
        "optimizer": np.array(list(points)),
        "lr": np.full(len(points), np.nan),
        "lr_source": np.full(len(points), "given"),
        "status": np.array(status),
        "stopped": np.array([-1 if end is None else step[end] for end in ends]),
        "reason": np.array(["" if end is None else how for end, how in zip(ends, status, strict=True)]),
        "reached": np.where(lasting.any(1), step[lasting.argmax(1)], -1),
        "first_reached": np.where(below.any(1), step[below.argmax(1)], -1),
    }
    start = x[0, 0].tolist() if x.shape[2] <= LARGEST_START and (x[:, 0] == x[0, 0]).all() else []
    meta = RaceMeta(
        function=function,
        title=title,
        start=start,
        steps=int(step[-1]),
        minimum_is="unknown",
        target=None if target is None else float(target),
    )
    return Trajectories(x, loss, step, columns), meta


def _points(label: str, run: Any) -> Points:
    """Return the points of a run, shape (T, d)."""
    if isinstance(run, str | bytes | Mapping) or not isinstance(run, Iterable):
        raise InputError(f"run {label!r} must be checkpoints, one per step; got {type(run).__name__}")
    if not hasattr(run, "shape"):
        run = list(run)
        if len(run) > 1 and len({_address(point) for point in run}) == 1 and _address(run[0]) is not None:
            raise InputError(
                f"all checkpoints of run {label!r} are the same weights: state_dict() returns references to them, so "
                "copy each one, as in copy.deepcopy(model.state_dict())"
            )
        run = [_flat(point) for point in run]
        if len({np.shape(point) for point in run}) > 1:
            raise InputError(f"checkpoints of run {label!r} must have equal numbers of weights")
    points = numbers(f"checkpoints of run {label!r}", _plain(run), (None, None), "(T, d)")
    if not points.size or not np.isfinite(points[0]).all():
        raise InputError(f"run {label!r} must begin at a finite point; it has {len(points)} checkpoints")
    return points


def _address(point: Any) -> int | None:
    """Return where the memory of a tensor, or of the first one of a `state_dict`, begins; None for other points."""
    first = next(iter(point.values()), None) if isinstance(point, Mapping) else point
    return int(first.data_ptr()) if first is not None and hasattr(first, "data_ptr") else None


def _flat(point: Any) -> Any:
    """Return a point as one row; of a `state_dict`, the weights one after another, without buffers of BatchNorm."""
    if not isinstance(point, Mapping):
        return _plain(point)
    weights = [_plain(value) for name, value in point.items() if str(name).rpartition(".")[2] not in BUFFERS]
    if not weights:
        raise InputError("a checkpoint must have weights; it is empty")
    return np.concatenate([np.ravel(weight) for weight in weights])


def _warn_of_statistics(runs: Mapping[Any, Any], used: Mapping[str, Any]) -> None:
    """Warn if checkpoints have other statistics of BatchNorm than those that the loss uses at all points."""
    frozen = {name: _plain(data) for name, data in used.items()}
    for label, run in runs.items():
        for point in run if frozen and isinstance(run, Sequence) else ():
            own = {name: _plain(data) for name, data in point.items()} if isinstance(point, Mapping) else {}
            shared = [(own[name], data) for name, data in frozen.items() if name in own]
            shared = [(one, other) for one, other in shared if np.shape(one) == np.shape(other)]
            if not all(np.allclose(one, other) for one, other in shared):
                warn(
                    f"checkpoints of run {str(label)!r} have other running statistics of BatchNorm than the network of "
                    'the loss, so their losses are not those of training; use from_module(..., batchnorm="batch"), or '
                    "give the losses that you recorded"
                )
                return


def _plain(value: Any) -> Any:
    """Return a tensor of torch as an array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return value.float().numpy() if str(value.dtype) == "torch.bfloat16" else value.numpy()
    return value


def _losses(label: str, given: Any | Callable[[Points], Any], points: Points) -> Points:
    """Return the losses of a run, shape (T,), of which a function computes those that are not given."""
    if callable(given):
        given = [float(given(point)) for point in points]
    return numbers(f"losses of run {label!r}", [_plain(loss) for loss in given], (len(points),), "(T,)")


def _padded(label: str, points: Points, losses: Points, length: int) -> tuple[Points, Points, int | None, str]:
    """Return the points and losses of a run at all steps, the place where it stopped (or None), and its status.

    A run that meets NaN or infinity stays at its last finite point.
    """
    finite = np.isfinite(points).all(1) & np.isfinite(losses)
    if not finite[0]:
        raise InputError(f"run {label!r} must begin with a finite loss, got {losses[0]}")
    bad = int(np.argmin(finite)) if not finite.all() else None
    end = len(points) if bad is None else bad
    rest = length - end
    x = points if not rest else np.concatenate([points[:end], np.repeat(points[end - 1 : end], rest, 0)])
    loss = losses if not rest else np.concatenate([losses[:end], np.full(rest, losses[end - 1])])
    if bad is not None:
        return x, loss, bad, "non-finite"
    return (x, loss, end - 1, "terminated") if rest else (x, loss, None, "max_steps")
