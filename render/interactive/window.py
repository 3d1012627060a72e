"""Windows: whether matplotlib can open one here, and one that is opened."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.figure import Figure

from landscapes.errors import InputError
from landscapes.render.theme import Theme

INCHES = 12.0, 6.6
"""The size of a window."""


def check_window() -> None:
    """Raises `InputError` where matplotlib can open no window, saying what to install."""
    name = mpl.get_backend()
    still = {*backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE), "inline"}
    if name.lower().removeprefix("module://matplotlib_inline.backend_") in still:
        raise _windowless(name)


def _windowless(name: str) -> InputError:
    return InputError(
        f"there is no window to explore in: matplotlib draws with {name!r} here. Install PySide6 or Tk; or tornado, with "
        "MPLBACKEND=webagg, for a browser; or ipympl, with %matplotlib widget, in a notebook. Without any, a page to "
        "play with: landscapes race beale -o race.html"
    )


def opened(look: Theme) -> Figure:
    """An empty figure in a window of its own. Raises `InputError` where there is none to be had."""
    check_window()
    from matplotlib import pyplot

    with look.context():
        try:
            made = pyplot.figure(figsize=INCHES)
        except ImportError as error:  # a backend was named whose toolkit, or whose display, is missing
            raise _windowless(mpl.get_backend()) from error
    if made.canvas.manager is not None:
        made.canvas.manager.set_window_title("landscapes")
    return made
