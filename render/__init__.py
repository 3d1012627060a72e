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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from landscapes.errors import no_attribute
from landscapes.record import Record
from landscapes.render._save import save
from landscapes.render.html._page import framed
from landscapes.render.report._report import report  # not lazy: a folder has this name, and a module that of the next
from landscapes.render.words import words

if TYPE_CHECKING:
    from landscapes.render.animation._animate import animate as animate
    from landscapes.render.figures._diagnosis import diagnosis as diagnosis
    from landscapes.render.figures._explain_step import explain_step as explain_step
    from landscapes.render.figures._fact_sheet import fact_sheet as fact_sheet
    from landscapes.render.figures._figure import figure as figure
    from landscapes.render.figures._figure_3d import figure_3d as figure_3d
    from landscapes.render.figures._filmstrip import filmstrip as filmstrip
    from landscapes.render.figures._prescription import prescription as prescription
    from landscapes.render.figures._side_by_side import side_by_side as side_by_side
    from landscapes.render.figures._small_multiples import small_multiples as small_multiples
    from landscapes.render.interactive._explore import explore as explore
    from landscapes.render.plot3d._surface_3d import surface_3d as surface_3d
    from landscapes.render.plot3d.camera import Camera as Camera
    from landscapes.render.plots._basins import basins as basins
    from landscapes.render.plots._central_flow import central_flow as central_flow
    from landscapes.render.plots._crop import crop as crop
    from landscapes.render.plots._ensemble import ensemble as ensemble
    from landscapes.render.plots._ensemble import loss_quantiles as loss_quantiles
    from landscapes.render.plots._gradient_field import gradient_field as gradient_field
    from landscapes.render.plots._heatmap import heatmap as heatmap
    from landscapes.render.plots._history import history as history
    from landscapes.render.plots._label_runs import label_runs as label_runs
    from landscapes.render.plots._loss_curves import loss_curves as loss_curves
    from landscapes.render.plots._norm_balls import norm_balls as norm_balls
    from landscapes.render.plots._optimizer_state import optimizer_state as optimizer_state
    from landscapes.render.plots._pairs import (
        critical_difference as critical_difference,
    )
    from landscapes.render.plots._pairs import (
        improvement_matrix as improvement_matrix,
    )
    from landscapes.render.plots._performance_profile import performance_profile as performance_profile
    from landscapes.render.plots._ranking import ranking as ranking
    from landscapes.render.plots._sensitivity import lr_sweep as lr_sweep
    from landscapes.render.plots._sensitivity import sensitivity as sensitivity
    from landscapes.render.plots._sharpness import sharpness as sharpness
    from landscapes.render.plots._study_trials import study_trials as study_trials
    from landscapes.render.plots._trajectories import trajectories as trajectories
    from landscapes.render.plots._tuning_trials import tuning_trials as tuning_trials
    from landscapes.render.plots._zoom_inset import zoom_inset as zoom_inset
    from landscapes.render.plots.contours import contour as contour
    from landscapes.render.text._caption import caption as caption
    from landscapes.render.text._table import table as table
    from landscapes.render.theme import THEMES as THEMES
    from landscapes.render.theme import Theme as Theme

_HOMES = {
    "Camera": "plot3d.camera",
    "THEMES": "theme",
    "Theme": "theme",
    "animate": "animation._animate",
    "basins": "plots._basins",
    "caption": "text._caption",
    "central_flow": "plots._central_flow",
    "contour": "plots.contours",
    "critical_difference": "plots._pairs",
    "crop": "plots._crop",
    "diagnosis": "figures._diagnosis",
    "ensemble": "plots._ensemble",
    "explain_step": "figures._explain_step",
    "explore": "interactive._explore",
    "fact_sheet": "figures._fact_sheet",
    "figure": "figures._figure",
    "figure_3d": "figures._figure_3d",
    "filmstrip": "figures._filmstrip",
    "gradient_field": "plots._gradient_field",
    "heatmap": "plots._heatmap",
    "history": "plots._history",
    "improvement_matrix": "plots._pairs",
    "label_runs": "plots._label_runs",
    "loss_curves": "plots._loss_curves",
    "loss_quantiles": "plots._ensemble",
    "lr_sweep": "plots._sensitivity",
    "norm_balls": "plots._norm_balls",
    "optimizer_state": "plots._optimizer_state",
    "performance_profile": "plots._performance_profile",
    "prescription": "figures._prescription",
    "ranking": "plots._ranking",
    "sensitivity": "plots._sensitivity",
    "sharpness": "plots._sharpness",
    "side_by_side": "figures._side_by_side",
    "small_multiples": "figures._small_multiples",
    "study_trials": "plots._study_trials",
    "surface_3d": "plot3d._surface_3d",
    "table": "text._table",
    "trajectories": "plots._trajectories",
    "tuning_trials": "plots._tuning_trials",
    "zoom_inset": "plots._zoom_inset",
}
"""The module of each other name, imported when it is first used."""

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
    if name not in _HOMES:
        raise no_attribute(__name__, name, __all__, _OTHER_WORDS)
    return globals().setdefault(name, getattr(import_module(f"landscapes.render.{_HOMES[name]}"), name))
