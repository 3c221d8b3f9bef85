# SPDX-License-Identifier: Apache-2.0
"""The squeeze exerts force, the pregrasp is clear, and both are feasible for the hand."""

from dataclasses import replace

from fields import ball_field
from hands import geometry
import pytest
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import hand_loads, squeeze_forces, SqueezeSettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer
from dexlite_ros.stages import stage, Staged, StageSettings

SQUEEZE, SETTINGS = SqueezeSettings(), StageSettings()
STIFFNESS = SHADOW_RIGHT.joint_dynamics.stiffness


@pytest.fixture(scope='module')
def energy() -> GraspEnergy:
    """Return the energy of the hand on a ball, in double precision."""
    return GraspEnergy(geometry(), ball_field(0.035), EnergySettings()).double()


@pytest.fixture(scope='module')
def grasps(energy):
    """Return the six best of some refined grasps."""
    ball = trimesh.creation.icosphere(radius=0.035)
    start = hull_starts(
        geometry().kinematics, ball.vertices, 24, torch.Generator().manual_seed(0))
    active = energy.active_groups(['tips'] * 24)
    refined = PostOptimizer(energy, OptimizerSettings(iterations=60)).refine(
        start.to(torch.float64), active)
    return refined.grasps[refined.energy.argsort()[:6]]


def staged_of(
    grasps: GraspBatch, energy: GraspEnergy, squeeze: SqueezeSettings = SQUEEZE
) -> Staged:
    """Return the stages of grasps that squeeze."""
    placed = energy.place(grasps)
    forces = squeeze_forces(placed, energy, squeeze)
    return stage(placed, forces, energy, SETTINGS)


@pytest.fixture(scope='module')
def staged(energy, grasps):
    """Return their stages."""
    return staged_of(grasps, energy)


def test_squeeze_forces_balance_and_sum_up(energy, grasps):
    """Normal forces sum to the requested total, and hardly any net force is left."""
    squeeze = squeeze_forces(energy.place(grasps), energy, SQUEEZE)
    push = -(squeeze.forces * squeeze.contacts.normal).sum(-1)
    torch.testing.assert_close(
        push.sum(1), torch.full((6,), SQUEEZE.total_force, dtype=torch.float64))
    assert (squeeze.forces.sum(1).norm(dim=1) < 0.05 * SQUEEZE.total_force).all()


def test_squeeze_is_torque_over_stiffness(energy, grasps, staged):
    """Where no limit is met, stiffness times the commanded motion is J^T f."""
    kinematics = geometry().kinematics
    torque = kinematics.joint_torques(
        kinematics(grasps), kinematics.joints_moving(energy.geometry.group_link),
        staged.squeeze.contacts.point, staged.squeeze.forces).torque
    motion = staged.grasps.squeeze.joints - grasps.joints
    at_limit = (staged.grasps.squeeze.joints <= kinematics.lower + 1e-9) | (
        staged.grasps.squeeze.joints >= kinematics.upper - 1e-9)
    pairs = kinematics.description.coupled_indices
    single = torch.ones(22, dtype=torch.bool)
    single[[joint for pair in pairs for joint in pair]] = False
    free = ~at_limit & single
    torch.testing.assert_close(STIFFNESS * motion[free], torque[free])
    for first, second in pairs:
        wanted = (torque[:, first] + torque[:, second]) / 2
        commanded = STIFFNESS * (motion[:, first] + motion[:, second])
        free = ~at_limit[:, first]
        torch.testing.assert_close(commanded[free], wanted[free])


def test_all_stages_are_possible(staged):
    """Joints are within limits, coupled joints are equal, and the squeeze keeps the wrist pose."""
    kinematics = geometry().kinematics
    for batch in vars(staged.grasps).values():
        assert (batch.joints >= kinematics.lower - 1e-9).all()
        assert (batch.joints <= kinematics.upper + 1e-9).all()
        for first, second in kinematics.description.coupled_indices:
            torch.testing.assert_close(batch.joints[:, first], batch.joints[:, second])
    torch.testing.assert_close(
        staged.grasps.squeeze.translation, staged.grasps.grasp.translation)


