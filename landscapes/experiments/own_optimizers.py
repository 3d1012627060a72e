"""Optimizers of the user's own code: classes, and text such as "clip(module:MyOptimizer(lr=0.05), norm=1)"."""

from __future__ import annotations

import ast
import math
import re
import sys
from typing import Any

import torch

from landscapes.errors import InputError, unknown
from landscapes.importing import kind_of, load_object
from landscapes.jax_blocks import loaded
from landscapes.optimizers import Optax, Optimizer, Torch, names, parse
from landscapes.optimizers.adapters.optax_transform import is_transformation
from landscapes.optimizers.wrappers.base import unwrap

REFERENCE = r"(?:[^:]+?\.py|[^\s(),=:]+):[A-Za-z_][\w.]*"
"""`path/to/file.py:Class` or `module:Class`. A path may contain spaces, commas, = and parentheses."""

INSIDE = "_inside"
"""Placeholder for the user's optimizer while the wrappers around it are parsed."""


def parse_with_own(text: str) -> tuple[Optimizer, bool]:
    """Return the optimizer that a text describes, and whether the text omits its learning rate.

    As `optimizers.parse`, but `module:Class` and `path/to/file.py:Class` may stand for an optimizer, and so may a
    transformation of optax or the function that makes it, as in `optax:adam(learning_rate=0.1)`. The module is
    imported, so its code runs; settings are parsed, never evaluated.

    Raises:
        InputError: for what cannot be imported, is no optimizer, or is not of this form.

    >>> parse_with_own("clip(torch.optim:SGD(momentum=0.5), norm=1)")[0].spec
    'clip(Torch(SGD, lr=0.001, momentum=0.5), norm=1.0)'
    """
    if not isinstance(text, str) or ":" not in text:
        return parse(text)
    known = "|".join(map(re.escape, names()))
    wrapped = re.match(rf"(?P<wrappers>(?:\s*(?:{known})\s*\()+)\s*(?P<own>{REFERENCE})", text, re.IGNORECASE)
    if wrapped is not None:
        end = _end(text, wrapped.end("own"))
        own, lr_open = parse_with_own(text[wrapped.start("own") : end])
        return parse(f"{wrapped['wrappers']}{INSIDE}{text[end:]}", {INSIDE: own})[0], lr_open
    plain = re.match(rf"\s*(?P<own>{REFERENCE})\s*(?P<settings>\(.*)?$", text, re.DOTALL)
    if plain is None:
        outer = re.match(r"\s*(\w+)\s*\(", text)
        if outer is not None and outer[1].lower() not in names():
            raise unknown("optimizer", outer[1], names())
        return parse(text)
    head, bracket = plain["own"], plain["settings"]
    if head.strip().startswith("optax:"):
        loaded(head.strip(), "jax", "optax")
    found = load_object(head.strip())
    if isinstance(found, Optimizer):
        if bracket:
            raise InputError(f"{head!r} already has its settings; remove the parentheses, or name its class")
        return found, leaves_lr_open(found)
    if is_optax(found) or (callable(found) and not isinstance(found, type) and "optax" in sys.modules):
        made = Optax(found, **(_settings(head, bracket) if bracket else {}))
        return made, leaves_lr_open(made)
    if not is_optimizer_class(found):
        raise InputError(
            f"{head!r} is {kind_of(found)}, not an optimizer; name a torch.optim.Optimizer class or an Optimizer"
        )
    return from_class(found, _settings(head, bracket) if bracket else {})


def is_optimizer_class(given: Any) -> bool:
    """Return whether this is a class of optimizers, of torch or of this package."""
    return isinstance(given, type) and issubclass(given, torch.optim.Optimizer | Optimizer)


def is_optax(given: Any) -> bool:
    """Return whether this is an optax transformation, or a function of optax, which may make one."""
    module = getattr(given, "__module__", None) or ""
    return is_transformation(given) or (callable(given) and module.partition(".")[0] == "optax")


def from_class(cls: Any, settings: dict[str, Any]) -> tuple[Optimizer, bool]:
    """Return an optimizer of a class, and whether its learning rate is left open: it has one, and none was given."""
    try:
        optimizer = Torch(cls, **settings) if issubclass(cls, torch.optim.Optimizer) else cls(**settings)
    except TypeError as error:
        raise InputError(f"cannot create {cls.__name__}: {error}") from None
    return optimizer, bool(optimizer.tunable) and optimizer.tunable not in settings and _has_lr(optimizer)


def leaves_lr_open(optimizer: Optimizer) -> bool:
    """Return whether an optimizer of another package, wrapped or not, was made without a learning rate but has one."""
    inner = unwrap(optimizer)
    return isinstance(inner, Torch | Optax) and inner.lr_omitted and _has_lr(inner)


def has_default_lr(optimizer: Optimizer) -> bool:
    """Return whether the learning rate is the default of the optimizer's class."""
    inner = unwrap(optimizer)
    default = getattr(type(inner), inner.tunable, None) if inner.tunable else None
    return isinstance(default, int | float) and inner.learning_rate == default


def _has_lr(optimizer: Optimizer) -> bool:
    return not math.isnan(optimizer.learning_rate)


def _end(text: str, start: int) -> int:
    """Return where the settings that may begin at `start` end: after their closing parenthesis."""
    settings = re.match(r"\s*\(", text[start:])
    if settings is None:
        return start
    depth = 0
    for i in range(start + settings.end() - 1, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i + 1
    return len(text)


def _settings(head: str, inner: str) -> dict[str, Any]:
    """Return the settings in the parentheses `inner` of `module:Class(name=value, ...)`."""
    try:
        call = ast.parse(f"f{inner}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise InputError(
            f"cannot parse the settings of {head + inner!r}: write name=value pairs, as in {head}(lr=0.05)"
        ) from None
