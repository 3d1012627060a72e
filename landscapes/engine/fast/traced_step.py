"""Trace one step of an optimizer on a function, and find out which of its inputs it reads."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from landscapes.engine.fast.buffers import Pieces
from landscapes.engine.fast.kernel_coefs import CoefInputs, coefs_in_kernel, count_columns
from landscapes.engine.fast.kernel_source import StepSource
from landscapes.engine.fast.kernels import CHUNK_STEPS, BatchState, Limits, last_above, take_steps
from landscapes.engine.fast.step_source import FILLED, OPERATIONS, vectors_of, write_step
from landscapes.engine.fast.tracing import POINTS, TracedFunction
from landscapes.optimizers.first_order.base import FirstOrder, State
from landscapes.optimizers.first_order.coef_table import CoefTable
from landscapes.optimizers.first_order.run_coefs import with_arrays


@functools.cache
def decompositions() -> dict[Any, Callable[..., Any]]:
    """Return torch's own definitions of the operations that have no vector form here, by operations that have one."""
    from torch._decomp import decomposition_table

    kept = {*OPERATIONS, *FILLED, "full_like"}
    return {
        operation: meaning
        for operation, meaning in decomposition_table.items()
        if isinstance(operation, torch._ops.OpOverload)
        and operation.overloadpacket.__name__.removesuffix("_") not in kept
    }


def take(left: Iterator[Tensor], count: int) -> list[Tensor]:
    """Return the next tensors."""
    return [next(left) for _ in range(count)]


@dataclass(frozen=True)
class StepInputs:
    """The inputs of a traced step, by what they are; an entry is its name and a tensor to trace with."""

    state: dict[str, Tensor]
    numbers: dict[str, Tensor]
    entries: dict[tuple[int, bool], Tensor]
    columns: dict[str, Tensor]
    joint: dict[tuple[int, bool], Tensor]


def traced_step(
    optimizer: FirstOrder,
    names: tuple[str, ...],
    traced: TracedFunction,
    limits: Limits,
    table: CoefTable,
    state_size: int,
    dtype: torch.dtype,
) -> tuple[fx.GraphModule, StepInputs]:
    """Return one step as operations on tensors (R,), and its inputs."""
    from torch.fx.experimental.proxy_tensor import make_fx

    d = len(limits.center)
    fresh = (torch.full((POINTS,), 1.0 + i, dtype=dtype) for i in itertools.count())
    above = ("above", "lowest_above") if limits.target is not None else ()
    state = [
        *(f"x{i}" for i in range(d)),
        *(f"s{i}_{k}" for i in range(d) for k in range(state_size)),
        "lowest",
        *above,
    ]
    scalars = {"gtol": limits.squared_gtol, "xtol": limits.squared_xtol, "target": limits.target}
    numbers = [*(f"center{i}" for i in range(d)), *(f"half_width{i}" for i in range(d))]
    numbers += [name for name, value in scalars.items() if value is not None]
    numbers += [f"minimizer{j}_{i}" for j in range(len(limits.minima)) for i in range(d)]
    by_step = [j for j, kind in enumerate(table.kinds) if kind in ("table", "scaled")]
    given = StepInputs(
        {name: next(fresh) for name in state},
        {name: next(fresh)[0].clone() for name in [*numbers, "number"]},
        {(j, inverse): next(fresh)[0].clone() for j in by_step for inverse in (False, True)},
        {f"column{i}": next(fresh) for i in range(len(names) + count_columns(table))},
        {(j, inverse): next(fresh) for j in table.splits for inverse in (False, True)},
    )

    def step(given: StepInputs) -> list[Tensor]:
        left = iter(given.state.values())
        points = take(left, d)
        states: list[State] = [tuple(take(left, state_size)) for _ in range(d)]
        (lowest,) = take(left, 1)
        number = iter(given.numbers.values())
        center, half_width = take(number, d), take(number, d)
        squared_gtol, squared_xtol, target = (None if value is None else next(number) for value in scalars.values())
        minima = [take(number, d) for _ in limits.minima]
        columns = list(given.columns.values())
        own = with_arrays(optimizer, dict(zip(names, columns, strict=False)))
        coefs = coefs_in_kernel(
            table,
            {j: entry for (j, inverse), entry in given.entries.items() if not inverse},
            columns[len(names) :],
            {j: entry for (j, inverse), entry in given.joint.items() if not inverse},
        )
        own_limits = Limits(center, half_width, squared_gtol, squared_xtol, minima)
        before = BatchState(points, states, lowest, (points, lowest))
        chunk = take_steps(evaluate, own, before, [coefs], own_limits, 0)
        after, loss = chunk.state, chunk.state.last[1]
        assert chunk.flag is not None
        if target is not None:
            above = last_above(next(number), (loss, after.lowest), target, (next(left), next(left)))
        return [
            *after.points,
            *(part for parts in after.optimizer_states for part in parts),
            after.lowest,
            *(above if target is not None else ()),
            loss,
            chunk.flag,
        ]

    def evaluate(points: Pieces) -> tuple[Tensor, Pieces]:
        loss, *gradient = traced(*points)
        return loss, gradient

    def as_given(values: Iterable[Any]) -> dict[str, Any]:
        left = iter(values)
        return {part: {key: next(left) for key in inputs} for part, inputs in vars(given).items()}

    def flat_step(*tensors: Tensor) -> list[Tensor]:
        return step(StepInputs(**as_given(tensors)))

    graph = make_fx(flat_step, decompositions())(
        *(tensor for inputs in vars(given).values() for tensor in inputs.values())
    )
    by_name = as_given(node for node in graph.graph.nodes if node.op == "placeholder")
    for node in by_name["state"]["lowest"].users:
        node.meta["never_nan"] = node.target == torch.ops.aten.minimum.default  # a run with such a value is flagged
    for part in ("entries", "joint"):
        for (j, inverse), node in by_name[part].items():
            if not inverse:
                _multiply_by_inverse(graph, node, by_name[part][j, True])
    return graph, given


