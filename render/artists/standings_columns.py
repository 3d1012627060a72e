"""The columns of a leaderboard: place, trail, name, learning rate, loss and a mark, fitted to a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from landscapes.analysis.live_standings import LiveStandings
from landscapes.render.artists.legend import FONT, LEAST_POINTS, SMALL, Entry
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.theme import Theme

ROWS = (17.0, 13.5)
"""The usual and the least height of a row in points at a font size of 9."""

HEAD = 0.8
"""The height of the heading, in rows."""

SAMPLE = 2.5, 1.2
"""The width of a piece of a trail in font sizes: usually, and in tight rows."""

GAP = 0.9, 0.4
"""The gap between columns in font sizes: usually, and in tight rows."""

LARGE = 1.5
"""The text scale, as of slides, from which on rows become tight before they become much smaller."""

LEGIBLE = 7.5
"""The least size of numbers in pixels: in coarse pictures rows become tight, and lose learning rates, before it."""

LEAST_NAMES = 9.0, 6.0
"""The least widths of names that are cut, with learning rates and without, in font sizes. Where there is not even
that, the leaderboard gives way to a legend."""

HEADING = 0.9
"""The size of the heading, relative to losses."""

SPREAD = 3.0
"""How much wider than needed a gap between columns may be, in font sizes."""

MOST = 40
"""The largest number of rows."""

REACHED, FAILED = "✓", "✕"

PLAIN = 1e-3, 1e4
"""Numbers between these are written without a power of ten."""


@dataclass(frozen=True)
class Columns:
    """The places of the columns of a leaderboard in points, from its left end.

    Attributes:
        entries: the rows, with names that fit.
        font: font size of the names.
        row, head: heights of a row and of the heading.
        place: right end of the places.
        sample, name: left ends of the trails and of the names.
        lr: right end of the learning rates; None without them.
        start, value: left and right end of the losses.
        mark: left end of the marks; None without them.
        width: the whole width.
        in_words: whether outcomes have room in words, which end at the right.
        tight: whether columns are close, and all texts as large as the names.
        compact: whether marks take the place of losses.
        rule: what decides the places, in the heading; "" without room.
    """

    entries: list[Entry]
    font: float
    row: float
    head: float
    place: float
    sample: float
    name: float
    lr: float | None
    start: float
    value: float
    mark: float | None
    width: float
    in_words: bool
    tight: bool = False
    compact: bool = False
    rule: str = ""

    @property
    def height(self) -> float:
        """The whole height."""
        return self.head + self.row * len(self.entries)

    @property
    def small(self) -> float:
        """Font size of all but the names."""
        return small_font(self.font, self.tight)

    @property
    def heading(self) -> float:
        """Font size of the heading."""
        return self.small if self.tight else HEADING * self.small


def small_font(font: float, tight: bool = False) -> float:
    """Return the font size of learning rates, losses and marks."""
    return font if tight else max(SMALL * font, min(font, LEAST_POINTS))


def short_number(value: float) -> str:
    """Return a loss in at most eight letters that are as wide at each step.

    >>> [short_number(value) for value in (142.5, 12.0, 0.0123, 1.44e-11, 0.0, -3.2e120, float("inf"))]
    ['142', '12', '0.012', '1.4e−11', '0', '−3.2e120', '–']
    """
    if not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if PLAIN[0] <= abs(value) < PLAIN[1]:
        digits = max(1 - int(np.floor(np.log10(abs(value)))), 0)
        return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(power)}".replace("-", "\N{MINUS SIGN}")


def widest_numbers(live: LiveStandings) -> list[str]:
    """Return numbers of which one is as wide as any loss of a race: one per sign and power of ten."""
    shown = live.loss - live.origin if np.isfinite(live.origin) else live.loss
    found = ["0"]
    for sign in (1.0, -1.0):
        size = sign * shown[np.isfinite(shown) & (sign * shown > 0)]
        powers = np.unique(np.floor(np.log10(size))).astype(int)
        found += [short_number(sign * 8.8 * 10.0 ** min(power, 307)) for power in {*powers, *(powers + 1)}]
    return found


def has_arrivals(live: LiveStandings, rows: Sequence[Entry]) -> bool:
    """Return whether a mark says that a run has reached its target; outcomes take its place in runs that ended."""
    return any(np.isfinite(ends).any() and not row.ended for ends, row in zip(live.reached, rows, strict=True))


def marks(live: LiveStandings, rows: Sequence[Entry]) -> list[str]:
    """Return marks of which one is as wide as any mark of a race; none if no run reaches its target or fails."""
    last, found = int(live.steps[-1]), []
    for count, reached, failed, entry in zip(live.runs, live.reached, live.failed, rows, strict=True):
        for sign, ends in ((REACHED, reached), (FAILED, failed)):
            if np.isfinite(ends).any():
                found.append(f"{sign} {last if count == 1 else f'{count}/{count}'}")
        if entry.symbol:
            found.append(f"{entry.symbol} {last}")
    return found


class Look(NamedTuple):
    """A way to fit a leaderboard: its rows, and what they may lose.

    Attributes:
        rows: one per optimizer, with the learning rates that are shown.
        in_words: whether outcomes are in words.
        least: the least width of names in font sizes; infinite if they are not cut.
        compact: whether marks take the place of losses.
    """

    rows: list[Entry]
    in_words: bool = False
    least: float = np.inf
    compact: bool = False


def fit_columns(
    rows: Sequence[Entry],
    live: LiveStandings,
    width: float,
    tall: float,
    ruler: Ruler,
    theme: Theme,
    size: float = FONT,
    cut: bool = True,
    compact: bool = True,
) -> Columns | None:
    """Return the columns in the largest font that fits a box in points; None if there is no room.

    In this order: a smaller font, outcomes as signs, if `compact`, marks in the place of losses and no learning rates,
    and if `cut`, shorter names in the smallest font. Large texts lose their learning rates and become tight before they
    become much smaller, as do texts of few pixels.
    """
    if not rows or len(rows) > MOST:
        return None
    fonts = [points * theme.text_scale for points in (size, 0.89 * size, 0.78 * size)]
    bare = [replace(row, lr=row.bare_lr) for row in rows]
    nameless = [replace(row, lr="") for row in rows]
    usual, least = LEAST_NAMES
    plain, few = [Look(bare, in_words=True), Look(bare)], [Look(nameless, compact=True)] * compact
    rounds = [(look, fonts, False) for look in plain]
    if theme.text_scale >= LARGE:
        large = [*plain, Look(nameless), *few]
        rounds = [(look, fonts[: 1 + tight], tight) for tight in (False, True) for look in large] + rounds
    rounds += [(look, fonts, tight) for tight in (False, True) for look in few]
    pixels = ruler.dpi / 72
    if small_font(fonts[-1]) * pixels < LEGIBLE:
        fine = {
            tight: [font for font in fonts if small_font(font, tight) * pixels >= LEGIBLE] for tight in (False, True)
        }
        looks = [(look, tight) for kind in (plain, [Look(nameless)], few) for tight in (False, True) for look in kind]
        rounds = [(look, fine[tight], tight) for look, tight in looks] + rounds
    if cut:
        shorter = [Look(bare, least=usual), Look(nameless, least=least)]
        shorter += [Look(nameless, least=least, compact=True)] * compact
        rounds += [(look, fonts[::-1], False) for look in shorter]  # small fonts keep the most of a name
    for look, sizes, tight in rounds:
        for font in sizes:
            made = _columns(look, live, width, tall, font, ruler, theme, tight)
            if made is not None:
                return made
    return None


def _columns(
    look: Look,
    live: LiveStandings,
    width: float,
    tall: float,
    font: float,
    ruler: Ruler,
    theme: Theme,
    tight: bool,
) -> Columns | None:
    """Return the columns in one font, or None if they do not fit."""
    rows = look.rows
    row = min(ROWS[0] * font / 9, tall / (len(rows) + HEAD))
    if row < ROWS[1] * font / 9:
        return None
    small, gap = small_font(font, tight), GAP[tight] * font
    heading = small if tight else HEADING * small

    def widest(texts: Sequence[str], head: str = "") -> float:
        return max([ruler.width(head, heading), *(ruler.width(theme.number(text), small) for text in texts)])

    place = widest([str(len(rows)), "–"])
    sample = place + (0.3 if tight else 0.6) * font
    name = sample + SAMPLE[tight] * font + 0.4 * font
    rates = widest([entry.lr for entry in rows], theme.say("lr")) + gap if any(entry.lr for entry in rows) else 0.0
    losses, signs = theme.say(measure(live)), marks(live, rows)
    number, mark = widest(widest_numbers(live), losses) + gap, 0.0
    if look.compact:
        number = max(number, widest(signs or [""]) + gap)
    elif signs:
        mark = widest(signs, theme.say("target") if has_arrivals(live, rows) else "") + gap
    ended = [entry.outcome for entry in rows if entry.ended]
    longest = max((ruler.width(words, small) for words in ended), default=0.0) if look.in_words else 0.0
    if longest > number + mark - 0.5 * gap:
        mark = longest - number + 0.5 * gap  # outcomes take the place of losses and marks
    space = width - name - rates - number - mark
    names = max(ruler.width(entry.name, font, "bold") for entry in rows)
    if names > space:
        if space < look.least * font:
            return None
        rows = [replace(entry, name=ruler.shorten(entry.name, space, font, "bold", tail=0.4)) for entry in rows]
        names = space
    rule = theme.say(ranking_rule(live, rows))
    head = 0.0 if look.compact else ruler.width(theme.say("lr") if rates else losses, heading)
    needed = ruler.width(rule, heading) + gap + head - name - (rates or number)
    if needed > space or len(rows) == 1:
        rule = ""
    names = max(names, needed) if rule else names
    between = bool(rates) + 1 + bool(mark)
    extra = min((space - names) / between, SPREAD * font)
    ends = np.cumsum([name + names, (rates + extra) if rates else 0.0, number + extra, (mark + extra) if mark else 0.0])
    lr, value, end = (float(at) for at in ends[1:])
    return Columns(
        rows,
        font,
        row,
        HEAD * row,
        place,
        sample,
        name,
        lr=lr if rates else None,
        start=min(value - number + gap, end - longest) - 1,
        value=value,
        mark=value + gap + extra if mark else None,
        width=end,
        in_words=look.in_words,
        tight=tight,
        compact=look.compact,
        rule=rule,
    )


def ranking_rule(live: LiveStandings, rows: Sequence[Entry]) -> str:
    """Return what decides the places, as a key of `WORDS`."""
    loss = measure(live)
    if not any(np.isfinite(ends).any() for ends in live.reached):
        return f"by {loss}"
    if max(live.runs) > 1:
        return f"most arrivals, then {loss}"
    return f"first to hold target, then {loss}" if has_arrivals(live, rows) else f"earliest first, then {loss}"


def measure(live: LiveStandings) -> str:
    """Return the name of the losses: "gap" if they are measured from the minimum, else "loss"."""
    return "gap" if np.isfinite(live.origin) else "loss"
