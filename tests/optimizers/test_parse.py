"""Optimizers from text: every spec parses back, and everything else gives a one-line error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from merged import merged
from reference import SPACES, draw, variants

from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.optimizers import named, names, parse

READABLE = r"cannot parse the optimizer .*; write a name with its settings, as in adam or adam\(lr=0\.05, beta1=0\.9\)"


def test_all_optimizers_and_presets_have_names():
    presets = {"momentum", "nesterov", "amsgrad", "rmsprop_centered", "rmsprop_momentum"}
    assert set(names()) >= presets
    assert {cls for cls, _ in names().values()} >= set(SPACES)
    assert parse("nesterov(lr=0.1)")[0] == optimizers.SGD(lr=0.1, momentum=0.9, nesterov=True)
    assert parse("momentum(momentum=0.5)")[0] == optimizers.SGD(momentum=0.5)


def test_one_name_is_found_without_the_others():
    every = names()
    assert {name: named(name.upper()) for name in every} == every
    assert named("gradient") is None


@given(st.sampled_from(variants()), st.integers(0, 2**32 - 1))
def test_spec_gives_the_optimizer_back(variant, seed):
    optimizer = draw(*variant, np.random.default_rng(seed))
    assert parse(optimizer.spec) == (optimizer, False)


@given(st.floats(0, allow_infinity=False), st.floats(0, 1, exclude_max=True))
@example(lr=5e-324, beta=1 - 2**-53)
@example(lr=-0.0, beta=0.0)
def test_spec_keeps_every_bit(lr, beta):
    optimizer = optimizers.Adam(lr=lr, beta1=beta)
    assert parse(optimizer.spec)[0] == optimizer


def test_spec_omits_defaults_but_not_lr():
    assert optimizers.Adam().spec == "adam(lr=0.001)"
    assert optimizers.SGD(lr=1, momentum=0.9).spec == "sgd(lr=1.0, momentum=0.9)"
    assert optimizers.AdamW(weight_decay=0.01).spec == "adamw(lr=0.001)"


@pytest.mark.parametrize(
    ("text", "optimizer"),
    [
        ("adam", optimizers.Adam()),
        ("  Adam ( lr = 1e-2 , beta1=.8 ) ", optimizers.Adam(lr=0.01, beta1=0.8)),
        ("adam(\n  lr=0.1,\n)", optimizers.Adam(lr=0.1)),
        ("adam(lr=1)", optimizers.Adam(lr=1.0)),
        ("adam()", optimizers.Adam()),
        ("adam(amsgrad=True)", optimizers.Adam(amsgrad=True)),
        ("adam(amsgrad=true)", optimizers.Adam(amsgrad=True)),
        ("sgd(dampening=-0.5)", optimizers.SGD(dampening=-0.5)),
        ("adam(betas=(0.8, 0.99))", optimizers.Adam(beta1=0.8, beta2=0.99)),
        ("adamw(betas=[0.8, 0.99])", optimizers.AdamW(beta1=0.8, beta2=0.99)),
        (
            "rprop(etas=(0.4, 1.3), step_sizes=(1e-5, 2))",
            optimizers.Rprop(etaminus=0.4, etaplus=1.3, step_min=1e-5, step_max=2),
        ),
    ],
)
def test_accepted_spellings(text, optimizer):
    assert parse(text)[0] == optimizer


@pytest.mark.parametrize(("text", "is_open"), [("adam(beta1=0.8)", True), ("adam(lr=1e-3)", False), ("amsgrad", True)])
def test_learning_rate_is_open_unless_given(text, is_open):
    assert parse(text)[1] is is_open


@merged(
    "text",
    [
        "",
        " ",
        "\n",
        "()",
        "adam(",
        "adam)",
        "adam()()",
        "adam(lr=0.1) # a\nsgd",
        "adam; sgd",
        "adam, sgd",
        "adam sgd",
        "adam(lr=0.1) or else",
        "lr=0.1",
        "adam(0.1)",
        "adam(*[0.1])",
        "adam(**{})",
        "adam(**{'lr': 1})",
        "adam[0]",
        "optimizers.Adam(lr=0.1)",
        "torch.optim.Adam",
        "(lambda: adam)()",
        "adam(lr=sgd)",
        "adam(lr=1+1)",
        "adam(lr=f())",
        "adam(lr=__import__('os'))",
        "adam(lr=x.y)",
        "adam(lr=[].append)",
        "adam(lr=f'{1}')",
        "adam(lr=(i for i in ''))",
        "adam(lr=-inf)",
        "'adam'",
        "1",
        "None",
        "adam if 1 else sgd",
        "adam(lr=0_)",
        "\0",
        "adam\0",
        "adam(lr=" + "(" * 500 + ")" * 500 + ")",
        "adam(lr=" + "-" * 100_000 + "1)",
        "(" * 100_000,
        "a" + ".a" * 5000,
        "adam(lr=" + "9" * 5000 + ")",
        "adam(lr={[]: 1})",
    ],
)
def test_unparsable_text_raises_one_line(text):
    with pytest.raises(InputError, match=rf"^{READABLE}$") as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@merged(
    ("text", "message"),
    [
        ("adom", r"unknown optimizer 'adom'\. Did you mean adam"),
        ("zzzzzz", r"unknown optimizer 'zzzzzz'\. Known: adabelief, adadelta, "),
        ("adam(bta1=0.9)", r"unknown setting of adam 'bta1'\. Did you mean beta1"),
        ("adam(weight_decoy=0.9)", r"unknown setting of adam 'weight_decoy'\. Did you mean weight_decay"),
        ("sgd(betas=(0.9, 0.99))", r"unknown setting of sgd 'betas'\. Known: dampening, groups, lr"),
        ("adam(betas=0.9)", r"Adam: betas must be a pair of numbers, as in betas=\(…, …\), got 0\.9"),
        ("adam(betas=(0.9,))", r"Adam: betas must be a pair of numbers, as in betas=\(…, …\), got \(0\.9,\)"),
        ("adam(betas=(0.9, 1.0))", r"Adam: beta2 must be >= 0 and < 1, got 1\.0"),
        ("adam(beta1=0.8, betas=(0.9, 0.99))", r"Adam got beta1 twice, once as betas; give it once"),
        ("adam(lr=0.1, lr=0.2)", r"'adam\(lr=0\.1, lr=0\.2\)' gives lr twice"),
        ("adam(lr='0.1')", r"Adam: lr must be one number, got '0\.1'"),
        ("adam(lr=None)", r"Adam: lr must be one number, got None"),
        ("adam(lr=True)", r"Adam: lr must be one number, got True"),
        ("adam(lr=1j)", r"Adam: lr must be one number, got 1j"),
        (
            "adam(lr=(0.1, 0.2))",
            r"Adam: lr must be one number, got \(0\.1, 0\.2\); to compare several values, pass one optimizer each",
        ),
        ("adam(lr=nan)", r"Adam: lr must be finite and >= 0, got nan"),
        ("adam(lr=Inf)", r"Adam: lr must be finite and >= 0, got inf"),
        ("adam(lr=1e999)", r"Adam: lr must be finite and >= 0, got inf"),
        ("adam(lr=" + "9" * 400 + ")", r"Adam: lr must be finite and >= 0, got 9{77}\.\.\."),
        ("adam(lr=-1)", r"Adam: lr must be >= 0, got -1"),
        ("sgd(dampening=nan)", r"SGD: dampening must be finite, got nan"),
        ("adam(amsgrad=1)", r"Adam: amsgrad must be True or False, got 1"),
        ("sgd(nesterov=True)", r"SGD: nesterov requires momentum > 0 and dampening 0"),
    ],
)
def test_invalid_settings_raise_a_message(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [None, 3, b"adam", ["adam"], optimizers.Adam])
def test_only_text_is_parsed(given):
    with pytest.raises(InputError, match=r"an optimizer must be text such as 'adam\(lr=0\.05\)', got "):
        parse(given)


PIECES = st.sampled_from(
    [
        "adam",
        "sgd",
        "(",
        ")",
        "lr",
        "=",
        "0.1",
        ",",
        " ",
        "[",
        "]",
        "**",
        "{}",
        ".",
        "lambda",
        ":",
        "'",
        "\\d",
        "#",
        "\n",
        "nan",
        "betas",
        "1if 0",
        "0x",
        "-",
        "~",
        "\t",
        "é",
        "True",
    ]
)


def complaint(text: str) -> str:
    """Return the error message for a text; "" if it is an optimizer."""
    try:
        optimizer, is_open = parse(text)
    except InputError as error:
        return str(error)
    assert isinstance(optimizer, optimizers.Optimizer)
    assert isinstance(is_open, bool)
    return ""


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
@example("adam(lr='\\d')")
@example("1if 1else 2")
def test_any_text_gives_an_optimizer_or_an_input_error(text):
    assert "\n" not in complaint(text)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1), st.from_type(int | float | bool | str | None))
def test_any_setting_is_accepted_or_rejected_in_one_line(setting, value):
    assert "\n" not in complaint(f"adam({setting}={value!r})")


def test_parsing_executes_nothing(tmp_path):
    trap = tmp_path / "trap"
    for text in (
        f"adam(lr=open({str(trap)!r}, 'w'))",
        f"open({str(trap)!r}, 'w')",
        f"adam(**open({str(trap)!r}, 'w'))",
    ):
        with pytest.raises(InputError):
            parse(text)
    assert not trap.exists()
