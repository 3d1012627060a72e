"""The update of an optimizer as formulas that a page shows, fills with the numbers of a step, and computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscapes.optimizers import (
    SGD,
    AdaBelief,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AveragedMomentum,
    HeavyBall,
    Lion,
    NAdam,
    Optimizer,
    RMSprop,
    RMSpropInside,
    UncorrectedAdam,
    UncorrectedAdamW,
    Yogi,
)

SYMBOLS: Mapping[str, str] = {
    "lr": "lr", "momentum": "μ", "weight_decay": "λ", "beta1": "β₁", "beta2": "β₂", "eps": "ε", "alpha": "α",
    "rho": "ρ", "dampening": "τ", "lr_decay": "δ", "momentum_decay": "ψ",
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
    if isinstance(settings, Lion | AdaBelief):
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


def _adam(s: Any) -> UpdateFormulas:
    largest = "V" if s.amsgrad else "v"
    corrected = not isinstance(s, UncorrectedAdam | UncorrectedAdamW)
    lines = [FIRST_MOMENT, SECOND_MOMENT]
    if s.amsgrad:
        lines.append(Line("", "V", "max(V, v)"))
    if corrected:
        lines += [Line("", "m̂", "m/(1 − β₁^t)"), Line("", "v̂", f"{largest}/(1 − β₂^t)")]
    m, v = ("m̂", "v̂") if corrected else ("m", largest)
    lines += [Line("scaling", "s", f"1/(√{v} + ε)"), _step(s, f"−lr·s·{m}")]
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


FORMULAS: Mapping[type[Optimizer], Callable[[Any], UpdateFormulas]] = {
    SGD: _sgd, HeavyBall: _heavy_ball, AveragedMomentum: _averaged, Adam: _adam, AdamW: _adam, UncorrectedAdam: _adam,
    UncorrectedAdamW: _adam, RMSprop: _rmsprop, RMSpropInside: _rmsprop_inside, Adagrad: _adagrad,
    Adadelta: _adadelta, Adamax: _adamax, Lion: _lion, NAdam: _nadam,
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
