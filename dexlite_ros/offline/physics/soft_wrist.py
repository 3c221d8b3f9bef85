# SPDX-License-Identifier: Apache-2.0
"""A wrist held by springs, as by an arm in Cartesian impedance control."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.offline.physics.closing_choice import SOFT_WRIST, SoftWristSettings


class SoftWrist:
    """Pulls the palm towards the mocap body by critically damped springs, instead of the weld."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, palm: str,
        settings: SoftWristSettings = SOFT_WRIST, prefix: str = '',
    ) -> None:
        """
        Let go of the equality constraint 'wrist'; the arm carries the weight of the hand.

        :param prefix: with which the hand was given to ``world.hold_by_mocap``
        """
        self._model, self._data, self._settings = model, data, settings
        self._weld = model.equality(f'{prefix}wrist').id
        self._target = model.body(f'{prefix}wrist_target').mocapid[0]
        self._palm = model.body(palm).id
        self._bodies = np.flatnonzero(model.body_rootid == self._palm)
        self._place = model.joint(f'{prefix}palm').qposadr[0]
        first = model.joint(f'{prefix}palm').dofadr[0]
        self._speeds = slice(first, first + 6)
        self._own_damping = model.dof_damping[self._speeds].copy()
        mass = float(model.body_subtreemass[self._palm])
        # As damping of the joint, because MuJoCo integrates that implicitly.
        model.dof_damping[self._speeds] = np.repeat([
            2 * math.sqrt(settings.stiffness * mass),
            2 * math.sqrt(settings.turn_stiffness * mass) * settings.lever], 3)
        data.eq_active[self._weld] = 0

    def pull(self) -> None:
        """Apply the springs' wrench, and what carries the hand, for the next time step."""
        model, data = self._model, self._data
        pose = data.qpos[self._place:self._place + 7]
        turn = np.zeros(3)
        # In the palm's own frame.
        mujoco.mju_subQuat(turn, data.mocap_quat[self._target], pose[3:])
        force = self._settings.stiffness * (data.mocap_pos[self._target] - pose[:3])
        torque = data.xmat[self._palm].reshape(3, 3) @ (self._settings.turn_stiffness * turn)
        # MuJoCo applies forces at the centres of mass. Its own compensation of gravity works only
        # in models that are compiled with it.
        lever = pose[:3] - data.xipos[self._palm]
        data.xfrc_applied[self._bodies, :3] = -np.outer(
            model.body_mass[self._bodies], model.opt.gravity)
        data.xfrc_applied[self._palm, :3] += force
        data.xfrc_applied[self._palm, 3:] = torque + np.cross(lever, force)

    def stiffen(self) -> None:
        """Weld the palm where it is now."""
        data = self._data
        pose: NDArray[np.float64] = data.qpos[self._place:self._place + 7]
        data.mocap_pos[self._target], data.mocap_quat[self._target] = pose[:3], pose[3:]
        data.xfrc_applied[self._bodies] = 0.0
        data.eq_active[self._weld] = 1
        self._model.dof_damping[self._speeds] = self._own_damping
