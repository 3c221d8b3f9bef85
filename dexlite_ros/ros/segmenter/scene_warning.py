# SPDX-License-Identifier: Apache-2.0
"""What the segmenter warns of: the reasons of a segmentation as sentences with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.scene_parts import Reason
from dexlite_ros.object.scene_support import Doubt
from dexlite_ros.object.segmentation import hidden_share, Segmentation

HIDDEN = 0.25
"""Share of the outline along which something nearer stands, above which that is a warning."""
ABOVE = 0.01
"""Lowest height above the support of what may hide an object [m]."""
DOUBTS: dict[Doubt, str] = {
    'no_plane':
        'there is no flat area of scene.min_support or more; objects are parted where they do not '
        'touch, and may hang in the air',
    'not_level':
        'none of the flat areas is level within 15 degrees; check up and up_frame, or lower '
        'scene.min_support',
    'from_below':
        'the sensor looks on no flat area from above; set viewpoint or viewpoint_frame to where '
        'the sensor is',
    'nothing_stands': 'nothing that may be an object stands on any of the flat areas',
    'ambiguous':
        'as much stands on one flat area as on another that slants to it, such as a table and a '
        'wall; set up, the direction against gravity',
    'untouched':
        'nothing is seen to touch the support, which may be a wall behind the objects; set up, '
        'the direction against gravity',
    'second_support':
        'as much stands on another level; that is an obstacle; bring scene.max_range in to leave '
        'out what is meant less',
}
"""What each doubt about the support means, and what helps."""
LIMITS: dict[Reason, str] = {
    'too_large': 'scene.max_size',
    'too_small': 'scene.min_size',
    'beyond_limits': 'scene.max_range, scene.max_height',
    'too_low': 'scene.min_height',
    'cut': 'scene.max_cut',
    'beside': 'scene.max_clearance',
}
"""The parameters behind each reason for which a part is no object."""


@dataclass(frozen=True)
class SceneWarning:
    """Something about a scene that may make another answer right, or none."""

    code: str
    message: str
    """A sentence with the numbers of this scene."""

    def __str__(self) -> str:
        return f'{self.code}: {self.message}'


def scene_warnings(scene: PointCloud, found: Segmentation) -> Iterator[SceneWarning]:
    """
    Yield what is to be said of a segmentation, the largest refused part first.

    :param scene: the cloud that was segmented
    """
    if found.doubt is not None:
        yield SceneWarning(found.doubt, DOUBTS[found.doubt])
    for part in found.refused:
        x, y, z = np.median(scene.points[part.points], axis=0)
        limit = f' ({LIMITS[part.reason]})' if part.reason in LIMITS else ''
        yield SceneWarning(
            f'obstacle_{part.reason}',
            f'{len(part.points)} points about ({x:.2f}, {y:.2f}, {z:.2f}) are an obstacle, not an '
            f'object: {part.message}{limit}')


def target_warnings(
    scene: PointCloud, found: Segmentation, which: int
) -> Iterator[SceneWarning]:
    """
    Yield what is to be said of the chosen object.

    :param scene: the cloud that was segmented, with its viewpoint unless that is the origin
    :param which: index of the object
    """
    if found.cuts[which] > 0.0:
        yield SceneWarning(
            'target_at_border',
            f'{100 * found.cuts[which]:.0f} % of the width of the chosen object lie on the border '
            'of the image; a part of it may be outside')
    own = found.objects[which]
    eye = np.zeros(3) if scene.viewpoint is None else scene.viewpoint
    index = np.concatenate([found.rest, *found.objects[:which], *found.objects[which + 1:]])
    others = scene.points[index]
    if found.support is not None:  # which never hides what stands on it
        others = others[found.support.height(others) > ABOVE]
    hidden = hidden_share(scene.points[own], others, eye)
    if hidden > HIDDEN:
        yield SceneWarning(
            'target_partly_hidden',
            f'something nearer stands along {100 * hidden:.0f} % of the outline of the chosen '
            'object and may hide a part of it')
