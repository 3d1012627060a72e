"""Tests of `diagnose`: each kind on curves whose cause is known, units that must not matter, and invalid input."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from landscapes import InputError, basins, diagnose, race, sweep
from landscapes.diagnosis import HEALTHY, KINDS
from landscapes.networks import watch
from landscapes.record import Record

T = 1000
K = np.arange(T, dtype=float)
NOISE = np.random.default_rng(0).normal(size=T)
FALL = np.exp(-K / 40)


def spiked() -> np.ndarray:
    loss = FALL + 0.001 * NOISE
    loss[500:540] += 0.4 * np.exp(-np.arange(40) / 10)
    return loss


CURVES = {
    "converged": FALL,
    "sublinear": 1 / (1 + K) ** 2,
    "still falling": np.exp(-K / 400),
    "crawling": 1 - 1e-5 * K,
    "oscillating": np.exp(-K / 2000) * (1.2 + np.cos(K / 4)),
    "cycling": np.exp(-K / 30) + 0.1 * (K % 3 == 0),
    "noise floor": np.exp(-K / 50) + 0.02 * (1 + 0.5 * NOISE) ** 2,
    "spike": spiked(),
    "late instability": np.where(K < 600, FALL, 0.2 + 0.1 * np.abs(NOISE)),
    "diverged": 1.02**K,
    "non-finite": np.where(K < 700, FALL, np.nan),
    "zero gradient": np.full(T, 0.7),
}


def expected(name: str) -> str:
    return "converged" if name == "sublinear" else name


@pytest.mark.parametrize("name", CURVES)
def test_kinds(name):
    verdict = diagnose(CURVES[name])[0]
    assert verdict.kind == expected(name), str(verdict)
    assert verdict.healthy is (verdict.kind in HEALTHY)
    assert 0.5 < verdict.confidence <= 1
    assert verdict.evidence
    assert verdict.healthy or verdict.remedy
    assert verdict.alternative == "" or verdict.experiment
    assert 0 <= verdict.steps[0] <= verdict.steps[1] <= T
    assert json.loads(json.dumps(verdict.to_dict()))["kind"] == verdict.kind


def test_figures():
    kinds = {name: diagnose(curve)[0].figures for name, curve in CURVES.items()}
    assert kinds["converged"]["rate"] == pytest.approx(np.exp(-1 / 40), abs=1e-4)
    assert kinds["sublinear"]["power"] == pytest.approx(2, rel=0.05)
    assert kinds["oscillating"]["period"] == pytest.approx(8 * np.pi, rel=0.05)
    assert kinds["cycling"]["period"] == 3
    assert kinds["spike"]["onset"] == pytest.approx(500, abs=5)
    assert kinds["late instability"]["onset"] == pytest.approx(600, abs=2)
    assert kinds["diverged"]["growth"] == pytest.approx(1.02, abs=1e-3)
    assert kinds["non-finite"]["onset"] == 700
    assert kinds["noise floor"]["level"] == pytest.approx(CURVES["noise floor"][667:].mean(), rel=0.01)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(CURVES)),
    exponent=st.floats(-9, 9),
    shift=st.floats(-50, 50),
    stride=st.integers(1, 10),
)
def test_units_and_logging_change_nothing(name, exponent, shift, stride):
    """Neither the loss's unit, nor a constant, nor logging each n-th step, as far as it keeps what happens."""
    if name in ("spike", "cycling"):
        stride = 1 if name == "cycling" else min(stride, 3)
    loss = (CURVES[name] + shift)[::stride] * 10.0**exponent
    assert diagnose(loss, step=np.arange(0, T, stride))[0].kind == expected(name)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_growth_by_powers_of_ten_is_seen_however_small_it_is_in_the_fall(unit):
    """As of Adam after thousands of steps at a loss of nearly zero."""
    settled = 50 * np.exp(-K / 10) + 1e-12 * (1 + NOISE**2)
    growing = settled + 1e-12 * np.exp(np.clip(K - 600, 0, None) / 20)
    verdict = diagnose(unit * growing)[0]
    assert (verdict.kind, verdict.alternative) == ("late instability", "converged")
    assert verdict.figures["onset"] == pytest.approx(650, abs=30)
    assert diagnose(unit * settled)[0].kind == "converged"
    rounded = (50 + 1e-5 * growing).astype(np.float32).astype(float)
    assert diagnose(rounded)[0].kind == "converged"


