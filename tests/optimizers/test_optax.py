"""Optax's transformations give the numbers of their own loops, in any batch, and their numbers can be varied."""

from __future__ import annotations

import functools
import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from reference import by_optimizers, egg_box, starts

import landscapes
from landscapes import InputError, optimizers
from landscapes.jax_blocks import local_settings
from landscapes.optimizers.adapters import optax_search
from landscapes.oracle import value_and_gradient

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(find_spec("optax") is None, reason="pip install 'torch-landscapes[jax]'"),
]

CASES = {
    "adabelief": {}, "adadelta": {}, "adafactor": {}, "adagrad": {}, "adam": {}, "adamax": {}, "adamw": {}, "adan": {},
    "amsgrad": {}, "fromage": {}, "lamb": {}, "lars": {}, "lion": {}, "nadam": {}, "noisy_sgd": {},
    "novograd": {},
    "optimistic_gradient_descent": {}, "polyak_sgd": {}, "radam": {}, "rmsprop": {"momentum": 0.9}, "rprop": {},
    "sgd": {"momentum": 0.9, "nesterov": True}, "sign_sgd": {}, "sm3": {}, "yogi": {}, "contrib.ademamix": {},
    "contrib.dadapt_adamw": {}, "contrib.madgrad": {}, "contrib.muon": {"shape": (1, 2)}, "contrib.prodigy": {},
    "contrib.schedule_free_adamw": {},
}  # fmt: skip
"""Transformations of optax, and settings without which they differ too little from others."""

ROUNDED = ("adan", "fromage", "novograd", "contrib.muon", "contrib.schedule_free_adamw")
"""Transformations of which XLA rounds a single run otherwise than a batch."""

NEAR = 1e-12
"""The largest relative difference of theirs."""

SINGLE = {"adafactor": 1e-5, "contrib.madgrad": 1e-5}
"""The same for those that compute parts in single precision."""


def factory(name):
    import optax

    module = optax.contrib if "." in name else optax
    if not hasattr(module, name.removeprefix("contrib.")):
        pytest.skip("a later release of optax has it")
    return getattr(module, name.removeprefix("contrib."))


def own_loop(transformation, objective, start, steps, shape=()):
    """Return the points (T, d) of a loop over one run with a compiled step, as in optax's manual, and our gradients."""
    import jax
    import optax

    transformation = optax.with_extra_args_support(transformation)

    @jax.jit
    def step(p, state, g, value):
        updates, state = transformation.update(g, state, p, value=value, grad=g)
        return optax.apply_updates(p, updates), state

    p = jax.numpy.array(start.numpy().reshape(shape or -1))
    state, path = transformation.init(p), []
    for _ in range(steps):
        value, gradient = value_and_gradient(objective, torch.tensor(np.asarray(p).reshape(-1, 1)))
        p, state = step(p, state, gradient.numpy().reshape(p.shape), value.numpy()[0])
        path.append(np.asarray(p).ravel())
    return np.stack(path)


@pytest.mark.filterwarnings("ignore:Specifying a key:UserWarning")  # of noisy_sgd
@pytest.mark.parametrize("name", CASES)
def test_runs_are_those_of_their_own_loops(name):
    import jax

    earlier = jax.__version_info__ < (0, 10)  # their compiler rounds more of the single runs otherwise
    make, settings = factory(name), dict(CASES[name])
    shape = settings.pop("shape", ())
    rates = [{} if name == "polyak_sgd" else {"learning_rate": lr} for lr in (0.02, 0.05, 0.11)]
    ours = [optimizers.Optax(make, shape=shape, **settings, **rate) for rate in rates]
    objective, x = egg_box(2), starts(2, 3, np.random.default_rng(0))
    paths = by_optimizers(objective, ours, x, 20)
    for i in (0, 2):
        with local_settings(torch.float64):
            expected = own_loop(make(**settings, **rates[i]), objective, x[:, i], 20, shape)
        largest = SINGLE.get(name, 1e-9 if earlier else NEAR if name in ROUNDED else 0.0)
        np.testing.assert_allclose(paths[:, :, i], expected, rtol=largest, atol=largest)
        assert not np.array_equal(expected[0], expected[-1])


def quick(optimizer, runs=1, seed=3, steps=12):
    """Return the points of runs of one or several optimizers from random starts."""
    given = optimizer if isinstance(optimizer, list) else [optimizer] * runs
    return by_optimizers(egg_box(2), given, starts(2, len(given), np.random.default_rng(seed)), steps)


