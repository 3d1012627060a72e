"""Directions in the space of weights: random ones scaled per filter, principal ones of a path, and given ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.networks.weights import Weights, filters_of

NORMALIZE = ("filter", "layer", "unit", None)
"""How directions are scaled: as each filter, as each tensor, to length 1, or not at all."""

PARALLEL = 1e-6
"""Directions whose sine is smaller span no plane."""

PCA_COLUMNS = 2**20
"""Weights per piece of a Gram matrix, which is summed in float64."""


def random_direction(
    weights: Weights,
    origin: Tensor,
    seed: int,
    number: int = 0,
    *,
    normalize: str | None = "filter",
    include_1d: bool = False,
) -> Tensor:
    """Return a random direction (d,), by default with the norm of each filter of the weights (Li et al., 2018).

    Entries are normal. Each filter, the weights that make one output, gets the norm of the same filter of the weights.
    Tensors of less than two dimensions, biases and weights of normalizations, are 0.

    Args:
        weights: which weights move.
        origin: the weights, shape (d,).
        seed: seed of the random numbers.
        number: the number of the direction; other numbers give independent directions.
        normalize: "filter", "layer", "unit" or None.
        include_1d: whether biases and weights of normalizations move, too, each tensor as one filter.

    >>> from torch import nn
    >>> net = nn.Linear(3, 2)
    >>> weights = Weights.of(net)
    >>> origin = weights.vector_of(net, "model")
    >>> d = weights.split(random_direction(weights, origin, seed=0))
    >>> bool(torch.allclose(d["weight"].norm(dim=1), net.weight.norm(dim=1))), d["bias"].tolist()
    (True, [0.0, 0.0])
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be an integer >= 0, got {seed!r}")
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    made = torch.randn(len(weights), generator=generator, dtype=torch.float32).to(origin.device, origin.dtype)
    if not include_1d:
        for part in weights.split(made).values():
            if part.ndim < 2:
                part.zero_()
    if not made.any():
        raise InputError(
            "a random direction moves no weight: all moving weights are biases or weights of normalizations; pass "
            "include_1d=True"
        )
    return normalized(weights, made, origin, normalize)


def normalized(weights: Weights, direction: Tensor, origin: Tensor, normalize: str | None) -> Tensor:
    """Return a direction (d,) scaled like the filters or tensors of the weights, or to length 1.

    Raises:
        InputError: for an unknown scaling.
    """
    if normalize not in NORMALIZE:
        raise unknown("scaling of directions", str(normalize), [str(one) for one in NORMALIZE])
    if normalize is None:
        return direction
    if normalize == "unit":
        return direction / norm(direction)
    scaled = direction.clone()
    parts, like = weights.split(scaled), weights.split(origin)
    for name, part in parts.items():
        axis = weights.filters[name]
        own, wanted = filters_of(part, axis), filters_of(like[name], axis)
        if normalize == "layer":
            own, wanted = own.reshape(1, -1), wanted.reshape(1, -1)
        length = own.norm(dim=1, keepdim=True)
        factor = torch.where(length > 0, wanted.norm(dim=1, keepdim=True) / length.clamp_min(1e-45), 0.0)
        if normalize == "layer" or part.ndim < 2:
            part.mul_(factor.reshape(()))
        else:
            moved = part.movedim(axis, 0)
            moved.mul_(factor.reshape(-1, *[1] * (part.ndim - 1)))
    return scaled


def norm(vector: Tensor) -> float:
    """Return the length of a vector, summed in float64."""
    return math.sqrt(dot(vector, vector))


def dot(one: Tensor, other: Tensor) -> float:
    """Return the scalar product of two vectors, summed in float64 piece by piece."""
    pieces = zip(torch.split(one, PCA_COLUMNS), torch.split(other, PCA_COLUMNS), strict=True)
    return float(sum(float(a.double() @ b.double()) for a, b in pieces))


def cosine(one: Tensor, other: Tensor) -> float:
    """Return the cosine of the angle between two vectors.

    >>> round(cosine(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0])), 4)
    0.7071
    """
    return dot(one, other) / (norm(one) * norm(other))


