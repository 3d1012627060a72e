"""Compile the steps of an optimizer on a function into one loop over runs, which keeps each run in registers.

Example: two runs of Adam on f(x, y), with lr = 0.1 and 0.2, 11 steps. The compiled function takes `COMPILED_BLOCK`
runs, so the block is padded with copies of the first run; the results of the copies are dropped. Its coefficients
are split into factors of the step and of the run:

>>> from landscapes.optimizers import Adam
>>> coef_table(Adam(), ("lr",), steps=11).kinds
('scaled', 'table', 'constant', 'constant', 'column')

"constant" coefficients are compiled in. "table" ones depend on the step only, "column" ones on the run only.
"scaled" ones are the product of a table entry and a column. Others ("each step") have a table of their own, from which
each call gathers the entries of its runs (see `joint_tables`).

The first call takes steps 1 to 8. It receives the coordinates x and y, the optimizer's state per coordinate, the
lowest values, the limits, rows 1 to 8 of the table and the columns of lr. It returns the same quantities after step 8,
the points and values evaluated last (those of step 7), and the flag of each run (see `kernels.ChunkResult`). Three
steps are left, fewer than a call takes: the uncompiled kernel takes them. With 3 steps in all, nothing is compiled.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, fx

from landscapes.caching import Cache
from landscapes.engine.fast.kernel_coefs import KernelCoefs, Wanted, coefs_in_kernel, count_columns, joint_numbers
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
from landscapes.optimizers.first_order.base import FirstOrder, State
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


@dataclass(frozen=True)
class CompiledSteps:
    """A compiled function, and which coefficients of the kind "each step" it reads."""

    call: CompiledCall
    wanted: Wanted


_COMPILED: Cache[Any, CompiledSteps | None] = Cache(capacity=256)
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
        self, eager: EagerKernel, call: CompiledCall, coefs: KernelCoefs, state_size: int, limits: Sequence[Tensor]
    ) -> None:
        """Prepare a kernel.

        Args:
            eager: the uncompiled kernel.
            call: the compiled function.
            coefs: the inputs that depend on hyper-parameters.
            state_size: the number of tensors in the optimizer's state per coordinate.
            limits: the limits, flat.
        """
        self.eager, self.call, self.coefs = eager, call, coefs
        self.state_size, self.limits = state_size, limits
        self.record_every, self.evaluate = eager.record_every, eager.evaluate

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
            self.coefs.factors[chunk],
            self.coefs.inverse[chunk],
            *self.coefs.columns(run_coefs),
            *self.coefs.matrices(run_coefs, t),
            *(tensor for points, loss in recorded for tensor in (*points, loss)),
        )
        return unflatten(out, d, self.state_size, recorded), CHUNK_STEPS


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
        tuple(table.splits.items()),
        (len(limits.center), len(limits.minima)),
        (limits.squared_gtol is None, limits.squared_xtol is None, limits.target is None),
        eager.record_every,
        like.dtype,
    )
    compiled = _COMPILED.get_or_make(
        key, lambda: _compile(optimizer, names, traced, limits, table, state_size, eager.record_every, flat)
    )
    if compiled is None:
        return None
    coefs = KernelCoefs(table, group, steps, like.dtype, compiled.wanted)
    return CompiledKernel(eager, compiled.call, coefs, state_size, flat)


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
) -> CompiledSteps | None:  # fmt: skip
    """Compile `CHUNK_STEPS` steps; return None if that fails. Without a C++ compiler, warn once."""
    # these imports take seconds
    from torch._guards import TracingContext, tracing
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    d, like = len(limits.center), flat[0]
    kinds = table.kinds
    n_columns, n_matrices = count_columns(table), 2 * len(table.splits)

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
        matrices = _take(left, n_matrices)
        coefs = [coefs_in_kernel(table, factors, columns, matrices, k) for k in range(CHUNK_STEPS)]
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
    given += [*flat, rows, rows + 1, *(row + i for i in range(len(names) + n_columns))]
    first_matrix = len(given)
    given += [row.expand(CHUNK_STEPS, -1) + i for i in range(n_matrices)]
    given += [tensor for points, loss in recording_buffers(d, record_every, row) for tensor in (*points, loss)]
    try:
        with torch.no_grad(), ignored_warnings():
            graph = make_fx(body)(*given)
            tables = [d * (1 + state_size) + 1 + len(flat), *range(first_matrix, first_matrix + n_matrices, 2)]
            for position in tables:
                _multiply_by_inverse(graph, position)
            used = _erase_unused(graph, given, range(first_matrix, first_matrix + n_matrices))
            wanted = {j: (used[2 * i], used[2 * i + 1]) for i, j in enumerate(joint_numbers(table))}
            # with this context, other processes find the compiled code in the disk cache
            mode = FakeTensorMode(shape_env=ShapeEnv())
            inputs: list[Any] = [mode.from_tensor(tensor, static_shapes=True) for tensor in given]
            with tracing(TracingContext(mode)), _cached_by_processor():
                return CompiledSteps(cast(CompiledCall, torch._inductor.compile(graph, inputs)), wanted)
    except Exception as error:
        if "ompiler" in type(error).__name__ + str(error):
            _COMPILER_MISSING.set()
            warn(
                "no C++ compiler works here, so steps are not compiled; install g++ to make them about 10 times faster"
            )
        return None


def _cached_by_processor() -> AbstractContextManager[object]:
    """Let torch's disk cache distinguish vector instructions, which its key leaves out.

    Code for vectors of 512 bits computes garbage where torch has 256, as with ATEN_CPU_CAPABILITY=avx2.
    """
    config: Any = getattr(torch.compiler, "config", None)
    if not hasattr(config, "cache_key_tag"):  # an older torch
        return nullcontext()
    tag = f"{config.cache_key_tag} {torch.backends.cpu.get_cpu_capability()}"
    return cast(AbstractContextManager[object], config.patch(cache_key_tag=tag))


def _multiply_by_inverse(graph: fx.GraphModule, position: int) -> None:
    """Replace divisions by entries of a table, which are slow, by multiplications with the table of inverses.

    `position` is the index of the table among the inputs; the table of inverses follows it. An entry is a number, or a
    row with one number per run.
    """
    aten = torch.ops.aten
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    table, inverse = inputs[position], inputs[position + 1]
    for node in list(graph.graph.nodes):
        if node.target != aten.div.Tensor or not isinstance(node.args[1], fx.Node):
            continue
        picks: list[fx.Node] = []
        entry: Any = node.args[1]
        while isinstance(entry, fx.Node) and entry.target == aten.select.int:
            picks.append(entry)
            entry = entry.args[0]
        if entry is not table:
            continue
        with graph.graph.inserting_before(node):
            other = inverse
            for pick in reversed(picks):
                other = graph.graph.call_function(aten.select.int, (other, *pick.args[1:]))
            product = graph.graph.call_function(aten.mul.Tensor, (node.args[0], other))
        node.replace_all_uses_with(product)
        for unused in (node, *picks):
            if not unused.users:
                graph.graph.erase_node(unused)
    graph.recompile()


def _erase_unused(graph: fx.GraphModule, given: list[Any], positions: range) -> tuple[bool, ...]:
    """Erase the unused inputs at some positions, from the graph and from `given`; return which are used."""
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    used = tuple(bool(inputs[position].users) for position in positions)
    for position, is_used in reversed(list(zip(positions, used, strict=True))):
        if not is_used:
            graph.graph.erase_node(inputs[position])
            del given[position]
    graph.recompile()
    return used
