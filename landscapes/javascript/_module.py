"""Functions and optimizers as one module of JavaScript."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.javascript._functions import emit_function
from landscapes.javascript._optimizers import as_optimizer, emit_optimizer
from landscapes.javascript.printing import library
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer


def emit_module(functions: Sequence[str | Function], optimizers: Sequence[str | Optimizer] = ()) -> str:
    """Return the text of an ES module that exports `functions` by name and `optimizers` by their text.

    `functions.booth(x, y)` returns [value, ∂₀, ∂₁]. `optimizers["sgd(lr=0.1)"]` has the `names` and `values` of its
    hyper-parameters. Its `run(functions.booth, start, steps, values)` returns {x, loss} from the start to the last
    step, d points and one loss per step, as in a race in which no run ends early.

    Args:
        functions: functions that are not stochastic, or names of the catalogue, all with the same number of
            coordinates and different names.
        optimizers: first-order optimizers, or their texts; default none.

    Raises:
        InputError: if there are no functions, if they do not fit together, or for one without JavaScript.

    >>> text = emit_module(["booth"], ["sgd(lr=0.1)"])
    >>> text.splitlines()[-2][:44]
    'export const functions={"booth":(x,y)=>{cons'
    """
    for name, given in (("functions", functions), ("optimizers", optimizers)):
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InputError(f"{name} must be a list, got {given!r:.80}")
    chosen, steppers = [as_function(one) for one in functions], [as_optimizer(one) for one in optimizers]
    dims = {one.name: one.dim for one in chosen}
    if not dims or len(dims) < len(chosen) or len(set(dims.values())) > 1:
        listed = ", ".join(f"{one.name} ({one.dim})" for one in chosen) or "none"
        raise InputError(f"a module needs functions of different names and one number of coordinates, got {listed}")
    written = {one.name: emit_function(one) for one in chosen}
    runners = {one.spec: emit_optimizer(one, chosen[0].dim) for one in steppers}
    lines = [library([*written.values(), *runners.values()])]
    for kind, scripts in (("functions", written), ("optimizers", runners)):
        entries = ",".join(f"{json.dumps(name)}:{script.source}" for name, script in scripts.items())
        lines.append(f"export const {kind}={{{entries}}};")
    return "\n".join(filter(None, lines)) + "\n"
