"""Steps compiled into one loop: each run stays in the registers of the processor for several steps."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, fx

from landscapes.engine.fast.kernels import TOGETHER, BatchState, ChunkResult, Eager, Limits, Pieces, Seen, advance
from landscapes.engine.fast.runner import Kernel
from landscapes.engine.fast.tracing import WORTH, Traced, trace
from landscapes.engine.grouping import Group
from landscapes.objectives.decorators import Function
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.coef_table import CoefTable, coef_table
from landscapes.optimizers.first_order.run_coefs import RunCoefs, with_arrays

BLOCK = 2**13
"""Runs in a compiled block: their states fit a core's own cache."""

PAYS = 160_000_000
"""Run-steps of one group from which compiling by itself pays: seconds of work against seconds of compiling."""

LONGEST = 250
"""Operations of a value and gradient beyond which a compiler takes minutes."""

Call = Callable[..., Sequence[Tensor]]


def pays(function: Function, optimizer: Any, run_steps: int) -> bool:
    """Whether compiling the steps of an optimizer pays, for so many run-steps in all; once compiled, it always does."""
    return run_steps >= PAYS or any(key[0] == function.formula and key[2] is type(optimizer) for key in _COMPILED)


def kernel_for(
    function: Function, group: Group, limits: Limits, steps: int, every: int, like: Tensor, compiled: bool | None
) -> Kernel:
    """What takes the steps of a group: compiled where that is asked for, or pays, and can be."""
    work = len(group.runs) * steps
    wanted = pays(function, group.optimizer, work) if compiled is None else compiled
    traced = trace(function, like) if wanted or work >= WORTH else None
    eager = Eager(function, limits, traced, every)
    if not wanted or traced is None or steps < TOGETHER:
        return eager
    return compiled_kernel(eager, traced, group, steps, like) or eager


