"""The arguments of torch.optim as settings of the optimizers here: pairs, and options without an effect on numbers."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch

from landscapes.errors import InputError

Value = TypeVar("Value")

PAIRS: Mapping[str, tuple[str, str]] = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_min", "step_max"),
}
"""Settings that torch.optim takes as pairs. Here each component has its own name, so that a sweep can vary it."""

ELEMENTS: Mapping[str, str] = {
    **{f"{pair}[{i}]": own for pair, names in PAIRS.items() for i, own in enumerate(names)},
    "betas[2]": "beta3",
}
"""Elements of these settings as torch.optim indexes them, and their names here."""

EXECUTION = ("foreach", "fused", "capturable", "differentiable")
"""Arguments of torch.optim that select how a step is computed, not what it computes. They are accepted and ignored."""


if TYPE_CHECKING:  # what the metaclass accepts beyond the fields, for type checkers

    @dataclass(frozen=True)
    class TorchOptions:
        """The arguments of torch's optimizers that change no number."""

        foreach: bool | None = field(default=None, kw_only=True)
        fused: bool | None = field(default=None, kw_only=True)
        capturable: bool = field(default=False, kw_only=True)
        differentiable: bool = field(default=False, kw_only=True)
        maximize: Literal[False] = field(default=False, kw_only=True)

    @dataclass(frozen=True)
    class BetaPair:
        """The argument `betas` of torch's optimizers."""

        betas: tuple[float, float] = field(default=(0.9, 0.999), kw_only=True)

    @dataclass(frozen=True)
    class RpropPairs:
        """The arguments of `torch.optim.Rprop` that are pairs."""

        etas: tuple[float, float] = field(default=(0.5, 1.2), kw_only=True)
        step_sizes: tuple[float, float] = field(default=(1e-6, 50.0), kw_only=True)

else:

    class TorchOptions:
        """The arguments of torch's optimizers that change no number."""

        """Base of optimizers that ignore the arguments of torch.optim in `EXECUTION`."""

    class BetaPair:
        """The argument `betas` of torch's optimizers."""

        """Base of optimizers that take `betas`."""

    class RpropPairs:
        """The arguments of `torch.optim.Rprop` that are pairs."""

        """Base of optimizers that take `etas` and `step_sizes`."""


class TorchArguments(ABCMeta):
    """Metaclass of the optimizers: constructors take the arguments of torch.optim, too."""

    def __call__(cls, /, *values: Any, **settings: Any) -> Any:
        return super().__call__(*values, **cls.translated(settings))

    def translated(cls: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings by the names of the fields, from settings by these names or by those of torch.optim.

        Raises `InputError` for a setting that is given twice, and for an argument of torch.optim without an equivalent.
        """
        found: dict[str, Any] = {}
        for name, value in settings.items():
            for own, component in _components(cls, name, value):
                if own in found:
                    raise InputError(f"{cls.__name__} got {own} twice, once as {name}; give it once")
                found[own] = component
        return found


def canonical(name: str) -> str:
    """Return the name of a hyper-parameter here for an element of a pair of torch.optim; other names as they are.

    >>> canonical("betas[0]"), canonical("lr")
    ('beta1', 'lr')
    """
    return ELEMENTS.get(name, name)


def canonical_names(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return values by the canonical names of hyper-parameters. Raises `InputError` for one that is given twice."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        if canonical(name) in found:
            raise InputError(f"{canonical(name)} is given twice, once as {name}; give it once")
        found[canonical(name)] = value
    return found


def _components(cls: Any, name: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Return the fields, with their values, that one argument sets."""
    fields = cls.__dataclass_fields__
    if name in fields:
        return [(name, value)]
    if name in ELEMENTS and ELEMENTS[name] in fields:
        return [(ELEMENTS[name], value)]
    pair = PAIRS.get(name, ())
    if pair and set(pair) <= set(fields):
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise InputError(f"{cls.__name__}: {name} must be a pair of numbers, as in {name}=(…, …), got {value!r}")
        return zip(pair, value, strict=True)
    known = arguments_of(cls.torch_class)
    if name not in known:
        return [(name, value)]
    if name in EXECUTION and (value is None or isinstance(value, bool)):
        return []
    if name not in cls.without_equivalent and type(value) is type(known[name]) and value == known[name]:
        return []
    raise _no_equivalent(cls, name, value, known[name])


@cache
def arguments_of(cls: type[torch.optim.Optimizer] | None) -> Mapping[str, Any]:
    """Return the arguments of a torch optimizer, apart from its parameters, with their defaults."""
    if cls is None:
        return {}
    arguments = list(inspect.signature(cls).parameters.values())[1:]
    return {argument.name: argument.default for argument in arguments}


def _no_equivalent(cls: Any, name: str, value: Any, default: Any) -> InputError:
    torch_name = cls.torch_class.__name__
    if name in EXECUTION:
        return InputError(f"{cls.__name__}: {name} must be True, False or None, got {value!r}")
    advice = f"for torch's own, use optimizers.Torch(torch.optim.{torch_name}, {name}={value!r})"
    if name == "maximize":
        return InputError(
            f"{cls.__name__}: maximize must be False, got {value!r}, because optimizers are compared by how low they "
            f"get; minimize transforms.negated(f), or {advice}"
        )
    only = "" if name in cls.without_equivalent else f" except its default {default!r}"
    return InputError(f"{cls.__name__} has no equivalent of torch's {name}{only}, got {value!r}; {advice}")
