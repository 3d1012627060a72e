"""The regions of a page that are redrawn: a few boxes that cover what animated artists report."""

from __future__ import annotations

import numpy as np

from landscapes.render.artists.animated import AnimatedArtist, Boxes, known_step

Box = tuple[int, int, int, int]
"""A rectangle in pixels: left, bottom, right, top."""

REGION_COST = 5000
"""Cost of one more redrawn region, in pixels."""


def merged_boxes(boxes: Boxes, width: int, height: int) -> list[Box]:
    """Return a few whole-pixel boxes that cover all boxes; close ones are merged."""
    low, high = np.floor(boxes[:, :2]).clip(0, [width, height]), np.ceil(boxes[:, 2:]).clip(0, [width, height])
    found: list[Box] = []
    for left, bottom, right, top in np.hstack([low, high])[(low < high).all(1)].astype(int).tolist():
        one = left, bottom, right, top
        place = 0
        while place < len(found):
            two = found[place]
            both = min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])
            if _size(both) <= _size(one) + _size(two) + REGION_COST:
                one, place = both, 0
                found.remove(two)
            else:
                place += 1
        found.append(one)
    return found


def changing_in(region: list[float], boxes: Boxes, owners: list[AnimatedArtist]) -> list[AnimatedArtist] | None:
    """Return the artists that change in a region, given a box of each owner; None if one of them cannot tell when."""
    left, bottom, right, top = region
    inside = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < top) & (boxes[:, 3] > bottom)
    own = [owners[place] for place in np.flatnonzero(inside).tolist()]
    return None if any(type(artist).differs is AnimatedArtist.differs for artist in own) else own


def any_differs(artists: list[AnimatedArtist], one: float, two: float) -> bool:
    """Return whether an artist differs between two steps."""
    return any(artist.differs(known_step(artist, one), known_step(artist, two)) for artist in artists)


def _size(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
