"""`compare(…, tuning=Tuning(…))`: the best of n trials per study is chosen on other starts than those that judge it."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from landscapes import InputError, Range, Record, Tuning, compare, function, functions, optimizers, render
from landscapes.analysis.costs import costs
from landscapes.analysis.tables import learning_rates, standings
from landscapes.execution import results
from landscapes.experiments import run_studies
from landscapes.experiments.starts import starts_of
from landscapes.record import filled, steps_or_inf

BOWL = function((-2, 2), (-2, 2), start=(1.5, -1), minima=[(0, 0)], steps=40, name="bowl")(
    lambda x, y: x * x + 4 * y * y
)
SEARCH = Tuning(trials=4, studies=3, starts=2, vary={"lr": (1e-3, 1.0)})
TOLERANCES = [0.5, 1e-2]


@pytest.fixture(scope="module")
def record() -> Record:
    return compare(
        [BOWL, "booth"], ["sgd", "adam", "nelder_mead"], starts=3, tuning=SEARCH, steps=40, tolerances=TOLERANCES
    )


def test_a_study_chooses_by_its_own_starts_and_is_judged_from_the_others(record):
    assert {name: len(axis) for name, axis in record.axes.items()} == {
        **{"function": 2, "optimizer": 3, "study": 3},
        **{"start": 3, "seed": 1},
    }
    found = record.meta.tuning["found"]["bowl"]["SGD"]
    own = starts_of(BOWL, None, 3 + 3 * 2, spread="view")[3:].reshape(3, 2, 2)
    for study, (rates, chosen) in enumerate(zip(found["settings"]["lr"], found["chosen"], strict=True)):
        assert all(1e-3 <= rate <= 1 for rate in rates)
        score = []
        for rate in rates:
            x = own[study].copy()
            paths = [x]
            for _ in range(40):
                x = x - rate * x * np.array([2.0, 8.0])
                paths.append(x)
            losses = (np.array(paths) ** 2 * [1.0, 4.0]).sum(-1)  # (steps, starts)
            above = losses > 1e-2 * losses[0]
            steps = [_stays(column) for column in above.T]
            hits = [s for s in steps if s is not None]
            score.append((sum(hits) + 40 * (len(steps) - len(hits))) / len(hits) if hits else math.inf)
        assert [math.inf if value is None else value for value in found["score"][study]] == pytest.approx(score)
        assert chosen == int(np.argmin(score))
        alone = compare(BOWL, f"sgd(lr={rates[chosen]})", starts=3, steps=40, tolerances=TOLERANCES)
        judged = record.grid("steps_to")[0, 0, study]
        assert filled(judged).tolist() == filled(alone.grid("steps_to")[0, 0]).tolist()
        assert (record.grid("lr")[0, 0, study] == rates[chosen]).all()
    assert (record.grid("trial")[0, 0, :, 0, 0] == found["chosen"]).all()


def _stays(above: np.ndarray) -> int | None:
    """The first step from which a loss stays at or below its target."""
    last = np.flatnonzero(above)
    step = int(last[-1]) + 1 if len(last) else 0
    return step if step < len(above) else None


def test_costs_are_medians_over_studies(record):
    found = costs(record)
    each = steps_or_inf(record.grid("evaluations_to"))  # (function, optimizer, study, start, seed, K)
    assert found.by_study.shape == (6, 3, 2, 3)
    assert found.by_study[4, 1, 0].tolist() == each[1, 1, :, 1, 0, 0].tolist()
    assert np.array_equal(found.values, np.median(found.by_study, -1))


def test_what_was_searched_is_said_and_kept(record, tmp_path):
    note = standings(record).note
    assert "Tuned in 3 studies of 4 quasi-random trials per function: lr from 0.001 to 1 (log) of SGD, Adam" in note
    assert "Without anything to tune: Nelder" in note
    read = Record.load(record.save(tmp_path / "studies.npz"))
    assert read.meta.tuning == record.meta.tuning
    assert render.table(read) == render.table(record)
    assert len(learning_rates(read).rows) == 2


def test_draws_do_not_depend_on_the_other_functions_or_on_the_executor(record):
    with ThreadPoolExecutor(2) as executor:
        other = compare(
            ["booth"], ["sgd", "adam"], starts=3, tuning=SEARCH, steps=40, tolerances=TOLERANCES, executor=executor
        )
    assert np.array_equal(filled(other.grid("steps_to"))[0], filled(record.grid("steps_to"))[1, :2])
    assert other.meta.tuning["found"]["booth"]["Adam"] == record.meta.tuning["found"]["booth"]["Adam"]
    random = compare("booth", "sgd", starts=3, steps=5, tuning=Tuning(trials=2, studies=2, design="random"), seed=1)
    again = compare("booth", "sgd", starts=3, steps=5, tuning=Tuning(trials=2, studies=2, design="random"), seed=1)
    rates = random.meta.tuning["found"]["booth"]["SGD"]["settings"]["lr"]
    assert len({rate for row in rates for rate in row}) == 4, "each study draws anew"
    assert rates == again.meta.tuning["found"]["booth"]["SGD"]["settings"]["lr"]


def test_several_hyper_parameters_are_searched_and_kept_as_columns():
    search = Tuning(trials=3, studies=2, vary={"lr": (1e-2, 1.0), "momentum": Range(0.0, 0.99, "decay")})
    made = compare("booth", ["momentum", "adam"], starts=2, steps=20, tuning=search)
    assert (made.grid("momentum")[0, 0] != 0.9).any()
    assert np.isnan(made.grid("momentum")[0, 1]).all()
    assert np.array_equal(made.grid("momentum")[0, 0, :, 0, 0], made.grid("momentum")[0, 0, :, 1, 0])


def test_the_number_of_a_wrapper_is_searched_as_if_it_were_given():
    search = Tuning(trials=3, studies=2, starts=2, vary={"lr": (1e-2, 1.0), "clip.norm": (0.1, 10.0)})
    made = compare(BOWL, ["clip(sgd, norm=5)", "sgd"], starts=2, steps=40, tuning=search, tolerances=TOLERANCES)
    norms, rates = made.grid("clip.norm")[0, 0, :, 0, 0], made.grid("lr")[0, 0, :, 0, 0]
    assert list(made.meta.optimizers) == ["SGD · clip", "SGD"]
    assert len(set(norms)) == 2
    assert np.isnan(made.grid("clip.norm")[0, 1]).all()
    for study, (norm, rate) in enumerate(zip(norms, rates, strict=True)):
        alone = compare(BOWL, f"clip(sgd(lr={rate}), norm={norm})", starts=2, steps=40, tolerances=TOLERANCES)
        assert np.array_equal(alone.grid("final")[0, 0], made.grid("final")[0, 0, study])


def test_each_study_has_noise_of_its_own():
    search = Tuning(trials=1, studies=2, vary={"lr": (0.1, 0.1001)})
    made = compare(BOWL, "noise(sgd, sigma=0.5)", starts=2, seeds=2, steps=30, tuning=search)
    final = made.grid("final")[0, 0]
    assert len(np.unique(final)) == 8


def test_finished_trials_are_kept_in_files(tmp_path, record):
    given = ([BOWL, "booth"], ["sgd", "adam", "nelder_mead"])
    settings = {"starts": 3, "tuning": SEARCH, "steps": 40, "tolerances": TOLERANCES, "resume_dir": tmp_path / "kept"}

    def stop(done, total):
        assert total == 2 * 2 * 24 + 2 * 3 * 9
        if done > 24:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        part = compare(*given, **settings, progress=stop)
    assert not part.meta.complete
    assert (part.trajectories.runs["status"] == "not run").all()
    with pytest.raises(InputError, match="interrupted"):
        costs(part)
    whole = compare(*given, **settings)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["judged", "trials"]
    assert np.array_equal(filled(whole.grid("steps_to")), filled(record.grid("steps_to")))


def test_an_unknown_minimum_is_the_lowest_value_of_the_trials():
    sides = ((-2, 2),) * 4
    hidden = function(*sides, start=(1, 1, 1, 1), steps=30, name="hidden")(
        lambda a, b, c, d: a * a + b * b + c * c + 2 * d * d + 7
    )
    made = compare(hidden, "sgd", starts=2, tuning=Tuning(trials=2, studies=2, starts=1, vary={"lr": (0.05, 0.3)}))
    assert made.meta.functions["hidden"]["minimum_is"] == "the lowest value seen"
    assert 7 <= made.meta.functions["hidden"]["minimum"] < 7.1


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (lambda: Tuning(trials=0), "trials must be an integer >= 1, got 0"),
        (lambda: Tuning(studies=1.5), "studies must be an integer"),
        (lambda: Tuning(design="grid"), "unknown design 'grid'"),
        (lambda: Tuning(budget=0), "budget must be a number of steps > 0"),
        (lambda: Tuning(vary=["lrr"]), "unknown hyper-parameter 'lrr'"),
        (lambda: Tuning(tolerance=0.3), "no tolerance 0.3"),
        (lambda: Tuning(tolerance="low"), "no tolerance 'low'"),
        (lambda: Tuning(vary=3), 'vary must be "all", names such as'),
        (lambda: Tuning(vary={"lr": ("a", "b")}), "a range must be"),
        (lambda: Tuning(vary={"lr": (0.0, 1.0, 2.0)}), "a range must be"),
        (lambda: 5, r"tuning must be a Tuning, as in Tuning\(trials=5, studies=5\), got 5"),
        (lambda: Tuning(studies=50, budget=1e4), r"take 6e\+04 steps, and the budget is 1e\+04: it pays for 8 studies"),
        (lambda: Tuning(studies=10**9), "it pays for 8333333 studies"),
    ],
)
def test_invalid_searches_are_refused_before_any_work(search, message, monkeypatch):
    monkeypatch.setattr(run_studies, "execute", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(InputError, match=message):
        compare(BOWL, "sgd", steps=40, starts=5, tuning=search())


def test_names_of_torch_are_taken():
    assert list(Tuning(vary=["betas[0]", "lr"]).vary) == ["beta1", "lr"]


def test_a_grid_and_studies_exclude_each_other():
    with pytest.raises(InputError, match="either lr_grid or tuning"):
        compare(BOWL, "sgd", lr_grid=[0.1], tuning=Tuning())
    with pytest.raises(InputError, match="none of these optimizers has a hyper-parameter to search"):
        compare(BOWL, "nelder_mead", tuning=Tuning())


def test_trials_that_exceed_memory_are_refused_before_they_are_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(results, "available", lambda: 10_000)
    monkeypatch.setattr(Tuning, "settings", lambda *_: drawn.append(1))
    with pytest.raises(InputError, match=r"the results of 10,000 runs require [\d.]+ MB, 10 kB are free in memory"):
        compare("beale", ["adam"], tuning=Tuning(trials=1000, studies=5, starts=2), starts=1, steps=5)
    assert not drawn


def test_the_first_settings_of_a_study_do_not_depend_on_the_number_of_trials():
    adam, beale = optimizers.Adam(lr=0.1), functions.get("beale")
    found = [
        tuning.settings(adam, tuning.ranges([adam])[0], beale, 0)["lr"]
        for tuning in (Tuning(trials=3, studies=2), Tuning(trials=8, studies=2))
    ]
    assert found[1][:, :3].tolist() == found[0].tolist()
