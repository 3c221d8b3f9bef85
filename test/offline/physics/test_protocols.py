# SPDX-License-Identifier: Apache-2.0
"""The judge fails grasps that must fail and passes those that must hold."""

from dataclasses import replace
import math

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.offline.objects.convex_parts import convex_pieces
from dexlite_ros.offline.physics.closing import close, Verdict
from dexlite_ros.offline.physics.judge import judge, judge_together, perturbed, TESTS
from dexlite_ros.offline.physics.protocols import (
    lift,
    LiftSettings,
    LOADS,
    LoadSettings,
    six_forces,
)
from dexlite_ros.offline.physics.simulation import GraspScene, SimulationSettings
from dexlite_ros.offline.physics.world import NO_SLIP
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
PINCH = {'MFJ3': 0.9, 'MFJ2': 0.5, 'MFJ1': 0.5, 'THJ5': 0.3, 'THJ4': 1.2, 'THJ2': 0.3, 'THJ1': 0.4}
"""A posture in which middle finger and thumb oppose each other [rad]."""


@pytest.fixture(scope='module')
def grasps() -> StagedGrasp:
    """Return the best three grasps of a ball."""
    plan = GraspPlanner(device='cpu').plan(
        PointCloud(np.asarray(BALL.vertices)), PlanRequest(num_candidates=128, max_grasps=3))
    return plan.grasps


def verdicts(grasps: StagedGrasp, **settings: float) -> list[Verdict]:
    """Judge all grasps in a world of these settings."""
    scene = GraspScene(SHADOW_RIGHT, convex_pieces(BALL), SimulationSettings(**settings))
    return [six_forces(scene, grasps, index) for index in range(len(grasps))]


def test_squeezed_grasps_hold(grasps):
    """The planner's grasps of a ball hold, and the ball hardly moves."""
    for verdict in verdicts(grasps):
        assert verdict.passed and verdict.reason == 'held'
        assert verdict.moved < 0.02


def test_without_squeeze_nothing_holds(grasps):
    """A hand that only touches carries nothing."""
    touching = replace(grasps, squeeze=grasps.grasp)
    assert not any(verdict.passed for verdict in verdicts(touching))


def test_own_motors_are_as_strong_as_the_hand(grasps):
    """With motors of 3 N m verdicts are the usual ones; those of 0.01 N m hold nothing."""
    usual, *own = (
        list(judge(grasps[[0, 1]], convex_pieces(BALL), name, hand=replace(
            SHADOW_RIGHT, joint_dynamics=replace(SHADOW_RIGHT.joint_dynamics, effort=effort))))
        for name, effort in (('six-forces', 0.01), ('own-motors', 3.0), ('own-motors', 0.01)))
    assert all(verdict.passed for verdict in usual) and usual == own[0]
    assert not any(verdict.passed for verdict in own[1])


def test_verdicts_are_reproducible(grasps):
    """The same grasp in the same scene gets the same verdict to the last bit."""
    assert verdicts(grasps) == verdicts(grasps)


def test_slippery_and_heavy_is_harder(grasps):
    """Fewer grasps hold almost without friction, or with weak motors."""
    normal = sum(verdict.passed for verdict in verdicts(grasps))
    slippery = sum(verdict.passed for verdict in verdicts(grasps, friction=0.02))
    weak = sum(verdict.passed for verdict in verdicts(grasps, torque_limit=0.02))
    assert slippery < normal and weak < normal


def pinch() -> tuple[StagedGrasp, np.ndarray]:
    """Return two opposing fingers, and the corners of a block between their tips."""
    names = [name.removeprefix('rh_') for name in SHADOW_RIGHT.joint_names]

    def hand(**change: float) -> GraspBatch:
        joints = torch.tensor([[PINCH.get(name, 0.0) + change.get(name, 0.0) for name in names]])
        return GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], joints)

    poses = HandKinematics(SHADOW_RIGHT)(hand())
    links = [SHADOW_RIGHT.link_names.index(name) for name in ('rh_mfdistal', 'rh_thdistal')]
    tips = poses.position[0, links] + 0.018 * poses.rotation[0, links, :, 2]
    pose = trimesh.geometry.align_vectors([0, 0, 1], (tips[1] - tips[0]).numpy())
    pose[:3, 3] = tips.mean(0)
    block = trimesh.creation.box((0.03, 0.03, 0.034), transform=pose)
    squeeze = hand(MFJ3=0.1, MFJ2=0.05, MFJ1=0.05, THJ2=0.1, THJ1=0.1)
    return StagedGrasp(hand(MFJ3=-0.15, THJ1=-0.15), hand(), squeeze), np.asarray(block.vertices)


