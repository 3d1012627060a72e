"""Measure how fast animations are drawn and saved, relative to matplotlib's `FuncAnimation.save`.

    python benchmarks/render.py                                   about five minutes on one core
    python benchmarks/render.py --rounds 3 --json out.json        medians of three rounds, written to a file
    python benchmarks/render.py --only plain --frames 60          some rows only

A case is a race and its style: 6 optimizers on Beale's function, full trails, heads, legend and step counter. The
measure is CPU time of the process and its children, which depends less on other load than wall time. Each round
runs every row once. The ratio compares a row with the same artists saved by matplotlib's `FuncAnimation.save` and
Pillow's writer in the same round.

PSNR compares decoded frames with full matplotlib draws of the same figure, over all pixels and over the pixels that
change. Memory is the growth of the process (Linux only).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # idle threads would count as CPU time
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import ctypes
import gc
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.animation import Animation, FuncAnimation
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from landscapes import race, render
from landscapes.record import Record
from landscapes.render.animation._animate import RaceAnimation
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import AnimatedArtist, set_step
from landscapes.render.figures._figure import figure
from landscapes.render.figures.size import from_pixels

Pixels = NDArray[np.uint8]
Size = tuple[int, int]

OPTIMIZERS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "nadam")
COLORS = ("tab:red", "tab:orange", "tab:green", "tab:blue", "tab:purple", "black")
FPS = 25
SAMPLES = 12
"""The number of frames compared with full draws."""

PLAIN = render.THEMES["light"] | {"fade": 0.0, "halo_width": 0.0, "taper": 0.0, "light": 0.0}


class Gap(Text, AnimatedArtist):
    """A custom artist: a text that depends on the step and does not declare its dirty boxes."""

    values: NDArray[np.float64]

    def set_step(self, step: int) -> None:
        self.set_text(f"best so far: {self.values[: step + 1].min():.3g}")


@dataclass(frozen=True)
class Case:
    """A race and its style.

    Attributes:
        steps: steps of the race; by default the number of frames.
        share: number of frames relative to the other cases.
        custom: whether to add a custom artist and a matplotlib legend in front.
        standings: whether the legend is a leaderboard.
        orbit: how far a camera turns around a 3-D view, in degrees; None for a contour plot.
    """

    name: str
    theme: render.Theme = PLAIN
    size: Size = (800, 600)
    panel: bool = False
    steps: int | None = None
    share: float = 1.0
    custom: bool = False
    standings: bool = False
    orbit: float | None = None

    def frames(self, count: int) -> int:
        return max(round(count * self.share), 4)

    def record(self, frames: int) -> Record:
        return race_of(self.steps or frames)

    def animation(self, frames: int) -> RaceAnimation:
        record = self.record(frames)
        look: Any = {"theme": self.theme, "panel": self.panel, "standings": self.standings}
        if self.orbit is not None:
            look["view3d"] = render.Camera(rotate=self.orbit)
        fig = figure(record, **look, **from_pixels(self.size))
        if self.custom:
            ax = fig.axes[0]
            gap = Gap(0.03, 0.05, "", transform=ax.transAxes, zorder=10)
            gap.values = record.trajectories.loss.min(0)
            ax.add_artist(gap)
            ax.legend(loc="upper right")
        return render.animate(record, figure=fig, frames=frames, fps=FPS, hold=(0, 0), pace="linear")


CASES = (
    Case("plain race"),
    Case("default look", theme=render.THEMES["light"]),
    Case("standings", theme=render.THEMES["light"], standings=True),
    Case("3-D orbit", theme=render.THEMES["light"], standings=True, orbit=90.0, share=1 / 3),
    Case("growing loss panel, 1200 x 600", size=(1200, 600), panel=True),
    Case("10,000 steps", steps=10_000),
    Case("1600 x 1200", size=(1600, 1200), share=1 / 3),
    Case("a custom artist", custom=True),
)

WRITERS: dict[str, tuple[str, ...]] = {
    "plain race": (".gif", ".mp4", ".webm", ".apng", ".webp"),
    "default look": (".gif", ".mp4", ".webm", ".apng"),
}
"""The formats of cases that are measured with more than GIF."""

PILLOW = "FuncAnimation + PillowWriter, same artists"
COMMON = "FuncAnimation + PillowWriter, 40 levels of contourf"


@dataclass(frozen=True)
class Run:
    """The results of one row: times, frames per CPU second, ratio to Pillow's writer, file size, quality, memory."""

    case: str
    writer: str
    frames: int
    cpu: float
    wall: float
    fps: float
    ratio: float
    kilobytes: float
    smaller: float
    psnr: float
    moving: float
    mebibytes: float


Measured = tuple[float, float, float, float, float, float]
"""CPU and wall seconds, kB, PSNR of all and of changing pixels, MiB."""


