# SPDX-License-Identifier: Apache-2.0
"""J2 bends to its stop before J1, and their sum stays what the motor J0 sets."""

import numpy as np
import pytest
from three_finger_hand import THREE_FINGER_HAND
import torch

from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.physics.judge import find_test
from dexlite_ros.offline.physics.uneven_coupling import split_unevenly

PAIRS = torch.tensor(SHADOW_RIGHT.coupled_indices)
FAR_AWAY = 1.0 + 0.01 * np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), -1).reshape(-1, 3)


def coupled(count: int) -> StagedGrasp:
    """Return random postures, other ones at every stage, with J1 = J2."""
    kinematics = HandKinematics(SHADOW_RIGHT)
    generator = torch.Generator().manual_seed(0)

    def stage() -> GraspBatch:
        draw = torch.rand(count, len(SHADOW_RIGHT.joints), generator=generator)
        joints = kinematics.lower + (kinematics.upper - kinematics.lower) * draw
        return GraspBatch(
            torch.zeros(count, 3), torch.eye(3).expand(count, 3, 3), kinematics.couple(joints))

    return StagedGrasp(stage(), stage(), stage())


def test_sums_and_limits_are_kept():
    """At each stage; J1 bends only where J2 is at its stop; no other joint is touched."""
    kinematics = HandKinematics(SHADOW_RIGHT)
    before = coupled(200)
    after = split_unevenly(before, SHADOW_RIGHT)
    for name, batch in vars(after).items():
        old = getattr(before, name).joints
        torch.testing.assert_close(batch.joints[:, PAIRS].sum(-1), old[:, PAIRS].sum(-1))
        assert (kinematics.limit_margin(batch.joints) > -1e-6).all()
        proximal, distal = batch.joints[:, PAIRS].unbind(-1)
        stop = kinematics.upper[PAIRS[:, 0]]
        assert ((distal < 1e-6) | (proximal > stop - 1e-6)).all()
        assert (proximal > stop - 1e-6).any() and (distal < 1e-6).any()
        others = [index for index in range(old.shape[1]) if index not in PAIRS]
        assert torch.equal(batch.joints[:, others], old[:, others])


@pytest.mark.parametrize(('name', 'first'), [('uneven-j0', True), ('six-forces', False)])
def test_a_finger_that_closes_freely_bends_j2_first(name, first):
    """In the world of the test J1 hardly moves until J2 is at its stop; usually both do alike."""
    scene = find_test(name).scene([FAR_AWAY], SHADOW_RIGHT, None)
    still = GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], torch.zeros(1, 22))
    scene.pose(still, 0)
    places = [scene.model.joint(joint).qposadr[0] for joint in ('rh_FFJ2', 'rh_FFJ1')]
    target = np.zeros(22)
    for angle in np.linspace(0.05, 1.0, 20):
        target[[SHADOW_RIGHT.joint_names.index(joint) for joint in ('rh_FFJ2', 'rh_FFJ1')]] = angle
        scene.command(np.zeros(3), np.array([1.0, 0, 0, 0]), target)
        scene.step(0.04)
        proximal, distal = scene.data.qpos[places]
        if first:
            assert distal < 0.06 or proximal > SHADOW_RIGHT.joints[2].upper - 0.05
        else:
            assert proximal == pytest.approx(distal, abs=0.03)
    assert proximal + distal == pytest.approx(2.0, abs=0.1)


def test_a_hand_without_couplings_is_judged_as_it_is():
    """Its joints stay where they are."""
    count = len(THREE_FINGER_HAND.joints)
    batch = GraspBatch(torch.zeros(2, 3), torch.eye(3).expand(2, 3, 3), torch.rand(2, count))
    after = split_unevenly(StagedGrasp(batch, batch, batch), THREE_FINGER_HAND)
    assert torch.equal(after.grasp.joints, batch.joints)


def test_only_the_uneven_test_has_another_key():
    """Verdicts of earlier releases on the other tests stay valid."""
    assert 'uneven' in find_test('uneven-j0').key()
    assert 'uneven' not in find_test('six-forces').key()
