"""Wrappers nest, do not couple runs, label themselves, and reject invalid settings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merged
from reference import assert_same, by_optimizers, part, starts, valley
from thinned import diagonal

from landscapes import optimizers, race
from landscapes.cli import lookup
from landscapes.cli.main import main
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.experiments.own_optimizers import parse_with_own
from landscapes.optimizers import Optimizer, parse
from landscapes.optimizers.wrappers.base import GradientTransformOracle, unwrap
from landscapes.oracle import Oracle

BOX = torch.tensor([[-50.0, 50.0]] * 2, dtype=torch.float64)
VALLEY = valley(2)

small, whole, share = st.floats(1e-3, 0.5), st.integers(1, 9), st.floats(0.05, 1)

OPEN_UNIT: list[st.SearchStrategy[Optimizer]] = [
    st.builds(lambda lr: optimizers.SGD(lr=lr), small),
    st.builds(lambda lr, m: optimizers.SGD(lr=lr, momentum=m), small, share.filter(lambda m: m < 0.95)),
    st.builds(lambda lr: optimizers.Adam(lr=lr), small),
    st.builds(lambda lr: optimizers.Rprop(lr=lr), small),
    st.builds(lambda lr: optimizers.HeavyBall(lr=lr), small),
    st.builds(lambda lr: optimizers.RMSpropInside(lr=lr), small),
]
AROUND: list[Callable[[st.SearchStrategy[Optimizer]], st.SearchStrategy[Optimizer]]] = [
    lambda r: st.builds(lambda r, n: optimizers.Clip(r, norm=n), r, small),
    lambda r: st.builds(lambda r, n, v: optimizers.Clip(r, norm=n, value=v), r, small, small),
    lambda r: st.builds(
        lambda r, s, k: optimizers.Noise(r, s, kind=k), r, small, st.sampled_from(["normal", "student", "stable"])
    ),
    lambda r: st.builds(lambda r, s, a: optimizers.Noise(r, s, kind="minibatch", additive=a), r, small, small),
    lambda r: st.builds(lambda r, s, p: optimizers.Noise(r, s, kind="spikes", probability=p), r, small, share),
    lambda r: st.builds(lambda r, w, d: optimizers.Decay(r, w, decoupled=d), r, small, st.booleans()),
    lambda r: st.builds(lambda r, k: optimizers.Cosine(r, steps=k), r, whole),
    lambda r: st.builds(lambda r, k: optimizers.StepDecay(r, every=k), r, whole),
    lambda r: st.builds(lambda r, k: optimizers.Plateau(r, patience=k, factor=0.5), r, whole),
    lambda r: st.builds(optimizers.OneCycle, r),
    lambda r: st.builds(lambda r, g: optimizers.Schedule(r, "ExponentialLR", gamma=g), r, share),
    lambda r: st.builds(lambda r, k: optimizers.Reset(r, every=k), r, whole),
    lambda r: st.builds(lambda r, k: optimizers.Reset(r, patience=k), r, whole),
    lambda r: st.builds(lambda r, p: optimizers.SAM(r, rho=p), r, small),
    lambda r: st.builds(lambda r, k, a: optimizers.Lookahead(r, k=k, alpha=a), r, whole, share),
    lambda r: st.builds(optimizers.ForgotZeroGrad, r),
    lambda r: st.builds(lambda r, s: optimizers.Projected(r, -s, s), r, share),
    lambda r: st.builds(lambda r, k: optimizers.Stale(r, delay=k), r, whole),
]


@st.composite
def nests(draw: st.DrawFn) -> list[Optimizer]:
    """Return three optimizers with one kind of wrapper, one with another kind, and one unwrapped."""

    def wrapped() -> st.SearchStrategy[Optimizer]:
        optimizer = draw(st.sampled_from(OPEN_UNIT))
        for around in draw(st.lists(st.sampled_from(AROUND), min_size=1, max_size=3)):
            optimizer = around(optimizer)
        return optimizer

    alike, other = wrapped(), wrapped()
    return [*(draw(alike) for _ in range(3)), draw(other), draw(st.one_of(OPEN_UNIT))]


def run(candidates: list[Optimizer], x: torch.Tensor, streams: torch.Tensor, steps: int = 24) -> BatchResult:
    return loop.run(VALLEY, candidates, x, steps, box=BOX, streams=streams, seed=5)


# ---------------------------------------------------------------- independence of runs


@settings(max_examples=8)
@given(nests(), st.permutations(range(5)), st.integers(0, 2**32 - 1))
@pytest.mark.slow
def test_nested_wrappers_match_single_runs(candidates, order, seed):
    rng = np.random.default_rng(seed)
    x, streams = starts(2, 5, rng), torch.from_numpy(rng.integers(0, 3, 5))
    together = run(candidates, x, streams)
    shuffled = run([candidates[i] for i in order], x[:, order], streams[order])
    assert_same(part(together, list(order)), shuffled)
    halves = [run([candidates[i] for i in some], x[:, some], streams[some]) for some in ([0, 1], [2, 3, 4])]
    assert_same(part(together, [0, 1]), halves[0])
    assert_same(part(together, [2, 3, 4]), halves[1])
    assert_same(part(together, [1]), run([candidates[1]], x[:, [1]], streams[[1]]))


@given(nests())
def test_spec_and_learning_rate_pass_through_wrappers(candidates):
    for optimizer in candidates:
        assert parse(optimizer.spec) == (optimizer, False)
        assert (
            optimizer.with_learning_rate(0.25).learning_rate
            == unwrap(optimizer.with_learning_rate(0.25)).learning_rate
            == 0.25
        )
        assert optimizer.with_learning_rate(optimizer.learning_rate) == optimizer


ASKING = [
    optimizers.LBFGS(),
    optimizers.Newton(),
    optimizers.NelderMead(),
    optimizers.ScheduleFreeSGD(lr=0.1),
    optimizers.Torch(torch.optim.LBFGS, lr=0.1, max_iter=2),
]
"""Optimizers that evaluate more than the gradient of a step, or no gradient."""


WRAPS = [
    lambda r, n: optimizers.Clip(r, norm=0.02 * n),
    lambda r, n: optimizers.Noise(r, 0.01 * n),
    lambda r, n: optimizers.Decay(r, 0.1 * n),
    lambda r, n: optimizers.SAM(optimizers.Clip(r, norm=n), rho=0.01 * n),
    lambda r, n: optimizers.Lookahead(r, k=n),
    lambda r, n: optimizers.Reset(r, every=n + 2),
    lambda r, n: optimizers.ForgotZeroGrad(r),
]


@pytest.mark.parametrize(("wrap", "optimizer"), diagonal(WRAPS, ASKING), ids=lambda part: getattr(part, "label", None))
@pytest.mark.thin(1)
def test_optimizers_with_their_own_queries_can_be_wrapped(optimizer, wrap):
    candidates = [wrap(optimizer, n) for n in (1, 2, 3)]
    x, streams = starts(2, 3, np.random.default_rng(5)), torch.tensor([0, 1, 0])
    together = run(candidates, x, streams, 10)
    assert (together.x[:, -1] != together.x[:, 0]).any()
    for place in range(3):
        assert_same(part(together, [place]), run(candidates[place : place + 1], x[:, [place]], streams[[place]], 10))


@settings(max_examples=10)
@given(nests(), st.integers(0, 4))
@pytest.mark.slow
def test_nonfinite_run_does_not_affect_others(candidates, lost):
    x, streams = starts(2, 5, np.random.default_rng(1)), torch.zeros(5, dtype=torch.int64)
    bad = x.clone()
    bad[:, lost] = torch.nan
    others = [run for run in range(5) if run != lost]
    clean, beside = run(candidates, x, streams), run(candidates, bad, streams)
    assert_same(part(clean, others), part(beside, others))
    assert beside.stopped[lost] == 0


@pytest.mark.parametrize(
    "wrap",
    [
        lambda r: optimizers.Clip(r, norm=1e9),
        lambda r: optimizers.Noise(r, 0.0),
        lambda r: optimizers.Decay(r, 0.0),
        lambda r: optimizers.Decay(r, 0.0, decoupled=True),
        lambda r: optimizers.Exponential(r, gamma=1.0),
        lambda r: optimizers.SAM(r, rho=0.0),
        lambda r: optimizers.Lookahead(r, alpha=1.0),
        lambda r: optimizers.Reset(r, at=1000),
    ],
)
@pytest.mark.parametrize(
    "optimizer", [optimizers.SGD(lr=0.01, momentum=0.9), optimizers.Adam(lr=0.1), optimizers.Rprop(lr=0.02)]
)
@pytest.mark.thin(4)
def test_wrapper_without_effect_changes_nothing(optimizer, wrap):
    x = starts(2, 2, np.random.default_rng(2))
    bare, wrapped = by_optimizers(VALLEY, [optimizer] * 2, x, 30), by_optimizers(VALLEY, [wrap(optimizer)] * 2, x, 30)
    if isinstance(wrap(optimizer), optimizers.Lookahead):  # s + (x − s) is x but for rounding
        assert torch.allclose(bare, wrapped, rtol=0, atol=1e-12)
    else:
        assert torch.equal(bare, wrapped)


def test_wrapped_and_unwrapped_optimizers_race_together():
    names = [
        "adam(lr=0.1)",
        "clip(adam(lr=0.1), norm=0.5)",
        "cosine(adam(lr=0.1))",
        "sam(cosine(clip(adam(lr=0.1), norm=0.5)))",
    ]
    record = race("booth", names, steps=30)
    for place, name in enumerate(names):
        single = race("booth", [name], steps=30)
        np.testing.assert_array_equal(record.trajectories.x[place], single.trajectories.x[0])


# ---------------------------------------------------------------- evaluations and their counts


def test_queries_inside_a_wrapper_are_counted_once():
    candidates = [
        optimizers.SGD(lr=0.01),
        optimizers.SAM(optimizers.SGD(lr=0.01)),
        optimizers.Clip(optimizers.SAM(optimizers.SGD(lr=0.01)), norm=1),
    ]
    paths = run(candidates, starts(2, 3, np.random.default_rng(3)), torch.zeros(3, dtype=torch.int64), 10)
    assert paths.n_gradients.tolist() == [10, 20, 20]


def test_transform_oracle_answers_as_the_inner_one():
    oracle = Oracle(VALLEY, 3)
    altered = GradientTransformOracle(
        GradientTransformOracle(oracle, lambda x, gradient, mask: gradient + 1), lambda x, gradient, mask: gradient * 2
    )
    x, mask = starts(2, 3, np.random.default_rng(4)), torch.tensor([True, False, True])
    plain = Oracle(VALLEY, 3)
    value, gradient = altered.value_and_gradient(x, mask)
    assert torch.equal(gradient, (plain.value_and_gradient(x)[1] + 1) * 2)
    assert torch.equal(altered.value(x, mask), value)
    assert torch.equal(altered.hessian(x, mask), plain.hessian(x))
    assert torch.equal(altered.hvp(x, x, mask), plain.hvp(x, x))
    assert altered.counts is oracle.counts
    assert oracle.counts.tolist() == [[1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1]]
    assert altered.was_called
    assert altered.set_step(3) is VALLEY
    altered.count("n_values", None, 2)
    assert oracle.counts[0].tolist() == [3, 2, 3]


def test_every_query_passes_through_a_wrapper():
    asked = {name for name in vars(Oracle) if name[0] != "_"}
    assert asked <= set(vars(GradientTransformOracle))


# ---------------------------------------------------------------- words


@merged(
    ("text", "label"),
    [
        ("clip(cosine(adam), norm=1)", "Adam · cosine · clip 1"),
        ("cosine(clip(adam, value=0.5))", "Adam · clip values 0.5 · cosine"),
        ("clip(sgd, norm=2, value=0.1)", "SGD · clip values 0.1 · clip 2"),
        ("noise(momentum, sigma=0.1)", "Momentum · noise 0.1"),
        ("noise(momentum, sigma=0.1, kind='spikes')", "Momentum · spikes noise 0.1"),
        ("decay(adam)", "Adam · L2 0.01"),
        ("decay(adam, decoupled=True)", "Adam · decay 0.01"),
        ("warm_up(linear(sgd), steps=10)", "SGD · linear · warm-up 10"),
        ("one_cycle(nesterov)", "Nesterov · one cycle"),
        ("plateau(rmsprop)", "RMSprop · plateau"),
        ("step_decay(sgd)", "SGD · step decay"),
        ("warm_restarts(sgd, period=20)", "SGD · restarts 20"),
        ("schedule(sgd, scheduler='StepLR', step_size=3)", "SGD · StepLR"),
        ("reset(adam, at=100, every=30)", "Adam · reset at 100, every 30"),
        ("reset(adam, patience=5)", "Adam · reset on plateau 5"),
        ("sam(sgd)", "SGD · SAM 0.05"),
        ("lookahead(adam)", "Adam · lookahead 5"),
        ("forgot_zero_grad(sgd)", "SGD · no zero_grad"),
        ("stale(sgd)", "SGD · 1 step late"),
        ("stale(sgd, delay=4)", "SGD · 4 steps late"),
    ],
)
def test_labels_name_the_wrappers(text, label):
    assert parse(text)[0].label == label


@pytest.mark.slow
def test_command_line_accepts_wrappers(tmp_path, capsys):
    target = tmp_path / "race.png"
    words = ["race", "beale", "--steps", "20", "-o", str(target)]
    code = main(
        [
            *words,
            "--optimizer",
            "cosine(clip(adam(lr=0.05), norm=1))",
            "--optimizer",
            "mine=sam(sgd(lr=0.001), rho=0.1)",
        ]
    )
    said = capsys.readouterr().out
    assert code == 0
    assert target.is_file()
    assert "Adam · clip 1 · cosine" in said
    assert "mine" in said


MINE = """
import torch

