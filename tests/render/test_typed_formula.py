"""Formulas that a reader types on a page: their numbers and errors in node, beside those of `landscapes.formula`."""

from __future__ import annotations

import re
from importlib.resources import files

import node
import numpy as np
import pytest
import torch

from landscapes import InputError, formula, render
from landscapes.builders.parser import FUNCTIONS, parse
from landscapes.javascript import Script, library
from landscapes.oracle import value_and_gradient
from landscapes.render.html.compact import compact_script

pytestmark = pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)


def scripts(*names: str) -> str:
    assets = files("landscapes.render.html").joinpath("assets")
    texts = [compact_script(assets.joinpath(f"{name}.js").read_text(encoding="utf-8")) for name in names]
    return "\n".join([library([Script("", frozenset({"erf"}))]), *texts])


ARGUMENTS = {
    "atan2": "y, x",
    "min": "x, y, x*y",
    "max": "x, y",
    "where": "x > y, x*y, y - x",
    "asin": "x/3",
    "acos": "y/3",
}

FORMULAS = (
    "x**2 + 3*sin(y)**2 + x*y/4",
    "-x**2 + y**-2",
    "2**-x + 2**(x*y) + y**2.5 + abs(x)**0.5",
    "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
    "where(0 < x <= 1 and y > 0 or x*y > 1, x**3, -2*y) + 1e-3*x",
    "where((x + y)*2 > 1, x, y)",
    "where((x > 0 or y > 0) and x < y, x*x, y)",
    "ln(abs(x) + 1) + arctan2(y, x) + maximum(x, 2*y, .5)",
    "x1**2 + 100*(x2 - x1**2)**2",
    "x[0]**2 + e**x[1] + π*x[0]",
    "sqrt(x*x + y*y) + 1_000*x - +y",
    "-exp(-x*x) / (1 + y*y) - 2*x - 3",
    "abs(x)**y + (x*x + 1)**(y/2)",
    "x + y*1.0000000001**3e9 + 0.5**1e300",
    "x + y + where(x > 5, y, (0*x + 1)**(1/floor((y - 1)**2 + 0.5)))",
    *(f"{name}({ARGUMENTS.get(name, 'abs(x) + y*y + 0.1')}) + 0*x*y" for name in FUNCTIONS),
)


@pytest.fixture(scope="module")
def numbers():
    return typed_numbers()


def typed_numbers():
    """Values and gradients of all formulas at 1,000 points, in the page's script."""
    low_high = 6 * torch.rand(2, 1000, generator=torch.Generator().manual_seed(3), dtype=torch.float64) - 3
    low_high[:, :3] = torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    source = (
        f"{scripts('formula')}\nresult=data[0].map(text=>"
        "{const f=compileFormula(parseFormula(text));return data[1].map(p=>f(...p))});"
    )
    return low_high, dict(zip(FORMULAS, node.run(source, [FORMULAS, low_high.T.tolist()]), strict=True))


@pytest.mark.parametrize("text", FORMULAS)
def test_values_and_gradients_are_those_of_formula(text, numbers):
    points, found = numbers
    value, gradient = value_and_gradient(formula(text), points)
    given = np.array(found[text], dtype=float).T
    assert np.array_equal(np.isnan(given[0]), np.isnan(value.numpy()))
    worst = node.difference(given, torch.stack([value, *gradient]).numpy())
    assert max(worst) <= 1e-12


WRONG = (
    "x**2 + flor(y)", "x + yy", "1e400*x + y", "x + 2y", "x +", "x^2 + y", "sin", "sin + y", "sin(x, y)", "atan2(x)",
    "x > 0", "where(x, y, 1)", "x + 1/0", "x**200 + y", "np.sin(x) + y", "(x + y", "x ² + y", "3 + 4", "x // y", "x, y",
    "e(x) + y", "x1 + y",
)  # fmt: skip


ELSEWHERE = {"x > 0", "(x + y", "x, y", "x1 + y"}
"""Formulas whose errors the page marks where they are, and Python's parser at the beginning."""


