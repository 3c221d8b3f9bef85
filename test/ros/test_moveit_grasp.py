# SPDX-License-Identifier: Apache-2.0
"""A grasp keeps its poses, postures and ways as MoveIt's message."""

from dataclasses import dataclass, field
import sys
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='messages need ROS 2 (rclpy)')

from geometry_msgs.msg import PoseStamped, Vector3, Vector3Stamped
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.msg import DexGrasp
from dexlite_ros.ros.moveit_grasp import moveit_grasp
from dexlite_ros.ros.poses import pose_matrix, stamped_pose


@dataclass
class GripperTranslation:
    """The fields of moveit_msgs/GripperTranslation, which does not come as a wheel."""

    direction: Vector3Stamped
    desired_distance: float
    min_distance: float


@dataclass
class Grasp:
    """The fields of moveit_msgs/Grasp that are used."""

    id: str
    grasp_quality: float
    grasp_pose: PoseStamped
    pre_grasp_posture: JointTrajectory
    grasp_posture: JointTrajectory
    pre_grasp_approach: GripperTranslation
    post_grasp_retreat: GripperTranslation
    post_place_retreat: GripperTranslation
    allowed_touch_objects: list[str] = field(default_factory=list)


@pytest.fixture
def moveit(monkeypatch) -> None:
    """Let moveit_msgs be found."""
    package, messages = ModuleType('moveit_msgs'), ModuleType('moveit_msgs.msg')
    messages.Grasp, messages.GripperTranslation = Grasp, GripperTranslation
    monkeypatch.setitem(sys.modules, 'moveit_msgs', package)
    monkeypatch.setitem(sys.modules, 'moveit_msgs.msg', messages)


@pytest.fixture
def grasp() -> DexGrasp:
    """Return a grasp with a different number everywhere."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler('xyz', [0.3, -0.8, 2.0]).as_matrix()
    pose[:3, 3] = 0.1, 0.2, 0.3
    found = DexGrasp(
        header=Header(frame_id='lens'), hand=DEFAULT_HAND, id='3.0', object_id='mug', score=0.75,
        approach_direction=Vector3(x=0.6, z=0.8), hand_trajectory=JointTrajectory(
            joint_names=['a'], points=[
                JointTrajectoryPoint(positions=[value]) for value in (0.1, 0.2, 0.3)]))
    found.pregrasp_pose = stamped_pose(pose, 'lens', found.header.stamp).pose
    return found


def test_poses_postures_and_ways_are_kept(moveit, grasp):
    """The hand opens to the pregrasp, closes to the squeeze, and comes along the free way."""
    found = moveit_grasp(grasp, up='base')
    assert (found.id, found.grasp_quality) == ('3.0', 0.75)
    np.testing.assert_allclose(
        pose_matrix(found.grasp_pose.pose), pose_matrix(grasp.pregrasp_pose), atol=1e-12)
    assert found.grasp_pose.header.frame_id == 'lens'
    assert [p.positions[0] for p in found.pre_grasp_posture.points] == [0.1]
    assert [p.positions[0] for p in found.grasp_posture.points] == [0.2, 0.3]
    way, lift = found.pre_grasp_approach, found.post_grasp_retreat
    assert (way.direction.header.frame_id, way.direction.vector.x) == ('lens', 0.6)
    assert (lift.direction.header.frame_id, lift.direction.vector.z) == ('base', 1.0)
    assert 0 < way.min_distance < way.desired_distance
    assert found.allowed_touch_objects == ['mug']


def test_the_manipulator_is_five_centimetres_along_the_fingers(moveit, grasp):
    """It is turned as the palm is."""
    palm = pose_matrix(moveit_grasp(grasp).grasp_pose.pose)
    other = pose_matrix(moveit_grasp(grasp, 'rh_manipulator').grasp_pose.pose)
    relative = np.linalg.inv(palm) @ other
    expected = np.eye(4)
    expected[2, 3] = 0.05
    np.testing.assert_allclose(relative, expected, atol=1e-12)


def test_other_links_are_refused(moveit, grasp):
    """The error names those that are known."""
    with pytest.raises(InvalidRequest, match='rh_manipulator'):
        moveit_grasp(grasp, 'tool0')


def test_without_moveit_the_remedy_is_told(grasp, monkeypatch):
    """Nothing else of the package needs it."""
    monkeypatch.setitem(sys.modules, 'moveit_msgs', None)
    with pytest.raises(MissingDependency, match='apt install'):
        moveit_grasp(grasp)
