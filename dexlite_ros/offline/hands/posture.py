# SPDX-License-Identifier: Apache-2.0
"""A hand with its palm at the origin, in a posture that is known by name."""

from __future__ import annotations

from typing import Literal

import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics, LinkPoses

Posture = Literal['open', 'stretched']


def posture(hand: HandDescription, kind: Posture) -> LinkPoses:
    """Return the link poses (1, L) of a hand: open, or with joints as near to 0 as they go."""
    kinematics = HandKinematics(hand)
    joints = torch.tensor([[each.open for each in hand.joints]])
    if kind == 'stretched':
        joints = kinematics.clamp(torch.zeros_like(joints))
    return kinematics(GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], joints))
