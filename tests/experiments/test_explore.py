"""`explore`: which races it runs, its command, and a real window."""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import landscapes
from landscapes import InputError, explore, function, optimizers, race, render
from landscapes.cli import main
from landscapes.experiments._explore import DRAFT, FEWEST, OTHERS, Racing
from landscapes.functions import get
from landscapes.render.interactive._explore import Explorer, RaceRequest
from landscapes.render.interactive.blit import BlitManager

THREE = ["sgd", "momentum", "adam"]
LABELS = ("SGD", "Momentum", "Adam")


@pytest.fixture(autouse=True)
def _unpainted(monkeypatch):
    """What is drawn is seen elsewhere."""
    monkeypatch.setattr(BlitManager, "paint", lambda _: None)


def opened(*arguments, **settings) -> Explorer:
    page = FigureCanvasAgg(Figure(figsize=(12, 6.6))).figure
    return explore(*arguments, figure=page, **settings)


@function((-2, 2), (-2, 2), start=(1.5, 1.0), steps=20)
def unknown_minimum(x, y):
    """A minimum that is not listed."""
    return (x - 0.5) ** 2 + y * y


@pytest.mark.parametrize("name", ["beale", "saddle"])
@pytest.mark.thin(1)
def test_what_is_shown_is_the_race(name):
    mine, theirs = opened(name, THREE, seed=3).record, race(name, THREE, seed=3)
    assert np.array_equal(mine.trajectories.x, theirs.trajectories.x)
    assert {key: mine.trajectories.runs[key].tolist() for key in ("label", "lr", "status", "reached")} == {
        key: theirs.trajectories.runs[key].tolist() for key in ("label", "lr", "status", "reached")
    }
    assert np.array_equal(mine.surface.values, theirs.surface.values)
    keys = ("function", "title", "minimum", "minimum_is", "target", "start", "steps", "seed")
    assert {key: mine.meta[key] for key in keys} == {key: theirs.meta[key] for key in keys}


@pytest.mark.slow
def test_the_minimum_of_the_users_is_searched_once_and_its_star_is_open():
    record, theirs = opened(unknown_minimum, THREE).record, race(unknown_minimum, THREE)
    assert record.meta["minimum_is"] == theirs.meta["minimum_is"] == "found"
    assert record.surface.minima == pytest.approx(theirs.surface.minima)


def test_without_a_minimum_there_is_no_target():
    @function((-1, 1), (-1, 1), start=(0.5, 0.9), steps=10)
    def falling(x, y):
        return x * x + y

    record = opened(falling, ["sgd(lr=0.01)"]).record
    assert (record.meta.minimum_is, record.meta.target) == ("unknown", None)
    assert len(record.surface.minima) == 0


@pytest.mark.slow
def test_learning_rates_are_multiples_of_each_optimizers_own():
    seen = opened("beale", ["sgd", "adam(lr=0.2)", "neldermead"])
    own = seen.record.trajectories.runs["lr"]
    assert own[1] == 0.2
    seen.controls.lr_slider.set_val(-1.0)
    assert seen.record.trajectories.runs["lr"][:2] == pytest.approx(0.1 * own[:2])
    assert math.isnan(seen.record.trajectories.runs["lr"][2])


@pytest.mark.parametrize(
    ("given", "power", "becomes"),
    [
        ("momentum(lr=0.01)", 2.0, optimizers.SGD(lr=0.01, momentum=0.99)),
        ("adam(lr=0.1)", 2.0, optimizers.Adam(lr=0.1, beta1=0.99)),
        ("sgd(lr=0.01)", 2.0, optimizers.SGD(lr=0.01)),
        pytest.param("rmsprop(lr=0.01)", 2.0, optimizers.RMSprop(lr=0.01), marks=pytest.mark.slow),
        pytest.param("adagrad(lr=0.1)", 2.0, optimizers.Adagrad(lr=0.1), marks=pytest.mark.slow),
        ("nesterov(lr=0.01)", 0.0, optimizers.SGD(lr=0.01)),
        ("clip(adam(lr=0.1), norm=1)", 2.0, optimizers.Clip(optimizers.Adam(lr=0.1, beta1=0.99), norm=1)),
    ],
)
@pytest.mark.thin(1)
def test_momentum_is_that_of_those_that_have_one(given, power, becomes):
    seen = opened("booth", [given], steps=15)
    seen.controls.momentum_slider.set_val(power)
    expected = race("booth", [becomes], steps=15).trajectories.x
    assert seen.record.trajectories.x == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.slow
