"""The controls of the window: check boxes for optimizers, a list of functions, two sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.widgets import CheckButtons, RadioButtons, Slider

from landscapes.render.artists.legend import Entry, OutcomeText
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.artists.trails import mix
from landscapes.render.interactive.blit import Layer
from landscapes.render.theme import Style, Theme

Box = tuple[float, float, float, float]

BOXES: Box = (0.545, 0.03, 0.275, 0.44)
NAMES: Box = (0.84, 0.03, 0.155, 0.44)
LR: Box = (0.15, 0.078, 0.265, 0.03)
MOMENTUM: Box = (0.15, 0.038, 0.265, 0.03)
"""Positions of the controls: left, bottom, width and height, as shares of the figure. Lists are top-aligned."""

ROW = 0.05
"""Maximum height of a row, as a share of the figure."""

LR_DECADES = 2.0
"""Learning rates are multiplied by factors from 10**-LR_DECADES to 10**LR_DECADES."""

MAX_MOMENTUM = 3.0
"""The largest momentum is 1 - 10**-MAX_MOMENTUM."""

INITIAL_MOMENTUM = 1.0
"""Initial position of the momentum slider, 0.9, while each optimizer uses its own momentum."""

DEFAULT = "default"
"""Text of the momentum slider at that position."""


class Controls:
    """The controls of the window.

    Each row of the legend has a check box. Both sliders are logarithmic: the factor of the learning rates, and
    1 / (1 - μ), the number of steps over which a momentum μ averages.

    Args:
        figure: the figure to draw on.
        look: the theme.
        styles: styles by label; initially all optimizers are selected.
        functions: unique names of the functions; the first one is selected.

    Attributes:
        boxes: one check box per optimizer.
        names: the list of functions.
        lr_slider, momentum_slider: the sliders.
        layers: artists that change while a slider is dragged.
        volatile: artists that change with every race.
    """

    def __init__(self, figure: Figure, look: Theme, styles: Mapping[str, Style], functions: Sequence[str]) -> None:
        self._labels = list(styles)
        self._chosen = tuple(styles)
        ruler = Ruler(float(figure.dpi))
        ax, font = _axes(figure, BOXES, len(styles))
        self.boxes = CheckButtons(
            ax,
            [ruler.shorten(label, 80, font, tail=0.4) for label in styles],
            [True] * len(styles),
            useblit=False,
            label_props={"fontsize": [font], "color": [look.foreground], "parse_math": [False]},
            frame_props={"s": 6 * font, "edgecolor": look.muted},
            check_props={"s": 3.5 * font, "facecolor": [style.color for style in styles.values()], "linewidth": 1.8},
        )
        self._lr_texts: list[Text] = []
        self._outcomes: list[OutcomeText] = []
        for text, style in zip(self.boxes.labels, styles.values(), strict=True):
            y = text.get_position()[1]
            _sample(ax, y, style)
            self._lr_texts.append(
                ax.text(0.6, y, "", va="center", fontsize=0.9 * font, alpha=0.65, transform=ax.transAxes)
            )
            outcome = OutcomeText(
                0.81, y, "", va="center", fontsize=0.9 * font, color=look.foreground, transform=ax.transAxes
            )
            ax.add_artist(outcome)
            self._outcomes.append(outcome)
        ax, font = _axes(figure, NAMES, len(functions))
        shown = {ruler.shorten(name, 95, font, tail=0.4): name for name in functions}
        self._functions = shown if len(shown) == len(functions) else {name: name for name in functions}
        self.names = RadioButtons(
            ax,
            list(self._functions),
            useblit=False,
            label_props={"fontsize": [font], "color": [look.foreground], "parse_math": [False]},
            radio_props={"s": 5 * font, "edgecolor": look.muted, "facecolor": look.foreground},
        )
        self.lr_slider = _slider(figure, LR, look, "learning rates", -LR_DECADES, LR_DECADES, 0.0)
        self.momentum_slider = _slider(figure, MOMENTUM, look, "momentum", 0.0, MAX_MOMENTUM, INITIAL_MOMENTUM)
        for control in (self.boxes, self.names, self.lr_slider, self.momentum_slider):
            control.drawon = False  # drawn by the BlitManager
        sliders = [
            (slider.ax, lambda slider=slider: (slider.val, slider.valtext.get_text()))
            for slider in (self.lr_slider, self.momentum_slider)
        ]
        self.layers: list[Layer] = [
            *(([ax], state) for ax, state in sliders),
            (self._lr_texts, lambda: tuple(text.get_text() for text in self._lr_texts)),
        ]
        self.volatile = self._outcomes
        self.reset()

    def on_change(
        self,
        runs: Callable[[tuple[str, ...]], object],
        function: Callable[[str], object],
        factor: Callable[[float], object],
        momentum: Callable[[float], object],
    ) -> None:
        """Set the callbacks for the labels (at least one), the function, the learning-rate factor and the momentum."""

        def on_boxes(_: str | None) -> None:
            chosen = tuple(label for label, on in zip(self._labels, self.boxes.get_status(), strict=True) if on)
            if chosen:
                self._chosen = chosen
                runs(chosen)
            else:  # at least one optimizer must run
                self.boxes.eventson = False
                self.boxes.set_active(self._labels.index(self._chosen[0]))
                self.boxes.eventson = True

        def on_lr(power: float) -> None:
            self.lr_slider.valtext.set_text(f"× {10**power:.3g}")
            factor(10**power)

        def on_momentum(power: float) -> None:
            self.momentum_slider.valtext.set_text(f"{1 - 10**-power:.3g}")
            momentum(1 - 10**-power)

        self.boxes.on_clicked(on_boxes)
        self.names.on_clicked(lambda shown: function(self._functions[str(shown)]))
        self.lr_slider.on_changed(on_lr)
        self.momentum_slider.on_changed(on_momentum)

    def reset(self) -> None:
        """Reset the sliders without calling the callbacks."""
        for slider, text in ((self.lr_slider, "× 1"), (self.momentum_slider, DEFAULT)):
            slider.eventson = False
            slider.set_val(slider.valinit)
            slider.eventson = True
            slider.valtext.set_text(text)

    def update_rows(self, shown: Sequence[Entry]) -> None:
        """Update the legend rows; rows without a run are faded."""
        found = {entry.name: entry for entry in shown}
        for label, text, rate, outcome in zip(
            self._labels, self.boxes.labels, self._lr_texts, self._outcomes, strict=True
        ):
            entry = found.get(label)
            text.set_alpha(1.0 if entry else 0.4)
            rate.set_text(entry.lr if entry else "")
            outcome.set_text(entry.outcome if entry else "")
            outcome.since = entry.since if entry else 0

    def is_slider(self, ax: Axes | None) -> bool:
        """Return whether axes belong to a slider."""
        return ax is not None and ax in (self.lr_slider.ax, self.momentum_slider.ax)


def _axes(figure: Figure, box: Box, count: int) -> tuple[Axes, float]:
    """Return axes for this many rows at the top of a box, and a fitting font size."""
    left, bottom, width, height = box
    tall = min(ROW * (count + 1), height)
    ax = figure.add_axes((left, bottom + height - tall, width, tall))
    ax.set_axis_off()
    return ax, min(9.5, 0.62 * 72 * tall * float(figure.get_figheight()) / (count + 1))


def _sample(ax: Axes, y: float, style: Style) -> None:
    """Draw a line sample with its marker, left of a check box."""
    line = Line2D(
        [0.0, 0.1],
        [y, y],
        color=style.color,
        linewidth=2.2,
        solid_capstyle="round",
        transform=ax.transAxes,
        marker=style.marker,
        markevery=[1],
        markersize=5.5,
    )
    if style.dashes:
        line.set_dashes(style.dashes)
    ax.add_line(line)


def _slider(figure: Figure, box: Box, look: Theme, label: str, low: float, high: float, begin: float) -> Slider:
    made = Slider(
        figure.add_axes(box),
        label,
        low,
        high,
        valinit=begin,
        color=look.muted,
        initcolor=look.foreground,
        track_color=mix(to_rgb(look.muted), to_rgb(look.background), 0.7),
        handle_style={"facecolor": look.background, "edgecolor": look.foreground, "size": 9},
    )
    for text in (made.label, made.valtext):
        text.set_fontsize(9)
    return made
