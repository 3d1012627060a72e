"""Functions as JavaScript, in node: value and gradient as torch computes them."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import node
import numpy as np
import pytest
import torch
from merged import merged
from torch import Tensor
from torch.nn import functional as nn

from landscapes import InputError, formula, from_module, function, least_squares
from landscapes.functions import catalogue, get
from landscapes.functions.bbob import bbob
from landscapes.javascript import emit_function, rules
from landscapes.javascript.operations import MATH
from landscapes.objectives.coco import draw_instance
from landscapes.objectives.decorators import Function
from landscapes.oracle import value_and_gradient

in_node = pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)


def made(name: str, evaluate: Callable[..., Tensor]) -> Function:
    made = function((-2, 2), (-2, 2), start=(1.0, 0.5), name="odd", check_gradients=False)(evaluate)
    return replace(made, mode="vmapped") if name in ("dots", "linear", "batches") else made


def both(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([x, y, x * y - 1])


def in_place(x: Tensor, y: Tensor) -> Tensor:
    z = torch.zeros_like(both(x, y))
    z[0] = x
    z[1:].copy_(both(x, y)[:2])
    z.mul_(y)
    return z.sum(0)


def filled(x: Tensor, y: Tensor) -> Tensor:
    z = both(x, y).clone()
    z[1].fill_(2.0)
    z[2].zero_()
    return (z * x).sum(0) + torch.zeros_like(x).add_(y)


MATRIX = torch.tensor([[1.0, 2.0], [-3.0, 0.5]], dtype=torch.float64)
POSITIVE = {"log": 3.0, "log2": 3.0, "log10": 3.0, "sqrt": 3.0, "acosh": 4.0, "log1p": 2.5}
SMALL = ("asin", "acos", "atanh")


def of_shifted(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """A function of `Math` at numbers where it is defined."""
    operation, shift, factor = getattr(torch, name), POSITIVE.get(name, 0.0), 0.4 if name in SMALL else 1.0
    return lambda x, y: operation(factor * x + shift) * y


OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    **{name: of_shifted(name) for name in MATH},
    "add": lambda x, y: torch.add(x, y, alpha=0.3) + torch.sub(y, x, alpha=0.7) + torch.rsub(x, y, alpha=1.7),
    "addcmul": lambda x, y: torch.addcmul(x, y, x, value=0.3) + torch.addcdiv(x, y, x + 3, value=0.3),
    "amax": lambda x, y: both(x, y).amax(0) + both(x, y).amin(0) * y,
    "atan2": lambda x, y: torch.atan2(x, y) + torch.hypot(x, y + 3),
    "clamp": lambda x, y: x.clamp(-1, 0.5) * y + y.clamp(min=x) + x.clamp_max(0.2) + y.clamp_min(0.1),
    "comparisons": lambda x, y: (
        torch.where((x < y) | (x >= 1), x, y * y) + torch.where((x <= 0) & ~(y > 0), x * y, 1.0) + (x == y) + (x != 1)
    ),
    "cumulative": lambda x, y: torch.cumsum(both(x, y), 0).prod(0),
    "exp2": lambda x, y: torch.exp2(x) * y,
    "filled": filled,
    "in place": in_place,
    "lerp": lambda x, y: torch.lerp(x, y, 0.3) * torch.lerp(y, x, 0.8),
    "logical": lambda x, y: (
        x * torch.logical_xor(x > 0, y > 0) * ((x > 1) ^ (y > 1))
        + y * torch.logical_or(x > 1, torch.logical_not(y > 1))
    ),
    "dots": lambda x, y: torch.dot(torch.stack([x, y]), torch.stack([y + 1, x])) + MATRIX[0] @ torch.stack([x, y]),
    "linear": lambda x, y: torch.addmm(x, MATRIX, torch.stack([x, y]).reshape(2, 1), alpha=2).prod(),
    "batches": lambda x, y: (
        torch.baddbmm(torch.ones(2, 2, 1).double(), MATRIX.expand(2, 2, 2), torch.stack([x, y]).expand(2, 2)[..., None])
        @ torch.stack([x, y])[:, None, None]
    ).sum(),
    "matrices": lambda x, y: torch.stack([x, y]).square().T.unsqueeze(-2).matmul(MATRIX.T)[..., 0, :].prod(-1),
    "maxima": lambda x, y: torch.maximum(x, y * y) + torch.minimum(x, y) * x - (-x).sgn() + y.new_ones(y.shape) * x,
    "mean": lambda x, y: both(x, y).mean(0) * y + both(x, y).square().sum(0),
    "modules": lambda x, y: nn.softplus(y) + nn.silu(x * y) + nn.elu(x) + nn.mish(y) + nn.logsigmoid(x) + nn.relu(y),
    "moves": lambda x, y: (
        (both(x, y).flip(0) * both(x, y).roll(1, 0))[[0, 2]].sum(0)
        + torch.cat([x.unsqueeze(0), both(x, y)[::2]]).repeat(2, *[1] * x.ndim)[4]
    ),
    "norms": lambda x, y: torch.linalg.vector_norm(both(x, y), dim=0) + torch.logsumexp(both(x, y), 0),
    "powers": lambda x, y: x**2 + y**3 + (x + 3) ** -1 + (y + 3) ** -2 + (y + 3) ** 0.5 + (x + 4) ** -0.5 + x**1 + y**0,
    "real powers": lambda x, y: (x + 3) ** 1.7 + x**4 + 2.0**y + (x + 3) ** y,
    "remainder": lambda x, y: torch.remainder(x, 0.7) * y + torch.fmod(y, 0.6) * x + (x - 1.5).frac(),
    "error function": lambda x, y: torch.erf(x * 2) * torch.erf(y * 0.5) + torch.erf(6 * y) * x + nn.gelu(x),
    "variance": lambda x, y: both(x, y).var(0) * both(x, y).std(0, correction=0),
    "rounding": lambda x, y: (
        torch.round(2 * x) * y + torch.div(x, y + 3, rounding_mode="floor") * y + torch.div(y, x + 3) + x.sign() * y
    ),
    "sigmoid": lambda x, y: torch.sigmoid(x) * y.tanh() + torch.softmax(both(x, y), 0)[0] + y.rsqrt().nan_to_num(0.0),
    "vectors": lambda x, y: (torch.stack([x, y]) * (MATRIX @ torch.stack([x, y]))).sum(0),
    "truth": lambda x, y: (both(x, y) > -1).all(0) * x + (both(x, y) > 1).any(0) * y + x.isnan() + y.isinf(),
}


@pytest.fixture(scope="module")
def data_functions() -> dict[str, Function]:
    """Functions of data and of one's own, by kind."""
    times = torch.linspace(0, 2, 12, dtype=torch.float64)

    @least_squares((0, 3), (0, 3), start=(1, 1))
    def decay(height: Tensor, rate: Tensor) -> Tensor:
        t = times.reshape(-1, *[1] * height.ndim)
        return height * torch.exp(-rate * t) - 3 * torch.exp(-1.3 * t)

    rows = torch.linspace(-1, 1, 8)[:, None]
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
    return {
        "least squares": decay,
        "text": formula("sin(3*x)*cosh(y) + sqrt(x**2 + y**2 + 1)"),
        "network": from_module(network, torch.nn.MSELoss(), rows, 2 * rows + 0.3),
        "bbob": bbob(15, dim=3, instance=2),
        "rotated": get("booth").rotated(30),
        "five coordinates": get("rosenbrock", 5),
        "one coordinate": get("forrester"),
    }


