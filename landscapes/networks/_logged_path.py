"""The weights in full along a training run, as a race of one run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from landscapes.errors import InputError
from landscapes.networks._points import load_points
from landscapes.record import Record


def load_path(path: str | os.PathLike[str]) -> Record:
    """Return the weights in full that `watch` wrote beside a record, as `Watch.path` does, also of a killed run.

    Args:
        path: that of the record, `.npz`.

    Raises:
        InputError: if a file is missing or damaged, or no loss was logged.
    """
    record = Record.load(path)
    steps, points = load_points(Path(path).with_suffix(".points"))
    return path_record(record, steps, points)


def path_record(record: Record, steps: Any, points: Any) -> Record:
    """Return points at steps as a race of one run, with the losses logged there, between gaps interpolated."""
    t = record.trajectories
    known = np.flatnonzero(np.isfinite(t.loss[0]))
    if not len(known):
        raise InputError("a path needs losses: call log(loss) of the watch once per step")
    if not len(steps):
        raise InputError("no weights were kept in full before the run ended")
    losses = np.interp(steps, t.step[known], t.loss[0, known])
    label = str(t.runs["label"][0])
    return Record.from_checkpoints({label: points}, {label: losses}, steps=steps, title=record.meta.title)
