"""Measure functions and optimizers as JavaScript: sizes, differences to torch, and times in node.

    python benchmarks/javascript.py > benchmarks/javascript.md

Every function of two coordinates is compared at 1,000 points of its view. A difference is relative to the value, or to
the median value of all points if that is larger, and likewise for the norm of the gradient. Every first-order optimizer
takes 1,000 steps from the start of four functions, with the rates below. A run is chaotic if one from a start moved by
1e-15 ends up more than 1e-9 away. node must be installed.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "javascript"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "render"))

import node
from test_optimizers import EXACT, NEAR, correctly_rounded, gap, in_javascript, raced
from test_playground import TEN, TWENTY
from test_typed_formula import FORMULAS, typed_numbers
from test_wrappers import WRAPPED, wrapped_points

from landscapes import formula, playground
from landscapes.errors import InputError
from landscapes.functions import catalogue, get
from landscapes.javascript import OptimizerScript, Script, emit_function, emit_optimizer, library
from landscapes.objectives.decorators import Function
from landscapes.optimizers import parse
from landscapes.oracle import value_and_gradient
from landscapes.render.html._page import document

POINTS = 1000
STEPS = 1000
RACED = ("rosenbrock", "beale", "himmelblau", "ackley")
SIX = ("sgd(lr=0.0015)", "momentum(lr=0.0015)", "nesterov(lr=0.0015)", "adagrad(lr=0.7)", "rmsprop(lr=0.03)",
       "adam(lr=0.3)")  # fmt: skip


def heading(*titles: str) -> None:
    print(f"\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}", flush=True)


def points(function: Function) -> torch.Tensor:
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    share = torch.rand(function.dim, POINTS, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    return low[:, None] + share * (high - low)[:, None]


def quantiles(numbers: Sequence[float], form: Callable[[float], str] = "{:.1e}".format) -> str:
    ordered = sorted(numbers)
    named = (("median", 0.5), ("95 %", 0.95), ("largest", 1.0))
    return ", ".join(f"{name} {form(ordered[round(share * (len(ordered) - 1))])}" for name, share in named)


def functions() -> dict[str, Script]:
    """Compare all functions; return what was written."""
    every = {name: get(name) for name in catalogue()}
    every = {name: one for name, one in every.items() if one.dim == 2}
    scripts: dict[str, Script] = {}
    refused: list[str] = []
    for name, one in every.items():
        try:
            scripts[name] = emit_function(one)
        except InputError as error:
            refused.append(f"{name} ({str(error).rpartition(': ')[2]})")
    where = {name: points(every[name]) for name in scripts}
    found = node.evaluated(scripts, {name: x.numpy() for name, x in where.items()})
    rows: dict[str, tuple[float, float, bool]] = {}
    for name in scripts:
        value, gradient = value_and_gradient(every[name], where[name])
        expected = torch.stack([value, *gradient]).numpy()
        rows[name] = *node.difference(found[name], expected), node.same_bits(found[name], expected)
    elementary = [rows[name][2] for name, script in scripts.items() if node.rounds_only(script)]
    print("## Functions of two coordinates\n")
    print(f"- written: {len(scripts)} of {len(every)}; refused: {', '.join(refused)}")
    print(f"- bytes: {quantiles([len(script.source) for script in scripts.values()], '{:,.0f}'.format)}")
    print(f"- differences of values: {quantiles([row[0] for row in rows.values()])}")
    print(f"- differences of gradients: {quantiles([row[1] for row in rows.values()])}")
    print(f"- above 1e-12: {', '.join(name for name, row in rows.items() if max(row[:2]) > 1e-12) or 'none'}")
    print("- bbob_f16 is ill-conditioned: torch's gradient is as far from the exact one, see tests/javascript")
    print(f"- all bits equal: {sum(elementary)} of the {len(elementary)} with arithmetic and comparisons alone")
    heading("function", "bytes", "value", "gradient", "all bits")
    for name, (value, gradient, same) in rows.items():
        print(f"| {name} | {len(scripts[name].source)} | {value:.1e} | {gradient:.1e} | {'yes' if same else ''} |")
    return scripts


def optimizers() -> None:
    """Compare all first-order optimizers on four functions."""
    specs = [*EXACT, *NEAR]
    scripts = {spec: emit_optimizer(parse(spec)[0]) for spec in specs}
    found = in_javascript(scripts, RACED, STEPS)
    cells: dict[str, list[str]] = {spec: [] for spec in specs}
    for name in RACED:
        start = get(name).start
        by_race = raced(name, specs, STEPS, start)
        moved = raced(name, specs, STEPS, (start[0] * (1 + 1e-15), start[1]))
        with exact_roots():
            rounded = raced(name, specs, STEPS, start)
        for spec in specs:
            difference = gap(found[name][spec], by_race[spec])
            chaotic = gap(moved[spec], by_race[spec]) > 1e-9
            same = np.array_equal(found[name][spec][: len(rounded[spec])], rounded[spec])
            cells[spec].append(f"{difference:.0e}{' (chaotic)' if chaotic else ''}{'; equal' if same else ''}")
    print(f"\n## First-order optimizers, {STEPS:,} steps\n")
    print(
        "The largest difference to `race` along a coordinate. torch's own roots are off by one bit for one number in a"
    )
    print('hundred; "equal" says that all bits are those of a race with correctly rounded roots.')
    heading("optimizer", "bytes", *RACED)
    for spec in specs:
        print(f"| {spec} | {len(scripts[spec].source)} | {' | '.join(cells[spec])} |")


class exact_roots:  # noqa: N801
    """Within, torch rounds square roots correctly."""

    def __enter__(self) -> None:
        self.before = torch.Tensor.sqrt
        torch.Tensor.sqrt = correctly_rounded  # type: ignore[method-assign, assignment]

    def __exit__(self, *error: object) -> None:
        torch.Tensor.sqrt = self.before  # type: ignore[method-assign]


def wrapped() -> None:
    """Compare wrapped optimizers with `race`, for 60 steps on Rosenbrock's function."""
    raced_, found = wrapped_points()
    print("\n## Wrapped optimizers, 60 steps on Rosenbrock's function")
    heading("optimizer", "largest difference of a coordinate to `race`")
    for spec in WRAPPED:
        print(f"| {spec} | {gap(found[spec], raced_[spec]):.0e} |")