def test_two_fingers_hold_by_friction():
    """A block pinned between two fingers stays at friction 0.6 and slips away at 0.05."""
    grasp, block = pinch()
    for friction, held in ((0.6, True), (0.05, False)):
        scene = GraspScene(SHADOW_RIGHT, [block], SimulationSettings(friction=friction))
        assert six_forces(scene, grasp, 0).passed == held


def test_no_slip_stops_creeping():
    """The block between two fingers creeps under its weight, far less with no-slip iterations."""
    grasp, block = pinch()
    scene = GraspScene(SHADOW_RIGHT, [block])
    closed = close(scene, grasp, 0)
    crept = []
    for on in (True, False):
        scene.restore(closed.state)
        scene.set_gravity(True)
        scene.set_no_slip(on)
        scene.step(0.5)
        before = scene.data.xipos[scene.object_body].copy()
        scene.step(0.5)
        crept.append(np.linalg.norm(scene.data.xipos[scene.object_body] - before))
    assert crept[0] < 0.3 * crept[1]
    scene.pose(grasp.pregrasp, 0)
    assert scene.model.opt.noslip_iterations == NO_SLIP


def from_above(grasps: StagedGrasp) -> StagedGrasp:
    """Return the grasps rotated about the ball so that each palm faces down."""
    palm = torch.tensor(SHADOW_RIGHT.palmar_direction, dtype=torch.float64)
    turns = torch.stack([
        torch.from_numpy(trimesh.geometry.align_vectors(
            (rotation.double() @ palm).numpy(), [0, 0, -1])[:3, :3])
        for rotation in grasps.grasp.rotation])
    return StagedGrasp(*(
        GraspBatch((turns @ batch.translation[..., None])[..., 0], turns @ batch.rotation,
                   batch.joints) for batch in vars(grasps).values()))


def pressed(grasps: StagedGrasp, share: float) -> StagedGrasp:
    """Return the grasps with this fraction of their squeeze."""
    start, end = grasps.grasp.joints, grasps.squeeze.joints
    return replace(grasps, squeeze=replace(grasps.squeeze, joints=start + share * (end - start)))


def test_heavier_is_never_easier(grasps):
    """With five times the mass at the same squeeze, grasps that failed still fail."""
    worlds = [
        GraspScene(SHADOW_RIGHT, convex_pieces(BALL), SimulationSettings(mass=mass))
        for mass in (0.1, 0.5)]
    for protocol, settings in (six_forces, LoadSettings.quick()), (lift, LiftSettings.quick()):
        pairs = [
            tuple(protocol(world, weak, 0, settings).passed for world in worlds)
            for share in (0.25, 0.5, 1.0) for index in range(2)
            for weak in [pressed(from_above(grasps), share)[[index]]]]
        assert not any(heavy and not light for light, heavy in pairs)
        assert sum(heavy for _, heavy in pairs) < sum(light for light, _ in pairs)


def test_lift_takes_along_what_is_held(grasps):
    """A squeezed ball rises with the hand above it, one that is only touched stays behind."""
    scene = GraspScene(SHADOW_RIGHT, convex_pieces(BALL))
    above = from_above(grasps)
    verdict = lift(scene, above, 0)
    assert verdict.passed and verdict.rise == pytest.approx(1.0, abs=0.02)
    loose = lift(scene, pressed(above, 0.0), 0)
    assert not loose.passed and loose.reason == 'dropped' and loose.rise < 0
    # The world is as before: gravity does not stay on.
    assert six_forces(scene, grasps, 0).passed


def test_lift_from_a_table(grasps):
    """With a table under it the ball has its weight from the beginning, and rests on the table."""
    scene = GraspScene(SHADOW_RIGHT, convex_pieces(BALL), table=-0.03)
    loose = pressed(from_above(grasps), 0.0)
    verdicts = [lift(scene, loose, index) for index in range(len(loose))]
    assert not any(verdict.passed for verdict in verdicts)
    assert all(abs(v.rise) < 0.05 for v in verdicts if v.reason == 'dropped')


def test_divergence_is_a_verdict(grasps):
    """A diverging simulation fails the grasp and gives that reason."""
    scene = GraspScene(SHADOW_RIGHT, convex_pieces(BALL), SimulationSettings(
        stiffness=1e6, torque_limit=1e9, time_step=0.02))
    assert any(six_forces(scene, grasps, i).reason == 'diverged' for i in range(len(grasps)))


