"""Where frames go: one class a format, told apart by the file's suffix."""

from __future__ import annotations

from landscapes.render.sinks.apng import Apng
from landscapes.render.sinks.base import Sink
from landscapes.render.sinks.ffmpeg import Mp4, WebM
from landscapes.render.sinks.gif import Gif

SINKS: dict[str, type[Sink]] = {suffix: sink for sink in (Gif, Mp4, WebM, Apng) for suffix in sink.suffixes}
"""Which sink writes a suffix."""

__all__ = ["SINKS", "Apng", "Gif", "Mp4", "Sink", "WebM"]
