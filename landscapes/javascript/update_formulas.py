"""The update of an optimizer as formulas that a page shows, fills with the numbers of a step, and computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscapes.optimizers import (
    ADOPT,
    ASGD,
    MARS,
    SGD,
    AdaBelief,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Adan,
    AdEMAMix,
    AveragedMomentum,
    CautiousAdamW,
    CautiousLion,
    HeavyBall,
    Lion,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    RMSpropInside,
    Rprop,
    UncorrectedAdam,
    UncorrectedAdamW,
    Yogi,
)

SYMBOLS: Mapping[str, str] = {
    "lr": "lr", "momentum": "μ", "weight_decay": "λ", "beta1": "β₁", "beta2": "β₂", "eps": "ε", "alpha": "α",
    "rho": "ρ", "dampening": "τ", "lr_decay": "δ", "momentum_decay": "ψ", "beta3": "β₃", "gamma": "γ", "xi": "ξ",
    "lambd": "κ", "clip_exp": "χ", "beta2_decay": "δ", "d": "d", "etaminus": "η₁", "etaplus": "η₂", "step_min": "l₁",
    "step_max": "l₂",
}  # fmt: skip
"""The symbols of hyper-parameters in formulas."""


@dataclass(frozen=True)
class Line:
    """A line of an update.

    Attributes:
        part: what it computes: "gradient", "momentum", "scaling", "step", or "" for what is between.
        symbol: the name of the result; "Δx" for the step.
        formula: its right-hand side, in which symbols have the values of earlier lines, or of the state before.
        sign: of the arrow of the part: -1 for what is subtracted from the point.
    """

    part: str
    symbol: str
    formula: str
    sign: int = -1


@dataclass(frozen=True)
class UpdateFormulas:
    """An update: the symbols of the state, in the order of `init`, and the lines from the gradient g to the step Δx."""

    state: tuple[str, ...]
    lines: tuple[Line, ...]


def update_formulas(optimizer: Optimizer) -> UpdateFormulas | None:
    """Return the formulas of an optimizer's step, None for one that has none here.

    >>> for line in update_formulas(SGD(lr=0.1, momentum=0.9)).lines:
    ...     print(line.symbol, "←", line.formula)
    b ← μ·b + g
    Δx ← −lr·b
    """
    made = FORMULAS.get(type(optimizer))
    found = None if made is None or getattr(optimizer, "groups", False) else made(optimizer)
    if found is None:
        return None
    settings: Any = optimizer
    if getattr(settings, "weight_decay", 0) and not _decoupled(settings):
        return UpdateFormulas(found.state, (Line("gradient", "g", "g + λ·x"), *found.lines))
    return found


def _decoupled(settings: Any) -> bool:
    """Return whether weight decay moves the point, and does not change the gradient."""
    if isinstance(settings, Lion | AdaBelief | AdEMAMix | Adan | MARS | Adafactor):
        return True
    return bool(getattr(settings, "decoupled", False) or getattr(settings, "decoupled_weight_decay", False))


def _step(settings: Any, formula: str) -> Line:
    """Return the line of the step, with decoupled weight decay."""
    decay = "−lr·λ·x " if settings.weight_decay and _decoupled(settings) else ""
    return Line("step", "Δx", decay + (formula.replace("−", "− ", 1) if decay else formula))


FIRST_MOMENT = Line("momentum", "m", "β₁·m + (1 − β₁)·g")
SECOND_MOMENT = Line("", "v", "β₂·v + (1 − β₂)·g²")


def _sgd(s: Any) -> UpdateFormulas:
    if not s.momentum:
        return UpdateFormulas((), (Line("step", "Δx", "−lr·g"),))
    step = "−lr·(g + μ·b)" if s.nesterov else "−lr·b"
    average = "μ·b + (1 − τ)·g" if s.dampening else "μ·b + g"  # the first step is not dampened
    return UpdateFormulas(("b",), (Line("momentum", "b", average), Line("step", "Δx", step)))


def _heavy_ball(s: Any) -> UpdateFormulas:
    return UpdateFormulas(("v",), (Line("momentum", "v", "μ·v − lr·g", 1), Line("step", "Δx", "v")))


def _averaged(s: Any) -> UpdateFormulas:
    return UpdateFormulas(("m",), (Line("momentum", "m", "μ·m + (1 − μ)·g"), Line("step", "Δx", "−lr·m")))


AGREES = (Line("", "a", "max(sign(m·g), 0)"), Line("", "φ", "2·a/(Σ(a) + ξ)"))
"""The share φ of the coordinates along which momentum and gradient agree, of two."""


def _adam(s: Any) -> UpdateFormulas:
    largest = "V" if s.amsgrad else "v"
    corrected = not isinstance(s, UncorrectedAdam | UncorrectedAdamW)
    lines = [FIRST_MOMENT, SECOND_MOMENT]
    if s.amsgrad:
        lines.append(Line("", "V", "max(V, v)"))
    if corrected:
        lines += [Line("", "m̂", "m/(1 − β₁^t)"), Line("", "v̂", f"{largest}/(1 − β₂^t)")]
    m, v = ("m̂", "v̂") if corrected else ("m", largest)
    cautious = AGREES if isinstance(s, CautiousAdamW) else ()
    step = _step(s, f"−lr·s·φ·{m}" if cautious else f"−lr·s·{m}")
    lines += [*cautious, Line("scaling", "s", f"1/(√{v} + ε)"), step]
    return UpdateFormulas(("m", "v", "V")[: 3 if s.amsgrad else 2], tuple(lines))


def _rmsprop(s: Any) -> UpdateFormulas:
    lines = [Line("", "v", "α·v + (1 − α)·g²")]
    if s.centered:
        lines.append(Line("", "a", "α·a + (1 − α)·g"))
    lines.append(Line("scaling", "s", f"1/(√{'(v − a²)' if s.centered else 'v'} + ε)"))
    if s.momentum:
        lines.append(Line("momentum", "b", "μ·b + s·g"))
    lines.append(Line("step", "Δx", "−lr·b" if s.momentum else "−lr·s·g"))
    return UpdateFormulas(("v", "a", "b"), tuple(lines))


def _rmsprop_inside(s: Any) -> UpdateFormulas:
    lines = (Line("", "v", "α·v + (1 − α)·g²"), Line("scaling", "s", "1/√(v + ε)"), Line("step", "Δx", "−lr·s·g"))
    return UpdateFormulas(("v",), lines)


def _adagrad(s: Any) -> UpdateFormulas:
    rate = "lr/(1 + (t − 1)·δ)" if s.lr_decay else "lr"
    lines = (Line("", "v", "v + g²"), Line("scaling", "s", "1/(√v + ε)"), Line("step", "Δx", f"−{rate}·s·g"))
    return UpdateFormulas(("v",), lines)


def _adadelta(s: Any) -> UpdateFormulas:
    lines = (
        Line("", "v", "ρ·v + (1 − ρ)·g²"),
        Line("scaling", "s", "√(u + ε)/√(v + ε)"),
        Line("", "d", "s·g"),
        Line("", "u", "ρ·u + (1 − ρ)·d²"),
        Line("step", "Δx", "−lr·d"),
    )
    return UpdateFormulas(("v", "u"), lines)


def _adamax(s: Any) -> UpdateFormulas:
    lines = (
        FIRST_MOMENT,
        Line("", "u", "max(β₂·u, |g| + ε)"),
        Line("scaling", "s", "1/u"),
        Line("step", "Δx", "−lr/(1 − β₁^t)·s·m"),
    )
    return UpdateFormulas(("m", "u"), lines)


def _lion(s: Any) -> UpdateFormulas:
    lines = (
        Line("momentum", "c", "β₁·m + (1 − β₁)·g"),
        _step(s, "−lr·sign(c)"),
        Line("", "m", "β₂·m + (1 − β₂)·g"),
    )
    return UpdateFormulas(("m",), lines)


def _cautious_lion(s: Any) -> UpdateFormulas:
    lines = (
        Line("momentum", "c", "β₁·m + (1 − β₁)·g"),
        Line("", "u", "sign(c)"),
        Line("", "a", "max(sign(u·g), 0)"),
        AGREES[1],
        _step(s, "−lr·φ·u"),
        Line("", "m", "β₂·m + (1 − β₂)·g"),
    )
    return UpdateFormulas(("m",), lines)


def _rprop(s: Any) -> UpdateFormulas:
    lines = (
        Line("", "s", "sign(g·q)"),
        Line("", "f", "1 + (η₂ − 1)·max(s, 0) + (η₁ − 1)·max(−s, 0)"),
        Line("scaling", "z", "min(max(z·f, l₁), l₂)"),
        Line("", "g", "g·(1 − max(−s, 0))"),
        Line("step", "Δx", "−z·sign(g)"),
    )
    return UpdateFormulas(("q", "z"), lines)


def _radam(s: Any) -> UpdateFormulas:
    lines = (
        FIRST_MOMENT,
        SECOND_MOMENT,
        Line("", "m̂", "m/(1 − β₁^t)"),
        Line("", "L", "2/(1 − β₂) − 1"),
        Line("", "ℓ", "L − 2·t·β₂^t/(1 − β₂^t)"),
        Line("", "r", "√max((ℓ − 4)·(ℓ − 2)·L/((L − 4)·(L − 2)·ℓ), 0)"),
        Line("", "w", "max(sign(ℓ − 5), 0)"),
        Line("scaling", "s", "1 − w + w·r·√(1 − β₂^t)/(√v + ε)"),
        _step(s, "−lr·s·m̂"),
    )
    return UpdateFormulas(("m", "v"), lines)


def _asgd(s: Any) -> UpdateFormulas:
    lines = (Line("", "η", "lr/(1 + κ·lr·(t − 1))^α"), Line("step", "Δx", "−η·κ·x − η·g"))
    return UpdateFormulas(("a",), lines)


def _adopt(s: Any) -> UpdateFormulas:
    lines = (
        Line("scaling", "s", "1/max(√v, ε)"),
        Line("", "b", "(t − 1)^χ"),
        Line("", "u", "max(min(s·g, b), −b)"),
        Line("momentum", "m", "β₁·m + (1 − β₁)·u"),
        _step(s, "−lr·m"),
        Line("", "v", "β₂·v + (1 − β₂·min(t − 1, 1))·g²"),
    )
    return UpdateFormulas(("m", "v"), lines)


def _ademamix(s: Any) -> UpdateFormulas | None:
    if s.warmup:
        return None
    lines = (
        FIRST_MOMENT,
        SECOND_MOMENT,
        Line("", "n", "β₃·n + (1 − β₃)·g"),
        Line("scaling", "s", "1/(√(v/(1 − β₂^t)) + ε)"),
        _step(s, "−lr·s·(m/(1 − β₁^t) + α·n)"),
    )
    return UpdateFormulas(("m", "v", "n"), lines)


def _adan(s: Any) -> UpdateFormulas:
    step = "lr·s·(m/(1 − β₁^t) + β₂·u/(1 − β₂^t))"
    lines = (
        Line("", "d", "min(t − 1, 1)·(g − q)"),
        FIRST_MOMENT,
        Line("", "u", "β₂·u + (1 − β₂)·d"),
        Line("", "n", "β₃·n + (1 − β₃)·(g + β₂·d)²"),
        Line("scaling", "s", "1/(√(n/(1 − β₃^t)) + ε)"),
        Line("step", "Δx", f"(x − {step})/(1 + lr·λ) − x" if s.weight_decay else f"−{step}"),
    )
    return UpdateFormulas(("m", "u", "n", "q"), lines)


def _mars(s: Any) -> UpdateFormulas:
    lines = (
        Line("", "c", "g + γ·β₁/(1 − β₁)·(g − q)"),
        Line("", "c", "c/max(‖c‖, 1)"),
        Line("momentum", "m", "β₁·m + (1 − β₁)·c"),
        Line("", "v", "β₂·v + (1 − β₂)·c²"),
        Line("scaling", "s", "√(1 − β₂^t)/(√v + ε)"),
        _step(s, "−lr·s·m/(1 − β₁^t)"),
    )
    return UpdateFormulas(("m", "v", "q"), lines)


def _adafactor(s: Any) -> UpdateFormulas | None:
    if s.rows:
        return None
    lines = (
        Line("", "w", "t^δ"),
        Line("", "v", "(1 − w)·v + w·g²"),
        Line("scaling", "s", "1/√v"),
        Line("", "u", "s·g"),
        Line("", "a", "max(ε, ‖x‖/√2)·min(lr, 1/√t)"),
        _step(s, "−a/max(‖u‖/(√2·d), 1)·u"),
    )
    return UpdateFormulas(("v",), lines)


def _corrected(s: Any, second: str) -> UpdateFormulas:
    lines = (
        FIRST_MOMENT,
        Line("", "v", second),
        Line("", "m̂", "m/(1 − β₁^t)"),
        Line("", "v̂", "v/(1 − β₂^t)"),
        Line("scaling", "s", "1/(√v̂ + ε)"),
        _step(s, "−lr·s·m̂"),
    )
    return UpdateFormulas(("m", "v"), lines)


def _nadam(s: Any) -> UpdateFormulas:
    lines = (
        FIRST_MOMENT,
        SECOND_MOMENT,
        Line("", "μ", "β₁·(1 − 0.5·0.96^(t·ψ))"),
        Line("", "ν", "β₁·(1 − 0.5·0.96^((t + 1)·ψ))"),
        Line("", "π", "π·μ"),
        Line("scaling", "s", "1/(√(v/(1 − β₂^t)) + ε)"),
        _step(s, "−lr·s·((1 − μ)/(1 − π)·g + ν/(1 − π·ν)·m)"),
    )
    return UpdateFormulas(("m", "v", "π"), lines)


FORMULAS: Mapping[type[Optimizer], Callable[[Any], UpdateFormulas | None]] = {
    SGD: _sgd, HeavyBall: _heavy_ball, AveragedMomentum: _averaged, Adam: _adam, AdamW: _adam, UncorrectedAdam: _adam,
    UncorrectedAdamW: _adam, RMSprop: _rmsprop, RMSpropInside: _rmsprop_inside, Adagrad: _adagrad,
    Adadelta: _adadelta, Adamax: _adamax, Lion: _lion, NAdam: _nadam, CautiousAdamW: _adam,
    CautiousLion: _cautious_lion, Rprop: _rprop, RAdam: _radam, ASGD: _asgd, ADOPT: _adopt, AdEMAMix: _ademamix,
    Adan: _adan, MARS: _mars, Adafactor: _adafactor,
    AdaBelief: lambda s: _corrected(s, "β₂·v + (1 − β₂)·(g − m)² + ε"),
    Yogi: lambda s: _corrected(s, "v − (1 − β₂)·sign(v − g²)·g²"),
}  # fmt: skip
"""The formulas by class."""


def lesson(optimizer: Optimizer, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the formulas as plain data for a page; None if there are none.

    Args:
        optimizer: the optimizer.
        names: the hyper-parameters that the page can change; the others have fixed values.

    >>> found = lesson(SGD(lr=0.1), ["lr"])
    >>> found["lines"], found["symbols"]["lr"], found["fixed"]["μ"]
    ([['step', 'Δx', '−lr·g', -1]], 'lr', 0.0)
    """
    found = update_formulas(optimizer)
    if found is None:
        return None
    values = optimizer.hyperparameters()
    known = {name: symbol for name, symbol in SYMBOLS.items() if name in values}
    return {
        "state": list(found.state),
        "lines": [[line.part, line.symbol, line.formula, line.sign] for line in found.lines],
        "symbols": {symbol: name for name, symbol in known.items() if name in names},
        "fixed": {symbol: float(values[name]) for name, symbol in known.items() if name not in names},
    }
