# SPDX-License-Identifier: Apache-2.0
"""Six procedural objects, for evaluations without mesh files."""

from __future__ import annotations

from pathlib import Path

import trimesh

from dexlite_ros.files import replaced
from dexlite_ros.object.mug import mug


def builtin_objects() -> dict[str, trimesh.Trimesh]:
    """Return closed meshes of household size by name [m]."""
    bottle = trimesh.creation.revolve(
        [(0, 0), (0.03, 0), (0.033, 0.004), (0.033, 0.12), (0.014, 0.155), (0.014, 0.18),
         (0, 0.18)], sections=48)
    return {
        'mug': mug(),
        'bottle': bottle,
        'box': trimesh.creation.box((0.05, 0.09, 0.13)),
        'can': trimesh.creation.cylinder(radius=0.033, height=0.115, sections=48),
        'ball': trimesh.creation.icosphere(subdivisions=4, radius=0.035),
        'bar': trimesh.creation.box((0.025, 0.025, 0.18)),
    }


def write_builtin_objects(folder: Path) -> Path:
    """Write the meshes as OBJ files into a folder and return it."""
    for name, mesh in builtin_objects().items():
        with replaced(folder / f'{name}.obj') as temporary:
            mesh.export(temporary, file_type='obj')
    return folder
