"""Measure the curvature of a function of the catalogue at a point of a record."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import get
from landscapes.objectives.derivatives import hessian

AGREES = 1e-6
"""The record's function is that of the catalogue if losses agree within this share."""


@in_usual_modes
def eigenvalues_at(name: str, point: NDArray[np.float64], loss: float) -> NDArray[np.float64] | None:
    """Return the eigenvalues of the Hessian, ascending, or None.

    They are None if the catalogue has no such function, if it has another value at the point than the record (a
    function of the user may have the name), or if the Hessian is not finite.

    Args:
        name: name of the function.
        point: the point (d,).
        loss: the recorded loss there.

    >>> eigenvalues_at("booth", np.array([1.0, 3.0]), 0.0)
    array([ 2., 18.])
    """
    try:
        function = get(name)
        function = function if function.dim == len(point) else get(name, dim=len(point))
    except InputError:
        return None
    x = torch.tensor(point, dtype=torch.float64)[None]
    value = float(function(x[0]))
    if not abs(value - loss) <= AGREES * max(abs(value), abs(loss), AGREES):
        return None
    matrix = hessian(function, x)[0].numpy()
    return np.asarray(np.linalg.eigvalsh(matrix)) if np.isfinite(matrix).all() else None
