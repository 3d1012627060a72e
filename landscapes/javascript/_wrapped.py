"""Wrappers of optimizers as data, as wrappers.js and nested.js take them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.wrappers.base import Wrapper
from landscapes.optimizers.wrappers.clip import Clip
from landscapes.optimizers.wrappers.common_bugs import ForgotZeroGrad, Stale
from landscapes.optimizers.wrappers.lookahead import Lookahead
from landscapes.optimizers.wrappers.noise import Noise
from landscapes.optimizers.wrappers.onecycle import OneCycle
from landscapes.optimizers.wrappers.plateau import Plateau
from landscapes.optimizers.wrappers.projected import Projected
from landscapes.optimizers.wrappers.reset import Reset
from landscapes.optimizers.wrappers.sam import SAM
from landscapes.optimizers.wrappers.scheduled import momentum_of
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
from landscapes.optimizers.wrappers.torch_schedule import Schedule
from landscapes.optimizers.wrappers.weight_decay import Decay

WRAPPERS: tuple[type[Wrapper], ...] = (
    Noise, Clip, Constant, Cosine, Exponential, InverseTime, Linear, MultiStep, OneCycle, Polynomial, StepDecay,
    WarmRestarts, WarmUp, Plateau, Decay, ForgotZeroGrad, Lookahead, Projected, Reset, SAM, Stale,
)  # fmt: skip
"""The wrappers that wrappers.js and nested.js have."""


@dataclass(frozen=True)
class Unwrapped:
    """An optimizer without its wrappers.

    Attributes:
        optimizer: the optimizer inside.
        chain: the name and the settings of each wrapper, from the outermost inwards.
        momentum: the name of the hyper-parameter that the one-cycle policy changes; "" if there is none.
    """

    optimizer: FirstOrder
    chain: tuple[Mapping[str, Any], ...]
    momentum: str


def unwrapped(optimizer: Optimizer) -> Unwrapped:
    """Return a first-order optimizer without its wrappers, and the wrappers as data.

    Raises:
        InputError: for a wrapper or an optimizer that cannot be JavaScript.

    >>> from landscapes.optimizers import parse
    >>> unwrapped(parse("cosine(clip(adam(lr=0.1), norm=1))")[0]).chain
    ({'name': 'cosine', 'steps': 0, 'lowest': 0.0}, {'name': 'clip', 'norm': 1.0, 'value': None})
    """
    chain: list[Mapping[str, Any]] = []
    inner = optimizer
    while isinstance(inner, Wrapper):
        if type(inner) not in WRAPPERS:
            reason = (
                "a scheduler of torch is Python code; use a schedule of landscapes.optimizers, such as Cosine"
                if isinstance(inner, Schedule)
                else "it is a wrapper of yours; those of landscapes.optimizers can be written"
            )
            raise InputError(f"{inner.kind} cannot be written as JavaScript: {reason}")
        chain.append(settings_of(inner))
        inner = inner.optimizer
    if not isinstance(inner, FirstOrder):
        raise InputError(f"{inner.kind} cannot be written as JavaScript: it is not a first-order optimizer")
    return Unwrapped(inner, tuple(chain), momentum_of(inner))


def settings_of(wrapper: Wrapper) -> dict[str, Any]:
    """Return the name and the settings of a wrapper."""
    own = {
        field.name: getattr(wrapper, field.name) for field in dataclasses.fields(wrapper) if field.name != "optimizer"
    }
    return {"name": wrapper.names[0], **own}


@cache
def wrappers_library() -> str:
    """Return wrappers.js and nested.js without comments and indentation: statements that define `wrap` and `nested`."""
    folder = files("landscapes.javascript")
    text = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("wrappers.js", "nested.js"))
    return re.sub(r"^ *//.*\n|^ +|\n(?=\n)", "", text, flags=re.MULTILINE).strip()
