"""Parts of grids: one entry of an axis, and each optimizer at the learning rate that is best on other starts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from landscapes import InputError, Record, Trajectories, compare, race, render
from landscapes.analysis.costs import costs
from landscapes.analysis.selection import at_best_lr, only
from landscapes.record import filled

RATES = [0.01, 0.1, 1.0]


def comparison(to: list[list[list[int]]], *, tolerances: tuple[float, ...] = (1e-3,), job: str = "compare") -> Record:
    """Build a comparison of one optimizer on one function; `to` has shape (learning rates, starts, targets)."""
    steps = np.array(to)  # (rate, start, target)
    rates, starts, _ = steps.shape
    flat = steps.reshape(rates * starts, -1)
    runs = {
        "lr": np.repeat(RATES[:rates], starts),
        "steps_to": flat,
        "evaluations_to": flat,
        "final": np.arange(len(flat)),
        "status": np.full(len(flat), "max_steps"),
        "label": np.full(len(flat), "A"),
        "reached": flat[:, -1],
    }
    axes = {"function": ["f"], "optimizer": ["A"], "lr": RATES[:rates], "start": list(range(starts)), "seed": [0]}
    meta = {"experiment": job, "complete": True, "steps": 100, "axes": axes}
    if job == "compare":
        meta |= {"tolerances": list(tolerances), "functions": {"f": {"dim": 2}}}
    count = len(flat)
    return Record(Trajectories(np.zeros((count, 2, 2)), np.zeros((count, 2)), np.array([0, 100]), runs), None, meta)


def of(*rows: list[int]) -> list[list[list[int]]]:
    """Steps to one target: a row a rate, a number a start."""
    return [[[number] for number in row] for row in rows]


def test_each_start_has_the_learning_rate_that_is_best_on_the_others():
    """The even starts alone would choose the second rate, the odd ones the first: each gets the other's choice."""
    record = comparison(of([50, 10, 50, 10], [20, 90, 20, 90], [60, 60, 60, 60]))
    found = at_best_lr(record)
    assert found.grid("lr").ravel().tolist() == [0.01, 0.1, 0.01, 0.1]
    assert filled(found.grid("steps_to")).ravel().tolist() == [50, 90, 50, 90]
    assert found.grid("final").ravel().tolist() == [0, 5, 2, 7], "all columns are of the same runs"
    assert list(found.axes) == ["function", "optimizer", "start", "seed"]
    assert found.meta["chosen_for"] == 1e-3
    assert list(record.axes) == ["function", "optimizer", "lr", "start", "seed"], "nothing is changed in place"


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        ([10, 10, -1, -1], [60, 60, 60, 60], 0.1),  # (10 + 100) / 1 against 60
        ([10, 10, -1, -1], [70, 70, 99, 99], 0.1),  # 110 against 84.5
        ([1, 1, -1, -1], [-1, -1, -1, -1], 0.01),
        ([-1] * 4, [99, 99, -1, -1], 0.1),
        ([30] * 4, [30] * 4, 0.01),  # a tie: the first
        ([-1] * 4, [-1] * 4, 0.01),
    ],
)
def test_the_best_learning_rate_has_the_least_expected_running_time(first, second, best):
    """Where failures cost all steps; even and odd starts are alike here."""
    assert set(at_best_lr(comparison(of(first, second))).grid("lr").ravel()) == {best}


def test_a_larger_tolerance_decides_if_no_learning_rate_reaches_the_smaller():
    to = [[[40, -1]] * 4, [[20, -1]] * 4, [[30, -1]] * 4]
    record = comparison(to, tolerances=(0.1, 1e-3))
    assert set(at_best_lr(record).grid("lr").ravel()) == {0.1}
    harder = comparison([[[40, 80]] * 4, [[20, -1]] * 4, [[30, 90]] * 4], tolerances=(0.1, 1e-3))
    assert set(at_best_lr(harder).grid("lr").ravel()) == {0.01}
    assert set(at_best_lr(harder, 0.1).grid("lr").ravel()) == {0.1}


