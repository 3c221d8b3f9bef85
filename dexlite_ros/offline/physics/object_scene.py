# SPDX-License-Identifier: Apache-2.0
"""A compiled world with one object in it: where the object is, and how far it has moved."""

from __future__ import annotations

import mujoco
import numpy as np

from dexlite_ros.offline.physics.world import has_diverged


class ObjectScene:
    """A world with a body and a free joint 'object', which starts at the origin."""

    def __init__(self, model: mujoco.MjModel) -> None:
        """Create the state of the simulation."""
        self.model = model
        self.data = mujoco.MjData(model)
        self.object_body = model.body('object').id
        self._object = model.joint('object').qposadr[0]
        self._centre = np.zeros(3)

    def _place(self) -> None:
        """Compute all positions; the object's motion counts from here."""
        mujoco.mj_forward(self.model, self.data)
        self._centre = self.data.xipos[self.object_body].copy()

    @property
    def object_height(self) -> float:
        """Height z of the object's centre of mass [m]."""
        return float(self.data.xipos[self.object_body, 2])

    def object_motion(self, raised: float = 0.0) -> tuple[float, float]:
        """
        Return how far the object is from where it was placed [m], and its rotation since [rad].

        :param raised: height above that place at which its centre of mass should be [m]
        """
        moved = np.linalg.norm(
            self.data.xipos[self.object_body] - self._centre - [0.0, 0.0, raised])
        # It was placed with the identity rotation, so w alone gives the angle.
        w = self.data.qpos[self._object + 3]
        return float(moved), float(2 * np.arccos(min(1.0, abs(w))))

    def diverged(self) -> bool:
        """Return whether the simulation has diverged since the object was placed."""
        return has_diverged(self.data)