def test_a_run_has_the_same_bits_in_any_batch():
    import optax

    rates = np.geomspace(1e-3, 1.0, 4200).tolist()
    adam = [optimizers.Optax(optax.adam, learning_rate=rate) for rate in rates]
    x, objective = starts(2, 4200, np.random.default_rng(3)), egg_box(2)
    whole = by_optimizers(objective, adam, x, 6)
    for runs in ([0], [4199], list(range(7, 71)), list(range(4000, 4200))):
        part = by_optimizers(objective, [adam[run] for run in runs], x[:, runs], 6)
        assert torch.equal(part, whole[:, :, runs])


def test_adam_is_ours_up_to_rounding_and_shares_its_names():
    import optax

    theirs = optimizers.Optax(optax.adam, learning_rate=0.1)
    record = landscapes.sweep("beale", ["adam", theirs], lr=[0.05, 0.1], beta1=[0.5, 0.9], steps=30)
    ours, same = np.split(record.trajectories.x, 2)
    np.testing.assert_allclose(ours, same, rtol=1e-12, atol=1e-12)
    assert theirs.hyperparameters() == {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "eps_root": 0.0}
    assert theirs.with_hyperparameters({"beta1": 0.5, "lr": 0.2}).spec == "Optax(adam, lr=0.2, beta1=0.5)"


def test_each_setting_is_compiled_once_for_all_numbers():
    import optax

    make = lambda learning_rate, b1=0.9: optax.adam(learning_rate, b1=b1)  # noqa: E731
    several = [optimizers.Optax(make, learning_rate=0.01 * (i + 1), b1=0.1 * i) for i in range(6)]
    quick(several)
    quick(several[:3])
    assert len({optimizer.batch_key for optimizer in several}) == 1
    assert several[0].kernel is several[5].kernel
    assert several[0].kernel.step._cache_size() == 1


def test_a_number_that_the_function_branches_on_is_kept_apart():
    import optax

    def make(learning_rate, momentum=0.0):
        return optax.sgd(learning_rate, momentum=momentum) if momentum > 0 else optax.sgd(learning_rate)

    plain, heavy, heavier = (optimizers.Optax(make, learning_rate=0.1, momentum=m) for m in (0.0, 0.5, 0.9))
    assert (tuple(heavy.numbers), heavy.fixed) == (("learning_rate",), (("momentum", 0.5),))
    assert len({one.batch_key for one in (plain, heavy, heavier)}) == 3
    sgd = [optimizers.SGD(lr=0.1, momentum=m) for m in (0.0, 0.5, 0.9)]
    np.testing.assert_allclose(quick([plain, heavy, heavier]), quick(sgd), rtol=1e-12, atol=1e-12)


def test_norms_are_those_of_single_runs():
    import optax

    clipped = optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.1))
    ours = quick(optimizers.Clip(optimizers.SGD(lr=0.1), norm=0.5), runs=9)
    theirs = quick(optimizers.Optax(clipped), runs=9)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)  # ours adds 1e-6 to the norm, as torch does


@pytest.mark.parametrize("wrap", ["Cosine", "Reset", "Clip", "Noise"])
def test_wrappers_act_as_on_ours(wrap):
    import optax

    settings = {"Reset": {"every": 4}, "Clip": {"norm": 0.5}, "Noise": {"sigma": 0.1}}.get(wrap, {})
    both = [optimizers.Optax(optax.adam, learning_rate=0.1), optimizers.Adam(lr=0.1)]
    theirs, ours = (quick(getattr(optimizers, wrap)(one, **settings), runs=3) for one in both)
    np.testing.assert_allclose(theirs, ours, rtol=1e-11, atol=1e-12)
    assert not torch.equal(theirs, quick(both[0], runs=3))


def test_a_race_tunes_an_omitted_learning_rate_and_the_record_keeps_it(tmp_path):
    import optax

    given = {"own": optimizers.Optax(optax.sgd), "fixed": optimizers.Optax(optax.sgd(0.01)), "text": "optax:sgd"}
    record = landscapes.race("booth", given, steps=40, metrics=["lr", "evaluations"])
    ours = landscapes.race("booth", "sgd", steps=40)
    record.save(tmp_path / "race.npz")
    runs = landscapes.Record.load(tmp_path / "race.npz").trajectories.runs
    lr = ours.trajectories.runs["lr"][0]
    np.testing.assert_array_equal(runs["lr"], [lr, np.nan, lr])
    assert runs["lr_source"].tolist() == ["tuned", "given", "tuned"]
    assert runs["optimizer"].tolist() == [f"Optax(sgd, lr={lr})", "Optax(transformation)", f"Optax(sgd, lr={lr})"]
    np.testing.assert_allclose(record.trajectories.x[0], ours.trajectories.x[0], rtol=1e-12, atol=1e-12)
    assert runs["n_gradients"].tolist() == [40, 40, 40]
    assert set(record.meta.versions) >= {"jax", "optax"}


