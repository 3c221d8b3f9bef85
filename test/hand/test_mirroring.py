# SPDX-License-Identifier: Apache-2.0
"""The left hand is the mirror image of the right one, in all that a description says."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from hands import random_grasps
import mujoco
import numpy as np
import pytest
from surface_distance import distance_to
from three_finger_hand import THREE_FINGER_HAND
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.hand.mirroring import mirrored, mirrored_grasps, mirrored_points, original
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT
from dexlite_ros.hand.shape_points import PointSettings

MIRROR = np.diag([-1.0, 1.0, 1.0])
# left_hand.xml of shadow_hand in google-deepmind/mujoco_menagerie: where joints lie in their
# link's parent [m], and their axes there. Those of the thumb beyond its base are in frames turned
# by 180 degrees about z, and are turned back here.
LEFT_JOINTS = {
    'lh_FFJ4': ((-0.033, 0, 0.095), (0, 1, 0)), 'lh_MFJ4': ((-0.011, 0, 0.099), (0, 1, 0)),
    'lh_RFJ4': ((0.011, 0, 0.095), (0, -1, 0)), 'lh_LFJ4': ((0, 0, 0.06579), (0, -1, 0)),
    'lh_LFJ5': ((0.033, 0, 0.02071), (0.573576, 0, -0.819152)),
    **{f'lh_{finger}J{number}': ((0, 0, height), (1, 0, 0))
       for finger in ('FF', 'MF', 'RF', 'LF')
       for number, height in ((3, 0), (2, 0.045), (1, 0.025))},
    'lh_THJ5': ((-0.034, -0.00858, 0.029), (0, 0, 1)), 'lh_THJ4': ((0, 0, 0), (1, 0, 0)),
    'lh_THJ3': ((0, 0, 0.038), (1, 0, 0)), 'lh_THJ2': ((0, 0, 0), (0, 1, 0)),
    'lh_THJ1': ((0, 0, 0.032), (1, 0, 0)),
}


def pairs(first: object, second: object, path: str = '') -> Iterator[tuple[str, object, object]]:
    """Yield the path and both values of every leaf of two nested descriptions, down to vectors."""
    if is_dataclass(first):
        for each in fields(first):
            yield from pairs(
                getattr(first, each.name), getattr(second, each.name), f'{path}.{each.name}')
    elif isinstance(first, dict):
        assert len(first) == len(second)
        for (name, value), (other_name, other) in zip(first.items(), second.items()):
            yield f'{path}.key', name, other_name
            yield from pairs(value, other, f'{path}.value')
    elif isinstance(first, tuple) and not all(isinstance(each, float | int) for each in first):
        assert len(first) == len(second)
        for one, other in zip(first, second):
            yield from pairs(one, other, path)
    else:
        yield path, first, second


def expected(path: str, value: object) -> object:
    """Return what mirroring makes of a leaf: names change side, vectors change sign."""
    if path in ('.name', '.mirror_of'):
        return {'.name': 'shadow_left', '.mirror_of': SHADOW_LEFT.mirror_of}[path]
    if isinstance(value, str):
        return value.replace('rh_', 'lh_')
    if isinstance(value, tuple) and not path.endswith('.size') and value:
        signs = {'axis': (1, -1, -1), 'quat_wxyz': (1, 1, -1, -1)}.get(
            path.rpartition('.')[2], (-1, 1, 1))
        return tuple(sign * part for sign, part in zip(signs, value, strict=True))
    return value


def test_every_field_is_mirrored():
    """No part of a description is forgotten, whichever fields it has."""
    seen = set()
    for path, value, image in pairs(SHADOW_RIGHT, SHADOW_LEFT):
        seen.add(path)
        assert image == expected(path, value), path
    assert len(seen) > 30 and 'rh_' not in repr(replace(SHADOW_LEFT, mirror_of=None))


@pytest.mark.parametrize('hand', [SHADOW_RIGHT, THREE_FINGER_HAND], ids=lambda hand: hand.name)
def test_the_mirror_image_of_a_mirror_image_is_the_hand(hand: HandDescription):
    """The original is found again, number by number."""
    image = mirrored(hand, 'image', 'rh_', 'lh_')
    assert image != hand and original(image) == hand
    with pytest.raises(ValueError, match='mirror_of'):
        original(hand)


def test_the_left_hand_is_known():
    """Its joints have the names, places, axes and ranges of the manufacturer's left hand."""
    assert find_hand('shadow_left') is SHADOW_LEFT
    assert set(SHADOW_LEFT.joint_names) == LEFT_JOINTS.keys()
    for link, joint in SHADOW_LEFT.moving_links:
        place, axis = LEFT_JOINTS[joint.name]
        np.testing.assert_allclose(link.position, place, atol=1e-9)
        np.testing.assert_allclose(joint.axis, axis, atol=1e-6)
        twin = next(each for each in SHADOW_RIGHT.joints if each.name[2:] == joint.name[2:])
        assert (joint.lower, joint.upper, joint.open) == (twin.lower, twin.upper, twin.open)


