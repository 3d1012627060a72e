"""The weights of a module as one vector: which of them move, their order, and how checkpoints become vectors."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from landscapes.errors import InputError

PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and `torch.compile` put before the names of weights."""

Patterns = str | Sequence[str] | None


def unwrapped(model: Any) -> nn.Module:
    """Return the module inside DataParallel, DistributedDataParallel and `torch.compile`.

    Raises:
        InputError: for an object that is no module.
    """
    if not isinstance(model, nn.Module):
        hint = "; call it: give an instance" if isinstance(model, type) else ""
        raise InputError(f"model must be a torch.nn.Module, got {model!r:.80}{hint}")
    found: nn.Module = model
    while True:
        inner = getattr(found, "_orig_mod", None)
        if inner is None and type(found).__name__ in ("DataParallel", "DistributedDataParallel"):
            inner = getattr(found, "module", None)
        if not isinstance(inner, nn.Module):
            return found
        found = inner


@dataclass(frozen=True, eq=False)
class Weights:
    """The moving weights of a module, in the order of `module.named_parameters()`; tied ones count once.

    Attributes:
        shapes: the shape of each moving weight, by name.
        all_shapes: the shapes of all weights, moving or not.
        dtypes: the type of each moving weight.
        filters: the axis along which a tensor is cut into filters: 0, and 1 for transposed convolutions.
    """

    shapes: Mapping[str, torch.Size]
    all_shapes: Mapping[str, torch.Size]
    dtypes: Mapping[str, torch.dtype]
    filters: Mapping[str, int]

    @classmethod
    def of(cls, model: nn.Module, layers: Patterns = None, freeze: Patterns = None) -> Weights:
        """Return the weights of a module that move.

        Args:
            model: the module.
            layers: patterns of names, such as "head.*"; by default all weights that require gradients.
            freeze: patterns of names that do not move.

        Raises:
            InputError: for a module without weights, a pattern that no name matches, and moving weights that are
                complex or integers.

        >>> Weights.of(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), freeze="0.*").names
        ('1.weight', '1.bias')
        """
        name_of_model = type(model).__name__
        if any(nn.parameter.is_lazy(p) for p in (*model.parameters(), *model.buffers())):
            raise InputError(f"the module {name_of_model} has weights without a shape; call it once on its inputs")
        named = dict(model.named_parameters())
        if not named:
            raise InputError(f"the module {name_of_model} has no parameters, so there is nothing to move")
        chosen = set(named) if layers is not None else {name for name, p in named.items() if p.requires_grad}
        if layers is not None:
            chosen &= _matching("layers", layers, named)
        if freeze is not None:
            chosen -= _matching("freeze", freeze, named)
        if not chosen:
            raise InputError(
                f"no weight of the module {name_of_model} may move: none requires gradients, or all are frozen; choose "
                'some by layers, such as layers="*"'
            )
        moving = {name: p for name, p in named.items() if name in chosen}
        for name, p in moving.items():
            if not p.is_floating_point():
                raise InputError(
                    f"the weight {name!r} is {str(p.dtype).removeprefix('torch.')}; only real floating-point weights "
                    f'can move: freeze="{name}" leaves it in place'
                )
        kinds = {
            f"{name}.{own}" if name else own: 1
            for name, layer in model.named_modules()
            if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d)
            for own, _ in layer.named_parameters(recurse=False)
            if own == "weight"
        }
        return cls(
            {name: p.shape for name, p in moving.items()},
            {name: p.shape for name, p in named.items()},
            {name: p.dtype for name, p in moving.items()},
            {name: kinds.get(name, 0) for name in moving},
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the moving weights."""
        return tuple(self.shapes)

    @cached_property
    def sizes(self) -> list[int]:
        """The number of entries of each moving weight."""
        return [shape.numel() for shape in self.shapes.values()]

    def __len__(self) -> int:
        """The number of coordinates d."""
        return sum(self.sizes)

    def split(self, vector: Tensor) -> dict[str, Tensor]:
        """Return the weights in a vector (d,), by name, as views."""
        parts = torch.split(vector, self.sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def flat(self, named: Mapping[str, Tensor]) -> Tensor:
        """Return named weights as one vector (d,)."""
        return torch.cat([named[name].detach().reshape(-1) for name in self.shapes])

    def vector_of(self, given: Any, what: str) -> Tensor:
        """Return a checkpoint as a vector (d,): a module, a `state_dict`, a mapping, an array, a list of tensors.

        A flat array has d entries, or one per weight of the module, moving or not.

        Raises:
            InputError: for a checkpoint of another architecture.
        """
        if isinstance(given, nn.Module):
            return self.flat(self._checked(dict(unwrapped(given).named_parameters()), what))
        if isinstance(given, Mapping):
            return self.flat(self._checked(given, what))
        if isinstance(given, list | tuple) and given and all(isinstance(part, Tensor) for part in given):
            for names in (self.names, tuple(self.all_shapes)):
                if len(given) == len(names):
                    return self.flat(self._checked(dict(zip(names, given, strict=True)), what))
        try:
            point = given.detach() if isinstance(given, Tensor) else torch.as_tensor(np.asarray(given))
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{what} must be a module, a state_dict or numbers, got {given!r:.60}") from error
        if point.is_complex() or point.dtype == torch.bool:
            raise InputError(f"{what} must be real numbers, got {str(point.dtype).removeprefix('torch.')}")
        point = point.reshape(-1)
        total = sum(shape.numel() for shape in self.all_shapes.values())
        if len(point) == len(self):
            return point
        if len(point) == total:
            parts = torch.split(point, [shape.numel() for shape in self.all_shapes.values()])
            return torch.cat([part for name, part in zip(self.all_shapes, parts, strict=True) if name in self.shapes])
        raise InputError(
            f"{what} has {len(point):,} numbers, but the model has {total:,} weights"
            + (f", of which {len(self):,} move" if len(self) != total else "")
            + ": is it of another architecture?"
        )

    def _checked(self, given: Mapping[str, Any], what: str) -> dict[str, Tensor]:
        """Return the moving weights among named ones. Raises `InputError` if some are missing or have other shapes."""
        named = {without_prefix(str(name), self.all_shapes): value for name, value in given.items()}
        missing = [name for name in self.shapes if name not in named]
        if missing:
            raise InputError(
                f"{what} lacks the weight{'s' * (len(missing) > 1)} {', '.join(map(repr, missing[:3]))}"
                f"{', …' * (len(missing) > 3)} of the model: is it of another architecture? "
                f"It has {', '.join(map(repr, list(named)[:3])) or 'no weights'}{', …' * (len(named) > 3)}"
            )
        found = {}
        for name, shape in self.shapes.items():
            value = named[name]
            value = value.detach() if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))
            if value.shape != shape:
                raise InputError(
                    f"{what}: the weight {name!r} has shape {tuple(value.shape)}, in the model {tuple(shape)}; is it "
                    "of another architecture?"
                )
            found[name] = value
        return found


def filters_of(weight: Tensor, axis: int = 0) -> Tensor:
    """Return a weight as a matrix with one row per filter: what makes one output (Li et al., 2018).

    >>> filters_of(torch.zeros(8, 3, 5, 5)).shape, filters_of(torch.zeros(4)).shape
    (torch.Size([8, 75]), torch.Size([1, 4]))
    """
    if weight.ndim < 2:
        return weight.reshape(1, -1)
    return weight.movedim(axis, 0).flatten(1)


def without_prefix(name: str, known: Mapping[str, Any]) -> str:
    """Return a name without what DataParallel and `torch.compile` put before it."""
    while name not in known:
        for prefix in PREFIXES:
            if name.startswith(prefix):
                name = name.removeprefix(prefix)
                break
        else:
            return name
    return name


def _matching(what: str, patterns: Patterns, named: Mapping[str, Any]) -> set[str]:
    """Return the names that match patterns. Raises `InputError` for a pattern without a match."""
    given = [patterns] if isinstance(patterns, str) else list(patterns or ())
    found = set()
    for pattern in given:
        if not isinstance(pattern, str):
            raise InputError(f"{what} must be names of weights or patterns, such as 'head.*', got {pattern!r:.60}")
        hits = [name for name in named if fnmatch.fnmatchcase(name, pattern) or name.startswith(f"{pattern}.")]
        if not hits:
            raise InputError(f"{what}: no weight is named {pattern!r}; the names are {_listed(named)}")
        found |= set(hits)
    return found


def _listed(names: Mapping[str, Any]) -> str:
    shown = list(names)
    return ", ".join(shown[:8]) + (f", … ({len(shown)} in all)" if len(shown) > 8 else "")
