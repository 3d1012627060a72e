"""Grids that survive: the values of a plane in a directory, one file per block of points, shared by processes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.execution.locks import Locks
from landscapes.files import replacing
from landscapes.networks.evaluation import Evaluator

BLOCK = 128
"""Points per block."""

Points = NDArray[np.float64]


def resumed(
    evaluator: Evaluator,
    points: Points,
    folder: str | os.PathLike[str],
    *,
    together: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Points:
    """Return what `Evaluator.many` does, with finished blocks of points kept in a directory.

    A killed grid is resumed. Processes that share the directory, on one machine or several, share the work: each block
    is claimed by a lock that ends with its process.

    Args:
        evaluator: evaluates the points.
        points: the points, shape (n, k).
        folder: the directory; it is made if it does not exist.
        together: as in `Evaluator.many`.
        progress: called with (points done, all points).

    Raises:
        InputError: for a directory with another grid: other weights, directions, points, or another loss.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"resume_dir {str(place)!r} cannot be made: {error.strerror or error}") from None
    _check_manifest(place, _identity(evaluator, points))
    count = -(-len(points) // BLOCK)
    found: dict[int, Points] = {}
    locks = Locks(place / ".claims")
    try:
        for wait in (False, True):  # blocks that another process has claimed are waited for at the end
            for number in range(count):
                if number in found:
                    continue
                if (known := _read(place, number)) is None and locks.acquire(number, wait=wait):
                    try:
                        known = _read(place, number)
                        if known is None:
                            part = points[number * BLOCK : (number + 1) * BLOCK]
                            known = evaluator.many(part, together=together)
                            _write(place, number, known)
                    finally:
                        locks.release(number)
                if known is not None:
                    found[number] = known
                    if progress is not None:
                        progress(min(len(found) * BLOCK, len(points)), len(points))
    finally:
        locks.close()
    return np.concatenate([found[number] for number in range(count)])


def _identity(evaluator: Evaluator, points: Points) -> str:
    """Return what identifies a grid: weights, directions, points, and the loss of the model to six digits."""
    made = hashlib.blake2b(digest_size=16)
    space = evaluator.space
    for vector in (space.origin, *space.directions):
        made.update(np.ascontiguousarray(vector.detach().cpu().double().numpy()).tobytes())
    made.update(points.tobytes())
    loss = evaluator.loss
    words = [f"{value:.6g}" for value in loss.values]
    made.update(json.dumps([*words, *loss.metrics, loss.batchnorm, loss.batches.total]).encode())
    return made.hexdigest()


def _check_manifest(place: Path, identity: str) -> None:
    manifest = place / "plane.json"
    try:
        known = json.loads(manifest.read_text(encoding="utf-8")).get("identity")
    except FileNotFoundError:
        if any(place.glob("block-*.npy")):
            raise InputError(f"resume_dir {str(place)!r} has blocks without a plane.json; choose another") from None
        with replacing(manifest) as temporary:
            temporary.write_text(json.dumps({"identity": identity}), encoding="utf-8")
        return
    except (ValueError, AttributeError, OSError) as error:
        raise InputError(f"resume_dir {str(place)!r}: its plane.json cannot be read: {error}") from None
    if known != identity:
        raise InputError(
            f"resume_dir {str(place)!r} has another grid: other weights, directions, points, data or metrics; choose "
            "another directory, or remove it"
        )


def _read(place: Path, number: int) -> Points | None:
    try:
        return np.asarray(np.load(place / f"block-{number:06d}.npy", allow_pickle=False), dtype=np.float64)
    except (FileNotFoundError, ValueError, EOFError):  # a damaged block is evaluated again
        return None


def _write(place: Path, number: int, values: Points) -> None:
    with replacing(place / f"block-{number:06d}.npy", clean=False) as temporary, temporary.open("wb") as file:
        np.save(file, values, allow_pickle=False)