def test_equal_joints_give_mirrored_postures():
    """Every link of 200 random postures, and wrists with it, is the mirror image of its twin."""
    grasps = random_grasps(200).to(torch.float64)
    right = HandKinematics(SHADOW_RIGHT).double()(grasps)
    left = HandKinematics(SHADOW_LEFT).double()(mirrored_grasps(grasps))
    np.testing.assert_allclose(
        left.position.numpy(), right.position.numpy() @ MIRROR, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        left.rotation.numpy(), MIRROR @ right.rotation.numpy() @ MIRROR, rtol=0, atol=1e-12)


def test_the_written_model_moves_as_the_mirrored_hand():
    """MuJoCo loads the left hand and puts its links where its twin has them, mirrored."""
    models = [mujoco.MjModel.from_xml_string(write_mjcf(hand))
              for hand in (SHADOW_RIGHT, SHADOW_LEFT)]
    right, left = (mujoco.MjData(model) for model in models)
    for joints in random_grasps(100).joints.numpy():
        right.qpos[:] = left.qpos[:] = joints
        for model, data in zip(models, (right, left)):
            mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(left.xpos, right.xpos @ MIRROR, rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            left.geom_xpos, right.geom_xpos @ MIRROR, rtol=0, atol=1e-6)


def test_shapes_are_mirror_images():
    """The surface of each shape of the left hand is that of its twin, mirrored."""
    twins = [
        (geom, image) for link, other in zip(SHADOW_RIGHT.links, SHADOW_LEFT.links, strict=True)
        for geom, image in zip(link.geoms, other.geoms, strict=True)]
    for geom, image in twins:
        corners = mirrored_points(geom_mesh(geom).vertices)
        assert distance_to(geom_mesh(image), corners).max() < 1e-6, geom


@pytest.mark.parametrize('settings', [PointSettings(), PointSettings.coarse()])
def test_points_and_capsules_are_mirror_images(settings: PointSettings):
    """In mirrored grasps all points, contact regions and capsules are mirrored exactly."""
    hands = [HandGeometry(HandKinematics(hand), settings) for hand in (SHADOW_RIGHT, SHADOW_LEFT)]
    right, left = hands
    grasps = random_grasps(20).to(torch.float32)
    placed, image = right(grasps), left(mirrored_grasps(grasps))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(image.points, placed.points * flip, rtol=0, atol=0)
    torch.testing.assert_close(image.capsule_ends, placed.capsule_ends * flip, rtol=0, atol=0)
    for name in ('candidates', 'point_radius', 'point_link', 'group_link', 'pairs', 'pair_radius'):
        assert torch.equal(getattr(left, name), getattr(right, name)), name
    torch.testing.assert_close(
        left.capsule_gaps(image), right.capsule_gaps(placed), rtol=0, atol=1e-7)


def test_points_of_either_hand_are_on_its_own_shapes():
    """The points of the left hand, which are copied from the right one, lie on its meshes."""
    geometry = HandGeometry(HandKinematics(SHADOW_LEFT))
    still = GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], torch.zeros(1, 22))
    placed = geometry(still)
    on_surface = geometry.point_radius == 0
    for index, link in enumerate(SHADOW_LEFT.links):
        own = placed.points[0, (geometry.point_link == index) & on_surface]
        if not len(own):
            continue
        local = (own - placed.poses.position[0, index]) @ placed.poses.rotation[0, index]
        apart = np.min([
            distance_to(geom_mesh(geom), local.numpy()) for geom in link.geoms], axis=0)
        assert apart.max() < 1e-5, link.name