def test_labels_stay_whatever_the_sliders_say():
    seen = opened("beale", {"slow": "sgd(lr=0.001)", "fast": "sgd(lr=0.01)", "Momentum": "momentum"})
    seen.controls.lr_slider.set_val(0.5)
    seen.controls.momentum_slider.set_val(0.0)
    assert seen.record.trajectories.runs["label"].tolist() == ["slow", "fast", "Momentum"]


@pytest.mark.slow
def test_others_are_offered_next_to_one_and_only_those_given_next_to_several():
    titles = [get(name).title for name in OTHERS]
    assert opened("booth", THREE).racer.names == ["Booth", *titles]
    assert opened("rosenbrock", THREE).racer.names == ["Rosenbrock", *(t for t in titles if t != "Rosenbrock")]
    assert opened(["booth", get("beale")], THREE).racer.names == ["Booth", "Beale"]


@pytest.mark.parametrize("name", OTHERS)
def test_each_function_that_is_offered_can_be_raced_without_a_sweep(name, monkeypatch):
    monkeypatch.setattr(
        "landscapes.experiments.stored_lrs.sweep_lrs", lambda *_: pytest.fail("a sweep takes too long for a click")
    )
    racer = Racing(
        {name: get(name)},
        landscapes.experiments.optimizer_specs.parse_optimizers(landscapes.experiments._race.DEFAULT_OPTIMIZERS),
        5,
        0,
    )
    labels = ("SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam")
    assert racer(RaceRequest(name, labels)).meta["steps"] == 5


def test_a_draft_is_the_beginning_of_the_race_and_as_long_as_there_is_time(monkeypatch):
    racer = Racing({"beale": get("beale")}, landscapes.experiments.optimizer_specs.parse_optimizers(THREE), None, 0)
    whole = racer(RaceRequest("beale", LABELS))
    racer.pace = DRAFT / 70.5
    draft = racer(RaceRequest("beale", LABELS, draft=True))
    assert draft.meta["steps"] == 70
    assert np.array_equal(draft.trajectories.x, whole.trajectories.x[:, :71])
    racer.pace = 100.0
    assert racer(RaceRequest("beale", LABELS, draft=True)).meta["steps"] == FEWEST
    racer.pace = 1e-9
    assert racer(RaceRequest("beale", LABELS, draft=True)).meta["steps"] == get("beale").steps


@pytest.mark.slow
def test_a_function_is_prepared_once(monkeypatch):
    asked = []
    surface = landscapes.Function.surface
    monkeypatch.setattr(landscapes.Function, "surface", lambda f, n=257: (asked.append(n), surface(f, n))[1])
    seen = opened("beale", THREE, steps=10)
    seen.drop(1.0, 1.0)
    seen.controls.boxes.set_active(0)
    assert [n for n in asked if n > 2] == [257]


def test_a_start_without_a_finite_value_is_reported():
    @function((-2, 2), (-2, 2), start=(1.0, 1.0), steps=10)
    def half(x, y):
        return x.sqrt() + y * y

    seen = opened([half, "beale"], ["sgd(lr=0.01)"])
    seen.drop(-1.0, 0.0)
    assert "nan" in seen.status.get_text()
    assert seen.record.meta["start"] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("rosenbrok",), r"unknown function 'rosenbrok'\. Did you mean rosenbrock"),
        (("beale", ["adm"]), r"unknown optimizer 'adm'"),
        (("beale", []), "no optimizers to explore"),
        (([],), r'give at least one, such as explore\("beale"\)'),
        ((get("rosenbrock", dim=5),), "needs a function of 2 coordinates; rosenbrock has 5. Choose another"),
        ((lambda x, y: x + y,), "has no bounds"),
    ],
)
def test_bad_input(given, message):
    with pytest.raises(InputError, match=message):
        opened(*given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"seed": -1}, "seed must be an integer"),
        ({"theme": "drak"}, "unknown theme 'drak'"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        opened("beale", ["sgd"], **settings)


def test_without_a_window_nothing_is_raced(capsys):
    """The tests' own backend, Agg, has none."""
    with pytest.raises(InputError, match="cannot open a window"):
        explore("beale")
    assert main.main(["explore", "beale"]) == 2
    assert "needs a display, and PySide6 or Tk" in capsys.readouterr().err


def test_without_a_display_no_window_is_drawn(monkeypatch):
    """Pyplot then takes a backend without windows, although another one was asked for."""
    import matplotlib as mpl
    from matplotlib import pyplot

    from landscapes.render.interactive.window import open_figure

    backend = ["tkagg"]

    def headless(**_):
        backend[0] = "agg"
        return Figure()

    monkeypatch.setattr(mpl, "get_backend", lambda: backend[0])
    monkeypatch.setattr(pyplot, "figure", headless)
    with pytest.raises(InputError, match=r"cannot open a window: .*'agg'. A window needs a display"):
        open_figure(render.THEMES["light"])


@pytest.fixture
def windowed(monkeypatch):
    """A window that is closed at once."""
    import matplotlib as mpl
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(mpl, "get_backend", lambda: "qtagg")
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.gcf()))
    yield shown
    pyplot.close("all")