@cache
def race_of(steps: int) -> Record:
    return race("beale", list(OPTIMIZERS), steps=steps)


def common_animation(record: Record, frames: int, size: Size) -> tuple[FuncAnimation, Callable[[int], None]]:
    """Return a common matplotlib animation: `contourf`, `set_data` on lines, a scatter of heads, a text, a legend."""
    trajectories, surface = record.trajectories, record.surface
    assert surface is not None
    fig = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100)
    ax = fig.subplots()
    height = np.log10(surface.values - surface.minimum + 1e-3)
    ax.contourf(surface.x, surface.y, height, 40, cmap="viridis")
    ax.contour(surface.x, surface.y, height, 40, colors="white", linewidths=0.3)
    labels = [str(label) for label in trajectories.runs["label"]]
    lines = [ax.plot([], [], color=color, label=label)[0] for color, label in zip(COLORS, labels, strict=True)]
    heads = ax.scatter(*trajectories.x[:, 0].T, c=COLORS, edgecolors="white", zorder=5)
    counter = ax.text(0.98, 1.01, "", transform=ax.transAxes, ha="right", family="monospace")
    ax.plot(*surface.minima.T, "*", color="gold", markersize=15)
    ax.legend(loc="upper left")
    steps = np.rint(np.linspace(0, len(trajectories.step) - 1, frames)).astype(int)

    def update(frame: int) -> None:
        step = steps[frame]
        for line, points in zip(lines, trajectories.x, strict=True):
            line.set_data(*points[: step + 1].T)
        heads.set_offsets(trajectories.x[:, step])
        counter.set_text(f"step {step:>4}")

    return FuncAnimation(fig, update, frames=frames, interval=1000 / FPS), update  # type: ignore[arg-type]


def measure(case: Case, writer: str, frames: int, folder: Path) -> Measured:
    """Draw and save one row, and measure the file."""
    record = case.record(frames)
    path = folder / f"race{writer if writer.startswith('.') else '.gif'}"
    before = memory("VmRSS", reset=True)
    cpu, wall = sum(os.times()[:4]), time.perf_counter()
    animation: Animation
    if writer == COMMON:
        animation, show_frame = common_animation(record, frames, case.size)
        animation.save(path, writer="pillow", fps=FPS)
    else:
        animation = case.animation(frames)
        steps = animation.timeline.steps.tolist()
        animation.save(path, **({"writer": "pillow"} if writer == PILLOW else {}))
        fig = animation.figure

        def show_frame(frame: int) -> None:
            set_step(fig, steps[frame])

    cpu, wall = sum(os.times()[:4]) - cpu, time.perf_counter() - wall
    grown = memory("VmHWM") - before
    return cpu, wall, path.stat().st_size / 1000, *psnr(path, animation, show_frame, frames), grown


def memory(field: str, reset: bool = False) -> float:
    """Return the memory of the process in MiB: current (VmRSS) or peak since the last reset (VmHWM); NaN if unknown."""
    try:
        if reset:
            gc.collect()
            ctypes.CDLL("libc.so.6").malloc_trim(0)  # memory freed by the previous row must not be reused
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    return float(status.split(f"{field}:")[1].split()[0]) / 1024


def psnr(path: Path, animation: Animation, show_frame: Callable[[int], None], frames: int) -> tuple[float, float]:
    """Return the PSNR of decoded frames against full draws: over all pixels, and over the pixels that changed."""
    fig: Figure = animation._fig  # type: ignore[attr-defined]
    first = None
    errors, moved = [], []
    for frame in np.unique(np.linspace(0, frames - 1, SAMPLES).astype(int)).tolist():
        show_frame(frame)
        truth = draw(fig)
        first = truth if first is None else first
        error = (decode(path, frame)[: truth.shape[0], : truth.shape[1]] - truth.astype(float)) ** 2
        errors.append(error.mean())
        moved.append(error[(truth != first).any(-1)])
    return decibels(float(np.mean(errors))), decibels(float(np.concatenate(moved).mean()))


def decibels(error: float) -> float:
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def draw(fig: Figure) -> Pixels:
    """Return the figure as drawn by matplotlib, shape (height, width, 3)."""
    stream = io.BytesIO()
    fig.savefig(stream, format="png", dpi=fig.dpi)
    return np.asarray(Image.open(stream).convert("RGB"))


def decode(path: Path, frame: int) -> Pixels:
    """Return the picture shown at the time of a frame."""
    if path.suffix in (".gif", ".apng", ".webp"):
        with Image.open(path) as image:
            until = 0.0
            for index in range(image.n_frames):  # type: ignore[attr-defined]
                image.seek(index)
                image.load()
                until += image.info["duration"]
                if until > 1000 * (frame + 0.5) / FPS:
                    break
            return np.asarray(image.convert("RGB"))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    command += ["-vf", f"select=eq(n\\,{frame})", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
    return np.asarray(
        Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)).convert("RGB")
    )