class Compiled:
    """A kernel of a fixed number of runs, compiled; what steps are left at the end are taken as they stand."""

    fixed = True
    block = BLOCK

    def __init__(
        self, eager: Eager, call: Call, scalars: CoefTable, parts: int, limits: Sequence[Tensor], steps: int
    ) -> None:
        self.eager, self.call, self.table, self.parts, self.limits, self.steps = (
            eager,
            call,
            scalars,
            parts,
            limits,
            steps,
        )
        self.every, self.look = eager.every, eager.look
        self.prepared: tuple[RunCoefs, list[Tensor]] | None = None
        like = limits[0]
        self.factors = torch.as_tensor(scalars.factors, dtype=like.dtype).split(TOGETHER)  # type: ignore[no-untyped-call]
        with np.errstate(divide="ignore"):  # what would divide by zero is multiplied by infinity
            inverse = torch.as_tensor(1 / scalars.factors, dtype=like.dtype)
        self.inverse = inverse.split(TOGETHER)  # type: ignore[no-untyped-call]

    def take(
        self, flight: BatchState, scalars: RunCoefs, t: int, steps: int, into: Sequence[Seen] | None = None
    ) -> tuple[ChunkResult, int]:
        if steps - t < TOGETHER or t % TOGETHER:
            runs = torch.arange(len(flight.lowest))
            return self.eager.take(flight if flight.points[0].ndim == 2 else flight.of(runs), scalars, t, steps)
        if flight.points[0].ndim == 2:
            flight = in_pieces(flight)
        d = len(flight.points)
        kept = scratch(d, self.every, flight.lowest) if into is None else into
        out = self.call(
            *flight.points, *(part for state in flight.states for part in state), flight.lowest, *self.limits,
            self.factors[t // TOGETHER], self.inverse[t // TOGETHER], *self._columns(scalars), *self._each_step(scalars, t),
            *(one for points, value in kept for one in (*points, value)),
        )  # fmt: skip
        return unflattened(out, d, self.parts, kept), TOGETHER

    def _columns(self, scalars: RunCoefs) -> list[Tensor]:
        """What depends on the runs: the numbers that differ, and the scalars' factors, the same at every step."""
        if self.prepared is None or self.prepared[0] is not scalars:
            numbers = [getattr(scalars.optimizer, name) for name in scalars.numbers]
            with np.errstate(all="ignore"):
                last = scalars.distinct.coef(self.steps)
            factors = [
                torch.as_tensor(scalars.expand_to_runs(last[j]), dtype=scalars.like.dtype)
                for j, kind in enumerate(self.table.kinds)
                if kind in ("column", "scaled")
            ]
            self.prepared = scalars, [*numbers, *factors]
        return self.prepared[1]

    def _each_step(self, scalars: RunCoefs, t: int) -> list[Tensor]:
        if "each step" not in self.table.kinds:
            return []
        places = [j for j, kind in enumerate(self.table.kinds) if kind == "each step"]
        rows = scalars.at_steps(range(t + 1, t + 1 + TOGETHER))
        like = scalars.numbers[next(iter(scalars.numbers))]
        return [
            torch.as_tensor(row[j], dtype=scalars.like.dtype).expand(like.shape).contiguous()
            for row in rows
            for j in places
        ]


def in_pieces(flight: BatchState) -> BatchState:
    """The same with a piece for each coordinate."""
    state = flight.states[0]
    points = [row.contiguous() for row in flight.points[0]]
    return BatchState(
        points, [tuple(part[i].contiguous() for part in state) for i in range(len(points))], flight.lowest, flight.last
    )


def scratch(d: int, every: int, like: Tensor) -> list[Seen]:
    """What a kernel writes points and values to that are kept on the way."""
    count = TOGETHER // every if every else 0
    return [([torch.empty_like(like) for _ in range(d)], torch.empty_like(like)) for _ in range(count)]


def flattened(leg: ChunkResult) -> list[Tensor]:
    """What a kernel gives back, as one list."""
    flight = leg.flight
    return [
        *flight.points, *(part for state in flight.states for part in state), flight.lowest, *flight.last[0], flight.last[1],
        leg.trouble,
    ]  # fmt: skip


def _some(left: Iterator[Tensor], count: int) -> list[Tensor]:
    return [next(left) for _ in range(count)]


def unflattened(out: Sequence[Tensor], d: int, parts: int, kept: Sequence[Seen]) -> ChunkResult:
    """What `flattened` made a list of, and what was kept on the way."""
    left = iter(out)
    points = _some(left, d)
    states = [tuple(_some(left, parts)) for _ in range(d)]
    (lowest,), last, (value, trouble) = _some(left, 1), _some(left, d), _some(left, 2)
    return ChunkResult(BatchState(points, states, lowest, (last, value)), trouble, kept)


_COMPILED: dict[Any, Call | None] = {}
_COMPILER = {"works": True}


def compiled_kernel(eager: Eager, traced: Traced, group: Group, steps: int, like: Tensor) -> Compiled | None:
    """The kernel of a group, or None where there can be none: coordinates are coupled, or there is no compiler."""
    optimizer, names = group.optimizer, tuple(group.numbers)
    parts = parts_of(optimizer, names, like.dtype)
    if parts is None or len(traced.graph.graph.nodes) > LONGEST or like.device.type != "cpu" or not _COMPILER["works"]:
        return None
    scalars = coef_table(optimizer, names, steps)
    limits = eager.limits.unbound()
    flat = [*limits.centre, *limits.half, *(one for one in (limits.gradient, limits.distance) if one is not None)]
    flat += [one for minimum in limits.minima for one in minimum]
    plain = with_arrays(optimizer, dict.fromkeys(names, 0.5))
    shape = len(limits.centre), limits.gradient is None, limits.distance is None, len(limits.minima)
    constants = tuple(c for c, kind in zip(scalars.constants, scalars.kinds, strict=True) if kind == "constant")
    key = (
        eager.function.formula,
        eager.function.view,
        type(optimizer),
        plain,
        names,
        scalars.kinds,
        constants,
        shape,
        eager.every,
        like.dtype,
    )
    if key not in _COMPILED:
        _COMPILED[key] = _compile(optimizer, names, traced, limits, scalars, parts, eager.every, flat)
    call = _COMPILED[key]
    return None if call is None else Compiled(eager, call, scalars, parts, flat, steps)


@functools.lru_cache(maxsize=256)
def parts_of(optimizer: FirstOrder, names: tuple[str, ...], dtype: torch.dtype) -> int | None:
    """Of how many tensors the state of an optimizer is, if it treats each coordinate by itself; tried with three of them."""
    generator = torch.Generator().manual_seed(0)
    numbers = dict.fromkeys(names, torch.tensor([0.5, 0.3, 0.7, 0.4], dtype=dtype))
    optimizer = with_arrays(optimizer, numbers)
    plain = with_arrays(optimizer, dict.fromkeys(names, 0.5))
    x = torch.randn(3, 4, generator=generator, dtype=dtype)
    try:
        state, alone, each = optimizer.init(x), [optimizer.init(row) for row in x], list(x)
        for t in range(1, 5):
            g = torch.randn(3, 4, generator=generator, dtype=dtype) * 10.0 ** (2 * t - 5)
            coefs = plain.coef(t)
            x, state = optimizer.update(x, g, state, coefs)
            stepped = [optimizer.update(p, slope, own, coefs) for p, slope, own in zip(each, g, alone, strict=True)]
            each, alone = [p for p, _ in stepped], [own for _, own in stepped]
            if not torch.equal(torch.stack(each), x):
                return None
    except Exception:  # it reduces over coordinates that are not there
        return None
    return len(state) if all(part.shape == x[0].shape for own in alone for part in own) else None


def _compile(
    optimizer: FirstOrder, names: tuple[str, ...], traced: Traced, limits: Limits, scalars: CoefTable, parts: int, every: int,
    flat: Sequence[Tensor],
) -> Call | None:  # fmt: skip
    # these take seconds to import
    from torch._guards import TracingContext, tracing
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    d, like = len(limits.centre), flat[0]
    kinds = scalars.kinds
    counts = len(names), sum(kind in ("column", "scaled") for kind in kinds), sum(kind == "each step" for kind in kinds)

    def body(*given: Tensor) -> list[Tensor]:
        left = iter(given)
        points = _some(left, d)
        states: list[State] = [tuple(_some(left, parts)) for _ in range(d)]
        (lowest,) = _some(left, 1)
        centre, half = _some(left, d), _some(left, d)
        gradient = None if limits.gradient is None else next(left)
        distance = None if limits.distance is None else next(left)
        minima = [_some(left, d) for _ in limits.minima]
        factors, _ = _some(left, 2)
        numbers, columns = _some(left, counts[0]), _some(left, counts[1])
        steps = [_coefs(scalars, factors, k, columns, _some(left, counts[2])) for k in range(TOGETHER)]
        flight = BatchState(points, states, lowest, (points, lowest))
        here = Limits(centre, half, gradient, distance, minima)
        leg = advance(look, with_arrays(optimizer, dict(zip(names, numbers, strict=True))), flight, steps, here, every)
        for met, value in leg.kept:
            for one in (*met, value):
                next(left).copy_(one)
        return flattened(leg)

    def look(points: Pieces) -> tuple[Tensor, Pieces]:
        value, *gradient = traced(*points)
        return value, gradient

    row = torch.ones(BLOCK, dtype=like.dtype)
    rows = torch.ones((TOGETHER, len(kinds)), dtype=like.dtype)
    given: list[Any] = [row + i for i in range(d * (1 + parts) + 1)]
    given += [*flat, rows, rows + 1, *(row + i for i in range(counts[0] + counts[1] + TOGETHER * counts[2]))]
    given += [one for points, value in scratch(d, every, row) for one in (*points, value)]
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = make_fx(body)(*given)
            _multiplied(graph, d * (1 + parts) + 1 + len(flat))
            # with this context the code is found again on the disk by other processes
            mode = FakeTensorMode(shape_env=ShapeEnv(assume_static_by_default=True))
            with tracing(TracingContext(mode)):
                return cast(Call, torch._inductor.compile(graph, list(given)))
    except Exception as error:
        if "ompiler" in type(error).__name__ + str(error):
            _COMPILER["works"] = False
            warnings.warn(
                "no C++ compiler works here, so steps are not compiled; install g++ to have them 10 times as fast",
                stacklevel=2,
            )
        return None


def _coefs(scalars: CoefTable, factors: Tensor, k: int, columns: list[Tensor], each: list[Tensor]) -> Coefs:
    """The scalars of the k-th step of a call, as the update takes them."""
    coefs: list[float | Tensor] = []
    column, own = iter(columns), iter(each)
    for j, kind in enumerate(scalars.kinds):
        if kind == "constant":
            coefs.append(scalars.constants[j])
        elif kind == "table":
            coefs.append(factors[k, j])
        elif kind == "each step":
            coefs.append(next(own))
        else:
            coefs.append(next(column) if kind == "column" else factors[k, j] * next(column))
    return tuple(coefs)


def _multiplied(graph: fx.GraphModule, place: int) -> None:
    """Divides by no number of the table, which takes long, but multiplies by its inverse from the other table."""
    aten = torch.ops.aten
    holders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    factors, inverse = holders[place], holders[place + 1]
    for node in list(graph.graph.nodes):
        if node.target != aten.div.Tensor or not isinstance(node.args[1], fx.Node):
            continue
        entry = node.args[1]
        if (
            entry.target != aten.select.int
            or not isinstance(row := entry.args[0], fx.Node)
            or row.args[0] is not factors
        ):
            continue
        with graph.graph.inserting_before(node):
            other = graph.graph.call_function(aten.select.int, (inverse, *row.args[1:]))
            other = graph.graph.call_function(aten.select.int, (other, *entry.args[1:]))
            product = graph.graph.call_function(aten.mul.Tensor, (node.args[0], other))
        node.replace_all_uses_with(product)
        graph.graph.erase_node(node)
    graph.recompile()
