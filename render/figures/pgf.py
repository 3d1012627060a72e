"""The backend for .pgf files: all texts are escaped, so that a label cannot run TeX."""

from __future__ import annotations

from typing import Any, TextIO

from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_pgf import FigureCanvasPgf, RendererPgf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from landscapes.render.mathtext import as_tex

BACKEND = f"module://{__name__}"
"""The name of this module for the option `backend` of `Figure.savefig`."""

HEAD = (
    r"\providecommand{\mathdefault}[1]{#1}",  # tick labels have it
    r"\begingroup",
    r"\makeatletter",
    r"\begin{pgfpicture}",
)
FOOT = r"\end{pgfpicture}", r"\makeatother", r"\endgroup"


class EscapingRenderer(RendererPgf):
    """A renderer that escapes the texts; matplotlib's own takes each of them for TeX."""

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        super().draw_text(gc, x, y, as_tex(s, bool(ismath)), prop, angle, mtext=mtext)  # type: ignore[no-untyped-call]

    def draw_tex(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        *,
        mtext: Text | None = None,
    ) -> None:
        self.draw_text(gc, x, y, s, prop, angle, True, mtext)

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        size = super().get_text_width_height_descent(as_tex(s, bool(ismath)), prop, ismath)  # type: ignore[no-untyped-call]
        return tuple(size)


class FigureCanvas(FigureCanvasPgf):
    """A canvas that writes .pgf with escaped texts."""

    def print_pgf(self, fname_or_fh: Any, *, bbox_inches_restore: Any = None, **kwargs: Any) -> None:
        """Write a file that LaTeX documents read with `\\input`."""
        width, height = self.figure.get_size_inches()
        with open(fname_or_fh, "w", encoding="utf-8", newline="\n") as file:
            box = rf"\pgfpathrectangle{{\pgfpointorigin}}{{\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}"
            _write(file, *HEAD, box, r"\pgfusepath{use as bounding box, clip}")
            renderer: Any = MixedModeRenderer(
                self.figure,
                width,
                height,
                self.figure.dpi,
                _renderer(self.figure, file),
                bbox_inches_restore=bbox_inches_restore,
            )
            self.figure.draw(renderer)
            _write(file, *FOOT)

    def get_renderer(self) -> EscapingRenderer:
        """Return a renderer that measures texts."""
        return _renderer(self.figure)


def _renderer(figure: Figure, file: TextIO | None = None) -> EscapingRenderer:
    return EscapingRenderer(figure, file)  # type: ignore[no-untyped-call]


def _write(file: TextIO, *lines: str) -> None:
    """Write lines that end without a space in TeX."""
    file.writelines(f"{line}%\n" for line in lines)
