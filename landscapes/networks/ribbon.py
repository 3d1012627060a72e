"""A ribbon: a plane that bends so that it goes through the checkpoints of a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.networks.directions import Subspace
from landscapes.networks.paths import Path, evenly

MOST_NODES = 64
"""At most this many checkpoints of all paths bend a ribbon; each takes the memory of the weights once more."""

FAINT = 1e-4
"""Smaller shares of a checkpoint in the bend of a point are left out."""


class Ribbon:
    """The points θ + a·d₁ + b·d₂ + Σ wₖ(a, b)·rₖ, where rₖ leads from the plane to checkpoint k.

    The shares wₖ fall with the fourth power of the distance to a projected checkpoint and sum to 1 (Shepard, 1968). So
    at a checkpoint the ribbon is the checkpoint, and between them local planes are blended.

    Attributes:
        space: the plane, with the vectors rₖ as further directions.
        nodes: the projected checkpoints, shape (k, 2); the origin is the last one.
    """

    def __init__(self, space: Subspace, paths: Sequence[Path], marks: Mapping[str, NDArray[np.float64]]) -> None:
        nodes, bends = [], []
        for path, picked in zip(paths, evenly([len(one.points) for one in paths], MOST_NODES), strict=True):
            for i in picked:
                at = marks[path.label][i]
                if not np.isfinite(at).all() or not at.any():
                    continue
                nodes.append(at)
                bends.append((path.points[i].double() - _flat(space, at)).to(space.origin.dtype))
        self.nodes = np.array([*nodes, np.zeros(2)])
        names = [*space.names, *(f"checkpoint {k}" for k in range(len(bends)))]
        self.space = Subspace(space.origin, [*space.directions, *bends], names)

    def coordinates(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coordinates of points (n, 2) in the extended space, shape (n, 2 + k)."""
        apart = ((points[:, None] - self.nodes) ** 2).sum(2)
        nearest = apart.min(1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(nearest > 0, (nearest / apart) ** 2, apart == 0)
        shares = np.where(shares < FAINT, 0.0, shares)
        shares = shares / shares.sum(1, keepdims=True)
        return np.concatenate([points, shares[:, :-1]], 1)


def _flat(space: Subspace, at: NDArray[np.float64]) -> Tensor:
    """Return the point of a plane in float64."""
    moved = space.origin.double()
    for c, direction in zip(at.tolist(), space.directions, strict=True):
        moved = moved + c * direction.double()
    return torch.as_tensor(moved)
