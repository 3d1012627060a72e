"""Bowls: one basin, round enough that everybody arrives; what differs is the way there."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objective import least_squares


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 3.0)],
    minimum=0.0,
    start=(-8.0, 8.0),
    steps=120,
    latex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    reference="M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "least squares"),
)
def booth(x: Tensor, y: Tensor) -> Tensor:
    """A convex bowl, nine times steeper across than along: where every optimizer should do well."""
    return torch.stack([x + 2 * y - 7, 2 * x + y - 5])
