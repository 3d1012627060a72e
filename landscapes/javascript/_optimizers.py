"""Emit first-order optimizers as JavaScript: the state before the first step, and one step."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.javascript._functions import input_names, recording, refusing
from landscapes.javascript.printing import Script, literal, printed
from landscapes.javascript.program import Program, TooLongError
from landscapes.javascript.recorder import Recorder
from landscapes.javascript.rules import NotEmittedError
from landscapes.javascript.symbols import Branches, Symbol
from landscapes.optimizers import parse
from landscapes.optimizers.base import Optimizer, short
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.kron import Kron
from landscapes.optimizers.first_order.muon import Muon
from landscapes.optimizers.first_order.nadam import NAdam
from landscapes.optimizers.first_order.normuon import NorMuon
from landscapes.optimizers.first_order.run_coefs import with_arrays
from landscapes.optimizers.first_order.soap import SOAP
from landscapes.optimizers.first_order.sophia import Sophia

PRODUCTS: Mapping[type[FirstOrder], tuple[str, str]] = {NAdam: ("_product", "_mu")}
"""Methods of `coef` that continue a product over all steps from the last call, and the method of its factors."""

REASONS: Mapping[type[FirstOrder], str] = {
    Kron: "its steps need random numbers",
    Muon: "it multiplies matrices in bfloat16",
    NorMuon: "it multiplies matrices in bfloat16",
    SOAP: "its steps turn the point by eigenvectors, which are computed in iterations",
    Sophia: "its steps need the curvature, with random numbers",
}
"""Optimizers that are not written, and why."""

CHECKED_STEPS = 6
"""Steps that the emitted program and the optimizer take from the same points, to be compared."""

TOLERANCE = 1e-12
"""The largest difference between them after one step, relative to the largest number."""


@dataclass(frozen=True)
class OptimizerScript:
    """An optimizer as functions of JavaScript, which take and return numbers.

    Below, p are the coordinates of the point, g those of the gradient, s the state and h the hyper-parameters.

    Attributes:
        hyperparameters: the names and values of h, in order. Those at zero are fixed: their terms are omitted.
        init: (p, h) => s, before the first step.
        step: (t, p, g, s, h) => [p, s], after step t = 1, 2, …
        gradient_point: (p, s, h) => the point where the gradient of the next step is evaluated; None if it is p.
        begin: the text of a function that takes many steps, see `kind`.
    """

    hyperparameters: Mapping[str, float]
    init: Script
    step: Script
    gradient_point: Script | None
    begin: str

    @property
    def helpers(self) -> frozenset[str]:
        """The functions of `library` that it calls."""
        return self.init.helpers.union(*(one.helpers for one in (self.step, self.gradient_point) if one is not None))

    @property
    def kind(self) -> str:
        """The function that takes steps, without the values of the hyper-parameters.

        `begin(f, start, steps, values, ended, seen, rates)` returns {x, loss, advance, state}. `advance(until)`
        continues to a step and returns whether the run is over: after all `steps`, or once `ended(t, f(x), ...x)` is
        true at step t. So far as it has come, x has d numbers per step and `loss` one, from the start on. `state()`
        returns the point and the state where `advance` has stopped. f is as `emit_function` writes it. Wrappers give
        the last two, if any: `seen(t, v)` returns what the optimizer sees in step t = 1, 2, … in place of v,
        [value, ∂₀, ∂₁, …], and `rates(t)` the values of the hyper-parameters in step t. The function has `init`, `step`
        and `at` (the gradient point, if there is one) as properties, for wrappers that take the steps themselves.
        """
        gradient, at = ("", "") if self.gradient_point is None else (f",at={self.gradient_point.source}", ",at")
        parts = f"const init={self.init.source},step={self.step.source}{gradient};"
        return f"(()=>{{{parts}return Object.assign({self.begin},{{init,step{at}}})}})()"

    @property
    def source(self) -> str:
        """The optimizer as an object {names, values, begin, run} of its hyper-parameters and of functions.

        `run(f, start, steps, values)` returns {x, loss}: d numbers per step, and one, from the start to the last step.
        It takes a function as `emit_function` writes it, with its gradient. `begin` is that of `kind`.
        """
        names = json.dumps([*self.hyperparameters], separators=(",", ":"))
        values = ",".join(map(literal, self.hyperparameters.values()))
        run = (
            "(f,start,steps,values)=>{const r=begin(f,start,steps,values,()=>false);r.advance(steps);"
            "return{x:r.x,loss:r.loss}}"
        )
        return f"(()=>{{const begin={self.kind},run={run};return{{names:{names},values:[{values}],begin,run}}}})()"


def emit_optimizer(optimizer: str | Optimizer, dim: int = 2) -> OptimizerScript:
    """Return a first-order optimizer as JavaScript, for points of `dim` coordinates.

    `update` is recorded on tensors, and `coef` on symbols for the step and the hyper-parameters. A step rounds as in
    torch, fused multiply-adds included, but for roots: those of torch may be off by one bit. Powers of a
    hyper-parameter with integer exponents are those of Python.

    Args:
        optimizer: a first-order optimizer whose step takes one gradient, or its text, such as "adam(lr=0.1)".
        dim: number of coordinates d, ≥ 1; default 2.

    Raises:
        InputError: for an optimizer that has no such text, with the reason.

    >>> from landscapes.optimizers import SGD
    >>> sgd = emit_optimizer(SGD(lr=0.1), dim=1)
    >>> sgd.step.source, dict(sgd.hyperparameters)
    ('(t,x,dx,h0)=>[fma(dx,-h0,x)]', {'lr': 0.1})
    """
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise InputError(f"dim must be an integer >= 1, got {dim!r:.40}")
    optimizer = as_optimizer(optimizer)
    if not isinstance(optimizer, FirstOrder):
        raise InputError(f"{optimizer.kind} cannot be written as JavaScript: it is not a first-order optimizer")
    try:
        return emitted(optimizer, dim)[0]
    except NotEmittedError as error:
        raise InputError(f"{optimizer.kind} cannot be written as JavaScript: {error}") from None
    except TooLongError:
        raise InputError(
            f"{optimizer.kind} cannot be written as JavaScript: a step takes too many operations"
        ) from None


def as_optimizer(given: Any) -> Optimizer:
    """Return an optimizer, given as such or as text. Raise `InputError` for another object or a missing rate."""
    if isinstance(given, Optimizer):
        return given
    if not isinstance(given, str):
        raise InputError(f'expected an optimizer, or its text such as "adam(lr=0.1)", got {short(given)}')
    optimizer, without_rate = parse(given)
    if without_rate:
        raise InputError(f"{given!r:.80} has no learning rate; write it in the text, as in {optimizer.spec}")
    return optimizer


def emitted(optimizer: FirstOrder, dim: int) -> tuple[OptimizerScript, Emitter]:
    """Return an optimizer as JavaScript, and what has recorded it; raise `NotEmittedError` with the reason."""
    reason = next((reason for kind, reason in REASONS.items() if isinstance(optimizer, kind)), None)
    if reason is not None:
        raise NotEmittedError(reason)
    if optimizer.groups:
        raise NotEmittedError("it has parameter groups")
    moves_gradient = hasattr(optimizer, "gradient_point")
    if type(optimizer).stepper.__func__ is not FirstOrder.stepper.__func__ and not moves_gradient:  # type: ignore[attr-defined]
        raise NotEmittedError("its steps need more than one gradient, or random numbers")
    values = {
        name: value for name, value in optimizer.hyperparameters().items() if value and not _fixed(optimizer, name)
    }
    emitter = Emitter(optimizer, dim, list(values))
    at = emitter.gradient_point() if moves_gradient else None
    script = OptimizerScript(values, emitter.init(), emitter.step(), at, emitter.begin())
    emitter.check()
    return script, emitter


def _fixed(optimizer: FirstOrder, name: str) -> bool:
    """Return whether a hyper-parameter determines the shape of the state."""
    return any(field.name == name and field.metadata.get("structural") for field in dataclasses.fields(optimizer))


class Emitter:
    """Records the parts of an optimizer, each in a program of its own."""

    def __init__(self, optimizer: FirstOrder, dim: int, names: Sequence[str]) -> None:
        self.optimizer, self.names = optimizer, names
        self.coordinates = input_names(dim)
        self.gradients = [f"d{name}" for name in self.coordinates]
        self.letters = [f"h{i}" for i in range(len(names))]
        with refusing():
            self.shapes = [part.shape for part in optimizer.init(torch.zeros(dim, 1, dtype=torch.float64))]
        self.product = next((two for kind, two in PRODUCTS.items() if isinstance(optimizer, kind)), None)
        numbers = sum(shape.numel() for shape in self.shapes)
        self.states = [f"s{i}" for i in range(numbers + (self.product is not None))]
        self.recorded: tuple[Program, list[int]] | None = None

    def init(self) -> Script:
        program = Program([*self.coordinates, *self.letters])
        recorder = Recorder(program)
        with recording(recorder):
            state = self._with_tensors(recorder).init(self._points(recorder, self.coordinates))
        outputs = _numbers(recorder, state)
        if self.product is not None:
            outputs.append(program.constant(1.0))
        return printed(program, outputs)

    def step(self) -> Script:
        program = Program(["t", *self.coordinates, *self.gradients, *self.states, *self.letters])
        recorder = Recorder(program)
        coefs, product = self._coefs(program)
        with recording(recorder):
            p, g = self._points(recorder, self.coordinates), self._points(recorder, self.gradients)
            given = tuple(program.constants[one] if one in program.constants else recorder.value(one) for one in coefs)
            point, state = self._with_tensors(recorder).update(p, g, self._state(recorder), given)
        outputs = [*_numbers(recorder, [point]), *_numbers(recorder, state), *product]
        self.recorded = program, outputs
        return printed(program, outputs)

    def gradient_point(self) -> Script:
        program = Program([*self.coordinates, *self.states, *self.letters])
        recorder = Recorder(program)
        with recording(recorder):
            optimizer: Any = self._with_tensors(recorder)
            point = optimizer.gradient_point(self._points(recorder, self.coordinates), self._state(recorder))
        return printed(program, _numbers(recorder, [point]))

    def begin(self) -> str:
        """Return the loop over steps, with one local variable per number: arrays would take most of the time."""
        d, p, s, h = len(self.coordinates), self.coordinates, self.states, self.letters
        point, hyper = ",".join(p), ",".join(h)
        state, known = ",".join(s), ",".join([*p, *s, *h])
        moved = ",".join(f"u[{i}]" for i in range(d))
        gradient = ",".join(f"g[{i}]" for i in range(1, d + 1))
        given = ",".join(filter(None, ["t+1", point, gradient, state, hyper]))
        every = ",".join([*p, *s])
        lines = [
            f"let [{hyper}]=rates?rates(1):values;",
            f"const points=new Float64Array({d}*(steps+1)),loss=new Float64Array(steps+1);",
            f"let from=0,now=[...start,...init({','.join(['...start', *h])})];",
            f"return{{x:points,loss,state:()=>now,advance(until){{let [{every}]=now;",
            f"for(let t=from;;t++){{const v=f({point});loss[t]=v[0];",
            *(f"points[{d}*t+{i}]={name};" for i, name in enumerate(p)),
            f"if(ended(t,v,{point})||t===steps)return true;",
            f"if(t===until){{from=t;now=[{every}];return false}}",
            f"if(rates&&t>0)[{hyper}]=rates(t+1);" if h else "",
            f"const u=at({known}),w=f({moved})," if hasattr(self.optimizer, "gradient_point") else "const w=v,",
            f"g=seen?seen(t+1,w):w,q=step({given});",
            *(f"{name}=q[{i}];" for i, name in enumerate([*p, *s])),
            "}}}",
        ]
        return f"(f,start,steps,values,ended,seen,rates)=>{{{''.join(lines)}}}"

    def _points(self, recorder: Recorder, names: Sequence[str]) -> Tensor:
        return recorder.input(torch.ones(len(names), 1, dtype=torch.float64), names)

    def _state(self, recorder: Recorder) -> tuple[Tensor, ...]:
        names, parts = iter(self.states), []
        for shape in self.shapes:
            part = torch.ones(shape, dtype=torch.float64)
            parts.append(recorder.input(part, [next(names) for _ in range(part.numel())]))
        return tuple(parts)

    def _with_tensors(self, recorder: Recorder) -> FirstOrder:
        """Return the optimizer with tensors (1,) for its hyper-parameters."""
        tensors = {
            name: recorder.input(torch.ones(1, dtype=torch.float64), [letter])
            for name, letter in zip(self.names, self.letters, strict=True)
        }
        return with_arrays(self.optimizer, tensors)

    def _coefs(self, program: Program) -> tuple[list[int], list[int]]:
        """Return the numbers of the coefficients, and of the product that the next step continues."""
        branches = Branches(program)
        t = branches.symbol("t", least=1)
        symbols: dict[str, Any] = {
            name: branches.symbol(letter) for name, letter in zip(self.names, self.letters, strict=True)
        }
        products: list[Symbol] = []

        def coefs() -> Sequence[Any]:
            symbolic = with_arrays(self.optimizer, symbols)
            if self.product is not None:
                method, factor = self.product
                product = branches.symbol(self.states[-1]) * getattr(symbolic, factor)(t)
                products.append(product)
                symbolic.__dict__[method] = lambda step: product
            return symbolic.coef(cast(int, t))

        with refusing():
            numbers = branches.explore(coefs)
        return numbers, [branches.number(one) for one in products[-1:]]

    def check(self) -> None:
        """Raise `NotEmittedError` if the program's steps differ from those of the optimizer."""
        generator = torch.Generator().manual_seed(0)
        optimizer = with_arrays(self.optimizer, {})
        point = torch.rand(len(self.coordinates), 1, generator=generator, dtype=torch.float64)
        state: Sequence[Tensor] = optimizer.init(point)
        carried = self.carried()
        for t in range(1, CHECKED_STEPS + 1):
            gradient = torch.rand(len(point), 1, generator=generator, dtype=torch.float64) - 0.5
            found = self.evaluate(t, point, gradient, state, carried, optimizer)
            point, state = optimizer.update(point, gradient, tuple(state), optimizer.coef(t))
            expected = torch.cat([point.flatten(), *(part.flatten() for part in state)])
            carried = found[-1:] if self.product else []
            if not torch.allclose(
                torch.cat(found)[: len(expected)], expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True
            ):
                raise NotEmittedError(f"its recorded step {t} differs from its own")

    def carried(self) -> list[Tensor]:
        """Return the product over no steps, if `coef` continues one."""
        return [torch.ones(1, dtype=torch.float64)] if self.product else []

    def evaluate(
        self,
        t: int,
        point: Tensor,
        gradient: Tensor,
        state: Sequence[Tensor],
        carried: Sequence[Tensor],
        optimizer: FirstOrder,
    ) -> list[Tensor]:
        """Return what the recorded step t gives: coordinates, then numbers of the state, then the product, (1,) each.

        The hyper-parameters are those of `optimizer`.
        """
        assert self.recorded is not None
        program, outputs = self.recorded
        hyper = [torch.tensor([getattr(optimizer, name)], dtype=torch.float64) for name in self.names]
        flat = [*point, *gradient, *(one for part in state for one in part.reshape(-1, 1)), *carried]
        return program.evaluate(outputs, [torch.tensor([float(t)], dtype=torch.float64), *flat, *hyper])


def _numbers(recorder: Recorder, tensors: Sequence[Tensor]) -> list[int]:
    return [number for tensor in tensors for number in recorder.ids(tensor).flatten().tolist()]
