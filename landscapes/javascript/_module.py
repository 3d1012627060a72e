"""Functions and optimizers as one module of JavaScript."""

from __future__ import annotations

import json
from collections.abc import Sequence

from landscapes.errors import InputError
from landscapes.javascript._functions import emit_function
from landscapes.javascript._optimizers import emit_optimizer
from landscapes.javascript.printing import library
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer


def emit_module(functions: Sequence[Function], optimizers: Sequence[Optimizer] = ()) -> str:
    """Return the text of an ES module that exports `functions` by name and `optimizers` by their text.

    `functions.booth(x, y)` returns [value, ∂₀, ∂₁]. `optimizers["sgd(lr=0.1)"]` has the `names` and `values` of its
    hyper-parameters. Its `run(functions.booth, start, steps, values)` returns {x, loss} from the start to the last
    step, d points and one loss per step, as in a race in which no run ends early.

    Args:
        functions: functions that are not stochastic, all with the same number of coordinates and different names.
        optimizers: first-order optimizers; default none.

    Raises:
        InputError: if there are no functions, if they do not fit together, or for one without JavaScript.

    >>> from landscapes.functions import get
    >>> from landscapes.optimizers import SGD
    >>> text = emit_module([get("booth")], [SGD(lr=0.1)])
    >>> text.splitlines()[-2][:44]
    'export const functions={"booth":(x,y)=>{cons'
    """
    dims = {one.name: one.dim for one in functions}
    if not dims or len(dims) < len(functions) or len(set(dims.values())) > 1:
        given = ", ".join(f"{one.name} ({one.dim})" for one in functions) or "none"
        raise InputError(f"a module needs functions of different names and one number of coordinates, got {given}")
    written = {one.name: emit_function(one) for one in functions}
    runners = {one.spec: emit_optimizer(one, functions[0].dim) for one in optimizers}
    lines = [library([*written.values(), *runners.values()])]
    for kind, scripts in (("functions", written), ("optimizers", runners)):
        entries = ",".join(f"{json.dumps(name)}:{script.source}" for name, script in scripts.items())
        lines.append(f"export const {kind}={{{entries}}};")
    return "\n".join(filter(None, lines)) + "\n"