class Mine(torch.optim.SGD):
    "One's own."
"""


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("clip(mine.py:Mine(lr=0.05), norm=1)", "clip(Torch(Mine, lr=0.05), norm=1.0)"),
        (
            "cosine( clip(mine.py:Mine ( lr=0.05, weight_decay=(0.1) ), norm=1) )",
            "cosine(clip(Torch(Mine, lr=0.05, weight_decay=0.1), norm=1.0))",
        ),
        ("mine=sam(mine.py:Mine, rho=0.1)", "sam(Torch(Mine, lr=0.001), rho=0.1)"),
    ],
)
def test_custom_optimizer_can_be_wrapped_by_name(text, spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    found = lookup.find_optimizers([text])
    (own,) = found.values() if isinstance(found, dict) else found
    assert parse_with_own(own)[0].spec == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip(mine.py:Yours, norm=1)", "unknown object of mine.py 'Yours'"),
        (
            "clip(mine.py:Mine)",
            "Clip: set norm=… to limit the norm of the gradient, or value=… to limit each coordinate",
        ),
        ("clip(mine.py:Mine(0.1), norm=1)", "cannot parse the settings of"),
        ("clip(mine.py:Mine(lr=0.1, norm=1)", "unknown setting of Mine 'norm'"),
        ("clop(mine.py:Mine, norm=1)", "unknown optimizer 'clop'"),
        ("adam(mine.py:Mine)", "cannot parse the optimizer"),
    ],
)
def test_invalid_custom_optimizer_in_a_wrapper_raises_one_line(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        lookup.find_optimizers([text])
    assert "\n" not in str(caught.value)


def test_listing_separates_wrappers(capsys):
    assert main(["list", "optimizers"]) == 0
    output = capsys.readouterr().out
    optimizers, wrappers = output.removeprefix("optimizers").split("\nwrappers")
    assert "\nadam " in optimizers
    assert "\nclip " not in optimizers
    assert "\nclip " in wrappers
    assert "optimizer=" not in output


ADAM = optimizers.Adam(lr=0.1)


@merged(
    ("make", "message"),
    [
        (
            lambda: optimizers.Clip(),
            r"Clip: the first argument must be an optimizer, got nothing; "
            r"write Clip\(optimizers\.Adam\(lr=0\.05\), \.\.\.\)",
        ),
        (lambda: optimizers.Clip("adam", norm=1), r"Clip: the first argument must be an optimizer, got 'adam'"),
        (
            lambda: optimizers.Clip(optimizers.Adam, norm=1),
            r"Clip: the first argument must be an optimizer, got <class",
        ),
        (
            lambda: optimizers.Clip(ADAM),
            r"Clip: set norm=… to limit the norm of the gradient, or value=… to limit each coordinate",
        ),
        (lambda: optimizers.Clip(ADAM, norm=0), r"Clip: norm must be > 0, got 0"),
        (lambda: optimizers.Clip(ADAM, value=-1), r"Clip: value must be > 0, got -1"),
        (lambda: optimizers.Clip(ADAM, norm="1"), r"Clip: norm must be one number, got '1'"),
        (lambda: optimizers.Clip(ADAM, max_norm=1), r"unknown setting of Clip 'max_norm'"),
        (lambda: optimizers.Noise(ADAM, -0.1), r"Noise: sigma must be >= 0, got -0\.1"),
        (lambda: optimizers.Noise(ADAM, kind="norml"), r"unknown kind of noise 'norml'\. Did you mean normal"),
        (
            lambda: optimizers.Noise(ADAM, kind=3),
            r"unknown kind of noise '3'\. Known: minibatch, normal, spikes, stable, student",
        ),
        (lambda: optimizers.Noise(ADAM, kind="stable", alpha=2.5), r"Noise: alpha must be > 0 and <= 2, got 2\.5"),
        (lambda: optimizers.Noise(ADAM, kind="student", df=0), r"Noise: df must be > 0, got 0"),
        (lambda: optimizers.Noise(ADAM, probability=1.5), r"Noise: probability must be >= 0 and <= 1, got 1\.5"),
        (lambda: optimizers.Decay(ADAM, -1), r"Decay: weight must be >= 0, got -1"),
        (lambda: optimizers.Decay(ADAM, decoupled=1), r"Decay: decoupled must be True or False, got 1"),
        (lambda: optimizers.Reset(ADAM), r"Reset: set at=100 \(once\), every=50 \(repeatedly\) or patience=10"),
        (lambda: optimizers.Reset(ADAM, every=-5), r"Reset: every must be an integer >= 0, got -5"),
        (lambda: optimizers.SAM(ADAM, rho=-1), r"SAM: rho must be >= 0, got -1"),
        (lambda: optimizers.Lookahead(ADAM, k=0), r"Lookahead: k must be an integer >= 1, got 0"),
        (lambda: optimizers.Lookahead(ADAM, alpha=2), r"Lookahead: alpha must be >= 0 and <= 1, got 2"),
        (lambda: optimizers.Stale(ADAM, delay=0), r"Stale: delay must be an integer >= 1, got 0"),
        (
            lambda: parse("schedule(adam, scheduler='StepLR', title=3, step_size=2)"),
            r"Schedule: title must be a string, got 3",
        ),
        (lambda: parse("schedule(adam, scheduler='StepLR', settings=3)"), r"Schedule: settings must be a dict, got 3"),
        (lambda: parse("schedule(adam, scheduler='StepLR', self=3)"), r"Schedule: StepLR cannot be created: TypeError"),
        (lambda: parse("clip(norm=1)"), r"clip wraps one optimizer, its first argument, as in clip\(adam, \.\.\.\)"),
        (lambda: parse("clip(adam, norm=1, optimizer=sgd)"), r"cannot parse the optimizer|clip wraps one optimizer"),
        (lambda: parse("adam(sgd)"), r"cannot parse the optimizer"),
        (lambda: parse("clip(adan_, norm=1)"), r"unknown optimizer 'adan_'"),
    ],
)
def test_invalid_settings_raise_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lookahead(" * 17 + "sgd" + ")" * 17, "Lookahead: wrappers must nest at most 16 deep"),
        ("sam(" * 5 + "sgd" + ")" * 5, "SAM must nest at most 4 deep, because each doubles the gradients of a step"),
        ("sam(" * 3_000 + "sgd" + ")" * 3_000, "cannot parse the optimizer"),
    ],
)
def test_deep_nesting_is_refused_at_once(text, message):
    with pytest.raises(InputError, match=f"^{message}"):
        parse(text)
    assert parse("sam(sam(sam(sam(sgd(lr=0.1)))))")[0].depth() == 4
