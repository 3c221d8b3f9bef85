# SPDX-License-Identifier: Apache-2.0
"""``dexlite view``: the grasps of a plan file in a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
import threading
from typing import Annotated
import webbrowser

import numpy as np
import trimesh
import tyro

from dexlite_ros.object.geometry_file import load_geometry
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.ranges import AT_LEAST_0
from dexlite_ros.output.browser.plan_viewer import PlanViewer
from dexlite_ros.output.browser.viewed_plan import read_viewed_plan, ViewedPlan
from dexlite_ros.output.browser.web_server import LOOPBACK, PORT
from dexlite_ros.output.plan_file import read_grasps
from dexlite_ros.output.plan_geometry import WeightedSurface


@dataclass(frozen=True, kw_only=True)
class View:
    """Show the grasps of a plan file in a browser, until interrupted."""

    plan: tyro.conf.Positional[Path]
    """Plan file (JSON) written by dexlite plan or dexlite import."""
    geometry: Path | None = None
    """Cloud or mesh to show in place of those in the plan file, in the frame of the grasps
    (PLY, PCD, OBJ, STL, OFF, GLB, GLTF, DAE) [m]; a mesh has the scale of the plan file."""
    host: str = LOOPBACK
    """Address to listen at; 127.0.0.1: only this machine can look, 0.0.0.0: everybody."""
    port: Annotated[int, AT_LEAST_0] = PORT
    """Port to listen at; the next free one if it is taken. 0: any free one."""
    open: bool = False
    """Open the page in this machine's browser."""


def main(argv: list[str]) -> int:
    """Run ``dexlite view`` until interrupted."""
    options = parse(View, 'dexlite view', argv)
    plan = read_viewed_plan(options.plan)
    if options.geometry is not None:
        scale = read_grasps(options.plan).scale if plan.partner is None else 1.0
        plan = _with_geometry(plan, options.geometry, scale)
    viewer = PlanViewer(options.host, options.port)
    try:
        viewer.show(plan, options.plan.name)
        what = 'grasps' if plan.partner is None else 'pairs'
        print(f'{len(plan)} {what} at {viewer.url} (Ctrl-C ends)', flush=True)
        if options.open:
            webbrowser.open(viewer.url)
        wait_for_interrupt()
    except KeyboardInterrupt:
        print('the viewer has ended')
    finally:
        viewer.close()
    return 0


def wait_for_interrupt() -> None:
    """Do nothing until Ctrl-C raises KeyboardInterrupt."""
    threading.Event().wait()


def _with_geometry(plan: ViewedPlan, path: Path, scale: float) -> ViewedPlan:
    """Return a plan with the cloud or the mesh of a file in place of its own."""
    target = load_geometry(path)
    if isinstance(target, trimesh.Trimesh):
        mesh = WeightedSurface(
            scale * np.asarray(target.vertices), np.asarray(target.faces), path.name)
        return replace(plan, geometry=replace(plan.geometry, surfaces=(mesh,), cloud=None))
    points = target.points[np.isfinite(target.points).all(axis=1)]
    return replace(plan, geometry=replace(plan.geometry, cloud=points))
