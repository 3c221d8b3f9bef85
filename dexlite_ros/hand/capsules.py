# SPDX-License-Identifier: Apache-2.0
"""
The hand as capsules, for self-collision distances.

Letters: B grasps, S capsules, Q pairs of capsules.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
import trimesh

from dexlite_ros.device import one_thread
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import Geom, HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.link_points import LinkPoints
from dexlite_ros.hand.mirroring import mirrored_points, original

MIN_RADIUS = 0.004
"""Smallest half thickness of a shape [m]; thinner palm boxes lie behind thicker ones."""
FLAT = 1.6
"""A hull is flat if its second longest side is so many times its shortest."""
POSTURES = 2000
"""Random postures used to find out which capsules can ever meet."""
POSTURES_AT_ONCE = 100
"""Few enough for the processor's cache."""


def segments(
    hand: HandDescription,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """
    Return axis ends (2, S, 3) [m] in link frames, radii (S,) [m] and link indices (S,).

    Those of a mirror image are the mirror images of the original's, in the same order.
    """
    if hand.mirror_of is not None:
        ends_there, radii, links = segments(original(hand))
        return mirrored_points(ends_there), radii, links
    ends, radius, link = [], [], []
    for index, part in enumerate(hand.links):
        for geom in part.geoms:
            pieces, thickness = _geom_segments(geom)
            if thickness < MIN_RADIUS:
                continue
            ends.extend(pieces)
            radius.extend([thickness] * len(pieces))
            link.extend([index] * len(pieces))
    return np.array(ends).transpose(1, 0, 2), np.array(radius), np.array(link)


def _geom_segments(geom: Geom) -> tuple[list[NDArray[np.float64]], float]:
    """Return axes (2, 3) [m] of the capsules that fill one shape, and their radius [m]."""
    if geom.shape == 'hull':
        return _hull_segments(np.array(geom.vertices))
    if geom.shape == 'box':
        axes, radius = _box_segments(np.array(geom.size))
    else:
        half = geom.size[1] if geom.shape == 'capsule' else 0.0
        axes, radius = [np.array([[0.0, 0.0, -half], [0.0, 0.0, half]])], geom.size[0]
    transform = trimesh.transformations.quaternion_matrix(geom.quat_wxyz)
    transform[:3, 3] = geom.position
    return [trimesh.transform_points(axis, transform) for axis in axes], radius


def _box_segments(half: NDArray[np.float64]) -> tuple[list[NDArray[np.float64]], float]:
    """Fill a box with capsules parallel to its longest side, as thick as its shortest side."""
    thin, middle, long = np.argsort(half, kind='stable')
    radius = half[thin]
    count = max(1, int(round(half[middle] / radius)))
    axes = []
    for place in np.linspace(-1, 1, count) if count > 1 else [0.0]:
        axis = np.zeros((2, 3))
        axis[:, middle] = place * (half[middle] - radius)
        axis[:, long] = np.array([-1, 1]) * max(half[long] - radius, 0.0)
        axes.append(axis)
    return axes, float(radius)


def _hull_segments(vertices: NDArray[np.float64]) -> tuple[list[NDArray[np.float64]], float]:
    """Fit a capsule along a hull, with its average thickness; fill a flat hull like a box."""
    lower, upper = vertices.min(0), vertices.max(0)
    thin, middle, long = np.argsort(upper - lower, kind='stable')
    if (upper - lower)[middle] > FLAT * (upper - lower)[thin]:
        axes, radius = _box_segments((upper - lower) / 2)
        return [axis + (lower + upper) / 2 for axis in axes], radius
    across = [each for each in range(3) if each != long]
    third = (upper[long] - lower[long]) / 3
    rings = [vertices[np.abs(vertices[:, long] - height) < third / 2][:, across]
             for height in (lower[long] + third, upper[long] - third)]
    # Where a part has no vertices, the whole stands for it.
    rings = [ring if len(ring) else vertices[:, across] for ring in rings]
    radius = float(np.mean([np.ptp(ring, axis=0) for ring in rings]) / 2)
    axis = np.zeros((2, 3))
    axis[:, across] = [(ring.min(0) + ring.max(0)) / 2 for ring in rings]
    axis[:, long] = lower[long] + radius, upper[long] - radius
    return [axis], radius


def segment_distance(
    first: Tensor,  # (B, 2, Q, 3)
    second: Tensor,  # (B, 2, Q, 3)
) -> Tensor:
    """
    Return the distance (B, Q) between segments given by their ends [m], differentiable.

    The nearest points are computed without gradient and then held fixed: at the minimum, moving
    them along their segments does not change the distance to first order. Ericson, Real-Time
    Collision Detection (2005), section 5.1.9.
    """
    start, other = first[:, 0], second[:, 0]
    along, across = first[:, 1] - start, second[:, 1] - other
    with torch.no_grad():
        between = start - other
        a, e = (along * along).sum(-1), (across * across).sum(-1)
        b, c, f = ((along * across).sum(-1), (along * between).sum(-1),
                   (across * between).sum(-1))
        tiny = 1e-12
        denominator = (a * e - b * b).clamp(min=tiny)
        s = ((b * f - c * e) / denominator).clamp(0, 1)
        t = ((b * s + f) / e.clamp(min=tiny)).clamp(0, 1)
        s = ((b * t - c) / a.clamp(min=tiny)).clamp(0, 1)
    gap = start + s[..., None] * along - other - t[..., None] * across
    return (gap.square().sum(-1) + 1e-12).sqrt()


@lru_cache(maxsize=4)
def reachable_pairs(kinematics: HandKinematics) -> NDArray[np.int64]:
    """
    Return index pairs (2, Q) of capsules that may collide and that some posture brings together.

    Neighbouring links and the description's exclusions are left out, as in the simulator. All
    levels of detail of a hand share its capsules, so the answer is kept.

    :param kinematics: on the CPU
    """
    hand = kinematics.description
    ends, radius, link = segments(hand)
    names = hand.link_names
    excluded = {frozenset((names.index(a), names.index(b))) for a, b in hand.collision_exclusions}
    excluded |= {frozenset((i, parent)) for i, parent in enumerate(hand.parents)}
    first, second = np.triu_indices(len(link), k=1)
    allowed = np.array([
        link[i] != link[j] and frozenset((int(link[i]), int(link[j]))) not in excluded
        for i, j in zip(first, second)])
    first, second = first[allowed], second[allowed]
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand(POSTURES, len(hand.joints), generator=generator)
    count = len(link)
    fixed = LinkPoints(
        kinematics, torch.from_numpy(np.concatenate([link, link])),
        torch.from_numpy(ends.reshape(2 * count, 3)))
    gap = np.full(len(first), np.inf)
    with one_thread():
        for part in uniform.split(POSTURES_AT_ONCE):
            joints = kinematics.lower + (kinematics.upper - kinematics.lower) * part
            still = torch.eye(3).expand(len(part), 3, 3)
            poses = kinematics(GraspBatch(torch.zeros(len(part), 3), still, joints))
            placed = fixed.place(poses).unflatten(1, (2, -1))
            apart = segment_distance(placed[:, :, first], placed[:, :, second])
            gap = np.minimum(gap, apart.min(0).values.numpy())
    meets = gap < radius[first] + radius[second]
    return np.stack([first[meets], second[meets]])
