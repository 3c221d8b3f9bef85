# SPDX-License-Identifier: Apache-2.0
"""
Write a hand as URDF, for robot_state_publisher, motion planners and simulators.

The root link is empty, without inertia, and carries the palm by a fixed joint: KDL, and with it
robot_state_publisher, ignores the inertia of a root link and warns of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


def root_link(hand: HandDescription) -> str:
    """Return the name of the empty root link, whose frame is that of the palm link."""
    return f'{hand.name}_root'


def write_urdf(
    hand: HandDescription, path: str | Path, *, coupled: bool = True, mesh_prefix: str = ''
) -> Path:
    """
    Write the hand to ``path`` and its meshes as STL into a folder beside it; return the path.

    :param coupled: True: the distal joint of each coupled pair mimics the proximal one
    :param mesh_prefix: what the paths of the meshes begin with, such as 'package://my_hand/urdf';
        empty: they are relative to the URDF's folder
    :raises WriteError: when a file cannot be written
    """
    path = Path(path)
    meshes = _Meshes(path.parent / f'{path.stem}_meshes', mesh_prefix)
    root = ElementTree.Element('robot', name=hand.name)
    _for_mujoco(root, meshes.folder.name)
    mimics = {pair.joints[1]: pair.joints[0] for pair in hand.couplings} if coupled else {}
    ElementTree.SubElement(root, 'link', name=root_link(hand))
    for link in hand.links:
        _link(root, link, meshes)
        if link.joint is None or link.parent is None:
            _connect(root, f'{link.name}_joint', 'fixed', root_link(hand), link)
            continue
        element = _joint(root, link.joint, link.parent, link, hand.joint_dynamics)
        if link.joint.name in mimics:
            ElementTree.SubElement(
                element, 'mimic', joint=mimics[link.joint.name], multiplier='1', offset='0')
    ElementTree.indent(root)
    with replaced(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding='utf-8', xml_declaration=True)
    return path


@dataclass(frozen=True)
class _Meshes:
    """Where meshes are written, and how the URDF refers to them."""

    folder: Path
    prefix: str

    def add(self, name: str, mesh: trimesh.Trimesh) -> str:
        """Write a mesh [m] and return its path in the URDF."""
        file = self.folder / f'{name}.stl'
        with replaced(file) as temporary:
            mesh.export(temporary, file_type='stl')
        start = self.prefix if not self.prefix or self.prefix.endswith('/') else f'{self.prefix}/'
        return f'{start}{self.folder.name}/{file.name}'


def _for_mujoco(root: ElementTree.Element, folder: str) -> None:
    """Let MuJoCo find the meshes whatever their prefix, and keep the palm a body of its own."""
    extension = ElementTree.SubElement(root, 'mujoco')
    ElementTree.SubElement(
        extension, 'compiler', meshdir=folder, strippath='true', fusestatic='false')


def _numbers(values: Iterable[float]) -> str:
    return ' '.join(f'{value:.9g}' for value in values)


def _origin(parent: ElementTree.Element, position: Iterable[float], quat_wxyz: Quaternion) -> None:
    rpy = trimesh.transformations.euler_from_quaternion(quat_wxyz, axes='sxyz')
    ElementTree.SubElement(parent, 'origin', xyz=_numbers(position), rpy=_numbers(rpy))


def _link(root: ElementTree.Element, link: Link, meshes: _Meshes) -> None:
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
    for index, geom in enumerate(link.geoms):
        mesh = None
        if geom.shape in ('hull', 'capsule'):
            # URDF has no capsules: capsules, like hulls, become meshes in the link's own frame.
            mesh = meshes.add(f'{link.name}_{index}', geom_mesh(geom))
        for tag in ('visual', 'collision'):
            _geometry(ElementTree.SubElement(element, tag), geom, mesh)


def _geometry(parent: ElementTree.Element, geom: Geom, mesh: str | None) -> None:
    """Add a shape; ``mesh`` is the path of its mesh, if it has one."""
    if mesh is not None:
        shape = ElementTree.SubElement(parent, 'geometry')
        ElementTree.SubElement(shape, 'mesh', filename=mesh)
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


def _connect(
    root: ElementTree.Element, name: str, kind: str, parent: str, link: Link
) -> ElementTree.Element:
    """Add a joint of some kind between a link and its parent."""
    element = ElementTree.SubElement(root, 'joint', name=name, type=kind)
    ElementTree.SubElement(element, 'parent', link=parent)
    ElementTree.SubElement(element, 'child', link=link.name)
    _origin(element, link.position, link.quat_wxyz)
    return element


def _joint(
    root: ElementTree.Element, joint: Joint, parent: str, link: Link, dynamics: JointDynamics
) -> ElementTree.Element:
    element = _connect(root, joint.name, 'revolute', parent, link)
    ElementTree.SubElement(element, 'axis', xyz=_numbers(joint.axis))
    ElementTree.SubElement(
        element, 'limit', lower=f'{joint.lower:.9g}', upper=f'{joint.upper:.9g}',
        effort=str(dynamics.effort), velocity=str(dynamics.velocity))
    return element
