# SPDX-License-Identifier: Apache-2.0
"""The simulated scene matches its description."""

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.objects.mesh_folder import (
    list_objects,
    load_pieces,
    ObjectFile,
)
from dexlite_ros.offline.physics.simulation import (
    FRAME_TIME,
    GraspScene,
    GRAVITY,
    SimulationSettings,
)


def hand_at(height: float) -> GraspBatch:
    """Return one open hand whose palm is above the origin, facing down."""
    # Palm direction -y of the hand becomes -z of the world.
    rotation = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])
    return GraspBatch(torch.tensor([[0.0, -0.05, height]]), rotation, torch.zeros(1, 22))


@pytest.fixture(scope='module')
def scene() -> GraspScene:
    """Return a hand and a ball of 3 cm radius."""
    return GraspScene(SHADOW_RIGHT, convex_pieces(trimesh.creation.icosphere(radius=0.03)))


def test_mass_and_friction(scene):
    """The object has the requested mass, and every contact the requested friction."""
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


def test_states_are_restored(scene):
    """The same state gives the same future, and a load ends with the next pose."""
    scene.pose(hand_at(0.2), 0)
    scene.step(0.1)
    state = scene.state()
    scene.load(np.array([1.0, 0, 0, 0, 0, 0]))
    scene.step(0.1)
    pushed = scene.object_motion()
    assert pushed[0] == pytest.approx(0.5 * 10.0 * 0.1 ** 2, rel=0.05)
    scene.restore(state)
    scene.load(np.array([1.0, 0, 0, 0, 0, 0]))
    scene.step(0.1)
    assert scene.object_motion() == pushed
    scene.pose(hand_at(0.2), 0)
    scene.step(0.1)
    assert scene.object_motion()[0] < 1e-6


def test_a_restored_state_has_not_diverged(scene):
    """Divergence is forgotten with the state in which it happened."""
    scene.pose(hand_at(0.2), 0)
    state = scene.state()
    scene.data.qpos[:] = np.nan
    scene.step(0.1)
    assert scene.diverged()
    scene.restore(state)
    scene.step(0.1)
    assert not scene.diverged() and scene.object_motion()[0] < 1e-6


def test_observers_see_every_frame(scene):
    """An observer is called at regular intervals and changes nothing."""
    scene.pose(hand_at(0.2), 0)
    scene.set_gravity(True)
    scene.step(0.4)
    alone = scene.object_motion()
    times = []
    scene.observer = lambda now: times.append(now.data.time)
    scene.pose(hand_at(0.2), 0)
    scene.set_gravity(True)
    scene.step(0.4)
    scene.observer = None
    np.testing.assert_allclose(times, FRAME_TIME * np.arange(1, 6))
    assert scene.object_motion() == alone
    assert alone[0] == pytest.approx(0.5 * GRAVITY * 0.4 ** 2, rel=0.03)


def test_settings_make_sense():
    """A mass of zero is refused by its name."""
    with pytest.raises(InvalidRequest, match='mass'):
        SimulationSettings(mass=0.0)


def test_convex_pieces_of_an_l_shape_fill_it():
    """An L shape is decomposed into pieces of nearly its volume, always the same."""
    tall = trimesh.creation.box(bounds=[[0, 0, 0], [0.02, 0.02, 0.08]])
    wide = trimesh.creation.box(bounds=[[0, 0, 0], [0.08, 0.02, 0.02]])
    mesh = trimesh.boolean.union([tall, wide])
    pieces = convex_pieces(mesh)
    volume = sum(trimesh.Trimesh(piece).convex_hull.volume for piece in pieces)
    assert len(pieces) >= 2
    np.testing.assert_allclose(volume, mesh.volume, rtol=0.1)
    again = convex_pieces(mesh)
    assert all(np.array_equal(a, b) for a, b in zip(pieces, again))


def test_parts_that_are_cut_already_are_taken(tmp_path):
    """A file of two convex parts is two pieces, scaled; a flat one is refused."""
    boxes = [trimesh.creation.box((1, 1, 1)), trimesh.creation.box((1, 1, 1)).apply_translation(
        (0.9, 0, 0))]
    (tmp_path / 'cup').mkdir()
    trimesh.Scene(boxes).export(tmp_path / 'cup' / 'coacd.obj')
    trimesh.creation.box((2, 1, 1)).export(tmp_path / 'cup' / 'whole.obj')
    trimesh.creation.box((1, 1, 1)).export(tmp_path / 'brick.stl')
    brick, cup = list_objects(tmp_path)
    assert (brick.name, cup.name, cup.path.name) == ('brick', 'cup', 'whole.obj')
    mesh, pieces = load_pieces(cup, 0.1)
    assert len(pieces) == 2
    np.testing.assert_allclose(sorted(mesh.extents), [0.1, 0.1, 0.2])
    np.testing.assert_allclose(np.ptp(pieces[0], axis=0), 0.1)
    with pytest.raises(InvalidRequest, match='scale'):
        load_pieces(cup, 0.0)
    flat = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    flat.export(tmp_path / 'flat.obj')
    with pytest.raises(FileError, match='flat'):
        load_pieces(ObjectFile('flat', tmp_path / 'flat.obj'))


def test_object_folders(tmp_path):
    """A manifest is read in order and filtered; a folder without one is an error."""
    (tmp_path / 'manifest.csv').write_text(
        'id,split,tier\ncup,train,core\nfork,dev,hard\nbox,dev,core\n')
    assert [each.name for each in list_objects(tmp_path)] == ['cup', 'fork', 'box']
    (box,) = list_objects(tmp_path, 'dev', 'core')
    assert box.path == tmp_path / 'box' / 'mesh.obj'
    with pytest.raises(FileError, match='no such folder'):
        list_objects(tmp_path / 'nowhere')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileError, match='manifest'):
        list_objects(tmp_path / 'empty', 'dev')
    with pytest.raises(FileError, match='no mesh'):
        list_objects(tmp_path / 'empty')
