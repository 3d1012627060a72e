"""Compare settings of optimizers by one criterion: `race`, `tune` and `compare` tune by the effort defined here.

The effort of a run is the step from which its loss stays at or below the target until the end, as a share of all steps.
It is 1 plus a term that grows with the remaining gap if the run does not reach the target, and 3 if it fails. The
effort of a setting is the mean over the given start and others close by, so that a setting must hold for all of them.
Among settings of equal effort, the one with the lowest mean final loss is best.

A setting must also hold beyond the last step: the runs of those that rank first are followed for more steps (see
`landscapes.experiments.following`). A run that leaves the target there has not reached it, one that fails there has
failed, and the remaining gap is the larger one of both ends. If the run from the given start leaves the target, the
setting ranks behind all that end below the start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.analysis.tuning import FAILED_EFFORT
from landscapes.engine.batch import BatchResult
from landscapes.experiments.halving import Conditions
from landscapes.experiments.outcomes import FAILED_REASONS, roaming_box
from landscapes.experiments.starts import NEAR, sobol
from landscapes.objectives.decorators import Function
from landscapes.record import rounding_slack

STARTS = 4
"""From how many starts a setting is run by default: the given one, and others close by."""


def conditions(
    function: Function,
    start: Sequence[float],
    target: float | None,
    starts: int = STARTS,
    seeds: int = 1,
    seed: int = 0,
) -> Conditions:
    """Return the conditions: the start and others within `NEAR` sides of the view, each as often as there are seeds."""
    view = torch.tensor(function.view, dtype=torch.float64)
    shifts = sobol(function.dim, starts, seed) * 2 - 1
    shifts[0] = 0.0
    points = torch.tensor(list(start), dtype=torch.float64) + NEAR * shifts * (view[:, 1] - view[:, 0])
    return Conditions(
        function,
        starts=points.repeat_interleave(seeds, 0),
        streams=torch.arange(starts * seeds),
        box=roaming_box(function, points.numpy()),
        target=target,
        seed=seed,
        sample_streams=torch.arange(seeds).repeat(starts),
    )


def effort(
    paths: BatchResult, function: Function, target: float | None, first: float, steps: int
) -> NDArray[np.float64]:
    """Return the effort of each run, shape (R,); above 1 it grows with the decades of the remaining gap, of 8.

    Args:
        paths: the runs, recorded at their last step.
        function: their function. Where it is lower outside its domain, runs that end below its minimum have failed:
            they left the domain.
        target: the loss to reach. Without one, all runs that do not fail have the effort 1.
        first: the loss at the start.
        steps: the number of steps.
    """
    failed = np.isin(paths.reason, FAILED_REASONS)
    if function.outside != "higher" and np.isfinite(function.minimum):
        slack = rounding_slack(np.array(first), function.minimum, "float64")
        failed = failed | (paths.loss[:, -1] < function.minimum - slack)
    short = np.ones(len(failed))
    if target is not None:
        gap = np.maximum(paths.loss[:, -1] - target, 0.0) / max(first - target, 1e-300)
        short = 1 + np.clip((np.log10(np.maximum(gap, 1e-300)) + 8) / 8, 0.0, 1.9)
    efforts = [np.full(len(failed), FAILED_EFFORT), paths.reached / max(steps, 1)]
    return np.select([failed, paths.reached >= 0], efforts, short)


def setting_efforts(
    paths: BatchResult,
    function: Function,
    target: float | None,
    first: float,
    steps: int,
    settings: int,
    beyond: BatchResult | None = None,
) -> NDArray[np.float64]:
    """Return the effort of each setting, shape (settings,): the mean over its starts.

    A setting fails if its run from the given start, the first one, fails or ends above that start. If this run leaves
    the target that it had reached, the effort is 2 to 3, behind all settings that end below the start. Other starts
    cannot outweigh the given one, because it is shown. `beyond` are the same runs with more steps, if they were
    followed.
    """
    runs, final = effort(paths, function, target, first, steps), paths.loss[:, -1]
    left = np.zeros(len(final), bool)
    if beyond is not None:
        later = effort(beyond, function, target, first, steps)
        later = np.where((beyond.reached > steps) & (later < FAILED_EFFORT), 1.0, later)
        same = is_continued(paths, beyond)
        runs = np.where(same, np.maximum(runs, later), runs)
        final = np.where(same, np.fmax(final, beyond.loss[:, -1]), final)
        left = leaves(paths, beyond, steps)
    runs, given_left = runs.reshape(settings, -1), left.reshape(settings, -1)[:, 0]
    mean = np.where(given_left, np.maximum(runs.mean(1), 2 + (runs[:, 0] - 1) / 2), runs.mean(1))
    lost = (runs[:, 0] >= FAILED_EFFORT) | ~(final.reshape(settings, -1)[:, 0] <= first)
    return np.where(lost, FAILED_EFFORT, mean)


def is_continued(paths: BatchResult, beyond: BatchResult) -> NDArray[np.bool_]:
    """Return which runs go on as those `beyond`, shape (R,), which recorded the last step of `paths` as well.

    Runs that depend on the number of steps do not: simulated annealing, for instance, cools down within it.
    """
    return np.asarray(beyond.loss[:, 1] == paths.loss[:, -1])


def leaves(paths: BatchResult, beyond: BatchResult, steps: int) -> NDArray[np.bool_]:
    """Return which runs fail after the steps, or leave the target that they had reached, shape (R,)."""
    left = (paths.reached >= 0) & ((beyond.reached < 0) | (beyond.reached > steps))
    failed = np.isin(beyond.reason, FAILED_REASONS) & ~np.isin(paths.reason, FAILED_REASONS)
    return np.asarray(is_continued(paths, beyond) & (left | failed))


def by_setting(values: NDArray[np.float64], settings: int) -> NDArray[np.float64]:
    """Return the mean over the starts of each setting, shape (settings,), of values per run."""
    rows = values.reshape(settings, -1)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rows.mean(1)
    return np.asarray(np.where(np.isinf(mean), (rows / rows.shape[1]).sum(1), mean))  # sums of huge values overflow


def final_losses(paths: BatchResult, settings: int) -> NDArray[np.float64]:
    """Return the mean final loss of each setting, shape (settings,); infinite if it is not a number."""
    final = by_setting(paths.loss[:, -1], settings)
    return np.where(np.isnan(final), np.inf, final)
