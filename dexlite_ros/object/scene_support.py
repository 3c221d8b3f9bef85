# SPDX-License-Identifier: Apache-2.0
"""
What the objects of a scene stand on: a table rather than the wall behind it.

Several flat areas are compared. Where it is known which way is up, level ones alone may be the
support. That on which most of what may be an object stands is taken; walls, floors and sides of
boxes have nothing on them, or only things that are too large, such as the table. N is the number
of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.object.cloud import Points
from dexlite_ros.object.flat_area import FlatArea
from dexlite_ros.object.scene_parts import Neighbours, refusal, SegmentationSettings

Doubt = Literal[
    'no_plane', 'not_level', 'from_below', 'nothing_stands', 'ambiguous', 'second_support',
    'untouched']
LEVEL = np.cos(np.deg2rad(15.0))
"""Cosine of the largest tilt of a support, where it is known which way is up."""
GRAZING = np.sin(np.deg2rad(3.0))
"""Sine of the smallest angle from which a support is seen."""
RESTING = 0.025
"""Distance from a flat area up to which things are seen to touch it [m]."""
HIDES_ITS_FOOT = 0.5
"""What counts for each point of other things that stand on it, if they hide how."""
RIVAL = 0.5
"""Share of the points on the support, on another area, that make the choice doubtful."""
PARALLEL = np.cos(np.deg2rad(20.0))
"""Cosine of the largest angle between areas of which the wrong one is a support, too."""


@dataclass(frozen=True)
class SupportChoice:
    """Which of the flat areas of a scene is the support."""

    support: FlatArea | None
    """None: there is none, or it cannot be told which. With 'nothing_stands' it is the largest
    that may be one."""
    walls: tuple[FlatArea, ...]
    """The other areas that are too large for the side of an object."""
    doubt: Doubt | None
    """Why there is no support, or why it may be the wrong one."""


def choose_support(
    areas: Sequence[FlatArea], points: Points, weights: NDArray[np.int64], near: Neighbours,
    eye: Points, settings: SegmentationSettings, up: Points | None,
) -> SupportChoice:
    """
    Return the support of a scene.

    :param areas: all flat areas, the largest first
    :param points: (N, 3) of the scene, evenly thinned to about a centimetre [m]
    :param weights: (N,) measured points that each stands for
    :param near: of the points
    :param eye: (3,) position of the sensor [m]
    :param up: (3,) unit vector against gravity; None: unknown
    """
    large = [area for area in areas if area.extent > settings.max_size]
    able, doubt = _able(areas, points, eye, up)
    if not able:
        return SupportChoice(None, tuple(large), doubt)
    of_large = {id(area): area.holds(points) for area in large}
    scores, touched = [], []
    for area in able:
        walls = [mask for key, mask in of_large.items() if key != id(area)]
        free = ~np.any(walls, axis=0) if walls else np.ones(len(points), bool)
        touching, hiding = _standing(area, points, weights, near, free, eye, settings)
        scores.append(touching + HIDES_ITS_FOOT * hiding)
        touched.append(touching > 0)
    order = np.argsort(-np.array(scores), kind='stable')
    best = able[order[0]]
    walls_left = tuple(area for area in large if area is not best)
    if scores[order[0]] == 0:
        return SupportChoice(best, walls_left, 'nothing_stands')
    rivals = [able[index] for index in order[1:]
              if scores[index] > RIVAL * scores[order[0]]]
    slanting = [area for area in rivals if _cosine(area, best) < PARALLEL]
    if slanting:
        return SupportChoice(None, tuple(large), 'ambiguous')
    doubt = 'second_support' if rivals else None
    if up is None and not touched[order[0]]:
        doubt = 'untouched'
    return SupportChoice(best, walls_left, doubt)


def _able(
    areas: Sequence[FlatArea], points: Points, eye: Points, up: Points | None
) -> tuple[list[FlatArea], Doubt | None]:
    """Return the areas that may be supports for what is known of up and of the sensor."""
    if not areas:
        return [], 'no_plane'
    level = [area for area in areas
             if up is None or abs(float(area.plane.normal @ up)) > LEVEL]
    if not level:
        return [], 'not_level'
    able = [area for area in level
            if (up is None or float(area.plane.normal @ up) > 0)
            and _seen_from_above(area, points, eye)]
    return able, None if able else 'from_below'


def _seen_from_above(area: FlatArea, points: Points, eye: Points) -> bool:
    """Return whether the sensor is well above an area, and most other things in sight as well."""
    height = area.plane.height(points)
    own = points[np.abs(height) < area.margin]
    if not len(own):
        return False
    eye_height = float(area.plane.height(eye[None])[0])
    if eye_height < GRAZING * float(np.median(np.linalg.norm(own - eye, axis=1))):
        return False
    # Nothing solid is seen through: of what is behind the area, hardly anything shows where it is.
    below = points[height < -2.0 * area.margin]
    if not len(below):
        return True
    share = eye_height / (eye_height - area.plane.height(below))
    through = area.bare_below(eye + share[:, None] * (below - eye))
    above = np.count_nonzero((height > area.margin) & (area.outside(points) < RESTING))
    return bool(np.count_nonzero(through) <= above)


def _standing(
    area: FlatArea, points: Points, weights: NDArray[np.int64], near: Neighbours,
    free: NDArray[np.bool_], eye: Points, settings: SegmentationSettings,
) -> tuple[int, int]:
    """
    Return how many measured points are of things that may be objects and stand on an area.

    The first number is of those that are seen to touch it, the second of those that hide how they
    stand.
    """
    height = area.plane.height(points)
    label = near.parts(free & (height > area.margin) & (height < settings.max_height))
    counts = np.bincount(label[label >= 0], weights[label >= 0], minlength=1).astype(int)
    touching = hiding = 0
    for part in np.flatnonzero(counts >= settings.min_points):
        own = label == part
        if refusal(points[own], eye, area, settings, strict=True) is not None:
            continue
        if (np.hypot(area.aside(points[own]), height[own]) < RESTING).any():
            touching += int(counts[part])
        else:
            hiding += int(counts[part])
    return touching, hiding


def _cosine(one: FlatArea, other: FlatArea) -> float:
    return float(one.plane.normal @ other.plane.normal)