def check_directions(directions: Sequence[Tensor], names: Sequence[str]) -> None:
    """Raise `InputError` for directions that are not finite, zero or parallel."""
    for name, direction in zip(names, directions, strict=True):
        if not bool(torch.isfinite(direction).all()):
            raise InputError(f"{name} has entries that are not finite")
        if not direction.any():
            raise InputError(f"{name} is zero, so nothing moves along it")
    if len(directions) == 2:
        c = cosine(*directions)
        if 1 - c * c < PARALLEL**2:
            raise InputError(
                f"{names[0]} and {names[1]} are parallel (cosine {c:.8f}), so they span no plane; choose others, or "
                "draw a line"
            )


def orthogonal_to(direction: Tensor, other: Tensor) -> Tensor:
    """Return the part of a direction that is orthogonal to another, twice projected."""
    for _ in range(2):
        direction = direction - (dot(direction, other) / dot(other, other)) * other
    return direction


def gram(rows: Sequence[Tensor], origin: Tensor) -> Tensor:
    """Return the Gram matrix of rows minus an origin, (T, T) in float64, without a float64 copy of the rows."""
    total = torch.zeros(len(rows), len(rows), dtype=torch.float64)
    for begin in range(0, len(origin), PCA_COLUMNS):
        part = slice(begin, begin + PCA_COLUMNS)
        piece = torch.stack([row[part].double() for row in rows]) - origin[part].double()
        total += (piece @ piece.T).cpu()
    return total


def principal(rows: Sequence[Tensor], origin: Tensor) -> list[Tensor]:
    """Return the two orthonormal directions in which rows (T of them, each (d,)) extend most from an origin.

    They come from the T × T Gram matrix in float64. Rows on one line get a second direction that is orthogonal to it.

    Raises:
        InputError: for rows that do not move.
    """
    strength, columns = torch.linalg.eigh(gram(rows, origin))
    if not float(strength[-1]) > 0:
        raise InputError("the path does not move: all its checkpoints are the weights of the model")
    found: list[Tensor] = []
    for k in (1, 2):
        weak = k > len(rows) or float(strength[-k]) <= 1e-13 * float(strength[-1])
        if weak:
            first = found[0]
            axis = int(first.abs().argmin())
            candidate = torch.zeros_like(first)
            candidate[axis] = 1.0
        else:
            candidate = torch.zeros_like(origin, dtype=torch.float64)
            for row, c in zip(rows, columns[:, -k].tolist(), strict=True):
                candidate += c * (row.double() - origin.double())
        if found:
            candidate = orthogonal_to(candidate, found[0])
        candidate = candidate / norm(candidate)
        if float(candidate[int(candidate.abs().argmax())]) < 0:  # the sign is left open
            candidate = -candidate
        found.append(candidate)
    return found


@dataclass(frozen=True, eq=False)
class Subspace:
    """A point and one or two directions in the space of weights.

    Attributes:
        origin: the weights at coordinates 0, shape (d,).
        directions: the directions, each (d,).
        names: what each direction is, such as "random" or "eigenvector 1".
    """

    origin: Tensor
    directions: list[Tensor]
    names: list[str]

    def project(self, point: Tensor) -> tuple[list[float], float]:
        """Return the coordinates of the nearest point of the subspace, and the distance to it.

        The normal equations are solved, so that directions may have any lengths and angles.

        >>> plane = Subspace(torch.zeros(3), [torch.tensor([2.0, 0, 0]), torch.tensor([1.0, 1, 0])], ["a", "b"])
        >>> plane.project(torch.tensor([3.0, 1.0, 4.0]))
        ([1.0, 1.0], 4.0)
        """
        step = point.double() - self.origin.double()
        basis = [direction.double() for direction in self.directions]
        matrix = torch.tensor([[dot(a, b) for b in basis] for a in basis], dtype=torch.float64)
        right = torch.tensor([dot(a, step) for a in basis], dtype=torch.float64)
        found = torch.linalg.solve(matrix, right).tolist()
        rest = step - sum(c * a for c, a in zip(found, basis, strict=True))
        return found, norm(rest)

    def at(self, point: Sequence[float]) -> Tensor:
        """Return the weights (d,) at coordinates, in the precision of the origin."""
        moved = self.origin.double()
        for c, direction in zip(point, self.directions, strict=True):
            moved = moved + c * direction.double()
        return moved.to(self.origin.dtype)


def given_direction(weights: Weights, given: Any, name: str) -> Tensor:
    """Return a direction that a user gave: a vector, a mapping of names to tensors, or a list of tensors."""
    try:
        return weights.vector_of(given, name)
    except InputError as error:
        raise InputError(f"{error}; a direction has one number per moving weight") from None
