"""Opening a matplotlib window, and checking whether that is possible."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.backends.registry import BackendFilter, backend_registry
from matplotlib.figure import Figure

from landscapes.errors import InputError
from landscapes.render.theme import Theme

INCHES = 12.0, 6.6
"""Size of the window in inches."""


def check_window() -> None:
    """Raise `InputError` if matplotlib cannot open a window."""
    name = mpl.get_backend()
    non_interactive = {*backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE), "inline"}
    if name.lower().removeprefix("module://matplotlib_inline.backend_") in non_interactive:
        raise _no_window_error(name)


def _no_window_error(name: str) -> InputError:
    return InputError(
        f"cannot open a window: matplotlib uses the backend {name!r}. Install PySide6 or Tk; or tornado, with "
        "MPLBACKEND=webagg, for a browser; or ipympl, with %matplotlib widget, for a notebook. A page needs none of "
        "them: landscapes race beale -o race.html"
    )


def open_figure(look: Theme) -> Figure:
    """Open an empty figure in a new window. Raise `InputError` if that is not possible."""
    check_window()
    from matplotlib import pyplot

    with look.context():
        try:
            made = pyplot.figure(figsize=INCHES)
        except ImportError as error:  # the toolkit or the display of the chosen backend is missing
            raise _no_window_error(mpl.get_backend()) from error
    if made.canvas.manager is not None:
        made.canvas.manager.set_window_title("landscapes")
    return made
