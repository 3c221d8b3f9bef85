# SPDX-License-Identifier: Apache-2.0
"""A grasp is judged on all surfaces that the object may have."""

from dataclasses import replace

from fields import ball_field
import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.conditions import Conditions
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import squeeze_forces, SqueezeSettings
from dexlite_ros.object.hypotheses import Hypothesis
from dexlite_ros.object.planning_scene import InputReport, PlanningScene
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.ranking.grasp_features import grasp_features
from dexlite_ros.ranking.likely_surfaces import over_surfaces
from dexlite_ros.ranking.success_model import Prediction, SuccessModel
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer

RADIUS = 0.035
SQUEEZE = SqueezeSettings()


def ball(radius: float, weight: float) -> Hypothesis:
    """Return a ball as what the object may be."""
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=radius)
    return Hypothesis(
        ObjectSurface(np.asarray(mesh.vertices), np.asarray(mesh.faces), 0.5, 'view'), weight)


@pytest.fixture(scope='module')
def case():
    """Return refined grasps of a ball, its energy and scene, and what is expected of them."""
    hand = HandGeometry(HandKinematics(SHADOW_RIGHT))
    energy = GraspEnergy(hand, ball_field(RADIUS), EnergySettings()).float()
    start = hull_starts(
        hand.kinematics, np.asarray(ball(RADIUS, 1.0).surface.vertices), 8,
        torch.Generator().manual_seed(0))
    grasps = PostOptimizer(energy, OptimizerSettings(iterations=60)).refine(
        start, energy.active_groups(['tips'] * 8)).grasps
    scene = PlanningScene((ball(RADIUS, 1.0),), energy.field, None, np.zeros(3), InputReport())
    placed = energy.place(grasps)
    forces = squeeze_forces(placed, energy, SQUEEZE)
    model = SuccessModel.of(SHADOW_RIGHT)
    first = model.predict(
        grasp_features(placed, forces, energy, scene), grasps.joints, Conditions())
    return grasps, energy, scene, model, first


def over(case, *hypotheses: Hypothesis) -> Prediction:
    """Return what is expected of the grasps if the object may be any of these."""
    grasps, energy, scene, model, first = case
    return over_surfaces(
        first, grasps, replace(scene, hypotheses=hypotheses), energy, SQUEEZE, model,
        Conditions(), 0.1)


def test_one_surface_changes_nothing(case):
    """Nor does one that is hardly likely."""
    for found in (over(case, ball(RADIUS, 1.0)),
                  over(case, ball(RADIUS, 0.95), ball(0.02, 0.05))):
        torch.testing.assert_close(found.logit, case[-1].logit)


def test_a_smaller_ball_is_not_held(case):
    """If it may as well be so small that no finger touches it, less is to be hoped for."""
    doubtful = over(case, ball(RADIUS, 0.5), ball(0.015, 0.5))
    assert (doubtful.logit < case[-1].logit).all()
    assert (doubtful.deviation > case[-1].deviation).all()