def test_states_are_metrics_under_the_usual_names():
    import optax

    metrics = ["momentum", "second_moment", "count"]
    record = landscapes.race(
        "booth", [optimizers.Optax(optax.adam, learning_rate=0.1), "adam(lr=0.1)"], steps=5, metrics=metrics[:2]
    ).trajectories.metrics
    for name in metrics[:2]:
        np.testing.assert_allclose(*record[name], rtol=1e-12)


def test_a_run_that_diverges_leaves_the_others_alone():
    import optax

    fast, slow = (optimizers.Optax(optax.sgd, learning_rate=lr) for lr in (1e200, 0.01))
    record = landscapes.race("beale", {"fast": fast, "slow": slow}, steps=20)
    alone = landscapes.race("beale", {"slow": slow}, steps=20)
    assert record.trajectories.runs["status"].tolist()[0] in ("diverged", "non-finite")
    np.testing.assert_array_equal(record.trajectories.x[1], alone.trajectories.x[0])


def test_the_precision_of_jax_stays_that_of_the_process():
    import jax
    import optax

    before = jax.config.jax_enable_x64
    adam = optimizers.Optax(optax.adam, learning_rate=0.1)
    single = landscapes.race("booth", adam, steps=5, dtype=torch.float32, metrics=["momentum"]).trajectories
    double = landscapes.race("booth", adam, steps=5).trajectories
    assert jax.config.jax_enable_x64 == before
    assert (single.x == single.x.astype(np.float32)).all()
    assert (double.x != double.x.astype(np.float32)).any()
    np.testing.assert_allclose(single.x, double.x, rtol=1e-5)
    seen = []

    def update(g, state, p):
        seen.append(str(jax.numpy.zeros(()).dtype))
        return jax.tree.map(lambda one: -0.1 * one, g), state

    given = optimizers.Optax(optax.GradientTransformation(lambda p: (), update))
    landscapes.race("booth", given, steps=1, dtype=torch.float32)
    assert (seen[0], seen[-1]) == ("float64", "float32")


def test_threads_do_not_disturb_each_other():
    import optax

    def run(lr):
        dtype = torch.float32 if lr == 0.2 else torch.float64
        adam = optimizers.Optax(optax.adam, learning_rate=lr)
        return landscapes.race("booth", adam, steps=20, dtype=dtype).trajectories.x

    rates = [0.1, 0.2, 0.3, 0.2]
    serial = [run(lr) for lr in rates]
    with ThreadPoolExecutor(4) as pool:
        assert all(map(np.array_equal, serial, pool.map(run, rates)))


def test_it_is_sent_to_other_processes_by_name():
    import optax

    adam = optimizers.Optax(optax.adam, learning_rate=0.1, b1=0.8)
    again = pickle.loads(pickle.dumps(adam))
    assert again == adam
    assert again.batch_key == adam.batch_key


def test_line_searches_evaluate_our_function_and_are_counted():
    """Two runs of L-BFGS equal optax's own loops with the function written in JAX."""
    import jax
    import optax

    valley = lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] * p[0]) ** 2  # noqa: E731
    starts = [(-1.2, 1.0), (0.5, 1.5)]
    twice = {"first": optimizers.Optax(optax.lbfgs), "second": optimizers.Optax(optax.lbfgs)}
    record = landscapes.race("rosenbrock", twice, start=starts, steps=8)
    with local_settings(torch.float64):
        transformation = optax.lbfgs()

        @jax.jit
        def step(p, state):
            value, g = jax.value_and_grad(valley)(p)
            updates, state = transformation.update(g, state, p, value=value, grad=g, value_fn=valley)
            return optax.apply_updates(p, updates), state, state[-1].info.num_linesearch_steps

        for i, start in enumerate(starts):
            p = jax.numpy.array(start)
            state, evaluated = transformation.init(p), 8
            for _ in range(8):
                p, state, searched = step(p, state)
                evaluated += int(searched)
            for run in (2 * i, 2 * i + 1):
                np.testing.assert_allclose(record.trajectories.x[run, -1], p, rtol=1e-9, atol=1e-9)
                assert record.trajectories.runs["n_gradients"][run] == evaluated
            assert evaluated > 8


