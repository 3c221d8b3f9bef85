# SPDX-License-Identifier: Apache-2.0
"""The URDF is the same hand for those who read it, wherever it lies."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest
from three_finger_hand import THREE_FINGER_HAND
import torch
import trimesh

from dexlite_ros.errors import WriteError
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import Geom, HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.hand.urdf import root_link, write_urdf

POSTURES = 20
AWKWARD = 'Schränke & Böden/die Hand'
HANDS = pytest.mark.parametrize('hand', [SHADOW_RIGHT, THREE_FINGER_HAND], ids=lambda h: h.name)


def postures(hand: HandDescription) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return random joints (B, J), our link positions (B, L, 3) [m] and rotations (B, L, 9)."""
    kinematics = HandKinematics(hand).double()
    draw = torch.rand(
        POSTURES, len(hand.joints), generator=torch.Generator().manual_seed(0)).double()
    joints = kinematics.couple(kinematics.lower + (kinematics.upper - kinematics.lower) * draw)
    still = GraspBatch(
        torch.zeros(POSTURES, 3).double(), torch.eye(3).double().expand(POSTURES, 3, 3), joints)
    poses = kinematics(still)
    return joints.numpy(), poses.position.numpy(), poses.rotation.flatten(2).numpy()


@HANDS
@pytest.mark.parametrize('prefix', ['', 'package://my_hand/urdf', 'file:///opt/hand/'])
def test_mujoco_places_the_links(tmp_path, hand, prefix):
    """In a folder with spaces and umlauts, whatever the meshes' prefix, within a micrometre."""
    path = write_urdf(hand, tmp_path / AWKWARD / 'rechte Häñde.urdf', mesh_prefix=prefix)
    model = mujoco.MjModel.from_xml_path(str(path))
    np.testing.assert_allclose(
        model.body_mass.sum(), sum(link.mass for link in hand.links), rtol=1e-6)
    data = mujoco.MjData(model)
    addresses = [model.joint(name).qposadr[0] for name in hand.joint_names]
    bodies = [model.body(name).id for name in hand.link_names]
    for joints, position, rotation in zip(*postures(hand)):
        data.qpos[addresses] = joints
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(data.xpos[bodies], position, rtol=0, atol=1e-6)
        np.testing.assert_allclose(data.xmat[bodies], rotation, rtol=0, atol=1e-6)


@HANDS
def test_pybullet_places_the_links(tmp_path, hand):
    """Pybullet finds the meshes in a folder with spaces and umlauts, and agrees too."""
    pybullet = pytest.importorskip('pybullet', reason='pybullet has no wheel for this Python')
    path = write_urdf(hand, tmp_path / AWKWARD / 'rechte Häñde.urdf')
    world = pybullet.connect(pybullet.DIRECT)
    try:
        body = pybullet.loadURDF(str(path), useFixedBase=True, physicsClientId=world)
        assert len(pybullet.getVisualShapeData(body, physicsClientId=world)) == sum(
            len(link.geoms) for link in hand.links)
        about = [pybullet.getJointInfo(body, index, physicsClientId=world)
                 for index in range(pybullet.getNumJoints(body, physicsClientId=world))]
        joint_at, link_at = ({info[place].decode(): info[0] for info in about}
                             for place in (1, 12))
        for joints, position, rotation in zip(*postures(hand)):
            for name, angle in zip(hand.joint_names, joints):
                pybullet.resetJointState(body, joint_at[name], angle, physicsClientId=world)
            states = [pybullet.getLinkState(
                body, link_at[name], computeForwardKinematics=True, physicsClientId=world)
                for name in hand.link_names]
            turned = [pybullet.getMatrixFromQuaternion(state[5]) for state in states]
            np.testing.assert_allclose(
                [state[4] for state in states], position, rtol=0, atol=1e-6)
            np.testing.assert_allclose(turned, rotation, rtol=0, atol=1e-6)
    finally:
        pybullet.disconnect(world)


