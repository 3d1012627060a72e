"""Place labels next to moving points: close, steady, and without covering anything important.

A label is a box, and so is whatever it must not cover. Boxes have centres (n, 2) and half sides (n, 2) in pixels.
`plan` first chooses places for the whole race, so that labels move early and slowly; `settle` then resolves the rest
per frame.

Example: two points 20 pixels apart have labels of 60 × 12 pixels. `plan` considers, per key step, rows of places to the
right, left, above and below each point, charges their distance, what they cover and how far they move, and takes the
cheapest path over the race: say "Adam" to the right, "SGD" to the left. Where a third point later passes through "SGD",
`settle` pushes that label out along the shortest way, or to the nearest free place, or hides it if there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

KEYS = 160
"""The number of key steps at which places are planned."""

NEAR, COVER, MOVE = 0.3, 12.0, 1.0
"""Costs per key step: half a label height away from the point, covering something, moving that far."""

AHEAD = 3
"""Key steps ahead and behind that are kept free and used to smooth moves."""

STRICT = 40
"""The largest number of rounds per frame; few are needed."""

GIVE = 0.7
"""The share of a push that is applied per round; all of it would oscillate."""


STEPS = np.array([(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
"""The four directions."""

SLACK = 0.1
"""Pixels by which boxes may overlap."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes by centre and half sides, (n, 2) each."""

    middle: Points
    half: Points


