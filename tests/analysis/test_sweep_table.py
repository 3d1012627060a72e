"""The table of a sweep: success rates and medians over all runs, each optimizer at its best, one word per status."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from landscapes import InputError, race, render, sweep
from landscapes.analysis.sweep_table import best_settings, status_counts


def test_settings_are_ranked_by_the_median_over_all_starts():
    record = sweep("booth", ["adam", "sgd"], lr=[1e-3, 1e-2, 0.1, 1.0], starts=5, steps=60)
    table = best_settings(record, most=3)
    assert table.header == ["optimizer", "lr", "success rate", "median steps to target", "median final loss"]
    assert {row[0] for row in table.rows} == {"Adam", "SGD"}
    reached = np.ma.getmaskarray(record.grid("reached"))
    for label, lr, rate, steps, loss in table.rows:
        at = ["Adam", "SGD"].index(label), [1e-3, 1e-2, 0.1, 1.0].index(float(lr))
        found = ~reached[at]
        assert rate.value == found.mean()
        assert float(loss) == pytest.approx(np.median(record.grid("final")[at]), rel=0.01)
        assert (steps.text[0] in ">–") == (found.mean() <= 0.5)
    losses = [float(row[-1]) for row in table.rows]
    assert losses == sorted(losses)
    assert render.table(record, "markdown").startswith("| optimizer | lr | success rate |")


def test_single_runs_have_the_status_of_the_race_table():
    record = sweep("booth", "sgd", lr=[1e-5, 0.05, 10.0], steps=60)
    assert [row[-1] for row in best_settings(record).rows] == ["converged", "out of steps", "diverged"]
    assert status_counts(record) == "1 converged, 1 diverged, 1 out of steps"
    with pytest.raises(InputError, match="settings are in the record of sweep"):
        best_settings(race("booth", ["sgd"], steps=2))


def test_a_sweep_that_was_interrupted_at_once_has_a_table():
    """No run was done, so all losses are NaN; numpy warned of them."""
    done = sweep("booth", "sgd", lr=[0.01, 0.05], steps=3)
    t = done.trajectories
    runs = {**t.runs, "status": np.array(["not run"] * 2), "final": np.full(2, np.nan)}
    record = replace(done, trajectories=replace(t, loss=np.full_like(t.loss, np.nan), runs=runs))
    assert [row[-1] for row in best_settings(record).rows] == ["not run"] * 2
    assert status_counts(record) == "2 not run"