@pytest.mark.slow
def test_a_comparison_at_chosen_rates_equals_one_run_at_them():
    """Chosen and then run again, it is the same: tables and pictures take it."""
    field = {"SGD": "sgd", "Adam": "adam"}
    record = compare(["booth", "beale"], field, lr_grid=RATES[:2], starts=4, steps=60, tolerances=[0.1, 1e-2])
    for rate in RATES[:2]:
        again = compare(
            ["booth", "beale"],
            {k: f"{k.lower()}(lr={rate})" for k in field},
            starts=4,
            steps=60,
            tolerances=[0.1, 1e-2],
        )
        part = only(record, "lr", rate)
        assert part.axes == again.axes
        for name in ("steps_to", "evaluations_to", "final", "status", "lr", "label", "function"):
            assert np.array_equal(part.grid(name), again.grid(name)), name
    best = at_best_lr(record, 1e-2)
    chosen = best.grid("lr")
    for i, rate in enumerate(RATES[:2]):
        here = chosen == RATES[i]
        assert np.array_equal(best.grid("final")[here], only(record, "lr", rate).grid("final")[here])
    assert costs(best).values.shape == (8, 2, 2)
    assert render.performance_profile(best, Figure().subplots(), tolerance=1e-2).get_xlabel()
    assert "| SGD |" in render.table(best, "markdown", show="standings", tolerance=1e-2)


def test_one_entry_of_another_axis():
    record = compare("booth", ["adam(lr=0.5)", "sgd(lr=0.01)"], starts=3, steps=5, tolerances=[0.5])
    part = only(record, "start", 2)
    assert list(part.axes) == ["function", "optimizer", "seed"]
    assert np.array_equal(part.grid("final"), record.grid("final")[:, :, 2])
    assert np.array_equal(part.trajectories.x, record.grid(record.trajectories.x)[:, :, 2].reshape(2, 2, 2))


TIED = comparison(of([10, 10], [20, 20]))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: at_best_lr(comparison(of([1]))), "compare from at least 2 starts"),
        (lambda: at_best_lr(TIED, 0.5), "no tolerance 0.5; it has 0.001"),
        (lambda: at_best_lr(comparison(of([1, 2]), job="sweep")), r"in the record of compare\(\), got that of a sweep"),
        (
            lambda: at_best_lr(race("booth", "adam(lr=0.1)", steps=1)),
            r"in the record of compare\(\), got that of a race",
        ),
        (lambda: at_best_lr(at_best_lr(TIED)), "unknown axis of this record 'lr'"),
        (lambda: only(TIED, "lr", 0.3), "axis lr has no entry 0.3; it has 0.01, 0.1"),
        (lambda: only(TIED, "rate", 0.1), "unknown axis of this record 'rate'"),
        (lambda: costs(TIED), "several learning rates per optimizer; choose first"),
        (
            lambda: render.performance_profile(TIED, Figure().subplots()),
            "several learning rates per optimizer; choose first",
        ),
        (
            lambda: compare("booth", "nelder_mead", lr_grid=[0.1], starts=1),
            "unknown hyper-parameter of Nelder–Mead 'lr'",
        ),
        (lambda: compare("booth", "sgd", lr_grid=[], starts=1), "lr has no values"),
        (lambda: compare("booth", "sgd", lr_grid=0.1, starts=1), "lr must be numbers"),
        (lambda: compare("booth", "sgd", lr_grid=[0.1, -1.0], starts=1), "lr"),
        (lambda: compare("booth", "sgd", lr_grid=[0.1, math.nan], starts=1), "lr"),
    ],
)
def test_an_invalid_choice_is_refused_in_one_line(ask, message):
    with pytest.raises(InputError, match=message) as caught:
        ask()
    assert "\n" not in str(caught.value)


def test_the_modules_are_public():
    from landscapes import analysis
    from landscapes.analysis import selection

    assert analysis.selection is selection
