"""Losses of a network at many points of a line or a plane: one after another in place, or several by vmap.

Which is faster is measured on points whose values are kept. Weights are written afresh for each point, so that no
rounding accumulates, and only tensors that move are written.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.networks.data import map_tensors
from landscapes.networks.directions import Subspace
from landscapes.networks.losses import NetworkLoss
from landscapes.silence import ignored_warnings

Points = NDArray[np.float64]

CACHE_NUMBERS = 2**17
"""Activations of the points that vmap evaluates together: about half a megabyte, which fits the cache."""

LEAST_TOGETHER, MOST_TOGETHER = 8, 128
"""How many points vmap evaluates together."""

ALIGNED = 16
"""Weights begin at multiples of so many numbers, as vector instructions like them."""

TIMED = 4
"""Points evaluated one after another before vmap is tried; half of them are timed."""

WORTHWHILE = 48
"""Fewer points are evaluated one after another."""


class Evaluator:
    """The loss at origin + Σ cₖ directionₖ, for points c of k coordinates.

    The moving weights of the private copy become views of one vector, so that a point is written by k operations.
    """

    def __init__(self, loss: NetworkLoss, space: Subspace) -> None:
        """Prepare the copy of a loss, which is moved, for the points of a subspace."""
        self.loss, self.space = loss, space
        origin, directions = space.origin, space.directions
        self._images = _prefers_channels_last(loss)
        parameters = loss.parameters
        split = [loss.weights.split(direction) for direction in directions]
        base = loss.weights.split(origin)
        moved = [name for name in parameters if any(bool(part[name].any()) for part in split)]
        first = next(iter(parameters.values()))
        if self._images:
            move: Any = loss.model.to  # some versions of torch lack this form in their types
            move(memory_format=torch.channels_last)
            _map_batches(loss)

        self._places: dict[str, tuple[int, torch.Size]] = {}
        self._length = 0
        for name in moved:
            shape = self._shape(name)
            self._places[name] = self._length, shape
            self._length += -(-shape.numel() // ALIGNED) * ALIGNED

        def stored(named: dict[str, Tensor]) -> Tensor:
            flat = torch.zeros(self._length, device=first.device, dtype=first.dtype)
            for name, (begin, shape) in self._places.items():
                flat[begin : begin + shape.numel()] = self._in_memory_order(named[name]).reshape(-1)
            return flat

        with torch.no_grad():
            for name, parameter in parameters.items():
                if name not in moved:
                    parameter.copy_(base[name].to(parameter.device, parameter.dtype))
            self._base, self._directions = stored(base), [stored(part) for part in split]
            self._flat = self._base.clone()
            self._point_views(parameters)

    def __reduce__(self) -> Any:
        """Copy and pickle with weights of their own, which are not views of one vector, and with no loader."""
        batches = self.loss.batches
        batches = batches if batches.kept is None else replace(batches, kept=list(batches.kept), loader=())
        return Evaluator, (replace(self.loss, module=copy.deepcopy(self.loss.module), batches=batches), self.space)

    def _in_memory_order(self, weight: Tensor) -> Tensor:
        """Return a weight with its axes in the order of memory."""
        return weight.permute(0, 2, 3, 1) if self._images and weight.ndim == 4 else weight

    def _shape(self, name: str) -> torch.Size:
        return self._in_memory_order(torch.empty(self.loss.weights.shapes[name], device="meta")).shape

    def _point_views(self, parameters: dict[str, nn.Parameter]) -> None:
        """Let the moving weights be views of one vector."""
        for name, view in self._views(self._flat).items():
            parameters[name].data = view

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        """Return the moving weights in a vector (…, n) of memory order, by name."""
        found = {}
        for name, (begin, shape) in self._places.items():
            part = flat[..., begin : begin + shape.numel()].reshape(*flat.shape[:-1], *shape)
            permuted = self._images and len(shape) == 4
            found[name] = part.movedim(-1, -3) if permuted else part
        return found

    def write(self, point: Sequence[float]) -> None:
        """Move the copy to a point."""
        torch.add(self._base, self._directions[0], alpha=point[0], out=self._flat)
        for direction, c in zip(self._directions[1:], point[1:], strict=True):
            if c:
                self._flat.add_(direction, alpha=c)

    def at(self, point: Sequence[float]) -> tuple[float, ...]:
        """Return the loss and the metrics at a point."""
        self.write(point)
        return self.loss.evaluate()

    def many(
        self, points: Points, *, together: bool | None = None, progress: Callable[[int, int], None] | None = None
    ) -> Points:
        """Return the loss and the metrics at points (n, k), shape (n, 1 + m), in float64.

        Args:
            points: the points.
            together: whether to evaluate several points by vmap; None measures whether it pays.
            progress: called with (points done, all points).
        """
        if together not in (None, True, False):
            raise InputError(f"together must be True, False or None, got {together!r}")
        out = np.empty((len(points), 1 + len(self.loss.metrics)))
        done = 0
        if together is None:
            together = len(points) >= WORTHWHILE and self._may_pay()
            if together:
                done, together = self._calibrate(points, out)
        if together:
            try:
                self._many_together(points, out, done, progress or (lambda done, total: None))
                return out
            except (RuntimeError, NotImplementedError) as error:
                if done:
                    raise
                raise InputError(f"torch.func.vmap cannot evaluate this network: {error}") from error
        with torch.inference_mode() if self.loss.of_torch else self.loss.context():
            evaluate = self.loss.full_pass if self.loss.plain else self.loss.evaluate
            for i, point in enumerate(points[done:].tolist(), done):
                self.write(point)
                out[i] = evaluate()
                if progress is not None:
                    progress(i + 1, len(points))
        return out

    def _may_pay(self) -> bool:
        """Return whether vmap can be faster: small layers and batches, no convolutions, nothing that it forbids."""
        loss = self.loss
        if loss.grad or loss.random or loss.batchnorm == "recalibrate" or loss.batches.kept is None:
            return False
        convolutions = (nn.modules.conv._ConvNd, nn.RNNBase)
        if any(isinstance(layer, convolutions) for layer in loss.model.modules()):
            return False
        return self._base.is_cuda or max(loss.batches.rows) * self._width() <= CACHE_NUMBERS // LEAST_TOGETHER

    def _width(self) -> int:
        """Return the largest number of outputs of a layer."""
        return max((shape[0] for shape in self.loss.weights.shapes.values() if len(shape) > 1), default=1)

    def _chunk(self) -> int:
        if self._base.is_cuda:
            return MOST_TOGETHER
        numbers = max(self.loss.batches.rows) * self._width()
        return int(np.clip(CACHE_NUMBERS // numbers, LEAST_TOGETHER, MOST_TOGETHER))

    def _calibrate(self, points: Points, out: Points) -> tuple[int, bool]:
        """Evaluate some points in both ways, keep their values, and return how many, and whether vmap is faster."""
        done = 0
        alone = together = np.inf
        for _ in range(TIMED):
            begin = self._clock()
            out[done] = self.at(points[done].tolist())
            alone = min(alone, self._clock() - begin)
            done += 1
        size = self._chunk()
        try:
            for _ in range(2):  # the first call prepares
                part = points[done : done + size]
                if len(part) < LEAST_TOGETHER:
                    return done, False
                begin = self._clock()
                with ignored_warnings():
                    found = self._together(part)
                together = (self._clock() - begin) / len(part)
                out[done : done + len(part)] = found
                done += len(part)
        except (RuntimeError, NotImplementedError, InputError):  # vmap cannot: loops can
            return done, False
        return done, together < alone

    def _many_together(self, points: Points, out: Points, done: int, report: Callable[[int, int], None]) -> None:
        size = self._chunk()
        for begin in range(done, len(points), size):
            part = points[begin : begin + size]
            with ignored_warnings():
                out[begin : begin + len(part)] = self._together(part)
            report(begin + len(part), len(points))

    def _together(self, points: Points) -> Points:
        """Return the losses and metrics at points (n, k) by vmap, shape (n, 1 + m)."""
        loss = self.loss
        c = torch.from_numpy(points).to(self._base.device, self._base.dtype)
        with torch.no_grad():
            flat = torch.addmm(self._base, c, torch.stack(self._directions))
            named = self._views(flat)
            total: Any = 0.0
            for batch, share in loss.pairs():
                found = torch.func.vmap(loss.functional, in_dims=(0, None))(named, batch)
                total = total + share * found.double()
        return np.asarray(total.reshape(len(points), -1).cpu().numpy())

    def _clock(self) -> float:
        if self._base.is_cuda:
            torch.cuda.synchronize(self._base.device)
        return time.thread_time() if torch.get_num_threads() == 1 and not self._base.is_cuda else time.perf_counter()


def _prefers_channels_last(loss: NetworkLoss) -> bool:
    """Return whether the network has 2-D convolutions and its loss is evaluated in place."""
    return any(isinstance(layer, nn.Conv2d) for layer in loss.model.modules())


def _map_batches(loss: NetworkLoss) -> None:
    """Store the images among the batches with channels last."""
    if loss.batches.kept is not None:
        loss.batches.kept[:] = [
            map_tensors(batch, lambda t: t.contiguous(memory_format=torch.channels_last) if t.ndim == 4 else t)
            for batch in loss.batches.kept
        ]
