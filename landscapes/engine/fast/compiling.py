"""Compile the steps of an optimizer on a function into one loop over runs, which keeps each run in registers.

Example: two runs of Adam on f(x, y), with lr = 0.1 and 0.2, 11 steps. The compiled function takes `COMPILED_BLOCK`
runs, so the block is padded with copies of the first run; the results of the copies are dropped. Its coefficients
are split into factors of the step and of the run:

>>> from landscapes.optimizers import Adam
>>> coef_table(Adam(), ("lr",), steps=11).kinds
('scaled', 'table', 'constant', 'constant', 'column')

"constant" coefficients are compiled in. "table" ones depend on the step only, "column" ones on the run only.
"scaled" ones are the product of a table entry and a column. Others ("each step") are computed for all runs before
each call.

The first call takes steps 1 to 8. It receives the coordinates x and y, the optimizer's state per coordinate, the
lowest values, the limits, rows 1 to 8 of the table and the columns of lr. It returns the same quantities after step 8,
the points and values evaluated last (those of step 7), and the flag of each run (see `kernels.ChunkResult`). Three
steps are left, fewer than a call takes: the uncompiled kernel takes them. With 3 steps in all, nothing is compiled.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, fx

from landscapes.caching import Cache
from landscapes.engine.fast.kernels import (
    CHUNK_STEPS,
    BatchState,
    ChunkResult,
    EagerKernel,
    Evaluated,
    Limits,
    Pieces,
    take_steps,
)
from landscapes.engine.fast.runner import Kernel
from landscapes.engine.fast.tracing import MIN_RUN_STEPS, TracedFunction, trace
from landscapes.engine.grouping import Group
from landscapes.errors import warn
from landscapes.objectives.decorators import Function
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.coef_table import CoefTable, coef_table
from landscapes.optimizers.first_order.run_coefs import RunCoefs, with_arrays
from landscapes.silence import ignored_warnings

COMPILED_BLOCK = 2**13
"""Runs per compiled block: their states fit the private cache of a core."""

MIN_COMPILED_RUN_STEPS = 160_000_000
"""Run-steps of one group from which compiling pays: seconds of work against seconds of compilation."""

MAX_COMPILED_OPERATIONS = 250
"""Operations of value and gradient beyond which a compiler takes minutes."""

CompiledCall = Callable[..., Sequence[Tensor]]
"""Takes and returns flat lists of tensors; see `_compile`."""

_COMPILED: Cache[Any, CompiledCall | None] = Cache(capacity=256)
"""Compiled steps, for the whole process; None where compilation failed, so that it is not tried again.

