"""Small dense linear algebra for many runs, in the layout (d, d, R): one matrix per run, runs last.

All operations are element-wise over the runs, so the numbers of a run are the same in any batch. LAPACK's are not: the
last bits of its eigenvalues depend on the memory alignment of a matrix.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import norm, pairwise_sum

SWEEPS = 16
"""Largest number of sweeps; Jacobi's method converges quadratically, in six to eight sweeps for ten coordinates."""


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Return inner products over the first dimension, shape (R,) for two tensors (d, R)."""
    return pairwise_sum(a * b)


def product(matrix: Tensor, v: Tensor) -> Tensor:
    """Return matrices (n, d, R) times vectors (d, R), shape (n, R)."""
    return pairwise_sum((matrix * v).transpose(0, 1))


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return the products (m, n, R) of matrices (m, k, R) and (k, n, R).

    >>> matmul(torch.tensor([[1.0, 2.0]])[..., None], torch.tensor([[3.0], [4.0]])[..., None]).tolist()
    [[[11.0]]]
    """
    return pairwise_sum((a[:, :, None] * b[None]).transpose(0, 1))


def qr_basis(matrix: Tensor) -> Tensor:
    """Return the orthogonal factor Q (n, n, R) of the decomposition QR of matrices (n, n, R), by Householder (1958).

    Q is orthogonal also where a matrix is singular.

    >>> q = qr_basis(torch.tensor([[3.0, 1.0], [4.0, 2.0]])[..., None])
    >>> q[:, 0, 0].abs().tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    n = len(matrix)
    q = torch.eye(n, dtype=matrix.dtype, device=matrix.device)[..., None].expand_as(matrix)
    for k in range(n - 1):
        column = matrix[:, k]
        below = torch.cat([torch.zeros_like(column[:k]), column[k:]])
        size = below.abs().amax(0)
        below = below / torch.where(size > 0, size, 1.0)  # squares neither overflow nor underflow
        length = dot(below, below).sqrt()
        head = below[k] + torch.where(below[k] < 0, -length, length)
        v = torch.cat([below[:k], head[None], below[k + 1 :]])
        square = dot(v, v)
        factor = torch.where(square > 0, 2 / square, 0.0)
        matrix = matrix - v[:, None] * (factor * product(matrix.transpose(0, 1), v))[None]
        q = q - (factor * product(q, v))[:, None] * v[None]
    return q


def polar(matrix: Tensor) -> Tensor:
    """Return the matrices (m, n, R) with all singular values that are not 0 set to 1.

    The columns, or the rows if there are fewer, are rotated in pairs until they are orthogonal (Hestenes, 1958).

    >>> polar(torch.tensor([[3.0, 0.0], [0.0, 0.5]])[..., None])[..., 0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if matrix.shape[1] > matrix.shape[0]:
        return polar(matrix.transpose(0, 1)).transpose(0, 1)
    n = matrix.shape[1]
    size = matrix.abs().amax((0, 1))
    columns = list((matrix / torch.where(size > 0, size, 1.0)).unbind(1))
    v = list(torch.eye(n, dtype=matrix.dtype, device=matrix.device)[..., None].expand(n, n, matrix.shape[2]).unbind(1))
    for _ in range(2 if n == 2 else SWEEPS):
        for i, j in combinations(range(n), 2):
            a, b, coupling = (dot(columns[k], columns[m]) for k, m in ((i, i), (j, j), (i, j)))
            turns = coupling != 0
            theta = (b - a) / (2 * torch.where(turns, coupling, 1.0))
            tangent = torch.where(theta < 0, -1.0, 1.0) / (theta.abs() + (theta * theta + 1).sqrt())
            tangent = torch.where(turns, tangent, 0.0)
            c = 1 / (tangent * tangent + 1).sqrt()
            for part in (columns, v):
                part[i], part[j] = c * (part[i] - tangent * part[j]), c * (part[j] + tangent * part[i])
    lengths = torch.stack([norm(column) for column in columns])
    u = torch.stack(columns, 1) / torch.where(lengths > 0, lengths, 1.0)
    return matmul(u, torch.stack(v, 0))


def eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues (d, R), unsorted, and eigenvectors (d, d, R), one per column, of symmetric matrices (d, d, R).

    Jacobi's method (Jacobi, 1846) rotates disjoint pairs of coordinates at once, in the order of a round-robin
    tournament (Brent & Luk, 1985). A pair is skipped once its off-diagonal entry is rounding.

    >>> values, vectors = eigh(torch.tensor([[2.0, 1.0], [1.0, 2.0]])[..., None])
    >>> values[:, 0].round(decimals=6).tolist()
    [1.0, 3.0]
    """
    d = len(matrix)
    if d == 1:
        return matrix[0], torch.ones_like(matrix)
    n = d + d % 2  # an odd number of coordinates gets a zero one
    half = n // 2
    a = matrix.new_zeros((n, n, *matrix.shape[2:]))
    a[:d, :d] = matrix
    v = torch.eye(n, dtype=matrix.dtype, device=matrix.device)[..., None].expand_as(a)
    order = torch.tensor(_next_round(half), device=matrix.device)
    for _ in range(SWEEPS if half > 1 else 1):
        turned = torch.zeros((), dtype=torch.bool, device=matrix.device)
        for _ in range(n - 1):
            c, s, turns = _rotation(a, half)
            a = _rotate_rows(_rotate_rows(a, c, s).transpose(0, 1), c, s)
            for block in (a[:half, half:], a[half:, :half]):
                torch.diagonal(block, dim1=0, dim2=1).zero_()  # only rounding is left there
            v = _rotate_rows(v, c, s)
            turned = turned | turns
            if half > 1:
                a, v = a[order][:, order], v[order]
        if half > 1 and not turned:
            break
    return torch.diagonal(a, dim1=0, dim2=1).movedim(-1, 0)[:d], v.transpose(0, 1)[:d, :d]


def _next_round(half: int) -> list[int]:
    """Return the order of the next round of a round-robin tournament, in which k meets k + half; the first stays.

    >>> _next_round(3)
    [0, 3, 1, 4, 5, 2]
    """
    return [0, half, *range(1, half - 1), *range(half + 1, 2 * half), half - 1] if half > 1 else [0, 1]


def _rotation(a: Tensor, half: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return cosines and sines (n/2, 1, R) that decouple coordinates k and k + n/2, and whether any pair needs them."""
    first, second, coupling = (
        torch.diagonal(block, dim1=0, dim2=1).movedim(-1, 0)
        for block in (a[:half, :half], a[half:, half:], a[:half, half:])
    )
    eps = torch.finfo(a.dtype).eps
    turns = coupling.abs() > eps * (first.abs().sqrt() * second.abs().sqrt())
    theta = (second - first) / (2 * torch.where(turns, coupling, 1.0))
    tangent = torch.where(theta < 0, -1.0, 1.0) / (theta.abs() + (theta * theta + 1).sqrt())
    tangent = torch.where(turns, tangent, 0.0)
    c = 1 / (tangent * tangent + 1).sqrt()
    return c[:, None], (tangent * c)[:, None], turns.any()


def _rotate_rows(a: Tensor, c: Tensor, s: Tensor) -> Tensor:
    """Rotate each row of a with its partner half a matrix below."""
    first, second = a.chunk(2)
    return torch.cat([c * first - s * second, s * first + c * second])
