# SPDX-License-Identifier: Apache-2.0
"""The left hand grasps the mirror image of an object as the right hand grasps the object."""

from functools import lru_cache

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.mirroring import mirrored_grasps, mirrored_points
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import SqueezeSettings
from dexlite_ros.network.checkpoint import write_checkpoint
from dexlite_ros.network.grasp_network import GraspNetwork, NetworkConfig
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.proposer import make_proposer, METHODS, MirroredProposer
from dexlite_ros.ranking.grasp_features import features_of
from dexlite_ros.refinement.fused_optimizer import FusedOptimizer
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import hand_details

CPU = torch.device('cpu')
RIGHT, LEFT = HandKinematics(SHADOW_RIGHT), HandKinematics(SHADOW_LEFT)


def mirror_image(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return a mesh with the opposite x."""
    return trimesh.Trimesh(
        mirrored_points(mesh.vertices), np.asarray(mesh.faces)[:, ::-1], process=False)


def thing() -> trimesh.Trimesh:
    """Return a solid that is unlike its mirror image: two bars on each other, turned and moved."""
    turned = trimesh.transformations.rotation_matrix(0.6, (0, 0, 1))
    turned[:3, 3] = -0.003, 0.009, 0.04
    solid = trimesh.creation.box((0.048, 0.03, 0.04)).union(
        trimesh.creation.box((0.03, 0.024, 0.045), turned))
    return solid.apply_translation(-solid.bounds.mean(0))


THING = thing()
IMAGE = mirror_image(THING)


@lru_cache
def energies() -> tuple[GraspEnergy, GraspEnergy]:
    """Return the energies of the right hand on an object, and of the left one in a mirror."""
    field = DistanceField.from_mesh(np.asarray(THING.vertices), np.asarray(THING.faces))
    origin = field.origin.numpy().copy()
    origin[0] = -(origin[0] + (field.shape[0] - 1) * field.spacing)
    image = DistanceField(
        field.values.reshape(*field.shape).numpy()[::-1], origin, field.spacing)
    return tuple(
        GraspEnergy(hand_details(kinematics)['fine'], each, EnergySettings())
        for kinematics, each in ((RIGHT, field), (LEFT, image)))


def surface(mesh: trimesh.Trimesh) -> ObjectSurface:
    """Return the surface of a mesh, as used by the planner."""
    return ObjectSurface(np.asarray(mesh.vertices), np.asarray(mesh.faces), 1.0, 'mesh')


def starts(kinematics: HandKinematics, mesh: trimesh.Trimesh, method='hull') -> GraspBatch:
    """Return 40 starts of a method on a mesh."""
    return make_proposer(method, '', kinematics, CPU).propose(
        surface(mesh), 40, torch.Generator().manual_seed(0))


@lru_cache
def refined() -> tuple[GraspBatch, GraspBatch]:
    """Return grasps after a short search of the right hand, and of the left one in a mirror."""
    settings = OptimizerSettings(iterations=30)
    seeds, first = torch.arange(40), starts(RIGHT, THING)
    return tuple(
        FusedOptimizer(energy, settings).refine(
            begin, energy.active_groups(['wrap'])[[0] * 40], seeds=seeds).grasps
        for energy, begin in zip(energies(), (first, mirrored_grasps(first))))


@lru_cache
def plan(hand: str):
    """Return the plan of a hand, the left one for the mirror image of the right one's object."""
    planner = GraspPlanner(PlannerSettings.for_method('hull', num_candidates=96), 'cpu', hand)
    return planner.plan(
        {'shadow_right': THING, 'shadow_left': IMAGE}[hand], PlanRequest(max_grasps=10))


@pytest.mark.parametrize('method', METHODS)
def test_proposals_are_mirrored(method):
    """On a mirrored object the left hand starts where the right one does, by every method."""
    right, left = starts(RIGHT, THING, method), starts(LEFT, IMAGE, method)
    image = mirrored_grasps(right)
    assert torch.equal(left.translation, image.translation)
    assert torch.equal(left.rotation, image.rotation) and torch.equal(left.joints, image.joints)
    assert not torch.equal(left.translation, starts(LEFT, THING, method).translation)


def test_the_model_is_named_after_the_weights_that_it_mirrors():
    """The left hand uses the right hand's network."""
    name = make_proposer('network', '', RIGHT, CPU).model_id
    assert make_proposer('network', '', LEFT, CPU).model_id == f'mirrored:{name}'


def test_a_network_of_its_own_is_not_mirrored(tmp_path):
    """Weights that were trained for the left hand propose for it directly."""
    network = GraspNetwork(SHADOW_LEFT, NetworkConfig(channels=(16, 32), latent=8, num_points=64))
    write_checkpoint(tmp_path / 'own', network, SHADOW_LEFT, {})
    found = make_proposer('network', str(tmp_path / 'own.json'), LEFT, CPU)
    assert not isinstance(found, MirroredProposer) and found.model_id.startswith('own@')


def test_energies_are_those_of_the_mirror_image():
    """Every energy term of a plan's grasps is the same for the other hand in a mirror."""
    right, left = energies()
    for grasps in (plan('shadow_right').grasps.grasp, refined()[0]):
        grasps = grasps.to(torch.float32)
        active = right.active_groups(['wrap'])[[0] * len(grasps)]
        here = right(grasps, active)
        there = left(mirrored_grasps(grasps), active)
        for name, value in vars(here.terms).items():
            torch.testing.assert_close(
                getattr(there.terms, name), value, rtol=1e-5, atol=1e-5, msg=name)


def test_searches_are_mirrored():
    """From mirrored starts a search ends in mirrored grasps, but for rounding that grows."""
    right, left = refined()
    image = mirrored_grasps(right)
    apart = (left.joints - image.joints).abs().amax(1)
    shift = (left.translation - image.translation).norm(dim=1)
    assert (starts(RIGHT, THING).joints - right.joints).abs().amax(1).median() > 0.05
    assert apart.median() < 1e-5 and shift.median() < 1e-6
    assert apart.quantile(0.9) < 1e-3 and shift.quantile(0.9) < 1e-4


def test_features_do_not_tell_left_from_right():
    """All inputs of the success model agree, so that its probabilities hold for the left hand."""
    grasps = plan('shadow_right').grasps.grasp.to(torch.float32)
    right, left = (
        features_of(each, energy, PlanningScene.build(mesh), SqueezeSettings())
        for each, energy, mesh in zip(
            (grasps, mirrored_grasps(grasps)), energies(), (THING, IMAGE)))
    for name in vars(right):
        torch.testing.assert_close(
            getattr(left, name), getattr(right, name), rtol=2e-3, atol=2e-3, msg=name)


def test_plans_are_mirrored():
    """The grasps come from the same starts, are as good."""
    right, left = plan('shadow_right'), plan('shadow_left')
    assert (left.hand, left.hand_link) == ('shadow_left', SHADOW_LEFT.palm_link)
    assert left.report.warnings == right.report.warnings == ()
    assert left.joint_names == SHADOW_LEFT.joint_names
    assert len(set(left.start.tolist()) & set(right.start.tolist())) >= 5
    assert abs(float(left.score.mean() - right.score.mean())) < 0.05
