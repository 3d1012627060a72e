"""How fast races are drawn and saved, beside matplotlib's own way, in one run.

    python benchmarks/render.py                                   about five minutes on one core
    python benchmarks/render.py --rounds 3 --json out.json        medians of three, figures kept
    python benchmarks/render.py --only plain --frames 60          a quick look at some rows

A job is a race and its look: 6 optimizers on Beale's function, whole trails, heads, legend, step counter.
What counts is CPU time, of the process and its children: other work on the machine changes it less than
the clock. Each round runs every row in turn; the ratio says how many times less a row takes than what the
very same artists take through matplotlib's `FuncAnimation.save` and Pillow's writer, in the same round.

PSNR is that of decoded frames against full draws by matplotlib of the same figure, over all pixels and over
those that ever move. Memory is how far the process grew beyond what it held before (Linux only).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # waiting threads would count as work
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
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import AnimatedArtist, show
from landscapes.render.plots.layout import figure

Pixels = NDArray[np.uint8]
Size = tuple[int, int]

OPTIMIZERS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "nadam")
COLORS = ("tab:red", "tab:orange", "tab:green", "tab:blue", "tab:purple", "black")
FPS = 25
SAMPLES = 12
"""How many frames are compared with full draws."""

PLAIN = render.THEMES["light"] | {"fade": 0.0, "halo_width": 0.0}


class Gap(Text, AnimatedArtist):
    """An artist of a user's own: a text that follows the race and knows nothing of how frames are drawn."""

    values: NDArray[np.float64]

    def show(self, step: int) -> None:
        self.set_text(f"best so far: {self.values[: step + 1].min():.3g}")


@dataclass(frozen=True)
class Job:
    """A race and its look.

    Attributes:
        steps: of the race; by default as many as there are frames.
        share: of the frames that the other jobs have.
        own: whether an artist of a user's own moves, and a legend of matplotlib's own stands in front.
    """

    name: str
    theme: render.Theme = PLAIN
    size: Size = (800, 600)
    panel: bool = False
    steps: int | None = None
    share: float = 1.0
    own: bool = False

    def frames(self, asked: int) -> int:
        return max(round(asked * self.share), 4)

    def record(self, frames: int) -> Record:
        return raced(self.steps or frames)

    def animation(self, frames: int) -> render.RaceAnimation:
        record = self.record(frames)
        made = figure(record, theme=self.theme, size=self.size, panel=self.panel)
        if self.own:
            ax = made.axes[0]
            gap = Gap(0.03, 0.05, "", transform=ax.transAxes, zorder=10)
            gap.values = record.trajectories.loss.min(0)
            ax.add_artist(gap)
            ax.legend(loc="upper right")
        return render.animate(record, figure=made, frames=frames, fps=FPS, hold=(0, 0))


JOBS = (
    Job("plain race"),
    Job("default look", theme=render.THEMES["light"]),
    Job("growing loss panel, 1200 x 600", size=(1200, 600), panel=True),
    Job("10,000 steps", steps=10_000),
    Job("1600 x 1200", size=(1600, 1200), share=1 / 3),
    Job("an artist of one's own", own=True),
)

WAYS: dict[str, tuple[str, ...]] = {
    "plain race": (".gif", ".mp4", ".webm", ".apng", ".webp"),
    "default look": (".gif", ".mp4", ".webm", ".apng"),
}
"""What else than GIFs is measured."""

PILLOW = "FuncAnimation + PillowWriter, same artists"
USUAL = "FuncAnimation + PillowWriter, 40 levels of contourf"


@dataclass(frozen=True)
class Run:
    """What one row costs and gives: CPU and wall seconds, frames a CPU second, how many times less CPU than the
    same artists through Pillow's writer, and than 40 levels of `contourf` do; file, quality, memory."""

    job: str
    way: str
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
"""CPU and wall seconds, kB, PSNR of all and of moving pixels, MiB."""


@cache
def raced(steps: int) -> Record:
    return race("beale", list(OPTIMIZERS), steps=steps)


def usual(record: Record, frames: int, size: Size) -> tuple[FuncAnimation, Callable[[int], None]]:
    """What users write today: `contourf`, `set_data` on lines, a scatter of heads, a text, a legend."""
    trajectories, surface = record.trajectories, record.surface
    assert surface is not None
    made = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100)
    ax = made.subplots()
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
        for line, way in zip(lines, trajectories.x, strict=True):
            line.set_data(*way[: step + 1].T)
        heads.set_offsets(trajectories.x[:, step])
        counter.set_text(f"step {step:>4}")

    return FuncAnimation(made, update, frames=frames, interval=1000 / FPS), update  # type: ignore[arg-type]


def measure(job: Job, way: str, frames: int, folder: Path) -> Measured:
    """Makes the figure and the file, and looks at both."""
    record = job.record(frames)
    path = folder / f"race{way if way.startswith('.') else '.gif'}"
    held = memory("VmRSS", reset=True)
    cpu, wall = sum(os.times()[:4]), time.perf_counter()
    animation: Animation
    if way == USUAL:
        animation, showing = usual(record, frames, job.size)
        animation.save(path, writer="pillow", fps=FPS)
    else:
        animation = job.animation(frames)
        steps = animation.timeline.steps.tolist()
        animation.save(path, **({"writer": "pillow"} if way == PILLOW else {}))
        made = animation.figure

        def showing(frame: int) -> None:
            show(made, steps[frame])

    cpu, wall = sum(os.times()[:4]) - cpu, time.perf_counter() - wall
    grown = memory("VmHWM") - held
    return cpu, wall, path.stat().st_size / 1000, *psnr(path, animation, showing, frames), grown