def test_errors_name_the_place_and_the_reason_that_formula_names():
    source = (
        f"{scripts('formula')}\nresult=data.map(text=>{{try{{parseFormula(text);return null}}"
        "catch(error){if(!(error instanceof FormulaError))throw error;return [error.message,error.place]}});"
    )
    found = dict(zip(WRONG, node.run(source, WRONG), strict=True))
    for text in WRONG:
        with pytest.raises(InputError) as raised:
            parse(text)
        assert found[text] is not None, text
        message, place = found[text]
        here = int(re.match(r"character (\d+): ", message)[1])
        there = int(re.search(r"at character (\d+): ", str(raised.value))[1])
        assert here == there or text in ELSEWHERE, (text, message, str(raised.value))
        assert place.splitlines()[1] == f"  {text}"
    assert "unknown function 'flor'. Did you mean floor?" in found["x**2 + flor(y)"][0]
    assert "exceeds the largest floating-point number" in found["1e400*x + y"][0]


def test_what_only_the_page_refuses():
    source = (
        f"{scripts('formula')}\nresult=data.map(text=>{{try{{parseFormula(text);return ''}}"
        "catch(error){return error.message}});"
    )
    deep = "(" * 300 + "x" + ")" * 300 + "+y"
    texts = ["", "x**2", "x + z", "constructor(x) + y", "__proto__ + x", "toString + y", deep, "x + y + alert(1)"]
    found = node.run(source, texts)
    reasons = (
        "empty",
        "both coordinates",
        "two coordinates",
        "unknown function",
        "unknown name",
        "unknown name",
        "nested",
        "unknown",
    )
    for message, reason in zip(found, reasons, strict=True):
        assert reason in message


def test_the_surface_of_a_formula_is_coloured_as_in_pictures():
    from landscapes.render.plots.color_levels import color_levels

    text = "(x*x + y - 11)**2 + (x + y*y - 7)**2"
    source = (
        f"{scripts('surface_values', 'formula', 'formula_surface')}\n"
        "const made=finished(formulaSurface({text:data,box:[-5,5,-5,5]}));result=[made.levels,made.height.length];"
    )
    levels, count = node.run(source, text)
    expected = color_levels(formula(text).surface(193))
    assert count == 193**2
    assert levels["borders"] == pytest.approx(expected.levels.tolist(), rel=1e-9, abs=1e-9)


LOWEST = (
    ("(1 - x)**2 + 100*(y - x**2)**2", (-2, 2, -1, 3), (1, 1), 0.0, False),
    ("abs(x - 1/3) + abs(y + 1/7)", (-1, 1, -1, 1), (1 / 3, -1 / 7), 0.0, False),
    ("x**4 - x**2 + y**2 + 0.3*x", (-2, 2, -2, 2), (-0.772698, 0), -0.472388329485767, False),
    ("x**2 - y", (-1, 1, -1, 2), (0, 2), -2.0, True),
    ("log(x) + 0*y", (-2, 4, -2, 2), None, None, False),
)  # fmt: skip


def test_the_lowest_value_in_a_box_is_found_or_said_to_be_at_the_border():
    source = (
        f"{scripts('surface_values', 'formula', 'formula_surface')}\n"
        "result=data.map(([text,box])=>finished(formulaSurface({text,box})).lowest);"
    )
    found = node.run(source, [[text, box] for text, box, *_ in LOWEST])
    for (text, _, point, value, border), given in zip(LOWEST, found, strict=True):
        if point is None:
            assert given is None, text  # it falls without bound within the box
            continue
        assert given["point"] == pytest.approx(point, abs=1e-4), text
        assert given["value"] == pytest.approx(value, abs=1e-12), text
        assert given["border"] == border, text


def test_all_texts_of_errors_are_words():
    source = files("landscapes.render.html").joinpath("assets", "formula.js").read_text(encoding="utf-8")
    hints = re.findall(r'\["([^"]+)"', re.search(r"HINTS = {.*", source)[0])
    texts = {*hints, *re.findall(r'(?:fail\(|[?:] )"([^"]{12,})"', source)}
    assert len(texts) > 25
    assert texts <= set(render.words())
