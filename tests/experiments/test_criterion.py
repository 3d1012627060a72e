"""The criterion by which settings are tuned: which runs fail, and what the given start decides."""

from __future__ import annotations

import numpy as np
import pytest

from landscapes import functions, race
from landscapes.analysis.tuning import FAILED_EFFORT
from landscapes.engine.batch import BatchResult
from landscapes.experiments import criterion


def ends(final: list[float], reached: list[int]) -> BatchResult:
    runs = len(final)
    loss = np.stack([np.full(runs, 10.0), np.array(final)], 1)
    empty = {name: np.zeros(runs, np.int64) for name in ("n_values", "n_gradients", "n_hvps", "n_hessians")}
    return BatchResult(
        x=np.zeros((runs, 2, 2)),
        loss=loss,
        step=np.array([0, 100]),
        lowest=loss.min(1),
        reached=np.array(reached),
        first_reached=np.array(reached),
        stopped=np.full(runs, -1),
        reason=np.full(runs, ""),
        evaluations=empty,
        metrics={},
    )


def test_other_starts_never_outweigh_the_given_one():
    """Two settings, three starts each: the first setting ends above its given start, but arrives from another."""
    paths = ends([84.0, 0.0, 0.0, 5.0, 5.0, 5.0], [-1, 10, 10, -1, -1, -1])
    found = criterion.setting_efforts(paths, functions.get("booth"), 0.001, 10.0, 100, 2)
    assert found[0] == FAILED_EFFORT
    assert 1 < found[1] < FAILED_EFFORT


def test_runs_that_leave_a_domain_for_lower_losses_fail():
    forrester = functions.get("forrester")
    assert forrester.outside == "unbounded"
    paths = ends([-386.0, forrester.minimum], [13, 13])
    found = criterion.effort(paths, forrester, -6.02, 10.0, 100)
    assert found.tolist() == [FAILED_EFFORT, 0.13]
    assert criterion.effort(paths, functions.get("booth"), -6.02, 10.0, 100).tolist() == [0.13, 0.13]


@pytest.mark.parametrize("name", ["saddle", "monkey_saddle"])
def test_unbounded_functions_get_calm_rates(name):
    best, calm = race(name, ["sgd", "adam"]), race(name, ["sgd", "adam"], calm=True)
    assert best.trajectories.runs["lr"].tolist() == calm.trajectories.runs["lr"].tolist()
    assert set(best.trajectories.runs["lr_source"]) == {"tuned, calm"}
