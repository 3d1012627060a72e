"""Pictures made of pixels only: JPEG, and EPS for journals that ask for it."""

from __future__ import annotations

import base64
import io
import struct

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from landscapes.render.theme import WHOLE

QUALITY = {"quality": 95, "subsampling": 0}
"""Lines of a plot have sharp, coloured edges: a lower quality, or coarser colours, surround them with visible noise."""

LONGEST = 65_000
"""The largest number of bytes of a comment in JPEG."""


def jpeg(made: Figure, comment: str) -> bytes:
    """Return a figure as JPEG with the figure's number of pixels; a transparent background becomes white."""
    file = io.BytesIO()
    size, remark = (made.dpi, made.dpi), comment.encode()[:LONGEST]
    Image.fromarray(_pixels(made, made.dpi)).save(file, "JPEG", comment=remark, dpi=size, **QUALITY)
    return file.getvalue()


def eps(made: Figure, comment: str, dpi: float) -> bytes:
    """Return a figure as EPS (PostScript level 3) that contains one compressed image of this resolution.

    PostScript has no transparency, and trails, halos and labels need it.
    """
    pixels = _pixels(made, dpi)
    height, width = pixels.shape[:2]
    wide, high = (72 * side for side in made.get_size_inches())
    remark = "\n".join(f"% {comment[at : at + 200]}" for at in range(0, len(comment), 200))
    head = f"""\
%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 {np.ceil(wide - 1e-3):.0f} {np.ceil(high - 1e-3):.0f}
%%HiResBoundingBox: 0 0 {wide:.4f} {high:.4f}
%%Creator: landscapes
%%LanguageLevel: 3
%%DocumentData: Clean7Bit
%%EndComments
{remark}
gsave
{wide:.4f} {high:.4f} scale
/DeviceRGB setcolorspace
<< /ImageType 1 /Width {width} /Height {height} /BitsPerComponent 8 /Decode [0 1 0 1 0 1]
/ImageMatrix [{width} 0 0 {-height} 0 {height}]
/DataSource currentfile /ASCII85Decode filter
<< /Predictor 15 /Colors 3 /BitsPerComponent 8 /Columns {width} >> /FlateDecode filter
>> image
"""
    lines = base64.a85encode(_png_data(pixels), wrapcol=100).decode().split("\n")
    data = "\n".join(f" {line}" if line.startswith("%") else line for line in lines)  # a line with % is a comment
    return f"{head}{data}~>\ngrestore\nshowpage\n%%EOF\n".encode("ascii", "replace")


def _pixels(made: Figure, dpi: float) -> NDArray[np.uint8]:
    """Return a figure as pixels (height, width, 3), on white."""
    file = io.BytesIO()
    with mpl.rc_context(WHOLE):
        made.savefig(file, format="png", dpi=dpi)
    drawn = Image.open(file)
    page = Image.new("RGBA", drawn.size, "white")
    return np.asarray(Image.alpha_composite(page, drawn.convert("RGBA")).convert("RGB"))


def _png_data(pixels: NDArray[np.uint8]) -> bytes:
    """Return pixels as the compressed data of a PNG, which PostScript reads as well."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=9)
    raw, place, data = file.getvalue(), 8, b""
    while place < len(raw):
        (size,) = struct.unpack(">I", raw[place : place + 4])
        if raw[place + 4 : place + 8] == b"IDAT":
            data += raw[place + 8 : place + 8 + size]
        place += 12 + size
    return data
