"""Fewer points on a way through time, those first whose absence would show most."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def thinned(way: NDArray[np.float64], time: NDArray[np.int64], most: int, least: float) -> NDArray[np.int64]:
    """Which points of a way to keep so that a point that moves evenly from one to the next is nearly where it was.

    The first and the last point are kept; then, again and again, the one that is farthest from where it would be
    without it (Ramer 1972, Douglas & Peucker 1973; at equal times, as Meratnia & de By 2004 compare ways).

    Args:
        way: points (T, k), all finite, in units of what is shown.
        time: when each was reached, shape (T,), ascending.
        most: how many points to keep, at least 2.
        least: distances (the largest over the k coordinates) that nobody sees; none below it makes a point stay.

    Returns:
        The numbers of the points kept, ascending.

    >>> line = np.array([[0.0], [1.0], [2.0], [9.0], [4.0]])
    >>> thinned(line, np.arange(5), most=5, least=0.1).tolist(), thinned(line, np.arange(5), most=3, least=0.1).tolist()
    ([0, 2, 3, 4], [0, 3, 4])
    """
    kept = {0, len(way) - 1}
    waiting = [_farthest(way, time, 0, len(way) - 1)]
    while waiting and len(kept) < most:
        nearness, first, worst, last = heapq.heappop(waiting)
        if -nearness <= least:
            break
        kept.add(worst)
        heapq.heappush(waiting, _farthest(way, time, first, worst))
        heapq.heappush(waiting, _farthest(way, time, worst, last))
    return np.array(sorted(kept), np.int64)


def _farthest(way: NDArray[np.float64], time: NDArray[np.int64], first: int, last: int) -> tuple[float, int, int, int]:
    """How far, as a negative number, the farthest point between two is from the even move; with the three's numbers."""
    if last - first < 2:
        return 0.0, first, first, last
    share = (time[first + 1 : last] - time[first]) / (time[last] - time[first])
    even = way[first] + share[:, None] * (way[last] - way[first])
    away = np.abs(way[first + 1 : last] - even).max(1)
    worst = int(away.argmax())
    return -float(away[worst]), first, first + 1 + worst, last
