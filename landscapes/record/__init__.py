"""Records of experiments: `Record`, its parts, and helpers that read columns with missing entries. Numpy only."""

from landscapes.record._arrays import FAILED, MASKED, Surface, Trajectories
from landscapes.record._record import (
    FORMAT,
    Record,
    by_start,
    check_target,
    filled,
    labels_of,
    optimizer_labels,
    rounding_slack,
    status_step,
    status_words,
    step_or_none,
    steps_or_inf,
)

__all__ = [
    "FAILED",
    "FORMAT",
    "MASKED",
    "Record",
    "Surface",
    "Trajectories",
    "by_start",
    "check_target",
    "filled",
    "labels_of",
    "optimizer_labels",
    "rounding_slack",
    "status_step",
    "status_words",
    "step_or_none",
    "steps_or_inf",
]
