"""Docstrings of the package as reStructuredText: they are plain text with code in single backticks."""

from __future__ import annotations

import re
from typing import Any

SPECIAL = re.compile(r"(?<!\\)[*|]|_(?=\W|$)")


def escape_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape what reStructuredText would take for markup, outside of code and examples."""
    lines[:] = escaped(lines)


def escaped(lines: list[str]) -> list[str]:
    r"""Return the lines with stars, bars and trailing underscores escaped, except in code.

    >>> escaped(["a * b in `x * y`, |x|", ">>> 2 * 3"])
    ['a \\* b in `x * y`, \\|x\\|', '>>> 2 * 3']
    """
    found: list[str] = []
    in_example = in_formula = False
    for line in lines:
        bare, indented = line.strip(), line.startswith("    ")
        in_example = bare.startswith((">>>", "...")) or (in_example and bool(bare))
        if not in_formula and indented and not in_example and not (found and found[-1].strip()) and _is_formula(found):
            found.extend([".. code-block:: text", ""])  # what is indented below a paragraph
            in_formula = True
        in_formula = in_formula and (indented or not bare)
        found.append(line if in_example or in_formula else _outside_code(line))
    return found


def _is_formula(before: list[str]) -> bool:
    """Return whether an indented line begins a formula: it follows a paragraph, not a section such as Args."""
    text = next((line for line in reversed(before) if line.strip()), "")
    section = re.fullmatch(r"\s*(Args|Attributes|Raises|Returns|Yields|Example|Examples|Note|Notes|Source):?\s*", text)
    return bool(text) and not text.startswith(" ") and section is None


def _outside_code(line: str) -> str:
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else SPECIAL.sub(r"\\\g<0>", part) for part in parts)
