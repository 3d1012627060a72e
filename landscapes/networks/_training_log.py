"""The log of a training run: rows of what was measured at each step, and the record made of them."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError, warn
from landscapes.networks._meter import Layers, as_number
from landscapes.networks._points import PointStore
from landscapes.record import Record, Trajectories, check_target
from landscapes.record.metadata import TrainingMeta

MOST_ROWS = 20_000
"""When there are more rows, every second one of the larger kind, measured or not, is given up."""

PENDING = 256
"""After so many steps, figures are read from the device."""

SHARE = 200
"""Between two writes of the file passes so many times the time that the last one took, as long as that is allowed."""

NORMS = ("gradient_norm", "clipped_gradient_norm", "step_length", "parameter_norm")
"""The norms that are recorded in total and per layer."""


@dataclass(eq=False)
class Row:
    """What is known of one step. Tensors stay on their device until the row is read.

    Attributes:
        step: the number of the step, from 0.
        lr: the learning rate of each group.
        measured: whether norms are measured.
        losses: what was logged as the loss.
        norms: norms per weight by name, see `NORMS`, each (n,).
        turn: products of the update with the one before, and the norms of that one, each (n,).
        scale: the factor of a gradient scaler that the raw gradients still have.
        sketch: the projected weights, (k,).
        logged: other quantities that were logged, by name.
        skipped: the steps that a gradient scaler skipped since the row before.
        figures: what was read: numbers by name.
        layers: the norms of each layer, by name.
    """

    step: int
    lr: list[Any]
    measured: bool
    losses: list[Any] = field(default_factory=list)
    norms: dict[str, Tensor] = field(default_factory=dict)
    turn: tuple[Tensor, Tensor] | None = None
    scale: Any = 1.0
    sketch: Any = None
    logged: dict[str, list[Any]] = field(default_factory=dict)
    skipped: Any = 0
    figures: dict[str, float] = field(default_factory=dict)
    layers: dict[str, list[float]] = field(default_factory=dict)

    def read(self, layers: Layers) -> None:
        """Turn tensors into numbers; what comes later is read by the next call."""
        if self.losses:
            self.losses = [_mean(self.losses)]
            self.figures["loss"] = self.losses[0]
        for name, values in self.logged.items():
            self.logged[name] = [_mean(values)]
            self.figures[name] = self.logged[name][0]
        for name in [name for name in NORMS if name in self.norms]:
            each = self.norms.pop(name).tolist()
            if name == "gradient_norm" and (scale := as_number(self.scale)) != 1.0:
                each = [value / scale for value in each]
            self.layers[name] = layers.per_layer(each)
            self.figures[name] = math.hypot(*each)
        if self.turn is not None:
            products, before = (part.tolist() for part in self.turn)
            lengths = self.figures.get("step_length", math.nan) * math.hypot(*before)
            self.figures["cosine"] = max(-1.0, min(1.0, math.fsum(products) / lengths)) if lengths else math.nan
            self.turn = None
        if isinstance(self.sketch, Tensor):
            self.sketch = self.sketch.cpu().numpy()
        self.figures["skipped"] = float(as_number(self.skipped))
        self.lr = [as_number(lr) for lr in self.lr]


def _mean(values: Sequence[Any]) -> float:
    return sum(map(as_number, values)) / len(values)


class TrainingLog:
    """The rows of a run, written to a file now and then.

    It does not refer to the optimizer, so that it can be written after the optimizer is gone.
    """

    def __init__(
        self,
        layers: Layers,
        *,
        path: Path | None,
        points: PointStore | None,
        every: int,
        flush: float,
        facts: Mapping[str, Any],
    ) -> None:
        self._layers = Layers((), layers.names, layers.of)
        self.path = None if path is None else check_target(path)
        self.points, self.every, self.flush_seconds, self.facts = points, every, flush, dict(facts)
        self.rows: list[Row] = []
        self._stride = {True: 1, False: 1}
        self._failed = False
        self._began = time.monotonic()
        self._next = self._began + min(1.0, flush)

    def measures(self, step: int) -> bool:
        """Return whether a step is measured: each k-th and, for the cosine, the one after it."""
        return step % self.every <= 1 and step // self.every % self._stride[True] == 0

    def add(self, row: Row) -> None:
        """Add a row. The last one is always there; of the others those that the spacing leaves."""
        if self.rows and not self._stays(self.rows[-1]):
            self.rows.pop()
        self.rows.append(row)
        if row.step % PENDING == PENDING - 1:
            self._read()
        if len(self.rows) > MOST_ROWS:
            measured = sum(row.measured for row in self.rows)
            self._stride[2 * measured > len(self.rows)] *= 2
            self.rows = [row for row in self.rows[:-1] if self._stays(row)] + self.rows[-1:]

    def _stays(self, row: Row) -> bool:
        number = row.step // self.every if row.measured else row.step
        return number % self._stride[row.measured] == 0

    def _read(self) -> None:
        for row in self.rows[-PENDING - 1 :]:
            row.read(self._layers)

    def flush_if_due(self) -> None:
        """Write the file if enough time has passed: at first after a second, later more rarely."""
        if self.path is not None and time.monotonic() >= self._next:
            try:
                self.flush()
            except (OSError, InputError) as error:  # the latter where the folder is gone
                self.could_not_write(error)

    def could_not_write(self, error: OSError | InputError) -> None:
        """Warn once that the file cannot be written at present, because a training must not end by that."""
        self._next = time.monotonic() + self.flush_seconds
        if not self._failed:
            self._failed = True
            why = getattr(error, "strerror", None) or error
            warn(f"{self.path} cannot be written ({why}); the training goes on, and the file is written again later")

    def flush(self) -> None:
        """Write the file."""
        if self.path is None or not self.rows:
            return
        begin = time.monotonic()
        if self.points is not None:
            self.points.sync()
        self.record().save(self.path)
        now = time.monotonic()
        self._next = now + min(max(1.0, 0.1 * (now - self._began), SHARE * (now - begin)), self.flush_seconds)

    def finish(self) -> None:
        """Write the file for the last time."""
        try:
            self.flush()
        except OSError as error:
            error.filename = error.filename or str(self.path)
            with contextlib.suppress(OSError):  # it is the same error once more
                self._close_points()
            raise
        self._close_points()

    def _close_points(self) -> None:
        if self.points is not None:
            self.points.close()

    def record(self) -> Record:
        """Return the record of the rows.

        Raises:
            InputError: if no step was taken.
        """
        rows = list(self.rows)
        if not rows:
            raise InputError(
                "the watched optimizer has taken no step, so there is nothing to record: give watch() the optimizer "
                "whose step() is called; a copy of it, or one made later by a trainer, is another object"
            )
        for row in rows:
            row.read(self._layers)
        logged = [row for row in rows if "loss" in row.figures]
        if logged:  # a step whose loss was not logged yet would look like NaN
            rows = rows[: rows.index(logged[-1]) + 1]
        metrics = self._metrics(rows)
        loss = metrics.pop("loss", np.full((1, len(rows)), np.nan))
        size = next((len(row.sketch) for row in rows if row.sketch is not None), 0)
        nowhere = np.full(size, np.nan)
        x = np.array([[nowhere if row.sketch is None else row.sketch for row in rows]]).reshape(1, len(rows), size)
        failed = bool(logged) and not math.isfinite(loss[0, -1])
        label = str(self.facts["label"])
        columns = {
            "label": np.array([label]),
            "optimizer": np.array([str(self.facts["optimizer"])]),
            "lr": np.array([rows[0].lr[0]]),
            "lr_source": np.array(["given"]),
            "status": np.array(["non-finite" if failed else "max_steps"]),
            "stopped": np.array([-1]),
            "reason": np.array([""]),
            "reached": np.array([-1]),
        }
        meta = TrainingMeta(
            title=str(self.facts["title"]),
            steps=rows[-1].step,
            seed=int(self.facts["seed"]),
            minimum_is="unknown",
            layers=list(self._layers.names),
            every=self.every,
            weights=int(self.facts["weights"]),
        )
        step = np.array([row.step for row in rows])
        return Record(Trajectories(x, loss, step, columns, metrics), None, meta)

    def _metrics(self, rows: Sequence[Row]) -> dict[str, NDArray[np.float64]]:
        """Return the arrays of numbers (1, T), and of layers (1, T, L), NaN where a row has none."""
        names = dict.fromkeys(name for row in rows for name in row.figures)
        found = {name: np.array([[row.figures.get(name, np.nan) for row in rows]]) for name in names}
        rates = np.array([row.lr for row in rows])
        found["lr"] = rates.max(1)[None]
        if rates.shape[1] > 1:
            found["group_lr"] = rates[None]
        if {"step_length", "parameter_norm"} <= found.keys():
            with np.errstate(divide="ignore", invalid="ignore"):
                found["update_to_weight"] = found["step_length"] / found["parameter_norm"]
        nowhere = [math.nan] * len(self._layers.names)
        for name in NORMS:
            if name in names and name != "clipped_gradient_norm":
                found[f"layer_{name}"] = np.array([[row.layers.get(name, nowhere) for row in rows]])
        if not found["skipped"].any():
            del found["skipped"]
        return found
