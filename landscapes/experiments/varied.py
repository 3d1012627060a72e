"""Choose which hyper-parameters a search varies, and over which ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from landscapes.errors import InputError, unknown
from landscapes.experiments.search_space import Range, search_space, wrapper_space
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.torch_arguments import canonical, canonical_names

Vary = Literal["all"] | Sequence[str] | Mapping[str, Range | tuple[float, float]]
"""The hyper-parameters to vary: "all", names, or a dict from names to ranges."""


def canonical_vary(vary: Vary) -> Vary:
    """Return what to vary, with torch's names such as "betas[0]" replaced. Raises `InputError` for other objects."""
    if isinstance(vary, str):
        return vary
    if not isinstance(vary, Mapping | Sequence | set | frozenset):
        raise _no_vary(vary)
    for name in vary:
        if not isinstance(name, str):
            raise InputError(f"vary: names of hyper-parameters must be text, got {name!r}")
    return canonical_names(vary) if isinstance(vary, Mapping) else [canonical(name) for name in vary]


def _no_vary(vary: object) -> InputError:
    return InputError(
        f'vary must be "all", names such as ["lr", "beta1"], or a dict from names to ranges; got {vary!r:.80}'
    )


def check_vary(optimizers: Sequence[Optimizer], vary: Vary) -> None:
    """Raise `InputError` for a hyper-parameter that no optimizer has, and for an optimizer whose numbers are fixed."""
    for optimizer in optimizers:
        optimizer.check_varies()
    if isinstance(vary, str):
        return
    known = dict.fromkeys(
        name for optimizer in optimizers for name in {**search_space(optimizer), **wrapper_space(optimizer)}
    )
    for name in vary:
        if name not in known:
            raise unknown("hyper-parameter", name, known)


def ranges_to_vary(optimizer: Optimizer, vary: Vary) -> dict[str, Range]:
    """Return the ranges of the hyper-parameters that are varied; of a wrapper's own numbers only those named."""
    usual_ranges = search_space(optimizer)
    if vary == "all":
        return usual_ranges
    known: dict[str, Range | None] = {**usual_ranges, **wrapper_space(optimizer)}
    if isinstance(vary, Mapping):
        given = {name: _given_range(optimizer, name, ends, known.get(name)) for name, ends in vary.items()}
        return {name: ends for name, ends in given.items() if name in known}
    if isinstance(vary, str):
        raise _no_vary(vary)
    named: dict[str, Range] = {}
    for name in (name for name in known if name in vary):
        if (usual := known[name]) is None:
            value = optimizer.numeric_settings()[name]
            what = f"is {value:g}" if math.isfinite(value) else "is not set"
            raise InputError(
                f"vary: {name} of {optimizer.label} {what}, so it has no usual range; give one, as in "
                f"vary={{{name!r}: (1, 100)}}"
            )
        named[name] = usual
    return named


def _given_range(optimizer: Optimizer, name: str, ends: Range | tuple[float, float], usual: Range | None) -> Range:
    """Return a range as it was given: on the usual scale if none was stated, and of integers for a setting that is."""
    if isinstance(ends, Range):
        if ends.n is not None:
            raise InputError(f"vary: the whole range of {name} is searched; leave n out")
        found = ends
    elif isinstance(ends, Sequence) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends):
        scale = usual.scale if usual is not None else "log"
        found = Range(float(ends[0]), float(ends[1]), scale if scale != "log" or ends[0] > 0 else "linear")
    else:
        raise InputError(f"vary: a range must be (low, high) or a Range, got {ends!r}")
    one = optimizer.field_of(name)
    return replace(found, whole=True) if one is not None and one.metadata.get("integer") else found


def without_rejected(optimizer: Optimizer, ranges: Mapping[str, Range], vary: Vary) -> dict[str, Range]:
    """Return the ranges without hyper-parameters whose every other value the optimizer rejects.

    Nesterov momentum, for instance, requires dampening 0. Raises `InputError` if such a hyper-parameter was named.
    """
    found: dict[str, Range] = {}
    for name, ends in ranges.items():
        errors = [error for share in (0.1, 0.5, 0.9) if (error := rejection_of(optimizer, {name: ends.at(share)}))]
        if len(errors) < 3:
            found[name] = ends
        elif vary != "all":
            raise InputError(f"vary: {optimizer.label} cannot vary {name}: {errors[0]}")
    return found


def rejection_of(optimizer: Optimizer, values: Mapping[str, float]) -> InputError | None:
    """Return why the optimizer rejects these values, None if it accepts them."""
    try:
        optimizer.with_hyperparameters(values)
    except InputError as error:
        return error
    return None
