"""Texts in .pgf files: what comes from outside is shown, and never run by TeX."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.backends import backend_pgf
from render_records import converging

from landscapes import render
from landscapes.errors import InputError
from landscapes.render.mathtext import COMMANDS, SIGNS, as_tex

HOSTILE = [
    r"\input{/etc/passwd}", r"\directlua{os.exit()}", r"\write18{ls}", r"$x$ \immediate\openout3=a", r"^^5cinput{a}",
    r"$\csname input\endcsname a$", r"50 % #1 & a_b~c^d {", r"$x^^5cinput{a}$", r"$\def\x{\x}\x$",
    r"$x\in@\catcode`\%=1$",
    r"\\input{a}", r"\$\input{a}\$", r"$\text{\input{a}}$", "a\x00b\ud800c\rd", r"$\alphaé\mathrm{\input{a}}$",
    "größe → 🎢",
    r'"a <b> |c|', r"$\operatorname{\input}$", "$5 and 6$", r"$\$\input{a}$",
]  # fmt: skip

TEXT = {
    *("textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater", "textbar", "char", "ensuremath"),
    *("ifdefined", "pdftexversion", "ifcsname", "detokenize", "endcsname", "else", "fi"),
}
"""The commands of escaped signs."""


def commands(tex: str) -> set[str]:
    """Return the names of the control sequences of TeX, where `@` is a letter, as in .pgf files."""
    return set(re.findall(r"\\([^\W\d_]+|[^\W\d_]*@[\w@]*|.)", tex.replace("\\\\", "\\!"), re.DOTALL))


def assert_harmless(tex):
    """Assert that TeX only typesets: known commands, balanced groups, no comments, arguments or hidden signs."""
    assert commands(tex) <= TEXT | COMMANDS | set(r"{}$&#%_|,;:! "), tex
    bare = re.sub(r"\\[^a-zA-Z]", "", tex)
    assert not re.search(r"[%#&~]|\^\^|[\x00-\x1f]", bare), tex
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "$" in bare or not {"^", "_"} & set(bare)


def every(test):
    for text in HOSTILE:
        test = example(text)(test)
    return test


PIECES = [*"\\${}^_%#&~@ x2é≤\n", r"\input", r"\frac", r"\alpha", r"\$"]


@every
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_shown_and_not_run(text):
    for math in (False, True):
        assert_harmless(as_tex(text, math))


def test_formulas_stay_formulas():
    assert as_tex(r"$\mathdefault{10^{-2}}$", math=True) == r"$\mathdefault{10^{-2}}$"
    assert as_tex(r"5 % of $x_1$ for 3\$", math=True) == r"5 \% of $x_1$ for 3\$"
    assert as_tex(r"$x_1$", math=False) == r"\$x\_1\$"


class FakeTex:
    """Stands for the TeX that measures texts, and keeps them."""

    def __init__(self):
        self.texts = []

    def get_width_height_descent(self, text, prop):
        self.texts.append(text)
        return 5.0 * len(text), 8.0, 2.0


@pytest.fixture
def fake_tex(monkeypatch):
    made = FakeTex()
    monkeypatch.setattr(backend_pgf.LatexManager, "_get_cached_or_new", classmethod(lambda cls: made))
    monkeypatch.setattr(backend_pgf, "_get_image_inclusion_command", lambda: r"\includegraphics")
    monkeypatch.setattr("landscapes.render.figures.stills._tex", lambda: "pdflatex")
    return made


@pytest.mark.filterwarnings("ignore:Glyph")  # of an emoji
@pytest.mark.slow
def test_texts_from_outside_are_escaped_in_files_and_where_they_are_measured(tmp_path, fake_tex):
    labels = [text for text in HOSTILE if text.isprintable()]
    words = {"step {step}": r"\input a {step}", "gap to the minimum, by step": r"$\alpha$ \input b"}
    title = r"\input{/etc/passwd} % $x^2$"
    race = converging(len(labels), labels=labels)
    path = render.save(race, tmp_path / "race.pgf", title=title, words=words, figsize=(9, 7))
    text = path.read_text(encoding="utf-8")
    shown = re.findall(r"\\catcode`\\%=\\active\\def%\{\\%\}(.*)}}%\n", text)
    assert len(shown) > 20
    assert any(r"\textbackslash{}directlua" in one for one in shown)
    for one in (*shown, *fake_tex.texts):
        assert_harmless(one)
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    assert not re.search(r"\\(input|directlua|write|openout|csname)", "\n".join(lines))


@pytest.mark.parametrize("name", ["50%.pgf", "a#b.pgf", "a{b.pgf"])
def test_names_that_tex_cannot_read_are_refused(tmp_path, fake_tex, name):
    with pytest.raises(InputError, match="choose another name"):
        render.save(converging(1), tmp_path / name)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_knows_every_command_and_sets_hostile_texts(tmp_path):
    alone = COMMANDS - {"left", "right", "middle", "frac", "sqrt"}
    lines = [f"$\\{name}{{x}}$" for name in sorted(alone)]
    lines += [as_tex(f"{sign} ${sign}$", math) for sign in SIGNS for math in (False, True)]
    lines += [as_tex(text, math) for text in HOSTILE for math in (False, True)]
    head = r"\documentclass{article}\providecommand{\mathdefault}[1]{#1}\begin{document}"
    (tmp_path / "page.tex").write_text("\n\n".join([head, *lines, r"\end{document}"]), encoding="utf-8")
    done = subprocess.run(["pdflatex", "-halt-on-error", "page.tex"], cwd=tmp_path, capture_output=True, stdin=0)
    assert done.returncode == 0, done.stdout[-1500:].decode(errors="replace")
