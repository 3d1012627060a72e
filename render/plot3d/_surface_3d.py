"""A surface on matplotlib's 3-D axes, with trajectories that are hidden behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.artists.localization import localize
from landscapes.render.plot3d.best_camera import best_camera
from landscapes.render.plot3d.camera import TALL
from landscapes.render.plot3d.heightfield import Projection
from landscapes.render.plot3d.surface_artist import SurfaceArtist
from landscapes.render.plot3d.surface_trails import SurfaceTrails
from landscapes.render.plot3d.tick_labels import height_ticks
from landscapes.render.plots.inputs import NOTHING, check_step, show_step, size_factor, write_note
from landscapes.render.theme import Theme, as_theme

DEFAULT_VIEW = -60, 30
"""Azimuth and elevation of new axes of matplotlib."""

ZOOM = 1.42
"""Size of the box in units of matplotlib, divided by its drawn height; more would cut its labels."""

ADVICE = 'fig.add_subplot(projection="3d", proj_type="ortho")'


class Axes3DArtist(SurfaceArtist):
    """A surface projected by matplotlib's 3-D axes."""

    def projection(self, renderer: RendererBase) -> Projection:
        axes: Any = self.axes
        if axes._focal_length != np.inf or axes.roll:
            raise InputError(f"a surface needs an orthographic projection without roll; create the axes with {ADVICE}")
        corners = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], float)
        corners[:, :2] = self.model.low + corners[:, :2] * self.model.side
        projected = (axes.get_proj() @ np.column_stack([corners, np.ones(4)]).T).T
        pixel = axes.transData.transform(projected[:, :2] / projected[:, 3:])
        return Projection(pixel[0], pixel[1] - pixel[0], pixel[2] - pixel[0], float(pixel[3, 1] - pixel[0, 1]))


@suggests_arguments
def surface_3d(
    record: Record | Surface,
    ax: Axes,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    linewidth: float | None = None,
) -> Axes:
    """Draw a surface on 3-D axes, with the trajectories of a race; return the axes.

    x and y are the coordinates of the function. z is the drawn height: 0 at the lowest value, 1 at the
    highest level; its tick labels are values of the function. Axes with matplotlib's default view get the view and the
    proportions of `render.figure_3d`, which show most of the race; any other view stays (`ax.view_init`).

    Args:
        record: a race in two dimensions, or a `Surface` alone.
        ax: 3-D axes with an orthographic projection, from `fig.add_subplot(projection="3d", proj_type="ortho")`.
        step: the step to show; by default the last.
        theme: colours, by name or as a `Theme`.
        linewidth: width of the trails in points; by default it depends on the size of the axes.

    Returns:
        The axes.

    Raises:
        InputError: if the axes are not 3-D, the record has no surface, or step or theme is invalid.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> ax = Figure().add_subplot(projection="3d", proj_type="ortho")
    >>> surface_3d(race("booth", ["adam(lr=0.5)"], steps=20), ax).name
    '3d'
    """
    look = as_theme(theme)
    race = None if isinstance(record, Surface) else record
    if race is not None:
        check_step(race, step)
    surface = record if isinstance(record, Surface) else record.surface
    if surface is None:
        raise InputError("this record has no surface: only races in two dimensions do")
    axes: Any = ax
    if not isinstance(ax, Axes) or ax.name != "3d":
        kind = f"{ax.name} axes" if isinstance(ax, Axes) else repr(ax)
        raise InputError(f"surface_3d needs 3-D axes, got {kind}; create them with {ADVICE}")
    if axes._focal_length != np.inf or axes.roll:
        raise InputError(f"a surface needs an orthographic projection without roll; create the axes with {ADVICE}")
    artist = Axes3DArtist(surface, look, race)
    trails = SurfaceTrails(artist, race, 2.3 * look.line_scale * size_factor(ax) if linewidth is None else linewidth)
    axes.set(xlim=(surface.x[0], surface.x[-1]), ylim=(surface.y[0], surface.y[-1]), zlim=(0.0, artist.model.top))
    places, values = height_ticks(surface)
    axes.zaxis.set_major_locator(FixedLocator(places.tolist()))
    axes.zaxis.set_major_formatter(
        lambda z, _: look.number(f"{np.interp(z, places, values):.4g}") if len(places) else ""
    )
    axes.zaxis.set_minor_formatter(NullFormatter())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    if surface.scale == "log":
        axes.set_zlabel(look.say("heights on a log scale"), fontsize=8 * look.text_scale, color=look.foreground)
    if (axes.azim, axes.elev) == DEFAULT_VIEW:
        camera = best_camera(artist)
        axes.view_init(elev=camera.elev, azim=camera.azim)
        turned, lifted = np.radians((camera.azim, camera.elev))
        tall = (abs(np.cos(turned)) + abs(np.sin(turned))) * np.sin(lifted) + TALL * np.cos(lifted)
        axes.set_box_aspect((1, 1, TALL), zoom=float(ZOOM / tall))
    localize(axes, look)
    ax.add_artist(artist)
    ax.add_artist(trails)
    if not np.isfinite(surface.values).any():
        write_note(ax, NOTHING, look)
    if race is not None:
        show_step(ax, race, step)
    return ax