def first_frame(rounds: int) -> tuple[float, float]:
    """Return the CPU seconds of importing matplotlib.figure, and of drawing the first frame, each in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        race_of(300).save(Path(folder) / "race.npz")
        imports = "from landscapes import Record, render; from landscapes.render.animation.frames import Frames; "
        record = f"Record.load({folder + '/race.npz'!r})"
        code = f"{imports}Frames(render.animate({record}, figsize=(8.0, 6.0)).figure).show(0)"
        return process("import matplotlib.figure", rounds), process(code, rounds)


def process(code: str, rounds: int) -> float:
    """Return the CPU seconds of a new process, the minimum of several."""
    spent = []
    for _ in range(max(rounds, 3) + 1):
        before = sum(os.times()[2:4])
        subprocess.run([sys.executable, "-c", code], check=True)
        spent.append(sum(os.times()[2:4]) - before)
    return min(spent)


def growth(frames: int) -> float:
    """Return the time of the last fifth of the frames of a long race, relative to the second fifth."""
    case = next(case for case in CASES if case.steps)
    animation = case.animation(frames)
    pictures = Frames(animation.figure, steps=animation.timeline.steps)
    spent = []
    for step in animation.timeline.steps.tolist():
        before = time.thread_time()
        pictures.advance(step)
        spent.append(time.thread_time() - before)
    fifth = frames // 5
    return sum(spent[-fifth:]) / sum(spent[fifth : 2 * fifth])


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    mpl.rcParams["animation.ffmpeg_path"] = imageio_ffmpeg.get_ffmpeg_exe()

    chosen = [case for case in CASES if any(word in case.name for word in options.only)]
    rows = [(case, writer) for case in chosen for writer in (PILLOW, *WRITERS.get(case.name, (".gif",)))]
    rows += [(case, COMMON) for case in chosen[:1]]
    measured: dict[tuple[str, str], list[Measured]] = {(case.name, writer): [] for case, writer in rows}
    with tempfile.TemporaryDirectory() as folder:
        CASES[0].animation(4).save(Path(folder) / "warm.gif")  # loads fonts and modules
        for _ in range(options.rounds):
            for case, writer in rows:
                frames = case.frames(options.frames)
                measured[case.name, writer].append(measure(case, writer, frames, Path(folder)))

    runs = _summarize({(case.name, writer): case.frames(options.frames) for case, writer in rows}, measured)
    _report(runs, options.rounds)
    imported, first = first_frame(options.rounds)
    more = {"import_figure": imported, "first_frame": first, "growth": growth(options.frames)}
    print(f"import matplotlib.figure: {imported:.2f} CPU s; the first frame of a race, including imports: {first:.2f}")
    print(f"10,000 steps: the last fifth of the frames takes {more['growth']:.2f} times as long as the second")
    if options.json:
        facts: dict[str, Any] = {"rounds": options.rounds, **more, "runs": [asdict(run) for run in runs]}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="cases whose names contain a word")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _summarize(frames: dict[tuple[str, str], int], measured: dict[tuple[str, str], list[Measured]]) -> list[Run]:
    """Return medians over the rounds, and the maximum of memory."""
    runs = []
    for (case, writer), rows in measured.items():
        cpu, wall, size, every, moving, _ = (statistics.median(column) for column in zip(*rows, strict=True))
        base = measured[case, PILLOW]
        count = frames[case, writer]
        run = Run(
            case=case,
            writer=writer,
            frames=count,
            cpu=cpu,
            wall=wall,
            fps=count / cpu,
            ratio=statistics.median(one[0] / two[0] for one, two in zip(base, rows, strict=True)),
            kilobytes=size,
            smaller=base[0][2] / size,
            psnr=every,
            moving=moving,
            mebibytes=max(row[5] for row in rows),
        )
        runs.append(run)
    return runs


def _report(runs: list[Run], rounds: int) -> None:
    print(f"median of {rounds} rounds; ratio: CPU time relative to the first row of each case")
    print(f"{'':52}{'CPU s':>8}{'fps':>7}{'ratio':>7}{'kB':>8}{'smaller':>8}{'PSNR':>6}{'moving':>7}{'MiB':>6}")
    case = ""
    for run in runs:
        if run.case != case:
            case = run.case
            print(f"{case}, {run.frames} frames")
        print(
            f"  {run.writer:50}{run.cpu:8.2f}{run.fps:7.0f}{run.ratio:7.1f}{run.kilobytes:8.0f}{run.smaller:8.1f}"
            f"{run.psnr:6.1f}{run.moving:7.1f}{run.mebibytes:6.0f}"
        )


if __name__ == "__main__":
    main()
