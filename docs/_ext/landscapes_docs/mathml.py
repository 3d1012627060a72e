"""Formulas as MathML, which browsers draw without scripts or fonts of ours, and screen readers read."""

from __future__ import annotations

import html

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.writers.html5 import HTML5Translator

SAME = {r"\dots": r"\ldots", r"\lVert": r"\|", r"\rVert": r"\|", r"\tfrac": r"\frac", r"\dfrac": r"\frac"}
"""Commands that docutils does not know, and others that it draws alike."""


def to_mathml(latex: str, *, block: bool = False) -> str:
    """Return a formula as MathML. Raises `MathError` for one that cannot be written.

    >>> to_mathml("x^2").count("<msup>")
    1
    """
    for name, other in SAME.items():
        latex = latex.replace(name, other)
    return str(tex2mathml(latex, as_block=block))


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_written(node))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own; long ones scroll, by keyboard as well."""
    text = html.escape(" ".join(node.astext().split()), quote=True)
    translator.body.append(f'<div class="formula" tabindex="0" role="group" aria-label="Formula: {text}">')
    translator.body.append(f"{_written(node, block=True)}</div>\n")
    raise nodes.SkipNode


def _written(node: nodes.Element, *, block: bool = False) -> str:
    try:
        return to_mathml(node.astext(), block=block)
    except MathError as error:
        from sphinx.util import logging

        logging.getLogger(__name__).warning("invalid formula: %s", error, location=node)
        return html.escape(node.astext())
