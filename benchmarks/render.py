"""How fast a race is drawn and saved, beside matplotlib's own ways, in one run.

    python benchmarks/render.py                                    about four minutes on one core
    python benchmarks/render.py --frames 60 --rounds 1             a quick look
    python benchmarks/render.py --size 1200x600 --json out.json    with the loss panel, figures kept

Every way makes the same race: 6 optimizers on Beale's function, whole trails, heads, legend, step
counter. What counts is CPU time, of the process and its children: other work on the machine hardly
changes it. Each round runs every way in turn; the median of the rounds is told, and how many times less it
is than what the same artists take through matplotlib's own `Animation.save` and Pillow's writer.

PSNR is that of decoded frames against full draws by matplotlib of the same figure. Memory is how far the
process grew beyond what it held before (Linux only).
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
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.animation import Animation, FuncAnimation
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from landscapes import race, render
from landscapes.record import Record
from landscapes.render.moving import show

Pixels = NDArray[np.uint8]
Size = tuple[int, int]

OPTIMIZERS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "nadam")
COLORS = ("tab:red", "tab:orange", "tab:green", "tab:blue", "tab:purple", "black")
FPS = 25
SAMPLES = 12
"""How many frames are compared with full draws."""

PILLOW = "ours through matplotlib's PillowWriter"


@dataclass(frozen=True)
class Run:
    """One way's figures: CPU and wall seconds, frames a CPU second, ratio to `PILLOW`, file, quality, memory."""

    way: str
    cpu: float
    wall: float
    fps: float
    ratio: float
    kilobytes: float
    psnr: float
    mebibytes: float


Saved = tuple[Animation, Callable[[int], None]]
"""An animation that was saved, and what shows one of its frames on its figure."""

Way = Callable[[Record, int, Size, Path], Saved]


def ours(record: Record, frames: int, size: Size, path: Path, **options: Any) -> Saved:
    animation = render.animate(record, size=size, frames=frames, fps=FPS, hold=(0, 0))
    animation.save(path, **options)
    steps = animation.timeline.steps
    return animation, lambda frame: show(animation.figure, int(steps[frame]))


def pillow(record: Record, frames: int, size: Size, path: Path) -> Saved:
    return ours(record, frames, size, path, writer="pillow")


def plain(record: Record, frames: int, size: Size, path: Path) -> Saved:
    """What users write today: `contourf`, `set_data` on lines, a scatter of heads, a text, a legend."""
    trajectories, surface = record.trajectories, record.surface
    assert surface is not None
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100)
    ax = figure.subplots()
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

    animation = FuncAnimation(figure, update, frames=frames, interval=1000 / FPS)  # type: ignore[arg-type]
    animation.save(path, writer="pillow" if path.suffix == ".gif" else "ffmpeg", fps=FPS)
    return animation, update


WAYS: dict[str, tuple[Way, str]] = {
    "landscapes, GIF": (ours, ".gif"),
    "landscapes, MP4": (ours, ".mp4"),
    PILLOW: (pillow, ".gif"),
    "plain FuncAnimation + PillowWriter": (plain, ".gif"),
    "plain FuncAnimation + FFMpegWriter": (plain, ".mp4"),
}


def measure(way: Way, record: Record, frames: int, size: Size, path: Path) -> tuple[float, float, float, float]:
    """CPU seconds, wall seconds, PSNR in dB, and MiB that the process grew by at most."""
    held = _memory("VmRSS", reset=True)
    cpu, wall = sum(os.times()[:4]), time.perf_counter()
    animation, show_frame = way(record, frames, size, path)
    cpu, wall = sum(os.times()[:4]) - cpu, time.perf_counter() - wall
    grown = _memory("VmHWM") - held
    return cpu, wall, _psnr(path, animation, show_frame, frames), grown


