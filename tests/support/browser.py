"""A real browser to look at pages with: headless Chromium, spoken to by the DevTools protocol over a pipe."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync",
    "--disable-component-update", "--disable-background-networking", "--force-color-profile=srgb",
    "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip

PATIENCE = 30.0
"""Seconds to wait for an answer."""


class Browser:
    """Chromium with one page; a context manager.

    Attributes:
        events: what the browser reported unasked since the page was opened, as (method, params).
    """

    def __init__(self, folder: Path) -> None:
        ours, theirs = os.pipe(), os.pipe()
        command = f'exec "$0" "$@" 3<&{ours[0]} 4>&{theirs[1]}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            pass_fds=(ours[0], theirs[1]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(ours[0])
        os.close(theirs[1])
        self._out, self._in = ours[1], theirs[0]
        self._count, self._rest, self._session = 0, b"", ""
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._folder = folder

    def __enter__(self) -> Self:
        page = next(info for info in self.ask("Target.getTargets")["targetInfos"] if info["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command and returns its answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        os.write(self._out, json.dumps(_with(message, self._session)).encode() + b"\0")
        while True:
            reported = self._next()
            if reported.get("id") == self._count:
                assert "error" not in reported, f"{method}: {reported['error']['message']}"
                return dict(reported["result"])
            if "method" in reported:
                self.events.append((reported["method"], reported["params"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], PATIENCE)
            assert ready, "Chromium does not answer"
            more = os.read(self._in, 1 << 20)
            assert more, "Chromium has gone"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(
        self, url: str, *, wide: int = 960, high: int = 540, ratio: float = 1.0, still: bool = True, dark: bool = False
    ) -> None:
        """Opens a page in a window of a size in CSS pixels, for a reader who may want it still, or dark."""
        self.resize(wide, high, ratio)
        self.like(still=still, dark=dark)
        self.events.clear()
        self.ask("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && !!document.querySelector('#counter, iframe')")
        self.wait("!!(document.querySelector('iframe') || document.querySelector('#counter').textContent)")

    def resize(self, wide: int, high: int, ratio: float = 1.0) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=ratio, mobile=False)

    def like(self, *, still: bool = True, dark: bool = False) -> None:
        """What the reader's system asks for."""
        wishes = {
            "prefers-reduced-motion": "reduce" if still else "no-preference",
            "prefers-color-scheme": "dark" if dark else "light",
        }
        self.ask(
            "Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in wishes.items()]
        )

    def run(self, script: str) -> Any:
        """The value of an expression on the page."""
        reported = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reported, reported["exceptionDetails"]
        return reported["result"].get("value")

    def wait(self, script: str) -> Any:
        """The value of an expression once it is true."""
        end = time.monotonic() + PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.02)
        return value

    def frames(self, count: int = 2) -> None:
        """Waits until the page has drawn some frames."""
        self.run(
            f"new Promise(done => {{ let left = {count}; "
            "const next = () => left-- ? requestAnimationFrame(next) : done(true); next(); })"
        )

    def key(self, key: str, *, shift: bool = False) -> None:
        """Presses and releases a key."""
        text = {"Space": " "}.get(key, key)
        typed = {"text": text} if len(text) == 1 else {}
        code = {"Tab": 9, "Enter": 13, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39}.get(
            text, ord(text[0])
        )
        for kind in ("keyDown", "keyUp"):
            more = typed if kind == "keyDown" else {}
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=text, windowsVirtualKeyCode=code, modifiers=8 * shift, **more
            )
        self.frames()

    def point(self, x: float, y: float, kind: str = "mouseMoved", **more: Any) -> None:
        """Moves or uses the mouse at a place."""
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)
        self.frames()

    def click(self, selector: str) -> None:
        """Clicks on the middle of an element."""
        x, y, wide, high = self.box(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.point(
                x + wide / 2, y + high / 2, kind, button="left", buttons=int(kind == "mousePressed"), clickCount=1
            )

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of an element."""
        x, y, wide, high = self.run(
            "(({x, y, width, height}) => [x, y, width, height])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        return x, y, wide, high

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)}).textContent"))

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        self.frames()
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def complaints(self) -> list[str]:
        """Errors and warnings since the page was opened."""
        self.frames()
        return [
            json.dumps(params)
            for method, params in self.events
            if method == "Runtime.exceptionThrown"
            or (method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"))
            or (method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"))
        ]

    def requests(self) -> list[str]:
        """What the page asked the network or the disk for since it was opened, the page itself too."""
        return [params["request"]["url"] for method, params in self.events if method == "Network.requestWillBeSent"]


def _with(message: dict[str, Any], session: str) -> dict[str, Any]:
    return message | {"sessionId": session} if session else message
