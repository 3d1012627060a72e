"""Parts of sentences: lists, and optimizers with their settings."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def counted(count: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "step"), counted(2000, "step")
    ('1 step', '2000 steps')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def contender(label: str, spec: str, lr: float) -> str:
    """An optimizer's name with its settings: the learning rate alone, or all as they can be given again.

    >>> contender("Adam", "adam(lr=0.05)", 0.05), contender("Adam", "adam(lr=0.05, eps=0.1)", 0.05)
    ('Adam (lr 0.05)', 'Adam (lr 0.05, eps=0.1)')
    """
    if re.fullmatch(r"\w+(\(lr=[^(),=]*\))?", spec):
        return label if math.isnan(lr) or f"lr={lr:g}" in label else f"{label} (lr {lr:.4g})"
    return label if spec == label else f"{label} ({settings(spec)})"


def settings(spec: str) -> str:
    """What stands in a spec's own brackets, the learning rate first; all of it where an optimizer is wrapped.

    >>> settings("sgd(lr=0.05, nesterov=True)"), settings("clip(adam(lr=0.05), norm=1)")
    ('lr 0.05, nesterov', 'clip(adam(lr=0.05), norm=1)')
    """
    spec = spec.replace("=True", "")
    inner = re.fullmatch(r"\w+\((lr=[^,()]+)(, (?!\w+\().*)?\)", spec)
    return f"{inner[1].replace('=', ' ')}{inner[2] or ''}" if inner else spec
