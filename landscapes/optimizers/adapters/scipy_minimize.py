"""SciPy's minimisers as optimizers: each minimises by itself, and its iterates are what a race shows."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import pairwise_sum
from landscapes.optimizers.base import Optimizer, short
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.oracle import KINDS, Oracle

Array = NDArray[np.float64]
Options = tuple[tuple[str, Any], ...]

METHODS = (
    "Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "COBYQA", "SLSQP",
    "trust-constr", "dogleg", "trust-ncg", "trust-krylov", "trust-exact",
)  # fmt: skip
"""All of `scipy.optimize.minimize`; COBYQA since SciPy 1.14."""

VALUES_ONLY = ("Nelder-Mead", "Powell", "COBYLA", "COBYQA")
PRODUCTS = ("Newton-CG", "trust-ncg", "trust-krylov")
HESSIANS = ("trust-constr", "dogleg", "trust-exact")
"""What methods are given beside values: gradients to all but the first, and curvature to these."""

TAKEN = ("fun", "x0", "args", "jac", "hess", "hessp", "callback", "bounds", "constraints", "disp", "iprint")
"""Arguments that are not for the user to give: a race has no constraints, and prints nothing."""


@dataclass(frozen=True, init=False)
class Scipy(Optimizer):
    """A method of `scipy.optimize.minimize` (Virtanen et al., SciPy 1.0, 2020) as a contender.

    The method minimises by itself, from the point where the race begins; one of its iterates is shown a step,
    x ← the next iterate, and it ends when SciPy's tolerances say so. It gets gradients, and Hessians or their
    products with vectors where it can use them. What it asks for is counted at the step for which it was asked;
    a value and a gradient at one point, one after the other, are one evaluation of a gradient. Of a stochastic
    function each iterate sees the sample of its step. It computes in double precision, one run after the other.

    Args:
        method: its name, in any case: "BFGS", "L-BFGS-B", "Newton-CG", "trust-exact", …
        options: options of the method as SciPy has them, such as gtol or maxiter, in a dict or, more simply, as
            arguments of their own; `tol` is SciPy's common tolerance.

    Raises `InputError` for unknown methods and options, and where SciPy is not installed.

    >>> Scipy("bfgs", gtol=1e-8).spec
    "scipy(method='BFGS', gtol=1e-08)"
    """

    names: ClassVar[tuple[str, ...]] = ("scipy",)
    accepts_extra_settings: ClassVar[bool] = True

    method: str = "BFGS"
    options: Options = field(default=(), hash=False)

    def __new__(cls, *values: Any, **settings: Any) -> Self:
        return object.__new__(cls)

    def __init__(self, method: str = "BFGS", options: Mapping[str, Any] | Options = (), **more: Any) -> None:
        known = {name.lower(): name for name in METHODS}
        if not isinstance(method, str):
            raise InputError(f"Scipy: method must be a name such as 'BFGS', got {short(method)}")
        name = method.lower().replace("_", "-")
        if name not in known:
            raise unknown("method of SciPy", method, known)
        try:
            given = {**dict(options), **more}
        except (TypeError, ValueError):
            raise InputError(f"Scipy: options must be a dict such as {{'gtol': 1e-8}}, got {short(options)}") from None
        for taken in TAKEN:
            if taken in given:
                raise InputError(f"Scipy: {taken} cannot be set; a race sets it, has no constraints and prints nothing")
        object.__setattr__(self, "method", known[name])
        object.__setattr__(self, "options", tuple(sorted(given.items())))
        _refuse_unknown_options(self)

    @property
    def label(self) -> str:
        return f"{self.method} (SciPy)"

    @property
    def spec(self) -> str:
        """The optimizer as text; only options that are plain numbers or words can be given back."""
        return f"scipy({', '.join([f'method={self.method!r}', *(f'{name}={_text(v)}' for name, v in self.options)])})"

    @property
    def needs_gradient(self) -> bool:
        return False

    @property
    def batch_key(self) -> Hashable:
        return (type(self),)

    def check(self, function: Function) -> None:
        """Raises `InputError` where SciPy refuses the options in so many coordinates."""
        _minimise(self, Oracle(_bowl(function.dim)), np.ones(function.dim), 1, 1)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _Replay(cast(Sequence[Scipy], optimizers), x, setup)


@dataclass(frozen=True, eq=False)
class _Trace:
    """What one minimisation did.

    Attributes:
        points: its iterates, shape (K, d).
        spent: what it evaluated for each, shape (K, 4), in the order of `oracle.KINDS`.
        complete: whether it ended by itself.
    """

    points: Array
    spent: NDArray[np.int64]
    complete: bool


class _Replay(Stepper):
    """Runs of SciPy's methods. Each is minimised as its first step is taken, and then shown an iterate a step."""

    def __init__(self, optimizers: Sequence[Scipy], x: Tensor, setup: RunSetup) -> None:
        self.optimizers = optimizers
        self.setup = setup
        self.traces: list[_Trace | None] = [None] * len(optimizers)
        self.shown = np.zeros(len(optimizers), dtype=np.int64)
        self.left = x

    def step(self, context: StepContext) -> Tensor:
        if type(context.oracle) is not Oracle:
            raise InputError(
                "SciPy's methods cannot be wrapped by a transform of gradients, because they minimise on their own"
            )
        elsewhere = (context.x != self.left).any(0) & context.active
        points, spent = context.x.clone(), torch.zeros_like(context.oracle.counts)
        for run, (moved, alive) in enumerate(zip(elsewhere.tolist(), context.active.tolist(), strict=True)):
            if not alive:
                continue
            trace = self.traces[run]
            if trace is None or moved:
                start, left = context.x[:, run].double().cpu().numpy(), self.setup.steps - context.t + 1
                oracle = Oracle(context.oracle.function, device=context.x.device)
                trace = self.traces[run] = _minimise(self.optimizers[run], oracle, start, context.t, max(left, 1))
                self.shown[run] = 0
            shown = self.shown[run]
            if shown < len(trace.points):
                points[:, run] = torch.from_numpy(trace.points[shown]).to(points)
                spent[:, run] = torch.from_numpy(trace.spent[shown])
                self.shown[run] += 1
        for kind, times in zip(KINDS, spent.unbind(0), strict=True):
            context.oracle.count(kind, None, times)
        self.left = points
        return points

    def reset(self, runs: Tensor, x: Tensor) -> None:
        for run in runs.nonzero()[:, 0].tolist():
            self.traces[run] = None

    def terminated(self) -> Tensor | None:
        ended = [
            trace is not None and trace.complete and shown == len(trace.points)
            for trace, shown in zip(self.traces, self.shown, strict=True)
        ]
        return torch.tensor(ended, device=self.left.device)


