"""Write the loop around a step in C++: all steps of a tile of runs, with their state in registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscapes.engine.fast.step_source import ONE, ZERO, Names


@dataclass(frozen=True)
class StepSource:
    """One step in C++, with the names of its variables.

    Attributes:
        number: the type of numbers, "float" or "double".
        vectors: the number of vectors in a tile.
        dim: the number of coordinates.
        chunk: steps between two looks at the flags.
        every: record every so many steps; 0 for never.
        has_ftol: whether a run is also flagged when its lowest value is within a tolerance of the minimum.
        state: what a step changes: first the points, and among the others "lowest".
        numbers: what is the same for all runs and steps.
        table: what is the same for all runs.
        columns: what is the same at all steps.
        joint: what has a column per step and distinct hyper-parameters.
        lines: the statements.
        outputs: the new state, then the value and the flag.
    """

    number: str
    vectors: int
    dim: int
    chunk: int
    every: int
    has_ftol: bool
    state: Sequence[str]
    numbers: Sequence[str]
    table: Sequence[str]
    columns: Sequence[str]
    joint: Sequence[str]
    lines: Sequence[str]
    outputs: Sequence[Names]


def kernel_source(step: StepSource) -> str:
    """Return the C++ of a kernel.

    It has two functions. `runs_per_tile` returns the number of runs in a tile, and `advance` takes steps; the comment
    in `KERNEL` describes its arguments.
    """
    every_vector = range(step.vectors)
    size = len(step.state)
    wide = [f"{name}_{u}" for name in step.state for u in every_vector]

    def at(row: int, u: int) -> str:
        return f"{row} * runs + first + {u} * WIDTH"

    load = [f"V {name}_{u} = V::loadu(state + {at(i, u)});" for i, name in enumerate(step.state) for u in every_vector]
    load += [
        f"const V {name}_{u} = V::loadu(columns + {at(i, u)});"
        for i, name in enumerate(step.columns)
        for u in every_vector
    ]
    load += [
        f"const auto place{i}_{u} = at::vec::Vectorized<Place>::loadu(places[{i}] + first + {u} * WIDTH);"
        for i in range(len(step.joint))
        for u in every_vector
    ]
    load += [f"int64_t dead_{u} = ended_runs(ended + first + {u} * WIDTH);" for u in every_vector]
    begin = [f"{name}_{u}.store(&before[{i}][{u} * WIDTH]);" for i, name in enumerate(step.state) for u in every_vector]
    begin += [f"V flag_{u}({ZERO});" for u in every_vector]
    again = [
        f"{name}_{u} = V::loadu(&before[{i}][{u} * WIDTH]);" for i, name in enumerate(step.state) for u in every_vector
    ]
    body = [f"const V {name}(table[t * {len(step.table)} + {i}]);" for i, name in enumerate(step.table)]
    body += ["const V number(static_cast<T>(t + 1));"]
    body += [
        f"const V {name}_{u} = at::vec::gather<sizeof(T)>(joint[{i}] + t * widths[{i}], place{i}_{u});"
        for i, name in enumerate(step.joint)
        for u in every_vector
    ]
    body += step.lines
    points, (loss, flag) = step.state[: step.dim], step.outputs[size:]
    seen = [[f"{name}_{u}" for u in every_vector] for name in points] + [_every(loss, step.vectors)]
    if step.every:
        body += [f"if (k % {step.every} == 0) {{"]
        body += [f"    double *const *to = records + (t / {step.every}) * {step.dim + 1};"]
        body += [
            f"    record(to[{i}], {name}, first + {u} * WIDTH, recorded);"
            for i, names in enumerate(seen)
            for u, name in enumerate(names)
        ]
        body += ["}"]
    body += ["if (k == length - 1) {"]
    body += [
        f"    {name}.store(&last[{i}][{u} * WIDTH]);" for i, names in enumerate(seen) for u, name in enumerate(names)
    ]
    body += ["}"]
    body += [f"flag_{u} = flag_{u} + {name};" for u, name in enumerate(_every(flag, step.vectors))]
    new = [name for output in step.outputs[:size] for name in _every(output, step.vectors)]
    body += [f"const V old_{value} = {value};" for value in sorted(set(new) & set(wide))]  # assigned one after another
    body += [f"{name} = {f'old_{value}' if value in wide else value};" for name, value in zip(wide, new, strict=True)]
    end = [f"flag_{u} = flag_{u} + ({ONE} & (lowest_{u} - minimum <= ftol));" for u in every_vector if step.has_ftol]
    end += [f"const int64_t ends_{u} = ~int64_t(flag_{u}.zero_mask()) & ALL & ~dead_{u};" for u in every_vector]
    end += [f"if ({' | '.join(f'ends_{u}' for u in every_vector)}) {{"]
    end += ["    if (length > CHUNK) {", "        most = CHUNK;", *(f"        {line}" for line in again)]
    end += ["        continue;", "    }"]
    end += [
        f"    keep(ends_{u}, {u} * WIDTH, first, runs, begin + from, before, previous, kept, ended);"
        for u in every_vector
    ]
    end += [f"    dead_{u} |= ends_{u};" for u in every_vector] + ["    flagged++;", "}"]
    store = [f"{name}_{u}.store(state + {at(i, u)});" for i, name in enumerate(step.state) for u in every_vector]
    numbers = [f"const V {name}(numbers[{i}]);" for i, name in enumerate(step.numbers)]
    # What is recorded lies in rows of runs: with steps outside, each row is written from its begin to its end.
    outer = f"{EACH_CHUNK} {EACH_TILE}" if step.every else EACH_TILE
    return KERNEL.format(
        outer=outer,
        first_step="chunk * CHUNK" if step.every else "0",
        last_step="(chunk + 1) * CHUNK" if step.every else "chunks * CHUNK",
        longest=step.chunk * LONG_CHUNKS,
        number=step.number,
        vectors=step.vectors,
        chunk=step.chunk,
        size=size,
        dim=step.dim,
        numbers=_indented(numbers, 4),
        load=_indented(load, 8),
        begin=_indented(begin, 12),
        body=_indented(body, 16),
        end=_indented(end, 12),
        store=_indented(store, 8),
        alive=" & ".join(f"dead_{u}" for u in every_vector),
    )


def _every(names: Names, vectors: int) -> Names:
    return names if len(names) == vectors else names * vectors


def _indented(lines: Sequence[str], by: int) -> str:
    return "\n".join(" " * by + line for line in lines)


EACH_TILE = "for (int64_t first = 0; first < runs; first += VECTORS * WIDTH)"
EACH_CHUNK = "for (int64_t chunk = 0; chunk < chunks; chunk++)"

LONG_CHUNKS = 8
"""Chunks that a tile takes between two looks at the flags, until a run of it is flagged."""

KERNEL = """\
#include <ATen/cpu/vec/vec.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

