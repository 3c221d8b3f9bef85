# SPDX-License-Identifier: Apache-2.0
"""``dexlite scenes``: objects on a table as a depth camera sees them."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, Listed, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.offline.scenes.depth_camera import CameraName
from dexlite_ros.offline.scenes.drawn_scenes import draw_scenes, DrawnScene
from dexlite_ros.offline.scenes.recorded_scene import write_scene
from dexlite_ros.offline.scenes.scene_picture import write_scenes_picture
from dexlite_ros.offline.scenes.table_scene import SceneSettings


@dataclass(frozen=True, kw_only=True)
class Scenes(Listed, Cached, Printed):
    """Put each object on a table, with others beside it, and look at it with a depth camera."""

    objects: str
    """Such as 'household:24', 'procedural:27', 'random_urdfs:20', or a folder of meshes."""
    unit: float = 1.0
    """Metres per unit of mesh files; 0.001: millimetres."""
    camera: CameraName = 'kinect'
    """The camera, with its errors; ideal: none."""
    neighbours: int = 0
    """Number of other objects on the table, 0 to 6."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the scenes."""
    picture: Path | None = None
    """Write a PNG of all scenes here."""
    output: Path | None = None
    """Write each scene to this folder: NAME.ply, NAME_rest.ply, NAME_truth.obj, NAME.json."""


def main(argv: list[str]) -> int:
    """Run ``dexlite scenes``; the exit code is 1 when there is no scene of some object."""
    options = parse(Scenes, 'dexlite scenes', argv)
    options.choose_cache()
    targets = find_objects(
        options.objects, options.split, options.tier, options.unit)[:options.limit]
    settings = SceneSettings(options.camera, options.neighbours)
    drawn: list[DrawnScene] = []
    rows: dict[str, dict[str, Any]] = {}
    for found in draw_scenes(targets, settings, options.seed):
        if not isinstance(found, DrawnScene):
            rows[found[0]] = {'error': str(found[1])}
            continue
        rows[found.name] = _facts(found)
        if options.output:
            write_scene(options.output, found.name, found.scene, found.mesh)
        if options.picture:
            drawn.append(found)
    if options.picture and drawn:
        write_scenes_picture(
            options.picture, [(each.name, each.mesh, each.scene) for each in drawn])
    print(json.dumps(rows, allow_nan=False) if options.json else _table(rows))
    return 1 if any('error' in row for row in rows.values()) else 0


def _facts(drawn: DrawnScene) -> dict[str, Any]:
    scene = drawn.scene
    middle = drawn.mesh.copy().apply_transform(scene.object).bounds.mean(axis=0)
    away = scene.camera[:3, 3] - middle
    distance = float(np.linalg.norm(away))
    return {
        'points': len(scene.cloud), 'rest': len(scene.rest),
        'neighbours': len(scene.neighbours), 'distance': distance,
        'elevation': float(np.arcsin(away[2] / distance))}


def _table(rows: dict[str, dict[str, Any]]) -> str:
    width = max(len(name) for name in rows)
    lines = [f'{"object":<{width}}  {"points":>6}  {"rest":>6}  {"neighbours":>10}  '
             f'{"distance [m]":>12}  {"elevation [deg]":>15}']
    for name, row in rows.items():
        lines.append(f'{name:<{width}}  {row["error"]}' if 'error' in row else (
            f'{name:<{width}}  {row["points"]:>6}  {row["rest"]:>6}  {row["neighbours"]:>10}  '
            f'{row["distance"]:>12.2f}  {np.rad2deg(row["elevation"]):>15.0f}'))
    return '\n'.join(lines)
