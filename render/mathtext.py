"""Formulas in texts: which ones matplotlib can draw, and texts as TeX that only typesets."""

from __future__ import annotations

import re
from functools import lru_cache

from matplotlib.cbook import is_math_text
from matplotlib.mathtext import MathTextParser

UNDRAWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no font has, and that XML or UTF-8 does not allow."""

RAW_TEX = re.compile(r"\\(?:text|operatorname)\s*{[^}]*\\")
"""Commands within the text of a formula: matplotlib would draw them as they are, TeX would run them."""

_SYMBOLS = """
Delta Gamma Lambda Omega Phi Pi Psi Sigma Theta Upsilon Xi alpha beta chi delta epsilon eta gamma iota kappa lambda
mu nu omega phi pi psi rho sigma tau theta upsilon varepsilon varphi varpi varrho varsigma vartheta xi zeta
aleph angle bot ell emptyset exists flat forall hbar imath infty jmath nabla natural neg partial prime sharp top wp
Im Re clubsuit diamondsuit heartsuit spadesuit triangle amalg ast bigcirc bullet cap cdot circ cup dagger ddagger
diamond div mp odot ominus oplus oslash otimes pm setminus sqcap sqcup star times uplus vee wedge wr
approx asymp cong dashv doteq equiv frown geq gg in leq ll mid models ne neq ni notin parallel perp prec preceq
propto sim simeq smile sqsubseteq sqsupseteq subset subseteq succ succeq supset supseteq vdash le ge
Downarrow Leftarrow Leftrightarrow Longleftarrow Longleftrightarrow Longrightarrow Rightarrow Uparrow Updownarrow
downarrow hookleftarrow hookrightarrow leftarrow leftharpoondown leftharpoonup leftrightarrow longleftarrow
longleftrightarrow longmapsto longrightarrow mapsto nearrow nwarrow rightarrow rightharpoondown rightharpoonup
rightleftharpoons searrow swarrow to uparrow updownarrow
bigcap bigcup bigodot bigoplus bigotimes bigsqcup biguplus bigvee bigwedge coprod int oint prod sum
surd cdots colon ddots dots ldots vdots Vert backslash langle lbrace lbrack lceil lfloor rangle rbrace rbrack rceil
rfloor vert
"""

SYMBOLS = frozenset(_SYMBOLS.split())
"""Commands that stand for one sign, in matplotlib and in LaTeX without packages."""

_OTHERS = """
arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min
sec sin sinh sup tan tanh Pr
acute bar breve check ddot dot grave hat mathring overline tilde vec widehat widetilde
frac left right middle quad qquad sqrt mathbf mathcal mathdefault mathit mathnormal mathrm mathsf mathtt
"""

COMMANDS = SYMBOLS | frozenset(_OTHERS.split())
"""All commands that a formula may have in TeX; none of them reads, writes or defines anything."""

TOKENS = re.compile(r"(?:\\[a-zA-Z]+|\\[,;:! {}|$%#_&]|[\w +*/=<>()\[\]|.,;:!?'^{}-])*", re.ASCII)
"""A formula of commands and plain signs. `@` is none of them: in .pgf files `\\in@` is a macro of LaTeX."""

_SIGNS = """
αalpha βbeta γgamma δdelta εvarepsilon ζzeta ηeta θtheta ιiota κkappa λlambda μmu νnu ξxi πpi ρrho σsigma τtau
υupsilon φvarphi χchi ψpsi ωomega ΓGamma ΔDelta ΘTheta ΛLambda ΞXi ΠPi ΣSigma ΥUpsilon ΦPhi ΨPsi ΩOmega
∇nabla ∂partial ∞infty ℓell ∅emptyset ∀forall ∃exists ⊤top ⊥bot √surd ′prime ±pm ∓mp ×times ✕times ÷div ⋅cdot ∘circ
⊕oplus ⊗otimes ∖setminus ∩cap ∪cup ∧wedge ∨vee ≤leq ≥geq ≠neq ≈approx ≡equiv ∼sim ≃simeq ≪ll ≫gg ∝propto ∈in ∋ni
∉notin ⊂subset ⊆subseteq ∥parallel ‖Vert ∑sum ∏prod ∫int →rightarrow ←leftarrow ↑uparrow ↓downarrow ↔leftrightarrow
⇒Rightarrow ⇐Leftarrow ⇔Leftrightarrow ↦mapsto ↗nearrow ↘searrow ↖nwarrow ↙swarrow ⟨langle ⟩rangle ⌈lceil ⌉rceil
⌊lfloor ⌋rfloor
"""

SIGNS = {"\N{MINUS SIGN}": "-"} | {pair[0]: rf"\{pair[1:]}" for pair in _SIGNS.split()}
"""Signs beyond ASCII that TeX sets as formulas."""

SPECIALS = {sign: rf"\{sign}" for sign in "{}$&#%_"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
}
"""Signs of ASCII with a meaning in TeX or in packages for languages."""


@lru_cache(4096)
def is_formula(words: str) -> bool:
    """Return whether a text has formulas between dollar signs that matplotlib can draw."""
    if not is_math_text(words) or RAW_TEX.search(words):
        return False
    try:
        MathTextParser("path").parse(words, dpi=72)
    except (ValueError, RuntimeError):
        return False
    return True


def as_tex(text: str, math: bool) -> str:
    r"""Return TeX that shows a text as matplotlib would, and does nothing else.

    Args:
        text: one line.
        math: whether formulas between dollar signs are formulas. Those with a command that is not in `COMMANDS` are
            shown as they were typed.

    >>> as_tex(r"\input{a} 100 %", math=False)
    '\\textbackslash{}input\\{a\\} 100 \\%'
    >>> as_tex(r"50 % at $x_1^2 ≤ \alpha$", math=True), as_tex(r"$\csname$", math=True)
    ('50 \\% at $x_1^2 \\leq  \\alpha$', '\\$\\textbackslash{}csname\\$')
    """
    if not math:
        return "".join(map(_letter, text))
    parts = re.split(r"(?<!\\)\$", text)
    formulas = [_formula(part) for part in parts[1::2]]
    words = [part.replace(r"\$", "$") for part in parts]
    if not is_formula(text) or None in formulas:
        return "".join(map(_letter, "$".join(words)))
    between = ["".join(map(_letter, part)) for part in words[::2]]
    return between[0] + "".join(f"${formula}${after}" for formula, after in zip(formulas, between[1:], strict=True))


def _formula(part: str) -> str | None:
    """Return the inside of a formula as TeX, or None if it has more than commands and signs that are known."""
    known = "".join(f"{SIGNS[sign]} " if sign in SIGNS else sign for sign in part)
    if "^^" in known or not TOKENS.fullmatch(known):
        return None
    return known if set(re.findall(r"\\([a-zA-Z]+)", known)) <= COMMANDS else None


def _letter(sign: str) -> str:
    """Return a sign as TeX; pdfTeX shows a question mark for one that the document's encoding lacks."""
    if sign in SPECIALS:
        return SPECIALS[sign]
    if sign in SIGNS:
        return rf"\ensuremath{{{SIGNS[sign]}}}"
    if " " <= sign <= "~":
        return sign
    if not sign.isprintable():
        return "?"
    known = rf"\ifcsname u8:\detokenize{{{sign}}}\endcsname {sign}\else ?\fi"
    return rf"\ifdefined\pdftexversion {known}\else {sign}\fi{{}}"
