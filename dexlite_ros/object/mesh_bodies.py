# SPDX-License-Identifier: Apache-2.0
"""
The bodies of a mesh: which are solid, which are cavities, and what they enclose together.

A body is one connected closed surface. It counts as wound inwards if its volume is negative, which
for a closed surface does not depend on the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import manifold3d
import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import BadMesh

INSIDE = 0.99
"""A body is inside another if at least this share of its volume is."""
TOUCH = 1e-4
"""Bodies overlap if they share more than this part of the smaller one."""
DOUBLED = 0.96
"""A cavity that fills more than this part of its body is rather a doubled surface."""
TOLERANCE = 1e-5
"""Tolerance of the simplification after bodies were united [m]."""
SPECK = 1e-5
"""Share of the volume below which a body left by rounding is dropped."""


@dataclass(frozen=True)
class _Nest:
    """Closed bodies, largest first, and how they lie in each other."""

    bodies: list[trimesh.Trimesh]
    """All wound outwards."""
    solids: list[manifold3d.Manifold]
    parent: list[int | None]
    """Index of the smallest body around each; None: none is."""
    overlap: bool
    """Whether some bodies overlap without one being inside the other."""

    def roots(self) -> list[int]:
        """Return the index of the outermost body around each."""
        found: list[int] = []
        for index, parent in enumerate(self.parent):
            found.append(index if parent is None else found[parent])
        return found


def enclosed(
    bodies: list[trimesh.Trimesh], touching: bool = False
) -> tuple[trimesh.Trimesh, list[str]]:
    """
    Return the mesh of what closed bodies enclose together, and sentences on what was changed.

    An outermost body is solid, with all inside it the other way round if it is wound inwards. A
    body inside another is a cavity if it is wound the other way, and part of it otherwise.

    :param bodies: each closed and wound consistently [m]
    :param touching: whether some share edges, and therefore have to be united
    :raises BadMesh: for bodies without volume, or surfaces that nearly coincide
    """
    order = sorted(bodies, key=lambda body: -abs(body.volume))
    inwards = [bool(body.volume < 0) for body in order]
    nest = _nested([body if not flip else _inverted(body) for body, flip in zip(order, inwards)])
    cavity = [flip != inwards[root] for flip, root in zip(inwards, nest.roots())]
    _refuse_doubled(nest, cavity)
    turned = sum(flip and not hollow for flip, hollow in zip(inwards, cavity))
    notes = [f'{turned} of {len(order)} bodies turned inside out'] if turned else []
    swallowed = any(
        parent is not None and hollow == cavity[parent]
        for parent, hollow in zip(nest.parent, cavity))
    if nest.overlap or swallowed or touching:
        how = 'overlapping' if nest.overlap or swallowed else 'touching'
        return _united(nest, cavity), [*notes, f'{len(order)} {how} bodies united']
    return _side_by_side([
        _inverted(body) if hollow else body for body, hollow in zip(nest.bodies, cavity)]), notes


def _nested(bodies: list[trimesh.Trimesh]) -> _Nest:
    """Return how bodies wound outwards, largest first, lie in each other."""
    solids = [_solid(body) for body in bodies]
    volumes = [solid.volume() for solid in solids]
    parent: list[int | None] = []
    overlap = False
    for index, solid in enumerate(solids):
        around: int | None = None
        for other in range(index):
            if not _may_meet(bodies[index], bodies[other]):
                continue
            share = (solid ^ solids[other]).volume() / volumes[index]
            if share >= INSIDE:
                around = other  # The last one found is the smallest.
            elif share > TOUCH:
                overlap = True
        parent.append(around)
    return _Nest(bodies, solids, parent, overlap)


def _united(nest: _Nest, cavity: list[bool]) -> trimesh.Trimesh:
    """Return the union of all solids without the cavities, larger bodies first."""
    whole = manifold3d.Manifold()
    for solid, hollow in zip(nest.solids, cavity):
        whole = whole - solid if hollow else whole + solid
    whole = whole.simplify(TOLERANCE)
    least = SPECK * whole.volume()
    # A cavity is a part of its own here, with a negative volume.
    return _side_by_side([
        _mesh(part) for part in whole.decompose() if abs(part.volume()) > least])


def _side_by_side(bodies: list[trimesh.Trimesh]) -> trimesh.Trimesh:
    """Return one mesh of bodies that do not share vertices."""
    first = np.cumsum([0, *(len(body.vertices) for body in bodies[:-1])])
    return trimesh.Trimesh(
        np.concatenate([body.vertices for body in bodies]),
        np.concatenate([body.faces + start for body, start in zip(bodies, first)]),
        process=False)


def _refuse_doubled(nest: _Nest, cavity: list[bool]) -> None:
    for solid, parent, hollow in zip(nest.solids, nest.parent, cavity):
        if parent is not None and hollow != cavity[parent]:
            share = solid.volume() / nest.solids[parent].volume()
            if share > DOUBLED:
                raise BadMesh(
                    f'one body fills {share:.1%} of another and is wound the other way, so it is '
                    'either a very thin wall or a surface stored twice; remove one of them')


def _solid(body: trimesh.Trimesh) -> manifold3d.Manifold:
    solid = manifold3d.Manifold(manifold3d.Mesh64(
        np.asarray(body.vertices, np.float64), np.asarray(body.faces, np.uint64)))
    if solid.status() != manifold3d.Error.NoError or not solid.volume() > 0:
        raise BadMesh('one of its bodies encloses no volume')
    return solid


def _mesh(solid: manifold3d.Manifold) -> trimesh.Trimesh:
    mesh = solid.to_mesh64()
    return trimesh.Trimesh(mesh.vert_properties[:, :3], mesh.tri_verts, process=False)


def _inverted(body: trimesh.Trimesh) -> trimesh.Trimesh:
    faces: NDArray[np.int64] = np.asarray(body.faces)[:, ::-1]
    return trimesh.Trimesh(body.vertices, faces, process=False)


def _may_meet(first: trimesh.Trimesh, second: trimesh.Trimesh) -> bool:
    """Return whether the bounding boxes of two bodies overlap."""
    return bool(
        (first.bounds[0] < second.bounds[1]).all() and (second.bounds[0] < first.bounds[1]).all())
