"""Choose the directions of a plane or a line: by a word, by other modules, or as given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from landscapes.errors import InputError, unknown
from landscapes.networks.curvature import eigenpairs, gradient
from landscapes.networks.directions import (
    NORMALIZE,
    Subspace,
    check_directions,
    cosine,
    given_direction,
    norm,
    normalized,
    orthogonal_to,
    principal,
    random_direction,
)
from landscapes.networks.losses import NetworkLoss
from landscapes.networks.paths import Path

WORDS = ("random", "pca", "hessian", "gradient")
"""Directions that have a name."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The directions of a plane.

    Attributes:
        space: the plane.
        cosine: the cosine between its directions; None for a line.
        lengths: the lengths of the directions.
        unit: whether coordinates are distances, so that no span is natural.
        marks: the coordinates of other modules, by label.
    """

    space: Subspace
    cosine: float | None
    lengths: list[float]
    unit: bool
    marks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def choose_directions(
    loss: NetworkLoss,
    origin: Tensor,
    given: Any,
    count: int,
    *,
    paths: Sequence[Path] = (),
    normalize: str | None = "",
    include_1d: bool = False,
    seed: int = 0,
) -> Chosen:
    """Return `count` directions (1 or 2) from an origin.

    Raises:
        InputError: for unknown words, wrong shapes, and directions that are zero, not finite or parallel.
    """
    if normalize != "" and normalize not in NORMALIZE:
        raise unknown("scaling of directions", str(normalize), [str(one) for one in NORMALIZE])
    parts = _parts(given, count)
    if any(isinstance(part, nn.Module) for part in parts):
        return _towards(loss, origin, parts, count, include_1d, seed)
    found: list[Tensor] = []
    names: list[str] = []
    units: list[bool] = []
    for k, part in enumerate(parts):
        direction, name, scale = _one(loss, origin, part, k, parts, paths, include_1d, seed)
        scale = scale if normalize == "" else normalize
        direction = direction.to(origin.device)
        random = isinstance(part, str) and part == "random"  # an array would compare its entries
        if not random:
            check_directions([direction], [name])
        direction = direction if random and scale == "filter" else normalized(loss.weights, direction, origin, scale)
        found.append(direction.to(origin.dtype))
        names.append(name)
        units.append(scale == "unit")
    check_directions(found, names)
    return Chosen(
        Subspace(origin, found, names),
        cosine(*found) if count == 2 else None,
        [norm(direction) for direction in found],
        any(units),
    )


def _parts(given: Any, count: int) -> list[Any]:
    """Return what each direction is, from one word or module for all, or a sequence."""
    if isinstance(given, str):
        if given not in WORDS:
            raise unknown("kind of directions", given, WORDS)
        return [given, "random"][:count] if given == "gradient" else [given] * count
    if isinstance(given, nn.Module):
        return [given, "random"][:count]
    if isinstance(given, Tensor) or hasattr(given, "shape"):
        rows = given if given.ndim == 2 else given[None]
        given = list(rows)
    elif isinstance(given, Mapping):
        given = [given]
    parts = list(given) if isinstance(given, list | tuple) else None
    if parts is not None and len(parts) == 1 and isinstance(parts[0], nn.Module):
        parts = [parts[0], "random"][:count]
    if parts is None or len(parts) != count:
        raise InputError(
            f"directions must be {', '.join(map(repr, WORDS))}, modules, or {count} of these words, vectors or "
            f"mappings of tensors; got {type(given).__name__ if parts is None else f'{len(parts)} of them'}"
        )
    for part in parts:
        if isinstance(part, str) and part not in WORDS:
            raise unknown("kind of directions", part, WORDS)
    return parts


def _one(
    loss: NetworkLoss,
    origin: Tensor,
    part: Any,
    k: int,
    parts: Sequence[Any],
    paths: Sequence[Path],
    include_1d: bool,
    seed: int,
) -> tuple[Tensor, str, str | None]:
    """Return one direction, its name, and its usual scaling."""
    same = [i for i in range(k) if isinstance(parts[i], str) and parts[i] == part] if isinstance(part, str) else []
    if not isinstance(part, str):
        return given_direction(loss.weights, part, f"direction {k + 1}"), f"given direction {k + 1}", None
    if part == "random":
        made = random_direction(loss.weights, origin, seed, k, include_1d=include_1d)
        return made, f"random direction {k + 1}", "filter"
    if part == "gradient":
        return gradient(loss), "gradient", "unit"
    if part == "pca":
        if not paths:
            raise InputError('directions="pca" needs a path: path=[checkpoints of training]')
        rows = [point for one in paths for point in one.points if bool(torch.isfinite(point).all())]
        return principal(rows, origin)[len(same)], f"principal direction {len(same) + 1}", "unit"
    pairs = eigenpairs(loss, k=len([one for one in parts if isinstance(one, str) and one == "hessian"]), seed=seed)
    return torch.from_numpy(pairs.vectors[:, len(same)].copy()), f"eigenvector {len(same) + 1}", "unit"


def _towards(
    loss: NetworkLoss, origin: Tensor, parts: Sequence[Any], count: int, include_1d: bool, seed: int
) -> Chosen:
    """Return the plane or line through other modules; the first one is at (1, 0), and both axes have one unit.

    The second direction is made orthogonal to the first and equally long (Garipov et al., 2018), so that the picture
    shows true angles and distances.
    """
    labels = ["model B", "model C"]
    steps = [
        loss.weights.vector_of(part, f"model {k + 2}").to(origin.device, torch.float64) - origin.double()
        for k, part in enumerate(parts)
        if isinstance(part, nn.Module)
    ]
    for k, step in enumerate(steps):
        if not step.any():
            raise InputError(f"model {k + 2} has the weights of the first model, so there is no direction between them")
    first = steps[0]
    if not isinstance(parts[0], nn.Module):
        raise InputError("give the other module first: directions=(other, 'random')")
    found, names = [first], [labels[0]]
    if count == 2:
        if len(steps) == 2:
            second, name = steps[1], labels[1]
        else:
            second, name, _ = _one(loss, origin, parts[1], 1, parts, (), include_1d, seed)
            second = second.double().to(origin.device)
        check_directions([first, second], [labels[0], name])
        second = orthogonal_to(second, first)
        found.append(second * (norm(first) / norm(second)))
        names.append(name)
    space = Subspace(origin, [direction.to(origin.dtype) for direction in found], names)
    zero = (0.0,) * count
    marks = {"model A": zero} | {
        label: tuple(space.project(step + origin.double())[0]) for label, step in zip(labels, steps, strict=False)
    }
    return Chosen(space, 0.0 if count == 2 else None, [norm(d) for d in found], False, marks)
