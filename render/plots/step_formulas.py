"""What an optimizer computes in one step, as formulas with the numbers of a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Settings = Mapping[str, float]

DEFAULTS: dict[str, dict[str, float]] = {
    "sgd": {"momentum": 0.0, "nesterov": 0.0},
    "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8},
    "adagrad": {"eps": 1e-10},
}
"""The optimizers with formulas, and the defaults of their hyper-parameters, which records do not repeat."""

CLOSE = 0.02
"""Relative error of a step by the formula from which on the numbers are shown without it. Gradients are differences."""


@dataclass(frozen=True)
class StepNumbers:
    """The numbers of one step: before and after it, and what the optimizer kept after it.

    Attributes:
        number: the number of the step, from 1 on.
        lr: the learning rate.
        before, move: the point before the step, and the step.
        gradient: the gradient before the step.
        momentum, second_moment: as recorded, or None.
    """

    number: int
    lr: float
    before: Vector
    move: Vector
    gradient: Vector
    momentum: Vector | None = None
    second_moment: Vector | None = None


def step_formulas(spec: str, numbers: StepNumbers, correction: str = "bias correction:") -> dict[str, list[str]]:
    r"""Return lines of mathtext per part of a step: "gradient", "momentum", "scaling" and "step".

    Optimizers without a known formula, and steps that do not follow it, have their numbers alone.

    Args:
        spec: the optimizer as records have it, "adam(lr=0.1)".
        numbers: the numbers of the step.
        correction: the line above the bias correction of Adam.

    >>> x, g = np.array([1.0, 2.0]), np.array([2.0, 4.0])
    >>> step_formulas("sgd(lr=0.1)", StepNumbers(1, 0.1, x, -0.1 * g, g))["step"]
    ['$\\Delta x = -\\eta\\,g$', '$\\eta = 0.1$', '= (−0.2, −0.4)']
    """
    lines = {"gradient": [r"$g = \nabla f(x)$", f"≈ {_vector(numbers.gradient)}"]}
    known = parse_spec(spec)
    if known is not None:
        name, settings = known
        made = RULES[name](numbers, settings, correction)
        if made is not None:
            move, parts = made
            size = max(float(np.abs(numbers.move).max()), 1e-300)
            if np.isfinite(move).all() and np.abs(move - numbers.move).max() <= CLOSE * size:
                parts["step"].append(f"= {_vector(numbers.move)}")
                return lines | parts
    if numbers.momentum is not None:
        lines["momentum"] = [f"$m$ = {_vector(numbers.momentum)}"]
    if numbers.second_moment is not None:
        lines["scaling"] = [f"$v$ = {_vector(numbers.second_moment)}"]
    return lines | {"step": [rf"$\Delta x$ = {_vector(numbers.move)}"]}


def parse_spec(spec: str) -> tuple[str, Settings] | None:
    """Return the name and all hyper-parameters of an optimizer that has a formula, else None.

    >>> parse_spec("sgd(lr=0.1, momentum=0.9)")
    ('sgd', {'momentum': 0.9, 'nesterov': 0.0, 'lr': 0.1})
    >>> parse_spec("lookahead(adam(lr=0.1))") is None
    True
    """
    found = re.fullmatch(r"(\w+)\(([^()]*)\)", spec)
    if found is None or found[1] not in DEFAULTS:
        return None
    settings = dict(DEFAULTS[found[1]])
    for part in filter(None, map(str.strip, found[2].split(","))):
        name, _, value = part.partition("=")
        if name not in settings and name != "lr":
            return None
        try:
            settings[name] = float({"True": "1", "False": "0"}.get(value, value))
        except ValueError:
            return None
    return found[1], settings


Rule = tuple[Vector, dict[str, list[str]]] | None
"""The step by the formula, and the lines of its parts; None if the record lacks what the formula needs."""


def _sgd(n: StepNumbers, s: Settings, correction: str) -> Rule:
    rate = rf"$\eta = {_number(n.lr)}$"
    if not s["momentum"]:
        return -n.lr * n.gradient, {"step": [r"$\Delta x = -\eta\,g$", rate]}
    if n.momentum is None:
        return None
    mu = _number(s["momentum"])
    parts = {"momentum": [rf"$m \leftarrow {mu}\,m + g$", f"= {_vector(n.momentum)}"]}
    if s["nesterov"]:
        move = -n.lr * (n.gradient + s["momentum"] * n.momentum)
        return move, parts | {"step": [rf"$\Delta x = -\eta\,(g + {mu}\,m)$", rate]}
    return -n.lr * n.momentum, parts | {"step": [r"$\Delta x = -\eta\,m$", rate]}


def _adam(n: StepNumbers, s: Settings, correction: str) -> Rule:
    if n.momentum is None or n.second_moment is None:
        return None
    parts: dict[str, list[str]] = {}
    corrected = []
    kept = {"momentum": ("m", "g", n.momentum, s["beta1"]), "scaling": ("v", "g^2", n.second_moment, s["beta2"])}
    for part, (letter, added, value, beta) in kept.items():
        hat = value / (1 - beta**n.number)
        decay = rf"$\hat {letter} = {letter}/(1-{_number(beta)}^{{{n.number}}})$"
        average = rf"${letter} \leftarrow {_number(beta)}\,{letter} + {_number(1 - beta)}\,{added}$"
        parts[part] = [average, f"= {_vector(value)}", correction, decay, f"= {_vector(hat)}"]
        corrected.append(hat)
    move = -n.lr * corrected[0] / (np.sqrt(corrected[1]) + s["eps"])
    formula, rates = r"\hat m/(\sqrt{\hat v}+\epsilon)", rf"$\eta = {_number(n.lr)}$, $\epsilon = {_number(s['eps'])}$"
    shrink = s.get("weight_decay", 0.0)
    if shrink:
        lines = [rf"$\Delta x = -\eta\,({formula} + \lambda x)$", rf"{rates}, $\lambda = {_number(shrink)}$"]
        return move - n.lr * shrink * n.before, parts | {"step": lines}
    return move, parts | {"step": [rf"$\Delta x = -\eta\,{formula}$", rates]}


def _scaled(average: Callable[[Settings], str]) -> Callable[[StepNumbers, Settings, str], Rule]:
    """Return the rule of optimizers that divide the gradient by √v + ε."""

    def rule(n: StepNumbers, s: Settings, correction: str) -> Rule:
        if n.second_moment is None:
            return None
        move = -n.lr * n.gradient / (np.sqrt(n.second_moment) + s["eps"])
        rates = rf"$\eta = {_number(n.lr)}$, $\epsilon = {_number(s['eps'])}$"
        return move, {
            "scaling": [average(s), f"= {_vector(n.second_moment)}"],
            "step": [r"$\Delta x = -\eta\,g/(\sqrt{v}+\epsilon)$", rates],
        }

    return rule


RULES: dict[str, Callable[[StepNumbers, Settings, str], Rule]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _scaled(lambda s: rf"$v \leftarrow {_number(s['alpha'])}\,v + {_number(1 - s['alpha'])}\,g^2$"),
    "adagrad": _scaled(lambda s: r"$v \leftarrow v + g^2$"),
}


def _number(value: float) -> str:
    """Return a number in mathtext.

    >>> _number(0.1 + 1e-12), _number(1e-8), _number(-2500000.0)
    ('0.1', '10^{-8}', '-2.5 \\\\cdot 10^{6}')
    """
    digits, _, power = f"{value:.4g}".partition("e")
    if not power:
        return digits
    return rf"10^{{{int(power)}}}" if digits == "1" else rf"{digits} \cdot 10^{{{int(power)}}}"


def _vector(values: Vector) -> str:
    words = ", ".join(f"{value + 0.0:.3g}" for value in values)
    return f"({words})".replace("-", "\N{MINUS SIGN}")
