"""Draw records: plots on axes, figures, animations, pages and files. Never imports torch.

- Files, pages and windows: `save`, `animate`, `explore`.
- Figures: `figure`, `figure_3d`, `filmstrip`, `side_by_side`, `small_multiples`, `fact_sheet`, `diagnosis`,
  `prescription`.
- A landscape on axes: `contour`, `surface_3d`, `gradient_field`, `basins`, `norm_balls`.
- A race on axes: `trajectories`, `label_runs`, `zoom_inset`, `crop`, `loss_curves`, `history`, `sharpness`,
  `central_flow`, `optimizer_state`, `explain_step`.
- Many runs on axes: `ensemble`, `loss_quantiles`, `heatmap`, `sensitivity`, `lr_sweep`, `ranking`,
  `performance_profile`, `improvement_matrix`, `critical_difference`, `study_trials`, `tuning_trials`.
- Text and looks: `caption`, `table`, `report`, `words`, `Theme`, `THEMES`, `Camera`.
"""

from __future__ import annotations

from typing import Any

from landscapes.errors import no_attribute
from landscapes.record import Record
from landscapes.render._save import save
from landscapes.render.animation._animate import animate
from landscapes.render.figures._diagnosis import diagnosis
from landscapes.render.figures._explain_step import explain_step
from landscapes.render.figures._fact_sheet import fact_sheet
from landscapes.render.figures._figure import figure
from landscapes.render.figures._figure_3d import figure_3d
from landscapes.render.figures._filmstrip import filmstrip
from landscapes.render.figures._prescription import prescription
from landscapes.render.figures._side_by_side import side_by_side
from landscapes.render.figures._small_multiples import small_multiples
from landscapes.render.html._page import framed
from landscapes.render.interactive._explore import explore
from landscapes.render.plot3d._surface_3d import surface_3d
from landscapes.render.plot3d.camera import Camera
from landscapes.render.plots._basins import basins
from landscapes.render.plots._central_flow import central_flow
from landscapes.render.plots._crop import crop
from landscapes.render.plots._ensemble import ensemble, loss_quantiles
from landscapes.render.plots._gradient_field import gradient_field
from landscapes.render.plots._heatmap import heatmap
from landscapes.render.plots._history import history
from landscapes.render.plots._label_runs import label_runs
from landscapes.render.plots._loss_curves import loss_curves
from landscapes.render.plots._norm_balls import norm_balls
from landscapes.render.plots._optimizer_state import optimizer_state
from landscapes.render.plots._pairs import critical_difference, improvement_matrix
from landscapes.render.plots._performance_profile import performance_profile
from landscapes.render.plots._ranking import ranking
from landscapes.render.plots._sensitivity import lr_sweep, sensitivity
from landscapes.render.plots._sharpness import sharpness
from landscapes.render.plots._study_trials import study_trials
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots._tuning_trials import tuning_trials
from landscapes.render.plots._zoom_inset import zoom_inset
from landscapes.render.plots.contours import contour
from landscapes.render.report._report import report
from landscapes.render.text._caption import caption
from landscapes.render.text._table import table
from landscapes.render.theme import THEMES, Theme
from landscapes.render.words import words

__all__ = [
    "THEMES",
    "Camera",
    "Theme",
    "animate",
    "basins",
    "caption",
    "central_flow",
    "contour",
    "critical_difference",
    "crop",
    "diagnosis",
    "ensemble",
    "explain_step",
    "explore",
    "fact_sheet",
    "figure",
    "figure_3d",
    "filmstrip",
    "gradient_field",
    "heatmap",
    "history",
    "improvement_matrix",
    "label_runs",
    "loss_curves",
    "loss_quantiles",
    "lr_sweep",
    "norm_balls",
    "optimizer_state",
    "performance_profile",
    "prescription",
    "ranking",
    "report",
    "save",
    "sensitivity",
    "sharpness",
    "side_by_side",
    "small_multiples",
    "study_trials",
    "surface_3d",
    "table",
    "trajectories",
    "tuning_trials",
    "words",
    "zoom_inset",
]

_OTHER_WORDS = {
    "paths": "trajectories", "slide": "trajectories", "losses": "loss_curves", "downhill": "gradient_field",
    "response": "sensitivity", "trace": "history", "swarm": "ensemble", "bands": "loss_quantiles",
    "profile": "performance_profile", "fairness": "tuning_trials", "rates": "lr_sweep", "states": "optimizer_state",
    "names": "label_runs", "cartoon": "explain_step", "inset": "zoom_inset", "focus": "crop",
    "multiples": "small_multiples", "beside": "side_by_side", "scene": "figure_3d", "surface": "surface_3d",
    "sheet": "fact_sheet", "chart": "figure", "save_chart": "save", "save_sheet": "save", "page": "save",
}  # fmt: skip
"""Words that a reader may try, and the names of the functions."""


def __dir__() -> list[str]:
    return sorted(__all__)


def _notebook_html(record: Record) -> str:
    """Return what a notebook shows of a race; called by `Record._repr_html_`."""
    return framed(record)


def __getattr__(name: str) -> Any:
    raise no_attribute(__name__, name, __all__, _OTHER_WORDS)
