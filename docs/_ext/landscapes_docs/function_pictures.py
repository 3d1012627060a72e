"""Draw the pictures of a function: contours, a 3-D surface, thumbnails, a short race, and a live page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from landscapes import Record, functions, race, render, summarize
from landscapes.files import replacing
from landscapes.summary import FunctionSummary
from landscapes_docs import live_pages

THEMES = ("light", "dark")
SIZE = 450, 360
"""Pixels of a large picture."""

THUMBNAIL = 216, 162
"""Pixels of a thumbnail."""

MARKS = {"start": ("o", 7), "minimum": ("v", 6), "saddle": ("X", 7), "maximum": ("^", 6)}
FILM_SECONDS, FILM_FPS = 2.0, 6.0
FILM_STEPS = 120


def names(name: str, *, full: bool) -> list[str]:
    """Return the names of the files of a function."""
    dim = functions.get(name).dim
    kinds = ["small.webp"]
    if full:
        kinds += ["contour.webp", *["film.webp"] * (dim <= 2), *["surface.webp"] * (dim > 1)]
    found = [f"{name}-{theme}-{kind}" for kind in kinds for theme in THEMES]
    return found + [f"live/{name}.js"] * full


def draw(name: str, folder: Path, *, full: bool) -> None:
    """Draw the files of a function into a folder; without `full`, the thumbnails only."""
    summary = summarize(name, points=129 if full else 65)
    for theme in THEMES:
        _save(_thumbnail(summary, theme), folder / f"{name}-{theme}-small.webp", 72)
    if not full:
        return
    record = race(name, steps=min(functions.get(name).steps, FILM_STEPS))
    for theme in THEMES:
        _save(_contour(summary, theme), folder / f"{name}-{theme}-contour.webp", 50)
        if not summary.is_line:
            _save(_surface(summary, theme), folder / f"{name}-{theme}-surface.webp", 50)
        if functions.get(name).dim <= 2:
            _save_film(record, theme, folder / f"{name}-{theme}-film.webp")
    live_pages.write(name, folder / "live")


def _new(theme: str, size: tuple[int, int], **layout: Any) -> Figure:
    look = render.THEMES[theme]
    return Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100, facecolor=look.background, **layout)


def _contour(summary: FunctionSummary, theme: str) -> Figure:
    look = render.THEMES[theme]
    with look.context():
        figure = _new(theme, SIZE, layout="constrained")
        ax = figure.subplots()
        _values(summary, ax, theme)
        for kind, points in summary.marks.items():
            marker, size = MARKS[kind]
            x, y = np.asarray(points).T
            heights = np.interp(x, summary.surface.x, summary.surface.values[0]) if summary.is_line else y
            color = look.colors[0] if kind == "start" else look.background
            ax.plot(x, heights, marker, markersize=size, color=color, markeredgecolor=look.foreground, label=kind)
        ax.set_xlim(summary.surface.x[0], summary.surface.x[-1])
        if not summary.is_line:
            ax.set_ylim(summary.surface.y[0], summary.surface.y[-1])
        ax.set_xlabel(summary.axes[0])
        ax.set_ylabel(f"{summary.title}(x)" if summary.is_line else summary.axes[1])
    return figure


def _thumbnail(summary: FunctionSummary, theme: str) -> Figure:
    with render.THEMES[theme].context():
        figure = _new(theme, THUMBNAIL)
        ax = figure.add_axes((0, 0, 1, 1))
        _values(summary, ax, theme)
        ax.set_axis_off()
    return figure


def _film(record: Record, theme: str) -> Figure:
    with render.THEMES[theme].context():
        figure = _new(theme, THUMBNAIL)
        ax = figure.add_axes((0, 0, 1, 1))
        if record.surface is not None:
            render.contour(record, ax, theme=theme)
        render.trajectories(record, ax, theme=theme)
        ax.set_axis_off()
    return figure


def _save_film(record: Record, theme: str, path: Path) -> None:
    """Save a short race as a lossy WebP, which is smaller than a GIF."""
    with replacing(path) as temporary:
        gif = temporary.with_suffix(".gif")
        try:
            render.animate(record, figure=_film(record, theme), seconds=FILM_SECONDS, fps=FILM_FPS).save(gif)
            with Image.open(gif) as image:
                frames = [(frame.convert("RGB"), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
        finally:
            gif.unlink(missing_ok=True)
        (first, *others), durations = zip(*frames, strict=True)
        first.save(
            temporary, "WEBP", save_all=True, append_images=others, duration=durations, quality=25, minimize_size=True
        )


def _values(summary: FunctionSummary, ax: Any, theme: str) -> None:
    if not summary.is_line:
        render.contour(summary.surface, ax, theme=theme)
        return
    look = render.THEMES[theme]
    ax.plot(summary.surface.x, summary.surface.values[0], color=look.colors[0], linewidth=2)
    ax.grid(True, color=look.muted, alpha=0.2)
    for x in summary.surface.minima[:, 0]:
        ax.plot(x, summary.surface.minimum, "*", markersize=14, color=look.star, markeredgecolor=look.star_edge)


def _surface(summary: FunctionSummary, theme: str) -> Figure:
    with render.THEMES[theme].context():
        figure = _new(theme, SIZE)
        ax = figure.add_axes((0.0, 0.0, 0.96, 1.0), projection="3d", proj_type="ortho")
        render.surface_3d(summary.surface, ax, theme=theme)
        ax.set_axis_off()  # matplotlib's panes are grey in every theme
    return figure


def _save(figure: Figure, path: Path, quality: int) -> None:
    """Save a figure as WebP of the given quality."""
    canvas = FigureCanvasAgg(figure)
    with render.THEMES["light"].context():  # one thread at a time has matplotlib's settings
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, "WEBP", quality=quality, method=6)
