"""The judge lets go what must fall and holds what must hold."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.offline.objects import convex_pieces
from dexlite_ros.offline.simulation import GraspScene, SimulationSettings
from dexlite_ros.offline.validation import six_forces, Verdict
from dexlite_ros.planner import GraspPlanner

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.03)


@pytest.fixture(scope='module')
def grasps() -> StagedGrasp:
    """Return the best three grasps of a ball."""
    plan = GraspPlanner(device='cpu').plan(
        PointCloud(np.asarray(BALL.vertices)), num_candidates=128, max_grasps=3, seed=0)
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


def test_verdicts_are_reproducible(grasps):
    """The same grasp in the same scene gets the same verdict to the last bit."""
    assert verdicts(grasps) == verdicts(grasps)


def test_slippery_and_heavy_is_harder(grasps):
    """Nearly without friction no more grasps hold than with it, and so with force."""
    normal = sum(verdict.passed for verdict in verdicts(grasps))
    slippery = sum(verdict.passed for verdict in verdicts(grasps, friction=0.02))
    weak = sum(verdict.passed for verdict in verdicts(grasps, torque_limit=0.02))
    assert slippery < normal and weak < normal


def test_overlapping_pregrasp_fails(grasps):
    """A pregrasp deep inside the object is refused before anything moves."""
    still = grasps.pregrasp
    inside = GraspBatch(
        torch.zeros_like(still.translation), still.rotation, still.joints)
    for verdict in verdicts(replace(grasps, pregrasp=inside)):
        assert verdict == Verdict(False, 'overlap', 0.0, 0.0)
