"""The window to play in: what each control and key changes, seen on the artists and the pixels. Without torch."""

from __future__ import annotations

import gc
import re
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import render_records
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from render_pixels import sized

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render import THEMES
from landscapes.render.artists.heads import Start
from landscapes.render.artists.legend import Entry
from landscapes.render.artists.trails import Trail
from landscapes.render.interactive._explore import HELP, Explorer, RaceRequest, explore
from landscapes.render.interactive.blit import BlitManager
from landscapes.render.interactive.window import INCHES, announce_address, check_window, open_figure
from landscapes.render.theme import styles

MODULE = sys.modules["landscapes.render.interactive._explore"]  # beside it there may be a function of the same name
LABELS = ("SGD", "Adam", "mine")
GROUNDS = ("Bowl", "Other bowl")
STEPS, FIRST = 40, 8


class Races:
    """Stands for what races: straight ways to the minimum, and a memory of what was asked for."""

    def __init__(self) -> None:
        self.asked: list[RaceRequest] = []
        self.refuses = ""

    def __call__(self, wish: RaceRequest) -> Record:
        self.asked.append(wish)
        if self.refuses:
            raise InputError(self.refuses)
        steps = FIRST if wish.draft else STEPS
        begin = np.array(wish.start or render_records.START)
        share = (1 - 0.9 ** np.arange(steps + 1))[:, None]
        bends = [0.1 * (LABELS.index(label) - 1) for label in wish.optimizers]
        arcs = [
            begin + share * (np.array(render_records.GOAL) - begin) + bend * np.sin(np.pi * share) for bend in bends
        ]
        made = render_records.record(arcs, labels=wish.optimizers, function=wish.function.lower(), title=wish.function)
        made.trajectories.runs["lr"][:] = 0.01 * wish.factor
        return made


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """No move of the mouse comes too soon."""
    monkeypatch.setattr(MODULE, "COOLDOWN", 0.0)


@pytest.fixture
def unpainted(monkeypatch):
    """For tests that look at artists alone: drawing takes most of the time."""
    monkeypatch.setattr(BlitManager, "paint", lambda _: None)


def shown(theme: str = "light", functions: tuple[str, ...] = GROUNDS) -> Explorer:
    page = FigureCanvasAgg(Figure(figsize=INCHES, dpi=50)).figure
    return explore(Races(), LABELS, functions, theme=theme, figure=page)


def at(seen: Explorer, name: str, point: tuple[float, float], *, ax=None, button: int = 1) -> None:
    """The mouse at a point of the map, in its own units; or of other axes, as shares of their sides."""
    change = seen.panels.contour.transData if ax is None else ax.transAxes
    event = MouseEvent(name, seen.figure.canvas, *change.transform(point), button)
    seen.figure.canvas.callbacks.process(name, event)


def near(point: tuple[float, float]) -> Any:
    """The point, but for a mouse that stands on whole pixels."""
    return pytest.approx(point, abs=0.02)


def press(seen: Explorer, key: str) -> None:
    seen.figure.canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", seen.figure.canvas, key))


def trails(seen: Explorer) -> dict[str, Trail]:
    return {str(trail.get_label()): trail for trail in seen.panels.contour.findobj(Trail)}


def pixels(seen: Explorer) -> np.ndarray:
    return np.asarray(seen.figure.canvas.buffer_rgba()).copy()


