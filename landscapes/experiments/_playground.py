"""Functions and optimizers for a page on which a reader races them: `playground`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments._race import DEFAULT_OPTIMIZERS, race
from landscapes.experiments.function_code import code_of
from landscapes.experiments.optimizer_specs import OneOptimizer, Optimizers, OptimizerSpec, labels, parse_optimizers
from landscapes.experiments.page_scripts import emit_optimizers, function_facts, joined
from landscapes.functions import as_function
from landscapes.javascript import emit_function
from landscapes.live import Playground
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer
from landscapes.optimizers.wrappers.base import unwrap

MORE = ("adamw", "nadam", "radam", "lion", "adadelta", "amsgrad", "rprop")
"""Optimizers that a reader can add by default."""

MOST_FUNCTIONS, MOST_OPTIMIZERS = 50, 40


@suggests_arguments
def playground(
    functions: str | Function | Sequence[str | Function],
    optimizers: Optimizers | None = None,
    *,
    more: Optimizers | None = None,
    start: Sequence[float] | None = None,
    steps: int | None = None,
    seed: int = 0,
    resolution: int = 257,
    progress: Callable[[int, int], None] | None = None,
) -> Playground:
    """Return a playground: `render.save(playground(["beale", "himmelblau"]), "play.html")`.

    On the page, a reader chooses a function or types a formula, drags the start, adds optimizers and changes their
    hyper-parameters, noise, clipping and the schedule. The page takes the steps itself, in double precision, as `race`.

    Args:
        functions: one or several functions of two coordinates, or their names. The first is shown at first.
        optimizers: those that race at first, as in `race`: first-order ones, also within `noise`, `clip` and
            schedules; by default the six of `race`. Open learning rates are tuned on each function.
        more: optimizers that a reader can add; by default seven others, or none if `optimizers` are given.
        start: start on all functions; by default each function's own.
        steps: number of steps on all functions; by default each function's own.
        seed: of the noise.
        resolution: points per side of a surface, >= 2; default 257. Pages compute most surfaces themselves.
        progress: called with (functions done, functions in all).

    Raises:
        InputError: for functions or optimizers that cannot be JavaScript, with the reason; before any race.

    >>> made = playground(["booth", "beale"], ["sgd(lr=0.01)"], more=["adam(lr=0.1)"], steps=20, resolution=9)
    >>> made.functions, made.optimizers, made.script.facts["racing"]
    (['Booth', 'Beale'], ['SGD', 'Adam'], 1)
    """
    chosen = _functions(functions)
    written = [emit_function(one) for one in chosen]
    first = DEFAULT_OPTIMIZERS if optimizers is None else optimizers
    others = (MORE if optimizers is None else ()) if more is None else more
    given, specs, racing = _contenders(first, others)
    if not racing:
        raise InputError("a playground needs an optimizer that races at first; the others are `more`")
    names = list(given)
    emit_optimizers([spec.optimizer for spec in specs], names, names)  # refused before the races
    records, raced = [], []
    for i, one in enumerate(chosen):
        record = race(one, given, start=start, steps=steps, seed=seed, resolution=resolution)
        records.append(record)
        lrs = record.trajectories.runs["lr"].tolist()
        raced.append([_with_lr(spec, lr) for spec, lr in zip(specs, lrs, strict=True)])
        if progress is not None:
            progress(i + 1, len(chosen))
    emitted = emit_optimizers(raced[0], names, [text_of(one) for one in raced[0]])
    facts = [
        function_facts(record, one, script, code_of(one), own, emitted)
        for record, one, script, own in zip(records, chosen, written, raced, strict=True)
    ]
    return Playground(tuple(records), joined(written, facts, emitted, seed, racing))


def _functions(given: str | Function | Sequence[str | Function]) -> list[Function]:
    """Return the functions; raise `InputError` unless each has two coordinates and a name of its own."""
    listed = [given] if isinstance(given, str | Function) else given
    if not isinstance(listed, Sequence) or not 1 <= len(listed) <= MOST_FUNCTIONS:
        raise InputError(
            f'functions must be 1 to {MOST_FUNCTIONS} functions, as in ["beale", "booth"], got {given!r:.80}'
        )
    chosen = [_planar(one) for one in listed]
    names = [one.name for one in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two functions have the name {twice!r}; a page needs different names")
    return chosen


def _planar(given: str | Function) -> Function:
    function = as_function(given)
    if function.dim != 2:
        raise InputError(f"a playground needs functions of 2 coordinates, {function.name} has {function.dim}")
    return function


def _contenders(first: Optimizers, others: Optimizers) -> tuple[dict[str, OneOptimizer], list[OptimizerSpec], int]:
    """Return the optimizers by label as given, those of the race first, then as specs, and how many race."""
    racing = _listed(first)
    given = [*racing, *_listed(others)]
    if len(given) > MOST_OPTIMIZERS:
        raise InputError(f"a page has at most {MOST_OPTIMIZERS} optimizers, got {len(given)}")
    specs = [replace(parse_optimizers(one)[0], label=label) for label, one in given]
    return dict(zip(labels(specs), (one for _, one in given), strict=True)), specs, len(racing)


def _listed(optimizers: Optimizers) -> list[tuple[str | None, OneOptimizer]]:
    """Return pairs of a label, or None, and an optimizer."""
    if isinstance(optimizers, Mapping | Sequence) and not len(optimizers):
        return []
    parse_optimizers(optimizers)  # raises for what is none
    if isinstance(optimizers, Mapping):
        return list(optimizers.items())
    return [(None, one) for one in ([optimizers] if isinstance(optimizers, str | Optimizer | type) else optimizers)]


def _with_lr(spec: OptimizerSpec, lr: float) -> Optimizer:
    return spec.optimizer.with_learning_rate(lr) if spec.lr_open else spec.optimizer


def text_of(optimizer: Optimizer) -> str:
    """Return an optimizer as text that `race` takes: `module:Class(…)` for a class of the user's.

    >>> from landscapes.optimizers import parse
    >>> text_of(parse("clip(adam(lr=0.1), norm=1)")[0])
    'clip(adam(lr=0.1), norm=1.0)'
    """
    inside = unwrap(optimizer)
    module = type(inside).__module__
    if module.startswith("landscapes.") or module == "__main__" or os.sep in module:
        return optimizer.spec
    return optimizer.spec.replace(inside.spec, f"{module}:{inside.spec}")
