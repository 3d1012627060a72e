"""Compile the steps of an optimizer on a function into one loop over runs, which keeps each run in registers.

Example: two runs of Adam on f(x, y), with lr = 0.1 and 0.2, 11 steps. One step is traced, and `kernel_source` writes
the loop around it. The runs are padded to a full tile with copies of the first run, whose results are dropped.
Coefficients are split into factors of the step and of the run:

>>> from landscapes.optimizers import Adam
>>> coef_table(Adam(), ("lr",), steps=11).kinds
('scaled', 'table', 'constant', 'constant', 'column')

"constant" coefficients are compiled in. "table" ones depend on the step only, "column" ones on the run only.
"scaled" ones are the product of a table entry and a column. Others ("each step") have a table of their own, from which
each step gathers the entries of its runs (see `joint_tables`).

The first call takes steps 1 to 8, in one chunk; of 20 steps it would take 16. It receives the coordinates x and y,
the optimizer's state per coordinate, the lowest values, the limits, the table and the columns of lr. It changes the
first three to those after step 8, and returns which runs may have ended (see `kernels.ChunkResult`). Three steps are
left, less than a chunk: the uncompiled kernel takes them. With 3 steps in all, nothing is compiled.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.caching import Cache
from landscapes.engine.fast.buffers import Addresses
from landscapes.engine.fast.kernel_coefs import CoefInputs, KernelCoefs
from landscapes.engine.fast.kernel_source import kernel_source
from landscapes.engine.fast.kernels import CHUNK_STEPS, BatchState, ChunkResult, EagerKernel, Limits
from landscapes.engine.fast.runner import Kernel
from landscapes.engine.fast.step_source import UnknownOperationError
from landscapes.engine.fast.traced_step import step_source, take, traced_step
from landscapes.engine.fast.tracing import MIN_RUN_STEPS, TracedFunction, trace
from landscapes.engine.grouping import Group
from landscapes.errors import warn
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import NativePower
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.coef_table import CoefTable, coef_table
from landscapes.optimizers.first_order.run_coefs import RunCoefs, with_arrays
from landscapes.silence import ignored_warnings

COMPILED_BLOCK = 2**13
"""Runs per compiled block."""

MIN_COMPILED_RUN_STEPS = 160_000_000
"""Run-steps of one group from which compiling pays: seconds of work against seconds of compilation."""

NO_COMPILER = "no C++ compiler works here"

MAX_COMPILED_OPERATIONS = 250
"""Operations of value and gradient beyond which a compiler takes minutes."""


@dataclass(frozen=True)
class CompiledSteps:
    """Compiled steps.

    Attributes:
        advance: takes chunks of steps, as the comment in `kernel_source.KERNEL` says.
        tile: the number of runs must be a multiple of this.
        inputs: which coefficients it reads.
        numbers: which limits it reads, and then the minimum and `ftol`.
        powers: `arithmetic.power` by the C library; None if it rounds otherwise than Python's.
    """

    advance: Callable[..., int]
    tile: int
    inputs: CoefInputs
    numbers: Sequence[int]
    powers: NativePower | None


@dataclass(frozen=True)
class NotCompiled:
    """Why steps are not compiled.

    Attributes:
        reason: the reason, in words.
        failed: whether the compiler failed, so that it is no limit of the function or optimizer.
    """

    reason: str
    failed: bool = False


_COMPILED: Cache[Any, CompiledSteps | NotCompiled] = Cache(capacity=256)
"""Compiled steps, for the whole process; the reason where compilation failed, so that it is not tried again.