@HANDS
def test_the_root_has_no_inertia(tmp_path, hand):
    """An empty link carries the palm by a fixed joint; every other link has mass and inertia."""
    root = ElementTree.parse(write_urdf(hand, tmp_path / 'hand.urdf')).getroot()
    first, *links = root.findall('link')
    assert first.get('name') == root_link(hand) and len(first) == 0
    assert tuple(link.get('name') for link in links) == hand.link_names
    (fixed,) = [each for each in root.findall('joint') if each.get('type') == 'fixed']
    assert fixed.find('parent').get('link') == root_link(hand)
    assert fixed.find('child').get('link') == hand.palm_link
    for link in links:
        inertia = link.find('inertial/inertia')
        x, y, z = sorted(float(inertia.get(name)) for name in ('ixx', 'iyy', 'izz'))
        assert float(link.find('inertial/mass').get('value')) > 0 and 0 < x and x + y >= z


def test_joints_are_those_of_the_hand(tmp_path):
    """Same parents and limits; J1 mimics J2 unless it is freed."""
    root = ElementTree.parse(write_urdf(SHADOW_RIGHT, tmp_path / 'hand.urdf')).getroot()
    joints = {joint.get('name'): joint for joint in root.findall('joint')}
    for link in SHADOW_RIGHT.links[1:]:
        joint = joints[link.joint.name]
        assert joint.find('parent').get('link') == link.parent
        assert float(joint.find('limit').get('upper')) == np.float64(f'{link.joint.upper:.9g}')
    mimics = {name for name, joint in joints.items() if joint.find('mimic') is not None}
    assert mimics == {'rh_FFJ1', 'rh_MFJ1', 'rh_RFJ1', 'rh_LFJ1'}
    free = ElementTree.parse(
        write_urdf(SHADOW_RIGHT, tmp_path / 'free.urdf', coupled=False)).getroot()
    assert not list(free.iter('mimic'))


@pytest.mark.parametrize(('prefix', 'start'), [
    ('', 'my hand_meshes/'), ('package://my_hand/urdf', 'package://my_hand/urdf/my hand_meshes/'),
    ('file:///opt/hand/', 'file:///opt/hand/my hand_meshes/')])
def test_meshes_are_named_as_wanted(tmp_path, prefix, start):
    """The path is relative or begins with the prefix; the file is in the folder beside."""
    path = write_urdf(SHADOW_RIGHT, tmp_path / 'my hand.urdf', mesh_prefix=prefix)
    names = {each.get('filename') for each in ElementTree.parse(path).getroot().iter('mesh')}
    files = {f'{start}{each.name}' for each in (tmp_path / 'my hand_meshes').iterdir()}
    assert names == files and len(names) == 15


def test_a_link_of_several_meshes_keeps_all(tmp_path):
    """Two capsules on one link are two files, each with its own shape."""
    capsules = tuple(Geom('capsule', (0.005, half)) for half in (0.01, 0.02))
    palm, *others = THREE_FINGER_HAND.links
    hand = replace(THREE_FINGER_HAND, links=(replace(palm, geoms=capsules), *others))
    path = write_urdf(hand, tmp_path / 'hand.urdf')
    (link,) = [each for each in ElementTree.parse(path).getroot().findall('link')
               if each.get('name') == palm.name]
    files = [each.get('filename') for each in link.findall('collision/geometry/mesh')]
    assert len(set(files)) == 2
    for file, geom in zip(files, capsules):
        found = trimesh.load(tmp_path / Path(file))
        np.testing.assert_allclose(found.extents, geom_mesh(geom).extents, atol=1e-6)


def test_what_cannot_be_written_is_told(tmp_path):
    """A file stands where the folder of the meshes should be."""
    (tmp_path / 'hand_meshes').write_text('')
    with pytest.raises(WriteError, match='hand_meshes'):
        write_urdf(SHADOW_RIGHT, tmp_path / 'hand.urdf')
