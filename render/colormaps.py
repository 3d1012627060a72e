"""Colormaps by name."""

from __future__ import annotations

import difflib
import importlib

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex

from landscapes.errors import InputError
from landscapes.silence import ignored_warnings

PACKAGES = {"cmc": ("cmcrameri", "cmcrameri.cm"), "cmr": ("cmasher", "cmasher"), "cmo": ("cmocean", "cmocean.cm")}
"""Packages by prefix of their colormaps' names: what to install, and the module that registers them."""

USUAL = ("viridis", "cividis", "Blues", "Greys")
"""Suggestions if no name is similar."""

SAMPLES = 52
"""The number of colours of a colormap that a theme keeps."""


def colormap(name: str) -> tuple[str, ...]:
    """Return the colours of a colormap from its lower to its upper end; append "_r" to reverse it.

    Args:
        name: one of matplotlib's, such as "viridis", or of a package that is installed: "cmc.batlow" of cmcrameri
            (Crameri, 2018), "cmr.rainforest" of cmasher (van der Velden, 2020), "cmo.deep" of cmocean (Thyng et al.,
            2016).

    Raises:
        InputError: for an unknown name, and where its package is not installed.

    >>> colormap("gray")[0], colormap("gray")[-1], len(colormap("gray_r"))
    ('#000000', '#ffffff', 52)
    """
    begin, dot, _ = name.partition(".")
    if name not in mpl.colormaps and dot and begin in PACKAGES:
        package, module = PACKAGES[begin]
        try:
            with ignored_warnings():  # their warnings about creating colormaps
                importlib.import_module(module)
        except ImportError as error:
            raise InputError(f"colormap {name!r} needs the package {package}: pip install {package}") from error
    if name not in mpl.colormaps:
        near = difflib.get_close_matches(name, mpl.colormaps) or USUAL
        raise InputError(f"unknown colormap {name!r}; there are {', '.join(near)} and others, see matplotlib.colormaps")
    return tuple(to_hex(color) for color in mpl.colormaps[name](np.linspace(0, 1, SAMPLES)))
