"""`landscapes list` and `landscapes show`."""

from __future__ import annotations

import re

import pytest
from merged import merged

from landscapes import functions, optimizers, render

FIRST_NAMES = {(cls, *preset.items()): name for name, (cls, preset) in reversed(optimizers.names().items())}.values()
"""The first of the names of each optimizer and wrapper."""


@pytest.mark.parametrize("name", ["beale", "rosenbrock", "saddle", "ackley", "long_valley", "Three-Hump Camel"])
def test_show_prints_all_facts(cli, name):
    code, out, err = cli("show", name)
    function = functions.get(name)
    assert (code, err) == (0, "")
    for fact in (
        function.title,
        function.description,
        function.latex,
        function.reference,
        function.scale,
        *function.tags,
    ):
        assert fact in out
    for point in (*function.minima, *(place.point for place in function.stationary)):
        assert f"({', '.join(f'{c:.10g}' for c in point)})" in out
    for fact in (function.nonsmooth_where, *function.variants, *(place.kind for place in function.stationary)):
        assert fact in out
    assert ("none: unbounded below" in out) == (function.minimum == -float("inf"))
    assert ("values unbounded below" in out) == (function.outside == "unbounded")
    assert re.search(rf"^coordinates  {'any' if function.family else function.dim}", out, re.M)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_list_names_everything_and_fits_the_terminal(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = cli("list")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= width
    names = {line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")}
    assert names >= {*functions.catalogue(), *FIRST_NAMES, *render.THEMES}


def test_list_of_functions_is_complete(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = " ".join(cli("list", "functions")[1].split())
    for function in functions.catalogue().values():
        first, *_ = function.description.split()
        assert re.search(rf"\b{function.name} (\d+|any|≥\d+|\d+–\d+|\d+,\d+,…) .*?{re.escape(first)}", out)


def test_descriptions_wrap_within_their_column(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    header, *lines = cli("list", "functions", "--tag", "spiral")[1].splitlines()[:-2]
    column = header.index("DESCRIPTION")
    found = functions.search("spiral")
    assert " ".join(line[column:] for line in lines).split() == " ".join(f.description for f in found).split()


@pytest.mark.parametrize("section", ["functions", "optimizers", "themes"])
def test_list_of_one_section(cli, section):
    code, out, err = cli("list", section)
    assert (code, err) == (0, "")
    assert out.startswith(section)
    known = {"functions": functions.catalogue(), "optimizers": FIRST_NAMES, "themes": render.THEMES}
    names = {line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")}
    for name, members in known.items():
        assert (names >= set(members)) == (name == section)


def test_list_of_optimizers_names_each_once(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = cli("list", "optimizers")[1]
    rows = [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")]
    kinds = [(cls, *preset.items()) for cls, preset in (optimizers.names()[n] for n in rows if n in optimizers.names())]
    assert len(set(kinds)) == len(kinds)
    for name in optimizers.names():
        assert re.search(rf"\b{name}\b", out)
    assert "()" not in out


def test_list_of_optimizers_has_defaults(cli):
    assert re.search(r"^momentum .*momentum=0\.9,", cli("list", "optimizers")[1], re.M)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "function"], "unknown section 'function'. Did you mean functions?"),
        (["list", "themes", "--tag", "valley"], "--tag, --dim and --any-dim select functions, not themes"),
        (["list", "--tag", "valey"], "unknown tag 'valey'. Did you mean valley?"),
        (["show", "adm"], "unknown function or optimizer 'adm'. Did you mean"),
        (["show", "adam", "-o", "adam.pdf"], "'adam' is an optimizer: --output and --dim apply to functions only"),
    ],
)
def test_invalid_input_prints_one_line(cli, arguments, message):
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@merged("name", sorted(optimizers.names()))
def test_show_prints_every_hyper_parameter_of_an_optimizer(cli, name):
    code, out, err = cli("show", name)
    assert (code, err) == (0, "")
    cls, preset = optimizers.names()[name]
    assert re.search(rf"^{name} \((optimizer|wrapper), optimizers\.{cls.__name__}\)$", out, re.M)
    assert (cls.__doc__ or "").strip().partition("\n")[0] in out
    assert re.search(r"^reference: ", out, re.M)
    for key, value in preset.items():
        assert re.search(rf"^  {key} +{value:g}|^  {key} +{value}", out, re.M)


def test_show_adam(cli):
    out = cli("show", "adam")[1]
    assert re.search(r"^  lr +0\.001 \(tuned if omitted\) +learning rate", out, re.M)
    assert re.search(r"^  beta2 +0\.999 ", out, re.M)
    assert "Kingma & Ba, 2015" in re.search(r"^reference: (.*)", out, re.M)[1]