def test_the_command_opens_a_window_and_prints_the_last_race(windowed, capsys):
    words = [
        "explore",
        "booth",
        "beale",
        "--optimizer",
        "adam(lr=0.1)",
        "--optimizer",
        "calm=sgd(lr=0.001)",
        "--steps",
        "12",
    ]
    assert main.main([*words, "--theme", "dark"]) == 0
    (page,) = windowed
    assert page.get_facecolor() == pytest.approx((0x0B / 255, 0x0E / 255, 0x14 / 255, 1))
    said = capsys.readouterr().out
    assert said.startswith("Booth: 12 steps from (-8, 8)")
    assert "calm" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explore"], "FUNCTION"),
        (["explore", "beal"], "Did you mean beale"),
        (["explore", "beale", "--theme", "drak"], "unknown theme 'drak'"),
        (["explore", "beale", "--steps", "0"], "--steps"),
        (["explore", "beale", "--optimizer", "adm"], "unknown optimizer 'adm'"),
        (["explore", "helical_valley"], "of 2 coordinates; helical_valley has 3"),
    ],
)
def test_words_that_cannot_be_used(windowed, capsys, words, message):
    assert main.main(words) == 2
    assert message in capsys.readouterr().err
    assert not windowed


REAL = """
import sys
import landscapes
from matplotlib import pyplot
from PIL import ImageGrab

seen = landscapes.explore("beale", ["sgd", "adam"], theme="dark", show=False)
pyplot.show(block=False)
widget = seen.figure.canvas.get_tk_widget()
widget.update()
high = widget.winfo_height()


def at(x, y):
    x, y = seen.panels.contour.transData.transform((x, y))
    return {"x": int(x), "y": int(high - y)}


def starts():
    return tuple(round(c, 1) for c in seen.record.meta["start"])


widget.event_generate("<ButtonPress-1>", **at(1, 1))
widget.update()
widget.event_generate("<Motion>", **at(1.5, -1), state=256)
widget.update()
held = seen.record.meta["steps"]
widget.event_generate("<ButtonRelease-1>", **at(2, -1))
widget.update()
print(starts(), held <= seen.record.meta["steps"] == 250)
widget.focus_force()
widget.event_generate("<Key-r>")
widget.update()
print(starts())
widget.event_generate("<Key-space>")
while seen.panels.counter.get_text() in ("step  250", "step    0"):
    widget.update()
print(seen.panels.counter.get_text() < "step  250")
widget.event_generate("<Key-space>")
widget.update()
ImageGrab.grab().save(sys.argv[1])
pyplot.close("all")
"""


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("xvfb-run") is None or importlib.util.find_spec("tkinter") is None,
    reason="needs xvfb and tkinter: apt install xvfb python3-tk",
)
def test_a_window_that_is_really_there(tmp_path, environment_here):
    from PIL import Image

    picture = tmp_path / "screen.png"
    done = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", sys.executable, "-c", REAL, str(picture)],
        env=environment_here | {"MPLBACKEND": "tkagg"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["(2.0, -1.0) True", "(0.6, 1.4)", "True"]
    with Image.open(picture) as image:
        colors = {color for _, color in image.convert("RGB").getcolors(1 << 24) or []}
    assert {(0x0E, 0x11, 0x17), (0xFF, 0x66, 0x2D), (0x31, 0xB0, 0xFF)} <= colors, "the page, Adam and SGD"
