"""The formulas of updates: computed in node, they give the steps of `race`."""

from __future__ import annotations

from importlib.resources import files

import node
import numpy as np
import pytest

from landscapes import race
from landscapes.javascript import emit_function, emit_optimizer, library
from landscapes.javascript.update_formulas import FORMULAS, lesson, update_formulas
from landscapes.optimizers import parse

SPECS = (
    "adabelief(lr=0.03)", "adabelief(lr=0.03, weight_decay=0.1)", "adadelta(lr=9.0)", "adagrad(lr=0.7)",
    "adagrad(lr=0.7, lr_decay=0.1)", "adam(lr=0.3)", "adam(lr=0.3, weight_decay=0.1)", "adam_uncorrected(lr=0.1)",
    "adamax(lr=0.3)", "adamw(lr=0.3)", "adamw_uncorrected(lr=0.1)", "amsgrad(lr=0.3)", "averaged_momentum(lr=0.015)",
    "heavy_ball(lr=0.0015)", "lion(lr=0.02, weight_decay=0.1)", "momentum(lr=0.0015)", "nadam(lr=0.1)",
    "nesterov(lr=0.0015, weight_decay=0.1)", "rmsprop(lr=0.03)", "rmsprop_centered(lr=0.02)",
    "rmsprop_inside(lr=0.03)", "rmsprop_momentum(lr=0.003)", "sgd(lr=0.0015)", "yogi(lr=0.3)",
    "sgd(lr=0.0015, momentum=0.9, dampening=0.5)", "rprop(lr=0.1)", "radam(lr=0.0002)",
    "radam(lr=0.0002, weight_decay=0.1, decoupled_weight_decay=True)", "asgd(lr=0.001)", "adopt(lr=0.1)",
    "ademamix(lr=0.01)", "adan(lr=0.1)", "adan(lr=0.1, weight_decay=0.1)", "cautious_adamw(lr=0.1, weight_decay=0.1)",
    "cautious_lion(lr=0.02)", "mars(lr=0.1, weight_decay=0.1)", "adafactor(lr=0.1)", "radam(lr=0.0005, beta2=0.7)",
)  # fmt: skip

STEPS = (0, 1, 7, 39)


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
def test_formulas_give_the_steps_of_the_race():
    start = (-1.2, 1.5)
    record = race("rosenbrock", list(SPECS), start=start, steps=41, resolution=2)
    optimizers = [parse(spec)[0] for spec in SPECS]
    scripts = [emit_optimizer(one) for one in optimizers]
    f = emit_function("rosenbrock")
    facts = [
        {
            "names": list(script.hyperparameters),
            "values": list(script.hyperparameters.values()),
            "lesson": lesson(one, list(script.hyperparameters)),
        }
        for one, script in zip(optimizers, scripts, strict=True)
    ]
    source = files("landscapes.render.html").joinpath("assets", "lesson.js").read_text(encoding="utf-8")
    found = node.run(
        f"{library([f, *scripts])}\n{source}\nconst f={f.source},kinds=[{','.join(one.kind for one in scripts)}];"
        "result=data.optimizers.map((one,i)=>data.steps.map(t=>"
        "stepParts(kinds[i](f,data.start,60,one.values,()=>false),one,f,one.values,t,v=>`<${v}>`)));",
        {"optimizers": facts, "steps": STEPS, "start": start},
    )
    assert {type(one) for one in optimizers} == set(FORMULAS)
    moves = np.diff(record.trajectories.x, axis=1)
    for i, (spec, steps) in enumerate(zip(SPECS, found, strict=True)):
        for t, parts in zip(STEPS, steps, strict=True):
            lines = {line["symbol"]: line for line in parts["lines"]}
            if t == 0 and "dampening" in spec:  # its first step is not dampened: other numbers, and no formula
                assert lines == {}
                continue
            assert "Δx" in lines, (spec, t)
            size = np.abs(record.trajectories.x[i, t]).max()
            np.testing.assert_allclose(parts["step"], moves[i, t], rtol=1e-9, atol=1e-15 * size, err_msg=spec)
            np.testing.assert_allclose(lines["Δx"]["value"], moves[i, t], rtol=1e-6, atol=1e-14, err_msg=spec)
            assert parts["t"] == t + 1
            assert all("<" in line["filled"] for line in parts["lines"])


@pytest.mark.parametrize(
    "spec", ["ademamix(lr=0.1, warmup=5)", "schedule_free_sgd(lr=0.1)", "clip(sgd(lr=0.1), norm=1)"]
)
def test_others_have_no_formulas(spec):
    assert update_formulas(parse(spec)[0]) is None
