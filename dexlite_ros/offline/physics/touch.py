# SPDX-License-Identifier: Apache-2.0
"""What fingers feel: touch on their tips, and joints that are held back."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.hand.description import HandDescription
from dexlite_ros.offline.physics.simulation import GraspScene


def finger_of_joints(hand: HandDescription) -> NDArray[np.int64]:
    """Return the number of the finger (J,) that each joint belongs to."""
    number = {name: index for index, links in enumerate(hand.fingers) for name in links}
    return np.array([number[link.name] for link, _ in hand.moving_links])


def tip_forces(scene: GraspScene) -> NDArray[np.float64]:
    """
    Return the sum (F,) of the normal forces on each finger's tip [N]; 0 without a tip.

    As a sensor would, the tips do not know what they touch: object, table, or another finger.
    """
    model, tips = scene.model, scene.hand.tip_links
    finger_of = {
        model.body(name).id: number for number, links in enumerate(scene.hand.fingers)
        for name in links if name in tips}
    forces, wrench = np.zeros(len(scene.hand.fingers)), np.zeros(6)
    for index, contact in enumerate(scene.data.contact):
        for body in finger_of.keys() & set(model.geom_bodyid[contact.geom].tolist()):
            mujoco.mj_contactForce(model, scene.data, index, wrench)
            forces[finger_of[body]] += wrench[0]
    return forces


def held_back(scene: GraspScene) -> NDArray[np.float64]:
    """Return each finger's largest difference (F,) of commanded and measured angles [rad]."""
    finger_of = finger_of_joints(scene.hand)
    behind = np.zeros(len(scene.hand.fingers))
    for drive, error in zip(scene.drive, scene.tracking_error()):
        finger = finger_of[np.flatnonzero(drive)[0]]
        behind[finger] = max(behind[finger], abs(error))
    return behind
