"""Wrappers as JavaScript, in node: random numbers, schedules and runs as the engine has them."""

from __future__ import annotations

import json
import re

import node
import numpy as np
import pytest
import torch

from landscapes import InputError, race, random
from landscapes.javascript import emit_adjustable, emit_function, library, unwrapped, wrappers_library
from landscapes.javascript._wrapped import WRAPPERS
from landscapes.optimizers import parse
from landscapes.optimizers.wrappers.base import Wrapper

in_node = pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)

WRAPPED = (
    "noise(sgd(lr=0.001), sigma=0.5)",
    'noise(adam(lr=0.05), sigma=0.1, kind="student", df=4)',
    'noise(rmsprop(lr=0.01), sigma=0.1, kind="stable", alpha=1.7)',
    'noise(sgd(lr=0.001), sigma=0.2, kind="minibatch", additive=0.1)',
    'noise(adam(lr=0.05), sigma=3.0, kind="spikes", probability=0.3)',
    "noise(clip(noise(sgd(lr=0.001), sigma=0.5), norm=1.0), sigma=2.0)",
    "clip(sgd(lr=0.002), norm=20.0, value=15.0)",
    "step_decay(sgd(lr=0.001), every=7, gamma=0.7)",
    "multi_step(sgd(lr=0.001), at=(5, 9, 9, 30), gamma=0.5)",
    "constant(sgd(lr=0.001), over=8)",
    "linear(adam(lr=0.1))",
    "warm_up(adam(lr=0.1), steps=20)",
    "exponential(sgd(lr=0.001), gamma=0.98)",
    "inverse_time(sgd(lr=0.001), decay=0.1, power=0.6)",
    "polynomial(adam(lr=0.1), power=1.5, steps=40)",
    "cosine(adam(lr=0.1), steps=25, lowest=0.01)",
    "warm_restarts(adam(lr=0.1), period=10, growth=2, lowest=0.001)",
    "one_cycle(momentum(lr=0.002))",
    "one_cycle(sgd(lr=0.002), three_phase=True, straight=True)",
    "one_cycle(adam(lr=0.1), cycle_momentum=False)",
    "cosine(warm_up(rprop(lr=0.01), steps=10))",
    "noise(cosine(schedule_free_sgd(lr=0.002)), sigma=0.5)",
    "sam(adam(lr=0.05), rho=0.1)",
    "noise(sam(clip(sam(sgd(lr=0.001)), norm=3.0)), sigma=0.5)",
    "sam(schedule_free_sgd(lr=0.002))",
    "lookahead(momentum(lr=0.001), k=4, alpha=0.7)",
    "stale(adam(lr=0.02), delay=3)",
    "forgot_zero_grad(clip(sgd(lr=0.0001), norm=50.0))",
    "decay(adam(lr=0.05), weight=0.1)",
    "decay(step_decay(rmsprop(lr=0.01), every=9), weight=0.3, decoupled=True)",
    "projected(momentum(lr=0.001), low=-0.9, high=0.8)",
    "reset(adam(lr=0.05), every=7)",
    "cosine(reset(lookahead(warm_up(adam(lr=0.05), steps=9)), at=11))",
    "reset(momentum(lr=0.002), patience=2)",
    "plateau(adam(lr=0.3), patience=1, factor=0.5, cooldown=2)",
    "reset(plateau(rprop(lr=0.05), patience=1), every=13)",
    "lookahead(one_cycle(adam(lr=0.1)))",
    "decay(noise(stale(nadam(lr=0.05), delay=2), sigma=0.3), weight=0.02)",
)
STEPS, SEED = 60, 2**33 + 7


