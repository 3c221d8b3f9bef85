# SPDX-License-Identifier: Apache-2.0
"""How much of an object's outline, as one camera sees it, borders on something nearer."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from dexlite_ros.object.cloud import mean_spacing, Points
from dexlite_ros.object.depth_view import DepthView, project

NEARER = 0.02
"""Something this much nearer to the camera than the object beside it hides a part of it [m]."""
_REACH = 4.0
"""Width of the border that is looked at around the outline [spacings of the points]."""


def hidden_outline(points: Points, eye: Points, walls: Points) -> float:
    """
    Return the share of the outline of an object along which a nearer thing stands, 0 to 1.

    :param points: (N, 3) of the object [m]
    :param eye: (3,) position of the camera [m]
    :param walls: (W, 3) other points seen by the same camera [m]
    """
    if not len(walls):
        return 0.0
    view = DepthView.of(points, eye)
    width = _REACH * mean_spacing(points) / float(np.linalg.norm(points.mean(axis=0) - eye))
    border = np.argwhere((view.inside < 0.0) & (view.inside > -2.0 * view.pixel))
    image, reach = project(walls - eye, view.axes)
    ahead = (walls - eye) @ view.axes[2] > 0.0
    tree = cKDTree(image[ahead])
    places = view.corner + view.pixel * border
    near = tree.query_ball_point(places, width)
    depth = view.depth[tuple(border.T)]
    hidden = [
        len(index) > 0 and float(np.min(reach[ahead][index])) < own - NEARER
        for index, own in zip(near, depth)]
    return float(np.mean(hidden)) if hidden else 0.0
