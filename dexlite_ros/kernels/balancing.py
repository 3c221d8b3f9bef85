# SPDX-License-Identifier: Apache-2.0
"""The balance of contact forces of many grasps; the arithmetic of ``mechanics.contact_forces``."""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import Entry
from dexlite_ros.kernels.forces import balance
from dexlite_ros.kernels.rows import copy, fill_rows


@Entry
def balance_all(point, outward, active, centre, limits, steps, force):
    """
    Write the forces (B, C, 3) nearest to equilibrium, and zero for inactive contacts.

    :param point: (B, C, 3) of the contacts [m]
    :param outward: (B, C, 3) unit normals out of the object
    :param active: (B, C) 1 or 0
    :param centre: (3,) centre of mass of the object [m]
    """
    grasps, contacts = active.shape
    work = np.empty((5, contacts, 3), point.dtype)
    lever, normal, own, previous, ahead = work[0], work[1], work[2], work[3], work[4]
    for grasp in range(grasps):
        count = 0
        for c in range(contacts):
            if active[grasp, c] > 0:
                for i in range(3):
                    lever[count, i] = (point[grasp, c, i] - centre[i]) / limits.torque_length
                    normal[count, i] = outward[grasp, c, i]
                    own[count, i] = -limits.min_force * outward[grasp, c, i]
                count += 1
        balance(lever, normal, count, limits, steps, own, previous, ahead)
        count = 0
        fill_rows(force[grasp], 0)
        for c in range(contacts):
            if active[grasp, c] > 0:
                copy(own[count], force[grasp, c])
                count += 1
