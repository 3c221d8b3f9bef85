# SPDX-License-Identifier: Apache-2.0
"""
Sources of objects, given as text: ``household:24`` or a folder, for instance.

A count takes that many from the start; a range such as ``procedural:40-80`` takes 40 to 79.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
import re
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest, MissingDependency, UnusableObject
from dexlite_ros.object.geometry_file import load_mesh
from dexlite_ros.offline.objects.mesh_folder import list_objects, load_pieces, ObjectFile
from dexlite_ros.offline.objects.procedural.families import make_shape, SERIES

COUNTED = re.compile(rf'({"|".join(SERIES)}|random_urdfs)(?::(\d+)(?:-(\d+))?)?')
RANDOM_URDF_UNIT = 0.015
"""Metres per unit of pybullet's random_urdfs, according to their URDF files."""


@dataclass(frozen=True)
class ProceduralObject:
    """A procedurally generated object."""

    family: str
    seed: int
    licence: ClassVar[str] = 'Apache-2.0'
    group: ClassVar[str] = ''

    @property
    def name(self) -> str:
        """Return a name unique among procedural objects."""
        return f'{self.family}_{self.seed:04d}'

    @classmethod
    def numbered(cls, number: int, series: str = 'procedural') -> ProceduralObject:
        """Return the object with this number in a series; numbers cycle through its families."""
        names = list(SERIES[series])
        return cls(names[number % len(names)], number // len(names))


Target = ObjectFile | ProceduralObject


def find_objects(
    where: str, split: str | None = None, tier: str | None = None, unit: float = 1.0
) -> list[Target]:
    """
    Return the objects of a source.

    :param where: source, as described above
    :param split, tier: selection from a folder's manifest.csv
    :param unit: metres per unit of a folder's files
    :raises FileError: when there is no such folder, or no mesh in it
    :raises InvalidRequest: for an empty range, or a unit that is not positive
    :raises MissingDependency: for random_urdfs without pybullet
    """
    counted = COUNTED.fullmatch(where)
    if not counted:
        if not unit > 0:
            raise InvalidRequest('unit', unit, 'metres per unit of the files, such as 0.001')
        return [replace(each, unit=unit) for each in list_objects(where, split, tier)]
    first, last = int(counted[2] or 0), counted[3]
    if counted[2] is None:
        raise InvalidRequest('objects', where, f"a count, such as '{where}:40'")
    numbers = range(first, int(last)) if last else range(first)
    if not len(numbers):
        raise InvalidRequest('objects', where, 'a count, or a range that is not empty')
    if counted[1] in SERIES:
        return [ProceduralObject.numbered(number, counted[1]) for number in numbers]
    return _random_urdfs(numbers)


def load_target(
    target: Target, scale: float = 1.0
) -> tuple[trimesh.Trimesh, list[NDArray[np.float64]]]:
    """
    Return a solid mesh and its convex pieces [m].

    :param scale: factor from the object's unit to metres
    :raises FileError: when the file is not a mesh, is not solid, or its size is out of range
    :raises InvalidRequest: for a scale that is not positive
    """
    if isinstance(target, ProceduralObject):
        if not scale > 0:
            raise InvalidRequest('scale', scale, 'a positive number')
        shape = make_shape(target.family, target.seed)
        mesh = shape.mesh.copy()
        mesh.apply_scale(scale)
        return mesh, [part * scale for part in shape.parts]
    return load_pieces(target, scale)


def load_solid(target: Target) -> trimesh.Trimesh:
    """
    Return the solid mesh of an object [m], without cutting it into pieces.

    :raises FileError: when the file is not a mesh or not the surface of a solid
    """
    if isinstance(target, ProceduralObject):
        return make_shape(target.family, target.seed).mesh.copy()
    return load_mesh(target.path, target.unit)


def trouble(target: Target) -> str:
    """Return why an object cannot be used, or an empty text; its pieces are cached."""
    try:
        load_target(target)
    except (FileError, UnusableObject) as error:
        return str(error)
    return ''


def _random_urdfs(numbers: range) -> list[Target]:
    """Return some of the thousand objects shipped with pybullet under its zlib licence."""
    try:
        import pybullet_data
    except ImportError as error:
        raise MissingDependency(
            'pybullet', 'for its random_urdfs', "pip install 'dexlite_ros[pybullet]'") from error
    folder = Path(pybullet_data.getDataPath()) / 'random_urdfs'
    found: list[Target] = []
    for number in numbers:
        path = folder / f'{number:03d}' / f'{number:03d}.obj'
        if not path.is_file():
            raise InvalidRequest('objects', f'random_urdfs:{number}', 'a number below 1000')
        found.append(ObjectFile(
            f'random_urdf_{number:03d}', path, unit=RANDOM_URDF_UNIT, licence='zlib'))
    return found
