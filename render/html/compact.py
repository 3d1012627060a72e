"""Scripts and style sheets of pages without comments and without spaces that separate nothing."""

from __future__ import annotations

import re

PIECE = re.compile(
    r"""
    (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<comment>//[^\n]*)
    |(?P<space>[ \t]+)
    |(?P<word>[\w$]+)
    |(?P<other>[^\w\s$]|\n)
    """,
    re.VERBOSE,
)
"""The pieces of a script, but for templates and patterns, which begin with a sign."""

PATTERN = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
"""A regular expression of JavaScript."""

BEFORE_PATTERN = {"return", "typeof", "case", ""}
"""Words after which a slash begins a pattern."""


def compact_script(script: str) -> str:
    """Return a script without comments and needless spaces. A line that ends a statement without a sign stays a line.

    Comments are on one line. A template literal and a regular expression keep their spaces.

    >>> compact_script("const a = (x, y) => x + +y;  // a sum\\nreturn `${a} b`;")
    'const a=(x,y)=>x+ +y;return`${a} b`;'
    """
    parts: list[str] = []
    at, last, space = 0, "", False  # `last` is the piece before, without spaces

    def put(piece: str) -> None:
        nonlocal last, space
        first = piece[0]
        joins = _is_word(last[-1:]) and _is_word(first)
        signs = last[-1:] == first and first in "+-/"
        if space and (joins or signs or (last == "/" and first in "/*")):
            parts.append(" ")
        parts.append(piece)
        last, space = piece, False

    while at < len(script):
        if script[at] == "`":
            end = _template_end(script, at)
            put(script[at:end])
            at = end
            continue
        if script[at] == "/" and script[at + 1 : at + 2] != "/" and _begins_pattern(last):
            found = PATTERN.match(script, at)
            if found:
                put(found[0])
                at = found.end()
                continue
        piece = PIECE.match(script, at)
        assert piece is not None, script[at : at + 40]
        at = piece.end()
        if piece["space"]:
            space = True
        elif piece[0] == "\n":
            if parts and parts[-1] != "\n":
                parts.append("\n")
                last, space = "", False
        elif not piece["comment"]:
            put(piece[0])
    return re.sub(r"(?<=[;,{(\[])\n|\n(?=[)\]}])", "", "".join(parts).strip("\n"))


def _is_word(letter: str) -> bool:
    return bool(letter) and (letter.isalnum() or letter in "_$")


def _begins_pattern(last: str) -> bool:
    """Return whether a slash after this piece begins a regular expression, not a division."""
    return last in BEFORE_PATTERN or (
        not _is_word(last[-1:]) and last not in (")", "]", "}") and last[-1:] not in "\"'`"
    )


def _template_end(script: str, begin: int) -> int:
    """Return where the template literal that begins at a place ends."""
    at = begin + 1
    while script[at] != "`":
        if script[at] == "\\":
            at += 1
        elif script.startswith("${", at):
            at = _expression_end(script, at + 2) - 1
        at += 1
    return at + 1


def _expression_end(script: str, begin: int) -> int:
    """Return the place after the brace that closes an expression within a template."""
    at, depth = begin, 1
    while True:
        letter = script[at]
        if letter == "`":
            at = _template_end(script, at)
            continue
        if letter in "\"'":
            found = PIECE.match(script, at)
            assert found is not None
            at = found.end()
            continue
        depth += (letter == "{") - (letter == "}")
        at += 1
        if depth == 0:
            return at


def compact_style(sheet: str) -> str:
    """Return a style sheet without indentation and needless spaces.

    >>> compact_style("a, b { color: red; }\\n  @media (width < 3px) { a { top: calc(1px + 2px); } }")
    'a,b{color:red;}@media (width < 3px){a{top:calc(1px + 2px);}}'
    """
    return re.sub(r"\s*([{};,])\s*|(?<=\w)(:) +", r"\1\2", re.sub(r"^ +", "", sheet, flags=re.MULTILINE))
