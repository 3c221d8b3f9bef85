# SPDX-License-Identifier: Apache-2.0
"""What fingers feel of the object."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.offline.physics.simulation import GraspScene


def touch_forces(scene: GraspScene) -> NDArray[np.float64]:
    """Return the sum (F,) of the normal forces between each finger and the object [N]."""
    model, fingers = scene.model, scene.hand.fingers
    finger_of = {
        model.body(name).id: number for number, links in enumerate(fingers) for name in links}
    forces, wrench = np.zeros(len(fingers)), np.zeros(6)
    for index, contact in enumerate(scene.data.contact):
        bodies = set(model.geom_bodyid[contact.geom].tolist())
        if scene.object_body in bodies:
            for body in bodies & finger_of.keys():
                mujoco.mj_contactForce(model, scene.data, index, wrench)
                forces[finger_of[body]] += wrench[0]
    return forces
