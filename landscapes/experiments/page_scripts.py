"""What the page of a race needs besides pictures: functions and optimizers as JavaScript, and facts about them."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscapes.experiments.function_code import Code
from landscapes.experiments.outcomes import ROAM, ROAM_UNBOUNDED, TARGET
from landscapes.javascript import (
    AdjustableScript,
    OptimizerScript,
    Script,
    emit_adjustable,
    library,
    unwrapped,
    wrappers_library,
)
from landscapes.javascript.update_formulas import lesson
from landscapes.live import RaceScript
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer
from landscapes.optimizers.base import POSITIVE
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.wrappers.base import Wrapper
from landscapes.optimizers.wrappers.clip import Clip
from landscapes.optimizers.wrappers.common_bugs import ForgotZeroGrad, Stale
from landscapes.optimizers.wrappers.lookahead import Lookahead
from landscapes.optimizers.wrappers.noise import KINDS, Noise
from landscapes.optimizers.wrappers.onecycle import OneCycle
from landscapes.optimizers.wrappers.plateau import Plateau
from landscapes.optimizers.wrappers.projected import Projected
from landscapes.optimizers.wrappers.reset import Reset
from landscapes.optimizers.wrappers.sam import SAM
from landscapes.optimizers.wrappers.scheduled import Scheduled
from landscapes.optimizers.wrappers.schedules import (
    Constant,
    Cosine,
    Exponential,
    InverseTime,
    Linear,
    MultiStep,
    Polynomial,
    StepDecay,
    WarmRestarts,
    WarmUp,
)
from landscapes.optimizers.wrappers.weight_decay import Decay
from landscapes.record import Record
from landscapes.record.metadata import RaceMeta

FORMULAS = Script("", frozenset({"erf"}))
"""What formulas call that a reader types."""

ADDABLE: tuple[type[Wrapper], ...] = (
    Noise, Clip, Constant, Cosine, Exponential, InverseTime, Linear, MultiStep, OneCycle, Plateau, Polynomial,
    StepDecay, WarmRestarts, WarmUp, Decay, ForgotZeroGrad, Lookahead, Projected, Reset, SAM, Stale,
)  # fmt: skip
"""The wrappers that a reader can put around all optimizers."""

USUAL: Mapping[type[Wrapper], Mapping[str, float]] = {Reset: {"every": 50}}
"""Values that a reader finds first where the defaults alone are not allowed."""

MOST_FOR_SURFACE = 2500
"""Characters of a function up to which 257 × 257 values are soon computed, see benchmarks/javascript.md."""


@dataclass(frozen=True)
class EmittedOptimizers:
    """Optimizers as JavaScript.

    Attributes:
        scripts: what is called, for `library`.
        kinds: the distinct functions that take steps, see `OptimizerScript.kind`.
        facts: plain data per optimizer: label, text, names and ranges of hyper-parameters, and the places of its
            `plain` and `raised` functions in `kinds`.
    """

    scripts: list[OptimizerScript]
    kinds: list[str]
    facts: list[dict[str, Any]]


def emit_optimizers(optimizers: Sequence[Optimizer], labels: Sequence[str], texts: Sequence[str]) -> EmittedOptimizers:
    """Return optimizers, wrapped or not, as JavaScript. Raise `InputError` for one that cannot be, with the reason."""
    parts = [unwrapped(one) for one in optimizers]
    written = [emit_adjustable(part.optimizer) for part in parts]
    pairs = [(one.raised, None) if one.raised and one.exact else (one.plain, one.raised) for one in written]
    scripts = [script for pair in pairs for script in pair if script is not None]
    kinds = list(dict.fromkeys(script.kind for script in scripts))
    facts = []
    for part, one, (plain, raised), label, text in zip(parts, written, pairs, labels, texts, strict=True):
        names = list(one.hyperparameters)
        limits = {field.name: dict(field.metadata) for field in dataclasses.fields(part.optimizer)}
        facts.append(
            {
                "label": label,
                "text": text,
                "gradient": part.optimizer.needs_gradient,
                "lr": part.optimizer.tunable,
                "names": names,
                "values": list(one.hyperparameters.values()),
                "limits": [
                    {key: limit for key, limit in limits.get(name, {}).items() if key != "structural"} for name in names
                ],
                "zero": [names.index(name) for name in one.zero] if raised is not None else [],
                "plain": kinds.index(plain.kind),
                "raised": None if raised is None else kinds.index(raised.kind),
                "momentum": names.index(part.momentum) if part.momentum in names else -1,
                **_lessons(part.optimizer, one, names),
                "chain": [dict(wrapper) for wrapper in part.chain],
            }
        )
    return EmittedOptimizers(scripts, kinds, facts)


def _lessons(optimizer: FirstOrder, script: AdjustableScript, names: Sequence[str]) -> dict[str, Any]:
    """Return the formulas of a step, as it is and with the hyper-parameters at zero raised; `lifted` lists these."""
    raised = None
    if script.raised is not None:
        raised = optimizer.with_hyperparameters({name: script.raised.hyperparameters[name] for name in script.zero})
    return {
        "lesson": lesson(optimizer, names),
        "raised_lesson": raised and lesson(raised, names),
        "lifted": [names.index(name) for name in script.zero],
    }


def function_facts(
    record: Record,
    function: Function,
    written: Script,
    code: Code | None,
    optimizers: Sequence[Optimizer],
    emitted: EmittedOptimizers,
) -> dict[str, Any]:
    """Return how runs on a function begin and end, and the hyper-parameters of the optimizers in its race."""
    meta, surface = record.meta, record.surface
    assert isinstance(meta, RaceMeta)
    assert surface is not None
    seen = surface.values[np.isfinite(surface.values)]
    unbounded = meta.minimum == -math.inf
    aim = meta.minimum if math.isfinite(meta.minimum) else meta.lower_bound
    return {
        "function": function.name,
        "code": code.expression if code else None,
        "imports": list(code.imports) if code else [],
        "start": list(meta.start),
        "steps": meta.steps,
        "view": [list(side) for side in function.view],
        "roam": ROAM_UNBOUNDED if unbounded else ROAM,
        "aim": None if unbounded or meta.minimum_is == "contradicted" else aim,
        "share": TARGET,
        "lowest": (float(seen.min()) if len(seen) else None) if unbounded else None,
        "unbounded": unbounded,
        "origin": record.gap_origin if math.isfinite(record.gap_origin) else None,
        "stop": dict(meta.stop),
        "minimum": meta.minimum if math.isfinite(meta.minimum) else None,
        "minima": surface.minima[np.isfinite(surface.minima).all(1)].tolist(),
        "computes_surface": len(written.source) <= MOST_FOR_SURFACE,
        "values": [
            [unwrapped(one).optimizer.hyperparameters()[name] for name in facts["names"]]
            for one, facts in zip(optimizers, emitted.facts, strict=True)
        ],
    }


def joined(
    functions: Sequence[Script],
    facts: Sequence[dict[str, Any]],
    optimizers: EmittedOptimizers,
    seed: int,
    racing: int | None = None,
) -> RaceScript:
    """Return functions and optimizers as one script; of these, the first `racing` race at first, by default all."""
    lines = [
        library([*functions, *optimizers.scripts, FORMULAS]),
        wrappers_library(),
        f"const emitted={{functions:[{','.join(one.source for one in functions)}],"
        f"kinds:[{','.join(optimizers.kinds)}]}};",
    ]
    # the text must not end the element that holds it, nor begin a comment
    source = re.sub(r"<(?=[!/])", "< ", "\n".join(filter(None, lines)))
    return RaceScript(
        source,
        {
            "functions": list(facts),
            "optimizers": optimizers.facts,
            "racing": len(optimizers.facts) if racing is None else racing,
            "seed": seed,
            "wrappers": [_wrapper_facts(kind) for kind in ADDABLE],
        },
    )


def _wrapper_facts(kind: type[Wrapper]) -> dict[str, Any]:
    """Return the name, the numbers with defaults and ranges, and the other settings of a wrapper."""
    if kind is Clip:
        return {
            "name": "clip",
            "names": ["norm"],
            "values": [1.0],
            "limits": [dict(POSITIVE)],
            "flags": {"value": None},
            "group": "clip",
            "named": True,
        }
    own = [field for field in dataclasses.fields(kind) if field.name != "optimizer"]
    numbers = [field for field in own if isinstance(field.default, int | float) and not isinstance(field.default, bool)]
    fixed = ["steps"] if kind is OneCycle else []  # it must be at least the steps of the race
    numbers = [field for field in numbers if field.name not in fixed]
    first = USUAL.get(kind, {})
    return {
        "name": kind.names[0],
        "names": [field.name for field in numbers],
        "values": [first.get(field.name, field.default) for field in numbers],
        "limits": [
            {name: limit for name, limit in field.metadata.items() if name != "structural"} for field in numbers
        ],
        "flags": {field.name: field.default for field in own if field not in numbers},
        "group": kind.names[0] if kind in (Noise, Clip) else "schedule" if issubclass(kind, Scheduled) else "around",
        **({"kinds": list(KINDS)} if kind is Noise else {"named": True} if first else {}),
        **({"list": "at", "flags": {"at": [30, 60, 90]}} if kind is MultiStep else {}),
    }
