# SPDX-License-Identifier: Apache-2.0
"""A robot description becomes a hand that moves, looks and grasps as the description says."""

from pathlib import Path
import re

import mujoco
import numpy as np
import pytest
from surface_distance import distance_to
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand import known_hands
from dexlite_ros.hand.description_checks import faults
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.meshes import link_mesh
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.profile import read_hand
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.hand.urdf import write_urdf
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.hands.hand_import import import_hand, ImportedHand
from dexlite_ros.offline.hands.robot_model import HandImportError
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.physics.judge import find_test
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings

TIPS = tuple(f'tip_{index}' for index in range(3))
FINGER = """
      <body name="knuckle_{0}" pos="{1} {2} 0.012" euler="0 0 {3}">
        <joint name="spread_{0}" axis="0 0 1" range="-10 10"/>
        <joint name="base_{0}" axis="0 1 0" pos="0 0 0.004" range="-70 20"/>
        <geom type="capsule" size="0.008" fromto="0 0 0.004 0 0 0.05"/>
        <body name="middle_{0}" pos="0 0 0.05">
          <joint name="bend_{0}" axis="0 1 0" range="-70 0"/>
          <geom type="capsule" size="0.008" fromto="0 0 0 0 0 0.03"/>
          <geom type="mesh" mesh="ball" contype="0" conaffinity="0"/>
          <body name="tip_{0}" pos="0 0 0.03">
            <joint name="end_{0}" axis="0 1 0" range="-70 0" ref="-10"/>
            <geom type="mesh" mesh="ball" pos="0 0 0.015" euler="0 20 0"/>
            <body name="nail_{0}" pos="0.004 0 0.02" euler="0 0 30">
              <geom type="box" size="0.003 0.004 0.006"/>
            </body>
          </body>
        </body>
      </body>"""
MODEL = """
<mujoco model="claw">
  <compiler angle="degree"/>
  <asset><mesh name="ball" vertex="{vertices}"/></asset>
  <worldbody>
    <geom type="plane" size="1 1 0.1"/>
    <body name="arm" pos="0.1 0.2 0.9" euler="90 10 0">
      <joint name="wrist" axis="0 0 1" range="-90 90"/>
      <geom type="sphere" size="0.02"/>
      <body name="palm" pos="0 0 0.05">
      <geom type="cylinder" size="0.045 0.01"/>{fingers}
      </body>
    </body>
  </worldbody>
  <contact><exclude body1="palm" body2="middle_0"/></contact>
  <tendon>{tendons}</tendon>
  <equality><joint joint1="bend_2" joint2="end_2" polycoef="0 1 0 0 0"/></equality>
  <actuator>{motors}</actuator>
</mujoco>"""


def model_text(**changes: str) -> str:
    """Return a claw of three fingers around a round palm that faces +z, as MJCF."""
    ball = trimesh.creation.icosphere(subdivisions=2).vertices * (0.009, 0.010, 0.019)
    fingers = ''.join(
        FINGER.format(index, round(0.04 * np.cos(turn), 6), round(0.04 * np.sin(turn), 6),
                      round(np.rad2deg(turn), 6))
        for index, turn in enumerate(2 * np.pi * np.arange(3) / 3))
    tendon = ('<fixed name="pull_{0}"><joint joint="bend_{0}" coef="1"/>'
              '<joint joint="end_{0}" coef="1"/></fixed>')
    text = MODEL.format(
        vertices=' '.join(f'{each:.6f}' for each in ball.ravel()), fingers=fingers,
        tendons=tendon.format(0) + tendon.format(1),
        motors='<position tendon="pull_0" forcerange="-3 3"/><position tendon="pull_1"/>')
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


@pytest.fixture(scope='module')
def claw(tmp_path_factory) -> tuple[Path, ImportedHand, list[str]]:
    """Return the file of the claw, the hand in it, and what was said."""
    path = tmp_path_factory.mktemp('claw') / 'claw.xml'
    path.write_text(model_text())
    said: list[str] = []
    return path, import_hand(path, 'palm', TIPS, said.append), said


