"""Drawing races: from a `Record` to axes, figures, animations and files. Never imports torch."""

from __future__ import annotations

from landscapes.render.animation import RaceAnimation, animate
from landscapes.render.beside import beside
from landscapes.render.camera import Camera
from landscapes.render.caption import caption
from landscapes.render.cartoon import cartoon
from landscapes.render.charts import chart, check_chart, save_chart
from landscapes.render.contours import contour
from landscapes.render.curves import losses
from landscapes.render.downhill import downhill
from landscapes.render.explore import explore
from landscapes.render.fairness import fairness
from landscapes.render.filmstrip import filmstrip
from landscapes.render.focus import focus
from landscapes.render.heatmap import heatmap
from landscapes.render.inset import inset
from landscapes.render.layout import figure
from landscapes.render.multiples import multiples
from landscapes.render.naming import names
from landscapes.render.output import check_output, save
from landscapes.render.page import framed, page
from landscapes.render.rates import rates
from landscapes.render.response import response
from landscapes.render.scene import scene
from landscapes.render.sheet import check_sheet, save_sheet, sheet
from landscapes.render.slide import slide
from landscapes.render.solid import surface
from landscapes.render.standings import profile
from landscapes.render.states import states
from landscapes.render.swarm import bands, swarm
from landscapes.render.territories import basins
from landscapes.render.theme import THEMES, Theme
from landscapes.render.trace import trace
from landscapes.render.trajectories import paths
from landscapes.render.typeset import table

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
