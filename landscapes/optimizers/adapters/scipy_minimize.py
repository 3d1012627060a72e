"""SciPy's minimizers as optimizers. Each minimizes on its own, and a race shows its iterates."""

from __future__ import annotations

import ast
import re
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
from landscapes.silence import ignored_warnings

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
"""Methods by the derivatives they get: no gradient, Hessian-vector products, Hessians."""

RESERVED = ("fun", "x0", "args", "jac", "hess", "hessp", "callback", "bounds", "constraints", "disp", "iprint")
"""Arguments that a race sets itself; it has no constraints and prints nothing."""


@dataclass(frozen=True, init=False)
class Scipy(Optimizer):
    """A method of `scipy.optimize.minimize` (Virtanen et al., SciPy 1.0, 2020).

    The method minimizes on its own from the start of the run. Each step shows its next iterate, and the run ends when
    SciPy's tolerances are met. The method gets gradients, and Hessians or Hessian-vector products if it can use them.

    Evaluations are counted at the step for which they were made. A value and a gradient at one point, one after the
    other, count as one gradient. Of a stochastic function, each iterate sees the sample of its step. SciPy computes in
    double precision, one run after the other.

    Args:
        method: name of the method, in any case: "BFGS", "L-BFGS-B", "Newton-CG", "trust-exact", …; default 'BFGS'.
        options: options of the method as in SciPy, such as gtol or maxiter, as a dict; none by default. They may
            also be keyword arguments; `tol` is SciPy's common tolerance.

    Raises:
        InputError: for unknown methods and options, and if SciPy is not installed.

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
        for taken in RESERVED:
            if taken in given:
                raise InputError(f"Scipy: {taken} cannot be set; a race sets it, has no constraints and prints nothing")
        object.__setattr__(self, "method", known[name])
        object.__setattr__(self, "options", tuple(sorted(given.items())))
        _check_options(self)

    @property
    def label(self) -> str:
        return f"{self.method} (SciPy)"

    @property
    def spec(self) -> str:
        """The optimizer as text; only options that are plain numbers or strings can be read back."""
        return f"scipy({', '.join([f'method={self.method!r}', *(f'{name}={_text(v)}' for name, v in self.options)])})"

    @property
    def needs_gradient(self) -> bool:
        return False

    @property
    def batch_key(self) -> Hashable:
        return (type(self),)

    def check(self, function: Function) -> None:
        """Raise `InputError` if SciPy rejects the options in this number of coordinates."""
        _minimize(self, Oracle(_quadratic(function.dim)), np.ones(function.dim), 1, 1)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ReplayStepper(cast(Sequence[Scipy], optimizers), x, setup)


@dataclass(frozen=True, eq=False)
class _Trace:
    """The record of one minimization.

    Attributes:
        points: iterates, shape (K, d).
        spent: evaluations for each iterate, shape (K, 4), in the order of `oracle.KINDS`.
        complete: whether SciPy ended on its own.
    """

    points: Array
    spent: NDArray[np.int64]
    complete: bool


class _ReplayStepper(Stepper):
    """Runs of SciPy's methods. Each is minimized at its first step, and then shown one iterate per step."""

    def __init__(self, optimizers: Sequence[Scipy], x: Tensor, setup: RunSetup) -> None:
        self.optimizers = optimizers
        self.setup = setup
        self.traces: list[_Trace | None] = [None] * len(optimizers)
        self.next_iterate = np.zeros(len(optimizers), dtype=np.int64)
        self.last_x = x

    def step(self, context: StepContext) -> Tensor:
        if type(context.oracle) is not Oracle:
            raise InputError(
                "SciPy's methods cannot be wrapped by a transform of gradients, because they minimize on their own"
            )
        displaced = (context.x != self.last_x).any(0) & context.active
        points, spent = context.x.clone(), torch.zeros_like(context.oracle.counts)
        for run, (moved, alive) in enumerate(zip(displaced.tolist(), context.active.tolist(), strict=True)):
            if not alive:
                continue
            trace = self.traces[run]
            if trace is None or moved:
                start, left = context.x[:, run].double().cpu().numpy(), self.setup.steps - context.t + 1
                seeds = context.oracle.seeds[run : run + 1]
                oracle = Oracle(context.oracle.function, device=context.x.device, seeds=seeds)
                trace = self.traces[run] = _minimize(self.optimizers[run], oracle, start, context.t, max(left, 1))
                self.next_iterate[run] = 0
            shown = self.next_iterate[run]
            if shown < len(trace.points):
                points[:, run] = torch.from_numpy(trace.points[shown]).to(points)
                spent[:, run] = torch.from_numpy(trace.spent[shown])
                self.next_iterate[run] += 1
        for kind, times in zip(KINDS, spent.unbind(0), strict=True):
            context.oracle.count(kind, None, times)
        self.last_x = points
        return points

    def reset(self, runs: Tensor, x: Tensor) -> None:
        for run in runs.nonzero()[:, 0].tolist():
            self.traces[run] = None

    def terminated(self) -> Tensor | None:
        ended = [
            bool(trace is not None and trace.complete and shown == len(trace.points))
            for trace, shown in zip(self.traces, self.next_iterate, strict=True)
        ]
        return torch.tensor(ended, device=self.last_x.device)