class _EnoughError(Exception):
    """No more iterates are needed."""


class _Asked:
    """The function as SciPy asks for it, a point at a time, and the iterates it tells of."""

    def __init__(self, oracle: Oracle, t: int, most: int) -> None:
        self.oracle = oracle
        self.t = t
        self.most = most
        self.points: list[Array] = []
        self.bills: list[NDArray[np.int64]] = []
        self.unsound = False
        self.value_at: Array | None = None
        self.gradient_at: Array | None = None
        self.known = np.nan
        self._turn()

    def value(self, x: Array) -> float:
        if _same(x, self.gradient_at):  # a gradient comes with its value
            return self.known
        self.value_at = x.copy()
        self.known = float(self._sound(self.oracle.value(self._tensor(x)))[0])
        return self.known

    def gradient(self, x: Array) -> Array:
        paid = _same(x, self.value_at)
        self.value_at, self.gradient_at = None, x.copy()
        value, gradient = self.oracle.value_and_gradient(self._tensor(x))
        if paid:
            self.oracle.count("n_values", None, -1)
        self.known = float(value[0])
        return self._sound(gradient)[:, 0]

    def product(self, x: Array, v: Array) -> Array:
        return self._sound(self.oracle.hvp(self._tensor(x), self._tensor(v)))[:, 0]

    def hessian(self, x: Array) -> Array:
        return self._sound(self.oracle.hessian(self._tensor(x)))[..., 0]

    def note(self, x: Array, *rest: Any) -> None:
        """What SciPy calls with every iterate; some methods tell more of it."""
        self.keep(x)
        if len(self.points) >= self.most:
            raise _EnoughError
        self._turn()

    def keep(self, x: Any) -> None:
        self.points.append(np.array(x, dtype=np.float64).reshape(-1))
        self.bills.append(self.oracle.counts[:, 0].cpu().numpy().copy())

    def _turn(self) -> None:
        """Turns to the sample of the step to come."""
        if self.oracle.function.sample is not None:
            self.oracle.set_step(self.t - 1 + len(self.points))
            self.value_at = self.gradient_at = None

    def _tensor(self, x: Array) -> Tensor:
        return torch.tensor(x, dtype=torch.float64, device=self.oracle.counts.device)[:, None]

    def _sound(self, answer: Tensor) -> Array:
        answer = answer.detach()
        self.unsound |= not bool(answer.isfinite().all())
        return cast(Array, answer.cpu().numpy())


def _minimise(optimizer: Scipy, oracle: Oracle, start: Array, t: int, most: int) -> _Trace:
    """Minimises from the start (d,) until SciPy ends by itself, or has told of so many iterates."""
    asked, complete = _Asked(oracle, t, most), True
    try:
        result = _call(optimizer, asked, start)
    except _EnoughError:
        complete = False
    except InputError:
        raise
    except Exception as error:
        if not asked.unsound:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"SciPy fails with {short(optimizer.spec)}: {reason}"[:300]) from error
        asked.keep(np.full_like(start, np.nan))  # it broke on NaN or infinity: so the run ends there
    else:
        if not asked.points or not np.array_equal(asked.points[-1], np.reshape(result.x, -1)):
            asked.keep(result.x)
        asked.bills[-1] = oracle.counts[:, 0].cpu().numpy().copy()
    bills = np.stack(asked.bills)
    bills[1:] -= bills[:-1].copy()
    return _Trace(np.stack(asked.points), bills, complete)


def _call(optimizer: Scipy, asked: _Asked, start: Array) -> Any:
    """SciPy at work: its result, or whatever it raises. It only warns of unknown options; here that is an error."""
    options = dict(optimizer.options)
    tolerance = options.pop("tol", None)
    given: dict[str, Callable[..., Any]] = {}
    if optimizer.method not in VALUES_ONLY:
        given["jac"] = asked.gradient
    if optimizer.method in PRODUCTS:
        given["hessp"] = asked.product
    if optimizer.method in HESSIANS:
        given["hess"] = asked.hessian
    optimize = _optimize()
    with warnings.catch_warnings(action="ignore"):
        warnings.filterwarnings("error", "Unknown solver options", optimize.OptimizeWarning)
        return optimize.minimize(
            asked.value, start, method=optimizer.method, tol=tolerance, options=options, callback=asked.note, **given
        )


def _refuse_unknown_options(optimizer: Scipy) -> None:
    """Whatever else is wrong with the options may depend on the number of coordinates: see `Scipy.check`."""
    asked = _Asked(Oracle(_bowl(2)), 1, 1)
    try:
        _call(optimizer, asked, np.ones(2))
    except (_optimize().OptimizeWarning, TypeError) as error:
        found = re.search(r"Unknown solver options: (\w+)|unexpected keyword argument '(\w+)'", str(error))
        if found:
            raise unknown(
                f"option of SciPy's {optimizer.method}", found[1] or found[2], _known_options(optimizer.method)
            ) from None
    except Exception:
        return


def _known_options(method: str) -> set[str]:
    """The options that SciPy's documentation of a method lists."""
    text = _optimize().show_options("minimize", method.lower(), disp=False)
    text = text.partition("Options\n")[2].partition("Returns\n")[0]
    listed = re.findall(r"^\s*([\w, ]+?) : ", text, re.MULTILINE)
    return {name for names in listed for name in names.split(", ")} - set(TAKEN) | {"tol"}


def _bowl(dim: int) -> Function:
    """Something easy to try options on."""

    def formula(*x: Tensor) -> Tensor:
        return pairwise_sum(torch.stack([(i + 1) * a * a for i, a in enumerate(x)]))

    box = ((-2.0, 2.0),) * dim
    return Function("bowl", formula, box, box, (1.0,) * dim)


def _optimize() -> Any:
    try:
        import scipy.optimize
    except ImportError:
        raise InputError("optimizers.Scipy requires SciPy; pip install scipy") from None
    return scipy.optimize


def _same(x: Array, other: Array | None) -> bool:
    return other is not None and np.array_equal(x, other)


def _text(value: Any) -> str:
    """A value as text that gives it back, or, where there is none, as one that a message can bear."""
    try:
        ast.literal_eval(repr(value))
    except (ValueError, SyntaxError):
        return short(value)
    return repr(value)
