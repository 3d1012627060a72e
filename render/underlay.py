"""What fills the gaps of a trail on a shared way until those for whom the gaps are have come by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.backend_bases import RendererBase

from landscapes.render.moving import NOWHERE, Boxes, Moving, around, pixels, stroke, windows
from landscapes.render.overlap import Pieces
from landscapes.render.route import Ink, Numbers, Points, solid
from landscapes.render.trails import Trail

SLIMMER = 0.8
"""How wide it is, as a share of the trail's width, so that it hides beneath what covers it."""

NEAR = 0.012
"""Trails are on the same way up to this share of the view apart."""

PROBES = 7
"""At so many points of a shared way it is found out when others come by."""

Wait = tuple[int, int, int]
"""A part of a trail, first and last point, and the step at which the last of those beneath has come by."""


def waits(ways: Sequence[Points], parts: Sequence[Pieces], step: Numbers, view: Points) -> list[list[Wait]]:
    """For each trail (T, 2) the parts on which it is ahead of some that are drawn beneath it.

    Args:
        ways: the points of all trails, in the order in which they are drawn.
        parts: which parts of them others took too; see `landscapes.render.overlap`.
        step: of each point.
        view: ((x from, x to), (y from, y to)).
    """
    unit = [(way - view[:, 0]) / np.ptp(view, axis=1) for way in ways]
    found: list[list[Wait]] = []
    for run, pieces in enumerate(parts):
        ahead: list[Wait] = []
        for first, last, depth in pieces:
            if not depth:
                continue
            at = np.linspace(first, last, PROBES).round().astype(int)
            until = max(_arrival(unit[run][at], other, step) for other in unit[:run])
            if until > step[first]:
                ahead.append((first, last, until))
        found.append(ahead)
    return found


def _arrival(points: Points, way: Points, step: Numbers) -> int:
    """The step at which a way has come by the last of the points that it comes by at all; 0 where there is none."""
    begin, move = way[:-1], np.diff(way, axis=0)
    length = np.maximum((move**2).sum(1), 1e-30)
    came = [0]
    for point in points:
        share = np.clip(((point - begin) * move).sum(1) / length, 0, 1)[:, None]
        near = np.flatnonzero(((begin + share * move - point) ** 2).sum(1) < NEAR**2)
        came += [int(step[near[0] + 1])] if len(near) else []
    return max(came)


class Underlay(Artist, Moving):
    """A trail's own colour beneath all trails, where it is dashed for others that are still to come.

    Args:
        trail: the trail.
        parts: where, and until when; see `waits`.
    """

    def __init__(self, trail: Trail, parts: Sequence[Wait]) -> None:
        super().__init__()
        self.trail = trail
        self.parts = parts
        self.span = trail.span
        self.set_zorder(3.7)
        self._pixels: object = None

    def show(self, step: int) -> None:
        self.trail.show(step)

    def stir(self, first: int, last: int, renderer: RendererBase) -> Boxes | None:
        trail, route = self.trail, self.trail.route
        route.update(trail, renderer)
        margin = 1 + pixels(renderer, trail.get_linewidth())
        met = [around(route.pixels[one : two + 1], margin) for one, two, until in self.parts if first < until <= last]
        if any(until > first and route.reached(last) > begin for begin, _, until in self.parts):
            moved = trail.stir(first, last, renderer)
            if moved is None:
                return None
            met.append(moved)
        return np.concatenate([NOWHERE, *met])

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        trail, route = self.trail, self.trail.route
        waiting = [
            k for k, (first, _, until) in enumerate(self.parts) if until > route.shown and first < route.count - 1
        ]
        if not waiting or not (self.get_visible() and trail.get_visible()):
            return
        route.update(trail, renderer)
        if route.pixels is not self._pixels:
            self._inks = [Ink(route, *solid(route, first, last)) for first, last, _ in self.parts]
            self._pixels = route.pixels
        width = SLIMMER * trail.get_linewidth()
        gc = stroke(self, renderer, width)
        gc.set_capstyle("butt")
        begin = 0
        for color, until in zip(trail.colors, trail._bands(), strict=True):
            gc.set_foreground((*color, 1.0), isRGBA=True)
            for part in waiting:
                one, two = max(begin, self.parts[part][0]), min(until, self.parts[part][1])
                if two > one:
                    self._inks[part].near(windows(renderer), 1 + pixels(renderer, width)).stroke(renderer, gc, one, two)
            begin = max(begin, until)
        gc.restore()
