# SPDX-License-Identifier: Apache-2.0
"""Which of the objects in a scene is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.segmentation import Segmentation
from dexlite_ros.ros.segmenter.scene_warning import SceneWarning

TargetChoice = Literal['largest', 'nearest', 'centre', 'point']


@dataclass(frozen=True)
class Aim:
    """What is known of the object that is meant."""

    choice: TargetChoice
    """'largest': of the most points; 'nearest': to the sensor; 'centre': to the middle of the
    image; 'point': to a place."""
    place: Points
    """(3,) [m]"""
    reach: float
    """Largest distance of the object from the place [m]."""


def chosen(scene: PointCloud, found: Segmentation, aim: Aim) -> int | SceneWarning:
    """
    Return the index of the object that is meant, or why there is none.

    :param scene: the cloud that was segmented, with its viewpoint unless that is the origin
    """
    objects = [scene.points[index] for index in found.objects]
    if not objects:
        return SceneWarning('no_object', 'no part of scene.min_points or more may be an object')
    eye = np.zeros(3) if scene.viewpoint is None else scene.viewpoint
    if aim.choice == 'largest':
        return int(np.argmax([len(each) for each in objects]))
    if aim.choice == 'centre':
        axis = _axis(scene, eye)
        return int(np.argmax([_unit(each.mean(axis=0) - eye) @ axis for each in objects]))
    away = _distances(objects, eye if aim.choice == 'nearest' else aim.place)
    best = int(np.argmin(away))
    if aim.choice == 'nearest':
        return best
    if away[best] > aim.reach:
        return SceneWarning(
            'target_far', f'the nearest object is {away[best]:.2f} m from target_point, more than '
            f'target_reach, {aim.reach:g} m')
    others = [scene.points[part.points] for part in found.refused]
    if others and min(_distances(others, aim.place)) < away[best]:
        part = found.refused[int(np.argmin(_distances(others, aim.place)))]
        return SceneWarning(
            'target_refused', f'what is nearest to target_point is no object: {part.message}')
    return best


def _distances(parts: Sequence[Points], place: Points) -> list[float]:
    """Return the distance from the nearest point of each part to a place [m]."""
    return [float(np.linalg.norm(each - place, axis=1).min()) for each in parts]


def _axis(scene: PointCloud, eye: Points) -> Points:
    """Return the direction (3,) through the middle of the image, or of what was measured."""
    if scene.pixels is not None and scene.image_size is not None:
        off = scene.pixels - 0.5 * (np.array(scene.image_size) - 1.0)
        return _unit(scene.points[int(np.argmin((off**2).sum(axis=1)))] - eye)
    rays = scene.points - eye
    rays = rays[(rays != 0.0).any(axis=1)]
    return _unit((rays / np.linalg.norm(rays, axis=1, keepdims=True)).mean(axis=0))


def _unit(vector: Points) -> Points:
    unit: Points = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit
