"""Share fixtures and settings among all tests."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # pytest-xdist fills the cores
os.environ["MPLBACKEND"] = "agg"

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

import landscapes

if TYPE_CHECKING:
    from browser import Browser

    from landscapes.record import Record

ROOT = Path(__file__).resolve().parent.parent

MEASURED = ROOT / "tests" / "data" / "slow_tests.txt"
"""The tests that took more than `LONG` seconds when `--store-slow` was last given; they are slow without a marker."""

LONG = 0.2

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, max_examples=20)
settings.load_profile("repeatable")


def pytest_report_header() -> str:
    return f"landscapes: {Path(landscapes.__file__).parent}"


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # collection makes millions of objects, all of which stay
    if config.getoption("--store-slow") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopwatch())


def pytest_sessionstart(session: pytest.Session) -> None:
    """Import torch before warnings become errors, but not in the process that only leads the workers."""
    if not session.config.pluginmanager.hasplugin("dsession"):
        import torch  # noqa: F401


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Let `-n auto` start one worker more than there are processors, because some tests wait for others' processes."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="run also what is marked exhaustive, and all samples")
    parser.addoption("--case", metavar="TEXT", help="of merged tests, run only the cases whose names contain the text")
    parser.addoption("--store-slow", action="store_true", help=f"write the tests above {LONG:g} s to {MEASURED.name}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out exhaustive tests unless `--exhaustive` is given; mark cases as `sample` and `thin` say."""
    _mark_all_but("sample", pytest.mark.exhaustive, lambda n: n, items)
    _mark_all_but("thin", pytest.mark.exhaustive, lambda n, most=None: most or 4 * n, items)
    if not config.getoption("--exhaustive"):
        left_out = [item for item in items if item.get_closest_marker("exhaustive")]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
    _mark_all_but("thin", pytest.mark.slow, lambda n, most=None: n, items)
    measured = frozenset(MEASURED.read_text(encoding="utf-8").splitlines())
    for item in items:
        if item.nodeid in measured and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.slow)
            item.keywords["measured"] = True


def _mark_all_but(name: str, mark: pytest.MarkDecorator, number: Callable[..., int], items: list[pytest.Item]) -> None:
    """Mark the cases of tests with the marker `name` but for `number(*arguments)` evenly spaced ones."""
    cases: dict[tuple[Path, str], list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker(name) and not item.get_closest_marker(mark.name):
            cases.setdefault((item.path, getattr(item, "originalname", item.name)), []).append(item)
    for group in cases.values():
        marker = group[0].get_closest_marker(name)
        assert marker is not None
        n = number(*marker.args)
        kept = {len(group) * i // n for i in range(n)}
        for place, item in enumerate(group):
            if place not in kept:
                item.add_marker(mark)


class Stopwatch:
    """Stores the tests that take long and have no marker that says so."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "slow" not in report.keywords or "measured" in report.keywords:
            cases = dict(report.user_properties).get("cases") or 1  # a merged test is slow if its cases are
            self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration / cases

    def pytest_sessionfinish(self) -> None:
        long = sorted(name for name, seconds in self.seconds.items() if seconds > LONG and "\n" not in name)
        MEASURED.write_text("".join(f"{name}\n" for name in long), encoding="utf-8")


@pytest.fixture(autouse=True)
def torch_is_seeded() -> None:
    """Seed torch, so that networks built by a test have the same weights in whichever order tests run."""
    import torch

    torch.default_generator.manual_seed(0)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, started once, since a start costs as much as ten pages; use `browser`."""
    from browser import Browser

    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Chromium with an empty page, which is empty again afterwards, so that nothing goes on being drawn."""
    yield chromium
    chromium.ask("Page.navigate", url="about:blank")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """Make a race by hand, without torch: one run per row of losses; `columns` replace those of runs."""

    from landscapes.record import Record, Surface, Trajectories

    def make(values: list[list[float]], target: float = 1e-3, **columns: list[Any]) -> Record:
        value = np.array(values, dtype=float)
        runs, kept = value.shape
        hit = value <= target
        defaults: dict[str, list[Any]] = {
            "label": [f"run {i}" for i in range(runs)],
            "optimizer": [f"adam(lr={0.1 * (i + 1):g})" for i in range(runs)],
            "lr": [0.1 * (i + 1) for i in range(runs)],
            "lr_source": ["given"] * runs,
            "status": ["converged" if row[-1] else "max_steps" for row in hit],
            "stopped": [-1] * runs,
            "reached": [int(row.argmax()) if row.any() else -1 for row in hit],
            "n_gradients": [kept - 1] * runs,
        }
        x = np.stack([np.sqrt(np.abs(value)), np.zeros_like(value)], -1)
        axis = np.linspace(-2, 2, 9)
        surface = Surface(axis, axis, np.add.outer(axis**2, axis**2), np.zeros((1, 2)), 0.0, "log")
        columns_ = {name: np.array(column) for name, column in (defaults | columns).items()}
        meta = {
            "title": "Bowl",
            "function": "bowl",
            "target": target,
            "minimum": 0.0,
            "start": [1.0, 0.0],
            "steps": kept - 1,
        }
        return Record(Trajectories(x, value, np.arange(kept), columns_), surface, meta)

    return make


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a new interpreter in an empty folder, with the package under test."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            **{"cwd": tmp_path, "env": environment(), "capture_output": True, "text": True, "timeout": 120, **options},
        )

    return run


@pytest.fixture(scope="session")
def environment_here() -> dict[str, str]:
    """Return an environment in which the package under test can be imported."""
    return environment()


def environment() -> dict[str, str]:
    package = str(Path(landscapes.__file__).resolve().parent.parent)
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))}


@pytest.fixture(scope="session")
def exhaustive(pytestconfig: pytest.Config) -> bool:
    """Whether everything is to be checked, also what has not changed."""
    return bool(pytestconfig.getoption("--exhaustive"))
