# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes of the hand's collision shapes, for pictures, markers and sampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.hand.description import Geom, HandDescription, Link


def geom_mesh(geom: Geom) -> trimesh.Trimesh:
    """Return one collision shape as a closed mesh in its link's frame [m]."""
    if geom.shape == 'hull':
        hull: trimesh.Trimesh = trimesh.Trimesh(vertices=np.array(geom.vertices)).convex_hull
        return hull
    if geom.shape == 'box':
        mesh = trimesh.creation.box(extents=2 * np.array(geom.size))
    elif geom.shape == 'sphere':
        mesh = trimesh.creation.icosphere(subdivisions=2, radius=geom.size[0])
    elif geom.shape == 'capsule':
        mesh = trimesh.creation.capsule(
            height=2 * geom.size[1], radius=geom.size[0], count=(12, 12))
        mesh.apply_translation(-mesh.bounds.mean(0))
    else:
        mesh = trimesh.creation.cylinder(
            radius=geom.size[0], height=2 * geom.size[1], sections=16)
    transform = trimesh.transformations.quaternion_matrix(geom.quat_wxyz)
    transform[:3, 3] = geom.position
    mesh.apply_transform(transform)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def link_meshes(
    hand: HandDescription,
) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Return vertices (V, 3) [m] and faces (F, 3) of each link in its own frame."""
    return [(np.asarray(mesh.vertices), np.asarray(mesh.faces))
            for mesh in map(link_mesh, hand.links)]


def link_mesh(link: Link) -> trimesh.Trimesh:
    """Return all collision shapes of a link as one mesh in its own frame [m]."""
    joined = trimesh.util.concatenate([geom_mesh(geom) for geom in link.geoms])
    assert isinstance(joined, trimesh.Trimesh)
    return joined
