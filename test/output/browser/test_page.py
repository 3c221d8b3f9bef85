# SPDX-License-Identifier: Apache-2.0
"""
A browser shows the plan, and its controls work.

The variable ``DEXLITE_SCREENSHOT`` names the file that the picture of docs/viewer.md is written
to, of a larger window and of more grasps.
"""

from collections.abc import Callable
import os
import time

from headless_browser import find_chromium, open_page, Page
import numpy as np
from PIL import ImageOps
import pytest
from viewed_plans import carton_plan, EYE

from dexlite_ros.output.browser.plan_viewer import PlanViewer
from dexlite_ros.output.browser.viewed_plan import read_viewed_plan
from dexlite_ros.output.plan_file import write_plan

pytest.importorskip('viser', reason="the viewer needs viser: pip install 'dexlite_ros[view]'")
CHROMIUM = find_chromium()
PICTURE = os.environ.get('DEXLITE_SCREENSHOT')
SIZE = (1200, 760) if PICTURE else (840, 480)
PATIENCE = 240.0
"""How long a picture may take, which the processor draws [s]."""
SCENE = 0.6
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


def wait_for_picture(page: Page, condition: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Return the first picture of the scene that meets a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition(pixels := scene(page)):
        assert time.monotonic() < deadline, 'the scene does not look so'
    return pixels


def test_a_browser_shows_the_plan(tmp_path):
    """The scene is empty without a plan, full with it, and moves when a button is pressed."""
    made = carton_plan(512, 20) if PICTURE else carton_plan()
    plan = read_viewed_plan(write_plan(made, tmp_path / 'carton.json'))
    viewer = PlanViewer(port=0)
    with open_page(CHROMIUM, viewer.url, SIZE) as page:
        page.wait_for("document.body.innerText.includes('no plan yet')")
        page.wait_for("document.querySelector('canvas') !== null")
        page.evaluate(NOTICE)
        wait_for_picture(page, lambda pixels: coloured(pixels) < 0.01)
        if not PICTURE:  # Without a GPU, shadows take most of the time.
            viewer.server.scene.configure_default_lights(cast_shadow=False)
        viewer.show(plan, 'carton.json')
        page.wait_for("document.body.innerText.includes('probability to hold')")
        text = page.evaluate('document.body.innerText')
        assert 'view+box, 75 %' in text and 'carton.json' in text
        grasp = wait_for_picture(page, lambda pixels: coloured(pixels) > 0.1)
        page.evaluate(BUTTON.format('pregrasp'))
        moved = wait_for_picture(
            page, lambda pixels: (np.abs(pixels - grasp).max(axis=-1) > 40).mean() > 0.01)
        assert viewer.chosen == (0, 0.0) and coloured(moved) > 0.1
        if PICTURE:
            viewer.choose(best_seen(viewer, len(plan)), 1.0)
            page.evaluate(BUTTON.format('look at this hand'))
            wait_for_picture(
                page, lambda pixels: (np.abs(pixels - moved).max(axis=-1) > 40).mean() > 0.1)
            time.sleep(5.0)  # until whatever else comes is drawn as well
            ImageOps.posterize(page.screenshot(), 6).save(PICTURE, optimize=True)
    viewer.close()


def best_seen(viewer: PlanViewer, count: int) -> int:
    """Return a grasp for which the camera stands obliquely to what the sensor saw."""
    def likeness(rank: int) -> float:
        place, target = viewer.scene.camera(rank, '+z')
        away = EYE - target
        cosine = (place - target) @ away / np.linalg.norm(place - target) / np.linalg.norm(away)
        return -abs(float(cosine) - 0.6)
    return max(range(count), key=likeness)