Key: formula, view, optimizer type, its hyper-parameters, the names that differ between runs, kinds and constants of
the coefficients, shape of the limits, recording interval and dtype. The least recently used of more than 256 is
dropped. Threads share the cache; two that need the same new key may both compile it.
"""

_COMPILER_MISSING = threading.Event()
"""Set when a compilation fails for lack of a C++ compiler. Then no thread of this process tries again."""

_FAILURE_SHOWN = threading.Event()
"""Set once this process has warned of a failed compilation."""


def is_compiling_worthwhile(function: Function, optimizer: Any, run_steps: int) -> bool:
    """Return whether to compile the steps of so many run-steps; always once they have been compiled."""
    if run_steps >= MIN_COMPILED_RUN_STEPS:
        return True
    return any(key[0] == function.formula and key[2] is type(optimizer) for key, _ in _COMPILED.items())


def kernel_for(
    function: Function, group: Group, limits: Limits, steps: int, record_every: int, like: Tensor, compiled: bool | None
) -> Kernel:
    """Return the kernel of a group: compiled if requested (or, for None, worthwhile) and possible.

    If it is requested but not possible, a warning says why.
    """
    work = len(group.runs) * steps
    wanted = is_compiling_worthwhile(function, group.optimizer, work) if compiled is None else compiled
    traced = trace(function, like) if wanted or work >= MIN_RUN_STEPS else None
    eager = EagerKernel(function, limits, traced, record_every)
    if not wanted or steps < CHUNK_STEPS:
        return eager
    untraced = NotCompiled("the formula branches on values, is not a batched torch formula, or has too many operations")
    found = untraced if traced is None else compiled_kernel(eager, traced, group, steps, like)
    if isinstance(found, CompiledKernel):
        return found
    _warn(found, f"steps of {group.optimizer.label} on {function.name} are not compiled", requested=compiled is True)
    return eager


def _warn(why: NotCompiled, what: str, *, requested: bool) -> None:
    """Warn of steps that are not compiled though this was requested; and once per process of a compiler that fails."""
    if _COMPILER_MISSING.is_set():  # `_compile` has said so
        return
    if requested:
        warn(f"compiled=True, but {what}: {why.reason}")
    elif why.failed and not _FAILURE_SHOWN.is_set():
        _FAILURE_SHOWN.set()
        warn(f"{what} and take about 10 times as long: {why.reason}")


class CompiledKernel:
    """A kernel that takes chunks of steps; an uncompiled kernel takes the steps left at the end."""

    block = COMPILED_BLOCK

    def __init__(
        self, eager: EagerKernel, compiled: CompiledSteps, coefs: KernelCoefs, state_size: int, limits: Sequence[float]
    ) -> None:
        """Prepare a kernel.

        Args:
            eager: the uncompiled kernel.
            compiled: the compiled steps.
            coefs: the inputs that depend on hyper-parameters.
            state_size: the number of tensors in the optimizer's state per coordinate.
            limits: the limits, flat.
        """
        self.eager, self.compiled, self.coefs, self.state_size = eager, compiled, coefs, state_size
        self.multiple, self.record_every, self.evaluate = compiled.tile, eager.record_every, eager.evaluate
        self.value = eager.value
        self.has_target = eager.limits.target is not None
        self.numbers = torch.tensor([limits[i] for i in compiled.numbers], dtype=coefs.dtype)

    def advance(
        self, state: BatchState, run_coefs: RunCoefs, t: int, steps: int, alive: Tensor, into: Addresses
    ) -> tuple[ChunkResult, int]:
        """Take whole chunks of steps, or the fewer steps that are left; return the result and how many were taken."""
        if steps - t < CHUNK_STEPS or t % CHUNK_STEPS:
            runs = torch.arange(len(state.lowest))
            whole = state if state.points[0].ndim == 2 else state.select(runs)
            return self.eager.advance(whole, run_coefs, t, steps, alive, into)
        columns = self.coefs.columns(run_coefs)
        most = max(min(self.coefs.longest, into.most_steps), CHUNK_STEPS)
        taken = min(steps - t, most) // CHUNK_STEPS * CHUNK_STEPS
        rows = self._rows(state)
        kept = torch.empty_like(rows)
        ended = torch.where(alive, -1, t)
        matrices = self.coefs.matrices(run_coefs, t, t + taken)
        listed = [(part.data_ptr(), part.shape[1], place.data_ptr()) for part, place in matrices]
        tables, widths, places = np.array(listed, dtype=np.int64).reshape(-1, 3).T.copy()
        records = into.of_steps(t, t + taken, self.record_every)
        flagged = self.compiled.advance(
            rows.shape[1],
            t,
            taken // CHUNK_STEPS,
            into.runs,
            rows.data_ptr(),
            kept.data_ptr(),
            ended.data_ptr(),
            self.numbers.data_ptr(),
            columns.data_ptr(),
            self.coefs.entries[t:].data_ptr(),
            *(part.ctypes.data for part in (tables, widths, places)),
            records.ctypes.data,
        )
        into.finish()
        after, above = self._state(rows), self._above(rows) if self.has_target else None
        if not flagged:
            return ChunkResult(after, above=above), taken
        kept_above = self._above(kept) if self.has_target else None
        return ChunkResult(after, None, ended, self._state(kept), above, kept_above), taken

    def _rows(self, state: BatchState) -> Tensor:
        """Return the state as one tensor, one row per quantity: see `kernel_source.KERNEL`."""
        zeros = [torch.zeros_like(state.lowest)] * 2 if self.has_target else []
        if state.points[0].ndim == 2:
            own = [part[i] for i in range(len(state.points[0])) for part in state.optimizer_states[0]]
            points, last = list(state.points[0]), list(state.last[0][0])
        else:
            own = [part for parts in state.optimizer_states for part in parts]
            points, last = list(state.points), list(state.last[0])
        return torch.stack([*points, *own, state.lowest, *zeros, *last, state.last[1]])

    def _state(self, rows: Tensor) -> BatchState:
        left = iter(rows.unbind(0))
        d = self.eager.function.dim
        points = take(left, d)
        states = [tuple(take(left, self.state_size)) for _ in range(d)]
        (lowest,) = take(left, 1)
        if self.has_target:
            take(left, 2)
        last = take(left, d)
        return BatchState(points, states, lowest, (last, next(left)))

    def _above(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        first = self.eager.function.dim * (1 + self.state_size) + 1
        return rows[first], rows[first + 1]


def compiled_kernel(
    eager: EagerKernel, traced: TracedFunction, group: Group, steps: int, like: Tensor
) -> CompiledKernel | NotCompiled:
    """Return the compiled kernel of a group, or why there is none."""
    optimizer, names = group.optimizer, tuple(group.hyperparameters)
    if _COMPILER_MISSING.is_set():
        return NotCompiled(NO_COMPILER, failed=True)
    if like.device.type != "cpu":
        return NotCompiled("only the CPU has compiled steps")
    if len(traced.graph.graph.nodes) > MAX_COMPILED_OPERATIONS:
        return NotCompiled(f"value and gradient have more than {MAX_COMPILED_OPERATIONS} operations")
    state_size = state_size_of(optimizer, names, like.dtype)
    if state_size is None:
        return NotCompiled("the optimizer's step along a coordinate depends on the others")
    table = coef_table(optimizer, names, steps)
    limits = eager.limits
    scalars = [scalar for scalar in (limits.squared_gtol, limits.squared_xtol, limits.target) if scalar is not None]
    parts = [*limits.center, *limits.half_width, *scalars, *(one[0] for one in limits.minima)]
    numbers = [number for part in parts for number in part.flatten().tolist()]
    numbers += [eager.function.minimum or 0.0, limits.ftol or 0.0]
    key = (
        eager.function.formula,
        eager.function.view,
        type(optimizer),
        with_arrays(optimizer, dict.fromkeys(names, 0.5)),
        names,
        table.kinds,
        tuple(c for c, kind in zip(table.constants, table.kinds, strict=True) if kind == "constant"),
        tuple(table.splits.items()),
        (eager.function.dim, len(limits.minima)),
        (limits.squared_gtol is None, limits.squared_xtol is None, limits.target is None, limits.ftol is None),
        eager.record_every,
        like.dtype,
    )
    compiled = _COMPILED.get_or_make(
        key,
        lambda: _compile(
            optimizer, names, traced, limits.by_coordinate(), table, state_size, eager.record_every, like.dtype
        ),
    )
    if isinstance(compiled, NotCompiled):
        return compiled
    coefs = KernelCoefs(table, group, steps, like.dtype, compiled.inputs, compiled.powers)
    return CompiledKernel(eager, compiled, coefs, state_size, numbers)


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
        with ignored_warnings():
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
    optimizer: FirstOrder,
    names: tuple[str, ...],
    traced: TracedFunction,
    limits: Limits,
    table: CoefTable,
    state_size: int,
    record_every: int,
    dtype: torch.dtype,
) -> CompiledSteps | NotCompiled:
    """Compile chunks of steps; return why not if that fails. Without a C++ compiler, warn once."""
    try:
        with torch.no_grad(), ignored_warnings():
            graph, given = traced_step(optimizer, names, traced, limits, table, state_size, dtype)
            source, inputs, numbers = step_source(graph, given, limits, record_every, dtype)
            return _build(kernel_source(source), inputs, numbers)
    except UnknownOperationError as error:
        return NotCompiled(f"there is no compiled form of {error}")
    except Exception as error:
        first, *rest = f"{type(error).__name__}: {error}".splitlines()
        if "ompiler" in first:
            _COMPILER_MISSING.set()
            warn(f"{NO_COMPILER}, so steps are not compiled; install g++ to make them about 10 times faster")
        what = next((line.strip() for line in rest if "error" in line), first)
        return NotCompiled(f"{first if what == first else f'{first} {what}'}"[:200], failed=True)


def _build(source: str, inputs: CoefInputs, numbers: Sequence[int]) -> CompiledSteps:
    """Compile and load a kernel, or load it from torch's cache of compiled code."""
    from torch._inductor.codecache import CppCodeCache  # takes a second to import

    library = CppCodeCache.load(source)
    library.advance.argtypes = [ctypes.c_int64] * 4 + [ctypes.c_void_p] * 10
    library.advance.restype = ctypes.c_int64
    library.runs_per_tile.restype = ctypes.c_int64
    return CompiledSteps(library.advance, library.runs_per_tile(), inputs, numbers, _powers(library))


def _powers(library: ctypes.CDLL) -> NativePower | None:
    """Return powers of columns by the C library; None if they differ from Python's."""
    library.powers.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_double, ctypes.c_void_p]
    library.powers.restype = None

    def raised(base: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
        base = np.ascontiguousarray(base, dtype=np.float64)
        out = np.empty_like(base)
        library.powers(base.ctypes.data, base.size, exponent, out.ctypes.data)
        return out

    base = np.linspace(0, 1, 200)
    same = all(np.array_equal(raised(base, t), [float(b) ** t for b in base.tolist()]) for t in (0.5, 1, 2, 7, 1000))
    return raised if same else None
