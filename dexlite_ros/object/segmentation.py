# SPDX-License-Identifier: Apache-2.0
"""
The objects in the cloud of a whole scene: what stands on its support, part by part.

N is the number of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.object.cloud import PointCloud, Points
from dexlite_ros.object.flat_area import flat_areas, FlatArea
from dexlite_ros.object.image_border import cut_length
from dexlite_ros.object.image_frame import ImageFrame
from dexlite_ros.object.occlusion import hidden_outline
from dexlite_ros.object.scene_parts import (
    DEFAULTS,
    Neighbours,
    Reason,
    Refusal,
    refusal,
    SegmentationSettings,
)
from dexlite_ros.object.scene_support import choose_support, Doubt, SupportChoice
from dexlite_ros.object.support import Plane
from dexlite_ros.object.thinning import thinned

COARSE = 0.012
"""Side of the cubes to which the scene is thinned to find its flat areas [m]."""
COARSE_GAP = 1.8
"""Cubes at most this far apart are of one part [sides]."""
SIGHT = 0.2
"""Other points farther than this from an object's neither hide nor cut it [m]."""


@dataclass(frozen=True)
class RefusedPart:
    """A part that is no object for a hand."""

    points: NDArray[np.int64]
    """Indices (M,) of its points."""
    reason: Reason
    message: str
    """One clause with its numbers."""


@dataclass(frozen=True)
class Segmentation:
    """The parts of a scene."""

    objects: tuple[NDArray[np.int64], ...]
    """Indices (M,) of the points of each, the one with the most points first."""
    cuts: tuple[float, ...]
    """For each object the share of its width that lies on the border of the image, 0 to 1."""
    refused: tuple[RefusedPart, ...]
    """Parts with enough points that are no objects, the one with the most points first."""
    rest: NDArray[np.int64]
    """Indices of all points in range that are of no object."""
    support: Plane | None
    """None: not found, see ``doubt``. With 'nothing_stands' it may be a wall."""
    doubt: Doubt | None
    """Why there is no support, or why another may be meant."""


@dataclass(frozen=True)
class _Scene:
    """A scene at three densities: own points, thinned, and coarse."""

    index: NDArray[np.int64]
    """Of its points in the cloud."""
    own: Points
    thin: Points
    member: NDArray[np.int64]
    """For each own point its thinned one."""
    coarse: Points
    weights: NDArray[np.int64]
    """Own points that each coarse one stands for."""


def segment(
    cloud: PointCloud, settings: SegmentationSettings = DEFAULTS,
    up: Points | None = None,
) -> Segmentation:
    """
    Return the objects of a scene.

    Objects that touch each other, or are nearer than ``settings.gap``, are one. Without a support
    that is certain there are no objects, except where there is no flat area at all: then they are
    parted where they do not touch.

    :param cloud: the whole scene, with its viewpoint unless that is the origin; pixels tell where
        the image ends; points that are not finite are of no part
    :param up: (3,) unit vector against gravity in the frame of the cloud; None: unknown
    """
    eye = np.zeros(3) if cloud.viewpoint is None else cloud.viewpoint
    scene = _scene(cloud.points, eye, settings)
    areas = flat_areas(scene.coarse, eye, settings.min_support)
    choice = choose_support(
        areas, scene.coarse, scene.weights, Neighbours(scene.coarse, COARSE_GAP * COARSE), eye,
        settings, up)
    support = choice.support
    above, low = np.ones(len(scene.own), bool), np.ones(len(scene.own), bool)
    if support is not None:
        height = support.plane.height(scene.own)
        above, low = height > support.margin, height < settings.max_height
    elif areas:
        above[:] = False
    label = _parts(scene, above & low, choice, settings)
    objects, cuts, refused = _sorted_out(cloud, scene, label, support, eye, settings)
    kept = low
    if choice.doubt == 'nothing_stands':  # it may be a wall, of which nothing is high above
        objects, cuts, kept = [], [], np.ones(len(scene.own), bool)
    of_object = np.zeros(len(cloud), bool)
    of_object[np.concatenate([np.zeros(0, np.int64), *objects])] = True
    rest = scene.index[kept]
    return Segmentation(
        tuple(objects), tuple(cuts), tuple(refused), rest[~of_object[rest]],
        None if support is None else support.plane, choice.doubt)