Key: formula, view, optimizer type, its hyper-parameters, the names that differ between runs, kinds and constants of
the coefficients, shape of the limits, recording interval and dtype. The least recently used of more than 256 is
dropped. Threads share the cache; two that need the same new key may both compile it.
"""

_COMPILER_MISSING = threading.Event()
"""Set when a compilation fails for lack of a C++ compiler. Then no thread of this process tries again."""


def is_compiling_worthwhile(function: Function, optimizer: Any, run_steps: int) -> bool:
    """Return whether to compile the steps of so many run-steps; always once they have been compiled."""
    if run_steps >= MIN_COMPILED_RUN_STEPS:
        return True
    return any(key[0] == function.formula and key[2] is type(optimizer) for key, _ in _COMPILED.items())


def kernel_for(
    function: Function, group: Group, limits: Limits, steps: int, record_every: int, like: Tensor, compiled: bool | None
) -> Kernel:
    """Return the kernel of a group: compiled if requested (or, for None, worthwhile) and possible."""
    work = len(group.runs) * steps
    wanted = is_compiling_worthwhile(function, group.optimizer, work) if compiled is None else compiled
    traced = trace(function, like) if wanted or work >= MIN_RUN_STEPS else None
    eager = EagerKernel(function, limits, traced, record_every)
    if not wanted or traced is None or steps < CHUNK_STEPS:
        return eager
    return compiled_kernel(eager, traced, group, steps, like) or eager


class CompiledKernel:
    """A kernel for `COMPILED_BLOCK` runs; an uncompiled kernel takes the steps left at the end."""

    fixed_size = True
    block = COMPILED_BLOCK

    def __init__(
        self, eager: EagerKernel, call: CompiledCall, table: CoefTable, state_size: int, limits: Sequence[Tensor],
        steps: int,
    ) -> None:  # fmt: skip
        """Prepare a kernel.

        Args:
            eager: the uncompiled kernel.
            call: the compiled function.
            table: the coefficients of the steps.
            state_size: the number of tensors in the optimizer's state per coordinate.
            limits: the limits, flat.
            steps: the number of steps.
        """
        self.eager, self.call, self.table = eager, call, table
        self.state_size, self.limits, self.steps = state_size, limits, steps
        self.record_every, self.evaluate = eager.record_every, eager.evaluate
        self.prepared: tuple[RunCoefs, list[Tensor]] | None = None
        like = limits[0]
        factors = torch.as_tensor(table.factors, dtype=like.dtype)
        self.factors = factors.split(CHUNK_STEPS)  # type: ignore[no-untyped-call]
        with np.errstate(divide="ignore"):  # division by zero becomes multiplication by infinity
            inverse = torch.as_tensor(1 / table.factors, dtype=like.dtype)
        self.inverse = inverse.split(CHUNK_STEPS)  # type: ignore[no-untyped-call]

    def advance(
        self, state: BatchState, run_coefs: RunCoefs, t: int, steps: int, into: Sequence[Evaluated] | None = None
    ) -> tuple[ChunkResult, int]:
        """Take `CHUNK_STEPS` steps, or the fewer ones that are left; return the result and how many were taken."""
        if steps - t < CHUNK_STEPS or t % CHUNK_STEPS:
            runs = torch.arange(len(state.lowest))
            return self.eager.advance(state if state.points[0].ndim == 2 else state.select(runs), run_coefs, t, steps)
        if state.points[0].ndim == 2:
            state = split_coordinates(state)
        d, chunk = len(state.points), t // CHUNK_STEPS
        recorded = recording_buffers(d, self.record_every, state.lowest) if into is None else into
        out = self.call(
            *state.points,
            *(part for own in state.optimizer_states for part in own),
            state.lowest,
            *self.limits,
            self.factors[chunk],
            self.inverse[chunk],
            *self._columns(run_coefs),
            *self._coefs_of_steps(run_coefs, t),
            *(tensor for points, loss in recorded for tensor in (*points, loss)),
        )
        return unflatten(out, d, self.state_size, recorded), CHUNK_STEPS

    def _columns(self, run_coefs: RunCoefs) -> list[Tensor]:
        """Return the hyper-parameters that differ between runs, and the runs' factors of the coefficients."""
        if self.prepared is None or self.prepared[0] is not run_coefs:
            numbers = [getattr(run_coefs.optimizer, name) for name in run_coefs.numbers]
            with np.errstate(all="ignore"):
                last = run_coefs.distinct.coef(self.steps)
            factors = [
                torch.as_tensor(run_coefs.expand_to_runs(last[j]), dtype=run_coefs.like.dtype)
                for j, kind in enumerate(self.table.kinds)
                if kind in ("column", "scaled")
            ]
            self.prepared = run_coefs, [*numbers, *factors]
        return self.prepared[1]

    def _coefs_of_steps(self, run_coefs: RunCoefs, t: int) -> list[Tensor]:
        """Return the coefficients that must be computed for each step, (R,) each."""
        if "each step" not in self.table.kinds:
            return []
        indices = [j for j, kind in enumerate(self.table.kinds) if kind == "each step"]
        rows = run_coefs.at_steps(range(t + 1, t + 1 + CHUNK_STEPS))
        like = run_coefs.numbers[next(iter(run_coefs.numbers))]
        return [
            torch.as_tensor(row[j], dtype=run_coefs.like.dtype).expand(like.shape).contiguous()
            for row in rows
            for j in indices
        ]


def split_coordinates(state: BatchState) -> BatchState:
    """Return the same state with one piece per coordinate."""
    own = state.optimizer_states[0]
    points = [row.contiguous() for row in state.points[0]]
    states = [tuple(part[i].contiguous() for part in own) for i in range(len(points))]
    return BatchState(points, states, state.lowest, state.last)


def recording_buffers(d: int, record_every: int, like: Tensor) -> list[Evaluated]:
    """Return buffers for the points and values that a kernel records during one call."""
    count = CHUNK_STEPS // record_every if record_every else 0
    return [([torch.empty_like(like) for _ in range(d)], torch.empty_like(like)) for _ in range(count)]


def flatten(chunk: ChunkResult) -> list[Tensor]:
    """Return the tensors of a result, except the recorded ones, as one list."""
    state = chunk.state
    return [
        *state.points,
        *(part for own in state.optimizer_states for part in own),
        state.lowest,
        *state.last[0],
        state.last[1],
        chunk.flag,
        *(chunk.above or ()),
    ]


