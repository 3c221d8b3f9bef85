# SPDX-License-Identifier: Apache-2.0
"""
How far an object runs along the border of what the camera saw.

All that one camera measured fills its image, whose border is straight and convex on any projection
plane. An object that ends on that border, beside other things that end on the same line, may go on
where the camera does not see it. N is the number of points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree, ConvexHull, QhullError

from dexlite_ros.object.cloud import mean_spacing, PointCloud, Points
from dexlite_ros.object.depth_view import camera_axes, project

AHEAD = 0.2
"""Cosine of the largest angle from the direction of the object at which others are looked at."""
LEAST = 30
"""Number of other points from which they tell where the image ends."""
LONG = 15.0
"""Shortest straight part of the border, in grains: the mean distance of the object's points."""
ON_LINE = 1.0
"""Points this near to a line are on it [grains]."""
BESIDE = 12.0
"""Shortest part of the line beside the object that is looked at [grains]."""
CONFIRMED = 0.5
"""Share of that part on which others must end as well."""
DEEP = 3.0
"""Width of the strip along the line in which the object may hardly widen [grains]: a round thing
touches a line, a cut one ends on it."""
ABRUPT = 0.67
"""Smallest share of the object's places in that strip that are on the line."""
OWN = 3.0
"""Measured points this near to the used ones belong to the object [spacings]."""
PIXELS = 1
"""Pixels from the border of an organised cloud that count as on it."""


def cut_length(measured: PointCloud, used: Points, eye: Points, walls: Points) -> float:
    """
    Return how much of an object's width lies on the border of the image, 0 to 1.

    The larger of two answers: of the places in an organised cloud, and of all viewing rays, where
    others than the object's were measured. 0 if neither is known.

    :param measured: the object's cloud before cleaning; others in it count as around the object
    :param used: (M, 3) points of the object after cleaning [m]
    :param eye: (3,) position of the camera [m]
    :param walls: (W, 3) other points seen by the same camera [m]
    """
    points = measured.points
    finite = np.isfinite(points).all(axis=1)
    spacing = mean_spacing(used)
    own = np.zeros(len(points), dtype=bool)
    own[finite] = np.isfinite(
        cKDTree(used).query(points[finite], distance_upper_bound=OWN * spacing)[0])
    grain = spacing / float(np.linalg.norm(used.mean(axis=0) - eye))
    around = np.concatenate([walls, points[finite & ~own]])
    return max(
        _on_hull(points[own], eye, around, grain), _in_outermost_pixels(measured[own]))


def _in_outermost_pixels(cloud: PointCloud) -> float:
    """
    Return the largest share of an object's width or height in a row or column at the border.

    0 if it reaches all four sides: the image was cut out around it.
    """
    if cloud.pixels is None or cloud.image_size is None or not len(cloud):
        return 0.0
    shares = []
    for axis, size in enumerate(cloud.image_size):
        place, along = cloud.pixels[:, axis], cloud.pixels[:, 1 - axis]
        shares += [
            len(np.unique(along[on_border])) / (float(np.ptp(along)) + 1.0)
            for on_border in (place <= PIXELS, place >= size - 1 - PIXELS)]
    return 0.0 if min(shares) > 0.0 else max(shares)


def _on_hull(points: Points, eye: Points, around: Points, grain: float) -> float:
    """Return the same for the straight sides of the hull of all viewing rays."""
    axes = camera_axes((points - eye).mean(axis=0))
    own, others = (_image(each - eye, axes) / grain for each in (points, around))
    if len(others) < LEAST:
        return 0.0
    try:
        hull = ConvexHull(np.concatenate([own, others]))
    except QhullError:  # all on one line
        return 0.0
    corners = hull.points[hull.vertices]
    coarse = max(1.0, mean_spacing(others))
    longest = 0.0
    for start, end in zip(corners, np.roll(corners, -1, axis=0)):
        length = float(np.linalg.norm(end - start))
        if length < LONG:
            continue
        along = (end - start) / length
        turn = np.stack([along, [-along[1], along[0]]], axis=1)
        mine, theirs = (own - start) @ turn, (others - start) @ turn
        here, strip = (np.unique(np.rint(mine[mine[:, 1] < deep, 0])) for deep in (ON_LINE, DEEP))
        if (len(here) and len(here) > ABRUPT * len(strip)
                and _goes_on(theirs[theirs[:, 1] < ON_LINE, 0], here, coarse)):
            longest = max(longest, len(here) / (float(np.ptp(mine[:, 0])) + 1.0))
    return min(longest, 1.0)


def _goes_on(
    theirs: NDArray[np.float64], here: NDArray[np.float64], coarse: float
) -> bool:
    """Return whether others end on the line as well, on one side of the object's places on it."""
    step = 2.0 * coarse
    width = max(BESIDE * coarse, 0.5 * len(here))
    places = step * np.unique(np.rint(theirs / step))
    before = (places < here[0] - 1.0) & (places >= here[0] - 1.0 - width)
    after = (places > here[-1] + 1.0) & (places <= here[-1] + 1.0 + width)
    return bool(step * max(before.sum(), after.sum()) > CONFIRMED * width)


def _image(rays: Points, axes: Points) -> Points:
    """Return the places (N, 2) of ``rays`` in an image, those far from its middle left out."""
    image, reach = project(rays, axes)
    kept: Points = image[rays @ axes[2] > AHEAD * reach]
    return kept
