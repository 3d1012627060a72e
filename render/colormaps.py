"""Colormaps: by name, and made in OKLab."""

from __future__ import annotations

import difflib
import importlib

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex

from landscapes.errors import InputError
from landscapes.render.light import to_srgb
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


STOPS = 33
"""The number of colours of a ramp."""


def oklab_ramp(*stops: tuple[float, float, float]) -> tuple[str, ...]:
    """Return colours through stops, evenly spaced in OKLab (Ottosson, 2020), where equal distances look equal.

    Args:
        stops: lightness from 0 to 1, chroma from 0 to about 0.3, and hue in degrees; colours outside sRGB are clipped.

    >>> oklab_ramp((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))[::16]
    ('#000000', '#636363', '#ffffff')
    """
    lightness, chroma, hue = np.array(stops, float).T
    hue = np.unwrap(np.deg2rad(hue))
    fine = np.linspace(0, len(stops) - 1, 40 * len(stops))
    path = np.column_stack([np.interp(fine, np.arange(len(stops)), part) for part in (lightness, chroma, hue)])
    lab = np.column_stack([path[:, 0], path[:, 1] * np.cos(path[:, 2]), path[:, 1] * np.sin(path[:, 2])])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    even = np.linspace(0, length[-1], STOPS)
    lab = np.column_stack([np.interp(even, length, part) for part in lab.T])
    linear = (lab @ TO_CONES.T) ** 3 @ TO_RGB.T
    return tuple(to_hex(color) for color in to_srgb(linear))


TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
"""From OKLab to cube roots of cone responses, and from their cubes to linear sRGB."""