def test_pregrasp_is_clear(energy, staged):
    """The open hand keeps 1 cm from the ball, as reported."""
    hand = geometry()(staged.grasps.pregrasp)
    gap = (hand.points.norm(dim=-1) - 0.035 - geometry().point_radius).amin(1)
    assert (gap > 0.01).all()
    torch.testing.assert_close(staged.pregrasp_clearance, gap, rtol=0, atol=1e-3)


def test_stages_do_not_depend_on_batch_mates(energy, grasps, staged):
    """A grasp opens and squeezes the same alone as in a batch."""
    alone = staged_of(grasps[[1]], energy)
    for name, batch in vars(alone.grasps).items():
        together = getattr(staged.grasps, name)[[1]]
        torch.testing.assert_close(batch.joints, together.joints, rtol=0, atol=1e-6)
        torch.testing.assert_close(batch.translation, together.translation, rtol=0, atol=1e-6)


def test_stiffer_controllers_move_less(energy, grasps):
    """Twice the stiffness gives half the motion."""
    soft, stiff = (
        staged_of(grasps, energy, SqueezeSettings(stiffness=each)).grasps.squeeze.joints
        for each in (20.0, 40.0))
    inside = (soft < geometry().kinematics.upper - 1e-6) & (
        soft > geometry().kinematics.lower + 1e-6)
    torch.testing.assert_close(
        (soft - grasps.joints)[inside], 2 * (stiff - grasps.joints)[inside])


@pytest.mark.parametrize('values', [
    {'stiffness': -1.0}, {'torque_share': 0.0}, {'torque_share': 1.1}])
def test_impossible_controllers_are_refused(values):
    """A controller pushes forwards, and with no more torque than there is."""
    with pytest.raises(InvalidRequest, match=next(iter(values))):
        SqueezeSettings(**values)


def test_no_joint_is_asked_for_more_torque_than_it_has(energy, grasps):
    """Weak motors exert the same forces, but smaller, until the weakest joint is at its limit."""
    motors = replace(SHADOW_RIGHT.joint_dynamics, effort=0.5, stiffness=2.0)
    weak = HandGeometry(HandKinematics(replace(SHADOW_RIGHT, joint_dynamics=motors)))
    there = GraspEnergy(weak.double(), energy.field, EnergySettings()).double()
    placed = there.place(grasps)
    whole = squeeze_forces(energy.place(grasps), energy, SQUEEZE)
    for settings, largest in (SQUEEZE, 0.5), (SqueezeSettings(torque_share=0.8), 0.4):
        squeeze = squeeze_forces(placed, there, settings)
        push = weak.kinematics.couple(squeeze.torque).abs().amax(1)
        torch.testing.assert_close(push, torch.full_like(push, largest))
        share = (squeeze.torque / whole.torque).nanmedian()
        assert 0 < share < 1
        torch.testing.assert_close(
            squeeze.forces / squeeze.forces.norm(dim=-1).sum(1)[:, None, None],
            whole.forces / whole.forces.norm(dim=-1).sum(1)[:, None, None])
        torch.testing.assert_close(squeeze.torque, hand_loads(
            placed, squeeze.contacts, squeeze.forces, weak).torque)
    assert squeeze.stiffness == 2.0
    assert squeeze_forces(placed, there, SqueezeSettings(stiffness=7.0)).stiffness == 7.0


def test_guesses_press_with_links_that_are_not_there_yet(energy, grasps):
    """Links 1 cm from the object carry force only in unrefined grasps."""
    palm = torch.tensor(geometry().kinematics.description.palmar_direction).to(grasps.rotation)
    away = replace(grasps, translation=grasps.translation - 0.01 * (grasps.rotation @ palm))
    placed = energy.place(away)
    gap = placed.contact_gap
    counted = [
        squeeze_forces(placed, energy, settings).contacts.active.bool()
        for settings in (SQUEEZE, SQUEEZE.of_guesses())]
    assert torch.equal(counted[0], gap < 0.006) and torch.equal(counted[1], gap < 0.015)
    assert counted[1].sum() > counted[0].sum()
