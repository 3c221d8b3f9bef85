"""The simulated scene is the described one."""

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.objects import convex_pieces, list_objects
from dexlite_ros.offline.simulation import GraspScene, SimulationSettings


def hand_at(height: float) -> GraspBatch:
    """Return one open hand whose palm is above the origin, looking down."""
    # Palm direction -y of the hand becomes -z of the world.
    rotation = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])
    return GraspBatch(torch.tensor([[0.0, -0.05, height]]), rotation, torch.zeros(1, 22))


@pytest.fixture(scope='module')
def scene() -> GraspScene:
    """Return a hand and a ball of 3 cm radius."""
    return GraspScene(SHADOW_RIGHT, convex_pieces(trimesh.creation.icosphere(radius=0.03)))


def test_mass_and_friction(scene):
    """The object weighs what was asked for, and every contact has the asked friction."""
    mass = scene.model.body_mass[scene.object_body]
    np.testing.assert_allclose(mass, SimulationSettings().mass, rtol=1e-3)
    np.testing.assert_allclose(scene.model.geom_friction[:, 0], 0.6)
    np.testing.assert_allclose(scene.model.geom_friction[:, 1], 0.02)


def test_overlap_is_measured_where_it_is(scene):
    """A hand high above does not overlap; lowered by d it overlaps d more."""
    clear = scene.overlap(hand_at(0.2), 0)
    assert clear.hand_object == 0 and clear.hand_hand == 0
    first = scene.overlap(hand_at(0.035), 0).hand_object
    second = scene.overlap(hand_at(0.033), 0).hand_object
    assert first > 0
    np.testing.assert_allclose(second - first, 0.002, atol=3e-4)


def test_hand_stays_where_it_is_held(scene):
    """Half a second of simulation without contact moves neither wrist nor joints."""
    import mujoco

    scene.pose(hand_at(0.2), 0)
    before = scene.data.qpos.copy()
    mujoco.mj_step(scene.model, scene.data, 125)
    np.testing.assert_allclose(scene.data.qpos, before, atol=2e-3)


def test_convex_pieces_of_an_l_shape_fill_it():
    """A body with a notch is cut into pieces of nearly its own volume, and found again."""
    tall = trimesh.creation.box(bounds=[[0, 0, 0], [0.02, 0.02, 0.08]])
    wide = trimesh.creation.box(bounds=[[0, 0, 0], [0.08, 0.02, 0.02]])
    mesh = trimesh.boolean.union([tall, wide])
    pieces = convex_pieces(mesh)
    volume = sum(trimesh.Trimesh(piece).convex_hull.volume for piece in pieces)
    assert len(pieces) >= 2
    np.testing.assert_allclose(volume, mesh.volume, rtol=0.1)
    again = convex_pieces(mesh)
    assert all(np.array_equal(a, b) for a, b in zip(pieces, again))


def test_object_folders(tmp_path):
    """A manifest is read in order and filtered; a folder without one is an error."""
    (tmp_path / 'manifest.csv').write_text(
        'id,split,tier\ncup,train,core\nfork,dev,hard\nbox,dev,core\n')
    assert [each.name for each in list_objects(tmp_path)] == ['cup', 'fork', 'box']
    (box,) = list_objects(tmp_path, 'dev', 'core')
    assert box.path == tmp_path / 'box' / 'mesh.obj'
    with pytest.raises(FileError, match='manifest'):
        list_objects(tmp_path / 'nowhere')
