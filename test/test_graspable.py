# SPDX-License-Identifier: Apache-2.0
"""What the hand cannot hold as it lies is told from its shape, with a reason."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.graspable import doubt_of_holding
from dexlite_ros.object.support import Plane
from dexlite_ros.object.surface import ObjectSurface


def doubt(mesh: trimesh.Trimesh, lies: bool = True, turn: np.ndarray | None = None):
    """Return the code of the reason for a mesh, lying or floating, maybe turned with its table."""
    mesh, normal = mesh.copy(), np.array([0.0, 0.0, 1.0])
    if turn is not None:
        mesh.apply_transform(turn)
        normal = turn[:3, :3] @ normal
    support = Plane(normal, float((mesh.vertices @ normal).min())) if lies else None
    found = doubt_of_holding(
        ObjectSurface(np.asarray(mesh.vertices), mesh.faces, 1.0, 'mesh'), support)
    return found and found.code


@pytest.mark.parametrize(('mesh', 'lying', 'floating'), [
    (trimesh.creation.box((0.06, 0.09, 0.002)), 'too_flat', None),
    (trimesh.creation.box((0.06, 0.09, 0.004)), 'too_flat', None),
    (trimesh.creation.box((0.06, 0.09, 0.012)), None, None),
    (trimesh.creation.cylinder(0.11, 0.012), 'too_flat', None),
    (trimesh.creation.cylinder(0.05, 0.02), None, None),
    (trimesh.creation.icosphere(3, 0.03), None, None),
    (trimesh.creation.icosphere(3, 0.15), 'no_opposite_sides', 'no_opposite_sides'),
    (trimesh.creation.box((0.3, 0.3, 0.3)), 'no_opposite_sides', 'no_opposite_sides'),
    (trimesh.creation.box((0.4, 0.3, 0.03)), 'too_flat', None),
], ids=['film', 'card', 'slab', 'lid', 'puck', 'ball', 'large-ball', 'crate', 'laptop'])
def test_reasons(mesh, lying, floating):
    """Flat things can be held where nothing is under them, wide ones nowhere."""
    assert doubt(mesh) == lying
    assert doubt(mesh, lies=False) == floating


def test_a_table_in_any_direction():
    """The reason does not depend on the frame."""
    turn = trimesh.transformations.rotation_matrix(1.1, (1.0, 2.0, 0.5))
    assert doubt(trimesh.creation.box((0.06, 0.09, 0.003)), turn=turn) == 'too_flat'
    assert doubt(trimesh.creation.box((0.06, 0.09, 0.015)), turn=turn) is None


def test_a_thin_part_is_enough():
    """A crate with a handle can be held there."""
    crate = trimesh.creation.box((0.3, 0.3, 0.3))
    handle = trimesh.creation.cylinder(0.012, 0.15).apply_translation((0.17, 0.0, 0.0))
    assert doubt(trimesh.util.concatenate([crate, handle])) is None
