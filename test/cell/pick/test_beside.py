# SPDX-License-Identifier: Apache-2.0
"""The judge's word on a pick is that on the grasp that was sent, where the object stood."""

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')

from std_msgs.msg import Header

from dexlite_ros.cell.camera import EYE
from dexlite_ros.cell.layout import lay_out
from dexlite_ros.cell.pick.beside import beside
from dexlite_ros.cell.pick.record import PickRecord
from dexlite_ros.cell.simulation import CellSimulation
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.object.support import Plane
from dexlite_ros.offline.objects.sources import find_objects
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.ros.conversions import grasp_array, ResultLabels
from dexlite_ros.ros.pick.executor import Attempt

LABELS = ResultLabels(Header(frame_id='camera'), 1, 'can', (1.0, 2.0, 3.0))


def test_the_judge_is_asked_about_what_was_sent():
    """A good grasp lifts; the same a hand's width beside it does not; no grasp is no verdict."""
    objects = lay_out(find_objects('household:602-603'), np.array(EYE), np.random.default_rng(0))
    simulation = CellSimulation(SHADOW_RIGHT, objects, 'ideal')
    plan = GraspPlanner().plan(
        objects[0].mesh, PlanRequest(num_candidates=256, max_grasps=1, seed=1),
        support=Plane(np.array([0.0, 0.0, 1.0]), 0.0))
    to_camera = torch.from_numpy(np.linalg.inv(simulation.camera.pose))
    seen = replace(plan, grasps=plan.grasps.each(lambda batch: batch.to(torch.float64).transformed(
        to_camera[:3, :3], to_camera[:3, 3])))
    good = grasp_array(seen, LABELS).grasps[0]
    aside = grasp_array(replace(seen, grasps=seen.grasps.each(
        lambda batch: replace(batch, translation=batch.translation + 0.2))),
        LABELS).grasps[0]
    image = simulation.look()[1]
    found = [
        beside(PickRecord('can', (Attempt('', grasp=each),), 0.0, 1.0), simulation, image, 1)
        for each in (good, aside, None)]
    assert [each.judged for each in found] == [True, False, None]
    assert [each.judged_apart for each in found] == [True] * 3
