"""Grasps keep their values through every layout."""

from hands import random_grasps
import torch

from dexlite_ros.grasp import GraspBatch


def test_vector_round_trip():
    """The 28-vector gives back the same grasp, rotation included."""
    grasps = random_grasps(50)
    vector = grasps.to_vector()
    again = GraspBatch.from_vector(vector)
    assert vector.shape == (50, 28)
    for name, value in vars(grasps).items():
        torch.testing.assert_close(getattr(again, name), value)


def test_vector_rotation_is_extrinsic_xyz():
    """Angles (a, b, c) mean Rz(c) Ry(b) Rx(a), as DexGraspNet stores them."""
    angles = torch.tensor([0.3, -0.5, 1.1], dtype=torch.float64)
    vector = torch.zeros(1, 28, dtype=torch.float64)
    vector[0, 3:6] = angles

    def turn(axis, angle):
        c, s = torch.cos(angle), torch.sin(angle)
        matrix = torch.eye(3, dtype=torch.float64)
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        matrix[i, i] = matrix[j, j] = c
        matrix[i, j], matrix[j, i] = -s, s
        return matrix

    expected = turn(2, angles[2]) @ turn(1, angles[1]) @ turn(0, angles[0])
    torch.testing.assert_close(GraspBatch.from_vector(vector).rotation[0], expected)


def test_quaternion_round_trip_and_order():
    """Quaternions are x, y, z, w with w >= 0, and lead back to the same rotation."""
    grasps = random_grasps(50)
    quat = grasps.quat_xyzw()
    assert (quat[:, 3] >= 0).all()
    again = GraspBatch.from_quat_xyzw(grasps.translation, quat, grasps.joints)
    torch.testing.assert_close(again.rotation, grasps.rotation)
    half_turn_about_x = GraspBatch.from_quat_xyzw(
        torch.zeros(1, 3), torch.tensor([[1.0, 0.0, 0.0, 0.0]]), torch.zeros(1, 22))
    torch.testing.assert_close(
        half_turn_about_x.rotation[0], torch.diag(torch.tensor([1.0, -1.0, -1.0])))
