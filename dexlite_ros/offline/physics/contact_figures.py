# SPDX-License-Identifier: Apache-2.0
"""
Contact measures of a grasp in MuJoCo before anything moves, and diversity of a set of grasps.

The measures are those of DexGraspBench (2025), taken at the grasp stage on collision shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.offline.physics.simulation import GraspScene

CONTACT_DISTANCE = 0.002
"""Links whose distance to the surface is below this, outside or inside, are in contact [m]."""
FARTHEST = 0.01
"""Cap on finger distances [m]."""
COMPONENTS = 5
"""Number of principal components in the diversity."""


@dataclass(frozen=True)
class ContactFigures:
    """Measures of one grasp."""

    penetration: float
    """Deepest overlap of hand and object [m]."""
    self_penetration: float
    """Deepest overlap of the hand with itself [m]."""
    links_in_contact: int
    """Number of links within 2 mm of the object's surface, outside or inside."""
    finger_distance: float
    """Mean distance of the fingers to the object, from 0 to 1 cm [m]."""
    finger_spread: float
    """Largest minus smallest of these distances [m]."""


def contact_figures(scene: GraspScene, grasps: GraspBatch, index: int) -> ContactFigures:
    """Return the measures of one grasp in the scene."""
    overlap = scene.overlap(grasps, index)
    distance = link_distances(scene)
    fingers: dict[str, float] = {}
    for link, value in distance.items():
        if link != scene.hand.palm_link:
            finger = scene.hand.finger(link)
            fingers[finger] = min(fingers.get(finger, FARTHEST), max(value, 0.0))
    reach = np.array(list(fingers.values()))
    return ContactFigures(
        overlap.hand_object, overlap.hand_hand,
        sum(abs(value) < CONTACT_DISTANCE for value in distance.values()),
        float(reach.mean()), float(np.ptp(reach)))


def link_distances(scene: GraspScene) -> dict[str, float]:
    """Return the signed distance of each link to the object, capped at 1 cm [m]."""
    model, data = scene.model, scene.data
    owner = model.geom_bodyid
    pieces = np.flatnonzero(owner == scene.object_body)
    distance = dict.fromkeys(scene.hand.link_names, FARTHEST)
    for link in distance:
        for geom in np.flatnonzero(owner == model.body(link).id):
            for piece in pieces:
                apart = mujoco.mj_geomDistance(model, data, geom, piece, FARTHEST, None)
                distance[link] = min(distance[link], apart)
    return distance


def diversity(grasps: GraspBatch) -> float:
    """
    Return the fraction of variance explained by five principal components; lower is more diverse.

    Each grasp is 28 numbers: position, rotation vector, joints. NaN for fewer than two grasps.
    """
    if len(grasps) < 2:
        return float('nan')
    vector: NDArray[np.floating] = np.concatenate([
        grasps.translation.numpy(), Rotation.from_matrix(grasps.rotation.numpy()).as_rotvec(),
        grasps.joints.numpy()], axis=1)
    strength = np.linalg.svd(vector - vector.mean(0), compute_uv=False) ** 2
    total = strength.sum()
    return float(strength[:COMPONENTS].sum() / total) if total > 0 else 1.0


def spread(grasps: GraspBatch) -> dict[str, float]:
    """
    Return mean distances between two grasps of a set; NaN for fewer than two.

    :return: 'palm_distance' [m], 'palm_angle' [rad], 'joint_distance' (mean over joints) [rad]
    """
    first, second = torch.triu_indices(len(grasps), len(grasps), 1)
    turn = Rotation.from_matrix((grasps.rotation[first].mT @ grasps.rotation[second]).numpy())
    return {
        'palm_distance': float(
            (grasps.translation[first] - grasps.translation[second]).norm(dim=1).mean()),
        'palm_angle': float(torch.from_numpy(turn.magnitude()).mean()),
        'joint_distance': float((grasps.joints[first] - grasps.joints[second]).abs().mean()),
    }
