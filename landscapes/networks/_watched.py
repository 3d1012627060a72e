"""The watch of an optimizer: hooks around its steps, what they measure, and the record and path of the run."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from landscapes.errors import InputError, warn
from landscapes.networks._logged_path import path_record
from landscapes.networks._meter import Layers, Mover, Sketch, gradients, norms, state_of
from landscapes.networks._training_log import Row, TrainingLog
from landscapes.record import Record

SKETCH = 32
"""The coordinates to which weights are projected."""

RESERVED = ("loss", "lr", "group_lr", "cosine", "update_to_weight", "skipped")


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

        >>> from landscapes import watch
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
        """Stop watching, keep the last weights, and write the file. A second call does nothing.

        Raises:
            OSError: if the file cannot be written; `record` can still be saved elsewhere. While the run goes, this is a
                warning.
        """
        if not self.active or not self._finish.alive:
            return
        for handle in self._handles:
            handle.remove()
        log = self._log
        if not log.rows:
            warn("the watched optimizer has taken no step: give watch() the optimizer whose step() is called")
        elif not any(row.losses for row in log.rows):
            warn("no loss was logged: call log(loss) of the watch once per step")
        try:
            if log.points is not None and log.rows:
                log.points.put(self._step, self._layers.flat().numpy())
        finally:
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
            try:
                points.put(self._step, self._layers.flat().numpy())
            except OSError as error:
                self._log.could_not_write(error)

    def _measure_gradients(self, optimizer: torch.optim.Optimizer, row: Row) -> None:
        """Measure the gradients that the optimizer sees, and note the scale of those before clipping."""
        fused: Any = getattr(optimizer, "grad_scale", None)  # set for optimizers that unscale within their step
        scale: Any = 1.0
        if fused is not None:
            scale = fused.clone()  # `torch.amp.GradScaler` changes it in place, until torch 2.5
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


def _inactive() -> Watch:
    return Watch(None, None, None, None, None, None)


def _hooked(parameter: Any, hook: Callable[[Tensor], None]) -> Any:
    return parameter.register_post_accumulate_grad_hook(hook)


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