def _memory(field: str, reset: bool = False) -> float:
    """MiB that this process holds (VmRSS), or held at most (VmHWM) since the last reset; NaN where unknown."""
    try:
        if reset:
            gc.collect()
            ctypes.CDLL("libc.so.6").malloc_trim(0)  # what the way before has freed is no store for this one
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    return float(status.split(f"{field}:")[1].split()[0]) / 1024


def _psnr(path: Path, animation: Animation, show_frame: Callable[[int], None], frames: int) -> float:
    """Of some decoded frames against full draws of the figure."""
    figure: Figure = animation._fig  # type: ignore[attr-defined]
    errors = []
    for frame in np.unique(np.linspace(0, frames - 1, SAMPLES).astype(int)):
        show_frame(int(frame))
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=figure.dpi)
        truth = np.asarray(Image.open(stream).convert("RGB")).astype(float)
        shown = _decoded(path, int(frame))[: truth.shape[0], : truth.shape[1]]
        errors.append(np.mean((shown - truth) ** 2))
    return float(10 * np.log10(255**2 / np.mean(errors)))


def _decoded(path: Path, frame: int) -> Pixels:
    """The picture that is shown at a frame's time."""
    if path.suffix == ".gif":
        with Image.open(path) as image:
            until = 0.0
            for place in range(image.n_frames):  # type: ignore[attr-defined]
                image.seek(place)
                until += image.info["duration"]
                if until > 1000 * frame / FPS:
                    break
            return np.asarray(image.convert("RGB"))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    command += ["-vf", f"select=eq(n\\,{frame})", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
    return np.asarray(
        Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)).convert("RGB")
    )


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    mpl.rcParams["animation.ffmpeg_path"] = imageio_ffmpeg.get_ffmpeg_exe()
    record = race("beale", list(OPTIMIZERS), steps=options.frames)
    found: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in WAYS}
    size: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        ours(record, 2, options.size, Path(folder) / "warm.gif")  # fonts and modules are loaded once
        for _ in range(options.rounds):
            for name, (way, suffix) in WAYS.items():
                path = Path(folder) / f"race{suffix}"
                found[name].append(measure(way, record, options.frames, options.size, path))
                size[name] = path.stat().st_size
    runs = _summed(found, size, options.frames)
    _tell(runs, options.frames, options.size, options.rounds)
    if options.json:
        facts = {"frames": options.frames, "size": list(options.size), "rounds": options.rounds}
        options.json.write_text(json.dumps({**facts, "runs": [asdict(run) for run in runs]}, indent=1) + "\n")


def _options() -> argparse.Namespace:
    def size(text: str) -> Size:
        width, height = map(int, text.split("x"))
        return width, height

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--size", type=size, default=(800, 600), metavar="WxH")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _summed(found: dict[str, list[tuple[float, float, float, float]]], size: dict[str, int], frames: int) -> list[Run]:
    """Medians over the rounds; the largest growth."""
    median = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in found.items()}
    return [
        Run(
            way=name, cpu=cpu, wall=wall, fps=frames / cpu, ratio=median[PILLOW][0] / cpu,
            kilobytes=size[name] / 1000, psnr=psnr, mebibytes=max(row[3] for row in found[name]),
        )
        for name, (cpu, wall, psnr, _) in median.items()
    ]  # fmt: skip


def _tell(runs: list[Run], frames: int, size: Size, rounds: int) -> None:
    print(f"{frames} frames, {size[0]} x {size[1]}, median of {rounds} rounds")
    print(f"{'':40}{'CPU s':>8}{'wall s':>8}{'fps':>8}{'ratio':>8}{'kB':>8}{'PSNR':>7}{'MiB':>7}")
    for run in runs:
        print(
            f"{run.way:40}{run.cpu:8.2f}{run.wall:8.2f}{run.fps:8.1f}{run.ratio:8.1f}"
            f"{run.kilobytes:8.0f}{run.psnr:7.1f}{run.mebibytes:7.0f}"
        )


if __name__ == "__main__":
    main()
