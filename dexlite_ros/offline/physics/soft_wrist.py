# SPDX-License-Identifier: Apache-2.0
"""A wrist held by springs, as by an arm in Cartesian impedance control."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

STIFFNESS = 400.0
"""Stiffness against translation [N/m]; impedance-controlled arms are set to 100 to 3000."""
TURN_STIFFNESS = 20.0
"""Stiffness against rotation [N m/rad]; they are set to 1 to 300."""
LEVER = 0.07
"""Radius of gyration of a hand about its palm, from which the damping of rotations follows [m]."""


class SoftWrist:
    """Pulls the palm towards the mocap body by critically damped springs, instead of the weld."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, palm: str) -> None:
        """
        Let go of the weld, which has to be the model's only equality constraint by name 'wrist'.

        The arm carries the weight of the hand.
        """
        self._model, self._data = model, data
        self._weld = model.equality('wrist').id
        self._body = model.body(palm).id
        self._place = model.joint('palm').qposadr[0]
        first = model.joint('palm').dofadr[0]
        self._speeds = slice(first, first + 6)
        mass = float(model.body_subtreemass[self._body])
        # As damping of the joint, because MuJoCo integrates that implicitly.
        model.dof_damping[self._speeds] = np.repeat([
            2 * math.sqrt(STIFFNESS * mass), 2 * math.sqrt(TURN_STIFFNESS * mass) * LEVER], 3)
        self._bodies = np.flatnonzero(model.body_rootid == self._body)
        data.eq_active[self._weld] = 0
        model.body_gravcomp[self._bodies] = 1.0

    def pull(self) -> None:
        """Apply the springs' wrench for the next time step."""
        data = self._data
        pose = data.qpos[self._place:self._place + 7]
        turn = np.zeros(3)
        # In the palm's own frame.
        mujoco.mju_subQuat(turn, data.mocap_quat[0], pose[3:])
        own = data.xmat[self._body].reshape(3, 3)
        force = STIFFNESS * (data.mocap_pos[0] - pose[:3])
        torque = own @ (TURN_STIFFNESS * turn)
        # MuJoCo applies the force at the centre of mass.
        lever = pose[:3] - data.xipos[self._body]
        data.xfrc_applied[self._body] = np.concatenate([force, torque + np.cross(lever, force)])

    def stiffen(self) -> None:
        """Weld the palm where it is now."""
        data = self._data
        pose: NDArray[np.float64] = data.qpos[self._place:self._place + 7]
        data.mocap_pos[0], data.mocap_quat[0] = pose[:3], pose[3:]
        data.xfrc_applied[self._body] = 0.0
        data.eq_active[self._weld] = 1
        self._model.body_gravcomp[self._bodies] = 0.0
        self._model.dof_damping[self._speeds] = 0.0