def positions(hand, joints: np.ndarray, links: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return rotations and positions of links in the palm's frame, for joints (N, J)."""
    count = len(joints)
    poses = HandKinematics(hand).double()(GraspBatch(
        torch.zeros(count, 3, dtype=torch.float64),
        torch.eye(3, dtype=torch.float64).expand(count, 3, 3), torch.from_numpy(joints)))
    chosen = [hand.link_names.index(name) for name in links]
    return poses.rotation[:, chosen].numpy(), poses.position[:, chosen].numpy()


def assert_moves_as_mujoco_says(
        path: Path, found: ImportedHand, palm: str, tolerance: float = 1e-6) -> None:
    """Compare every body in 200 random postures, the arm's joints included."""
    model = mujoco.MjModel.from_xml_path(str(path))
    data, rng, hand = mujoco.MjData(model), np.random.default_rng(0), found.hand
    lower, upper = (np.array([getattr(each, side) for each in hand.joints])
                    for side in ('lower', 'upper'))
    joints = lower + (upper - lower) * rng.random((200, len(lower)))
    bodies = list(found.skeleton.bodies)
    links, places = zip(*(found.skeleton.bodies[each] for each in bodies))
    rotation, position = positions(hand, joints, list(links))
    places = np.array(places)
    expected = rotation @ places[:, :3, 3:] + position[..., None]
    turned = rotation @ places[:, :3, :3]
    for index, angles in enumerate(joints):
        data.qpos[:] = 0.3
        for joint, angle in zip(hand.joint_names, angles):
            data.qpos[model.joint(joint).qposadr[0]] = angle
        mujoco.mj_kinematics(model, data)
        frame = data.body(palm).xmat.reshape(3, 3)
        there = np.array([data.body(each).xpos for each in bodies]) - data.body(palm).xpos
        np.testing.assert_allclose(
            there @ frame, expected[index, :, :, 0], rtol=0, atol=tolerance)
        axes = np.array([data.body(each).xmat.reshape(3, 3) for each in bodies])
        np.testing.assert_allclose(frame.T @ axes, turned[index], rtol=0, atol=tolerance)


def test_the_claw_moves_as_mujoco_says(claw):
    """Two hinges in a body, anchors, zeros, welded bodies: all are where MuJoCo has them."""
    path, found, _ = claw
    assert_moves_as_mujoco_says(path, found, 'palm')
    assert not list(faults(found.hand)) and len(found.hand.joints) == 12
    assert found.hand.wrist_joints == ('wrist',)
    assert found.skeleton.bodies['nail_1'][0] == 'tip_1'
    pairs = {pair.joints for pair in found.hand.couplings}
    assert pairs == {(f'bend_{index}', f'end_{index}') for index in range(3)}
    assert ('palm', 'middle_0') in found.hand.collision_exclusions


def test_the_claw_looks_as_its_meshes(claw):
    """The surface of each fitted hull is within 1.5 mm of the mesh in the mean, here 0.5."""
    _, found, _ = claw
    assert 0 < max(found.errors.values()) < 0.5e-3
    tip = next(link for link in found.hand.links if link.name == 'tip_0')
    assert len(tip.geoms) == 2 and tip.geoms[1].shape == 'box'


def test_the_claw_is_understood(claw):
    """Its palm faces +z, where its tips meet; every guess is told."""
    _, found, said = claw
    hand = found.hand
    np.testing.assert_allclose(hand.palmar_direction, (0, 0, 1), atol=1e-9)
    assert abs(hand.finger_direction[2]) < 1e-9
    np.testing.assert_allclose(hand.grasp_centre[:2], (0, 0), atol=0.01)
    assert 0.01 < hand.grasp_centre[2] < 0.1 and hand.palm_centre[2] == pytest.approx(0.01)
    assert set(hand.tip_links) == set(TIPS) and len(hand.contact_patterns['wrap']) == 7
    assert {link for link, _ in hand.pinch_points} < set(TIPS)
    text = '\n'.join(said)
    assert all(line.startswith('guessed: ') for line in said)
    for word in ('velocity', 'palmar_direction', 'grasp_centre', 'open posture', "'wrap'",
                 'pinch_points', 'touches as tip'):
        assert word in text, word


def test_the_claw_holds_a_ball(claw, tmp_path, monkeypatch):
    """The imported hand plans without a network, and the judge finds that the grasps hold."""
    monkeypatch.setattr(known_hands, 'HANDS', dict(known_hands.HANDS))
    output = tmp_path / 'claw'
    assert main(['hand', 'import', str(claw[0]), '--palm', 'palm', '--tips', *TIPS, '--output',
                 str(output)]) == 0
    assert read_hand(output) == claw[1].hand and (output / 'hand.png').stat().st_size > 5000
    planner = GraspPlanner(
        PlannerSettings.for_method('hull', num_candidates=96), 'cpu', str(output))
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
    plan = planner.plan(ball, PlanRequest(max_grasps=3))
    assert len(plan) == 3 and (plan.metrics.penetration < 0.003).all()
    test = find_test('six-forces-quick')
    scene = test.scene(convex_pieces(ball), claw[1].hand, None)
    held = [test(scene, test.prepared(plan.grasps, index, claw[1].hand, 0, index), 0).passed
            for index in range(3)]
    assert sum(held) >= 2, held


@pytest.fixture(scope='module', params=['mjcf', 'urdf'])
def shadow(request, tmp_path_factory) -> tuple[Path, ImportedHand]:
    """Return the right Shadow Hand, exported and imported again."""
    path = tmp_path_factory.mktemp('shadow') / f'right.{request.param}'
    if request.param == 'urdf':
        write_urdf(SHADOW_RIGHT, path)
    else:
        path.write_text(write_mjcf(SHADOW_RIGHT))
    return path, import_hand(path, 'rh_palm', SHADOW_RIGHT.tip_links, lambda line: None)


def test_the_shadow_hand_comes_back(shadow):
    """Joints, limits, couplings and posture are those that were exported."""
    path, found = shadow
    assert found.hand.joint_names == SHADOW_RIGHT.joint_names
    assert {pair.joints for pair in found.hand.couplings} == {
        pair.joints for pair in SHADOW_RIGHT.couplings}
    for joint, other in zip(found.hand.joints, SHADOW_RIGHT.joints):
        np.testing.assert_allclose(
            [joint.lower, joint.upper], [other.lower, other.upper], atol=1e-8)
    rng = np.random.default_rng(1)
    joints = np.array([[each.lower + (each.upper - each.lower) * rng.random()
                        for each in SHADOW_RIGHT.joints] for _ in range(100)])
    names = list(SHADOW_RIGHT.link_names)
    for one, other in zip(positions(found.hand, joints, names),
                          positions(SHADOW_RIGHT, joints, names)):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    if path.suffix == '.mjcf':
        assert_moves_as_mujoco_says(path, found, 'rh_palm')


def test_the_shadow_hands_surfaces_come_back(shadow):
    """Every link's surface is within 1.5 mm of the exported one in the mean."""
    for name in SHADOW_RIGHT.link_names:
        one, other = (link_mesh(next(link for link in hand.links if link.name == name))
                      for hand in (shadow[1].hand, SHADOW_RIGHT))
        for mesh, points in ((one, other), (other, one)):
            spread = trimesh.sample.sample_surface(points, 500, seed=0)[0]
            assert distance_to(mesh, spread).mean() < 0.5e-3, name


def test_the_shadow_hand_is_understood(shadow):
    """Palm, fingers and thumb are found from the geometry alone."""
    hand = shadow[1].hand
    np.testing.assert_allclose(hand.palmar_direction, SHADOW_RIGHT.palmar_direction, atol=1e-9)
    np.testing.assert_allclose(hand.finger_direction, SHADOW_RIGHT.finger_direction, atol=1e-9)
    assert np.linalg.norm(np.subtract(hand.grasp_centre, SHADOW_RIGHT.grasp_centre)) < 0.04
    assert hand.pinch_points[0][0] == 'rh_thdistal'
    groups = {each.link: each.group for each in SHADOW_RIGHT.contact_regions}
    assert {each.link: each.group for each in hand.contact_regions} == groups
    for tip in SHADOW_RIGHT.tip_links:
        np.testing.assert_allclose(
            hand.region(tip).side[0].normal, SHADOW_RIGHT.region(tip).side[0].normal, atol=0.2)
    for name in ('tips', 'tips_palm', 'wrap'):
        assert set(hand.contact_patterns[name]) == set(SHADOW_RIGHT.contact_patterns[name])


WRONG = {
    'no palm': ({'"palm"': '"hand"'}, "no link 'palm'; links: arm, hand"),
    'no tip': ({'name="tip_1"': 'name="end"'}, "no link 'tip_1'"),
    'slide': ({'name="bend_1" axis="0 1 0"': 'name="bend_1" type="slide" axis="0 1 0"'},
              "slide joint 'bend_1'; fingers can have hinges only"),
    'ball': ({'name="bend_1" axis="0 1 0" range="-70 0"': 'name="bend_1" type="ball"',
              'joint="bend_1"': 'joint="base_1"'}, "ball joint 'bend_1'"),
    'loop': ({'<equality>': '<equality><connect name="bar" body1="tip_0" body2="tip_1" '
              'anchor="0 0 0"/>'}, "loops cannot be planned for: .*'bar'"),
    'ratio': ({'polycoef="0 1 0 0 0"': 'polycoef="0 0.5 0 0 0"'},
              "'bend_2' and 'end_2' .*ratio of 0.5; .*--free-followers"),
    'missing mesh': ({'<mesh name="ball"': '<mesh name="gone" file="gone.stl"/>'
                      '<mesh name="ball"'}, 'gone.stl'),
    'no XML': ({'<mujoco model="claw">': '<mujoco'}, 'claw.xml'),
}


@pytest.mark.parametrize('name', WRONG)
def test_what_cannot_be_imported_is_refused(name, tmp_path):
    """Errors name the file, the part, and what can be done."""
    changes, told = WRONG[name]
    path = tmp_path / 'claw.xml'
    path.write_text(model_text(**changes))
    with pytest.raises(HandImportError, match=told) as caught:
        import_hand(path, 'palm', TIPS, lambda line: None)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize('scale', [1000.0, 0.1])
def test_wrong_units_are_told(scale, tmp_path):
    """A hand in millimetres would be a house."""
    path = tmp_path / 'claw.xml'
    path.write_text(re.sub(
        r'(pos|size|fromto)="([^"]*)"', lambda found: found[1] + '="' + ' '.join(
            str(float(each) * scale) for each in found[2].split()) + '"',
        model_text().replace('<mesh name', f'<mesh scale="{scale} {scale} {scale}" name')))
    with pytest.raises(HandImportError, match='must be metres'):
        import_hand(path, 'palm', TIPS, lambda line: None)


def test_other_ratios_are_planned_as_free_when_asked(tmp_path):
    """The joints are not coupled, and that is told."""
    path, said = tmp_path / 'claw.xml', []
    path.write_text(model_text(**WRONG['ratio'][0]))
    found = import_hand(path, 'palm', TIPS, said.append, free_followers=True)
    assert len(found.hand.couplings) == 2 and any('ratio of 0.5' in line for line in said)


def test_a_urdf_without_its_meshes_is_refused(tmp_path):
    """The mesh, the link and the folders that were searched are named."""
    path = write_urdf(SHADOW_RIGHT, tmp_path / 'right.urdf')
    (tmp_path / 'right_meshes' / 'rh_ffdistal_0.stl').unlink()
    with pytest.raises(HandImportError, match="rh_ffdistal_0.stl' of the link 'rh_ffdistal' is"):
        import_hand(path, 'rh_palm', SHADOW_RIGHT.tip_links, lambda line: None)


LINKS = ''.join(f'<link name="{name}"/>' for name in ('palm', 'rod', 'tip'))
JOINT = ('<joint name="{0}" type="{1}"><parent link="{2}"/><child link="{3}"/>'
         '<axis xyz="0 1 0"/><limit lower="0" upper="1" effort="1" velocity="1"/></joint>')


@pytest.mark.parametrize('joints, told', [
    ((('a', 'revolute', 'palm', 'rod'), ('b', 'prismatic', 'rod', 'tip')), "prismatic joint 'b'"),
    ((('a', 'revolute', 'palm', 'rod'), ('b', 'revolute', 'palm', 'tip'),
      ('c', 'revolute', 'rod', 'tip')), 'two parents, which makes loops: tip'),
    ((('a', 'revolute', 'tip', 'rod'), ('b', 'revolute', 'rod', 'tip')), 'loop: rod, tip'),
    ((('a', 'revolute', 'palm', 'rod'), ('b', 'fixed', 'palm', 'tip')), 'not moved by a finger'),
], ids=['prismatic', 'two parents', 'circle', 'fixed'])
def test_a_urdf_that_is_no_hand_is_refused(joints, told, tmp_path):
    """Loops, sliding joints and tips that are a part of the palm are named."""
    path = tmp_path / 'odd.urdf'
    path.write_text(f'<robot name="odd">{LINKS}{"".join(JOINT.format(*each) for each in joints)}'
                    '</robot>')
    with pytest.raises(HandImportError, match=told):
        import_hand(path, 'palm', ['tip'], lambda line: None)