def typed() -> None:
    """Compare formulas that a reader types with `landscapes.formula`, at 1,000 points."""
    at, found = typed_numbers()
    rows = {}
    for text in FORMULAS:
        value, gradient = value_and_gradient(formula(text), at)
        expected = torch.stack([value, *gradient]).numpy()
        rows[text] = node.difference(np.array(found[text], dtype=float).T, expected)
    print("\n## Formulas typed on a page, at 1,000 points\n")
    print(f"- {len(rows)} formulas with every function of the grammar")
    print(f"- differences of values: {quantiles([row[0] for row in rows.values()])}")
    print(f"- differences of gradients: {quantiles([row[1] for row in rows.values()])}")


def pages() -> None:
    """Measure the size of pages: one function and six optimizers, ten functions and twenty optimizers."""
    one = playground("beale", more=[])
    rates = [f"{name}(lr=0.01)" for name in TWENTY]
    ten = playground(TEN, rates, steps=20)
    print(f"- page with one function and {len(one.optimizers)} optimizers: {len(document(one).encode()):,} bytes")
    print(f"- page with ten functions and {len(ten.optimizers)} optimizers: {len(document(ten).encode()):,} bytes")


def times(scripts: Mapping[str, Script]) -> None:
    """Measure a re-race of six optimizers, and surfaces of all functions, in node."""
    six: dict[str, OptimizerScript] = {spec: emit_optimizer(parse(spec)[0]) for spec in SIX}
    beale = scripts["beale"]
    text = (
        f"{library([beale, *six.values()])}\nconst f={beale.source},"
        f"optimizers=[{','.join(one.source for one in six.values())}];"
    )
    milliseconds = node.run(
        f"{text}result=[];for(let k=0;k<60;k++){{const before=performance.now();"
        "for(const one of optimizers)one.run(f,[-3+k/100,2],500,one.values);result.push(performance.now()-before)}"
    )
    alone = {name: emit_function(get(name), gradient=False) for name in scripts}
    boxes = {name: get(name).view for name in scripts}
    texts = ",".join(f"{json.dumps(name)}:{script.source}" for name, script in alone.items())
    surfaces: dict[str, float] = node.run(
        f"{library(alone.values())}\nconst all={{{texts}}};result={{}};for(const name in all){{"
        "const f=all[name],[[a,b],[c,d]]=data[name],z=new Float64Array(257*257);let least=Infinity;"
        "for(let k=0;k<3;k++){const before=performance.now();for(let i=0;i<257;i++)for(let j=0;j<257;j++)"
        "z[257*i+j]=f(a+(b-a)*j/256,c+(d-c)*i/256);least=Math.min(least,performance.now()-before)}result[name]=least}",
        boxes,
    )
    slow = {name: ms for name, ms in surfaces.items() if ms > 50}
    print("\n## Times and sizes\n")
    print(f"- Beale, six optimizers and the library: {len(text):,} bytes")
    print(f"- six optimizers × 500 steps: first {milliseconds[0]:.1f} ms, median {np.median(milliseconds):.2f} ms")
    print(f"- surfaces of 257 × 257 points, the best of three: {quantiles([*surfaces.values()], '{:.1f} ms'.format)}")
    print(f"- surfaces above 50 ms: {', '.join(f'{name} ({ms:.0f} ms)' for name, ms in slow.items()) or 'none'}")


def main() -> None:
    if node.MISSING:
        raise SystemExit(node.MISSING)
    warnings.simplefilter("ignore")
    print("# Functions and optimizers as JavaScript\n")
    print("Written by `python benchmarks/javascript.py`.\n")
    scripts = functions()
    optimizers()
    wrapped()
    typed()
    times(scripts)
    pages()


if __name__ == "__main__":
    main()
