# SPDX-License-Identifier: Apache-2.0
"""Near misses are as near as they are said to be, and hands can make them."""

import math

import numpy as np
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.labels.near_miss import JOINTS, near_miss, SHIFT_MAX, SHIFT_MIN, TURN


def random_grasp(seed: int) -> StagedGrasp:
    """Return a grasp with joints anywhere within their limits, some of them at a limit."""
    rng = np.random.default_rng(seed)
    lower, upper = (np.array([getattr(joint, name) for joint in SHADOW_RIGHT.joints])
                    for name in ('lower', 'upper'))
    stages = []
    turn = torch.linalg.qr(torch.from_numpy(rng.standard_normal((1, 3, 3)))).Q
    for _ in range(3):
        joints = rng.choice([lower, upper, lower + rng.uniform(size=22) * (upper - lower)])
        for first, second in SHADOW_RIGHT.coupled_indices:
            joints[second] = joints[first]
        stages.append(GraspBatch(
            torch.from_numpy(rng.normal(0.0, 0.1, (1, 3))), turn,
            torch.from_numpy(joints)[None]))
    return StagedGrasp(*stages)


def test_wrist_and_joints_move_by_what_is_stated():
    """2.5 to 5 mm, 2.5 degrees and up to 0.05 rad, at every stage alike."""
    shifts, bends = [], []
    for seed in range(60):
        grasp = random_grasp(seed)
        missed = near_miss(grasp, SHADOW_RIGHT, np.random.default_rng(seed))
        moved = [after.translation - before.translation
                 for before, after in zip(vars(grasp).values(), vars(missed).values())]
        assert all(torch.allclose(each, moved[0]) for each in moved)
        shifts.append(float(moved[0].norm()))
        for before, after in zip(vars(grasp).values(), vars(missed).values()):
            turn = (before.rotation.mT @ after.rotation)[0]
            angle = math.acos((float(turn.trace()) - 1.0) / 2.0)
            assert abs(angle - TURN) < 1e-6
            bends.append((after.joints - before.joints).abs().max())
    assert SHIFT_MIN <= min(shifts) and max(shifts) <= SHIFT_MAX
    assert max(shifts) - min(shifts) > 0.8 * (SHIFT_MAX - SHIFT_MIN), 'hardly varied'
    assert 0.8 * JOINTS < max(bends) <= JOINTS + 1e-12


def test_joints_stay_within_limits_and_coupled():
    """Also of grasps at a limit."""
    kinematics = HandKinematics(SHADOW_RIGHT)
    pairs = np.array(SHADOW_RIGHT.coupled_indices)
    for seed in range(20):
        missed = near_miss(random_grasp(seed), SHADOW_RIGHT, np.random.default_rng(seed))
        for stage in vars(missed).values():
            assert float(kinematics.limit_margin(stage.joints).min()) >= -1e-6
            assert torch.equal(stage.joints[:, pairs[:, 0]], stage.joints[:, pairs[:, 1]])


def test_the_same_seed_gives_the_same_miss():
    """And another seed another one."""
    grasp = random_grasp(0)
    first, again, other = (
        near_miss(grasp, SHADOW_RIGHT, np.random.default_rng(seed)).grasp for seed in (1, 1, 2))
    assert torch.equal(first.joints, again.joints)
    assert torch.equal(first.translation, again.translation)
    assert not torch.equal(first.translation, other.translation)
