"""Read the logs of the runs of a record, and measure the curvature of its function."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from landscapes.diagnosis._log import Array, Log
from landscapes.diagnosis._reading import Curvature, Hessian, log_of, probe
from landscapes.record import Record, labels_of

CLIP = re.compile(r"clip\(.*norm=([\d.e+-]+)\)$")
"""The text of an optimizer that clips gradients by their norm."""

SAME_NORM = 1e-3
"""Norms of clipped gradients differ by a smaller share; `clip_grad_norm_` adds 1e-6 to the norm that it divides by."""


def logs_of(record: Record, clip_norm: float | None, hessian: Hessian | None) -> Iterator[tuple[str, Log]]:
    """Yield the label and the log of each run. The function of the catalogue gives the curvature where it fits."""
    t = record.trajectories
    domain = np.asarray(record.meta.domain, dtype=float)
    within = domain.shape == (t.x.shape[2], 2)
    nothing = np.full(len(t), "")
    statuses, texts = t.runs.get("status", nothing), t.runs.get("optimizer", nothing)
    stopped = t.runs.get("stopped", [np.ma.masked] * len(t))
    for i, label in enumerate(labels_of(record)):
        rejected = None if stopped[i] is np.ma.masked else int(stopped[i])
        end = len(t.step) if rejected is None else int(np.searchsorted(t.step, rejected))
        x, loss, step = t.x[i, :end], t.loss[i, :end], t.step[:end]
        measured = _metric(record, "step_length", i, end, end)  # of a training run
        gaps = np.linalg.norm(np.diff(x, axis=0), axis=1) / np.diff(step)
        lengths = np.append(gaps, gaps[-1:] if len(gaps) else np.nan) if measured is None else measured
        if rejected is not None and statuses[i] == "non-finite":  # the rejected point, which the record lacks
            loss, step, lengths = np.append(loss, np.nan), np.append(step, rejected), np.append(lengths, np.nan)
        lr = _metric(record, "lr", i, end, len(loss))
        if lr is None and "lr" in t.runs:
            lr = np.full(len(loss), float(t.runs["lr"][i]))
        written = CLIP.match(str(texts[i]))
        clipped = float(written[1]) if written else _clipped_to(record, i)
        yield (
            label,
            log_of(
                loss,
                step=step,
                gradient_norm=_metric(record, "gradient_norm", i, end, len(loss)),
                step_length=lengths,
                lr=lr,
                travelled=_travelled(record, i, step[:end]),
                clip_norm=clipped if clip_norm is None else clip_norm,
                outside=np.any((x < domain[:, 0]) | (x > domain[:, 1]), axis=1) if within else None,
                diverged_at=rejected if statuses[i] == "diverged" else None,
                curvature=_curvature(record, hessian, x[-1], float(t.loss[i, end - 1])),
            ),
        )


def _metric(record: Record, name: str, run: int, end: int, length: int) -> Array | None:
    """Return a metric up to where the run was stopped, followed by NaN up to a length; None if there is none."""
    values = record.trajectories.metrics.get(name)
    if values is None or values.ndim != 2:
        return None
    found = np.full(length, np.nan)
    found[:end] = values[run, :end]
    return found


def _travelled(record: Record, run: int, step: NDArray[np.int64]) -> float | None:
    """Return the length of the trajectory of a training run in the norm of its weights; None if not measured."""
    metrics = record.trajectories.metrics
    if not {"step_length", "parameter_norm"} <= metrics.keys() or len(step) < 2:
        return None
    lengths, norms = metrics["step_length"][run], metrics["parameter_norm"][run]
    measured = lengths[np.isfinite(lengths)]
    norm = float(np.nanmax(norms)) if np.isfinite(norms).any() else 0.0
    if not len(measured) or not norm > 0:
        return None
    return float(measured.mean() * (step[-1] - step[0]) / norm)


def _clipped_to(record: Record, run: int) -> float | None:
    """Return the norm to which the gradients of a training run were clipped, None if they were not, or to several."""
    metrics = record.trajectories.metrics
    if not {"gradient_norm", "clipped_gradient_norm"} <= metrics.keys():
        return None
    raw, clipped = metrics["gradient_norm"][run], metrics["clipped_gradient_norm"][run]
    found = clipped[np.isfinite(raw) & (clipped > 0) & (raw > (1 + SAME_NORM) * clipped)]
    return float(np.median(found)) if len(found) and np.ptp(found) <= SAME_NORM * found.max() else None


def _curvature(record: Record, hessian: Hessian | None, point: Array, loss: float) -> Curvature:
    """Return a function that measures the eigenvalues at a point. It loads torch only when a rule asks."""
    if hessian is not None:
        return probe(hessian, point)

    def measure() -> Array | None:
        try:
            from landscapes.experiments.curvature import eigenvalues_at
        except ImportError:  # a saved record is diagnosed without torch, from its curves alone
            return None
        return eigenvalues_at(record.meta.function, point, loss)

    return measure