def refused():
    import optax
    from optax import contrib

    ready, make = optax.adam(0.1), optimizers.Optax
    halved = make(optax.adam, learning_rate=optax.exponential_decay(0.1, 1, 0.5))
    broken = optax.GradientTransformation(lambda p: (), lambda g, state, p: 1 / 0)
    return [
        (lambda: make(3), r"^Optax: transformation must be an optax transformation or .*, got 3; write opt"),
        (lambda: make(ready, learning_rate=0.2), r"fixed numbers; pass the function .*; got learning_rate$"),
        (lambda: make(optax.adam, lerning_rate=1.0), r"^unknown setting of adam 'lerning_rate'. Did you mean"),
        (lambda: make(optax.adam, learning_rate="fast"), r"^adam: learning_rate must be one number, got 'fast'"),
        (lambda: make(lambda learning_rate: 3), r"^Optax: transformation must return an optax transformation, got 3"),
        (lambda: make(contrib.sam), r"^sam requires optimizer and adv_optimizer; pass them, as in opt"),
        (lambda: make(broken), r"^Optax\(transformation\) cannot take a step on 2 coordinates: ZeroDivisionError: "),
        (lambda: make(optax.adam, label=3), r"^Optax: label must be a string, got 3$"),
        (lambda: landscapes.sweep("beale", make(ready), lr=[0.1, 0.2]), r"^optax: a ready-made transformation has"),
        (lambda: landscapes.tune("beale", make(ready)), r"^optax: a ready-made transformation has fixed numb"),
        (lambda: landscapes.race("beale", optimizers.Cosine(make(ready))), r"^Cosine: optax has no learning rate"),
        (lambda: make(optax.adam, lr=0.1, learning_rate=0.2), r"^Optax: learning_rate and lr are one setting; give on"),
        (lambda: make(optax.adam, learning_rate=float("nan")), r"^adam: learning_rate must be finite and >= 0, got"),
        (lambda: make(optax.adam, learning_rate=-1), r"^adam: learning_rate must be >= 0, got -1$"),
        (lambda: landscapes.sweep("beale", halved, lr=[0.1, 1]), r"^unknown hyper-parameter of adam \(optax\) 'lr'"),
        (lambda: landscapes.race("beale", make(optax.adam, shape=(3, 1))), r"shape=\(3, 1\) has 3 elements, but beale"),
    ]  # fmt: skip


@pytest.mark.parametrize("case", range(16))
def test_bad_input_is_refused_with_what_to_do(case):
    call, message = refused()[case]
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_searches_keep_double_precision_in_threads_of_xla(monkeypatch):
    import jax

    point = np.array([0.1, 0.2, 0.3])

    def answer(x, gradient):
        assert x.tolist() == point.tolist()
        return (x**3).sum(), 3 * x**2

    monkeypatch.setitem(optax_search._asking, -1, answer)
    with local_settings(torch.float64):
        compiled = (
            jax.jit(jax.value_and_grad(optax_search.value_fn(np.int32(-1)))).lower(jax.numpy.asarray(point)).compile()
        )
        given = jax.numpy.asarray(point)
    value, gradient = compiled(given)  # calls back in single precision, as a thread does that lacks our setting
    assert float(value) == (point**3).sum()
    assert np.asarray(gradient).tolist() == (3 * point**2).tolist()


def test_a_schedule_of_the_learning_rate_is_kept_when_others_vary():
    import optax

    make = functools.partial(optimizers.Optax, optax.adam, learning_rate=optax.exponential_decay(0.1, 1, 0.5))
    swept = landscapes.sweep("beale", make(b1=0.5), beta1=[0.5, 0.8], steps=4)
    raced = landscapes.race("beale", {"one": make(b1=0.5), "two": make(b1=0.8)}, steps=4)
    assert swept.trajectories.x[:, -1].tolist() == raced.trajectories.x[:, -1].tolist()
    labels = landscapes.race("beale", [make(b1=0.5), make(b1=0.8)], steps=1).trajectories.runs["label"]
    assert list(labels) == ["adam (optax) beta1=0.5", "adam (optax) beta1=0.8"]


def test_flags_vary_in_a_sweep():
    import optax

    make = functools.partial(optimizers.Optax, optax.sgd, learning_rate=0.01, momentum=0.9)
    swept = landscapes.sweep("beale", make(), nesterov=[False, True], steps=9).grid("final").tolist()
    raced = landscapes.race("beale", [make(), make(nesterov=True)], steps=9).trajectories.loss[:, -1].tolist()
    assert swept == raced
    with pytest.raises(InputError, match="a ready-made transformation has fixed numbers"):
        landscapes.sweep("beale", optimizers.Optax(optax.sgd(0.1)), nesterov=[False, True], steps=9)
