"""A second real browser: headless Firefox, spoken to by its Marionette protocol over a socket of this machine."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

FIREFOX = os.environ.get("FIREFOX") or next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
"""The program, from the environment variable FIREFOX or from the path; None if there is none."""

PATIENCE = 90.0
"""Seconds to wait for an answer."""


class Firefox:
    """Firefox with one page, of a profile of its own; a context manager."""

    def __init__(self, folder: Path) -> None:
        profile = folder / "firefox"
        profile.mkdir()
        port = _free_port()
        settings = {"marionette.port": port, "network.proxy.type": 1, "network.proxy.http": "127.0.0.1",
                    "network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9,
                    "ui.prefersReducedMotion": 1}  # fmt: skip
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        self._process = subprocess.Popen(
            [str(FIREFOX), "--headless", "--marionette", "--no-remote", "--profile", str(profile), "about:blank"],
            env={**os.environ, "MOZ_CRASHREPORTER_DISABLE": "1", "HOME": str(folder)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._socket = self._connected(port)
        self._rest, self._count = b"", 0

    def _connected(self, port: int) -> socket.socket:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), PATIENCE)
            except OSError:
                assert self._process.poll() is None, "Firefox has gone"
                assert time.monotonic() < end, "Firefox does not listen"
                time.sleep(0.1)

    def __enter__(self) -> Self:
        self._message()
        self.ask("WebDriver:NewSession", strictFileInteractability=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, command: str, **params: Any) -> Any:
        """Sends a command and returns its answer."""
        self._count += 1
        text = json.dumps([0, self._count, command, params]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self._message()
        assert number == self._count
        assert error is None, f"{command}: {error}"
        return result

    def _message(self) -> Any:
        while b":" not in self._rest:
            self._read()
        length, _, self._rest = self._rest.partition(b":")
        while len(self._rest) < int(length):
            self._read()
        text, self._rest = self._rest[: int(length)], self._rest[int(length) :]
        return json.loads(text)

    def _read(self) -> None:
        more = self._socket.recv(1 << 20)
        assert more, "Firefox has gone"
        self._rest += more

    def open(self, url: str, *, wide: int = 1280, high: int = 860) -> None:
        """Opens a page in a window of a size; from then on its errors are kept."""
        self.ask("WebDriver:SetWindowRect", width=wide, height=high)
        self.ask("WebDriver:Navigate", url=url)
        self.wait(
            "document.querySelector('#counter, iframe') && (document.querySelector('iframe') || counter.textContent)"
        )

    def run(self, script: str) -> Any:
        """The value of an expression on the page."""
        return self.ask("WebDriver:ExecuteScript", script=f"return ({script})", args=[], sandbox=None)["value"]

    def wait(self, script: str) -> Any:
        """The value of an expression once it is true."""
        end = time.monotonic() + PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.05)
        return value

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)}).textContent"))

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.ask("WebDriver:TakeScreenshot", full=False)["value"])

    def drag(self, selector: str, across: int, down: int) -> None:
        """Drags the middle of an element."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.run(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})")
        move = {"type": "pointerMove", "duration": 50, "origin": "viewport"}
        steps = [{**move, "x": int(x), "y": int(y)}, {"type": "pointerDown", "button": 0},
                 *({**move, "x": int(x + across * k / 4), "y": int(y + down * k / 4)} for k in range(1, 5)),
                 {"type": "pointerUp", "button": 0}]  # fmt: skip
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}
        self.ask("WebDriver:PerformActions", actions=[mouse])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