def unflatten(out: Sequence[Tensor], d: int, state_size: int, recorded: Sequence[Evaluated]) -> ChunkResult:
    """Return the result that `flatten` made a list of."""
    left = iter(out)
    points = _take(left, d)
    states = [tuple(_take(left, state_size)) for _ in range(d)]
    (lowest,), last, (loss, flag) = _take(left, 1), _take(left, d), _take(left, 2)
    above = tuple(left)
    state = BatchState(points, states, lowest, (last, loss))
    return ChunkResult(state, flag, recorded, (above[0], above[1]) if above else None)


def _take(left: Iterator[Tensor], count: int) -> list[Tensor]:
    return [next(left) for _ in range(count)]


def compiled_kernel(
    eager: EagerKernel, traced: TracedFunction, group: Group, steps: int, like: Tensor
) -> CompiledKernel | None:
    """Return the compiled kernel of a group; None if the optimizer couples coordinates or compilation fails."""
    optimizer, names = group.optimizer, tuple(group.hyperparameters)
    state_size = state_size_of(optimizer, names, like.dtype)
    too_long = len(traced.graph.graph.nodes) > MAX_COMPILED_OPERATIONS
    if state_size is None or too_long or like.device.type != "cpu" or _COMPILER_MISSING.is_set():
        return None
    table = coef_table(optimizer, names, steps)
    limits = eager.limits.by_coordinate()
    scalars = [scalar for scalar in (limits.squared_gtol, limits.squared_xtol, limits.target) if scalar is not None]
    flat = [*limits.center, *limits.half_width, *scalars, *(piece for minimum in limits.minima for piece in minimum)]
    key = (
        eager.function.formula,
        eager.function.view,
        type(optimizer),
        with_arrays(optimizer, dict.fromkeys(names, 0.5)),
        names,
        table.kinds,
        tuple(c for c, kind in zip(table.constants, table.kinds, strict=True) if kind == "constant"),
        (len(limits.center), len(limits.minima)),
        (limits.squared_gtol is None, limits.squared_xtol is None, limits.target is None),
        eager.record_every,
        like.dtype,
    )
    call = _COMPILED.get_or_make(
        key, lambda: _compile(optimizer, names, traced, limits, table, state_size, eager.record_every, flat)
    )
    return None if call is None else CompiledKernel(eager, call, table, state_size, flat, steps)


@functools.lru_cache(maxsize=256)
def state_size_of(optimizer: FirstOrder, names: tuple[str, ...], dtype: torch.dtype) -> int | None:
    """Return the number of state tensors per coordinate; None if the optimizer couples coordinates.

    Four steps in three coordinates are compared with those of each coordinate alone.
    """
    generator = torch.Generator().manual_seed(0)
    numbers = dict.fromkeys(names, torch.tensor([0.5, 0.3, 0.7, 0.4], dtype=dtype))
    optimizer = with_arrays(optimizer, numbers)
    plain = with_arrays(optimizer, dict.fromkeys(names, 0.5))
    x = torch.randn(3, 4, generator=generator, dtype=dtype)
    try:
        state, split_states, split_x = optimizer.init(x), [optimizer.init(row) for row in x], list(x)
        for t in range(1, 5):
            g = torch.randn(3, 4, generator=generator, dtype=dtype) * 10.0 ** (2 * t - 5)
            coefs = plain.coef(t)
            x, state = optimizer.update(x, g, state, coefs)
            stepped = [optimizer.update(*piece, coefs) for piece in zip(split_x, g, split_states, strict=True)]
            split_x, split_states = [p for p, _ in stepped], [own for _, own in stepped]
            if not torch.equal(torch.stack(split_x), x):
                return None
    except Exception:  # it reduces over coordinates that are not there
        return None
    return len(state) if all(part.shape == x[0].shape for own in split_states for part in own) else None