def test_late_rises_count_against_the_noise_and_not_against_the_fall():
    """By a factor of five, to a millionth of the fall."""
    calm = 1000 * np.exp(-K / 20) + 1e-4 * (1 + 0.2 * NOISE)
    for late in (calm * np.where(K < 850, 1, 5), calm * np.where((K < 850) | (K % 5 > 0), 1, 50)):
        verdict = diagnose(late)[0]
        assert verdict.kind == "late instability", str(verdict)
        assert verdict.figures["onset"] == pytest.approx(850, abs=10)
        assert verdict.figures["low"] == pytest.approx(1e-4, rel=0.05)
        assert f"{verdict.figures['end'] / verdict.figures['low']:.3g} times as high" in verdict.summary
    assert diagnose(calm)[0].healthy
    assert diagnose(calm * np.where((K < 500) | (K > 600), 1, 5))[0].healthy is not False


def test_a_loss_that_ends_above_its_lowest_has_not_settled_there():
    late = np.exp(-K / 150) + 0.05 + 0.002 * NOISE + 0.03 * np.maximum(K / T - 0.6, 0) / 0.4
    verdict = diagnose(late)[0]
    end = float(np.median(late[-100:]))
    says = f"the loss ends around {end:.6g}, after its lowest value of {late.min():.6g} at step {late.argmin()}"
    assert (verdict.kind, verdict.summary) == ("converged", says)
    assert 200 < verdict.steps[0] < 700, "from the step on at which it was as low as at its end"


def test_leaps_that_come_again_are_no_single_spike():
    again = (FALL + 0.002 * (1 + 0.2 * NOISE)) * np.where((K < 900) | (K % 7 > 0), 1, 60)
    assert diagnose(again)[0].kind == "late instability"
    once = np.where((K < 900) | (K > 903), FALL + 0.002 * (1 + 0.2 * NOISE), 0.12)
    assert diagnose(once)[0].kind == "spike"


HEAVY = {
    "Student's t, 3": lambda rng: rng.standard_t(3, T),
    "Student's t, 2": lambda rng: rng.standard_t(2, T),
    "log-normal": lambda rng: np.exp(rng.normal(size=T)),
    "Pareto, 2": lambda rng: rng.pareto(2, T),
    "2 % of noise ten times as large": lambda rng: rng.normal(size=T) * np.where(rng.random(T) < 0.02, 10, 1),
}


def test_noise_with_heavy_tails_is_no_spike():
    """The largest of its leaps is what the others let expect; a leap far beyond them is a spike."""
    rng = np.random.default_rng(0)
    losses = [np.exp(-K / 80) + 0.05 + 0.02 * np.abs(noise(rng)) for noise in HEAVY.values() for _ in range(8)]
    assert diagnose(losses).kinds.count("spike") <= 2
    rng, leap = np.random.default_rng(0), 0.4 * np.exp(-np.clip(K - 600, 0, None) / 4) * (K >= 600)
    losses = [np.exp(-K / 80) + 0.05 + 0.002 * rng.standard_t(3, T) + leap for _ in range(8)]
    assert diagnose(losses).kinds.count("spike") >= 7


def test_slow_rises_are_late_instability():
    """Of 13 standard deviations of the noise, by shape and length in steps."""
    shapes = {"line": lambda u: u, "parabola": np.square, "leap": lambda u: 1.0 * (u > 0), "root": np.sqrt}
    for length in (150, 200, 300):
        for name, shape in shapes.items():
            rng, rise = np.random.default_rng(0), 13 * shape(np.clip((K - T + length) / length, 0, 1))
            for verdict in diagnose([1e6 * np.exp(-K / 80) + 2e3 * (rng.normal(size=T) + rise) for _ in range(3)]):
                assert verdict.kind == "late instability", (length, name, str(verdict))
                assert verdict.figures["onset"] >= T - length - 60


def test_rare_large_losses_of_batches_are_no_spike():
    """As of a few rows that are still wrong, in some batches."""
    loss = FALL + 0.001 * (1 + 0.2 * NOISE)
    loss[700] += 0.3
    assert diagnose(loss)[0].kind == "spike"
    loss[640] += 0.1
    assert diagnose(loss)[0].kind != "spike"


def test_a_loss_that_grows_before_a_failure_announces_it():
    """Relative to the losses before, not to the whole fall."""
    growing = np.where(K < 700, FALL + 0.001 * (1 + 0.2 * NOISE) + 0.01 * np.exp((K - 700.0) / 10), np.nan)
    assert "the loss grew before that" in diagnose(growing)[0].summary
    assert "nothing in the loss announced it" in diagnose(CURVES["non-finite"])[0].summary