def settle(names: Boxes, fixed: Boxes, low: Points, high: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Return free places close to the given ones, within low … high, and which labels have one.

    Labels that pushing does not separate take the nearest free place, if there is one.
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
    """Return the centres after one round of pushes, each along the shortest way out."""
    least, most = low + names.half, np.maximum(high - names.half, low + names.half)
    all_points = np.maximum(_ways_out(names, fixed), 0.6 * _ways_out(names, names, apart=True))
    space = np.stack([most - names.middle, names.middle - least], 2).reshape(all_points.shape)
    best = np.argmin(all_points + 10 * np.maximum(all_points - space, 0), 1)
    far = GIVE * all_points[np.arange(len(all_points)), best, None]
    return np.asarray(np.clip(names.middle + far * STEPS[best], least, most))


def plan(heads: Points, half: Points, radius: float, gap: float, fixed: Boxes, low: Points, high: Points) -> Points:
    """Return places (K, n, 2) of labels over K key steps of a race.

    Each label in turn takes the sequence of places with the least total cost of distance, covering and moving: a
    shortest path over the key steps. From the key step on at which all points rest, labels rest too.

    Args:
        heads: the moving points (K, n, 2); NaN where one is not shown.
        half: half the sides of the labels (n, 2).
        radius: radius of a point's disc.
        gap: gap between disc and label.
        fixed: other boxes that must not be covered.
        low, high: corners of the area.
    """
    known = np.where(np.isfinite(heads), heads, (low + high) / 2)
    calm = _smooth(known, AHEAD)
    rest = _rest(known, gap)
    left = len(known) - rest  # the last place chosen holds for this many key steps
    near = np.arange(rest + 1)[:, None] + np.array([-AHEAD, 0, AHEAD])
    met = known[near.clip(0, rest)].reshape(rest + 1, -1, 2)
    taken = np.empty_like(known)
    for name in range(known.shape[1]):
        side = half[name]
        offsets = _offsets(side, radius + gap)
        best = calm[: rest + 1, name, None] + offsets
        spots = np.clip(best, low + side, np.maximum(high - side, low + side))
        far = np.hypot(offsets[:, 0], offsets[:, 1]) + np.abs(spots - best).sum(2)
        cost = NEAR * far / side[1] + COVER * (
            _covered(spots, side, Boxes(met, np.full(2, radius + gap / 2)))
            + 3 * _covered(spots, side, Boxes(fixed.middle[None], fixed.half))
            + 2 * _covered(spots, side, Boxes(taken[: rest + 1, :name], half[:name] + gap / 2))
        )
        cost[-1] *= left
        moves = offsets[:, None] - offsets[None]
        points = _cheapest(cost, MOVE * np.hypot(moves[..., 0], moves[..., 1]) / side[1])
        smooth = _smooth(offsets[points][:, None], AHEAD)[:, 0]
        track = calm[:, name] + np.pad(smooth, ((0, left - 1), (0, 0)), mode="edge")
        taken[:, name] = np.clip(track, low + side, np.maximum(high - side, low + side))
    return taken


def _rest(heads: Points, near: float) -> int:
    """Return the first of K key steps from which all points (K, n, 2) stay this near to where they end."""
    far = np.hypot(*np.moveaxis(heads - heads[-1], 2, 0)).max(1, initial=0.0)
    moving = np.flatnonzero(far > near)
    return int(moving[-1]) + 1 if len(moving) else 0


def _offsets(half: Points, clear: float) -> Points:
    """Return offsets (S, 2) of places around a point: rows to the right, left, above and below."""
    row = 2.15 * half[1]
    rows = np.arange(-6, 7)
    beside = [(sign * (half[0] + clear), row * r) for r in rows for sign in (1, -1)]
    beyond = [(sign * (3 * half[0] + clear), row * r) for r in rows[3:-3] for sign in (1, -1)]
    stacked = [(0.0, np.sign(r) * (clear + half[1] + row * (abs(r) - 1))) for r in rows if r]
    return np.array(beside + beyond + stacked)


def _covered(spots: Points, half: Points, walls: Boxes) -> Points:
    """Return how much of the walls (K, m, 2) a label covers at spots (K, S, 2), in half heights: (K, S)."""
    depth = (half + walls.half - np.abs(spots[:, :, None] - walls.middle[:, None])).min(3)
    return np.asarray(np.clip(depth / half[1], 0.0, 1.0).sum(2))


def _cheapest(cost: Points, change: Points) -> NDArray[np.int64]:
    """Return the states (K,) of least total cost, from state costs (K, S) and transition costs (S, S)."""
    total = cost[0]
    reached_at = np.zeros(cost.shape, np.int64)
    for key in range(1, len(cost)):
        all_points = total[:, None] + change
        reached_at[key] = all_points.argmin(0)
        total = np.take_along_axis(all_points, reached_at[key][None], 0)[0] + cost[key]
    state = np.empty(len(cost), np.int64)
    state[-1] = total.argmin()
    for key in range(len(cost) - 1, 0, -1):
        state[key - 1] = reached_at[key][state[key]]
    return state


def key_steps(heads: Points, count: int = KEYS) -> NDArray[np.int64]:
    """Return which of T steps are key steps, given points (T, n, 2): denser where much moves."""
    count = max(count * 12 // max(heads.shape[1], 12), 20)  # many labels take longer
    moves = np.nan_to_num(np.abs(np.diff(heads, axis=0)).max((1, 2), initial=0.0))
    if len(heads) <= count:
        return np.arange(len(heads))
    moves = np.minimum(moves, np.quantile(moves, 0.98))
    pace = moves / max(moves.sum(), 1e-9) + 1 / len(moves)
    along = np.concatenate([[0.0], np.cumsum(pace)])
    return np.unique(np.searchsorted(along, np.linspace(0, along[-1], count)).clip(0, len(heads) - 1))


def _ways_out(names: Boxes, walls: Boxes, apart: bool = False) -> NDArray[np.float64]:
    """Return how far n labels must move right, left, up or down to leave all walls that they cover: (n, 4).

    With `apart`, the walls are the labels themselves.
    """
    offset = names.middle[:, None] - walls.middle
    reach = names.half[:, None] + walls.half
    hit = np.asarray((np.abs(offset) < reach).all(axis=2))
    if apart:
        np.fill_diagonal(hit, False)
        place = np.arange(len(hit))
        offset = (
            offset + 1e-3 * np.sign(place[:, None] - place)[..., None]
        )  # coincident labels separate in a fixed order
    all_points = np.stack([reach - offset, reach + offset], 3).reshape(*hit.shape, 4)
    return np.asarray(np.where(hit[..., None], all_points, 0.0).max(1, initial=0.0))


def _free(spots: Points, half: Points, walls: Boxes) -> NDArray[np.bool_]:
    """Return which spots (m, 2) for one label are free of walls."""
    depth = half + walls.half[None] - np.abs(spots[:, None] - walls.middle[None])
    return np.asarray(np.count_nonzero((depth > SLACK).all(axis=2), axis=1) == 0)


def _spots(half: Points, low: Points, high: Points) -> Points:
    """Return a grid of places on the page, in steps of half the label height."""
    x, y = (np.arange(a + h, b - h, max(half[1], 1.0)) for a, b, h in zip(low, high, half, strict=True))
    return np.stack(np.meshgrid(x, y), 2).reshape(-1, 2)


def _smooth(track: Points, reach: int) -> Points:
    """Smooth a track (K, n, 2) with a weighted moving mean."""
    weight = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(track, ((reach, reach), (0, 0), (0, 0)), mode="edge")
    return np.asarray(sum(w * padded[k : k + len(track)] for k, w in enumerate(weight / weight.sum())))
