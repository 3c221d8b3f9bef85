# SPDX-License-Identifier: Apache-2.0
"""
The hand and an object in MuJoCo.

The hand is our MJCF model, its palm welded to a mocap body; the object is a free body of convex
pieces in the frame of the grasps. The settings are DexGraspBench's (2025), which
are stable for this hand: 4 ms, implicitfast, elliptic cones, impratio 10, two no-slip iterations.
Gravity is off until turned on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.offline.physics.closing_choice import Closing, USUAL_CLOSING
from dexlite_ros.offline.physics.object_scene import ObjectScene
from dexlite_ros.offline.physics.soft_wrist import SoftWrist
from dexlite_ros.offline.physics.world import (
    add_fixed,
    add_object,
    add_table,
    body_pose,
    compile_spec,
    configure,
    DIVERGENCE,
    fixed_name,
    GRAVITY,
    hold_by_mocap,
    NO_SLIP,
    roughen,
    soften,
)

FRAME_TIME = 0.08
"""Interval between calls of an observer [s]."""
REVISION = 2
"""Incremented when simulations change in a way not reflected in their settings."""
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True)
class SimulationSettings:
    """Settings of the simulated world."""

    time_step: float = 0.004
    """Time step [s]."""
    friction: float = 0.6
    """Sliding friction coefficient of every contact."""
    torsional_friction: float = 0.02
    """Torsional friction of every contact [m]."""
    stiffness: float = 5.0
    """Gain of the fingers' position controllers [N m/rad]."""
    torque_limit: float = 3.0
    """Maximum torque of these controllers [N m]."""
    mass: float = 0.1
    """Mass of the object [kg]."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise InvalidRequest(name, value, 'a positive number')

    def of_hand(self, hand: HandDescription, *, own_torque: bool = False) -> SimulationSettings:
        """
        Return the settings with the gain of a hand's controllers, which its squeeze is meant for.

        :param own_torque: whether the torque limit is the hand's as well
        """
        motors = hand.joint_dynamics
        return replace(
            self, stiffness=motors.stiffness,
            torque_limit=motors.effort if own_torque else self.torque_limit)


@dataclass(frozen=True)
class Overlap:
    """Overlap of bodies in one pose."""

    hand_object: float
    """Deepest overlap of hand and object [m], >= 0."""
    hand_hand: float
    """Deepest overlap of the hand with itself [m], >= 0."""
    hand_fixed: float = 0.0
    """Deepest overlap of the hand with what stands around the object [m], >= 0."""


class GraspScene(ObjectScene):
    """One hand and one object, ready to be posed and stepped."""

    def __init__(
        self,
        hand: HandDescription,
        pieces: Sequence[NDArray[np.floating]],
        settings: SimulationSettings | None = None,
        table: float | None = None,
        fixed: Sequence[NDArray[np.floating]] = (),
        closing: Closing = USUAL_CLOSING,
    ) -> None:
        """
        Compile the scene.

        :param pieces: corners (V, 3) of the object's convex pieces, in the grasps' frame [m]
        :param table: height z of a table in the grasps' frame [m]; None: no table
        :param fixed: corners (V, 3) of convex pieces that stand around the object and do not move
        :param closing: how the hand closes in it
        :raises UnusableObject: for pieces that MuJoCo refuses, such as flat ones
        """
        self.hand, self.closing = hand, closing
        self.settings = settings or SimulationSettings()
        self.has_table = table is not None
        self.observer: Callable[[GraspScene], None] | None = None
        """Called after every ``FRAME_TIME`` of the simulation, to record videos."""
        self._frame_steps = max(1, round(FRAME_TIME / self.settings.time_step))
        spec = mujoco.MjSpec.from_string(write_mjcf(
            hand, stiffness=self.settings.stiffness, torque_limit=self.settings.torque_limit))
        configure(spec.option, self.settings.time_step)
        hold_by_mocap(spec, hand.palm_link)
        soften(spec)
        add_object(spec, pieces, self.settings.mass)
        if table is not None:
            add_table(spec, table)
        add_fixed(spec, fixed)
        roughen(spec, self.settings.friction, self.settings.torsional_friction)
        super().__init__(compile_spec(spec))
        self._joints = [self.model.joint(name).qposadr[0] for name in hand.joint_names]
        self._palm = self.model.joint('palm').qposadr[0]
        self._fixed = [self.model.geom(fixed_name(index)).id for index in range(len(fixed))]
        self.drive = actuator_map(hand)
        """(A, J): the command of each actuator is the sum of the joints it drives."""
        self._soft: SoftWrist | None = None

    def pose(self, grasps: GraspBatch, index: int) -> None:
        """Set the hand to one grasp of a batch and the object to the origin, all at rest."""
        position, quat = wrist_pose(grasps, index)
        joints = grasps.joints[index].double().numpy()
        if self._soft is not None:
            self.stiffen_wrist()
        mujoco.mj_resetData(self.model, self.data)
        self.set_gravity(False)
        self.set_no_slip(True)
        self.data.qpos[self._palm:self._palm + 7] = np.concatenate([position, quat])
        self.data.qpos[self._joints] = joints
        self.command(position, quat, joints)
        self._place()

    def command(
        self,
        position: NDArray[np.float64],  # (3,) [m]
        quat_wxyz: NDArray[np.float64],  # (4,)
        joints: NDArray[np.float64],  # (J,) [rad]
    ) -> None:
        """Set the targets of wrist and fingers."""
        self.data.mocap_pos[0] = position
        self.data.mocap_quat[0] = quat_wxyz
        self.data.ctrl[:] = self.drive @ joints

    def move_wrist(self, position: NDArray[np.float64]) -> None:
        """Set the target of the wrist's position (3,) alone [m]."""
        self.data.mocap_pos[0] = position

    def soften_wrist(self) -> None:
        """Hold the wrist by springs from now on, until ``stiffen_wrist`` or ``pose``."""
        self._soft = SoftWrist(self.model, self.data, self.hand.palm_link)

    def stiffen_wrist(self) -> None:
        """Hold the wrist firmly again, where it is now."""
        if self._soft is not None:
            self._soft.stiffen()
        self._soft = None

    def set_gravity(self, on: bool) -> None:
        """Turn gravity on or off; every ``pose`` turns it off."""
        self.model.opt.gravity[2] = -GRAVITY if on else 0.0

    def set_no_slip(self, on: bool) -> None:
        """
        Turn the no-slip iterations on or off; every ``pose`` turns them on.

        They end a step, take half of its time, and stop held objects from creeping.
        """
        self.model.opt.noslip_iterations = NO_SLIP if on else 0

    def load(self, wrench: NDArray[np.float64]) -> None:
        """Apply a wrench (6,) at the object's centre of mass until changed [N, N m]."""
        self.data.xfrc_applied[self.object_body] = wrench

    def step(self, seconds: float) -> None:
        """Advance the simulation by this much time."""
        steps = round(seconds / self.settings.time_step)
        if self.observer is None and self._soft is None:
            mujoco.mj_step(self.model, self.data, steps)
            return
        for _ in range(steps):
            if self._soft is not None:
                self._soft.pull()
            mujoco.mj_step(self.model, self.data)
            frame = round(self.data.time / self.settings.time_step) % self._frame_steps == 0
            if self.observer is not None and frame:
                self.observer(self)

    def state(self) -> NDArray[np.float64]:
        """Return the full state of the simulation."""
        state = np.zeros(mujoco.mj_stateSize(self.model, STATE))
        mujoco.mj_getState(self.model, self.data, state, STATE)
        return state

    def restore(self, state: NDArray[np.float64]) -> None:
        """Restore a state of this scene and forget divergence; options stay as they are now."""
        mujoco.mj_setState(self.model, self.data, state, STATE)
        for kind in DIVERGENCE:
            self.data.warning[kind].number = 0

    @property
    def palm_position(self) -> NDArray[np.float64]:
        """Position (3,) of the palm [m]."""
        return self.data.qpos[self._palm:self._palm + 3].copy()

    def tracking_error(self) -> NDArray[np.float64]:
        """Return what each actuator's command (A,) is ahead of the joints that it drives [rad]."""
        return np.asarray(self.data.ctrl - self.drive @ self.data.qpos[self._joints])

    @property
    def wrist_target(self) -> NDArray[np.float64]:
        """Position (3,) that the wrist is commanded to [m]."""
        return np.array(self.data.mocap_pos[0])

    def link_poses(self) -> dict[str, NDArray[np.float64]]:
        """Return the pose (4, 4) of every link of the hand, and of the 'object'."""
        return {name: body_pose(self.data, name)
                for name in (*self.hand.link_names, 'object')}

    def overlap(self, grasps: GraspBatch, index: int) -> Overlap:
        """Return the overlap of hand and object, and among the hand's links, in one grasp."""
        self.pose(grasps, index)
        contact = self.data.contact
        if not len(contact.dist):
            return Overlap(0.0, 0.0)
        body = self.model.geom_bodyid[contact.geom]
        of_object = (body == self.object_body).any(1)
        of_fixed = np.isin(contact.geom, self._fixed).any(1) & ~of_object
        # The table, the only other geometry of the world, does not count.
        loose = (body > 0).all(1)
        depth = np.maximum(-contact.dist, 0.0)
        return Overlap(*(
            float(depth[which].max(initial=0.0))
            for which in (loose & of_object, loose & ~of_object, of_fixed)))


def wrist_pose(
    grasps: GraspBatch, index: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the palm's position (3,) [m] and unit quaternion wxyz (4,) of one grasp."""
    quat = grasps.quat_xyzw()[index].double().numpy()[[3, 0, 1, 2]]
    return grasps.translation[index].double().numpy(), quat / np.linalg.norm(quat)


def actuator_map(hand: HandDescription) -> NDArray[np.float64]:
    """Return (A, J): the command of each actuator is the sum of the joints it drives."""
    pair_of = {name: pair.joints for pair in hand.couplings for name in pair.joints}
    names = list(hand.joint_names)
    rows = []
    for name in names:
        driven = pair_of.get(name, (name,))
        if name == driven[0]:
            row = np.zeros(len(names))
            row[[names.index(each) for each in driven]] = 1.0
            rows.append(row)
    return np.array(rows)
