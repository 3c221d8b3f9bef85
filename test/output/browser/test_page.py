# SPDX-License-Identifier: Apache-2.0
"""
A browser shows the plan, and its controls work.

With the variable ``DEXLITE_SCREENSHOT`` the picture of docs/viewer.md is written there.
"""

import os
import time

from headless_browser import find_chromium, open_page, Page
import numpy as np
import pytest
from viewed_plans import carton_plan

from dexlite_ros.output.browser.plan_viewer import PlanViewer
from dexlite_ros.output.browser.viewed_plan import read_viewed_plan
from dexlite_ros.output.plan_file import write_plan

pytest.importorskip('viser', reason="the viewer needs viser: pip install 'dexlite_ros[view]'")
CHROMIUM = find_chromium()
SIZE = (1200, 750)
SCENE = 0.7
"""Share of the window's width where the panel is not."""
BUTTON = "[...document.querySelectorAll('button')].find(each => each.innerText === '{}').click()"
# The browser's notice that it has no GPU, which is a part of the page.
NOTICE = "document.querySelectorAll('.mantine-Notification-closeButton').forEach(b => b.click())"
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason='no Chromium is installed (Debian, Ubuntu: package chromium)')


def scene(page: Page) -> np.ndarray:
    """Return the picture of the scene (H, W, 3), without the panel."""
    pixels = np.asarray(page.screenshot(), float)
    return pixels[:, :round(SCENE * pixels.shape[1])]


def coloured(pixels: np.ndarray) -> float:
    """Return the share of pixels that are neither white nor grey, as the grid is."""
    return float((np.ptp(pixels, axis=-1) > 40).mean())


def wait_for_picture(page: Page, condition) -> np.ndarray:
    """Return the first picture of the scene that meets a condition."""
    deadline = time.monotonic() + 60.0
    while not condition(pixels := scene(page)):
        assert time.monotonic() < deadline, 'the scene does not look so'
    return pixels


def test_a_browser_shows_the_plan(tmp_path):
    """The scene is empty without a plan, full with it, and moves when a button is pressed."""
    plan = read_viewed_plan(write_plan(carton_plan(), tmp_path / 'carton.json'))
    viewer = PlanViewer(port=0)
    with open_page(CHROMIUM, viewer.url, SIZE) as page:
        page.wait_for("document.body.innerText.includes('no plan yet')")
        page.wait_for("document.querySelector('canvas') !== null")
        page.evaluate(NOTICE)
        wait_for_picture(page, lambda pixels: coloured(pixels) < 0.01)
        viewer.show(plan, 'carton.json')
        page.wait_for("document.body.innerText.includes('probability to hold')")
        text = page.evaluate('document.body.innerText')
        assert 'view+box, 75 %' in text and 'carton.json' in text
        grasp = wait_for_picture(page, lambda pixels: coloured(pixels) > 0.1)
        page.evaluate(BUTTON.format('pregrasp'))
        moved = wait_for_picture(
            page, lambda pixels: (np.abs(pixels - grasp).max(axis=-1) > 40).mean() > 0.01)
        assert viewer.chosen == (0, 0.0) and coloured(moved) > 0.1
        if path := os.environ.get('DEXLITE_SCREENSHOT'):
            page.evaluate(BUTTON.format('grasp'))
            wait_for_picture(page, lambda pixels: np.abs(pixels - grasp).mean() < 0.5)
            page.screenshot().quantize(128).save(path, optimize=True)
    viewer.close()
