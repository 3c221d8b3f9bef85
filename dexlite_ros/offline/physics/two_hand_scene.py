# SPDX-License-Identifier: Apache-2.0
"""
Two hands and an object on a table in MuJoCo.

As in ``simulation``, with which it shares settings and parts. Both wrists are held by springs all
the time, as by two arms in impedance control: arms that hold a rigid thing between them and insist
on positions would crush it or let it fall.
"""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.offline.physics.closing_choice import SoftWristSettings
from dexlite_ros.offline.physics.object_scene import ObjectScene
from dexlite_ros.offline.physics.simulation import (
    actuator_map,
    SimulationSettings,
    wrist_pose,
)
from dexlite_ros.offline.physics.soft_wrist import SoftWrist
from dexlite_ros.offline.physics.world import (
    add_object,
    add_table,
    body_pose,
    compile_spec,
    configure,
    GRAVITY,
    hold_by_mocap,
    roughen,
    soften,
)

PREFIXES = 'first_', 'second_'
"""Of the names of everything that belongs to one of the hands."""
Pair = tuple[GraspBatch, GraspBatch]


class HeldHand:
    """One of the hands in a compiled world."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, hand: HandDescription, prefix: str,
        arm: SoftWristSettings,
    ) -> None:
        self.hand, self._model, self._data = hand, model, data
        self._joints = [model.joint(prefix + name).qposadr[0] for name in hand.joint_names]
        self._place = model.joint(f'{prefix}palm').qposadr[0]
        self._target = model.body(f'{prefix}wrist_target').mocapid[0]
        self._motors = [index for index in range(model.nu)
                        if model.actuator(index).name.startswith(prefix)]
        self._drive = actuator_map(hand)
        self._prefix = prefix
        self._arm = SoftWrist(model, data, prefix + hand.palm_link, arm, prefix)
        self.bodies = [model.body(prefix + name).id for name in hand.link_names]

    def pose(self, grasps: GraspBatch, index: int) -> None:
        """Set the hand to one grasp of a batch, at rest."""
        position, quat = wrist_pose(grasps, index)
        joints = grasps.joints[index].double().numpy()
        self._data.qpos[self._place:self._place + 7] = np.concatenate([position, quat])
        self._data.qpos[self._joints] = joints
        self.command(position, quat, joints)

    def command(
        self,
        position: NDArray[np.float64],  # (3,) [m]
        quat_wxyz: NDArray[np.float64],  # (4,)
        joints: NDArray[np.float64],  # (J,) [rad]
    ) -> None:
        """Set the targets of wrist and fingers."""
        self._data.mocap_pos[self._target] = position
        self._data.mocap_quat[self._target] = quat_wxyz
        self._data.ctrl[self._motors] = self._drive @ joints

    def raise_target(self, height: float) -> None:
        """Move the target of the wrist upwards [m]."""
        self._data.mocap_pos[self._target, 2] += height

    def pull(self) -> None:
        """Apply the wrench of the arm for the next time step."""
        self._arm.pull()

    def link_poses(self) -> dict[str, NDArray[np.float64]]:
        """Return the pose (4, 4) of every link."""
        return {name: body_pose(self._data, self._prefix + name)
                for name in self.hand.link_names}


class TwoHandScene(ObjectScene):
    """Two hands and one object, ready to be posed and stepped."""

    def __init__(
        self,
        hands: tuple[HandDescription, HandDescription],
        pieces: Sequence[NDArray[np.floating]],
        settings: SimulationSettings,
        table: float,
        arm: SoftWristSettings,
    ) -> None:
        """
        Compile the scene.

        :param pieces: corners (V, 3) of the object's convex pieces, in the grasps' frame [m]
        :param table: height z of the table in the grasps' frame [m]
        :param arm: the springs that hold each wrist
        :raises UnusableObject: for pieces that MuJoCo refuses, such as flat ones
        """
        self.settings = settings
        spec = mujoco.MjSpec()
        configure(spec.option, settings.time_step)
        for hand, prefix in zip(hands, PREFIXES):
            motors = settings.of_hand(hand)
            spec.attach(
                mujoco.MjSpec.from_string(write_mjcf(
                    hand, stiffness=motors.stiffness, torque_limit=motors.torque_limit)),
                prefix=prefix, frame=spec.worldbody.add_frame())
            hold_by_mocap(spec, prefix + hand.palm_link, prefix)
        soften(spec)
        add_object(spec, pieces, settings.mass)
        add_table(spec, table)
        roughen(spec, settings.friction, settings.torsional_friction)
        super().__init__(compile_spec(spec))
        self.hands = tuple(
            HeldHand(self.model, self.data, hand, prefix, arm)
            for hand, prefix in zip(hands, PREFIXES))
        self._released = self.data.eq_active.copy()

    def pose(self, pair: Pair, index: int) -> None:
        """Set the hands to one pair of grasps and the object to the origin, all at rest."""
        mujoco.mj_resetData(self.model, self.data)
        # The welds that the arms have let go of stay so.
        self.data.eq_active[:] = self._released
        self.model.opt.gravity[2] = -GRAVITY
        for hand, grasps in zip(self.hands, pair):
            hand.pose(grasps, index)
        self._place()

    def step(self, seconds: float) -> None:
        """Advance the simulation by this much time."""
        for _ in range(round(seconds / self.settings.time_step)):
            for hand in self.hands:
                hand.pull()
            mujoco.mj_step(self.model, self.data)

    def overlap(self, pair: Pair, index: int) -> float:
        """Return the deepest overlap of anything that belongs to a hand in one pair [m], >= 0."""
        self.pose(pair, index)
        contact = self.data.contact
        of_hands = np.isin(
            self.model.geom_bodyid[contact.geom], [*self.hands[0].bodies, *self.hands[1].bodies])
        depth: NDArray[np.float64] = np.maximum(-contact.dist, 0.0)
        return float(depth[of_hands.any(1)].max(initial=0.0))
