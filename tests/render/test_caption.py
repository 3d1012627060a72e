"""A race in one sentence: every number in it is the record's."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from render_pixels import sized
from render_records import arc, converging, diverging, failing, record, unbounded
from test_charts import map_record, sweep_record, valley
from test_tables import SPLIT

from landscapes import render
from landscapes.analysis.race_table import result_sentence
from landscapes.errors import InputError
from landscapes.record import Record


def with_runs(race: Record, **columns: list[object]) -> Record:
    runs = {**race.trajectories.runs, **{name: np.array(column) for name, column in columns.items()}}
    return replace(race, trajectories=replace(race.trajectories, runs=runs))


def test_it_states_the_experiment_and_the_winner():
    phrase = render.caption(record([arc(40), arc(40, 0.3)]))
    assert phrase.startswith(
        "Bowl, 40 steps from (-1.5, 1): SGD (lr 0.01) and Momentum (lr 0.02); "
        "SGD reaches the target (a loss of 0.001) first, at step "
    )


@pytest.mark.parametrize(
    ("race", "phrase"),
    [
        (diverging(at=12), "; Nesterov diverged at step 12."),
        (failing(at=15), "; Nesterov became non-finite at step 15."),
        (unbounded(at=25), "; SGD becomes unbounded at step 25."),
        (
            record([arc(9)] * 3, outcomes={0: ("diverged", 4), 2: ("non-finite", 1)}),
            "; SGD diverged at step 4 and Nesterov became non-finite at step 1.",
        ),
    ],
)
def test_it_names_failed_runs(race, phrase):
    assert render.caption(race).endswith(phrase)


@pytest.mark.parametrize("race", [converging(1), converging(6), diverging(), unbounded()])
def test_a_caption_is_one_sentence_with_the_result(race):
    phrase = render.caption(race)
    assert phrase.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", phrase)
    assert "\n" not in phrase
    assert result_sentence(race).rstrip(".").removeprefix("No") in phrase


def test_one_step_is_one_step():
    assert ", 1 step from" in render.caption(converging(1, steps=1))


@pytest.mark.parametrize(
    ("label", "spec", "lr", "phrase"),
    [
        ("SGD", "sgd(lr=0.01)", 0.01, "SGD (lr 0.01)"),
        ("Adam lr=0.5", "adam(lr=0.5)", 0.5, "Adam lr=0.5"),
        ("mine", "Mine", np.nan, "mine"),
        ("Newton", "newton()", np.nan, "Newton"),
        ("Nesterov", "sgd(lr=0.1, momentum=0.9, nesterov=True)", 0.1, "Nesterov (lr 0.1, momentum=0.9)"),
        ("Adam", "adam(lr=0.1, betas=(0.8, 0.99))", 0.1, "Adam (lr 0.1, betas=(0.8, 0.99))"),
        ("Adam · clip 1", "clip(adam(lr=0.1), norm=1)", 0.1, "Adam · clip 1 (lr 0.1, norm=1)"),
        ("ours", "Torch(Normalized, lr=0.05, momentum=0.5)", 0.05, "ours (lr 0.05, momentum=0.5)"),
        ("ours", "Torch(Normalized)", 0.05, "ours (lr 0.05)"),
        ("ours", "scipy(method='BFGS', gtol=1e-08)", np.nan, "ours (gtol=1e-08)"),
        ("AMSGrad", "adam(lr=0.1, amsgrad=True)", 0.1, "AMSGrad (lr 0.1)"),
        ("ours", "adam(lr=0.1, amsgrad=True)", 0.1, "ours (lr 0.1, amsgrad)"),
    ],
)
def test_every_setting_is_stated_once(label, spec, lr, phrase):
    race = with_runs(converging(1), label=[label], optimizer=[spec], lr=[lr])
    assert f": {phrase}; {label} reaches" in render.caption(race)


@pytest.mark.parametrize(
    ("sources", "phrase"),
    [
        (["tuned, calm"] * 2, "Momentum (lr 0.02), at calm learning rates; "),
        (["given", "tuned, calm"], "Momentum (lr 0.02), at calm learning rates for Momentum; "),
    ],
)
def test_calm_rates_are_stated(sources, phrase):
    assert phrase in render.caption(with_runs(converging(2), lr_source=sources))
    assert "calm" not in render.caption(converging(2))


def test_it_is_the_title_of_an_svg(tmp_path):
    race = converging(2)
    drawn = render.save(race, tmp_path / "race.svg", **sized(240, 180)).read_text(encoding="utf-8")
    assert f"<title>{render.caption(race)}</title>" in drawn


def test_an_invalid_record_is_refused():
    with pytest.raises(InputError, match="expected a Record"):
        render.caption("beale")


def test_a_sweep_states_the_best_setting_of_each_optimizer_the_best_first():
    def gap(lr: float, beta: float, start: int) -> float:
        return np.nan if lr == 1.0 else valley(lr, beta, start)

    phrase = render.caption(sweep_record(gap))
    assert phrase == (
        "Bowl, 100 steps: Adam with 4 learning rates from 0.001 to 1 and 3 β₁ from 0 to 0.9; final gap to the minimum, "
        "the median of 3 runs, at its best: 2e-06 for Adam (learning rate 0.01 and β₁ 0.5); 9 of 36 runs diverged "
        "or became non-finite."
    )
    two = sweep_record(lambda lr, beta, start: 1e-3 * lr, ("SGD", "Adam"))
    final = two.trajectories.runs["final"] * np.where(two.trajectories.runs["label"] == "SGD", 2, 1)
    phrase = render.caption(with_runs(two, final=list(final)))
    assert (
        "1e-06 for Adam (learning rate 0.001 and β₁ 0, learning rate and β₁ at the edge of the grid) and 2e-06 for SGD"
        in phrase
    )
    assert "runs" not in phrase.partition("best")[2]
    lost = sweep_record(lambda lr, beta, start: np.nan)
    assert render.caption(lost).endswith("; no setting of Adam works; 36 of 36 runs diverged or became non-finite.")


def test_a_map_states_the_share_of_each_minimum():
    assert render.caption(map_record()) == (
        "Two wells, 6 × 4 starts in [-2, 2] × [-2, 2]: within 30 steps SGD finds the minimum at (-1, 0) from 45.8 % "
        "and the one at (1, 0) from 33.3 % of them; 16.7 % diverge or become non-finite and 4.2 % find none."
    )


def test_a_map_names_the_largest_basins_and_counts_the_rest():
    crowd = map_record()
    each = np.arange(24) % 8
    many = replace(crowd, meta={**crowd.meta, "minima": [[k, 0.0] for k in range(8)], "optimizer": "sgd(lr=0.01)"})
    many = with_runs(many, basin=list(each), status=["converged"] * 24)
    assert "within 30 steps SGD (lr 0.01) finds the minimum at (0, 0) from 12.5 %, the one" in render.caption(many)
    assert render.caption(many).endswith("the one at (3, 0) from 12.5 % and 4 other minima from 50.0 % of them.")
    near = replace(many, meta=many.meta.replace(tol=0.01))
    assert render.caption(near).endswith(" of them; a run stops where it first comes within 0.01 of a minimum.")
    nothing = with_runs(many, basin=[-1] * 24, status=["max_steps"] * 24)
    assert render.caption(nothing).endswith("SGD (lr 0.01) finds no minimum.")


def test_a_comparison_states_how_often_each_optimizer_reaches_the_hardest_target():
    assert render.caption(SPLIT) == (
        "A_1 and B & C on f0 and f1, 6 runs each within 100 steps, to 0.0001 of the initial gap: B & C reaches it in "
        "83.3 % of them (mean rank 1.50) and A_1 in 66.7 % (1.50)."
    )
    with pytest.raises(InputError, match="the comparison was interrupted"):
        render.caption(replace(SPLIT, meta={**SPLIT.meta, "complete": False}))


@pytest.mark.parametrize("job", [sweep_record(valley), map_record(), SPLIT])
@pytest.mark.slow
def test_it_is_the_title_of_a_chart(tmp_path, job):
    drawn = render.save(job, tmp_path / "chart.svg", **sized(320, 240)).read_text(encoding="utf-8")
    assert f"<title>{html.escape(render.caption(job), quote=False)}</title>" in drawn
