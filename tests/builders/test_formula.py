"""Functions from text and from sympy: values, TeX and errors."""

from __future__ import annotations

import math
import pickle
import re

import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from merged import merged

from landscapes import race
from landscapes.builders._formula import formula
from landscapes.builders.expressions import OPERATIONS, power
from landscapes.builders.parser import FUNCTIONS, MAX_LENGTH, parse
from landscapes.errors import InputError

POINT = (0.3, 0.7, 1.3)

PYTHON = {
    **{name: getattr(math, name) for name in FUNCTIONS if hasattr(math, name)},
    "abs": abs,
    "min": min,
    "max": max,
    "round": round,
    "sign": lambda a: math.copysign(1, a) if a else 0.0,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "where": lambda condition, a, b: a if condition else b,
    "pi": math.pi,
    "e": math.e,
}
"""The names of a formula in Python's arithmetic."""


def python(text: str, point: tuple[float, ...] = POINT) -> float:
    return float(eval(text, {"__builtins__": {}}, {**PYTHON, **dict(zip("xyz", point, strict=False))}))


def refused(text: str, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        formula(text, **options)
    return caught.value


def marked_text(error: InputError) -> str:
    """Return the text that the carets of an error mark."""
    excerpt, carets = error.place.splitlines()
    return excerpt[carets.index("^") : len(carets)]


# Values and TeX


@merged(
    "text",
    [
        "x**2 + 3*sin(y)",
        "-x**2",
        "(-x)**2",
        "2**-x",
        "2**3**x",
        "x - y - z",
        "x - (y - z)",
        "x / y / z",
        "x / (y * z)",
        "x / y * z",
        "-x * -y",
        "+x - -y",
        "x**0.5 + y**1.5 + z**-2.5 + x**-3",
        "x**1.7 + x**y",
        "x**0 + y",
        "1e-3*x + 1.5e7 * y + .5",
        "pi*x/2 + e**y",
        "min(x, y, 0.5) + max(2, x, y)",
        "where(x > 0.5, x, -x)",
        "where(0 < x < 1 and y >= 2 or z <= 1.3, x, -x)",
        "where(x > 0, 1, 2) * y",
        "atan2(y, x - 1)",
        "floor(3*y) + ceil(x) + round(z) + sign(-x) + abs(-y)",
        "sigmoid(x) + erf(y)",
        "log(x) + log2(y) + log10(z)",
        "sqrt(2)*x + sin(pi/4)",
        " x\n + y\t",
        "((((x))))",
        "exp(-(x**2 + y**2)/2) * cosh(x) - tanh(y) + sinh(z) + tan(x) + asin(x) + acos(x) + atan(x) + cos(x)",
    ],
)
def test_values_equal_those_of_python(text):
    made = formula(text)
    assert float(made(POINT[: made.dim])) == pytest.approx(python(text.strip().replace("\n", " ")), rel=1e-14)


leaves = st.sampled_from(["x", "y", "z", "0.5", "2", "3", "1.25", "pi"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from([" + ", " - ", "*", "/", " * ", "**"])
    return st.one_of(
        st.tuples(inner, signs, inner).map("".join),
        st.tuples(inner, signs, inner).map(lambda parts: f"({''.join(parts)})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(st.sampled_from(["sin", "cos", "tanh", "exp", "abs", "atan"]), inner).map("{0[0]}({0[1]})".format),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map("{0[0]}({0[1]}, {0[2]})".format),
    )


@given(st.recursive(leaves, grown, max_leaves=12))
def test_values_of_random_formulas_equal_those_of_python(text):
    try:
        expected = python(text)
    except (ArithmeticError, TypeError):  # Python's powers overflow or become complex
        return
    try:
        made = formula(text + " + 0*x")
    except InputError as error:
        known = "exponents must be at most 100" in str(error) or "not a finite number" in str(error)
        if known:
            return
        raise
    if abs(expected) < 1e100:
        assert float(made((*POINT,)[: made.dim])) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@merged("name", FUNCTIONS)
def test_every_function_has_values_gradients_and_tex(name):
    count = OPERATIONS[name].min_args
    arguments = {"where": "x > 0, x*y, y"}.get(name, ", ".join(["x", "y/2", "z"][:count]))
    made = formula(f"{name}({arguments}) + 0*y")
    points = torch.tensor([[0.4, 0.6], [0.2, 0.9]], dtype=torch.float64, requires_grad=True)
    values = made(points)
    (slope,) = torch.autograd.grad(values.sum(), points)
    assert slope.isfinite().all()
    assert torch.equal(values, torch.stack([made(point) for point in points]))
    MathTextParser("path").parse(f"${made.latex}$")


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("x**2 + 3*sin(y)", r"x^{2} + 3 \, \sin\left(y\right)"),
        ("x - (y - z)", r"x - \left(y - z\right)"),
        ("(x + y)*z", r"\left(x + y\right) \, z"),
        ("(x*y)**2", r"\left(x \, y\right)^{2}"),
        ("(x**2)**3", r"\left(x^{2}\right)^{3}"),
        ("-(x + y)", r"-\left(x + y\right)"),
        ("(-x)**2 - x**-2", r"\left(-x\right)^{2} - x^{-2}"),
        ("x*(-y)", r"x \, \left(-y\right)"),
        ("2*3*x*0.5", r"2 \cdot 3 \, x \cdot 0.5"),
        ("(x + 1)/(2*y)", r"\frac{x + 1}{2 \, y}"),
        ("sqrt(x)*abs(y)/pi", r"\frac{\sqrt{x} \, \left|y\right|}{\pi}"),
        ("1e-5*x + 2.5e20*y", r"10^{-5} \, x + 2.5 \cdot 10^{20} \, y"),
        ("x1 + x12", r"x_{1} + x_{12}"),
        ("x[0]*x[1]", r"x_{0} \, x_{1}"),
        ("where(0 < x <= 1, x, y)", r"\mathrm{where}\left(0 < x \wedge x \leq 1, x, y\right)"),
        ("max(x, y, 3) + log10(x)", r"\max\left(x, y, 3\right) + \log_{10}\left(x\right)"),
    ],
)
def test_tex_is_derived(text, tex):
    made = formula(text)
    assert made.latex == tex
    MathTextParser("path").parse(f"${tex}$")


@pytest.mark.parametrize("exponent", [-3, -2, -1, 0, 1, 2, 3, 4, 7, 16, 31, 100, 0.5, 1.5, -0.5, -2.5])
def test_integer_and_half_integer_powers_are_products(exponent):
    """A point has the same bits alone and in a batch, and a small relative error."""
    x = torch.linspace(0.5, 2, 101, dtype=torch.float64)
    values = power(x, float(exponent))
    assert torch.equal(values, torch.stack([power(c, float(exponent)) for c in x]))
    torch.testing.assert_close(values, x**exponent, rtol=1e-13, atol=0)


def test_gradients_at_zero_are_finite():
    made = formula("sqrt(x**2 + y**2) + abs(x) + x**1.5 + y**0.5")
    x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(made(x), x)
    assert slope.tolist() == [0.0, 0.0]
    assert made([-1.0, 0.0]).isnan()


def test_names_of_coordinates():
    assert formula("x").dim == 1
    assert formula("z").dim == 3
    assert formula("x10").dim == 10
    assert formula("x[4]").dim == 5
    assert formula("b - 2*a", variables=["a", "b"])([1.0, 5.0]) == 3
    assert formula("x", [(-1, 1), (-2, 2)]).domain == ((-1, 1), (-2, 2))
    assert formula("x + y", (-1, 1)).domain == ((-1, 1), (-1, 1))


def test_a_formula_can_be_raced_and_pickled():
    made = formula("x**2 + 3*y**2", (-4, 4), start=(3, 1), minima=[(0, 0)], title="Bowl", tags=["bowl"])
    assert (made.name, made.title, made.minimum) == ("x**2 + 3*y**2", "Bowl", 0.0)
    record = race(made, ["adam(lr=0.3)"], steps=100)
    assert record.trajectories.runs["status"].tolist() == ["converged"]
    assert pickle.loads(pickle.dumps(made))([1.0, 1.0]) == 4
    for text in ("where(x > 0, 1, 2)", "floor(x)"):
        assert race(formula(text), ["sgd(lr=0.1)"], steps=3).trajectories.x.std() == 0


def test_single_precision():
    made = formula("where(x > 0, 1.5, y) + min(x, 0.3)**2 + 2**y + atan2(x, 2)")
    assert made(torch.ones(3, 2)).dtype == torch.float32


def test_all_tensors_are_on_the_device_of_the_points():
    made = formula("where(x > 0, 1.5, y) + min(x, 0.3)**2.5 + 2**y + atan2(x, 2) + x**3 + sqrt(y) + max(x, y, 1)")
    x = torch.empty((6, 2), device="meta", requires_grad=True)
    assert torch.autograd.grad(made(x).sum(), x)[0].shape == (6, 2)


# Errors


@merged(
    ("text", "message", "place"),
    [
        ("x + sn(y)", "unknown function 'sn'. Did you mean sin", "sn"),
        ("x*alpha", "unknown name 'alpha'. Known: abs", "alpha"),
        ("cos*x", r"cos is a function and needs an argument: cos\(x\)", "cos"),
        ("x +", "the formula is incomplete", ""),
        ("x ^ 2", "\\^ is not a power here; write x\\*\\*2", "^"),
        ("x // 2", r"write floor\(x / y\)", "//"),
        ("(x) % (2)", "% is not supported", "%"),
        ("x @ y", "this operation is not supported", "@"),
        ("2x", "write \\* for a product", "2"),
        ("3 sin(x)", "write \\* for a product", "sin"),
        ("2(x+1)", "write \\* for a product", "2"),
        ("x(y+1)", "x is not a function; write \\* for a product", "x"),
        ("x.real", "attributes are not supported", "x.real"),
        ("np.sin(x)", r"write sin\(x\) for np.sin\(x\)", "np.sin"),
        ("x.__class__", "attributes are not supported", "x.__class__"),
        ("__import__('os')", "unknown function '__import__'", "__import__"),
        ("eval('x')", "unknown function 'eval'", "eval"),
        ("x > 0", "a comparison is allowed only as the condition of where", "x > 0"),
        ("where(x, y, z)", "the first argument of where must be a comparison", "x"),
        ("where(x == 0, y, z)", "the first argument of where must be a comparison", "x == 0"),
        ("x and y", "are allowed only in the condition of where", "x and y"),
        ("x if y else z", r"write where\(x > 0, a, b\)", "x if y else z"),
        ("x**1000", "exponents must be at most 100 in absolute value", "1000"),
        ("x**-101", "exponents must be at most 100 in absolute value", "-101"),
        ("9**9**9 * x", "this is inf", "9**9**9"),
        ("1/0 + x", "this is inf", "1/0"),
        ("x + sqrt(-1)", "this is nan", "sqrt(-1)"),
        ("1e999*x", "exceeds the largest floating-point number", "1e999"),
        ("1" + "0" * 400 + "+x", "exceeds the largest floating-point number", "1" + "0" * 71),
        ("[x]", "not supported in a formula", "[x]"),
        ("x, y", "a comma may only separate", "x, y"),
        ("lambda: x", "not supported in a formula", "lambda: x"),
        ("True*x", "not supported in a formula", "True"),
        ("1j*x", "not supported in a formula", "1j"),
        ("x[-1]", "not supported in a formula", "x[-1]"),
        ("sin(x, y)", "sin takes one argument, got 2", "sin(x, y)"),
        ("min(x)", "min takes 2 arguments or more, got 1", "min(x)"),
        ("where(x > 0, y)", "where takes 3 arguments, got 2", "where(x > 0, y)"),
        ("sin(x=y)", "sin takes positional arguments only", "y"),
        ("sin(*x)", "not supported in a formula", "*x"),
        ("sin(x", "was never closed", "("),
        ("x)", r"unmatched '\)'", ")"),
        (r"\frac{x}{2}", r"LaTeX is not read; write sqrt\(x\), x/y", "f"),
        ("x²", r"'²' is not supported; write x\*\*2", "²"),
        ("π*é", "unknown name 'é'", "é"),
        ("x = 3", "'=' is not expected here", "="),
        ("x + x1", "x, y, z or x1, x2, …, not both", "x"),
        ("3 + pi", "a formula needs a coordinate", "3 + pi"),
    ],
)
def test_errors_mark_their_place(text, message, place):
    error = refused(text)
    assert re.match(rf"cannot read the formula at character \d+: [^\n]*{message}[^\n]*\n", str(error)), error
    assert marked_text(error) == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the formula is empty"),
        (" \n ", "the formula is empty"),
        (None, "a formula must be text, .* got NoneType"),
        (3, "got int"),
        ("(" * 300 + "x" + ")" * 300, "nest"),
        ("-" * 5000 + "x", "nested"),  # Python's parser may refuse it first
        ("x" + "+x" * 300, "more than 200 operations are nested"),
        ("x" + "+x" * MAX_LENGTH, f"more than {MAX_LENGTH}"),
        ("x\0", "null bytes|unsupported characters"),
    ],
)
def test_unreadable_text_is_refused(text, message):
    error = refused(text)
    assert re.search(message, str(error))
    assert len(str(error)) < 400