@pytest.mark.parametrize('loads', [LOADS, LoadSettings.quick()])
def test_ending_a_load_early_does_not_change_it(grasps, loads):
    """Verdicts equal those of the full duration."""
    whole = replace(LOADS, rest_motion=0.0, rest_turn=0.0)
    scene = GraspScene(SHADOW_RIGHT, convex_pieces(BALL))
    steps = {}
    for settings in (loads, whole):
        scene.step = counted = Counted(GraspScene.step.__get__(scene))
        steps[settings] = [
            six_forces(scene, grasps, i, settings).passed for i in range(len(grasps))], counted
    assert steps[loads][0] == steps[whole][0]
    assert steps[loads][1].seconds < steps[whole][1].seconds


class Counted:
    """Counts the simulated time."""

    def __init__(self, step):
        self.step, self.seconds = step, 0.0

    def __call__(self, seconds):
        self.seconds += seconds
        self.step(seconds)


def test_every_test_by_name(grasps):
    """Each test gives a verdict per grasp; noise depends only on seed and place."""
    pieces = convex_pieces(BALL)
    for name in TESTS:
        assert len(list(judge(grasps[[0, 1]], pieces, name, table=-0.1))) == 2
    together = list(judge(grasps, pieces, 'noise', seed=3))
    assert list(judge(grasps[[2]], pieces, 'noise', seed=3, first=2)) == together[2:]
    with pytest.raises(InvalidRequest, match='push'):
        list(judge(grasps, pieces, 'push'))


@pytest.mark.parametrize('names', [
    ('six-forces', 'six-torques'), ('lift-quick', 'six-forces-quick')])
def test_closing_once_changes_no_verdict(grasps, names):
    """Tests that share the closing give their own verdicts to the last bit, in any order."""
    pieces = convex_pieces(BALL)
    mixed = StagedGrasp(*(
        GraspBatch(*(torch.cat(parts) for parts in zip(*(vars(each).values() for each in both))))
        for both in zip(vars(grasps).values(), vars(pressed(grasps, 0.0)).values())))
    alone = zip(*(judge(mixed, pieces, name) for name in names))
    # As text, since NaN does not equal itself.
    assert list(map(str, judge_together(mixed, pieces, names))) == list(map(str, alone))


def test_only_tests_that_close_alike_share_it(grasps):
    """Another friction, noise, or J2 that runs ahead is another closing."""
    for name in ('low-friction', 'noise', 'uneven-j0', 'own-motors'):
        with pytest.raises(InvalidRequest, match='alike'):
            list(judge_together(grasps, convex_pieces(BALL), ('six-forces', name)))


@pytest.mark.parametrize('name, bounded', [('noise-quick', False), ('mild-quick', True)])
def test_quick_noise_is_quick_six_forces_with_the_wrist_moved(grasps, name, bounded):
    """The verdicts are those of the quick test on grasps perturbed by 5 mm and 5 degrees."""
    pieces = convex_pieces(BALL)
    moved = [
        perturbed(grasps[[index]], 0.005, math.radians(5.0), np.random.default_rng([4, index]),
                  bounded) for index in range(len(grasps))]
    alone = [verdict for each in moved for verdict in judge(each, pieces, 'six-forces-quick')]
    noisy = list(judge(grasps, pieces, name, seed=4))
    assert list(map(str, noisy)) == list(map(str, alone))
    assert list(map(str, judge(grasps, pieces, name, seed=5))) != list(map(str, noisy))


def test_perturbed_moves_all_stages_alike():
    """The perturbation has the requested spread, and is the same for all three stages."""
    batch = GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], torch.zeros(1, 22))
    rng = np.random.default_rng(0)
    moved = [perturbed(StagedGrasp(batch, batch, batch), 0.005, 0.1, rng) for _ in range(400)]
    shifts = torch.cat([each.grasp.translation for each in moved])
    assert shifts.std().item() == pytest.approx(0.005, rel=0.1)
    traces = torch.stack([each.grasp.rotation[0].trace() for each in moved])
    angles = ((traces - 1) / 2).clamp(-1, 1).acos()
    assert math.sqrt(angles.square().mean()) == pytest.approx(0.1, rel=0.15)
    for each in moved[:5]:
        torch.testing.assert_close(each.pregrasp.rotation, each.squeeze.rotation)
        torch.testing.assert_close(each.pregrasp.translation, each.squeeze.translation)


def test_overlapping_pregrasp_fails(grasps):
    """A pregrasp deep inside the object is refused before anything moves."""
    still = grasps.pregrasp
    inside = GraspBatch(
        torch.zeros_like(still.translation), still.rotation, still.joints)
    for verdict in verdicts(replace(grasps, pregrasp=inside)):
        assert verdict == Verdict(False, 'overlap', 0.0, 0.0)