def _compile(
    optimizer: FirstOrder, names: tuple[str, ...], traced: TracedFunction, limits: Limits, table: CoefTable,
    state_size: int, record_every: int, flat: Sequence[Tensor],
) -> CompiledCall | None:  # fmt: skip
    """Compile `CHUNK_STEPS` steps; return None if that fails. Without a C++ compiler, warn once."""
    # these imports take seconds
    from torch._guards import TracingContext, tracing
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    d, like = len(limits.center), flat[0]
    kinds = table.kinds
    n_columns = sum(kind in ("column", "scaled") for kind in kinds)
    n_per_step = sum(kind == "each step" for kind in kinds)

    def body(*given: Tensor) -> list[Tensor]:
        left = iter(given)
        points = _take(left, d)
        states: list[State] = [tuple(_take(left, state_size)) for _ in range(d)]
        (lowest,) = _take(left, 1)
        center, half_width = _take(left, d), _take(left, d)
        squared_gtol = None if limits.squared_gtol is None else next(left)
        squared_xtol = None if limits.squared_xtol is None else next(left)
        target = None if limits.target is None else next(left)
        minima = [_take(left, d) for _ in limits.minima]
        factors, _ = _take(left, 2)
        numbers, columns = _take(left, len(names)), _take(left, n_columns)
        coefs = [_coefs(table, factors, k, columns, _take(left, n_per_step)) for k in range(CHUNK_STEPS)]
        state = BatchState(points, states, lowest, (points, lowest))
        own_limits = Limits(center, half_width, squared_gtol, squared_xtol, minima, target)
        own_optimizer = with_arrays(optimizer, dict(zip(names, numbers, strict=True)))
        chunk = take_steps(evaluate, own_optimizer, state, coefs, own_limits, record_every)
        for recorded, loss in chunk.recorded:
            for tensor in (*recorded, loss):
                next(left).copy_(tensor)
        return flatten(chunk)

    def evaluate(points: Pieces) -> tuple[Tensor, Pieces]:
        loss, *gradient = traced(*points)
        return loss, gradient

    row = torch.ones(COMPILED_BLOCK, dtype=like.dtype)
    rows = torch.ones((CHUNK_STEPS, len(kinds)), dtype=like.dtype)
    given: list[Any] = [row + i for i in range(d * (1 + state_size) + 1)]
    given += [*flat, rows, rows + 1, *(row + i for i in range(len(names) + n_columns + CHUNK_STEPS * n_per_step))]
    given += [tensor for points, loss in recording_buffers(d, record_every, row) for tensor in (*points, loss)]
    try:
        with torch.no_grad(), ignored_warnings():
            graph = make_fx(body)(*given)
            _multiply_by_inverse(graph, d * (1 + state_size) + 1 + len(flat))
            # with this context, other processes find the compiled code in the disk cache
            mode = FakeTensorMode(shape_env=ShapeEnv(assume_static_by_default=True))
            with tracing(TracingContext(mode)):
                return cast(CompiledCall, torch._inductor.compile(graph, list(given)))
    except Exception as error:
        if "ompiler" in type(error).__name__ + str(error):
            _COMPILER_MISSING.set()
            warn(
                "no C++ compiler works here, so steps are not compiled; install g++ to make them about 10 times faster"
            )
        return None


def _coefs(table: CoefTable, factors: Tensor, k: int, columns: list[Tensor], per_step: list[Tensor]) -> Coefs:
    """Return the coefficients of the k-th step of a call, as the optimizer's update takes them."""
    coefs: list[float | Tensor] = []
    column, own = iter(columns), iter(per_step)
    for j, kind in enumerate(table.kinds):
        if kind == "constant":
            coefs.append(table.constants[j])
        elif kind == "table":
            coefs.append(factors[k, j])
        elif kind == "each step":
            coefs.append(next(own))
        else:
            coefs.append(next(column) if kind == "column" else factors[k, j] * next(column))
    return tuple(coefs)


def _multiply_by_inverse(graph: fx.GraphModule, position: int) -> None:
    """Replace divisions by table entries, which are slow, by multiplications with the table of inverses.

    `position` is the index of the table among the inputs; the table of inverses follows it.
    """
    aten = torch.ops.aten
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    factors, inverse = inputs[position], inputs[position + 1]
    for node in list(graph.graph.nodes):
        if node.target != aten.div.Tensor or not isinstance(node.args[1], fx.Node):
            continue
        entry = node.args[1]
        if entry.target != aten.select.int or not isinstance(row := entry.args[0], fx.Node):
            continue
        if row.args[0] is not factors:
            continue
        with graph.graph.inserting_before(node):
            other = graph.graph.call_function(aten.select.int, (inverse, *row.args[1:]))
            other = graph.graph.call_function(aten.select.int, (other, *entry.args[1:]))
            product = graph.graph.call_function(aten.mul.Tensor, (node.args[0], other))
        node.replace_all_uses_with(product)
        graph.graph.erase_node(node)
    graph.recompile()