def test_a_long_formula_is_cut_around_the_error():
    error = refused("x + " * 40 + "sn(y)" + " + x" * 40)
    assert marked_text(error) == "sn"
    assert max(map(len, error.place.splitlines())) < 80


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": (3, -3)}, "low < high"),
        ({"domain": (math.nan, 3)}, "finite"),
        ({"domain": [(-1, 1)]}, "has 2 coordinates, up to y, but the domain has 1 interval;"),
        ({"domain": 3}, "domain must be"),
        ({"domain": [(-1, 1), (3,)]}, "bounds and view"),
        ({"start": (1, 2, 3)}, "3"),
        ({"variables": ["x", "x"]}, "different names"),
        ({"variables": "x y"}, "different names"),
        ({"variables": ["x"]}, "unknown name 'y'"),
    ],
)
def test_invalid_facts_are_refused(options, message):
    assert re.search(message, str(refused("x + y", **options)))


@given(st.text(alphabet="xyz0123456789.+-*/()[]^%,<>= sincoexpwhrabgl_'\"#@{}:!\\é²\n", max_size=25))
def test_random_text_is_parsed_or_refused(text):
    try:
        node, names = parse(text)
    except InputError:
        return
    assert names
    assert node


# From sympy

a, b, x1, x2, x10 = sympy.symbols("a b x1 x2 x10")


