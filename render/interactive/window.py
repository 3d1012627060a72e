"""Opening a matplotlib window, and checking whether that is possible."""

from __future__ import annotations

import sys

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
    if name.lower().endswith("inline"):
        return InputError(
            f"cannot open a window: matplotlib uses the backend {name!r}, which shows still pictures in a notebook. "
            "Install ipympl (pip install ipympl) and run %matplotlib widget before. Without it, a race as the last "
            "line of a cell displays a page to play and zoom; render.save(record, 'race.html') saves it"
        )
    return InputError(
        f"cannot open a window: matplotlib uses the backend {name!r}. A window needs a display, and PySide6 or "
        "Tk. In a browser, it needs tornado and MPLBACKEND=webagg; in a notebook, ipympl and %matplotlib widget. A "
        "page needs none of them: landscapes race beale -o race.html"
    )


def announce_address() -> None:
    """Print the address of the window if matplotlib shows it in a browser (WebAgg), which may not open by itself."""
    if mpl.get_backend().lower() != "webagg":
        return
    from matplotlib.backends import backend_webagg

    server = backend_webagg.WebAggApplication
    server.initialize()  # chooses the port; a later call does nothing
    print(f"explore: http://{server.address}:{server.port}{server.url_prefix}/", file=sys.stderr, flush=True)


def open_figure(look: Theme) -> Figure:
    """Open an empty figure in a new window. Raise `InputError` if that is not possible."""
    check_window()
    from matplotlib import pyplot

    with look.context():
        try:
            made = pyplot.figure(figsize=INCHES)
        except ImportError as error:  # the toolkit or the display of the chosen backend is missing
            raise _no_window_error(mpl.get_backend()) from error
    try:
        check_window()  # without a display, pyplot falls back to a backend without windows
    except InputError:
        pyplot.close(made)
        raise
    if made.canvas.manager is not None:
        made.canvas.manager.set_window_title("landscapes")
    return made