class _EnoughIteratesError(Exception):
    """No more iterates are needed."""


class _Queries:
    """The function as SciPy calls it, one point at a time, and the iterates that SciPy reports.

    After enough iterates, SciPy is left by an exception. Where that is not possible (`must_return`), the function is
    constant from then on, so that SciPy soon ends on its own.
    """

    def __init__(self, oracle: Oracle, t: int, max_iterates: int, *, must_return: bool = False) -> None:
        self.oracle = oracle
        self.t = t
        self.max_iterates = max_iterates
        self.must_return = must_return
        self.enough = False
        self.points: list[Array] = []
        self.counts_at: list[NDArray[np.int64]] = []
        self.met_nonfinite = False
        self.value_at: Array | None = None
        self.gradient_at: Array | None = None
        self.last_value = np.nan
        self._next_sample()

    def value(self, x: Array) -> float:
        if self.enough:
            return self.last_value
        if _same(x, self.gradient_at):  # the gradient at this point came with its value
            return self.last_value
        self.value_at = x.copy()
        self.last_value = float(self._to_numpy(self.oracle.value(self._tensor(x)))[0])
        return self.last_value

    def gradient(self, x: Array) -> Array:
        value_known = _same(x, self.value_at)
        self.value_at, self.gradient_at = None, x.copy()
        value, gradient = self.oracle.value_and_gradient(self._tensor(x))
        if value_known:
            self.oracle.count("n_values", None, -1)
        self.last_value = float(value[0])
        return self._to_numpy(gradient)[:, 0]

    def product(self, x: Array, v: Array) -> Array:
        return self._to_numpy(self.oracle.hvp(self._tensor(x), self._tensor(v)))[:, 0]

    def hessian(self, x: Array) -> Array:
        return self._to_numpy(self.oracle.hessian(self._tensor(x)))[..., 0]

    def callback(self, x: Array, *rest: Any) -> None:
        """Record an iterate; SciPy's callback, which some methods call with more arguments."""
        if self.enough:
            return
        self.record(x)
        if len(self.points) >= self.max_iterates:
            self.enough = True
            if self.must_return:
                return
            raise _EnoughIteratesError
        self._next_sample()

    def record(self, x: Any) -> None:
        self.points.append(np.array(x, dtype=np.float64).reshape(-1))
        self.counts_at.append(self.oracle.counts[:, 0].cpu().numpy().copy())

    def _next_sample(self) -> None:
        """Switch to the sample of the next step."""
        if self.oracle.function.sample is not None:
            self.oracle.set_step(self.t - 1 + len(self.points))
            self.value_at = self.gradient_at = None

    def _tensor(self, x: Array) -> Tensor:
        return torch.tensor(x, dtype=torch.float64, device=self.oracle.counts.device)[:, None]

    def _to_numpy(self, answer: Tensor) -> Array:
        answer = answer.detach()
        self.met_nonfinite |= not bool(answer.isfinite().all())
        return cast(Array, answer.cpu().numpy())


