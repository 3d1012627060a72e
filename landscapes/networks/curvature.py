"""Curvature of a network's loss: eigenvalues with residuals, trace, and spectral density."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor, nn

from landscapes.errors import InputError, unknown
from landscapes.networks.losses import Loss, NetworkLoss
from landscapes.networks.operators import Curvature, gradient
from landscapes.networks.preparation import checked_options, network_loss

__all__ = ["Density", "Eigenpairs", "Estimate", "eigenpairs", "eigenvalues", "gradient", "spectral_density", "trace"]

DENSE = 96
"""Matrices of at most this many rows are computed in full."""

ENDS = {"top": "LA", "bottom": "SA", "both": "BE"}


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """Some eigenvalues of a curvature matrix.

    Attributes:
        values: the eigenvalues, descending, shape (k,).
        vectors: the unit eigenvectors as columns, shape (d, k), in the order of the weights.
        residuals: ‖Hv − λv‖ / |λ| of each; an eigenvalue is off by at most |λ| times that.
        products: the number of matrix-vector products that it took.
    """

    values: NDArray[np.float64]
    vectors: NDArray[np.float64] = field(repr=False)
    residuals: NDArray[np.float64]
    products: int


@dataclass(frozen=True)
class Estimate:
    """A stochastic estimate and its standard error."""

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class Density:
    """The spectral density of a matrix (d, d): the share of eigenvalues per unit.

    Attributes:
        x: eigenvalues, ascending, shape (n,).
        density: shape (n,); its integral is 1.
        nodes: the Ritz values of all random vectors, shape (m·steps,).
        shares: the share of the spectrum of each, summing to 1.
        width: the standard deviation of the Gaussian that each was smoothed with.
        largest, smallest: the extreme Ritz values.
    """

    x: NDArray[np.float64]
    density: NDArray[np.float64]
    nodes: NDArray[np.float64]
    shares: NDArray[np.float64]
    width: float

    @property
    def largest(self) -> float:
        """The largest Ritz value."""
        return float(self.nodes.max())

    @property
    def smallest(self) -> float:
        """The smallest Ritz value."""
        return float(self.nodes.min())


def eigenvalues(
    model: nn.Module,
    loss: Loss,
    data: Any,
    k: int = 2,
    *,
    which: str = "top",
    matrix: str = "hessian",
    tol: float = 1e-5,
    max_products: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Eigenpairs:
    """Return eigenvalues of the Hessian of a network's loss, with eigenvectors and residuals.

    Matrix-vector products are exact and averaged over all data; the eigenvalues come from implicitly restarted Lanczos
    iterations (`scipy.sparse.linalg.eigsh`), so that the ends are the true ends, not those of largest size.

    Args:
        model, loss, data: as in `landscapes.plane`.
        k: the number of eigenvalues; for "both", half of them from each end.
        which: "top", "bottom" or "both".
        matrix: "hessian" or "gauss-newton".
        tol: the relative residual to reach. An error of an eigenvalue is about its square.
        max_products: the largest number of products; by default 20·k + 400.
        seed: seed of the first vector.
        options: layers, freeze, batchnorm and dtype, as in `landscapes.plane`.

    Raises:
        InputError: for invalid input, and if the iterations do not converge.

    >>> import torch
    >>> net = nn.Linear(3, 1, bias=False)
    >>> x = torch.diag(torch.tensor([3.0, 2.0, 1.0]))
    >>> eigenvalues(net, nn.MSELoss(), (x, torch.zeros(3, 1))).values.round(4).tolist()  # of 2/3 xᵀx
    [6.0, 2.6667]
    """
    return operator_eigenpairs(_operator(model, loss, data, matrix, options), k, which, tol, max_products, seed)


def eigenpairs(
    loss: NetworkLoss,
    k: int = 2,
    *,
    which: str = "top",
    matrix: str = "hessian",
    tol: float = 1e-5,
    max_products: int | None = None,
    seed: int = 0,
    at: Tensor | None = None,
) -> Eigenpairs:
    """Return eigenvalues of a curvature matrix at weights (d,); see `eigenvalues`."""
    operator = Curvature(loss, matrix, at)
    return operator_eigenpairs(operator, k, which, tol, max_products, seed)


def operator_eigenpairs(
    operator: Any,
    k: int,
    which: str,
    tol: float,
    max_products: int | None,
    seed: int,
    start: NDArray[np.float64] | None = None,
) -> Eigenpairs:
    """Return eigenvalues of a symmetric operator; iterations begin with `start`, shape (d,), or a random vector."""
    d = operator.shape[0]
    if which not in ENDS:
        raise unknown("end of the spectrum", str(which), ENDS)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= d:
        raise InputError(f"k must be an integer from 1 to {d}, the number of moving weights, got {k!r}")
    if isinstance(tol, bool) or not isinstance(tol, int | float) or not 0 <= tol < 1:
        raise InputError(f"tol must be a relative residual >= 0 and < 1, got {tol!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be an integer >= 0, got {seed!r}")
    counted = [0]

    def product(v: NDArray[np.float64]) -> NDArray[np.float64]:
        counted[0] += 1
        found = np.asarray(operator.matvec(v)).reshape(-1)
        if not np.isfinite(found).all():
            raise InputError("the curvature has entries that are not finite at these weights")
        return found

    if d <= max(DENSE, 2 * k + 2):
        full = np.stack([product(row) for row in np.eye(d)])
        values, vectors = np.linalg.eigh((full + full.T) / 2)
        low = {"top": 0, "bottom": k, "both": k // 2}[which]
        kept = [*range(low), *range(d - (k - low), d)]
        values, vectors = values[kept], vectors[:, kept]
    else:
        start = np.random.default_rng(seed).standard_normal(d) if start is None else start
        limit = max_products or 20 * k + 400
        try:
            values, vectors = eigsh(
                LinearOperator((d, d), matvec=product, dtype=np.float64),
                k=k,
                which=ENDS[which],
                tol=tol,
                v0=start,
                maxiter=max(limit // max(k, 8), 1),
                ncv=min(d, max(2 * k + 1, 20)),
            )
        except ArpackNoConvergence as error:
            raise InputError(
                f"{len(error.eigenvalues)} of {k} eigenvalues converged within {counted[0]} products; raise "
                f"max_products or tol, now {tol:g}"
            ) from None
    order = np.argsort(values)[::-1]
    values, vectors = values[order], vectors[:, order]
    signs = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(len(values))])
    vectors = vectors * np.where(signs == 0, 1.0, signs)
    apart = [np.linalg.norm(product(v) - value * v) for value, v in zip(values, vectors.T, strict=True)]
    residuals = np.array(apart) / np.maximum(np.abs(values), 1e-300)
    return Eigenpairs(np.asarray(values), vectors, residuals, counted[0])


def trace(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    samples: int = 64,
    matrix: str = "hessian",
    seed: int = 0,
    **options: Any,
) -> Estimate:
    """Return the trace of the Hessian of a network's loss, by Hutchinson's estimator with random signs.

    Args:
        model, loss, data, matrix, options: as in `eigenvalues`.
        samples: the number of random vectors, at least 2.
        seed: seed of the random vectors.

    Returns:
        The mean of vᵀHv and its standard error; exact, with error 0, for at most 96 weights.

    >>> import torch
    >>> net = nn.Linear(2, 1, bias=False)
    >>> trace(net, nn.MSELoss(), (torch.eye(2), torch.zeros(2, 1)))
    Estimate(value=2.0, error=0.0)
    """
    operator = _operator(model, loss, data, matrix, options)
    d = operator.shape[0]
    _check_count("samples", samples, 2)
    if d <= DENSE:
        return Estimate(float(np.trace(operator.dense())), 0.0)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(samples):
        v = random.choice([-1.0, 1.0], d)
        found.append(float(v @ operator.matvec(v)))
    return Estimate(float(np.mean(found)), float(np.std(found, ddof=1) / math.sqrt(samples)))


def spectral_density(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    samples: int = 4,
    lanczos_steps: int = 64,
    points: int = 1024,
    width: float | None = None,
    matrix: str = "hessian",
    seed: int = 0,
    **options: Any,
) -> Density:
    """Return the density of the eigenvalues of the Hessian, by stochastic Lanczos quadrature (Ghorbani et al., 2019).

    Args:
        model, loss, data, matrix, options: as in `eigenvalues`.
        samples: the number of random vectors.
        lanczos_steps: the number of products per vector.
        points: the number of values of x.
        width: standard deviation of the Gaussians; by default 1 % of the spectrum.
        seed: seed of the random vectors.

    >>> import torch
    >>> net = nn.Linear(4, 1, bias=False)
    >>> found = spectral_density(net, nn.MSELoss(), (torch.eye(4), torch.zeros(4, 1)), samples=1)
    >>> round(found.largest, 3), round(float(found.shares.sum()), 6)
    (0.5, 1.0)
    """
    operator = _operator(model, loss, data, matrix, options)
    d = operator.shape[0]
    _check_count("samples", samples, 1)
    _check_count("lanczos_steps", lanczos_steps, 2)
    _check_count("points", points, 2)
    random = np.random.default_rng(seed)
    nodes, shares = [], []
    for _ in range(samples):
        diagonal, beside = lanczos(operator, random.standard_normal(d), min(lanczos_steps, d))
        matrix_t = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        ritz, vectors = np.linalg.eigh(matrix_t)
        nodes.append(ritz)
        shares.append(vectors[0] ** 2 / samples)
    at, weight = np.concatenate(nodes), np.concatenate(shares)
    reach = float(np.ptp(at)) or max(abs(float(at[0])), 1.0)
    sigma = 0.01 * reach if width is None else float(width)
    if not 0 < sigma < math.inf:
        raise InputError(f"width must be a finite number > 0, got {width!r}")
    x = np.linspace(at.min() - 5 * sigma, at.max() + 5 * sigma, points)
    bumps = np.exp(-0.5 * ((x[:, None] - at) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return Density(x, bumps @ weight, at, weight, sigma)


def lanczos(operator: Any, start: NDArray[np.float64], steps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the diagonal and the off-diagonal of the tridiagonal matrix, with full reorthogonalization."""
    basis = [start / np.linalg.norm(start)]
    diagonal: list[float] = []
    beside: list[float] = []
    for k in range(steps):
        image = np.asarray(operator.matvec(basis[k])).reshape(-1)
        diagonal.append(float(basis[k] @ image))
        if k + 1 == steps:
            break
        for _ in range(2):
            image = image - np.stack(basis).T @ (np.stack(basis) @ image)
        length = float(np.linalg.norm(image))
        if length <= 1e-10 * max(map(abs, diagonal)):  # an invariant subspace
            break
        beside.append(length)
        basis.append(image / length)
    return np.array(diagonal), np.array(beside)


def _operator(model: nn.Module, loss: Loss, data: Any, matrix: str, options: Mapping[str, Any]) -> Curvature:
    """Return a curvature matrix of a network; see `eigenvalues` for the arguments."""
    return Curvature(network_loss(model, loss, data, **checked_options(options)), matrix)


def _check_count(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} must be an integer >= {least}, got {value!r}")