def points(objective: Function, n: int, seed: int = 7) -> Tensor:
    low, high = torch.tensor(objective.view, dtype=torch.float64).unbind(1)
    share = torch.rand(objective.dim, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return low[:, None] + share * (high - low)[:, None]


Compared = dict[str, tuple[float, float, bool, bool]]
"""Differences of values and of gradients, whether all bits are equal, and whether they must be, by function."""


def compared(functions: dict[str, Function], n: int) -> Compared:
    """Compare each function with torch at n points."""
    scripts = {name: emit_function(one) for name, one in functions.items()}
    where = {name: points(one, n) for name, one in functions.items()}
    found = node.evaluated(scripts, {name: x.numpy() for name, x in where.items()})
    result = {}
    for name, one in functions.items():
        value, gradient = value_and_gradient(one, where[name])
        expected = torch.stack([value, *gradient]).numpy()
        same = node.same_bits(found[name], expected)
        result[name] = *node.difference(found[name], expected), same, node.rounds_only(scripts[name])
    return result


@pytest.fixture(scope="module")
def rules_used() -> Iterator[set[str]]:
    """The rules that this module has used so far."""
    used: set[str] = set()

    def noted(name: str, rule: rules.Rule) -> rules.Rule:
        @functools.wraps(rule)
        def apply(*args: Any, **kwargs: Any) -> Tensor | rules.Cells:
            used.add(name)
            return rule(*args, **kwargs)

        return apply

    with pytest.MonkeyPatch.context() as patch:
        for name, rule in rules.RULES.items():
            patch.setitem(rules.RULES, name, noted(name, rule))
        yield used


@pytest.fixture(scope="module")
def differences(data_functions: dict[str, Function], rules_used: set[str]) -> Compared:
    some = {name: get(name) for name in ("beale", "rosenbrock", "ackley", "needle_eye", "tripod", "bbob_f21")}
    return compared({name: made(name, one) for name, one in OPERATIONS.items()} | data_functions | some, 200)


ROUNDS = {
    "abs", "add", "addcmul", "amax", "ceil", "clamp", "comparisons", "filled", "floor", "in place", "lerp", "logical",
    "maxima", "mean", "moves", "remainder", "rounding", "trunc", "truth", "vectors",
}  # fmt: skip
"""Operations that have the bits of torch. Its roots are not rounded correctly, nor its matrix products one by one."""


@in_node
@merged("name", OPERATIONS)
def test_operations(name, differences):
    value, gradient, same, _ = differences[name]
    assert max(value, gradient) < 1e-13
    assert same or name not in ROUNDS


@in_node
def test_every_rule_is_tested(differences, rules_used):
    assert set(rules.RULES) - rules_used == set()


@in_node
@pytest.mark.parametrize(
    "name", ["least squares", "text", "network", "bbob", "rotated", "five coordinates", "one coordinate"]
)
def test_functions_of_data_and_of_ones_own(name, differences):
    value, gradient, same, exact = differences[name]
    assert max(value, gradient) < 1e-12
    assert same or not exact


@in_node
@pytest.mark.parametrize("name", ["beale", "rosenbrock", "ackley", "needle_eye", "tripod", "bbob_f21"])
def test_functions_of_the_catalogue(name, differences):
    value, gradient, same, exact = differences[name]
    assert max(value, gradient) < 1e-12
    assert same or not exact


@in_node
@pytest.mark.slow
def test_the_whole_catalogue():
    """bbob_f16 has waves 300,000 times shorter than the domain: the last bit of an exponential moves its gradient."""
    every = {name: get(name) for name in catalogue()}
    every = {name: one for name, one in every.items() if one.dim == 2 and one.sample is None}
    assert len(every) >= 229
    found = compared(every, 300)
    assert [name for name, (value, *_) in found.items() if value > 1e-12] == []
    assert [name for name, (_, gradient, *_) in found.items() if gradient > 1e-12] == ["bbob_f16"]
    elementary = [same for _, _, same, exact in found.values() if exact]
    assert len(elementary) > 90
    assert all(elementary)


def exact_weierstrass_gradient(point: list[float]) -> list[Any]:
    """The gradient of bbob_f16 with 40 digits, from the numbers of its instance."""
    mp = pytest.importorskip("mpmath").mp
    mp.dps = 40
    drawn, x = draw_instance(16, 2, 1), [mp.mpf(one) for one in point]
    first, second = drawn.r.tolist(), drawn.r_scale_q(0.1).tolist()
    turned = [mp.fdot(row, [at - best for at, best in zip(x, drawn.x_opt.tolist(), strict=True)]) for row in first]
    warped, slopes = [], []
    for one in turned:
        t, (c, d) = 10 * mp.log(abs(one)), (1, mp.mpf(0.79)) if one > 0 else (mp.mpf(0.55), mp.mpf(0.31))
        factor = mp.exp(mp.mpf(0.049) * (mp.sin(c * t) + mp.sin(d * t)))
        warped.append(one * factor)
        slopes.append(factor * (1 + mp.mpf(0.49) * (c * mp.cos(c * t) + d * mp.cos(d * t))))
    z, waves = [mp.fdot(row, warped) for row in second], [(mp.mpf(2) ** -k, 2 * mp.pi * 3**k) for k in range(12)]
    height = sum(size * (1 - mp.cos(turns * one)) for size, turns in waves for one in z) / 2
    rise = [sum(size * turns * mp.sin(turns * one) for size, turns in waves) / 2 for one in z]
    through = [mp.fdot([second[i][m] for i in range(2)], rise) * slopes[m] for m in range(2)]
    return [30 * height**2 * mp.fdot([first[m][j] for m in range(2)], through) for j in range(2)]


@in_node
def test_where_the_gradient_differs_most_torch_and_javascript_are_as_far_from_the_exact_one():
    """bbob_f16 is ill-conditioned: the last bit of a coordinate moves its gradient by up to 3e-9."""
    f = get("bbob_f16")
    x = 8 * torch.rand(2, 200, generator=torch.Generator().manual_seed(7), dtype=torch.float64) - 4
    given = node.evaluated({"f": emit_function(f)}, {"f": x.numpy()})["f"][1:]
    torchs = torch.stack(list(value_and_gradient(f, x)[1])).numpy()
    apart = np.linalg.norm(given - torchs, axis=0) / np.linalg.norm(torchs, axis=0)
    errors = []
    for i in np.argsort(apart)[-20:]:
        exact = exact_weierstrass_gradient(x[:, i].tolist())
        size = sum(one**2 for one in exact) ** 0.5
        errors.append(
            [
                float(sum((a - b) ** 2 for a, b in zip(g[:, i].tolist(), exact, strict=True)) ** 0.5 / size)
                for g in (given, torchs)
            ]
        )
    middle = np.median(errors, axis=0)
    assert apart.max() > 1e-12
    assert 1e-12 < middle[0] < 3 * middle[1] < 1e-7


calls = [0]


def counting(x: Tensor, y: Tensor) -> Tensor:
    calls[0] += 1
    return x * x + y * calls[0]


def long(x: Tensor, y: Tensor) -> Tensor:
    return (torch.arange(1, 4000, dtype=x.dtype).reshape(-1, *[1] * x.ndim) * x).sin().sum(0) + y


@pytest.mark.parametrize(
    ("evaluate", "reason"),
    [
        (lambda x, y: x * x + y if bool((x > 0).all()) else y, "it reads the point as a number"),
        (lambda x, y: x * torch.rand_like(x) + y, "it draws random numbers"),
        (lambda x, y: torch.round(x, decimals=1) + y, "torch's round has no counterpart with these arguments"),
        (lambda x, y: torch.lgamma(x + 5) + y, "torch's lgamma has no counterpart"),
        (lambda x, y: torch.stack([x, y]).sort(0).values[0], "torch's sort has no counterpart"),
        (lambda x, y: (x.float() ** 2 + y).double(), "it computes in float32"),
        (lambda x, y: torch.fft.fft(torch.stack([x, y]), dim=0).real[0], "no counterpart|complex numbers"),
        (counting, "the traced operations give another value at"),
        (long, "it takes more than 6000 operations"),
    ],
    ids=["if", "random", "decimals", "lgamma", "sort", "float32", "complex", "state", "long"],
)
def test_functions_without_javascript_say_why(evaluate, reason):
    with pytest.raises(InputError, match=rf"^odd cannot be written as JavaScript: .*({reason})"):
        emit_function(made("odd", evaluate))


def test_stochastic_functions_say_why():
    with pytest.raises(InputError, match="noisy_bowl cannot be written as JavaScript: it is stochastic"):
        emit_function(get("noisy_bowl"))


def test_the_value_alone_is_shorter():
    alone = emit_function(get("beale"), gradient=False).source
    assert len(alone) < 0.7 * len(emit_function(get("beale")).source)
    assert "[" not in alone


@in_node
def test_the_library_rounds_as_torch_and_python():
    """Products and sums that cancel, ties, huge and tiny numbers; powers of hyper-parameters; halves."""
    rng = random.Random(1)

    def number() -> float:
        return rng.choice((-1, 1)) * rng.random() * 2.0 ** rng.choice((0, 0, 1, -3, 30, -60, 200, -400))

    triples = [(number(), number(), number()) for _ in range(2000)]
    triples += [(a, b, -a * b * (1 + rng.choice((0, 2**-52, -(2**-51))))) for a, b, _ in triples]
    triples += [(1 + 2**-30, 1 + 2**-23, s * 2.0**e) for e in range(-120, 60) for s in (1, -1, 1.5)]
    triples += [(0.0, 5.0, -2.0), (1e-170, 1e-160, 1e-320), (1e200, 1e200, 1.0)]
    powers = [(b, t) for b in (0.9, 0.999, 0.99, 0.95, 1.0, 0.0) for t in range(1, 1001)]
    halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 0.49999999999999994, 4503599627370497.5]
    scripts = [emit_function(made("op", OPERATIONS[name])) for name in ("add", "rounding")]
    helpers = node.library([*scripts, node.Script("", frozenset({"power"}))])
    found = node.run(
        f"{helpers}\nresult=[data[0].map(a=>fma(...a)),data[1].map(a=>power(...a)),data[2].map(round)];",
        [triples, powers, halves],
    )
    a, b, c = torch.tensor(triples, dtype=torch.float64).unbind(1)
    assert np.array_equal(np.array(found[0], dtype=float), torch.addcmul(c, a, b).numpy(), equal_nan=True)
    wrong = [(b, t) for (b, t), given in zip(powers, found[1], strict=True) if given != b**t]
    assert len(wrong) <= 5  # Python's own powers are not always rounded correctly
    assert found[2] == torch.tensor(halves, dtype=torch.float64).round().tolist()
