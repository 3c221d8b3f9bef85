# SPDX-License-Identifier: Apache-2.0
"""The page: a scene, and a panel to choose grasp and stage and what is shown."""

from __future__ import annotations

from functools import partial
import threading
from typing import get_args, TYPE_CHECKING

import numpy as np

from dexlite_ros.grasp import STAGES
from dexlite_ros.output.browser.drawn_hand import AXES, WAY
from dexlite_ros.output.browser.grasp_text import (
    grasp_label,
    grasp_text,
    head_text,
    numbers_text,
    report_text,
    surface_label,
)
from dexlite_ros.output.browser.plan_scene import (
    CELL,
    Part,
    PARTS,
    PlanScene,
    SECTION,
    Style,
)
from dexlite_ros.output.browser.posed_hand import LAST_STAGE
from dexlite_ros.output.browser.viewed_plan import Up, ViewedPlan
from dexlite_ros.output.browser.web_server import LOOPBACK, PORT, start_server, stop_server

if TYPE_CHECKING:
    from viser import GuiButtonGroupHandle, GuiCheckboxHandle, GuiEvent, GuiFolderHandle

HINTS: dict[Part, str] = {
    'cloud': 'the points that were planned on',
    'surfaces': 'those that are ticked above',
    'contacts': 'on the likeliest surface',
    'forces': 'of the hand on the object at the squeeze stage; each ends at its contact',
    'approach': f'the last {1e3 * WAY:.0f} mm of the way to the pregrasp',
    'palm axes': f'of the link whose pose is planned: x red, y green, z blue, {1e3 * AXES:.0f} mm',
    'frame axes': f'of the frame of the plan: x red, y green, z blue, {1e3 * AXES:.0f} mm',
    'grid': f'squares of {1e3 * CELL:.0f} and {1e3 * SECTION:.0f} mm, below everything'}
NOTHING = 'no plan yet'
PREVIOUS, NEXT = '◀ better', 'worse ▶'
FORCE_SCALE = 5.0
"""Length of the arrows of forces at first [mm/N]."""
HAND_OPACITY = 0.65
"""Of the hand at first, so that the forces of its tips are seen."""
FAR = 0.1
"""Distance between the objects of two plans from which cameras follow [m]."""
NARROW = np.deg2rad(40.0)
"""Vertical field of view."""


