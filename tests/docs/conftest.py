"""Let pages draw few frames."""

from __future__ import annotations

from typing import Any

import pytest

from landscapes.render.animation import _animate


@pytest.fixture
def few_frames(monkeypatch) -> None:
    """Animations get a fifth of their frames, because examples show how to make them, not how they look."""
    timeline = _animate.timeline

    def thinned(last: int, *, fps: float, frames: int | None, pause: Any, **options: Any) -> Any:
        if frames is None and not pause:  # a pause may need a frame of its own
            fps = fps / 5
        return timeline(last, fps=fps, frames=frames, pause=pause, **options)

    monkeypatch.setattr(_animate, "timeline", thinned)
