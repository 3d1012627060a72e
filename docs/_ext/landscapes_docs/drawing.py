"""Draw many pictures at once, in as many processes as there are cores, unless they are up to date."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from landscapes_docs import fingerprints
from landscapes_docs.pages import write_if_changed


@dataclass(frozen=True)
class Task:
    """Pictures that one call draws.

    Attributes:
        name: what is drawn, unique in its folder.
        draw: a function of a module, called with the name, the folder and `full`.
        folder: where the files go.
        files: the names of the files.
        fingerprint: of all that the pictures depend on.
        full: whether all pictures are drawn.
    """

    name: str
    draw: Callable[..., None]
    folder: Path
    files: Sequence[str]
    fingerprint: str
    full: bool

    @property
    def stamp(self) -> Path:
        """The file that says with which fingerprint the pictures were drawn."""
        return (
            self.folder.parent.parent / "_stamps" / self.folder.name / f"{self.name}-{'full' if self.full else 'small'}"
        )

    @property
    def is_current(self) -> bool:
        """Whether the pictures are up to date. Large ones stand for small ones."""
        stamps = {self.stamp, self.stamp.with_name(f"{self.name}-full")}
        files = [self.folder / name for name in self.files]
        return any(fingerprints.is_current(stamp, self.fingerprint, files) for stamp in stamps)

    def __call__(self) -> None:
        """Draw the pictures."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.draw(self.name, self.folder, full=self.full)
        write_if_changed(self.stamp, self.fingerprint)


def draw_all(tasks: Sequence[Task]) -> None:
    """Draw the pictures of all tasks that are not up to date."""
    from sphinx.util.display import status_iterator

    left = [task for task in tasks if not task.is_current]
    if not left:
        return
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, len(left))
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with ProcessPoolExecutor(workers, context, initializer=_prepare, initargs=(fingerprints.of_code(),)) as pool:
        running = {pool.submit(task): task.name for task in left}
        for done in status_iterator(
            as_completed(running), "drawing... ", "brown", len(running), 0, stringify_func=running.__getitem__
        ):
            done.result()


def _prepare(code: str) -> None:
    """Prepare a process: one thread, and the fingerprint with which the build began, should code change meanwhile."""
    fingerprints.of_code = lambda: code
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch

    torch.set_num_threads(1)


def _end_with_parent() -> None:
    """End this process when the build is killed; it would wait for tasks for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