@in_node
def test_random_numbers_are_those_of_the_engine():
    found = node.run(
        f"{wrappers_library()}\nresult={{words:philox([0,0,0,0],[0,0]),"
        "uniform:uniform(data,9,0x4001,5),normal:normal(data,123456,0x4000,3)};",
        SEED,
    )
    assert [hex(word) for word in found["words"]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    stream = torch.zeros(1, dtype=torch.int64)
    assert found["uniform"] == random.uniform(SEED, stream, 9, 0x4001, 5)[:, 0].tolist()
    expected = random.normal(SEED, stream, 123456, 0x4000, 3)[:, 0].tolist()
    assert found["normal"] == pytest.approx(expected, rel=1e-14)


@pytest.fixture(scope="module")
def wrapped_runs():
    return wrapped_points()


def wrapped_points(specs=WRAPPED, deep="isNested(chain)"):
    """60 steps on Rosenbrock's function, by `race` and in JavaScript."""
    f, parts = emit_function("rosenbrock"), {spec: unwrapped(parse(spec)[0]) for spec in specs}
    scripts = {spec: emit_adjustable(part.optimizer) for spec, part in parts.items()}
    chosen = {
        spec: one.raised if parts[spec].momentum in one.zero and one.raised else one.plain
        for spec, one in scripts.items()
    }
    texts = ",".join(f"{json.dumps(spec)}:{one.kind}" for spec, one in chosen.items())
    data = {
        spec: {
            "chain": parts[spec].chain,
            "values": [scripts[spec].hyperparameters[name] for name in one.hyperparameters],
            "lr": [*one.hyperparameters].index("lr"),
            "momentum": [*one.hyperparameters, parts[spec].momentum].index(parts[spec].momentum)
            if parts[spec].momentum in one.hyperparameters
            else -1,
        }
        for spec, one in chosen.items()
    }
    source = (
        f"{library([f, *chosen.values()])}\n{wrappers_library()}\nconst all={{{texts}}};result={{}};"
        "for(const [spec,{chain,values,lr,momentum}] of Object.entries(data)){"
        f"const deep={deep},{{seen,rates}}=deep?{{}}:wrap(chain,values,lr,momentum,{STEPS},{SEED});"
        f"const begin=deep?nested(all[spec],chain,lr,momentum,{SEED}):all[spec];"
        f"const run=begin({f.source},[-1.2,1],{STEPS},values,()=>false,seen,rates);"
        "run.advance(7);run.advance(31);run.advance(1e9);result[spec]=[...run.x]}"
    )
    found = {spec: np.array(x, float).reshape(-1, 2) for spec, x in node.run(source, data).items()}
    record = race(
        "rosenbrock", {spec: parse(spec)[0] for spec in specs}, start=(-1.2, 1), steps=STEPS, seed=SEED, resolution=2
    )
    return dict(zip(specs, record.trajectories.x, strict=True)), found


@in_node
@pytest.mark.parametrize("spec", WRAPPED)
def test_wrapped_runs_are_those_of_races(spec, wrapped_runs):
    raced, found = wrapped_runs
    np.testing.assert_allclose(found[spec], raced[spec], rtol=1e-9, atol=1e-9)


@in_node
def test_levels_give_the_runs_of_the_faster_loop():
    """Wrappers that both ways can do: the same points, so that the slower one is right wherever it is needed."""
    specs = [spec for spec in WRAPPED if not re.search(NESTED, spec)]
    assert len(specs) == 22
    found = wrapped_points(specs, deep="true")[1]
    for spec, x in wrapped_points(specs, deep="false")[1].items():
        np.testing.assert_array_equal(found[spec], x, err_msg=spec)


NESTED = r"\b(sam|lookahead|stale|forgot_zero_grad|decay|projected|reset|plateau)\("


def test_every_wrapper_is_written_or_refused_with_a_reason():
    written = {kind.names[0] for kind in WRAPPERS}
    every = {
        name
        for kind in subclasses(Wrapper)
        if kind.names and kind.__module__.startswith("landscapes")
        for name in kind.names[:1]
    }
    assert every - written == {"schedule"}
    assert {name for name in written if any(re.search(rf"\b{name}\(", spec) for spec in WRAPPED)} == written
    with pytest.raises(InputError, match="Schedule cannot be written as JavaScript: a scheduler of torch is Python"):
        unwrapped(parse("schedule(sgd(lr=0.1), scheduler='StepLR', step_size=30)")[0])
    with pytest.raises(InputError, match="BFGS cannot be written as JavaScript: it is not a first-order"):
        unwrapped(parse("noise(bfgs)")[0])


def subclasses(kind):
    return {one for own in kind.__subclasses__() for one in (own, *subclasses(own))}
