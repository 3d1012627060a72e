"""The camera that shows most of a race."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscapes.render.plot3d.camera import Camera
from landscapes.render.plot3d.surface_artist import SurfaceArtist

Points = NDArray[np.float64]

AZIMUTHS = (-60.0, -120.0, -30.0, -150.0, 30.0, 60.0, 150.0, 120.0)
"""Candidate azimuths in degrees, in order of preference."""

ELEVATIONS = (42.0, 54.0, 66.0)
"""Candidate elevations in degrees, in order of preference."""

TURN, LIFT = 0.02, 0.1
"""Costs of the next azimuth and of the next elevation, as shares of hidden points."""

WINDOW = (600.0, 450.0)
"""Window size in pixels of the visibility test: as large as pictures are, because hidden is what lies pixels behind."""


def best_camera(artist: SurfaceArtist) -> Camera:
    """Return the candidate that hides the least: of the trajectories, of their last points, and of the minima."""
    model, runs = artist.model, [run.points[np.isfinite(run.points).all(1)] for run in artist.runs]
    runs = [points for points in runs if len(points)]
    shown = [*runs, model.minima[np.isfinite(model.minima).all(1)]]
    if runs:
        shown.append(np.array([points[-1] for points in runs]))
    weights = [*[1 / max(len(runs), 1)] * len(runs), 1.0, 1.0]
    candidates = [
        (LIFT * high + TURN * turn, Camera(azim, elev))
        for high, elev in enumerate(ELEVATIONS)
        for turn, azim in enumerate(AZIMUTHS)
    ]
    best, least = Camera(), np.inf
    for cost, camera in sorted(candidates, key=lambda candidate: candidate[0]):
        if cost >= least:
            break
        view = camera.onto((0.0, 0.0, *WINDOW), model.top)
        rendered = model.field.render(view, *map(int, WINDOW))
        for points, weight in zip(shown, weights, strict=False):
            if len(points):
                cost += weight * float(1 - rendered.visible(points).mean())
        if cost < least:
            best, least = camera, cost
    return best
