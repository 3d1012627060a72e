"""Where names go beside moving heads: near, calm, and on nothing that must be seen.

A name is a box; so is whatever it must not cover. Boxes are given by their centres (n, 2) and half their
sides (n, 2), in pixels. Places for the whole race are planned first, so that a name gives way early and
slowly; each frame then only settles what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

KEYS = 160
"""At how many steps places are planned."""

NEAR, COVER, MOVE = 0.3, 12.0, 1.0
"""What it costs a name to be away from its head by its half height for a step, to cover something, to move so far."""

AHEAD = 3
"""So many of those steps ahead and behind a name keeps out of heads' ways, and takes to change its place."""

STRICT = 40
"""Rounds to settle a frame; hardly any are needed."""

GIVE = 0.7
"""How much of what is asked for gives way in a round; all of it would go to and fro."""


STEPS = np.array([(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
"""The ways out."""

SLACK = 0.1
"""How many pixels boxes may share."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes by centre and half their sides, (n, 2) each."""

    middle: Points
    half: Points


def settled(names: Boxes, fixed: Boxes, low: Points, high: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Places next to the names' own, within low … high, where they cover nothing; and which names have one.

    What pushing does not part takes the nearest free place; what finds none has no place.
    """
    middle = np.clip(names.middle, low + names.half, np.maximum(high - names.half, low + names.half))
    for _ in range(STRICT):
        moved = _pushed(Boxes(middle, names.half), fixed, low, high)
        if np.abs(moved - middle).max(initial=0.0) < 0.02:
            break
        middle = moved
    placed = np.ones(len(middle), bool)
    for name in range(len(middle)):
        others = (np.arange(len(middle)) != name) & placed
        walls = Boxes(np.vstack([fixed.middle, middle[others]]), np.vstack([fixed.half, names.half[others]]))
        if _free(middle[name : name + 1], names.half[name], walls)[0]:
            continue
        spots = _spots(names.half[name], low, high)
        spots = spots[_free(spots, names.half[name], walls)] if len(spots) else spots
        placed[name] = len(spots) > 0
        if len(spots):
            middle[name] = spots[np.argmin(((spots - names.middle[name]) ** 2).sum(1))]
    return middle, placed


def _pushed(names: Boxes, fixed: Boxes, low: Points, high: Points) -> Points:
    """The names' centres after one round of giving way, each the shortest way out of all that it covers."""
    least, most = low + names.half, np.maximum(high - names.half, low + names.half)
    ways = np.maximum(_ways_out(names, fixed), 0.6 * _ways_out(names, names, apart=True))
    room = np.stack([most - names.middle, names.middle - least], 2).reshape(ways.shape)
    best = np.argmin(ways + 10 * np.maximum(ways - room, 0), 1)
    far = GIVE * ways[np.arange(len(ways)), best, None]
    return np.asarray(np.clip(names.middle + far * STEPS[best], least, most))


def plan(heads: Points, half: Points, radius: float, gap: float, fixed: Boxes, low: Points, high: Points) -> Points:
    """Places (K, n, 2) of names over K steps of a race.

    One name after the other takes, for the whole race at once, the places beside its head that cover least and
    change least: a shortest path through what the places cost at each step.

    Args:
        heads: where they are (K, n, 2); NaN where a head is not shown.
        half: half the names' sides (n, 2).
        radius: of a head.
        gap: between head and name.
        fixed: what else must not be covered.
        low, high: corners of the page.
    """
    known = np.where(np.isfinite(heads), heads, (low + high) / 2)
    calm = _smooth(known, AHEAD)
    near = np.arange(len(known))[:, None] + np.array([-AHEAD, 0, AHEAD])
    met = known[near.clip(0, len(known) - 1)].reshape(len(known), -1, 2)
    taken = np.empty_like(known)
    for name in range(known.shape[1]):
        side = half[name]
        offsets = _offsets(side, radius + gap)
        best = calm[:, name, None] + offsets
        spots = np.clip(best, low + side, np.maximum(high - side, low + side))
        far = np.hypot(offsets[:, 0], offsets[:, 1]) + np.abs(spots - best).sum(2)
        cost = NEAR * far / side[1] + COVER * (
            _covered(spots, side, Boxes(met, np.full(2, radius + gap / 2)))
            + 3 * _covered(spots, side, Boxes(fixed.middle[None], fixed.half))
            + 2 * _covered(spots, side, Boxes(taken[:, :name], half[:name] + gap / 2))
        )
        moves = offsets[:, None] - offsets[None]
        way = _cheapest(cost, MOVE * np.hypot(moves[..., 0], moves[..., 1]) / side[1])
        track = calm[:, name] + _smooth(offsets[way][:, None], AHEAD)[:, 0]
        taken[:, name] = np.clip(track, low + side, np.maximum(high - side, low + side))
    return taken


def _offsets(half: Points, clear: float) -> Points:
    """Places for a name around its head (S, 2): rows of names to its right, left, above and beneath."""
    row = 2.15 * half[1]
    rows = np.arange(-6, 7)
    beside = [(sign * (half[0] + clear), row * r) for r in rows for sign in (1, -1)]
    beyond = [(sign * (3 * half[0] + clear), row * r) for r in rows[3:-3] for sign in (1, -1)]
    stacked = [(0.0, np.sign(r) * (clear + half[1] + row * (abs(r) - 1))) for r in rows if r]
    return np.array(beside + beyond + stacked)


def _covered(spots: Points, half: Points, walls: Boxes) -> Points:
    """How much of walls (K, m, 2) a name would cover at its spots (K, S, 2), in shares of its half height: (K, S)."""
    depth = (half + walls.half - np.abs(spots[:, :, None] - walls.middle[:, None])).min(3)
    return np.asarray(np.clip(depth / half[1], 0.0, 1.0).sum(2))


def _cheapest(cost: Points, change: Points) -> NDArray[np.int64]:
    """The states (K,) of least total cost, given what each costs (K, S) and what changes between them cost (S, S)."""
    total = cost[0]
    came = np.zeros(cost.shape, np.int64)
    for key in range(1, len(cost)):
        ways = total[:, None] + change
        came[key] = ways.argmin(0)
        total = np.take_along_axis(ways, came[key][None], 0)[0] + cost[key]
    state = np.empty(len(cost), np.int64)
    state[-1] = total.argmin()
    for key in range(len(cost) - 1, 0, -1):
        state[key - 1] = came[key][state[key]]
    return state


def keys(heads: Points, count: int = KEYS) -> NDArray[np.int64]:
    """Which of T steps to plan places at, given heads (T, n, 2): close together where much moves."""
    count = max(count * 12 // max(heads.shape[1], 12), 20)  # a crowd takes longer
    moves = np.nan_to_num(np.abs(np.diff(heads, axis=0)).max((1, 2), initial=0.0))
    if len(heads) <= count:
        return np.arange(len(heads))
    moves = np.minimum(moves, np.quantile(moves, 0.98))
    pace = moves / max(moves.sum(), 1e-9) + 1 / len(moves)
    along = np.concatenate([[0.0], np.cumsum(pace)])
    return np.unique(np.searchsorted(along, np.linspace(0, along[-1], count)).clip(0, len(heads) - 1))


def _ways_out(names: Boxes, walls: Boxes, apart: bool = False) -> NDArray[np.float64]:
    """How far each of n names must move to leave all walls that it covers, to the right, left, top and bottom: (n, 4).

    With `apart` the walls are the names themselves.
    """
    offset = names.middle[:, None] - walls.middle
    reach = names.half[:, None] + walls.half
    hit = np.asarray((np.abs(offset) < reach).all(axis=2))
    if apart:
        np.fill_diagonal(hit, False)
        place = np.arange(len(hit))
        offset = (
            offset + 1e-3 * np.sign(place[:, None] - place)[..., None]
        )  # those in one place part, always the same way
    ways = np.stack([reach - offset, reach + offset], 3).reshape(*hit.shape, 4)
    return np.asarray(np.where(hit[..., None], ways, 0.0).max(1, initial=0.0))


def _free(spots: Points, half: Points, walls: Boxes) -> NDArray[np.bool_]:
    """Which spots (m, 2) for one name are free of walls."""
    depth = half + walls.half[None] - np.abs(spots[:, None] - walls.middle[None])
    return np.asarray(np.count_nonzero((depth > SLACK).all(axis=2), axis=1) == 0)


def _spots(half: Points, low: Points, high: Points) -> Points:
    """All places for a name on a page, in steps of half its height."""
    x, y = (np.arange(a + h, b - h, max(half[1], 1.0)) for a, b, h in zip(low, high, half, strict=True))
    return np.stack(np.meshgrid(x, y), 2).reshape(-1, 2)


def _smooth(track: Points, reach: int) -> Points:
    """A track (K, n, 2) without haste: the mean over neighbours, the nearer ones counting more."""
    weight = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(track, ((reach, reach), (0, 0), (0, 0)), mode="edge")
    return np.asarray(sum(w * padded[k : k + len(track)] for k, w in enumerate(weight / weight.sum())))
