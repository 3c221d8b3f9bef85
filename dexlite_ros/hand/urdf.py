# SPDX-License-Identifier: Apache-2.0
"""Write a hand as URDF, for robot_state_publisher and motion planners."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import trimesh

from dexlite_ros.files import replaced
from dexlite_ros.hand.description import (
    Geom,
    HandDescription,
    IDENTITY,
    Joint,
    JointDynamics,
    Link,
    Quaternion,
)
from dexlite_ros.hand.meshes import geom_mesh, link_mesh


def write_urdf(hand: HandDescription, path: str | Path, *, coupled: bool = True) -> Path:
    """
    Write the hand to ``path`` and its hulls as STL into a folder beside it; return the path.

    :param coupled: True: the distal joint of each coupled pair mimics the proximal one
    """
    path = Path(path)
    meshes = path.parent / f'{path.stem}_meshes'
    root = ElementTree.Element('robot', name=hand.name)
    mimics = {pair.joints[1]: pair.joints[0] for pair in hand.couplings} if coupled else {}
    for link in hand.links:
        _link(root, link, meshes)
        if link.joint is not None and link.parent is not None:
            element = _joint(root, link.joint, link.parent, link, hand.joint_dynamics)
            if link.joint.name in mimics:
                ElementTree.SubElement(
                    element, 'mimic', joint=mimics[link.joint.name], multiplier='1', offset='0')
    ElementTree.indent(root)
    with replaced(path) as temporary:
        temporary.write_text(ElementTree.tostring(root, encoding='unicode') + '\n')
    return path


def _numbers(values: Iterable[float]) -> str:
    return ' '.join(f'{value:.9g}' for value in values)


def _origin(parent: ElementTree.Element, position: Iterable[float], quat_wxyz: Quaternion) -> None:
    rpy = trimesh.transformations.euler_from_quaternion(quat_wxyz, axes='sxyz')
    ElementTree.SubElement(parent, 'origin', xyz=_numbers(position), rpy=_numbers(rpy))


def _link(root: ElementTree.Element, link: Link, meshes: Path) -> None:
    element = ElementTree.SubElement(root, 'link', name=link.name)
    body = link_mesh(link)
    inertial = ElementTree.SubElement(element, 'inertial')
    _origin(inertial, body.bounds.mean(0).tolist(), IDENTITY)
    ElementTree.SubElement(inertial, 'mass', value=f'{link.mass:.9g}')
    # The inertia of a uniform box around the link: no source gives the real one for every link.
    squares = body.extents**2
    inertia = link.mass / 12 * (squares.sum() - squares)
    ElementTree.SubElement(
        inertial, 'inertia', ixx=f'{inertia[0]:.6g}', iyy=f'{inertia[1]:.6g}',
        izz=f'{inertia[2]:.6g}', ixy='0', ixz='0', iyz='0')
    for geom in link.geoms:
        for tag in ('visual', 'collision'):
            _geometry(ElementTree.SubElement(element, tag), link, geom, meshes)


def _geometry(parent: ElementTree.Element, link: Link, geom: Geom, meshes: Path) -> None:
    if geom.shape in ('hull', 'capsule'):
        # URDF has no capsules: capsules, like hulls, become meshes in the link's own frame.
        file = meshes / f'{link.name}.stl'
        with replaced(file) as temporary:
            geom_mesh(geom).export(temporary, file_type='stl')
        shape = ElementTree.SubElement(parent, 'geometry')
        ElementTree.SubElement(shape, 'mesh', filename=file.resolve().as_uri())
        return
    _origin(parent, geom.position, geom.quat_wxyz)
    shape = ElementTree.SubElement(parent, 'geometry')
    if geom.shape == 'box':
        ElementTree.SubElement(shape, 'box', size=_numbers(2 * np.array(geom.size)))
    elif geom.shape == 'sphere':
        ElementTree.SubElement(shape, 'sphere', radius=f'{geom.size[0]:.9g}')
    else:
        ElementTree.SubElement(
            shape, 'cylinder', radius=f'{geom.size[0]:.9g}', length=f'{2 * geom.size[1]:.9g}')


def _joint(
    root: ElementTree.Element, joint: Joint, parent: str, link: Link, dynamics: JointDynamics
) -> ElementTree.Element:
    element = ElementTree.SubElement(root, 'joint', name=joint.name, type='revolute')
    ElementTree.SubElement(element, 'parent', link=parent)
    ElementTree.SubElement(element, 'child', link=link.name)
    _origin(element, link.position, link.quat_wxyz)
    ElementTree.SubElement(element, 'axis', xyz=_numbers(joint.axis))
    ElementTree.SubElement(
        element, 'limit', lower=f'{joint.lower:.9g}', upper=f'{joint.upper:.9g}',
        effort=str(dynamics.effort), velocity=str(dynamics.velocity))
    return element
