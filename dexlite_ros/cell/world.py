# SPDX-License-Identifier: Apache-2.0
"""The physics of a cell: a table, objects on it, and the hand held by a gantry."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dexlite_ros.cell.gantry import Pose
from dexlite_ros.cell.layout import CellObject
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.offline.physics.simulation import actuator_map, SimulationSettings
from dexlite_ros.offline.physics.world import (
    add_object,
    add_table,
    body_pose,
    compile_spec,
    configure,
    GRAVITY,
    has_diverged,
    hold_by_mocap,
    roughen,
    soften,
)

Joints = NDArray[np.float64]
TURN_STIFFNESS = 20.0
"""Weight of the wrist's rotation against its translation, in MuJoCo's weld [m]; an arm does not
give way to the forces of fingers."""
FAR = 100.0
"""Nothing gets farther than this from the table by itself [m]."""


class CellWorld:
    """The bodies of a cell, stepped in time."""

    def __init__(
        self, hand: HandDescription, objects: Sequence[CellObject], palm: Pose, joints: Joints,
        begin: float = 0.0, settings: SimulationSettings | None = None,
    ) -> None:
        """
        Compile the world, with the hand at rest.

        :param palm: pose of the palm in the world, whose table is at z = 0 [m]
        :param joints: (J,) [rad]
        :param begin: time at first [s]
        :raises UnusableObject: for pieces that MuJoCo refuses
        """
        settings = (settings or SimulationSettings()).of_hand(hand)
        self.hand, self.objects = hand, tuple(objects)
        spec = mujoco.MjSpec.from_string(write_mjcf(
            hand, stiffness=settings.stiffness, torque_limit=settings.torque_limit))
        configure(spec.option, settings.time_step)
        spec.option.gravity[2] = -GRAVITY
        hold_by_mocap(spec, hand.palm_link)
        for link in hand.link_names:  # the arm knows what the hand weighs
            spec.body(link).gravcomp = 1.0
        spec.equality('wrist').data[10] = TURN_STIFFNESS
        soften(spec)
        for index, each in enumerate(self.objects):
            add_object(spec, each.pieces, settings.mass, f'object_{index}')
        add_table(spec, 0.0)
        roughen(spec, settings.friction, settings.torsional_friction)
        self.model = compile_spec(spec)
        self.data = mujoco.MjData(self.model)
        self.data.time = begin
        self._joints = [self.model.joint(name).qposadr[0] for name in hand.joint_names]
        self._speeds = [self.model.joint(name).dofadr[0] for name in hand.joint_names]
        self._palm = self.model.joint('palm').qposadr[0]
        self._drive = actuator_map(hand)
        self._placed = [self.model.joint(f'object_{index}').qposadr[0]
                        for index in range(len(self.objects))]
        self.data.qpos[self._joints] = joints
        self.data.qpos[self._palm:self._palm + 7] = _position_and_quat(palm)
        self.command(palm, joints)
        mujoco.mj_forward(self.model, self.data)

    @property
    def time(self) -> float:
        """The present time [s]."""
        return float(self.data.time)

    @property
    def diverged(self) -> bool:
        """Whether the physics is lost, as when an object is flung off; no more of it is true."""
        far = max((np.abs(each[:3, 3]).max() for each in self.object_motions()), default=0.0)
        return has_diverged(self.data) or not far < FAR

    def command(self, palm: Pose, joints: Joints) -> None:
        """Set where wrist and fingers are pulled to: a pose in the world, and joints (J,)."""
        target = _position_and_quat(palm)
        self.data.mocap_pos[0], self.data.mocap_quat[0] = target[:3], target[3:]
        self.data.ctrl[:] = self._drive @ joints

    def step(self, count: int = 1) -> None:
        """Advance by a number of time steps."""
        mujoco.mj_step(self.model, self.data, count)

    def joints(self) -> Joints:
        """Return the joints (J,) [rad]."""
        return np.array(self.data.qpos[self._joints])

    def speeds(self) -> Joints:
        """Return the speeds of the joints (J,) [rad/s]."""
        return np.array(self.data.qvel[self._speeds])

    def efforts(self) -> Joints:
        """Return the torques of the motors at the joints (J,) [N m]; pairs share theirs."""
        return np.array(self._drive.T @ self.data.actuator_force)

    def palm(self) -> Pose:
        """Return the pose of the palm in the world [m]."""
        return body_pose(self.data, self.hand.palm_link)

    def link_poses(self) -> dict[str, Pose]:
        """Return the poses of the hand's links in the world [m]."""
        return {name: body_pose(self.data, name) for name in self.hand.link_names}

    def object_motions(self) -> list[Pose]:
        """Return how each object has moved since it was laid out (4, 4), in the world [m]."""
        return [body_pose(self.data, f'object_{index}') for index in range(len(self.objects))]

    def push(self, index: int, shift: NDArray[np.float64]) -> None:
        """Move an object by a shift (3,) in the world, at rest [m]."""
        address = self._placed[index]
        self.data.qpos[address:address + 3] += shift
        speed = self.model.joint(f'object_{index}').dofadr[0]
        self.data.qvel[speed:speed + 6] = 0.0

    def remove(self, index: int) -> None:
        """Put an object out of sight and reach, ten metres away."""
        self.push(index, np.array([10.0, 10.0 + index, 0.5]))



def _position_and_quat(pose: Pose) -> NDArray[np.float64]:
    """Return position and quaternion wxyz (7,) of a pose."""
    quat = Rotation.from_matrix(pose[:3, :3]).as_quat(scalar_first=True)
    return np.concatenate([pose[:3, 3], quat])