def test_slow_noise_and_rounded_losses_are_no_late_rise():
    """The noise of each loss is correlated with that of the next 40."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(50):
        wandering = np.convolve(rng.normal(size=T + 400), np.exp(-np.arange(400) / 40), "valid")[:T]
        alarms += diagnose(1000 * np.exp(-K / 20) + 50 + wandering)[0].kind == "late instability"
    assert alarms <= 1
    rounded = np.round(FALL + 0.2 + 1e-4 * (K > 800), 4)
    assert diagnose(rounded)[0].kind == "converged"


def test_chaos_is_told_from_noise_by_its_losses():
    """The same losses in another order are noise."""
    chaotic = np.empty(400)
    chaotic[0] = 0.3
    for k in range(399):
        chaotic[k + 1] = 3.9 * chaotic[k] * (1 - chaotic[k])
    for swings, kind in ((chaotic, "oscillating"), (np.random.default_rng(0).permutation(chaotic), "noise floor")):
        verdict = diagnose(4 * np.exp(-np.arange(400) / 20) + swings)[0]
        assert verdict.kind == kind, str(verdict)
        assert ("without noise" in verdict.summary) == (kind == "oscillating")
    rng = np.random.default_rng(0)
    tails = [4 * np.exp(-np.arange(400) / 20) + 0.1 * rng.exponential(size=400) ** 2 for _ in range(20)]
    assert "oscillating" not in diagnose(tails).kinds


def test_the_period_is_the_shortest_one():
    """Of samples of sin(k), 44 and 355 steps are nearly whole multiples of the period, and correlate best."""
    for amplitude in (1.0, np.random.default_rng(1).random(T)):
        loss = 0.3 + 2 * np.exp(-K / 50) + 0.1 * np.sin(K) * amplitude
        assert diagnose(loss)[0].figures["period"] == pytest.approx(2 * np.pi, rel=0.05)


def test_a_slow_trend_of_a_long_log_is_no_cycle():
    """Over two of 100,000 steps it changes by less than the share within which a cycle repeats."""
    k = np.arange(100_000)
    assert diagnose(0.1 + 2 * np.exp(-k / 40_000))[0].kind == "still falling"
    assert diagnose(2 * np.exp(-k / 4_000) + 0.1 * (k % 3 == 0))[0].kind == "cycling"


def test_curves_that_name_the_cause():
    gradient = np.exp(-K / 80)
    dead = np.where(K < 50, gradient, 0.0)
    assert diagnose(np.where(K < 50, 1 - 0.001 * K, 0.95), gradient_norm=dead)[0].kind == "zero gradient"
    slow = 2 - 0.001 * K
    assert diagnose(slow, gradient_norm=5 + np.abs(NOISE), clip_norm=1.0)[0].kind == "clipped"
    lr = np.exp(-K / 60)
    ended = np.exp(-np.concatenate([[0], np.cumsum(lr[:-1])]) / 50)
    assert diagnose(ended, lr=lr)[0].kind == "schedule ended"
    assert diagnose(ended)[0].kind == "converged"
    rising = diagnose(1 - 1e-5 * K - 1e-9 * K**2, gradient_norm=1 + 1e-4 * K)[0]
    assert (rising.kind, rising.alternative) == ("plateau", "saddle")


def test_curvature_tells_a_saddle_from_a_minimum():
    series = {"gradient_norm": np.exp(-K / 80), "step_length": 0.1 * np.exp(-K / 80), "point": [0.0, 0.0]}
    minimum = diagnose(FALL, hessian=lambda x: np.diag([1.0, 2.0]), **series)[0]
    assert (minimum.kind, minimum.alternative) == ("converged", "saddle")
    saddle = diagnose(FALL, hessian=lambda x: np.diag([-1.0, 2.0]), **series)[0]
    assert saddle.kind == "saddle"
    assert "noise of 0.001 grows a thousandfold in about 72 steps" in saddle.experiment
    flat = diagnose(FALL, hessian=lambda x: np.diag([-1e-6, 1e-6]), **series)[0]
    assert flat.kind == "plateau"
    unknown = diagnose(FALL)[0]
    assert unknown.kind == "converged"
    assert unknown.confidence < minimum.confidence


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_a_run_thrown_at_its_start_has_diverged(unit):
    """As of ReLU units that die in an explosion: the rest of the run is calm, and lower than the start."""
    loss = 4000 + 1e3 * NOISE
    loss[:40] = [4e3, 5e7, *(7e11 * np.exp(-np.arange(38)))]
    verdict = diagnose(unit * loss)[0]
    assert (verdict.kind, verdict.steps) == ("diverged", (0, 2))
    assert diagnose(unit * np.append(4e3, loss[40:]))[0].kind != "diverged"


def test_a_fall_that_accelerates_is_not_crawling():
    assert diagnose(1 - 1e-3 * np.exp(K / 300))[0].kind == "still falling"
    assert diagnose(1 - 1e-3 * np.exp(K / 90_000))[0].kind == "crawling"


def descent(lr: float, noise: float) -> dict[str, np.ndarray]:
    """Return the log of gradient descent on a double well."""
    x, rows = 0.9, []
    for k in range(400):
        g = x**3 - x + noise * NOISE[k]
        rows.append(((x * x - 1) ** 2 / 4, abs(g), lr * abs(g)))
        x -= lr * g
    series = dict(zip(("x", "gradient_norm", "step_length"), np.transpose(rows), strict=True))
    return {**series, "lr": np.full(400, lr), "point": [1.0], "hessian": lambda x: np.array([[2.0]])}


def test_chaos_beyond_the_stability_edge_is_no_noise():
    chaos = diagnose(**descent(1.5, 0.0))[0]
    assert chaos.kind == "oscillating"
    assert chaos.figures["edge"] == 3
    assert diagnose(**descent(0.2, 0.3))[0].kind == "noise floor"


def test_a_watched_run_that_hardly_moved_is_crawling():
    rng = torch.Generator().manual_seed(0)
    net = torch.nn.Linear(4, 1)
    with torch.no_grad():
        net.weight.fill_(1.0)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)
    with watch(optimizer) as watched:
        for _ in range(40):
            x = torch.randn(4, 4, generator=rng)
            loss = (net(x) - torch.randn(4, 1, generator=rng)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watched.log(loss)
    verdict = diagnose(watched.record)[0]
    assert verdict.kind == "crawling"
    assert 0 < verdict.figures["travelled"] < 0.1


def test_race(tmp_path):
    record = race("booth", ["sgd(lr=0.05)", "sgd(lr=0.2)", "clip(sgd(lr=0.01),norm=0.1)"], metrics=["gradient_norm"])
    found = diagnose(record)
    assert found.kinds == ["converged", "diverged", "clipped"]
    assert [verdict.label for verdict in found] == record.trajectories.runs["label"].tolist()
    assert str(found).count("usually helps") == 2
    record.save(tmp_path / "race.npz")
    assert diagnose(Record.load(tmp_path / "race.npz")) == found


def test_a_race_measures_curvature():
    stuck = race("easom", ["sgd(lr=0.01)"])
    assert diagnose(stuck).kinds == ["plateau"]
    ridge = race("three_hump_camel", ["sgd(lr=0.05)"], start=(0.9, 0.0), steps=300)
    assert diagnose(ridge).kinds == ["converged"]
    crawling = diagnose(race("booth", ["sgd(lr=1e-7)"], steps=50))[0]
    assert crawling.kind == "crawling"
    assert "far below 2/λ" in crawling.summary


def test_sweep_has_one_verdict_per_run():
    record = sweep("booth", "sgd", lr=[1e-8, 0.05, 0.2], steps=300, record_steps="all")
    assert diagnose(record).kinds == ["crawling", "converged", "diverged"]


@pytest.mark.parametrize("length", [0, 1, 7])
def test_short_logs_are_unclear(length):
    verdict = diagnose(np.linspace(1, 0, length))[0]
    assert verdict.kind == "unclear"
    assert verdict.healthy is None
    assert "gradient norms" in verdict.summary


def test_gaps_and_failures():
    loss = FALL.copy()
    loss[100:110] = np.nan
    gaps = diagnose(loss)[0]
    assert gaps.kind == "converged"
    assert any(one.value == 10 for one in gaps.evidence)
    assert diagnose(np.full(50, np.nan))[0].kind == "non-finite"
    first = diagnose(np.where(K < 20, FALL, np.inf), gradient_norm=np.where(K < 15, 1.0, np.nan))[0]
    assert first.summary.startswith("the gradient is not finite from step 15")
    assert {*diagnose(np.stack([FALL, 1.02**K])).kinds} <= set(KINDS)


@pytest.mark.parametrize(
    ("after", "kind"),
    [(np.full(T, 3.0), "non-finite"), (FALL, "spike"), (np.full(T, np.nan), "non-finite")],
    ids=["at another level", "where it was", "never"],
)
def test_an_infinite_loss_in_mid_run_is_a_blow_up_and_no_gap(after, kind):
    loss = np.where(K < 100, FALL, after)
    loss[97:103] = np.inf
    verdict = diagnose(loss)[0]
    assert verdict.kind == kind
    assert verdict.figures["onset"] == 97
    assert "entries left out" not in str(verdict)
    assert json.loads(json.dumps(verdict.to_dict(), allow_nan=False))["kind"] == kind


def test_short_logs_with_an_infinite_loss():
    assert diagnose([1.0, np.inf, 0.5])[0].kind == "non-finite"
    assert diagnose([1.0, np.nan, 0.5])[0].kind == "unclear"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": ["a", "b"]}, "losses must be real numbers"),
        ({"x": np.zeros((2, 2, 2))}, r"must have the shape \(T,\) or \(R, T\)"),
        ({"x": [1, 2], "lr": [1, 2, 3]}, "lr must have the shape"),
        ({"x": [1, 2], "step": [1, 1]}, "step must ascend"),
        ({"x": [1, 2], "clip_norm": 0}, "clip_norm must be a number > 0"),
        ({"x": [1, 2], "hessian": np.eye}, "hessian and point"),
        ({"x": FALL, "hessian": lambda x: np.eye(3), "point": [0.0]}, "hessian must return"),
        ({"x": FALL, "hessian": lambda x: "flat", "point": [0.0]}, "hessian must return real numbers"),
        ({"x": FALL, "hessian": np.eye(1), "point": [0.0]}, "hessian must be a function"),
        ({"x": [torch.ones(2), torch.ones(3)]}, r"losses must be real numbers .* loss.item\(\)"),
        ({"x": np.array([1j])}, "losses must be real numbers"),
        ({"x": [10**400]}, "losses must be real numbers"),
        ({"x": [1, 2], "step": 1.0}, "step must ascend and have one entry per loss"),
        ({"x": [1, 2], "step": [0.25, 1.5]}, "step must be whole numbers"),
        ({"x": [1, 2], "step": [0, np.nan]}, "step must be whole numbers"),
        ({"x": [1, 2], "step": [0, 1e300]}, "step must be whole numbers"),
        ({"x": [1, 2], "clip_norm": "1"}, "clip_norm must be a number > 0, got '1'"),
    ],
)
def test_invalid_input(arguments, message):
    with pytest.raises(InputError, match=message):
        diagnose(**arguments)


def test_tensors_are_losses():
    losses = torch.tensor(FALL, requires_grad=True)
    assert diagnose(losses, clip_norm=torch.tensor(1.0))[0].kind == diagnose(FALL)[0].kind


def test_series_beside_a_record_are_refused():
    with pytest.raises(InputError, match="lr is read from the record"):
        diagnose(race("booth", ["sgd"], steps=3), lr=[1])


def test_maps_of_basins_are_refused():
    with pytest.raises(InputError, match="a map of basins has only the ends of runs"):
        diagnose(basins("himmelblau", "sgd(lr=0.01)", resolution=2, steps=2))


@pytest.mark.parametrize("seed", range(8))
def test_short_noise_is_neither_an_oscillation_nor_settled(seed):
    """35 losses of mini-batches that noise dominates: chance lobes of the autocorrelation are no period."""
    noise = 0.69 + 0.03 * np.random.default_rng(seed).normal(size=35)
    assert diagnose(noise)[0].kind in ("noise floor", "unclear", "still falling")


def test_noise_above_the_start_is_no_noise_floor():
    """Gradients that are never reset swing more and more, up to a level above the start."""
    loss = np.where(K < 100, 2.4 - 0.01 * K, 3.3) + 0.2 * NOISE
    assert diagnose(loss)[0].kind != "noise floor"
    assert diagnose(loss - 2.0 * (K >= 100))[0].kind == "noise floor"


def test_an_end_hidden_by_noise_says_so():
    verdict = diagnose(np.exp(-K[:400] / 60) + 0.01 * NOISE[:400])[0]
    assert verdict.kind == "unclear"
    assert "noise hides whether the loss still falls" in verdict.summary


def test_a_log_that_is_too_short_says_what_the_loss_did():
    text = str(diagnose([2.3, 1.1, 0.8, 0.62, 0.55])[0])
    assert text.startswith("unclear, steps 0 to 4")
    assert "which needs 8; the loss fell from 2.3 to 0.55" in text
    assert "the loss did not change" in diagnose([1.0, 1.0])[0].summary


def test_an_explosion_at_the_start_is_no_spike_and_no_healthy_fall():
    explodes = [150.0, 90.0, 3e6, 2e10]
    overflow = np.concatenate([explodes, [np.inf] * 20, 1500 - 3 * np.arange(270)])
    assert diagnose(overflow)[0].kind == "non-finite"
    falls = np.concatenate([explodes, 2e10 * 0.97 ** np.arange(300)])
    found = diagnose(falls)[0]
    assert (found.kind, found.healthy, found.steps[0]) == ("diverged", False, 1)
