"""Functions and optimizers by name, from the catalogue or from the user's own code.

`module:object` names an object of a module, which may be in the current folder; `path/to/file.py:object` one of a
file. Settings may follow an optimizer, as in `module:MyOptimizer(lr=0.05)`; they are parsed, never evaluated.
Wrappers may enclose it: `clip(module:MyOptimizer(lr=0.05), norm=1)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from landscapes import functions, optimizers
from landscapes.builders._formula import formula
from landscapes.errors import InputError, unknown
from landscapes.experiments.own_optimizers import parse_with_own
from landscapes.importing import kind_of, load_object
from landscapes.objectives.decorators import Function


def precision(name: str) -> torch.dtype:
    """Return the precision of a name, "float64" or "float32"."""
    return {"float64": torch.float64, "float32": torch.float32}[name]


def find_function(text: str, dim: int | None = None) -> Function:
    """Return the function that a text names: one of the catalogue, or `module:object`.

    Args:
        text: a name, or `module:object`.
        dim: number of coordinates; by default the function's usual number.
    """
    if ":" not in text:
        if not is_function(text) and is_optimizer(text):
            raise InputError(f"{text!r} is an optimizer, not a function; landscapes list functions shows the functions")
        if not is_function(text) and _is_formula(text):
            raise InputError(
                f"{text!r} is a formula, not the name of a function; landscapes race and playground take it as "
                f'--formula "{text}", other commands as file.py:NAME, where NAME = landscapes.formula("{text}")'
            )
        return functions.get(text, dim)
    found = load_object(text)
    if not isinstance(found, Function):
        raise InputError(
            f"{text!r} is {kind_of(found)}, not a function; make one with @landscapes.function((-3, 3), (-3, 3))"
        )
    return found if dim is None else found.with_dim(dim)


def find_named(text: str, dim: int | None = None) -> tuple[Function | None, str]:
    """Return the function and the name of the optimizer that a text names; None and "" for what it does not name.

    A few names, such as "plateau", name both.
    """
    name = text.strip().lower()
    optimizer = name if name in optimizers.names() else ""
    if ":" in text or is_function(text):
        return find_function(text, dim), optimizer
    if not optimizer:
        raise unknown("function or optimizer", text, [*functions.catalogue(), *optimizers.names()])
    return None, optimizer


def is_function(text: str) -> bool:
    """Return whether a text is the name of a function of the catalogue."""
    try:
        functions.get(text)
    except InputError:
        return False
    return True


def _is_formula(text: str) -> bool:
    """Return whether a text is a formula of coordinates, such as "x**2 + 3*sin(y)**2"."""
    try:
        formula(text)
    except InputError:
        return False
    return True


def is_optimizer(text: str) -> bool:
    """Return whether a text begins with the name of an optimizer or a wrapper, as "adam(lr=0.05)" does."""
    return optimizers.named(text.partition("(")[0].strip()) is not None


def find_optimizers(texts: Sequence[str]) -> list[str] | dict[str, str]:
    """Return the optimizers that texts name, as `race` takes them; `label=optimizer` gives a label.

    >>> find_optimizers(["adam", "slow=adam(lr=0.001)"])
    {'Adam': 'adam', 'slow': 'adam(lr=0.001)'}
    """
    pairs = [_split_label(text) for text in texts]
    for label, text in pairs:
        if label and re.fullmatch(r"[-+.\de]+", text):
            raise InputError(f"settings stand in brackets, as in 'adam(lr=0.1)'; got '{label}={text}'")
    own_labels = [_check(text) for _, text in pairs]
    if not any(label for label, _ in pairs):
        return [text for _, text in pairs]
    named: dict[str, str] = {}
    for (label, text), own in zip(pairs, own_labels, strict=True):
        label = label or own
        if label in named:
            raise InputError(f"two optimizers have the label {label!r}; rename one: --optimizer 'other={text}'")
        named[label] = text
    return named


def _check(text: str) -> str:
    """Return the label of the optimizer that a text describes. Raises `InputError` if it describes none."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and all(map(is_optimizer, parts)):
        raise InputError(f"{text!r} names several optimizers; repeat the option: {' '.join(f'-O {p}' for p in parts)}")
    head = text.partition("(")[0]
    if ":" not in text and not is_optimizer(text) and is_function(head):
        raise InputError(
            f"{head.strip()!r} is a function, not an optimizer; landscapes list optimizers shows the optimizers"
        )
    return parse_with_own(text)[0].label


def _split_label(text: str) -> tuple[str, str]:
    """Return the label, or "", and the optimizer. An = in parentheses belongs to the optimizer."""
    match = re.fullmatch(r"\s*([^=(]+?)\s*=\s*(.*)", text, re.DOTALL)
    return (match[1], match[2]) if match else ("", text)
