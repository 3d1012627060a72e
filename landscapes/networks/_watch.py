"""Watch an optimizer in anyone's training loop: `watch`."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.networks._meter import Layers, Mover, Sketch, gradients, norms, state_of
from landscapes.networks._points import PointStore, load_points, slots_for
from landscapes.networks._training_log import Row, TrainingLog
from landscapes.record import Record, check_target

SMALL, USUAL_EVERY, WEIGHTS_PER_STEP = 20_000, 20, 125_000
"""Each step of networks of so many weights is measured, of larger ones each so many steps, and with so many times as
many weights proportionally fewer: measuring costs memory bandwidth, a step with batches of usual sizes much more."""

SKETCH = 32
"""The coordinates to which weights are projected."""

POINTS = ("auto", "full", "projected")

RESERVED = ("loss", "lr", "group_lr", "cosine", "update_to_weight", "skipped")


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
        label: the name of the run; by default that of the optimizer's class.
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
    name = type(inner).__name__
    log = TrainingLog(
        layers,
        path=target,
        points=store,
        every=every or _usual_every(layers.size),
        flush=float(flush),
        facts={"label": label or name, "optimizer": name, "title": title, "seed": seed, "weights": layers.size},
    )
    made = Watch(inner, layers, log, scaler, chosen, seed)
    made._attach(model)
    return made


LEAST_SLOTS = 8
"""Points that are kept of a network too large for the budget."""


class Watch:
    """A watched optimizer; `watch` makes it.

    Attributes:
        active: False in the processes of a distributed run that are not recorded.
        every: each so many steps, and the one after, are measured.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer | None,
        layers: Layers | None,
        log: TrainingLog | None,
        scaler: Any,
        chosen: Callable[[int], bool] | None,
        seed: int | None,
    ) -> None:
        self.active = layers is not None and log is not None
        self.every = 1 if log is None else log.every
        self._handles: list[Any] = []
        if optimizer is None or layers is None or log is None:
            return
        self._log, self._layers, self._scaler, self._chosen = log, layers, scaler, chosen
        self._mover = Mover(layers.parameters)
        self._sketch = Sketch(layers.parameters, SKETCH, seed or 0)
        self._step = 0
        self._row: Row | None = None
        self._pending: list[Any] = []
        self._pending_metrics: dict[str, list[Any]] = {}
        self._guessed: list[Any] = []
        self._raw: Tensor | None = None
        self._raw_state: tuple[tuple[int, int], ...] = ()
        self._asks = log.measures(0)
        """Whether the end of the next backward pass is to be measured; false while that is queued."""
        self._last_lengths: Tensor | None = None
        self._last_scale: float | None = None
        self._warned = False
        self._optimizer = weakref.ref(optimizer)
        self._finish = weakref.finalize(optimizer, log.finish)

    def __repr__(self) -> str:
        if not self.active:
            return "Watch(inactive: a copy, or not in the process of rank 0)"
        return f"Watch({self._log.facts['label']}, {self._step} steps)"

    def __reduce__(self) -> Any:
        """Copy and pickle as a watch that does nothing, because models have hooks that belong to it."""
        return _inactive, ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def record(self) -> Record:
        """The record of the run so far: one run of T recorded steps, of the experiment "training".

        `loss` is the loss logged, NaN where there was none. Metrics, NaN at steps that were not measured:
        "gradient_norm" and "clipped_gradient_norm" (before and after clipping), "step_length", "cosine",
        "parameter_norm", "update_to_weight", "lr" (the largest of the groups), "group_lr" (1, T, G), and per layer
        "layer_gradient_norm", "layer_step_length", "layer_parameter_norm" (1, T, L), whose names are `meta.layers`.
        `x` are the projected weights (1, T, 32). Beyond 20,000 rows the recorded steps get rarer.

        Raises:
            InputError: if no step was taken, or in a process that is not recorded.
        """
        return self._active().record()

    @property
    def path(self) -> Record:
        """The weights kept in full, as a race of one run: for `project`, and for `plane(..., path=...)`.

        The last point is the weights now; its loss is that of the step before.

        Raises:
            InputError: if none were kept, or no loss was logged.
        """
        log = self._active()
        if log.points is None:
            raise InputError('no weights were kept in full: watch(..., points="full")')
        steps, points = log.points.points()
        if not self._finish.alive and len(steps) and steps[-1] == self._step:
            return path_record(log.record(), steps, points)
        now = self._layers.flat().numpy()[None]
        return path_record(log.record(), np.append(steps, self._step), np.concatenate([points, now]))

    def log(self, loss: Any = None, **metrics: Any) -> None:
        """Log the loss of a step, and other numbers by name, once per step, before or after `optimizer.step()`.

        Nothing waits for the device. A loss that was divided for gradient accumulation is to be logged undivided.

        Raises:
            InputError: for anything but one number.

        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
        >>> watch(optimizer).log(torch.zeros(8))
        Traceback (most recent call last):
        ...
        landscapes.errors.InputError: loss must be one number per step, got a tensor of shape (8,); log its mean
        """
        if not self.active:
            return
        if loss is not None:
            value = _number("loss", loss)
            row = self._row
            (row.losses if row is not None and not row.losses and not self._pending else self._pending).append(value)
        for name, given in metrics.items():
            if name in RESERVED or name.startswith("layer_") or name.endswith(("_norm", "_length")):
                raise InputError(f"{name!r} is a name that watch uses itself; choose another for this metric")
            value = _number(name, given)
            if self._row is not None and name not in self._row.logged and name not in self._pending_metrics:
                self._row.logged[name] = [value]
            else:
                self._pending_metrics.setdefault(name, []).append(value)

    def close(self) -> None:
        """Stop watching, keep the last weights, and write the file. A second call does nothing."""
        if not self.active or not self._finish.alive:
            return
        for handle in self._handles:
            handle.remove()
        log = self._log
        if not log.rows:
            warn("the watched optimizer has taken no step: give watch() the optimizer whose step() is called")
        elif not any(row.losses for row in log.rows):
            warn("no loss was logged: call log(loss) of the watch once per step")
        if log.points is not None and log.rows:
            log.points.put(self._step, self._layers.flat().numpy())
        self._finish()

    def _active(self) -> TrainingLog:
        if not self.active:
            raise InputError("this process is not rank 0 and records nothing; ask the watch of rank 0")
        return self._log

    def _attach(self, model: nn.Module | None) -> None:
        """Register all hooks. They hold no reference to the optimizer, only to this watch."""
        optimizer = self._optimizer()
        assert optimizer is not None
        self._handles = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
            *(_hooked(p, self._accumulated) for p in self._layers.parameters if p.is_leaf),
        ]
        if model is not None:
            self._handles.append(model.register_forward_hook(self._output))

    def _output(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """Take the loss in the output of a model, if it has one."""
        if not self.active:  # of a copy of the model
            return
        found = output.get("loss") if isinstance(output, dict) else getattr(output, "loss", None)
        if module.training and isinstance(found, Tensor) and found.numel() == 1 and found.requires_grad:
            self._guessed.append(found.detach())

    def _accumulated(self, parameter: Tensor) -> None:
        """Ask for the norms at the end of the backward pass, before anything clips the gradients."""
        if self._asks:
            self._asks = False
            # twice: callbacks run in order, and those of DDP, which average the gradients, are queued meanwhile
            _at_end_of_backward(lambda: _at_end_of_backward(self._measure_raw))

    def _measure_raw(self) -> None:
        self._asks = self._log.measures(self._step)
        grads = gradients(self._layers.parameters)
        self._raw, self._raw_state = norms(grads), state_of(grads)

    def _before(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
        """Begin the row of a step; with a closure, gradients are measured after its first evaluation."""
        measured = self._log.measures(self._step)
        rates = [group.get("lr", math.nan) for group in optimizer.param_groups]
        rates = [rate.detach().clone() if isinstance(rate, Tensor) else rate for rate in rates]
        row = self._row = Row(self._step, rates, measured, self._pending, logged=self._pending_metrics)
        self._pending, self._pending_metrics = [], {}
        if measured:
            row.norms["parameter_norm"] = norms([p.detach() for p in self._layers.parameters])
            self._mover.before()
        if self._log.measures(self._step) and self._step % self._log.every == 0:
            row.sketch = self._sketch()
        self._keep_point(measured)
        own, *given = args  # torch passes the optimizer as the first argument
        closure = given[0] if given else kwargs.get("closure")
        if not callable(closure):
            self._measure_gradients(optimizer, row)
            return None
        evaluations = 0

        def watched() -> Any:
            nonlocal evaluations
            value = closure()
            evaluations += 1
            if evaluations == 1:
                self._measure_gradients(optimizer, row)
                if not row.losses and value is not None:
                    row.losses.append(_number("the loss that the closure returns", value))
            return value

        return ((own, watched, *given[1:]), kwargs) if given else (args, {**kwargs, "closure": watched})

    def _keep_point(self, measured: bool) -> None:
        points = self._log.points
        if points is None:
            return
        wanted = measured and self._step % self._log.every == 0 if self._chosen is None else self._chosen(self._step)
        if wanted and points.wants():
            points.put(self._step, self._layers.flat().numpy())

    def _measure_gradients(self, optimizer: torch.optim.Optimizer, row: Row) -> None:
        """Measure the gradients that the optimizer sees, and note the scale of those before clipping."""
        fused: Any = getattr(optimizer, "grad_scale", None)  # set for optimizers that unscale within their step
        scale: Any = 1.0
        if fused is not None:
            scale = fused
            row.skipped = getattr(optimizer, "found_inf", 0)
        elif self._scaler is not None and self._scaler.is_enabled():
            scale = float(self._scaler.get_scale())
            if self._last_scale is not None and scale < self._last_scale:  # it fell once per skipped step
                row.skipped = round(math.log(scale / self._last_scale, self._scaler.get_backoff_factor()))
            self._last_scale = scale
        if not row.losses and self._guessed:
            row.losses.extend(self._guessed)
        self._guessed = []
        if row.measured:
            grads = gradients(self._layers.parameters)
            unchanged = self._raw is not None and state_of(grads) == self._raw_state
            seen = self._raw if unchanged and self._raw is not None else norms(grads)
            row.norms["gradient_norm"] = seen if self._raw is None else self._raw
            row.norms["clipped_gradient_norm"] = seen if fused is None else seen / fused.to(seen.device)
            row.scale = scale if self._raw is not None else 1.0
        self._raw, self._raw_state = None, ()

    def _after(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """End the row of a step."""
        row = self._row
        if row is None:
            return
        if row.measured:
            lengths, products = self._mover.after(row.step)
            row.norms["step_length"] = lengths
            if products is not None and self._last_lengths is not None:
                row.turn = (products, self._last_lengths)
            self._last_lengths = lengths
        self._step += 1
        self._raw, self._raw_state = None, ()
        self._log.add(row)
        self._asks = self._log.measures(self._step)
        self._log.flush_if_due()


def load_path(path: str | os.PathLike[str]) -> Record:
    """Return the weights in full that `watch` wrote beside a record, as `Watch.path` does, also of a killed run.

    Args:
        path: that of the record, `.npz`.

    Raises:
        InputError: if a file is missing or damaged, or no loss was logged.
    """
    record = Record.load(path)
    steps, points = load_points(Path(path).with_suffix(".points"))
    return path_record(record, steps, points)


def path_record(record: Record, steps: Any, points: Any) -> Record:
    """Return points at steps as a race of one run, with the losses logged there, between gaps interpolated."""
    t = record.trajectories
    known = np.flatnonzero(np.isfinite(t.loss[0]))
    if not len(known):
        raise InputError("a path needs losses: call log(loss) of the watch once per step")
    if not len(steps):
        raise InputError("no weights were kept in full before the run ended")
    losses = np.interp(steps, t.step[known], t.loss[0, known])
    label = str(t.runs["label"][0])
    return Record.from_checkpoints({label: points}, {label: losses}, steps=steps, title=record.meta.title)


def _inactive() -> Watch:
    return Watch(None, None, None, None, None, None)


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


def _hooked(parameter: Any, hook: Callable[[Tensor], None]) -> Any:
    return parameter.register_post_accumulate_grad_hook(hook)


def _usual_every(size: int) -> int:
    """Return how rarely a network of so many weights is measured.

    >>> [_usual_every(size) for size in (20_000, 10**6, 10**7)]
    [1, 20, 80]
    """
    return 1 if size <= SMALL else max(USUAL_EVERY, -(-size // WEIGHTS_PER_STEP))


def _at_end_of_backward(call: Callable[[], None]) -> None:
    torch.autograd.Variable._execution_engine.queue_callback(call)


def _number(name: str, given: Any) -> Any:
    """Return a number, or a detached tensor of one entry, without waiting for its device."""
    if isinstance(given, Tensor):
        if given.numel() != 1 or given.is_complex():
            raise InputError(
                f"{name} must be one number per step, got a tensor of shape {tuple(given.shape)}; log its mean"
            )
        return given.detach().clone()
    try:
        return float(given)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be one number per step, got {given!r:.60}") from None


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
