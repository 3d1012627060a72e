"""Parse the optimizers of an experiment: names, objects and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from landscapes.engine.loop import Progress
from landscapes.errors import InputError
from landscapes.experiments import stored_lrs
from landscapes.experiments.own_optimizers import (
    from_class,
    has_default_lr,
    is_optax,
    is_optimizer_class,
    leaves_lr_open,
    parse_with_own,
)
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optax, Optimizer
from landscapes.optimizers.base import short
from landscapes.optimizers.wrappers.base import Wrapper, unwrap
from landscapes.record.validation import check_text

OneOptimizer = str | Optimizer | type[Optimizer] | type[torch.optim.Optimizer]
"""A name ("adam", "adam(lr=0.05)", "module:MyOptimizer"), an optimizer, or a class of optimizers."""

Optimizers = Sequence[OneOptimizer] | Mapping[str, OneOptimizer] | OneOptimizer
"""One or several optimizers, or a dict from labels to these."""


@dataclass(frozen=True)
class OptimizerSpec:
    """One optimizer of an experiment.

    Attributes:
        optimizer: the optimizer.
        label: the given label, or None.
        lr_open: whether its learning rate is to be tuned: it was given as a name, a class, a `Torch` or an `Optax`
            without one.
        lr_source: where its learning rate comes from: "given", "default" (of the class of an optimizer object),
            "tuned", or "tuned, calm".
        varied: the settings that the experiment varies, which a label does not state.
    """

    optimizer: Optimizer
    label: str | None = None
    lr_open: bool = False
    lr_source: str = "given"
    varied: tuple[str, ...] = ()


def parse_optimizers(optimizers: Any, what: str = "race") -> list[OptimizerSpec]:
    """Return the optimizers of an experiment, in order.

    Raises `InputError` for no optimizers, for anything that is not one, and for two that are equal and have no label.
    `what` is the verb of the message.

    >>> [spec.optimizer.label for spec in parse_optimizers(["sgd", "adam(lr=0.1)"])]
    ['SGD', 'Adam']
    """
    if isinstance(optimizers, str | Optimizer | type) or is_optax(optimizers):
        optimizers = [optimizers]
    try:
        given = list(optimizers.items()) if isinstance(optimizers, Mapping) else [(None, one) for one in optimizers]
    except TypeError:
        given = [(None, optimizers)]
    if not given:
        raise InputError(f'no optimizers to {what}; give at least one, such as ["adam", "sgd"]')
    found: list[OptimizerSpec] = []
    unlabelled: dict[str, list[OptimizerSpec]] = {}
    for label, one in given:
        if isinstance(label, str):
            check_text("label", label)
            if not label.strip():
                raise InputError(f"a label needs letters, got {label!r}")
        optimizer, lr_open = _parsed(one)
        default = isinstance(one, Optimizer) and not lr_open and has_default_lr(optimizer)
        found.append(OptimizerSpec(optimizer, label, lr_open, "default" if default else "given"))
        if label is None:
            alike = unlabelled.setdefault(optimizer.spec, [])
            if found[-1] in alike:
                raise InputError(
                    f"{optimizer.label if lr_open else optimizer.spec} is given twice, and both would take the same "
                    'steps; give it once, or label each in Python, as in {"a": …, "b": …}'
                )
            alike.append(found[-1])
    return found


def _parsed(given: Any) -> tuple[Optimizer, bool]:
    """Return an optimizer, and whether its learning rate is to be tuned."""
    if isinstance(given, Optimizer):
        return given, leaves_lr_open(given)
    if isinstance(given, str):
        return parse_with_own(given)
    if is_optimizer_class(given):
        return from_class(given, {})
    if is_optax(given):
        transformed = Optax(given)
        return transformed, leaves_lr_open(transformed)
    shown, advice = short(given), "settings of a class: optimizers.Torch(MyOptimizer, lr=0.1)"
    if isinstance(given, torch.optim.Optimizer):
        name = type(given).__name__
        shown, advice = f"an object of {name}", f"give the class with its settings: optimizers.Torch({name}, lr=0.1)"
    elif callable(given) and not isinstance(given, type):
        shown = f"the function {shown}"
        advice = "instead of lambda p: MyOptimizer(p, lr=0.1), write optimizers.Torch(MyOptimizer, lr=0.1)"
    raise InputError(f"an optimizer must be a name, an optimizer or a class of optimizers, got {shown}; {advice}")


def with_tuned_lrs(
    specs: Sequence[OptimizerSpec],
    function: Function,
    start: Sequence[float],
    steps: int,
    *,
    calm: bool = False,
    progress: Progress | None = None,
) -> list[OptimizerSpec]:
    """Return the optimizers with tuned learning rates where these are open; see `landscapes.experiments.stored_lrs`."""
    missing = [spec.optimizer for spec in specs if spec.lr_open]
    found = iter(stored_lrs.learning_rates(function, missing, start, steps, calm=calm, progress=progress))
    source = "tuned, calm" if calm else "tuned"
    return [
        replace(spec, optimizer=spec.optimizer.with_learning_rate(next(found)), lr_source=source)
        if spec.lr_open
        else spec
        for spec in specs
    ]


def with_varied(spec: OptimizerSpec, varied: Iterable[str]) -> OptimizerSpec:
    """Return an optimizer whose label states no setting that varies: "SGD · clip" without the norm."""

    def label(optimizer: Optimizer, varied: Sequence[str]) -> str:
        if not isinstance(optimizer, Wrapper):
            return optimizer.label
        stated = not any(name.startswith(optimizer.prefix) for name in varied)
        suffix = optimizer.label_suffix if stated else optimizer.prefix.removesuffix(".").replace("_", "-")
        inside = [optimizer.name_inside(name) for name in varied if not name.startswith(optimizer.prefix)]
        return f"{label(optimizer.optimizer, inside)} · {suffix}"

    names = tuple(varied)
    wrapped = any("." in name for name in names) and spec.label is None
    return replace(spec, varied=names, label=label(spec.optimizer, names) if wrapped else spec.label)


def check_different_settings(specs: Sequence[OptimizerSpec], varied: Sequence[Sequence[str]]) -> None:
    """Raise `InputError` for two optimizers without labels that differ at most in what varies.

    `varied` are the names of the settings that vary, for each optimizer.

    >>> check_different_settings(parse_optimizers(["adam", "adam(beta1=0.5)"]), [["lr"], ["lr"]])
    """
    models: dict[Any, dict[str, Any]] = {}
    found: dict[Any, OptimizerSpec] = {}
    for spec, names in zip(specs, varied, strict=True):
        if spec.label is not None:
            continue
        inside = unwrap(spec.optimizer)
        own = {**spec.optimizer.numeric_settings(), **spec.optimizer.choice_settings()}
        kind = type(inside), frozenset(own), tuple(names), spec.lr_open and inside.tunable not in names
        known = models.setdefault(kind, own)
        try:
            same = spec.optimizer.with_hyperparameters({name: known[name] for name in names})
        except (InputError, KeyError):  # its other settings, which do not go with these, distinguish it
            continue
        other = found.setdefault((kind, same.spec), spec)
        if other is spec:
            continue
        one, two, many = other.optimizer.spec, spec.optimizer.spec, " and ".join(names)
        raise InputError(
            (f"{one} and {two} are the same" if one != two else f"{one} is given twice")
            + (f" once {many} var{'y' if len(names) > 1 else 'ies'}" if names else "")
            + '; give one of them, or label each in Python, as in {"a": …, "b": …}'
        )


def labels(specs: Sequence[OptimizerSpec]) -> list[str]:
    """Return one unique label per optimizer: the given one, else its own, with the settings that distinguish it.

    A learning rate that was tuned is stated only if nothing else distinguishes optimizers, because legends have it.

    >>> labels(parse_optimizers(["adam(lr=0.1)", "adam(lr=0.1, beta1=0.5)", "adam(lr=0.1, beta1=0.5, eps=1e-6)"]))
    ['Adam', 'Adam beta1=0.5', 'Adam beta1=0.5 eps=1e-06']
    """
    plain = [spec.optimizer.label if spec.label is None else spec.label for spec in specs]
    stated = [_stated(spec) for spec in specs]
    sharing: dict[str, list[int]] = {}
    for i, label in enumerate(plain):
        sharing.setdefault(label, []).append(i)
    found = list(plain)
    for label, places in sharing.items():
        given = _distinct(label, [[own for own in stated[i] if own != _tuned_lr(specs[i])] for i in places])
        named = given if len(set(given)) == len(given) else _distinct(label, [stated[i] for i in places])
        for i, name in zip(places, named, strict=True):
            found[i] = name
    return unique_labels(found)


def _distinct(label: str, stated: Sequence[Sequence[str]]) -> list[str]:
    """Return a label, with the settings of each that not all have."""
    common = set.intersection(*map(set, stated))
    return [" ".join([label, *(own for own in settings if own not in common)]) for settings in stated]


def _tuned_lr(spec: OptimizerSpec) -> str:
    """Return how `_settings` writes a tuned learning rate; "" if it was given."""
    name = unwrap(spec.optimizer).tunable
    tuned = spec.lr_source.startswith("tuned")
    return next((own for own in _settings(spec.optimizer.spec) if tuned and own.startswith(f"{name}=")), "")


def _stated(spec: OptimizerSpec) -> list[str]:
    """Return the settings of an optimizer that a label may state, as text: those that are known and do not vary."""
    varied = {name.rpartition(".")[2] for name in spec.varied}
    if spec.lr_open and not spec.lr_source.startswith("tuned"):
        varied.add(unwrap(spec.optimizer).tunable)
    return [setting for setting in _settings(spec.optimizer.spec) if setting.partition("=")[0] not in varied]


def _settings(text: str) -> list[str]:
    """Return the settings in the text of an optimizer, those of wrapped ones first; numbers as captions write them.

    >>> _settings("clip(Torch(SGD, betas=(0.5, 0.9), lr=0.1000000001), norm=1.0)")
    ['betas=(0.5, 0.9)', 'lr=0.1', 'norm=1']
    """
    found: list[str] = []
    for part in _split(text.partition("(")[2].removesuffix(")")):
        name, equals, value = part.partition("=")
        if equals and name.isidentifier():
            number = re.fullmatch(r"-?\d+\.?\d*(e[-+]?\d+)?", value)
            digits = 6 if name == "lr" else 4
            found.append(part if number is None else f"{name}={float(value):.{digits}g}")
        elif "(" in part:
            found += _settings(part)
    return found


def _split(text: str) -> list[str]:
    """Return the parts of a text between commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def check_different(functions: Sequence[Function], what: str) -> None:
    """Raise `InputError` for a function that is given twice. `what` is the verb of the message."""
    for i, one in enumerate(functions):
        if any(one is other for other in functions[:i]):
            raise InputError(
                f"{one.name} is given twice; {what} on each function once, and give seeds=… or starts=… to repeat runs"
            )


def function_labels(functions: Sequence[Function]) -> list[str]:
    """Return one unique label per function: its name, with its number of coordinates if two share it."""
    names = [one.name for one in functions]
    return unique_labels(
        [f"{one.name} (d = {one.dim})" if names.count(one.name) > 1 else one.name for one in functions]
    )


def unique_labels(names: Sequence[str]) -> list[str]:
    """Return the names; a repeated one gets its number.

    >>> unique_labels(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    found: dict[str, None] = {}
    last: dict[str, int] = {}  # the number that each name got last, so that many equal names take linear time
    for name in names:
        label = name
        while label in found:
            last[name] = last.get(name, 1) + 1
            label = f"{name} ({last[name]})"
        found[label] = None
    return list(found)