def _minimize(optimizer: Scipy, oracle: Oracle, start: Array, t: int, max_iterates: int) -> _Trace:
    """Minimize from the start (d,) until SciPy ends or has reported `max_iterates` iterates."""
    queries = _Queries(oracle, t, max_iterates, must_return=_must_return(optimizer.method))
    complete = True
    try:
        result = _call(optimizer, queries, start)
        if queries.enough:
            raise _EnoughIteratesError
    except _EnoughIteratesError:
        complete = False
    except InputError:
        raise
    except Exception as error:
        if not queries.met_nonfinite:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"SciPy fails with {short(optimizer.spec)}: {reason}"[:300]) from error
        queries.record(np.full_like(start, np.nan))  # SciPy failed on NaN or infinity, so the run ends here
    else:
        if not queries.points or not np.array_equal(queries.points[-1], np.reshape(result.x, -1)):
            queries.record(result.x)
        queries.counts_at[-1] = oracle.counts[:, 0].cpu().numpy().copy()
    counts = np.stack(queries.counts_at)
    counts[1:] -= counts[:-1].copy()
    return _Trace(np.stack(queries.points), counts, complete)


def _call(optimizer: Scipy, queries: _Queries, start: Array) -> Any:
    """Call SciPy and return its result. SciPy only warns of unknown options; here the warning is an error."""
    options = dict(optimizer.options)
    tolerance = options.pop("tol", None)
    given: dict[str, Callable[..., Any]] = {}
    if optimizer.method not in VALUES_ONLY:
        given["jac"] = queries.gradient
    if optimizer.method in PRODUCTS:
        given["hessp"] = queries.product
    if optimizer.method in HESSIANS:
        given["hess"] = queries.hessian
    optimize = _optimize()
    with ignored_warnings("Unknown solver options", optimize.OptimizeWarning):
        return optimize.minimize(
            queries.value,
            start,
            method=optimizer.method,
            tol=tolerance,
            options=options,
            callback=queries.callback,
            **given,
        )


def _check_options(optimizer: Scipy) -> None:
    """Raise `InputError` for unknown options.

    Other errors may depend on the number of coordinates; `Scipy.check` finds them.
    """
    queries = _Queries(Oracle(_quadratic(2)), 1, 1, must_return=_must_return(optimizer.method))
    try:
        _call(optimizer, queries, np.ones(2))
    except (_optimize().OptimizeWarning, TypeError) as error:
        found = re.search(r"Unknown solver options: (\w+)|unexpected keyword argument '(\w+)'", str(error))
        if found:
            raise unknown(
                f"option of SciPy's {optimizer.method}", found[1] or found[2], _known_options(optimizer.method)
            ) from None
    except Exception:
        return


def _known_options(method: str) -> set[str]:
    """Return the options that SciPy's documentation of a method lists."""
    text = _optimize().show_options("minimize", method.lower(), disp=False)
    text = text.partition("Options\n")[2].partition("Returns\n")[0]
    listed = re.findall(r"^\s*([\w, ]+?) : ", text, re.MULTILINE)
    return {name for names in listed for name in names.split(", ")} - set(RESERVED) | {"tol"}


def _quadratic(dim: int) -> Function:
    """Return a simple quadratic to try options on."""

    def formula(*x: Tensor) -> Tensor:
        return pairwise_sum(torch.stack([(i + 1) * a * a for i, a in enumerate(x)]))

    box = ((-2.0, 2.0),) * dim
    return Function("bowl", formula, box, box, (1.0,) * dim)


def _must_return(method: str) -> bool:
    """Return whether a method writes to stderr when it is left by an exception: COBYLA in Fortran, up to SciPy 1.15."""
    if method != "COBYLA":
        return False
    _optimize()
    from scipy import __version__

    return tuple(int(number) for number in __version__.split(".")[:2]) < (1, 16)


def _optimize() -> Any:
    try:
        import scipy.optimize
    except ImportError:
        raise InputError("optimizers.Scipy requires SciPy; pip install scipy") from None
    return scipy.optimize


def _same(x: Array, other: Array | None) -> bool:
    return other is not None and np.array_equal(x, other)


def _text(value: Any) -> str:
    """Return a value as text that can be read back; otherwise as a short description."""
    try:
        ast.literal_eval(repr(value))
    except (ValueError, SyntaxError):
        return short(value)
    return repr(value)
