"""`curvature_map`: the ends of the spectrum of the Hessian at each point of a plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from landscapes.errors import InputError, suggests_arguments
from landscapes.networks.curvature import operator_eigenpairs
from landscapes.networks.operators import Curvature
from landscapes.networks.result import NetworkRecord

LARGEST, SMALLEST = "largest eigenvalue", "smallest eigenvalue"


@suggests_arguments
def curvature_map(
    record: NetworkRecord,
    *,
    matrix: str = "hessian",
    tol: float = 1e-3,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkRecord:
    """Return the record of a plane with the largest and the smallest eigenvalue of the Hessian at each grid point.

    The eigenvalues are those in all moving weights, not within the plane, so they say whether a region that looks
    convex is (Li et al., 2018, section 6). Each point takes about 20 Hessian-vector products over all data, so choose
    a resolution of about 21 for the plane.

    Args:
        record: what `plane` returned.
        matrix: "hessian" or "gauss-newton".
        tol: the relative residual to reach; an error of an eigenvalue is about its square.
        seed: seed of the first vector; later points begin with the eigenvectors of a neighbour.
        progress: called with (points done, all points).

    Returns:
        The record with "largest eigenvalue" and "smallest eigenvalue" in `grids`, each (resolution, resolution), NaN
        where the curvature is not finite. `record.show("largest eigenvalue")` draws one.

    Raises:
        InputError: for another record, for a ribbon, for `batchnorm="recalibrate"`, and if iterations do not converge.

    >>> import torch
    >>> from torch import nn
    >>> from landscapes import plane
    >>> net = nn.Linear(2, 1, bias=False)
    >>> made = plane(net, nn.MSELoss(), (torch.eye(2), torch.zeros(2, 1)), resolution=3)
    >>> curvature_map(made).grids["largest eigenvalue"].round(6).tolist()[0]  # of a quadratic function
    [1.0, 1.0, 1.0]
    """
    if not isinstance(record, NetworkRecord) or record.space is None or record.objective is None:
        raise InputError(f"curvature_map takes what plane() returns, with its network, got {type(record).__name__}")
    if record.surface is None:
        raise InputError("this record is a line; curvature_map takes what plane() returns")
    if "ribbon_error" in (record.meta.plane or {}):
        raise InputError("a ribbon bends, and its points are not known any more; make the plane without ribbon=True")
    loss, space = record.objective, record.space
    if loss.batchnorm == "recalibrate":
        raise InputError('curvature has fixed statistics: make the plane with batchnorm="frozen" or "batch"')
    x, y = record.surface.x, record.surface.y
    found = np.full((2, len(y), len(x)), np.nan)
    start = None
    for done, (i, j) in enumerate(_snake(len(y), len(x)), 1):
        at = space.at([float(x[j]), float(y[i])])
        operator = Curvature(loss, matrix, at)
        if np.isfinite(operator.matvec(np.ones(len(at)))).all():
            pairs = operator_eigenpairs(operator, min(2, len(at)), "both", tol, None, seed, start)
            found[:, i, j] = pairs.values[0], pairs.values[-1]
            start = pairs.vectors.sum(1)
        if progress is not None:
            progress(done, len(x) * len(y))
    return replace(record, grids={**record.grids, LARGEST: found[0], SMALLEST: found[1]})


def _snake(rows: int, columns: int) -> list[tuple[int, int]]:
    """Return the points of a grid so that each one is a neighbour of the one before.

    >>> _snake(2, 2)
    [(0, 0), (0, 1), (1, 1), (1, 0)]
    """
    return [(i, j) for i in range(rows) for j in (range(columns) if i % 2 == 0 else reversed(range(columns)))]