def step_source(
    graph: fx.GraphModule, given: StepInputs, limits: Limits, record_every: int, dtype: torch.dtype
) -> tuple[StepSource, CoefInputs, list[int]]:
    """Return a step in C++, the coefficients that it reads, and the positions of the limits that it reads."""
    nodes = iter(node for node in graph.graph.nodes if node.op == "placeholder")
    names: list[str] = []
    used: dict[str, list[Any]] = {}
    for part, inputs in vars(given).items():
        prefix = {"entries": "entry", "joint": "joint"}.get(part, "")
        own = [prefix + f"{key[0]}" + "i" * key[1] if prefix else key for key in inputs]
        names += own
        used[part] = [
            (name, key, i) for i, (name, key) in enumerate(zip(own, inputs, strict=True)) if next(nodes).users
        ]
    varies = [part not in ("numbers", "entries") for part, inputs in vars(given).items() for _ in inputs]
    vectors = vectors_of(graph)
    lines, outputs = write_step(graph, names, varies, vectors)
    read = {part: [name for name, _, _ in found if name != "number"] for part, found in used.items()}
    ends = len(given.numbers) - 1  # `number` is no limit
    source = StepSource(
        "double" if dtype == torch.float64 else "float",
        vectors,
        len(limits.center),
        CHUNK_STEPS,
        record_every,
        limits.ftol is not None,
        list(given.state),
        [*read["numbers"], "minimum", "ftol"],
        read["entries"],
        read["columns"],
        read["joint"],
        lines,
        outputs,
    )
    inputs = CoefInputs(
        [key for _, key, _ in used["entries"]], [i for _, _, i in used["columns"]], [key for _, key, _ in used["joint"]]
    )
    return source, inputs, [*(i for name, _, i in used["numbers"] if name != "number"), ends, ends + 1]


def _multiply_by_inverse(graph: fx.GraphModule, entry: fx.Node, inverse: fx.Node) -> None:
    """Replace divisions by an input, which are slow, by multiplications with its inverse, another input."""
    for node in list(graph.graph.nodes):
        if node.target != torch.ops.aten.div.Tensor or node.args[1] is not entry:
            continue
        with graph.graph.inserting_before(node):
            product = graph.graph.call_function(torch.ops.aten.mul.Tensor, (node.args[0], inverse))
        product.meta.update(node.meta)
        node.replace_all_uses_with(product)
        graph.graph.erase_node(node)
    graph.recompile()
