"""Write pages without what no reader sees: indentation, and spans around code in the colour of the text around it."""

from __future__ import annotations

import re
from typing import Any

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token
from sphinx.jinja2glue import BuiltinTemplateLoader

STYLES = "a11y-high-contrast-light", "a11y-high-contrast-dark"
"""The colours of code, in light and dark."""

VERBATIM = re.compile(r"(<(pre|textarea|script|style)\b.*?</\2>)", re.S)


class SlimPages(BuiltinTemplateLoader):
    """Sphinx's templates; what they give is made smaller, by a seventh."""

    def render(self, template: str, context: dict[str, Any]) -> str:  # type: ignore[override]
        """Return a page."""
        return slim(super().render(template, context))


def slim(page: str) -> str:
    """Return a page that looks the same. What stands in `pre`, scripts and styles keeps its lines.

    >>> slim('<p>\\n\\n    one\\n  <pre>  <span class="n">x</span> <span class="k">if</span></pre>')
    '<p>\\none\\n<pre>  x <span class="k">if</span></pre>'
    """
    parts = VERBATIM.split(page)
    parts[0::3] = [re.sub(r"\s*\n\s*", "\n", part) for part in parts[0::3]]
    parts[1::3] = [PLAIN.sub(r"\1", part) if part.startswith("<pre") else part for part in parts[1::3]]
    del parts[2::3]  # the names of the elements
    return "".join(parts)


def _plain() -> set[str]:
    """Return the classes of code that look like the text around them, in both modes."""
    found = set(STANDARD_TYPES.values()) - {""}
    for style in map(get_style_by_name, STYLES):
        looks = {STANDARD_TYPES[kind]: look for kind, look in style if kind in STANDARD_TYPES}
        plain = style.style_for_token(Token.Text)  # the colour of `.highlight`
        found &= {name for name, look in looks.items() if look == plain}
    return found


PLAIN = re.compile(rf'<span class="(?:{"|".join(sorted(_plain()))})">([^<]*)</span>')
"""A span that changes nothing."""