using T = {number};
using V = at::vec::Vectorized<T>;
using Place = at::vec::int_same_size_t<T>;
constexpr int64_t WIDTH = V::size(), VECTORS = {vectors}, CHUNK = {chunk}, SIZE = {size}, DIM = {dim};
constexpr int64_t LONGEST = {longest};
constexpr int64_t ALL = (int64_t(1) << WIDTH) - 1;
using Rows = T[VECTORS * WIDTH];

static int64_t ended_runs(const int64_t *ended) {{
    int64_t mask = 0;
    for (int64_t i = 0; i < WIDTH; i++) mask |= int64_t(ended[i] >= 0) << i;
    return mask;
}}

static void keep(
    int64_t ends, int64_t offset, int64_t first, int64_t runs, int64_t step, const Rows *before,
    const Rows *last, T *kept, int64_t *ended) {{
    for (int64_t i = offset; i < offset + WIDTH; i++) {{
        if (!(ends >> (i - offset) & 1)) continue;
        for (int64_t row = 0; row < SIZE; row++) kept[row * runs + first + i] = before[row][i];
        for (int64_t row = 0; row <= DIM; row++) kept[(SIZE + row) * runs + first + i] = last[row][i];
        ended[first + i] = step;
    }}
}}

static void record(double *to, const V &value, int64_t first, int64_t count) {{
    if (!to) return;
    if constexpr (std::is_same_v<T, double>) {{
        if (first + WIDTH <= count) return value.store(to + first);
    }}
    T buffer[WIDTH];
    value.store(buffer);
    for (int64_t i = 0; i < WIDTH && first + i < count; i++) to[first + i] = static_cast<double>(buffer[i]);
}}

extern "C" int64_t runs_per_tile() {{ return VECTORS * WIDTH; }}

extern "C" void powers(const double *base, int64_t count, double exponent, double *out) {{
    for (int64_t i = 0; i < count; i++) out[i] = std::pow(base[i], exponent);
}}

// Take `chunks` times CHUNK steps of `runs` runs, from step `begin` on. Return a positive number if a run was flagged.
//   state: SIZE rows of `runs` numbers, then DIM + 1 rows of the points evaluated last and the values there.
//   kept, ended: the rows before the chunk that flagged a run, and the number of the step then. `ended` is -1 for a run
//     that goes on; a run with another number is not looked at.
//   A tile looks at its flags every LONGEST steps. Where one is set, it takes these steps again, and from then on looks
//   every CHUNK steps: flags add up and are never negative, so that none is missed.
//   numbers, table: what is the same for all runs; `table` has one row per step.
//   columns: what is the same at all steps, one row per quantity.
//   joint, widths, places: tables with one row per step, their widths, and the column that belongs to each run.
//   records: for each recorded step, the addresses of DIM coordinates and of the value, of `recorded` runs; or null.
extern "C" int64_t advance(
    int64_t runs, int64_t begin, int64_t chunks, int64_t recorded, T *state, T *kept, int64_t *ended, const T *numbers,
    const T *columns, const T *table, const T *const *joint, const int64_t *widths, const Place *const *places,
    double *const *records) {{
    int64_t flagged = 0;
{numbers}
    {outer} {{
{load}
        alignas(64) Rows before[SIZE], seen[2][DIM + 1];
        Rows *previous = seen[0];
        for (int64_t row = 0; row <= DIM; row++)
            std::memcpy(previous[row], state + (SIZE + row) * runs + first, sizeof(Rows));
        int64_t from = {first_step}, most = LONGEST;
        while (from < {last_step}) {{
            if (({alive}) == ALL) break;
            const int64_t length = std::min(most, {last_step} - from);
            Rows *const last = previous == seen[0] ? seen[1] : seen[0];
{begin}
            for (int64_t k = 0; k < length; k++) {{
                const int64_t t = from + k;
{body}
            }}
{end}
            previous = last;
            from += length;
        }}
{store}
        for (int64_t row = 0; row <= DIM; row++)
            std::memcpy(state + (SIZE + row) * runs + first, previous[row], sizeof(Rows));
    }}
    return flagged;
}}
"""