@pytest.mark.parametrize(
    "expression",
    [
        a**2 - 3 * sympy.sin(b) / a,
        sympy.sqrt(a) + sympy.Rational(1, 3) * b**-2,
        -a - b / 2,
        sympy.Piecewise((a, a > 2), (-b, sympy.And(a <= 2, b < 1)), (a * b, True)),
        sympy.Max(a, b, 3) + sympy.Abs(a - 3) + sympy.ceiling(a / 3) + sympy.sign(b),
        sympy.exp(-a) + sympy.pi * sympy.E + sympy.log(b) + 2 ** sympy.Rational(1, 2) * b,
        sympy.Float(1) / 3 * a + b,
        a * b / (1 + a) ** 2,
        sympy.atan2(a, b) ** sympy.Rational(3, 2),
        sympy.diff(sympy.sin(a * b) * sympy.exp(a), a),
    ],
)
def test_values_equal_those_of_sympy(expression):
    point = {a: 1.75, b: 0.625}
    made = formula(expression, (0, 3))
    assert float(made([1.75, 0.625])) == pytest.approx(float(expression.subs(point).evalf()), rel=1e-14)
    MathTextParser("path").parse(f"${made.latex}$")


def test_symbols_are_sorted_by_number():
    assert formula(x1 + 10 * x2 + 100 * x10)([1.0, 2.0, 3.0]) == 321
    assert formula(b - 2 * a, variables=["b", "a"])([1.0, 2.0]) == -3
    assert formula(a**2 - 3 * b / a).latex == r"a^{2} - \frac{3 \, b}{a}"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sympy.gamma(a), "unknown sympy function 'gamma'"),
        (a + sympy.oo * b, "finite"),
        (a + sympy.I, "contains I, which is not a finite number"),
        (sympy.Integer(3), "has no symbol"),
        (sympy.Piecewise((a, a > 0)), "is undefined at some points"),
    ],
)
def test_unsupported_sympy_expressions_are_refused(expression, message):
    assert re.search(message, str(refused(expression)))
    assert "\n" not in str(refused(expression))


def test_unknown_sympy_symbols_are_refused():
    assert "has the symbol 'b', which is not a coordinate; the coordinates are a" in str(
        refused(a + b, variables=["a"])
    )
