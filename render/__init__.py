"""Drawing races: from a `Record` to axes, figures, animations and files. Never imports torch."""

from __future__ import annotations

from landscapes.render._save import check_output, save
from landscapes.render.animation._animate import RaceAnimation, animate
from landscapes.render.figures._fact_sheet import check_sheet, save_sheet, sheet
from landscapes.render.figures._filmstrip import filmstrip
from landscapes.render.figures._side_by_side import beside
from landscapes.render.figures._small_multiples import multiples
from landscapes.render.figures.charts import chart, check_chart, save_chart
from landscapes.render.html._page import framed, page
from landscapes.render.interactive._explore import explore
from landscapes.render.plot3d._figure_3d import scene
from landscapes.render.plot3d._surface_3d import surface
from landscapes.render.plot3d.camera import Camera
from landscapes.render.plots._basins import basins
from landscapes.render.plots._crop import focus
from landscapes.render.plots._ensemble import bands, swarm
from landscapes.render.plots._explain_step import cartoon
from landscapes.render.plots._gradient_field import downhill
from landscapes.render.plots._heatmap import heatmap
from landscapes.render.plots._history import trace
from landscapes.render.plots._label_runs import names
from landscapes.render.plots._loss_curves import losses
from landscapes.render.plots._lr_sweep import rates
from landscapes.render.plots._optimizer_state import states
from landscapes.render.plots._performance_profile import profile
from landscapes.render.plots._sensitivity import response
from landscapes.render.plots._trajectories import paths
from landscapes.render.plots._tuning_trials import fairness
from landscapes.render.plots._zoom_inset import inset
from landscapes.render.plots.contours import contour
from landscapes.render.plots.layout import figure
from landscapes.render.plots.one_dimensional import slide
from landscapes.render.text._caption import caption
from landscapes.render.text._table import table
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
