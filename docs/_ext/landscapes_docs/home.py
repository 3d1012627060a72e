"""The picture of the first page."""

from __future__ import annotations

from pathlib import Path

from landscapes import race, render
from landscapes_docs import drawing, fingerprints
from landscapes_docs.function_pictures import THEMES
from landscapes_docs.pages import Site

OPTIMIZERS = ["momentum", "rmsprop", "adam"]
SIZE = 6.4, 3.6
LARGEST = 200_000
"""Bytes of a picture, so that the page has less than 400 kB."""


def tasks(site: Site) -> list[drawing.Task]:
    """Return the task that draws the race of the first page; a still for readers who prefer no motion."""
    files = [f"hero-{theme}{suffix}" for theme in THEMES for suffix in (".gif", ".png")]
    return [drawing.Task("hero", draw, site.extra / "home", files, fingerprints.of_code(), True)]


def draw(name: str, folder: Path, *, full: bool) -> None:
    """Draw the race of the first page."""
    record = race("beale", OPTIMIZERS, steps=120)
    for theme in THEMES:
        film = folder / f"{name}-{theme}.gif"
        render.save(record, film, theme=theme, figsize=SIZE, seconds=6, fps=16, panel=True)
        if film.stat().st_size > LARGEST:
            raise RuntimeError(f"{film.name} has {film.stat().st_size} bytes, more than {LARGEST}")
        render.save(record, folder / f"{name}-{theme}.png", theme=theme, figsize=SIZE, panel=True)
