"""Diagnose runs: `diagnose`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.diagnosis._decide import decide
from landscapes.diagnosis._from_record import logs_of
from landscapes.diagnosis._log import Array, Log
from landscapes.diagnosis._log_file import LogFile, load_logs
from landscapes.diagnosis._reading import Hessian, log_of, probe
from landscapes.diagnosis._verdict import Diagnosis
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record

LARGEST_STEP = 2.0**53
"""Floats represent all whole numbers up to here."""


@suggests_arguments
def diagnose(
    x: Record | LogFile | str | os.PathLike[str] | ArrayLike,
    *,
    step: ArrayLike | None = None,
    gradient_norm: ArrayLike | None = None,
    step_length: ArrayLike | None = None,
    lr: ArrayLike | None = None,
    clip_norm: float | None = None,
    hessian: Hessian | None = None,
    point: ArrayLike | None = None,
) -> Diagnosis:
    """Say why runs ended as they did, from their logs.

    No threshold has a unit: multiplying the losses by a number or adding one changes no verdict. Curves show few of
    the silent bugs: a wrong label or a leak in the data leaves no trace here. How often verdicts are right is measured
    by `benchmarks/diagnosis.py`.

    Args:
        x: a record, what `watch` or `load_log` returned, the path of a record or a log (a folder has several), or the
            losses of one run (T,) or of several (R, T). NaN between numbers is a gap, infinity a value; NaN until the
            end is a failure. A record needs all steps (`record_steps="all"`); its metrics "gradient_norm" and "lr" are
            used where it has them.
        step: the steps of the losses (T,), ascending; by default 0, 1, 2, …
        gradient_norm: norms of the gradients before clipping, in the shape of the losses.
        step_length: distance from each point to the next, in the shape of the losses.
        lr: learning rates, in the shape of the losses, or (T,).
        clip_norm: the norm to which gradients are clipped. In a record, `clip(…, norm=…)` sets it.
        hessian: a function from a point (d,) to the Hessian there (d, d). It separates saddles, plateaus and minima.
        point: the last point (d,) of the run, or (R, d); only for plain losses with `hessian`.

    Returns:
        The verdicts, one per run (see `landscapes.diagnosis.Verdict`).

    Raises:
        InputError: for arrays that do not fit together, text among the losses, for maps of basins, and for
            a training run whose losses were not logged.

    >>> import numpy as np
    >>> verdict = diagnose(0.9 ** np.arange(200))[0]
    >>> verdict.kind, round(verdict.figures["rate"], 3)
    ('converged', 0.9)
    >>> print(diagnose([1, 2, 4, 8, 16, 32, 64, 128, 256])[0].summary)
    the loss has left its first level for good at step 0 and grows by a factor of 2 per step
    """
    logs = read_logs(x, step, gradient_norm, step_length, lr, clip_norm, hessian, point)
    return Diagnosis(tuple(decide(log, label) for label, log in logs))


def read_logs(
    x: Record | LogFile | str | os.PathLike[str] | ArrayLike,
    step: ArrayLike | None = None,
    gradient_norm: ArrayLike | None = None,
    step_length: ArrayLike | None = None,
    lr: ArrayLike | None = None,
    clip_norm: float | None = None,
    hessian: Hessian | None = None,
    point: ArrayLike | None = None,
) -> list[tuple[str, Log]]:
    """Return the label and the log of each run, from what `diagnose` takes."""
    watched = getattr(x, "record", None)
    if isinstance(watched, Record):  # of `watch`
        x = watched
    files: list[LogFile] | None = None
    if isinstance(x, LogFile):
        files = [x]
    elif isinstance(x, str | os.PathLike):
        if os.fspath(x).lower().endswith(".npz"):
            x = Record.load(x)
        else:
            files = _logs_at(os.fspath(x))
    if isinstance(x, Record) or files is not None:
        source = "record" if files is None else "log"
        given = {"step": step, "gradient_norm": gradient_norm, "step_length": step_length, "lr": lr, "point": point}
        for name, value in given.items():
            if value is not None:
                raise InputError(f"{name} is read from the {source}; leave it out, or pass the losses instead")
    if files is not None:
        return [(_label(file, len(files)), _log_of_file(file, clip_norm)) for file in files]
    if isinstance(x, Record):
        if "label" not in x.trajectories.runs:
            raise InputError("a map of basins has only the ends of runs; diagnose a race from one of its starts")
        if _without_losses(x):
            raise InputError(
                "no loss was logged, or each was NaN while the gradients were finite: call log(loss) of the watch once "
                "per step"
            )
        return list(logs_of(x, clip_norm, hessian))
    losses = as_numbers("losses", x)
    if losses.ndim not in (1, 2):
        raise InputError(f"losses must have the shape (T,) or (R, T), got {losses.shape}")
    if (hessian is None) != (point is None):
        raise InputError("hessian and point must be given together")
    runs = np.atleast_2d(losses)
    steps = None if step is None else _whole("step", step)
    parts = {
        "gradient_norm": _like(runs, "gradient_norm", gradient_norm),
        "step_length": _like(runs, "step_length", step_length),
        "lr": _like(runs, "lr", lr),
    }
    points = None if point is None else np.atleast_2d(as_numbers("point", point))
    if points is not None and len(points) != len(runs):
        raise InputError(f"point must have one row per run, here {len(runs)}; got {len(points)}")
    found: list[tuple[str, Log]] = []
    for i, run in enumerate(runs):
        series = {name: None if part is None else part[i] for name, part in parts.items()}
        measure = None if hessian is None or points is None else probe(hessian, points[i])
        found.append(("", log_of(run, step=steps, clip_norm=clip_norm, curvature=measure, **series)))
    return found


def _logs_at(path: str) -> list[LogFile]:
    """Return the logs at a path; a text that is no path is most likely one that was meant as a number."""
    if not os.path.exists(path):
        raise InputError(f"there is no file {path!r:.200}; diagnose takes a record, a log, its path, or losses")
    return load_logs(path)


def _label(file: LogFile, count: int) -> str:
    """Return the name of one of several logs."""
    return ", ".join(part for part in (str(file.path) if count > 1 else "", file.label) if part)


def _log_of_file(file: LogFile, clip_norm: float | None) -> Log:
    series = file.series
    return log_of(
        series["loss"],
        step=series["step"].astype(np.int64),
        gradient_norm=series.get("gradient_norm"),
        step_length=series.get("step_length"),
        lr=series.get("lr"),
        clip_norm=clip_norm,
    )


def _without_losses(record: Record) -> bool:
    """Return whether a training run went on with finite gradients, but has no loss: one that is NaN is not finite."""
    norms = record.trajectories.metrics.get("gradient_norm")
    if record.meta.experiment != "training" or norms is None:
        return False
    return bool(np.isnan(record.trajectories.loss).all() and np.isfinite(norms).sum() > 1)


def as_numbers(name: str, given: Any) -> Array:
    """Return an array of floats; tensors of torch, alone or in a list, may require gradients and lie on any device.

    Raises `InputError` for anything that is no array of real numbers.
    """
    if isinstance(given, list | tuple):
        given = [_on_cpu(one) for one in given]
    given = _on_cpu(given)
    try:
        if np.iscomplexobj(given):
            raise TypeError
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # torch raises the last for tensors with gradients
        raise InputError(
            f"{name} must be real numbers in one shape, such as loss.item() of each step, got {given!r:.60}"
        ) from None


def _on_cpu(given: Any) -> Any:
    return given.detach().cpu() if hasattr(given, "detach") else given


def _whole(name: str, given: Any) -> NDArray[np.int64]:
    values = as_numbers(name, given)
    if not (np.abs(values) <= LARGEST_STEP).all() or (values != np.round(values)).any():
        raise InputError(f"{name} must be whole numbers from -2**53 to 2**53, got {given!r:.60}")
    return values.astype(np.int64)


def _like(runs: Array, name: str, given: ArrayLike | None) -> Array | None:
    if given is None:
        return None
    values = as_numbers(name, given)
    if values.shape not in (runs.shape, runs.shape[1:]):
        raise InputError(f"{name} must have the shape of the losses {runs.shape}, got {values.shape}")
    return np.broadcast_to(values, runs.shape)