def memory(field: str, reset: bool = False) -> float:
    """MiB that this process holds (VmRSS), or held at most (VmHWM) since the last reset; NaN where unknown."""
    try:
        if reset:
            gc.collect()
            ctypes.CDLL("libc.so.6").malloc_trim(0)  # what the row before has freed is no store for this one
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    return float(status.split(f"{field}:")[1].split()[0]) / 1024


def psnr(path: Path, animation: Animation, showing: Callable[[int], None], frames: int) -> tuple[float, float]:
    """Of some decoded frames against full draws of the figure: over all pixels, and over those that moved."""
    made: Figure = animation._fig  # type: ignore[attr-defined]
    first = None
    errors, moved = [], []
    for frame in np.unique(np.linspace(0, frames - 1, SAMPLES).astype(int)).tolist():
        showing(frame)
        truth = drawn(made)
        first = truth if first is None else first
        error = (decoded(path, frame)[: truth.shape[0], : truth.shape[1]] - truth.astype(float)) ** 2
        errors.append(error.mean())
        moved.append(error[(truth != first).any(-1)])
    return decibels(float(np.mean(errors))), decibels(float(np.concatenate(moved).mean()))


def decibels(error: float) -> float:
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def drawn(made: Figure) -> Pixels:
    """The figure as matplotlib itself draws it, shape (height, width, 3)."""
    stream = io.BytesIO()
    made.savefig(stream, format="png", dpi=made.dpi)
    return np.asarray(Image.open(stream).convert("RGB"))


def decoded(path: Path, frame: int) -> Pixels:
    """The picture that is shown at a frame's time."""
    if path.suffix in (".gif", ".apng", ".webp"):
        with Image.open(path) as image:
            until = 0.0
            for place in range(image.n_frames):  # type: ignore[attr-defined]
                image.seek(place)
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
    """CPU seconds of a new process that imports matplotlib.figure, and of one that draws a race's first frame."""
    with tempfile.TemporaryDirectory() as folder:
        raced(300).save(Path(folder) / "race.npz")
        draw = "from landscapes.record import Record; from landscapes import render; from landscapes.render.animation.frames import Frames; "
        draw += f"Frames(render.animate(Record.load({folder + '/race.npz'!r}), size=(800, 600)).figure).show(0)"
        return process("import matplotlib.figure", rounds), process(draw, rounds)


def process(code: str, rounds: int) -> float:
    """CPU seconds of a new process, the least of some."""
    spent = []
    for _ in range(max(rounds, 3) + 1):
        before = sum(os.times()[2:4])
        subprocess.run([sys.executable, "-c", code], check=True)
        spent.append(sum(os.times()[2:4]) - before)
    return min(spent)


def growth(frames: int) -> float:
    """How many times as long the last fifth of the frames of a long race takes as the second fifth."""
    job = next(job for job in JOBS if job.steps)
    animation = job.animation(frames)
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
    jobs = [job for job in JOBS if any(word in job.name for word in options.only)]
    rows = [(job, way) for job in jobs for way in (PILLOW, *WAYS.get(job.name, (".gif",)))]
    rows += [(job, USUAL) for job in jobs[:1]]
    found: dict[tuple[str, str], list[Measured]] = {(job.name, way): [] for job, way in rows}
    with tempfile.TemporaryDirectory() as folder:
        JOBS[0].animation(4).save(Path(folder) / "warm.gif")  # fonts and modules are loaded once
        for _ in range(options.rounds):
            for job, way in rows:
                found[job.name, way].append(measure(job, way, job.frames(options.frames), Path(folder)))
    runs = _summed({(job.name, way): job.frames(options.frames) for job, way in rows}, found)
    _tell(runs, options.rounds)
    figure_alone, first = first_frame(options.rounds)
    more = {"import_figure": figure_alone, "first_frame": first, "growth": growth(options.frames)}
    print(
        f"import matplotlib.figure: {figure_alone:.2f} CPU s; the first frame of a race, imports and all: {first:.2f}"
    )
    print(f"10,000 steps: the last fifth of the frames takes {more['growth']:.2f} times as long as the second")
    if options.json:
        facts: dict[str, Any] = {"rounds": options.rounds, **more, "runs": [asdict(run) for run in runs]}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="jobs whose names hold a word")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _summed(frames: dict[tuple[str, str], int], found: dict[tuple[str, str], list[Measured]]) -> list[Run]:
    """Medians over the rounds; the largest growth."""
    runs = []
    for (job, way), rows in found.items():
        cpu, wall, size, every, moving, _ = (statistics.median(column) for column in zip(*rows, strict=True))
        base = found[job, PILLOW]
        ratio = statistics.median(one[0] / two[0] for one, two in zip(base, rows, strict=True))
        runs.append(
            Run(
                job, way, frames[job, way], cpu, wall, frames[job, way] / cpu, ratio, size, base[0][2] / size,
                every, moving, max(row[5] for row in rows),
            )
        )  # fmt: skip
    return runs


def _tell(runs: list[Run], rounds: int) -> None:
    print(f"median of {rounds} rounds; ratio: of the CPU time of the first row of each job")
    print(f"{'':52}{'CPU s':>8}{'fps':>7}{'ratio':>7}{'kB':>8}{'smaller':>8}{'PSNR':>6}{'moving':>7}{'MiB':>6}")
    job = ""
    for run in runs:
        if run.job != job:
            job = run.job
            print(f"{job}, {run.frames} frames")
        print(
            f"  {run.way:50}{run.cpu:8.2f}{run.fps:7.0f}{run.ratio:7.1f}{run.kilobytes:8.0f}{run.smaller:8.1f}"
            f"{run.psnr:6.1f}{run.moving:7.1f}{run.mebibytes:6.0f}"
        )


if __name__ == "__main__":
    main()
