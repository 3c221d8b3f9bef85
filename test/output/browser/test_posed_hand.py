# SPDX-License-Identifier: Apache-2.0
"""A hand is at its stages where kinematics puts it, and moves evenly between them."""

import numpy as np
from plans import make_plan
import pytest
from scipy.spatial.transform import Rotation
import torch

from dexlite_ros.grasp import STAGES
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.output.browser.posed_hand import between_stages, pose_hand

GRASPS = make_plan(3).grasps
KINEMATICS = HandKinematics(SHADOW_RIGHT)


@pytest.mark.parametrize('stage', range(len(STAGES)))
def test_stages_are_those_of_the_plan(stage):
    """Links and palm are where forward kinematics puts them."""
    own = getattr(GRASPS, STAGES[stage])[[1]]
    expected = KINEMATICS(own)
    posed = pose_hand(KINEMATICS, GRASPS, 1, float(stage))
    np.testing.assert_allclose(posed.link_positions, expected.position[0], atol=1e-5)
    turned = Rotation.from_quat(posed.link_wxyzs, scalar_first=True).as_matrix()
    np.testing.assert_allclose(turned, expected.rotation[0], atol=1e-5)
    np.testing.assert_allclose(posed.palm_position, own.translation[0], atol=1e-6)


@pytest.mark.parametrize(('stage', 'ends'), [(0.5, (0, 1)), (1.5, (1, 2))])
def test_halfway_is_as_far_from_both(stage, ends):
    """In position, joints and angle."""
    one = GRASPS[[0]]
    middle = between_stages(one, stage)
    before, after = (getattr(one, STAGES[each]).to(torch.float64) for each in ends)
    for name in ('translation', 'joints'):
        torch.testing.assert_close(
            getattr(middle, name), (getattr(before, name) + getattr(after, name)) / 2)
    away = [
        Rotation.from_matrix((end.rotation[0].mT @ middle.rotation[0]).numpy()).magnitude()
        for end in (before, after)]
    whole = Rotation.from_matrix((before.rotation[0].mT @ after.rotation[0]).numpy()).magnitude()
    assert away == pytest.approx([whole / 2, whole / 2], abs=1e-5) and whole > 0.1


@pytest.mark.parametrize(('stage', 'nearest'), [(-1.0, 'pregrasp'), (7.0, 'squeeze')])
def test_beyond_the_ends_is_the_end(stage, nearest):
    """The hand stops there."""
    found = between_stages(GRASPS[[2]], stage)
    torch.testing.assert_close(found.joints, getattr(GRASPS, nearest)[[2]].joints.double())
