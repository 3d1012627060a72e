"""Watch an optimizer in anyone's training loop: `watch`."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from landscapes.errors import InputError, suggests_arguments
from landscapes.networks._meter import Layers
from landscapes.networks._points import PointStore, slots_for
from landscapes.networks._training_log import TrainingLog
from landscapes.networks._watched import Watch
from landscapes.networks.training_optimizers import usual_name
from landscapes.record import check_target

SMALL, USUAL_EVERY, WEIGHTS_PER_STEP = 20_000, 20, 125_000
"""Each step of networks of so many weights is measured, of larger ones each so many steps, and with so many times as
many weights proportionally fewer: measuring costs memory bandwidth, a step with batches of usual sizes much more."""

POINTS = ("auto", "full", "projected")


@suggests_arguments
def watch(
    optimizer: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    model: nn.Module | None = None,
    every: int | None = None,
    points: str = "auto",
    point_steps: int | Sequence[int] | None = None,
    scaler: Any = None,
    label: str | None = None,
    title: str = "",
    flush: float = 60.0,
    seed: int = 0,
) -> Watch:
    """Record a training run of any loop by the hooks of `torch.optim.Optimizer`.

    The optimizer's `step` is watched, so one line serves a plain loop, Lightning, the Trainer of Hugging Face and
    Accelerate. Nothing that is computed changes. Each step has its learning rates and, if it is known, its loss. Each
    `every`-th step and the one after it have the norm of the gradient before and after clipping, the length of the
    update, its cosine with the update before, and the update relative to the weights, in total and per layer.

    The loss of a step is what `log` got since the step before, or right after it; several values, as with gradient
    accumulation, are averaged. Without `log` it is what the closure of `step` returns (Lightning), else the attribute
    `loss` of the output of `model` (Hugging Face).

    Measuring keeps two copies of the weights and one byte per weight, and takes no random numbers from the program.
    With several processes (DDP), rank 0 is watched, and the others get a watch that does nothing.

    Args:
        optimizer: a `torch.optim.Optimizer`, or what Lightning or Accelerate wrapped around it.
        path: a `.npz` file that is rewritten as the run goes, at most every `flush` seconds; a killed process keeps all
            but the last of these. Weights in full go to a second file, of suffix `.points`. None keeps all in memory.
        model: gives layers their names; without it each weight is a layer.
        every: measure each so many steps; by default 1 up to 20,000 weights, 20 up to 2.5 million, and
            proportionally more beyond. Of a small network, measuring a step costs about a millisecond.
        points: "projected": at measured steps, weights are recorded in 32 random coordinates (a count sketch), which
            keep distances and angles to about a quarter. "full": weights are kept in full as well, in float32 at
            `point_steps`. "auto": in full as long as at least 32 points fit into 256 MB.
        point_steps: the steps at which weights are kept in full: a number n for each n-th step, or the steps. By
            default measured steps, of which every second is given up whenever 256 points or 256 MB are full.
        scaler: the `GradScaler`, without which gradients before clipping include its scale. Steps that it
            skips are counted in the metric "skipped".
        label: the name of the run; by default that of the optimizer's class, and "Momentum" or "Nesterov" for SGD with
            momentum.
        title: the title of pictures.
        flush: the longest time between two writes of the file in seconds.
        seed: seed of the projection.

    Returns:
        The watch. Its `record` is drawn by `render.save(record, "run.png")` and judged by `diagnose(record)`; its
        `path` is for `plane` and `project`. It ends with `close()`, as a context manager, or with the program.

    Raises:
        InputError: for another object, an optimizer without weights, sharded weights, and arguments out of range.

    >>> net = nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> watched = watch(optimizer, model=net)
    >>> for _ in range(20):
    ...     loss = (net(torch.ones(8, 3)) - 1).square().mean()
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     watched.log(loss)
    >>> watched.record.trajectories.loss.shape, watched.path.trajectories.x.shape
    ((1, 20), (1, 21, 4))
    """
    inner = _optimizer(optimizer)
    target = None if path is None else check_target(path)
    if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
        raise InputError(f"every must be an integer >= 1, got {every!r}")
    if points not in POINTS:
        raise InputError(f'points must be "auto", "full" or "projected", got {points!r}')
    if isinstance(flush, bool) or not isinstance(flush, int | float) or not 0 <= flush < math.inf:
        raise InputError(f"flush must be seconds >= 0, got {flush!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be an integer >= 0, got {seed!r}")
    if model is not None and not isinstance(model, nn.Module):
        raise InputError(f"model must be a torch.nn.Module, got {model!r:.80}")
    if model is not None:
        stepped = {id(weight) for group in inner.param_groups for weight in group["params"]}
        if stepped.isdisjoint(map(id, model.parameters())):
            raise InputError("model has none of the weights that the optimizer steps; pass the model it was made for")
    if scaler is not None and not hasattr(scaler, "get_scale"):
        raise InputError(f"scaler must be a torch.amp.GradScaler, got {scaler!r:.80}")
    chosen = _steps(point_steps)
    if chosen is not None and points == "projected":
        raise InputError('point_steps are those of points="full"')
    if torch.distributed.is_available() and torch.distributed.is_initialized() and torch.distributed.get_rank() != 0:
        return Watch(inner, None, None, None, None, None)
    layers = Layers.of_optimizer(inner, model)
    slots = slots_for(layers.size)
    store = None
    if points == "full" or chosen is not None or (points == "auto" and slots):
        file = None if target is None else target.with_suffix(".points")
        store = PointStore(layers.size, None if chosen is not None else slots or LEAST_SLOTS, file)
    log = TrainingLog(
        layers,
        path=target,
        points=store,
        every=every or _usual_every(layers.size),
        flush=float(flush),
        facts={
            "label": label or usual_name(inner),
            "optimizer": type(inner).__name__,
            "title": title,
            "seed": seed,
            "weights": layers.size,
        },
    )
    made = Watch(inner, layers, log, scaler, chosen, seed)
    made._attach(model)
    return made


LEAST_SLOTS = 8
"""Points that are kept of a network too large for the budget."""


def _optimizer(given: Any) -> torch.optim.Optimizer:
    """Return the optimizer inside the wrappers of frameworks. Raises `InputError` for another object."""
    inner = given
    for _ in range(4):
        if isinstance(inner, torch.optim.Optimizer):
            deeper = getattr(inner, "optimizer", None)  # Accelerate's and Lightning's wrappers may be optimizers, too
            if not isinstance(deeper, torch.optim.Optimizer):
                return inner
            inner = deeper
        else:
            inner = getattr(inner, "optimizer", None)
    raise InputError(
        f"watch takes a torch.optim.Optimizer, or a framework's wrapper of one, got {given!r:.80}; of several "
        "optimizers watch each one"
    )


def _usual_every(size: int) -> int:
    """Return how rarely a network of so many weights is measured.

    >>> [_usual_every(size) for size in (20_000, 10**6, 10**7)]
    [1, 20, 80]
    """
    return 1 if size <= SMALL else max(USUAL_EVERY, -(-size // WEIGHTS_PER_STEP))


def _steps(given: int | Sequence[int] | None) -> Callable[[int], bool] | None:
    """Return a function that says whether the weights at a step are kept in full."""
    if given is None:
        return None
    if isinstance(given, int) and not isinstance(given, bool) and given >= 1:
        return lambda step: step % given == 0
    if isinstance(given, Sequence | range) and not isinstance(given, str):
        listed = list(given)
        if listed and all(isinstance(step, int) and not isinstance(step, bool) and step >= 0 for step in listed):
            chosen = frozenset(listed)
            return lambda step: step in chosen
    raise InputError(f"point_steps must be an integer >= 1, or steps >= 0, got {given!r:.60}")
