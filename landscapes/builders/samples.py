"""Samplers of functions that are not written with torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from landscapes.objectives._function import Formula, Sampler, takes_seed


def wrapped_sample(sample: Sampler, wrap: Callable[[Any], Formula]) -> Sampler:
    """Return a sampler of formulas on tensors, which takes a seed if the given one does.

    Args:
        sample: returns the formula of a step; `Function.at_step` refuses what is not a formula.
        wrap: makes a formula on tensors of it.
    """

    def wrapped(t: int) -> Any:
        formula: Any = sample(t)
        return wrap(formula) if callable(formula) else formula

    def wrapped_of_run(t: int, seed: int = 0) -> Any:
        formula: Any = sample(t, seed=seed)
        return wrap(formula) if callable(formula) else formula

    return wrapped_of_run if takes_seed(sample) else wrapped
