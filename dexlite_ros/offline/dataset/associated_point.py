# SPDX-License-Identifier: Apache-2.0
"""
The point of an object's cloud with which a grasp is associated.

Dex1B (2025) associates each grasp with one point, so that grasps can be requested and counted by
place. A ray leaves the palm through the midpoint between the tips of thumb and middle finger; the
point closest to it is the associated one. Since a ray crosses most surfaces twice, the distance
along it adds to the cost, which favours the near side. Shapes: B grasps, P points.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics

FARNESS = 0.25
"""Cost of distance along the ray relative to distance from it; favours the near side."""


def palm_rays(kinematics: HandKinematics, grasps: GraspBatch) -> tuple[Tensor, Tensor]:
    """Return origins (B, 3) [m] and unit directions (B, 3) of the rays, in the grasps' frame."""
    hand = kinematics.description
    poses = kinematics(grasps)
    places = (hand.palm_link, hand.palm_centre), *hand.pinch_points
    centre, *tips = (
        poses.position[:, link] + poses.rotation[:, link] @ torch.tensor(point).to(poses.position)
        for link, point in ((hand.link_names.index(name), point) for name, point in places))
    return centre, torch.nn.functional.normalize((tips[0] + tips[1]) / 2 - centre, dim=1)


def associated_points(kinematics: HandKinematics, grasps: GraspBatch, cloud: Tensor) -> Tensor:
    """
    Return the index (B,) of each grasp's associated point.

    :param cloud: (P, 3) points on the object, in the grasps' frame [m]
    """
    origin, direction = palm_rays(kinematics, grasps)
    return nearest_to_rays(origin, direction, cloud.to(origin))


def nearest_to_rays(origin: Tensor, direction: Tensor, cloud: Tensor) -> Tensor:
    """Return the index (B,) of the point with the lowest cost for each ray."""
    return ray_costs(origin, direction, cloud).argmin(1)


def ray_costs(origin: Tensor, direction: Tensor, cloud: Tensor) -> Tensor:
    """Return costs (B, P): distance of points from each ray, plus a quarter of that along [m]."""
    offset = cloud - origin[:, None]  # (B, P, 3)
    along = (offset @ direction[:, :, None]).clamp(min=0)  # (B, P, 1)
    beside = (offset - along * direction[:, None]).norm(dim=2)
    return beside + FARNESS * along.squeeze(2)
