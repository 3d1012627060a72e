"""Make the log of a run from arrays: NaN and infinity are left out, and noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.diagnosis._log import Array, Log
from landscapes.errors import InputError

Hessian: TypeAlias = Callable[[NDArray[np.float64]], ArrayLike]
"""From a point (d,) to the Hessian there (d, d)."""

Curvature: TypeAlias = Callable[[], Array | None]
"""Returns the eigenvalues of the Hessian at the last point, ascending, or None."""


def log_of(
    loss: Array,
    *,
    step: NDArray[np.int64] | None = None,
    gradient_norm: Array | None = None,
    step_length: Array | None = None,
    lr: Array | None = None,
    travelled: float | None = None,
    clip_norm: float | None = None,
    outside: NDArray[np.bool_] | None = None,
    diverged_at: int | None = None,
    curvature: Curvature | None = None,
) -> Log:
    """Return the log of one run.

    Raises:
        InputError: if the steps do not ascend, lengths differ, or `clip_norm` is not positive.
    """
    steps = np.arange(len(loss)) if step is None else step
    if steps.shape != loss.shape or (np.diff(steps) <= 0).any():
        raise InputError(f"step must ascend and have one entry per loss, here {len(loss)}")
    if clip_norm is not None:
        clip_norm = _positive("clip_norm", clip_norm)
    good = np.isfinite(loss)
    end = _last(good)
    failed_at, first = (int(steps[end]), "the loss") if end < len(loss) else (None, "")
    if failed_at is not None and gradient_norm is not None:
        sound = _last(np.isfinite(gradient_norm))
        if sound < end:
            failed_at, first, end = int(steps[sound]), "the gradient", sound
    keep = np.flatnonzero(good[:end])
    return Log(
        loss[keep],
        steps[keep],
        gradient_norm=_filled(gradient_norm, keep),
        step_length=_filled(step_length, keep),
        lr=_filled(lr, keep),
        travelled=travelled,
        clip_norm=clip_norm,
        outside=None if outside is None else outside[keep],
        failed_at=failed_at,
        failed_first=first,
        diverged_at=diverged_at,
        gaps=int(np.isnan(loss[:end]).sum()),
        infinite=steps[:end][np.isinf(loss[:end])],
        ends_at=int(steps[-1]) if len(steps) else None,
        curvature=curvature,
    )


def _positive(name: str, given: Any) -> float:
    """Return a number > 0, or raise `InputError`."""
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if isinstance(given, str) or not number > 0:
        raise InputError(f"{name} must be a number > 0, got {given!r:.60}")
    return number


def _last(good: NDArray[np.bool_]) -> int:
    """Return the number of entries up to the last good one."""
    places = np.flatnonzero(good)
    return int(places[-1]) + 1 if len(places) else 0


def _filled(values: Array | None, keep: NDArray[np.int64]) -> Array | None:
    """Return these entries, gaps filled from the entry before; None if nothing is finite."""
    if values is None or not np.isfinite(values[keep]).any():
        return None
    kept = values[keep]
    places = np.flatnonzero(np.isfinite(kept))
    return np.asarray(kept[places[np.clip(np.searchsorted(places, np.arange(len(kept)), "right") - 1, 0, None)]])


def probe(hessian: Hessian, point: Array) -> Curvature:
    """Return a function that measures the eigenvalues of the Hessian at a point.

    Raises `InputError` if the Hessian is no function; so does the function if it returns no real matrix (d, d).
    """
    if not callable(hessian):
        raise InputError(f"hessian must be a function from a point (d,) to a matrix (d, d), got {hessian!r:.60}")

    def measure() -> Array | None:
        found = hessian(point)
        try:
            if np.iscomplexobj(found):
                raise TypeError
            matrix = np.asarray(found, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"hessian must return real numbers, got {found!r:.60}") from None
        if matrix.shape != (len(point), len(point)):
            raise InputError(f"hessian must return the shape {(len(point),) * 2}, got {matrix.shape}")
        return np.asarray(np.linalg.eigvalsh(matrix)) if np.isfinite(matrix).all() else None

    return measure