def hidden_share(
    points: Points, others: Points, eye: Points, voxel: float = DEFAULTS.voxel
) -> float:
    """
    Return the share of an object's outline along which something nearer to the sensor stands.

    :param points: (N, 3) of the object [m]
    :param others: (M, 3) of the rest of the scene [m]
    :param eye: (3,) position of the sensor [m]
    :param voxel: both are thinned to one point per cube of this side [m]
    """
    few = thinned(points, voxel)[0]
    return hidden_outline(few, eye, thinned(_around(few, others), voxel)[0])


def _scene(points: Points, eye: Points, settings: SegmentationSettings) -> _Scene:
    away = points - eye
    with np.errstate(over='ignore', invalid='ignore'):  # NaN and infinite: not in range
        index = np.flatnonzero(np.einsum('ni,ni->n', away, away) < settings.max_range**2)
    own = points[index]
    thin, member = thinned(own, settings.voxel)
    coarse, group = thinned(thin, max(COARSE, settings.voxel))
    return _Scene(
        index, own, thin, member, coarse, np.bincount(group[member], minlength=len(coarse)))


def _parts(
    scene: _Scene, chosen: NDArray[np.bool_], choice: SupportChoice,
    settings: SegmentationSettings,
) -> NDArray[np.int64]:
    """Return the part (N,) of each chosen point of the scene that is not of a wall, else -1."""
    used = np.zeros(len(scene.thin), bool)
    used[scene.member[chosen]] = True
    for wall in choice.walls:
        used &= ~wall.holds(scene.thin)
    part = np.full(len(scene.thin), -1, np.int64)
    few = scene.thin[used]
    part[used] = Neighbours(few, settings.gap).parts(np.ones(len(few), bool))
    return np.where(chosen, part[scene.member], -1)


def _sorted_out(
    cloud: PointCloud, scene: _Scene, label: NDArray[np.int64], support: FlatArea | None,
    eye: Points, settings: SegmentationSettings,
) -> tuple[list[NDArray[np.int64]], list[float], list[RefusedPart]]:
    """Return the parts that may be objects, how far each is cut, and the others with reasons."""
    objects, cuts, refused = [], [], []
    frame = None
    if cloud.pixels is not None and cloud.image_size is not None:
        frame = ImageFrame.of(cloud.pixels, cloud.image_size)
    counts = np.bincount(label[label >= 0], minlength=1)
    for number in np.argsort(-counts, kind='stable'):
        if counts[number] < settings.min_points:
            break
        own = label == number
        index = scene.index[own]
        few = thinned(scene.own[own], settings.voxel)[0]
        why = refusal(few, eye, support, settings)
        cut = 0.0
        if why is None:
            pixels = None if cloud.pixels is None else cloud.pixels[index]
            cut = _cut(few, pixels, frame, scene.coarse, eye)
            if cut > settings.max_cut:
                why = Refusal('cut', f'{100 * cut:.0f} % of its width lie on the image border')
        if why is None:
            objects.append(index)
            cuts.append(cut)
        else:
            refused.append(RefusedPart(index, why.reason, why.message))
    return objects, cuts, refused


def _cut(
    few: Points, pixels: NDArray[np.int64] | None, frame: ImageFrame | None, coarse: Points,
    eye: Points,
) -> float:
    """Return the share of a part's width that lies on the border of the image."""
    if frame is not None and pixels is not None:
        return frame.cut(pixels)
    return cut_length(PointCloud(few), few, eye, _around(few, coarse))


def _around(points: Points, others: Points) -> Points:
    """Return which of other points (M, 3) are near the box about points (N, 3) [m]."""
    near = np.ones(len(others), bool)
    for place, column in zip(points.T, others.T):  # much faster than along an axis of three
        near &= (column > place.min() - SIGHT) & (column < place.max() + SIGHT)
    return others[near]
