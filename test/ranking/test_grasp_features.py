# SPDX-License-Identifier: Apache-2.0
"""Features measure what their names say, independently for each grasp."""

from fields import ball_field
from hands import geometry, random_grasps
import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import squeeze_forces, SqueezeSettings
from dexlite_ros.object.hypotheses import Hypothesis
from dexlite_ros.object.planning_scene import InputReport, PlanningScene
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.ranking.grasp_features import FeatureSettings, grasp_features
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer

RADIUS = 0.035
BALL = trimesh.creation.icosphere(subdivisions=3, radius=RADIUS)
SCENE = PlanningScene(
    (Hypothesis(
        ObjectSurface(np.asarray(BALL.vertices), np.asarray(BALL.faces), 0.6, 'full'), 1.0),),
    ball_field(RADIUS), None, np.zeros(3), InputReport())


@pytest.fixture(scope='module')
def energy() -> GraspEnergy:
    """Return the energy of the hand on a ball, in double precision."""
    return GraspEnergy(geometry(), ball_field(RADIUS), EnergySettings()).double()


@pytest.fixture(scope='module')
def grasps(energy) -> GraspBatch:
    """Return refined grasps, good and bad."""
    start = hull_starts(
        geometry().kinematics, BALL.vertices, 16, torch.Generator().manual_seed(0))
    refined = PostOptimizer(energy, OptimizerSettings(iterations=60)).refine(
        start.to(torch.float64), energy.active_groups(['tips'] * 16))
    return refined.grasps


def measured(grasps: GraspBatch, energy: GraspEnergy) -> GraspFeatures:
    """Return the features with the default settings."""
    placed = energy.place(grasps)
    squeeze = squeeze_forces(placed, energy, SqueezeSettings())
    return grasp_features(placed, squeeze, energy, SCENE)


def test_refined_grasps_are_stiff_and_balanced(energy, grasps):
    """Hands that hold the ball balance better and are stiffer than hands in free space."""
    away = GraspBatch(grasps.translation + 1.0, grasps.rotation, grasps.joints)
    holding, idle = measured(grasps, energy), measured(away, energy)
    assert (idle.residual == 0).all() and (idle.slippery_residual == 0).all()
    assert (idle.stiffness == -1).all(), 'nothing but the lower end of the scale'
    assert holding.residual.median() < -3 and holding.stiffness.median() > 1


def test_less_friction_never_balances_better(energy, grasps):
    """Grasps that balance with friction 0.1 also balance with 0.3."""
    features = measured(grasps, energy)
    assert (features.slippery_residual >= features.residual - 0.3).all()


def test_the_ball_is_as_round_as_it_is(energy, grasps):
    """3 mm along a ball of 35 mm radius rotate the normal by 3/35; its box has sides of 7 cm."""
    features = measured(grasps, energy)
    touching = (
        energy.place(grasps).touching(FeatureSettings().contact_threshold).active.sum(1) > 0)
    assert features.normal_variation[touching].mean() == pytest.approx(0.003 / RADIUS, rel=0.25)
    for side in (features.thickness, features.length):
        np.testing.assert_allclose(side, 200 * RADIUS, rtol=0.03)
    assert (features.seen_fraction == 0.6).all()


def test_no_grasp_depends_on_its_batch_mates(energy, grasps):
    """A grasp has the same features alone as in a batch."""
    together, alone = measured(grasps, energy), measured(grasps[[3]], energy)
    torch.testing.assert_close(together.matrix()[[3]], alone.matrix(), rtol=1e-6, atol=1e-6)


def test_limit_margin(energy):
    """A joint at its limit has no margin."""
    grasps = random_grasps(2)
    grasps.joints[1, 4] = energy.geometry.kinematics.upper[4]
    margin = measured(grasps, energy).limit_margin
    assert margin[0] > 0 and margin[1] == pytest.approx(0.0, abs=1e-9)