def drawn_whole(seen: Explorer) -> np.ndarray:
    """The figure as matplotlib itself draws it."""
    seen.figure.canvas.draw()
    return pixels(seen)


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_press_moves_the_start_there():
    seen = shown()
    at(seen, "button_press_event", (0.5, -1.0))
    assert seen.request.start == near((0.5, -1.0))
    (ring,) = seen.figure.findobj(Start)
    assert ring.point == near((0.5, -1.0))
    assert all(trail.polyline.data[0] == near((0.5, -1.0)) for trail in trails(seen).values())


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_dragging_races_first_steps_and_release_races_all():
    seen = shown()
    at(seen, "button_press_event", (0.5, -1.0))
    for x in (0.4, 0.3, 0.2):
        at(seen, "motion_notify_event", (x, -1.0))
        assert seen.racer.asked[-1].draft
        assert {len(trail.polyline.step) for trail in trails(seen).values()} == {FIRST + 1}
        assert trails(seen)["SGD"].polyline.data[0] == near((x, -1.0))
    at(seen, "button_release_event", (0.1, -1.0))
    assert not seen.racer.asked[-1].draft
    assert seen.request.start == near((0.1, -1.0))
    assert {len(trail.polyline.step) for trail in trails(seen).values()} == {STEPS + 1}
    races = len(seen.racer.asked)
    at(seen, "motion_notify_event", (1.0, 1.0))
    assert len(seen.racer.asked) == races, "it is held no more"


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_move_that_waited_for_a_race_is_passed_over(monkeypatch):
    seen = shown()
    at(seen, "button_press_event", (0.5, -1.0))
    monkeypatch.setattr(MODULE, "COOLDOWN", 1e6)
    races = len(seen.racer.asked)
    at(seen, "motion_notify_event", (0.4, -1.0))
    assert len(seen.racer.asked) == races
    at(seen, "button_release_event", (0.4, -1.0))
    assert len(seen.racer.asked) == races + 1
    assert seen.record.trajectories.x[0, 0] == near((0.4, -1.0))


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_start_dragged_beyond_the_map_stays_on_its_border():
    seen = shown()
    at(seen, "button_press_event", (0.5, -1.0))
    at(seen, "button_release_event", (9.0, -9.0))
    assert seen.request.start == pytest.approx((render_records.VIEW[0][1], render_records.VIEW[1][0]))


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize("button", [2, 3])
def test_other_buttons_and_panels_do_not_move_the_start(button):
    seen = shown()
    at(seen, "button_press_event", (0.5, -1.0), button=button)
    at(seen, "button_press_event", (0.5, 0.5), ax=seen.panels.losses)
    at(seen, "button_release_event", (0.5, 0.5), ax=seen.panels.losses)
    assert len(seen.racer.asked) == 1
    assert seen.request.start is None


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_presses_belong_to_the_toolbar_while_it_zooms():
    class Zooming:
        mode = "zoom rect"

    seen = shown()
    seen.figure.canvas.toolbar = Zooming()
    at(seen, "button_press_event", (0.5, -1.0))
    assert seen.request.start is None


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(("power", "words", "rate"), [(1.0, "× 10", "0.1"), (-2.0, "× 0.01", "0.0001")])
def test_the_slider_of_learning_rates_is_one_of_powers_and_the_legend_states_them(power, words, rate):
    seen = shown()
    seen.controls.lr_slider.set_val(power)
    assert seen.racer.asked[-1].factor == pytest.approx(10**power)
    assert not seen.racer.asked[-1].draft
    texts = [text.get_text() for text in seen.figure.findobj(Text)]
    assert words in texts
    assert texts.count(rate) == len(LABELS)


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_the_slider_of_momentum_leaves_each_its_own_until_it_is_moved():
    seen = shown()
    assert seen.racer.asked[-1].momentum is None
    assert seen.controls.momentum_slider.valtext.get_text() == "default"
    seen.controls.momentum_slider.set_val(2.0)
    assert seen.racer.asked[-1].momentum == pytest.approx(0.99)
    assert seen.controls.momentum_slider.valtext.get_text() == "0.99"


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_slider_that_is_dragged_races_first_steps():
    seen = shown()
    ax = seen.controls.lr_slider.ax
    at(seen, "button_press_event", (0.75, 0.5), ax=ax)
    assert seen.racer.asked[-1].draft
    assert seen.racer.asked[-1].factor == pytest.approx(10)
    at(seen, "motion_notify_event", (0.25, 0.5), ax=ax)
    assert seen.racer.asked[-1].factor == pytest.approx(0.1)
    at(seen, "button_release_event", (0.25, 0.5), ax=ax)
    assert not seen.racer.asked[-1].draft
    assert seen.request.start is None


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_box_takes_an_optimizer_out_and_in_again_and_colours_stay():
    seen = shown()
    colors = {label: trail.color for label, trail in trails(seen).items()}
    assert colors == dict(zip(LABELS, (style.color for style in styles(LABELS, THEMES["light"])), strict=True))
    seen.controls.boxes.set_active(0)
    assert seen.request.optimizers == ("Adam", "mine")
    assert {label: trail.color for label, trail in trails(seen).items()} == {k: colors[k] for k in ("Adam", "mine")}
    assert [text.get_alpha() for text in seen.controls.boxes.labels] == [0.4, 1.0, 1.0]
    seen.controls.boxes.set_active(0)
    assert seen.request.optimizers == LABELS


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_click_on_a_box_is_one_on_the_optimizer():
    seen = shown()
    box = seen.controls.boxes.labels[1]
    x, y = box.get_position()
    at(seen, "button_press_event", (x + 0.02, y), ax=seen.controls.boxes.ax)
    assert seen.request.optimizers == ("SGD", "mine")
    assert not seen.racer.asked[-1].draft


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_the_last_optimizer_cannot_be_removed():
    seen = shown()
    for place in range(len(LABELS)):
        seen.controls.boxes.set_active(place)
    assert seen.request.optimizers == LABELS[-1:]
    assert seen.controls.boxes.get_status() == [False, False, True]
    assert list(trails(seen)) == ["mine"]


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_another_function_is_another_map_and_its_own_start():
    seen = shown()
    seen.drop(1.0, 1.0)
    before = seen.panels.contour.collections[0]
    seen.drop(0.5, 1.0)
    assert seen.panels.contour.collections[0] is before, "the map is drawn once a landscape"
    seen.controls.names.set_active(1)
    assert seen.request.function == GROUNDS[1]
    assert seen.request.start is None
    assert seen.panels.contour.get_title(loc="left") == GROUNDS[1]
    assert seen.panels.contour.collections[0] is not before
    assert list(trails(seen)) == list(LABELS)


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_functions_with_long_names_have_different_labels():
    names = ("a name that is much too long for the list, one", "a name that is much too long for the list, two")
    seen = shown(functions=names)
    seen.controls.names.set_active(1)
    assert seen.request.function == names[1]


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_r_goes_back_to_where_it_began():
    seen = shown()
    seen.drop(1.0, 1.0)
    seen.controls.lr_slider.set_val(1.0)
    seen.controls.momentum_slider.set_val(2.0)
    races = len(seen.racer.asked)
    press(seen, "r")
    assert len(seen.racer.asked) == races + 1
    assert seen.racer.asked[-1] == seen.racer.asked[0]
    assert (seen.controls.lr_slider.val, seen.controls.lr_slider.valtext.get_text()) == (0.0, "× 1")
    assert seen.controls.momentum_slider.valtext.get_text() == "default"


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_space_plays_the_race_and_stops_it():
    seen = shown()
    press(seen, " ")
    seen.advance()
    first = trails(seen)["SGD"].polyline.shown
    for _ in range(60):
        seen.advance()
    later = trails(seen)["SGD"].polyline.shown
    assert 0 <= first < later < STEPS
    assert seen.panels.counter.get_text().split() == ["step", str(int(later))]
    press(seen, " ")
    press(seen, " ")
    seen.advance()
    assert later <= trails(seen)["SGD"].polyline.shown < STEPS, "it goes on from there"
    for _ in range(200):
        seen.advance()
    assert trails(seen)["SGD"].polyline.shown == STEPS
    press(seen, " ")
    seen.advance()
    assert trails(seen)["SGD"].polyline.shown < later, "it begins again"


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_new_race_ends_the_one_that_is_played():
    seen = shown()
    press(seen, " ")
    seen.advance()
    seen.drop(1.0, 1.0)
    assert {trail.polyline.shown for trail in trails(seen).values()} == {STEPS}
    seen.advance()
    assert {trail.polyline.shown for trail in trails(seen).values()} == {STEPS}


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_playback_keeps_up_with_the_clock(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(MODULE.time, "perf_counter", lambda: clock[0])
    seen = shown()
    press(seen, " ")
    clock[0] += 60
    seen.advance()
    assert trails(seen)["SGD"].polyline.shown == STEPS


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(("key", "name", "kind"), [("s", "bowl", "GIF"), ("S", "bowl", "PNG")])
@pytest.mark.thin(1)
def test_s_saves_to_a_new_file_and_reports_its_name(tmp_path, monkeypatch, key, name, kind):
    monkeypatch.chdir(tmp_path)
    themes = saved_small(monkeypatch)
    seen = shown("dark")
    press(seen, key)
    press(seen, key)
    files = [f"{name}.{kind.lower()}", f"{name}-2.{kind.lower()}"]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(files)
    for file in files:
        with Image.open(tmp_path / file) as image:
            assert image.format == kind
    assert re.fullmatch(rf"saved as {files[1]}, \d+ kB", seen.status.get_text())
    assert themes == [THEMES["dark"]] * 2
    seen.drop(1.0, 1.0)
    assert seen.status.get_text() == HELP


def saved_small(monkeypatch) -> list[object]:
    """Lets files be saved small, and gives the themes they were saved in."""
    save, themes = MODULE.save, []

    def small(record, path, *, theme):
        themes.append(theme)
        quick = {"seconds": 0.3} if path.suffix == ".gif" else {}
        return save(record, path, theme=theme, **sized(240, 180), **quick)

    monkeypatch.setattr(MODULE, "save", small)
    return themes


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_objects_that_cannot_be_saved_are_reported(monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(MODULE, "save", full)
    seen = shown()
    assert seen.save() is None
    assert seen.status.get_text() == "cannot save bowl.gif: no space left"


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_a_race_that_is_refused_is_reported_and_the_last_one_stays():
    seen = shown()
    kept = seen.record
    seen.racer.refuses = "the start is\nno place"
    seen.drop(1.0, 1.0)
    assert seen.status.get_text() == "the start is no place"
    assert seen.record is kept
    assert list(trails(seen)) == list(LABELS)
    seen.racer.refuses = ""
    seen.drop(1.0, 0.5)
    assert seen.status.get_text() == HELP


@pytest.mark.usefixtures("unpainted")
def test_errors_of_the_first_race_are_raised():
    races = Races()
    races.refuses = "nowhere to go"
    page = FigureCanvasAgg(Figure(figsize=INCHES)).figure
    with pytest.raises(InputError, match="nowhere to go"):
        explore(races, LABELS, GROUNDS, figure=page)


CHANGES: dict[str, Callable[[Explorer], object]] = {
    "nothing": lambda seen: None,
    "a held start": lambda seen: at(seen, "button_press_event", (0.5, -1.0)),
    "a held rate": lambda seen: [
        at(seen, name, (x, 0.5), ax=seen.controls.lr_slider.ax)
        for name, x in (("button_press_event", 0.3), ("motion_notify_event", 0.9))
    ],
    "a landscape": lambda seen: seen.controls.names.set_active(1),
    "a frame": lambda seen: (seen.play(), [seen.advance() for _ in range(8)]),
    "a refusal": lambda seen: (setattr(seen.racer, "refuses", "no"), seen.drop(0, 0)),
}


@pytest.mark.parametrize(
    ("change", "theme"),
    [
        *((name, "light") for name in CHANGES),
        pytest.param("nothing", "dark", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
@pytest.mark.sample(3)
def test_the_window_shows_what_matplotlib_would_draw(change, theme):
    seen = shown(theme)
    CHANGES[change](seen)
    mine = pixels(seen)
    assert np.array_equal(mine, drawn_whole(seen))
    assert len(np.unique(mine.reshape(-1, 4), axis=0)) > 200


@pytest.mark.slow
def test_static_artists_are_not_drawn_while_the_start_is_dragged(monkeypatch):
    seen = shown()
    at(seen, "button_press_event", (0.5, -1.0))
    at(seen, "motion_notify_event", (0.4, -1.0))
    monkeypatch.setattr(Figure, "draw", lambda *_: pytest.fail("the whole figure was drawn"))
    before = pixels(seen)
    at(seen, "motion_notify_event", (-1.0, 0.5))
    assert not np.array_equal(before, pixels(seen))


@pytest.mark.slow
def test_a_resized_window_is_redrawn():
    seen = shown()
    seen.figure.set_size_inches(8, 5)
    seen.drop(0.5, -1.0)
    assert np.array_equal(pixels(seen), drawn_whole(seen))


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_figures_of_other_libraries_are_drawn_whole():
    """A figure that is saved by the toolbar holds all artists."""
    seen = shown()
    assert not [artist for artist in seen.figure.findobj() if artist.get_animated()]


def test_a_canvas_that_keeps_no_pictures_is_asked_to_draw():
    class Plain:
        asked = 0

        def draw_idle(self) -> None:
            self.asked += 1

    page = Figure()
    ax = page.add_subplot()
    page.canvas = Plain()
    BlitManager(page, [ax]).paint()
    assert page.canvas.asked == 1


@pytest.mark.slow
def test_events_that_drawing_lets_through_come_next():
    seen = shown()
    points = iter([(1.0, 1.0), (0.0, 1.0)])

    def flush() -> None:
        for point in points:
            seen.drop(*point)

    seen.figure.canvas.flush_events = flush
    seen.drop(0.5, -1.0)
    assert [wish.start for wish in seen.racer.asked[1:]] == [(0.5, -1.0), (0.0, 1.0)], "the last one counts"
    assert trails(seen)["SGD"].polyline.data[0] == pytest.approx((0.0, 1.0))


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_the_figure_keeps_the_explorer():
    """A notebook that drops what `explore` returns can still be clicked."""
    seen = shown()
    page, races, known = seen.figure, seen.racer, weakref.ref(seen)
    at_map = seen.panels.contour.transData.transform((0.5, -1.0))
    del seen
    gc.collect()
    assert known() is not None
    page.canvas.callbacks.process("button_press_event", MouseEvent("button_press_event", page.canvas, *at_map, 1))
    assert races.asked[-1].start == near((0.5, -1.0))


INLINE = "module://matplotlib_inline.backend_inline"


@pytest.fixture
def backend(monkeypatch) -> Callable[[str], None]:
    import matplotlib as mpl

    return lambda name: monkeypatch.setattr(mpl, "get_backend", lambda: name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        *[(name, "needs a display, and PySide6 or Tk") for name in ("agg", "Agg", "svg")],
        *[(name, r"pip install ipympl\) and run %matplotlib widget") for name in ("inline", INLINE)],
    ],
)
def test_without_a_window_it_says_what_to_install(backend, name, advice):
    backend(name)
    with pytest.raises(InputError, match=advice) as reported:
        explore(Races(), LABELS, GROUNDS)
    assert name in str(reported.value)
    assert "race.html" in str(reported.value)


@pytest.mark.parametrize(("name", "shown"), [("WebAgg", "explore: http://127.0.0.1:8989/figures/\n"), ("qtagg", "")])
def test_the_address_of_a_window_in_a_browser_is_printed(backend, monkeypatch, capsys, name, shown):
    class Server:
        """Stands in for the server of matplotlib, which needs tornado; the usual port is taken."""

        address, port, url_prefix = "127.0.0.1", 0, ""

        @classmethod
        def initialize(cls) -> None:
            cls.port, cls.url_prefix = 8989, "/figures"

    webagg = types.ModuleType("matplotlib.backends.backend_webagg")
    webagg.WebAggApplication = Server  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, webagg.__name__, webagg)
    monkeypatch.setattr("matplotlib.backends.backend_webagg", webagg, raising=False)
    backend(name)
    announce_address()
    assert capsys.readouterr().err == shown


@pytest.mark.parametrize("name", ["qtagg", "tkagg", "webagg", "macosx", "module://ipympl.backend_nbagg", "widget"])
def test_backends_with_windows_are_taken(backend, name):
    backend(name)
    check_window()


def test_a_backend_whose_toolkit_is_missing_says_so_too(backend, monkeypatch):
    from matplotlib import pyplot

    def missing(**_):
        raise ImportError("no Qt")

    backend("qtagg")
    monkeypatch.setattr(pyplot, "figure", missing)
    with pytest.raises(InputError, match=r"'qtagg'\. A window needs a display, and PySide6"):
        open_figure(THEMES["light"])


def test_unknown_themes():
    with pytest.raises(InputError, match=r"unknown theme 'drak'\. Did you mean dark"):
        shown("drak")


@pytest.mark.usefixtures("unpainted")
@pytest.mark.slow
def test_names_learning_rates_and_outcomes_do_not_overlap(monkeypatch):
    """However many optimizers there are, and however long their names."""
    labels = tuple(f"Momentum · cosine · clip {place}" for place in range(16))
    monkeypatch.setattr(MODULE.Explorer, "_rerun", lambda seen: None)
    page = FigureCanvasAgg(Figure(figsize=INCHES)).figure
    controls = explore(Races(), labels, GROUNDS, figure=page).controls
    controls.update_rows(
        [Entry(styles(labels[:1], THEMES["light"])[0], label, "0.00123", "✕ 12345", "✕", 0) for label in labels]
    )
    boxes = [text.get_window_extent() for text in controls.boxes.ax.texts]
    shown = [box for box in boxes if box.width]
    assert len(shown) == 3 * len(labels)
    assert not [1 for i, box in enumerate(shown) for other in shown[:i] if box.overlaps(other)]
    assert max(box.x1 for box in shown) < min(text.get_window_extent().x0 for text in controls.names.labels)
