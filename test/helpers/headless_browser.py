# SPDX-License-Identifier: Apache-2.0
"""
A page in Chromium without a screen, driven over its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/; websockets comes with viser.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
import io
import itertools
import json
from pathlib import Path
import shutil
import subprocess
import tempfile
import time
from typing import Any
from urllib.request import urlopen

from PIL import Image

PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome')
# WebGL is computed on the processor.
OPTIONS = (
    '--headless=new', '--no-sandbox', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    '--hide-scrollbars', '--remote-debugging-port=0')


def find_chromium() -> str | None:
    """Return the path of a Chromium, if there is one."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Page:
    """One tab."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._numbers = socket, itertools.count(1)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({'id': number, 'method': method, 'params': parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=240.0))
            if answer.get('id') == number:
                assert 'error' not in answer, answer
                return answer['result']

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.call('Runtime.evaluate', expression=script)['result'].get('value')

    def wait_for(self, script: str, patience: float = 240.0) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + patience
        while not self.evaluate(script):
            assert time.monotonic() < deadline, f'{script} is false after {patience} s'
            time.sleep(0.1)

    def screenshot(self) -> Image.Image:
        """Return what the window shows."""
        data = self.call('Page.captureScreenshot', format='png')['data']
        return Image.open(io.BytesIO(base64.b64decode(data))).convert('RGB')


@contextmanager
def open_page(chromium: str, url: str, size: tuple[int, int]) -> Iterator[Page]:
    """Open an address in a window of a size [pixels]."""
    from websockets.sync.client import connect

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [chromium, *OPTIONS, f'--user-data-dir={profile}',
             f'--window-size={size[0]},{size[1]}', 'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with connect(_first_tab(Path(profile)), max_size=None) as socket:
                page = Page(socket)
                page.call('Page.enable')
                page.call('Emulation.setDeviceMetricsOverride', width=size[0], height=size[1],
                          deviceScaleFactor=1, mobile=False)
                page.call('Page.navigate', url=url)
                yield page
        finally:
            browser.terminate()
            browser.wait(timeout=30.0)


def _first_tab(profile: Path) -> str:
    """Return the address at which the browser's first tab listens, once it does."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        try:
            port = int((profile / 'DevToolsActivePort').read_text().split()[0])
            with urlopen(f'http://127.0.0.1:{port}/json', timeout=10.0) as answer:
                tabs = [each for each in json.load(answer) if each['type'] == 'page']
            return tabs[0]['webSocketDebuggerUrl']
        except (OSError, IndexError):
            time.sleep(0.1)
    raise TimeoutError('the browser opened no tab')
