"""Batches of data, from tensors, a DataLoader or an iterable: loaded once, and never in the caller's random state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.optimizers.adapters.isolation import preserve_rng_state

CACHED_BYTES = 2**31
"""Batches of a loader are kept in memory up to this size; larger ones are loaded again for each point."""

IMAGE_ROWS, ROWS = 256, 8192
"""Rows of tensors that are evaluated at a time: images so that they fit the cache, others so that they fit memory."""

LABELS = ("labels", "label", "targets", "target", "y")
"""The keys of a batch that is a mapping among which its targets are looked up."""


@dataclass(frozen=True, eq=False)
class Batches:
    """The batches of a full pass, each with its number of rows.

    Attributes:
        kept: the batches in memory, or None if the loader is read at each pass.
        loader: where batches come from, if they are not kept.
        place: moves a batch to the device of the model.
        rows: the number of rows of each batch.
        cut: whether the batches are pieces of tensors, which may be cut otherwise.
    """

    kept: list[Any] | None
    loader: Iterable[Any]
    place: Callable[[Any], Any]
    rows: list[int]
    cut: bool = False

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        """Yield (batch, rows)."""
        if self.kept is not None:
            yield from zip(self.kept, self.rows, strict=True)
            return
        with preserve_rng_state():
            for batch in self.loader:
                yield self.place(batch), count_rows(batch)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> int:
        """The number of rows."""
        return sum(self.rows)


@dataclass(frozen=True)
class Placing:
    """Moves batches to a device, and their floating-point tensors to a type; None leaves it."""

    device: torch.device
    dtype: torch.dtype | None

    def __call__(self, batch: Any) -> Any:
        """Return a batch there."""
        return map_tensors(batch, lambda t: t.detach().to(self.device, self.dtype if t.is_floating_point() else None))


def load_batches(data: Any, device: torch.device, dtype: torch.dtype | None, whole: bool = False) -> Batches:
    """Return the batches of data.

    Args:
        data: a tensor or a tuple of tensors (one batch, cut into pieces), a mapping of tensors (one batch), a
            `DataLoader` or a list of batches.
        device: where the model is.
        dtype: type of floating-point tensors; None leaves it.
        whole: whether tensors must stay in one piece.

    Raises:
        InputError: for data without batches, or without rows.
    """
    place = Placing(device, dtype)
    if isinstance(data, Tensor) or _is_batch(data):
        batch = place(data)
        rows = count_rows(batch)
        if not rows:
            raise InputError("data has no rows")
        size = rows if whole else IMAGE_ROWS if _has_images(batch) else ROWS
        pieces = cut_rows(batch, rows, size)
        return Batches(pieces, (), place, [count_rows(piece) for piece in pieces], cut=not whole)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise InputError(
            "data must be tensors (inputs, targets), a mapping of tensors, a DataLoader or a list of batches, "
            f"got {data!r:.60}"
        )
    kept: list[Any] | None = []
    rows_of, size = [], 0
    with preserve_rng_state():
        for batch in data:
            rows_of.append(count_rows(batch))
            if kept is not None:
                kept.append(place(batch))
                size += _bytes(batch)
                if size > CACHED_BYTES and not isinstance(data, Iterator):
                    kept = None
    if not sum(rows_of):
        raise InputError(
            "data has no batches"
            + (
                ": a generator is exhausted after one pass; give a DataLoader or a list of batches"
                if isinstance(data, Iterator)
                else ": the loader is empty"
            )
        )
    return Batches(kept, data, place, rows_of)


def cut_rows(batch: Any, rows: int, size: int) -> list[Any]:
    """Return a batch in pieces of at most `size` rows."""
    if rows <= size:
        return [batch]
    return [map_tensors(batch, lambda t, begin=begin: t[begin : begin + size]) for begin in range(0, rows, size)]  # type: ignore[misc]


def count_rows(batch: Any) -> int:
    """Return the number of rows of a batch: the length of its first tensor, 1 if it has none with a length."""
    if isinstance(batch, Tensor):
        return len(batch) if batch.ndim else 1
    parts = batch.values() if isinstance(batch, Mapping) else batch if isinstance(batch, list | tuple) else ()
    for part in parts:
        if isinstance(part, Tensor) and part.ndim:
            return len(part)
    for part in parts:
        if isinstance(part, list | tuple | Mapping) and part:
            return count_rows(part)
    return 1


def inputs_and_targets(batch: Any) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """Return the arguments of the model, its keyword arguments, and the targets of a batch.

    A tuple ends with its targets. Of a mapping, the entry "labels", "label", "targets", "target" or "y" are the
    targets, and the others are keyword arguments of the model.

    Raises:
        InputError: for a batch that has no targets.
    """
    if isinstance(batch, Mapping):
        for key in LABELS:
            if key in batch:
                return (), {name: part for name, part in batch.items() if name != key}, batch[key]
        raise InputError(
            f"a batch with the keys {', '.join(map(repr, batch))} has no targets ({', '.join(map(repr, LABELS))}); "
            "give a loss that takes the model and the batch: def loss(model, batch): ..."
        )
    if isinstance(batch, list | tuple) and len(batch) >= 2:
        *inputs, targets = batch
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            return (), dict(inputs[0]), targets
        return tuple(inputs), {}, targets
    raise InputError(
        "data must have inputs and targets, (inputs, targets); for other data give a loss that takes the model and the "
        f"batch: def loss(model, batch): ...; got a batch that is a {type(batch).__name__}"
    )


def takes_model(loss: Any) -> bool:
    """Return whether a loss takes (model, batch) rather than (outputs, targets), by the name of its first argument.

    >>> takes_model(nn.MSELoss()), takes_model(lambda model, batch: model(batch).mean())
    (False, True)
    """
    import inspect

    if isinstance(loss, nn.Module):
        return False
    try:
        first = next(iter(inspect.signature(loss).parameters.values()), None)
    except (TypeError, ValueError):
        return False
    if first is None:
        return False
    note = first.annotation
    annotated = (isinstance(note, type) and issubclass(note, nn.Module)) or (
        isinstance(note, str) and note.rpartition(".")[2] == "Module"
    )
    return annotated or first.name in ("model", "net", "network", "module")


def _is_batch(data: Any) -> bool:
    """Return whether data are one batch rather than several: a mapping, or a tuple or list that has tensors."""
    if isinstance(data, Mapping):
        return True
    return isinstance(data, tuple | list) and bool(data) and all(isinstance(part, Tensor) for part in data)


def _has_images(batch: Any) -> bool:
    found = [False]

    def look(t: Tensor) -> Tensor:
        found[0] |= t.ndim >= 4
        return t

    map_tensors(batch, look)
    return found[0]


def _bytes(batch: Any) -> int:
    total = [0]

    def add(t: Tensor) -> Tensor:
        total[0] += t.numel() * t.element_size()
        return t

    map_tensors(batch, add)
    return total[0]


def map_tensors(batch: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a batch with each of its tensors changed."""
    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, Mapping):
        return {name: map_tensors(part, change) for name, part in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(map_tensors(part, change) for part in batch))
    if isinstance(batch, list | tuple):
        return type(batch)(map_tensors(part, change) for part in batch)
    return batch
