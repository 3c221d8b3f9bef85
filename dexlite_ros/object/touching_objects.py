# SPDX-License-Identifier: Apache-2.0
"""
Whether what was seen as one object is two that touch.

No simple solid explains all of it, but one explains either side of a seam.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.concave_seam import weakest_seam
from dexlite_ros.object.hypotheses import solid_cost
from dexlite_ros.object.orientation import facing_normals
from dexlite_ros.object.support import Plane

SEAM = 0.3
"""Largest strength of a seam between two objects."""
EXPLAINED = 2.6
"""Largest cost of the solid of either."""
FEWEST = 100
"""Smallest number of points of each."""
NEIGHBOURS = 25
"""Points per local plane, as in noisy clouds: a seam is wider than that."""


def are_two_objects(
    cloud: PointCloud, support: Plane, walls: Points, between: Callable[[], None] = lambda: None
) -> bool:
    """
    Return whether a cloud that no simple solid explains is rather of two objects side by side.

    :param cloud: from ``clean_cloud``, with a viewpoint
    :param support: plane that it stands on
    :param walls: (W, 3) points around it [m]
    :param between: called between long steps; ends the work by raising an error
    """
    assert cloud.viewpoint is not None
    seam = weakest_seam(
        cloud.points, facing_normals(cloud.points, cloud.viewpoint, NEIGHBOURS))
    sides = (seam.first, ~seam.first)
    if seam.strength > SEAM or min(side.sum() for side in sides) < FEWEST:
        return False
    for side in sides:
        between()
        around = np.concatenate([walls, cloud.points[~side]])
        if solid_cost(cloud[side], support, around) > EXPLAINED:
            return False
    return True
