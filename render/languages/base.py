"""What a language is: a table of texts, number formats and fonts; and the languages by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import landscapes.render.languages as package
from landscapes.errors import InputError, nearest_names

ENGLISH = "en"
"""The language of the keys of `WORDS`; it needs no table."""

MATH = re.compile(r"(?<!\\)\$")
"""The borders of formulas in a text."""

SEPARATOR = re.compile(r"(?<=\d)([.,])(?=\d)")
"""A decimal point, or a comma between thousands."""

LISTED = re.compile(r"(?<=\d),(?= [-−\d])")
"""A comma between coordinates."""


@dataclass(frozen=True)
class Language:
    """A language of pictures and pages.

    Attributes:
        code: the code of ISO 639, which is also the name of the module: "de".
        name, english: the name of the language, in that language and in English.
        texts: a text for each key of `WORDS`, with the same placeholders.
        decimal, group: the signs before decimals and between thousands.
        fonts: families that have the letters, the best first; for scripts that matplotlib's own fonts lack.
    """

    code: str
    name: str
    english: str
    texts: Mapping[str, str]
    decimal: str = "."
    group: str = ","
    fonts: tuple[str, ...] = ()

    def number(self, text: str) -> str:
        """Return numbers as they are written in this language; in mathtext too.

        Where the decimal sign is a comma, semicolons separate coordinates.

        >>> german = Language("de", "Deutsch", "German", {}, decimal=",", group=".")
        >>> german.number("1,234"), german.number("(−0.5, 2)"), german.number(r"$\\eta = 0.1$")
        ('1.234', '(−0,5; 2)', '$\\\\eta = 0{,}1$')
        """
        if self.decimal == ".":
            return text
        parts = MATH.split(text)
        for place, part in enumerate(parts):
            in_formula = place % 2 == 1 and place < len(parts) - 1
            decimal = f"{{{self.decimal}}}" if in_formula else self.decimal
            parts[place] = self._with_signs(LISTED.sub(";", part), decimal)
        return "$".join(parts)

    def _with_signs(self, text: str, decimal: str) -> str:
        return SEPARATOR.sub(lambda found: decimal if found[1] == "." else self.group, text)


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of all languages: English, and one per module of this package.

    >>> languages()
    ('de', 'en', 'es', 'fr', 'ja', 'zh')
    """
    tables = [module.name for module in iter_modules(package.__path__) if module.name != "base"]
    return tuple(sorted([ENGLISH, *tables]))


@cache
def language(code: str) -> Language:
    """Return the language of a code from `languages()`."""
    if code == ENGLISH:
        return Language(ENGLISH, "English", "English", {})
    made: Language = import_module(f"{package.__name__}.{code}").LANGUAGE
    return made


def language_code(given: Any) -> str:
    """Return the code of a language from a code or a locale; its country and encoding are not used.

    Raises `InputError` for a language without a table.

    >>> language_code("de"), language_code("de_AT.UTF-8"), language_code("fr-CA"), language_code("C.UTF-8")
    ('de', 'de', 'fr', 'en')
    """
    known = languages()
    listed = ", ".join(f"{code} ({language(code).name})" for code in known)
    if not isinstance(given, str):
        raise InputError(f"lang must be the code of a language, got {given!r:.80}; available: {listed}")
    code = re.split(r"[-_.@]", given.strip())[0].lower()
    if code in ("c", "posix"):
        return ENGLISH
    if code not in known:
        names = {name: one for one in known for name in (one, language(one).name, language(one).english)}
        near = nearest_names(code, names)
        hint = f"did you mean {names[near[0]]!r}? " if near else ""
        raise InputError(
            f"unknown language {given!r:.80}; {hint}available: {listed}; for others give words= (render.words())"
        )
    return code
