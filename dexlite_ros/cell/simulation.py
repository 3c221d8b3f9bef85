# SPDX-License-Identifier: Apache-2.0
"""A cell as one thing: commands in, states and images out, from any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import threading

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.cell.camera import CellCamera
from dexlite_ros.cell.faults import Faults
from dexlite_ros.cell.finger_controller import FingerController
from dexlite_ros.cell.gantry import Gantry, Pose
from dexlite_ros.cell.layout import CellObject
from dexlite_ros.cell.world import CellWorld, Joints
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.offline.scenes.depth_camera import CameraName, DepthImage

TICK = 0.02
"""Time between two commands to the motors [s]."""


@dataclass(frozen=True)
class CellState:
    """What the sensors of hand and wrist tell at one time."""

    time: float
    """[s]"""
    palm: Pose
    """(4, 4) in the world [m]."""
    joints: Joints
    """(J,) [rad]"""
    speeds: Joints
    """(J,) [rad/s]"""
    efforts: Joints
    """(J,) [N m]"""


class CellSimulation:
    """Table, objects, camera, and a hand whose wrist and fingers have a controller each."""

    def __init__(
        self, hand: HandDescription, objects: Sequence[CellObject], camera: CameraName = 'kinect',
        seed: int = 0, begin: float = 0.0,
    ) -> None:
        """
        Lay everything out, the open hand above the table and beside the camera's view.

        :param seed: of the camera's errors
        :param begin: time at first [s]
        :raises UnusableObject: for pieces that MuJoCo refuses
        """
        self.hand, self.objects = hand, tuple(objects)
        self.camera = CellCamera(camera, hand, seed)
        opened = _open_joints(hand)
        self.home = home_pose()
        """(4, 4) where the palm waits, in the world [m]."""
        self.open_posture = dict(zip(hand.joint_names, opened.tolist()))
        """Joints of the open hand by name [rad]."""
        self._world = CellWorld(hand, objects, self.home, opened, begin)
        self._gantry = Gantry(self.home)
        self._fingers = FingerController(hand, opened)
        self._lock = threading.Lock()
        self._faults, self._stuck_at = Faults(), opened

    @property
    def faults(self) -> Faults:
        """What is wrong with the devices."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults, self._stuck_at = faults, self._fingers.at(self._world.time)

    def advance(self, ticks: int = 1) -> None:
        """Let time go on by a number of ticks."""
        with self._lock:
            world = self._world
            steps = round(TICK / world.model.opt.timestep)
            for _ in range(ticks):
                now = world.time + TICK
                world.command(self._gantry.at(now), self._commanded(now))
                world.step(steps)

    def state(self) -> CellState:
        """Return what the sensors tell now."""
        with self._lock:
            world = self._world
            return CellState(
                world.time, world.palm(), world.joints(), world.speeds(), world.efforts())

    def look(self) -> tuple[float, DepthImage]:
        """Return the present time [s] and what the camera sees."""
        with self._lock:
            now, links = self._world.time, self._world.link_poses()
            motions = self._world.object_motions()
        return now, self.camera.look(self.objects, motions, links)

    def move_wrist(self, goal: Pose) -> float:
        """
        Move the palm to a pose in the world, and return how long that takes [s].

        :raises InvalidRequest: for a pose that is not one, or out of reach
        """
        with self._lock:
            return self._gantry.move(goal, self._world.time)

    def move_fingers(
        self, names: Sequence[str], times: Sequence[float], points: NDArray[np.floating]
    ) -> float:
        """
        Follow a trajectory, and return how long that takes [s].

        :param names, times, points: as for ``FingerController.follow``
        :raises InvalidRequest: for a trajectory that the hand cannot follow
        """
        with self._lock:
            return self._fingers.follow(names, times, points, self._world.time)

    def check_fingers(
        self, names: Sequence[str], times: Sequence[float], points: NDArray[np.floating]
    ) -> None:
        """
        Make sure that a trajectory can be followed.

        :param names, times, points: as for ``FingerController.follow``
        :raises InvalidRequest: for a trajectory that the hand cannot follow
        """
        self._fingers.checked(names, times, points)

    def hold_fingers(self) -> None:
        """Keep the fingers where they are commanded to be."""
        with self._lock:
            self._fingers.hold(self._world.time)

    def push(self, index: int, shift: NDArray[np.float64]) -> None:
        """Move an object by a shift (3,) in the world [m], as somebody might who passes by."""
        with self._lock:
            self._world.push(index, shift)

    @property
    def diverged(self) -> bool:
        """Whether the physics is lost; no more that the cell tells is true."""
        with self._lock:
            return self._world.diverged

    def rises(self) -> list[float]:
        """Return how much higher the middle of each object is than it was [m]."""
        with self._lock:
            motions = self._world.object_motions()
        rises = []
        for each, motion in zip(self.objects, motions):
            middle = each.mesh.bounds.mean(0)
            rises.append(float((motion[:3, :3] @ middle + motion[:3, 3] - middle)[2]))
        return rises

    def poses(self) -> tuple[dict[str, Pose], list[Pose]]:
        """Return the poses of the hand's links and the motions of the objects, for pictures."""
        with self._lock:
            return self._world.link_poses(), self._world.object_motions()

    def _commanded(self, now: float) -> Joints:
        """Return what the motors of the fingers are told at a time, stuck ones included."""
        joints = self._fingers.at(now)
        if self._faults.stuck_joint:
            index = self.hand.joint_names.index(self._faults.stuck_joint)
            joints[index] = self._stuck_at[index]
        return joints

    def remove(self, index: int) -> None:
        """Take an object out of the cell."""
        with self._lock:
            self._world.remove(index)


def _open_joints(hand: HandDescription) -> Joints:
    """Return the joints (J,) of the open hand, equal for the two of a motor [rad]."""
    joints = np.array([joint.open for joint in hand.joints])
    for pair in hand.coupled_indices:
        joints[list(pair)] = joints[list(pair)].mean()
    return joints


def home_pose() -> Pose:
    """Return where the palm waits (4, 4): behind the table, looking down, in the world [m]."""
    pose = np.eye(4)
    # Columns: the palm's axes in the world; fingers (z) towards the camera, palm (-y) down.
    pose[:3, :3] = np.column_stack([(0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)])
    pose[:3, 3] = -0.45, 0.0, 0.35
    return pose
