"""Drawing races: from a `Record` to axes, figures, animations and files. Never imports torch."""

from __future__ import annotations

from landscapes.render.browser.page import framed, page
from landscapes.render.explorer.explore import explore
from landscapes.render.figures.beside import beside
from landscapes.render.figures.charts import chart, check_chart, save_chart
from landscapes.render.figures.filmstrip import filmstrip
from landscapes.render.figures.multiples import multiples
from landscapes.render.figures.sheet import check_sheet, save_sheet, sheet
from landscapes.render.film.animation import RaceAnimation, animate
from landscapes.render.language.caption import caption
from landscapes.render.language.typeset import table
from landscapes.render.output import check_output, save
from landscapes.render.pictures.cartoon import cartoon
from landscapes.render.pictures.contours import contour
from landscapes.render.pictures.curves import losses
from landscapes.render.pictures.downhill import downhill
from landscapes.render.pictures.fairness import fairness
from landscapes.render.pictures.focus import focus
from landscapes.render.pictures.heatmap import heatmap
from landscapes.render.pictures.inset import inset
from landscapes.render.pictures.layout import figure
from landscapes.render.pictures.naming import names
from landscapes.render.pictures.rates import rates
from landscapes.render.pictures.response import response
from landscapes.render.pictures.slide import slide
from landscapes.render.pictures.standings import profile
from landscapes.render.pictures.states import states
from landscapes.render.pictures.swarm import bands, swarm
from landscapes.render.pictures.territories import basins
from landscapes.render.pictures.trace import trace
from landscapes.render.pictures.trajectories import paths
from landscapes.render.relief.camera import Camera
from landscapes.render.relief.scene import scene
from landscapes.render.relief.solid import surface
from landscapes.render.theme import THEMES, Theme

__all__ = [
    "THEMES",
    "Camera",
    "RaceAnimation",
    "Theme",
    "animate",
    "bands",
    "basins",
    "beside",
    "caption",
    "cartoon",
    "chart",
    "check_chart",
    "check_output",
    "check_sheet",
    "contour",
    "downhill",
    "explore",
    "fairness",
    "figure",
    "filmstrip",
    "focus",
    "framed",
    "heatmap",
    "inset",
    "losses",
    "multiples",
    "names",
    "page",
    "paths",
    "profile",
    "rates",
    "response",
    "save",
    "save_chart",
    "save_sheet",
    "scene",
    "sheet",
    "slide",
    "states",
    "surface",
    "swarm",
    "table",
    "trace",
]
