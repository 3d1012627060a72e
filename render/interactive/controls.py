"""The controls of the explorer, in a theme's colours: boxes for optimizers, a list of landscapes, two sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.widgets import CheckButtons, RadioButtons, Slider

from landscapes.render.artists.legend import Entry, Fate
from landscapes.render.artists.text_fit import shortened
from landscapes.render.artists.trails import mix
from landscapes.render.interactive.blit import Layer
from landscapes.render.theme import Style, Theme

Box = tuple[float, float, float, float]

BOXES: Box = (0.545, 0.03, 0.275, 0.44)
NAMES: Box = (0.84, 0.03, 0.155, 0.44)
RATE: Box = (0.15, 0.078, 0.265, 0.03)
MOMENTUM: Box = (0.15, 0.038, 0.265, 0.03)
"""Where the controls stand: left, bottom, width and height, as shares of the figure; lists fill theirs from the top."""

ROW = 0.05
"""The height of a row, as a share of the figure, where there is room."""

RANGE = 2.0
"""Learning rates are multiplied by 10 to the power of minus this to plus this."""

LONGEST = 3.0
"""The momentum goes up to 1 minus 10 to the power of minus this."""

USUAL = 1.0
"""Where the slider of the momentum stands while each optimizer has its own: at 0.9."""

OWN = "its own"
"""What it says then."""


class Controls:
    """What the reader may change.

    A row of the legend is a box to tick as well. Both sliders are of powers of ten: by which the learning rates are
    multiplied, and of 1 / (1 - μ), over how many steps a momentum μ averages.

    Args:
        figure: where to.
        look: the colours.
        styles: how each optimizer is drawn, by label; all of them run at first.
        functions: the names of the landscapes, no two alike; the first one is chosen.

    Attributes:
        boxes: the optimizers, one box each.
        names: the landscapes.
        rate, momentum: the sliders.
        layers: what changes while a slider is dragged.
        lively: what changes with every race.
    """

    def __init__(self, figure: Figure, look: Theme, styles: Mapping[str, Style], functions: Sequence[str]) -> None:
        self._labels = list(styles)
        self._chosen = tuple(styles)
        ax, font = _axes(figure, BOXES, len(styles))
        self.boxes = CheckButtons(
            ax, [shortened(label, 80, font, tail=0.4) for label in styles], [True] * len(styles), useblit=False,
            label_props={"fontsize": [font], "color": [look.foreground], "parse_math": [False]},
            frame_props={"s": 6 * font, "edgecolor": look.muted},
            check_props={"s": 3.5 * font, "facecolor": [style.color for style in styles.values()], "linewidth": 1.8},
        )  # fmt: skip
        self._rates: list[Text] = []
        self._fates: list[Fate] = []
        for text, style in zip(self.boxes.labels, styles.values(), strict=True):
            y = text.get_position()[1]
            _sample(ax, y, style)
            self._rates.append(
                ax.text(0.6, y, "", va="center", fontsize=0.9 * font, alpha=0.65, transform=ax.transAxes)
            )
            fate = Fate(0.81, y, "", va="center", fontsize=0.9 * font, color=look.foreground, transform=ax.transAxes)
            ax.add_artist(fate)
            self._fates.append(fate)
        ax, font = _axes(figure, NAMES, len(functions))
        shown = {shortened(name, 95, font, tail=0.4): name for name in functions}
        self._functions = shown if len(shown) == len(functions) else {name: name for name in functions}
        self.names = RadioButtons(
            ax, list(self._functions), useblit=False,
            label_props={"fontsize": [font], "color": [look.foreground], "parse_math": [False]},
            radio_props={"s": 5 * font, "edgecolor": look.muted, "facecolor": look.foreground},
        )  # fmt: skip
        self.rate = _slider(figure, RATE, look, "learning rates", -RANGE, RANGE, 0.0)
        self.momentum = _slider(figure, MOMENTUM, look, "momentum", 0.0, LONGEST, USUAL)
        for control in (self.boxes, self.names, self.rate, self.momentum):
            control.drawon = False  # they are drawn with all else
        sliders = [
            (slider.ax, lambda slider=slider: (slider.val, slider.valtext.get_text()))
            for slider in (self.rate, self.momentum)
        ]
        self.layers: list[Layer] = [
            *(([ax], state) for ax, state in sliders),
            (self._rates, lambda: tuple(text.get_text() for text in self._rates)),
        ]
        self.lively = self._fates
        self.reset()

    def on_change(
        self,
        runs: Callable[[tuple[str, ...]], object],
        function: Callable[[str], object],
        factor: Callable[[float], object],
        momentum: Callable[[float], object],
    ) -> None:
        """Says who is to be told: of the labels that are ticked, one at least; of the landscape; of a factor and a momentum."""

        def ticked(_: str | None) -> None:
            chosen = tuple(label for label, on in zip(self._labels, self.boxes.get_status(), strict=True) if on)
            if chosen:
                self._chosen = chosen
                runs(chosen)
            else:  # somebody has to run
                self.boxes.eventson = False
                self.boxes.set_active(self._labels.index(self._chosen[0]))
                self.boxes.eventson = True

        def rated(power: float) -> None:
            self.rate.valtext.set_text(f"× {10**power:.3g}")
            factor(10**power)

        def kept(power: float) -> None:
            self.momentum.valtext.set_text(f"{1 - 10**-power:.3g}")
            momentum(1 - 10**-power)

        self.boxes.on_clicked(ticked)
        self.names.on_clicked(lambda shown: function(self._functions[str(shown)]))
        self.rate.on_changed(rated)
        self.momentum.on_changed(kept)

    def reset(self) -> None:
        """Puts the sliders where they stood at first, and tells nobody."""
        for slider, text in ((self.rate, "× 1"), (self.momentum, OWN)):
            slider.eventson = False
            slider.set_val(slider.valinit)
            slider.eventson = True
            slider.valtext.set_text(text)

    def tell(self, shown: Sequence[Entry]) -> None:
        """Says in each row what there is to say of its run; those without one fade."""
        found = {entry.name: entry for entry in shown}
        for label, text, rate, fate in zip(self._labels, self.boxes.labels, self._rates, self._fates, strict=True):
            entry = found.get(label)
            text.set_alpha(1.0 if entry else 0.4)
            rate.set_text(entry.rate if entry else "")
            fate.set_text(entry.fate if entry else "")
            fate.since = entry.since if entry else 0

    def slides(self, ax: Axes | None) -> bool:
        """Whether axes are those of a slider."""
        return ax is not None and ax in (self.rate.ax, self.momentum.ax)


def _axes(figure: Figure, box: Box, count: int) -> tuple[Axes, float]:
    """Axes for a list of so many rows at the top of a box, and a font size that fits."""
    left, bottom, width, height = box
    tall = min(ROW * (count + 1), height)
    ax = figure.add_axes((left, bottom + height - tall, width, tall))
    ax.set_axis_off()
    return ax, min(9.5, 0.62 * 72 * tall * float(figure.get_figheight()) / (count + 1))


def _sample(ax: Axes, y: float, style: Style) -> None:
    """A piece of a trail with its head, left of a box."""
    line = Line2D(
        [0.0, 0.1], [y, y], color=style.color, linewidth=2.2, solid_capstyle="round", transform=ax.transAxes,
        marker=style.marker, markevery=[1], markersize=5.5,
    )  # fmt: skip
    if style.dashes:
        line.set_dashes(style.dashes)
    ax.add_line(line)


def _slider(figure: Figure, box: Box, look: Theme, label: str, low: float, high: float, begin: float) -> Slider:
    made = Slider(
        figure.add_axes(box), label, low, high, valinit=begin, color=look.muted, initcolor=look.foreground,
        track_color=mix(to_rgb(look.muted), to_rgb(look.background), 0.7), handle_style={"facecolor": look.background, "edgecolor": look.foreground, "size": 9},
    )  # fmt: skip
    for text in (made.label, made.valtext):
        text.set_fontsize(9)
    return made
