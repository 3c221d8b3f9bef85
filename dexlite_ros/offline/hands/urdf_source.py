# SPDX-License-Identifier: Apache-2.0
"""Read a robot from URDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from dexlite_ros.hand.description import Geom
from dexlite_ros.offline.hands.robot_model import (
    Body,
    Follower,
    HandImportError,
    Hinge,
    Part,
    RobotModel,
)

TURNING = ('revolute', 'continuous')


def read_urdf(path: Path) -> RobotModel:
    """
    Return the robot of a URDF file.

    :raises HandImportError: when it cannot be read, a mesh is missing, or links form a loop
    """
    # Slow to import, and only for this format.
    from yourdfpy import URDF

    try:
        robot = URDF.load(
            str(path), build_scene_graph=False, load_meshes=False,
            build_collision_scene_graph=False, load_collision_meshes=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SyntaxError) as error:
        raise HandImportError(path, f'it is no URDF: {error}') from error
    above = {joint.child: joint for joint in robot.robot.joints}
    if len(above) < len(robot.robot.joints):
        twice = sorted({each.child for each in robot.robot.joints
                        if above[each.child] is not each})
        raise HandImportError(
            path, f'these links have two parents, which makes loops: {", ".join(twice)}; '
            'remove one of the joints')
    links = {link.name: link for link in robot.robot.links}
    bodies = tuple(
        _body(path, links[name], above.get(name)) for name in _parents_first(path, links, above))
    joints = [each for each in robot.robot.joints if each.type in TURNING]
    followers = tuple(
        Follower(f'{each.mimic.joint}_{each.name}', (each.name, each.mimic.joint),
                 1.0 if each.mimic.multiplier is None else each.mimic.multiplier,
                 each.mimic.offset or 0.0)
        for each in joints if each.mimic is not None)
    dynamics = [
        (name, float(np.median(values)))
        for name in ('effort', 'velocity')
        if (values := [getattr(each.limit, name) for each in joints
                       if each.limit is not None and getattr(each.limit, name)])]
    return RobotModel(
        str(path), robot.robot.name or path.stem, bodies, followers, dynamics=tuple(dynamics))


def _parents_first(path: Path, links: dict[str, Any], above: dict[str, Any]) -> list[str]:
    """Return the names of the links such that each comes after its parent."""
    order: list[str] = []
    waiting = [name for name in reversed(links) if name not in above]
    while waiting:
        name = waiting.pop()
        order.append(name)
        # Finger by finger, from the knuckle out.
        waiting += [each for each in reversed(links)
                    if each in above and above[each].parent == name]
    if missing := [name for name in links if name not in order]:
        raise HandImportError(path, f'links form a loop: {", ".join(missing)}')
    return order


def _body(path: Path, link: Any, joint: Any) -> Body:
    shapes = link.collisions or link.visuals
    inertia = link.inertial
    place = np.eye(4) if joint is None or joint.origin is None else np.asarray(joint.origin)
    hinges: tuple[Hinge, ...] = ()
    others: tuple[str, ...] = ()
    if joint is not None and joint.type in TURNING:
        limit = None if joint.type == 'continuous' else joint.limit
        axis = np.array([1.0, 0.0, 0.0]) if joint.axis is None else np.asarray(joint.axis)
        hinges = (Hinge(
            joint.name, tuple(axis.tolist()), (0.0, 0.0, 0.0),
            None if limit is None else limit.lower, None if limit is None else limit.upper),)
    elif joint is not None and joint.type != 'fixed':
        others = (f"{joint.type} joint '{joint.name}'",)
    return Body(
        link.name, None if joint is None else joint.parent, place, hinges,
        float(inertia.mass) if inertia is not None and inertia.mass else 0.0,
        tuple(_part(path, link.name, each) for each in shapes), others)


def _part(path: Path, link: str, shape: Any) -> Part:
    place = np.eye(4) if shape.origin is None else np.asarray(shape.origin)
    geometry = shape.geometry
    if geometry.box is not None:
        return Part(place, Geom('box', tuple((np.asarray(geometry.box.size) / 2).tolist())))
    if geometry.sphere is not None:
        return Part(place, Geom('sphere', (float(geometry.sphere.radius),)))
    if geometry.cylinder is not None:
        return Part(place, Geom(
            'cylinder', (float(geometry.cylinder.radius), float(geometry.cylinder.length) / 2)))
    mesh = _mesh(path, link, geometry.mesh.filename)
    scale = 1.0 if geometry.mesh.scale is None else np.asarray(geometry.mesh.scale)
    return Part(
        place, vertices=np.asarray(mesh.vertices) * scale, faces=np.asarray(mesh.faces))


def _mesh(path: Path, link: str, name: str) -> trimesh.Trimesh:
    """Return a mesh beside the file, or of a package that the file's folder is in or beside."""
    scheme, mark, bare = name.partition('://')
    if mark and scheme == 'package':
        package, *parts = Path(bare).parts
        folders = [each / package for each in path.resolve().parents] + [
            each for each in path.resolve().parents if each.name == package]
        places = [each.joinpath(*parts) for each in folders]
    else:
        places = [path.parent / (bare if mark else name)]
    found = next((each for each in places if each.is_file()), None)
    if found is None:
        raise HandImportError(
            path, f"the mesh '{name}' of the link '{link}' is missing; looked for "
            f"{', '.join(str(each) for each in places[:3])}")
    try:
        return trimesh.load_mesh(found)
    except (OSError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise HandImportError(path, f"the mesh '{found}' cannot be read: {error}") from error