class PlanViewer:
    """
    Shows one plan at a time to any number of browsers.

    All of them see the same: what one chooses changes for all. The methods may be called from any
    thread, as viser calls those for its controls.
    """

    def __init__(self, host: str = LOOPBACK, port: int = PORT) -> None:
        """
        Serve a page without a plan.

        :raises InvalidRequest, MissingDependency: as ``start_server``
        """
        self.server = start_server(host, port)
        self._lock = threading.RLock()
        self.plan: ViewedPlan | None = None
        self._folders: list[GuiFolderHandle] = []
        gui = self.server.gui
        self._head = gui.add_markdown(NOTHING, order=0)
        with gui.add_folder('Show', order=3):
            self.shown = {
                part: gui.add_checkbox(part, on, hint=HINTS.get(part))
                for part, on in PARTS.items()}
            self._opacity = gui.add_slider('opacity', 0.1, 1.0, 0.05, HAND_OPACITY)
            self._force_scale = gui.add_slider('mm per N', 0.5, 10.0, 0.5, FORCE_SCALE)
            self._up = gui.add_dropdown('up', get_args(Up), hint='axis of the frame')
        for part, box in self.shown.items():
            box.on_update(partial(self._on_part, part))
        self._opacity.on_update(self._on_opacity)
        self._force_scale.on_update(self._on_force_scale)
        self._up.on_update(self._on_up)

    @property
    def url(self) -> str:
        """Address of the page."""
        host = self.server.get_host()
        name = 'localhost' if host in ('0.0.0.0', '::') else host
        return f'http://{name}:{self.server.get_port()}'

    def close(self) -> None:
        """Stop serving."""
        stop_server(self.server)

    def show(self, plan: ViewedPlan, source: str) -> None:
        """
        Show a plan in place of the one before, beginning with its best grasp.

        :param plan: with at least one grasp
        :param source: where it comes from, the first line of the panel
        """
        with self._lock, self.server.atomic():
            moved = self.plan is None or bool(
                np.linalg.norm(plan.centre() - self.plan.centre()) > FAR)
            self._drop()
            self._up.value = plan.up
            self._head.content = head_text(plan, source)
            self.scene = PlanScene(self.server.scene, plan, Style(
                {part: box.value for part, box in self.shown.items()}, self._opacity.value,
                self._force_scale.value))
            self.plan = plan
            self._folders = [
                self._grasp_folder(plan), self._surface_folder(plan), *self._text_folders(plan)]
            self._on_grasp()
            self._aim(everywhere=moved)

    def clear(self) -> None:
        """Show no plan, as at the beginning."""
        with self._lock, self.server.atomic():
            self._drop()
            self._head.content = NOTHING
            self.server.scene.reset()

    def _drop(self) -> None:
        """Forget the plan and its controls."""
        self.plan = None
        for folder in self._folders:
            folder.remove()
        self._folders = []

    def choose(self, rank: int, stage: float | None = None) -> None:
        """
        Show another grasp, as the controls do.

        :param rank: 0 is the best
        :param stage: 0 pregrasp, 1 grasp, 2 squeeze, or between; None: as it is
        """
        with self._lock:
            self._grasp.value = self._labels[rank]
            if stage is not None:
                self._stage.value = stage

    @property
    def chosen(self) -> tuple[int, float]:
        """Rank and stage of the hand that is shown."""
        with self._lock:
            return self._labels.index(self._grasp.value), self._stage.value

    def _grasp_folder(self, plan: ViewedPlan) -> GuiFolderHandle:
        gui = self.server.gui
        self._labels = tuple(grasp_label(each, rank) for rank, each in enumerate(plan.facts))
        with gui.add_folder('Grasp', order=1) as folder:
            self._grasp = gui.add_dropdown('rank', self._labels)
            steps = gui.add_button_group('', (PREVIOUS, NEXT))
            self._stage = gui.add_slider('stage', 0.0, float(LAST_STAGE), 0.05, 1.0)
            stages = gui.add_button_group('', STAGES)
            look = gui.add_button('look at this hand')
            self._text = gui.add_markdown('')
        self._grasp.on_update(self._on_grasp)
        self._stage.on_update(self._on_grasp)
        steps.on_click(self._on_step)
        stages.on_click(self._on_stage)
        look.on_click(lambda _: self._aim(everywhere=True))
        return folder

    def _surface_folder(self, plan: ViewedPlan) -> GuiFolderHandle:
        gui = self.server.gui
        surfaces = plan.geometry.surfaces
        with gui.add_folder('Surfaces', order=2, visible=bool(surfaces)) as folder:
            for index, each in enumerate(surfaces):
                box = gui.add_checkbox(surface_label(each.method, each.weight), index == 0)
                box.on_update(partial(self._on_surface, index))
        return folder

    def _text_folders(self, plan: ViewedPlan) -> tuple[GuiFolderHandle, GuiFolderHandle]:
        gui = self.server.gui
        with gui.add_folder('Contacts and measures', order=4) as numbers:
            self._numbers = gui.add_markdown('')
        with gui.add_folder('Report', order=5) as report:
            gui.add_markdown(report_text(plan))
        return numbers, report

    def _aim(self, everywhere: bool) -> None:
        """Set the camera that new pages begin with; everywhere: and that of the others."""
        with self._lock:
            place, target = self.scene.camera(self.chosen[0], self._up.value)
            first = self.server.initial_camera
            first.position, first.look_at, first.fov = place, target, NARROW
            for client in self.server.get_clients().values() if everywhere else ():
                with client.atomic():
                    client.camera.position, client.camera.look_at = place, target

    def _on_grasp(self, _: object = None) -> None:
        with self._lock:
            if self.plan is not None:
                rank, stage = self.chosen
                with self.server.atomic():
                    self.scene.show_hand(rank, stage)
                facts = self.plan.facts[rank]
                self._text.content = grasp_text(facts, rank, len(self.plan))
                self._numbers.content = '\n\n'.join(
                    numbers_text(each.facts[rank]) for each in self.plan.hands)

    def _on_step(self, event: GuiEvent[GuiButtonGroupHandle]) -> None:
        with self._lock:
            step = 1 if event.target.value == NEXT else -1
            self.choose(min(max(self.chosen[0] + step, 0), len(self._labels) - 1))

    def _on_stage(self, event: GuiEvent[GuiButtonGroupHandle]) -> None:
        with self._lock:
            self._stage.value = float(STAGES.index(event.target.value))

    def _on_surface(self, index: int, event: GuiEvent[GuiCheckboxHandle]) -> None:
        with self._lock:
            self.scene.show_surface(index, event.target.value)

    def _on_part(self, part: Part, _: object) -> None:
        with self._lock:
            if self.plan is not None:
                self.scene.show_part(part, self.shown[part].value)

    def _on_opacity(self, _: object) -> None:
        with self._lock:
            if self.plan is not None:
                self.scene.fade_hand(self._opacity.value)

    def _on_force_scale(self, _: object) -> None:
        with self._lock:
            if self.plan is not None:
                self.scene.scale_forces(self._force_scale.value)

    def _on_up(self, _: object) -> None:
        with self._lock:
            if self.plan is not None:
                self.scene.turn_up(self._up.value)
                self._aim(everywhere=True)
