# SPDX-License-Identifier: Apache-2.0
"""The hand is the Shadow Hand, and its kinematics agree with MuJoCo."""

from hands import difference, geometry, random_grasps, slope
import mujoco
import numpy as np
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.link_points import LinkPoints
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT

# Shadow Robot's technical specification, [deg].
LIMITS = {
    'FFJ4': (-20, 20), 'FFJ3': (-15, 90), 'FFJ2': (0, 90), 'FFJ1': (0, 90), 'LFJ5': (0, 45),
    'THJ5': (-60, 60), 'THJ4': (0, 70), 'THJ3': (-12, 12), 'THJ2': (-40, 40), 'THJ1': (-15, 90)}


def test_joint_order_and_limits():
    """22 joints, finger by finger from the knuckle out, with the specified ranges."""
    names = [name.removeprefix('rh_') for name in SHADOW_RIGHT.joint_names]
    fingers = [[f'{f}J{i}' for i in range(5 if f in ('LF', 'TH') else 4, 0, -1)]
               for f in ('FF', 'MF', 'RF', 'LF', 'TH')]
    assert names == [name for finger in fingers for name in finger]
    for joint in SHADOW_RIGHT.joints:
        short = joint.name.removeprefix('rh_')
        lower, upper = LIMITS.get(short) or LIMITS[short.replace(short[:2], 'FF')]
        np.testing.assert_allclose(np.rad2deg([joint.lower, joint.upper]), [lower, upper])


def test_forward_kinematics_equals_mujoco():
    """Every link of 1 000 random postures is where MuJoCo puts it, within a micrometre."""
    model = mujoco.MjModel.from_xml_string(write_mjcf(SHADOW_RIGHT))
    data = mujoco.MjData(model)
    bodies = [model.body(name).id for name in SHADOW_RIGHT.link_names]
    grasps = random_grasps(1000)
    still = GraspBatch(
        torch.zeros_like(grasps.translation),
        torch.eye(3, dtype=torch.float64).expand(1000, 3, 3), grasps.joints)
    poses = geometry().kinematics(still)
    for index in range(1000):
        data.qpos[:] = grasps.joints[index].numpy()
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(
            poses.position[index].numpy(), data.xpos[bodies], rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            poses.rotation[index].numpy().reshape(-1, 9), data.xmat[bodies], rtol=0, atol=1e-6)


def test_mjcf_drives_coupled_joints_by_their_sum():
    """18 actuators; those of the coupled joints pull a tendon on J1 + J2."""
    model = mujoco.MjModel.from_xml_string(write_mjcf(SHADOW_RIGHT, stiffness=7.0))
    assert model.nu == 18 and model.ntendon == 4 and model.njnt == 22
    np.testing.assert_allclose(model.actuator_gainprm[:, 0], 7.0)
    data = mujoco.MjData(model)
    data.qpos[model.joint('rh_FFJ2').qposadr[0]] = 0.3
    data.qpos[model.joint('rh_FFJ1').qposadr[0]] = 0.5
    mujoco.mj_forward(model, data)
    assert abs(data.ten_length[model.tendon('rh_FFJ0').id] - 0.8) < 1e-12


def test_mjcf_weighs_what_the_facts_say():
    """The total mass in the model is that of the description."""
    model = mujoco.MjModel.from_xml_string(write_mjcf(SHADOW_RIGHT))
    expected = sum(link.mass for link in SHADOW_RIGHT.links)
    np.testing.assert_allclose(model.body_mass.sum(), expected, rtol=1e-6)


def test_points_move_with_their_links():
    """The gradient of a function of the hand's points agrees with finite differences."""
    generator = torch.Generator().manual_seed(1)
    points = geometry().points
    weights = torch.randn(len(points), 3, generator=generator, dtype=torch.float64)

    def function(grasps):
        world, _ = points(geometry().kinematics, grasps)
        return (world * weights).sum((1, 2)) + world.square().sum((1, 2))

    grasps = random_grasps(5)
    torch.testing.assert_close(
        slope(function, grasps), difference(function, grasps), rtol=1e-6, atol=1e-6)


def test_joint_torques_do_the_work_of_the_forces():
    """Virtual work: J^T f times a joint displacement equals f times the points' displacement."""
    kinematics = geometry().kinematics
    generator = torch.Generator().manual_seed(2)
    grasps = random_grasps(4)
    link = torch.randint(0, 23, (7,), generator=generator)
    local = 0.02 * torch.randn(7, 3, generator=generator, dtype=torch.float64)
    points = LinkPoints(kinematics, link, local).double()
    force = torch.randn(4, 7, 3, generator=generator, dtype=torch.float64)
    poses = kinematics(grasps)
    result = kinematics.joint_torques(
        poses, kinematics.joints_moving(link), points.place(poses), force)
    step = 1e-7 * torch.randn(4, 22, generator=generator, dtype=torch.float64)
    ahead = kinematics(GraspBatch(grasps.translation, grasps.rotation, grasps.joints + step))
    work = (force * (points.place(ahead) - points.place(poses))).sum((1, 2))
    torch.testing.assert_close((result.torque * step).sum(1), work, rtol=1e-5, atol=1e-12)
