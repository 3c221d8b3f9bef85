# SPDX-License-Identifier: Apache-2.0
"""
Grasps in the layout of DexGraspNet (Wang et al. 2023): one .npy per object, of dictionaries.

``qpos`` names 22 joints and the palm's position WRJT [m] and extrinsic xyz angles WRJR [rad];
``scale`` is the scale factor of the mesh. Its joints count from 0 where Shadow's count from 1, and
four have the opposite sign (mjcf/shadow_hand_wrist_free.xml compared with mujoco_menagerie). Its
little finger and thumb are mounted 1.8 and 0.4 mm off, which limits the accuracy of conversion.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.files import replaced
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.offline.formats.object_pose import ObjectPoses
from dexlite_ros.offline.formats.skipping import Skip, Skipper
from dexlite_ros.output.plan_file import GraspSet

TURNED = ('FFJ4', 'MFJ4', 'THJ2', 'THJ1')
"""Our joints that have the opposite sign there."""
WRIST = ('WRJTx', 'WRJTy', 'WRJTz', 'WRJRx', 'WRJRy', 'WRJRz')
JOINTS = tuple(name.removeprefix('rh_') for name in SHADOW_RIGHT.joint_names)
NAMES = (*WRIST, *(f'robot0:{name[:3]}{int(name[3]) - 1}' for name in JOINTS))
"""Their joint names in the order of our exchange vector."""
SIGNS = torch.tensor(
    [1.0] * len(WRIST) + [-1.0 if name in TURNED else 1.0 for name in JOINTS]).double()
FLEXION = 0.07
"""Angle by which DexLite's lift test closes the fingers past the grasp (data_utils.py) [rad]."""


def check_hand(hand: str) -> None:
    """Raise UnsupportedHand for another hand than that of DexGraspNet."""
    if hand != SHADOW_RIGHT.name:
        raise UnsupportedHand(hand, (SHADOW_RIGHT.name,), 'DexGraspNet has no other')


def read(path: str | Path, skip: Skip | None = None) -> list[GraspSet]:
    """
    Return the grasps of a file, or of all files of a folder, one set per object and scale.

    The files have no squeeze stage, so it is derived by closing the fingers 0.07 rad further, as
    in the lift test of DexLite. Joints beyond our limits are kept. Where an entry has an
    ``obj_pose``, the grasp is moved into the frame of the object.

    :param skip: called with the reason for each file and each grasp that is left out; None: such
        a file is an error
    :raises FileError: when nothing can be read, or a file has another layout
    """
    path = Path(path)
    files = sorted(path.glob('*.npy')) if path.is_dir() else [path]
    if not files:
        raise FileError(path, 'there is no .npy file in it')
    skipper = Skipper(path, skip)
    sets = [each for file in files for each in _read_file(file, skipper)]
    skipper.end(sum(len(each.grasps) for each in sets))
    return sets


def write(sets: list[GraspSet], path: str | Path) -> Path:
    """
    Write the grasp stage of all grasps of one object to one file, and return its path.

    :raises UnsupportedHand: for grasps of another hand than the right Shadow Hand
    """
    path = Path(path)
    for each in sets:
        check_hand(each.hand)
    entries = [
        {'qpos': dict(zip(NAMES, row)), 'scale': each.scale}
        for each in sets
        for row in (each.grasps.grasp.to(torch.float64).to_vector() * SIGNS).tolist()]
    with replaced(path) as temporary:
        save_npy(temporary, entries)
    return path


def _read_file(path: Path, skipper: Skipper) -> list[GraspSet]:
    """Return the grasps of one file, one set per scale; leave out what cannot be read."""
    try:
        entries = _entries(path)
    except FileError as error:
        skipper.leave_out(error)
        return []
    by_scale: dict[float, list[_Entry]] = defaultdict(list)
    for index, entry in enumerate(entries):
        try:
            found = _Entry.read(entry)
        except (KeyError, TypeError, ValueError) as error:
            skipper.leave_out(
                FileError(path, f'grasp {index} of it is not complete: {error!r}'))
            continue
        by_scale[round(found.scale, 6)].append(found)
    return [
        GraspSet(with_flexion(_grasps(found)), name=path.stem, scale=scale)
        for scale, found in sorted(by_scale.items())]


def _entries(path: Path) -> list[Any]:
    """Return the dictionaries of a file."""
    entries = load_npy(path)
    if entries.ndim != 1 or entries.dtype != object:
        raise FileError(path, 'it holds no list of dictionaries, as DexGraspNet writes')
    if not len(entries):
        raise FileError(path, 'it holds no grasp')
    return list(entries)


@dataclass(frozen=True)
class _Entry:
    """One grasp as it stands in its file."""

    scale: float
    vector: list[float]
    """Numbers in the order of ``NAMES``."""
    pose: ObjectPoses | None
    """Pose of the object; None: the origin."""

    @classmethod
    def read(cls, entry: Any) -> _Entry:
        """
        Read a dictionary.

        :raises KeyError, TypeError, ValueError: when something is missing or no finite number
        """
        vector = [float(entry['qpos'][name]) for name in NAMES]
        scale = float(entry['scale'])
        if not (all(map(math.isfinite, vector)) and 0 < scale < math.inf):
            raise ValueError('not all of it are finite numbers, and its scale positive')
        pose = ObjectPoses.read(entry['obj_pose']) if 'obj_pose' in entry else None
        return cls(scale, vector, pose)


def _grasps(entries: list[_Entry]) -> GraspBatch:
    """Return the grasps in the frame of their object."""
    vectors = torch.tensor([each.vector for each in entries], dtype=torch.float64)
    grasps = GraspBatch.from_vector(vectors * SIGNS)
    if all(each.pose is None for each in entries):
        return grasps
    poses = [each.pose or ObjectPoses.read(np.eye(4)) for each in entries]
    return ObjectPoses.cat(poses).in_object_frame(grasps)


def with_flexion(grasps: GraspBatch) -> StagedGrasp:
    """
    Return stages for single-stage grasps: pregrasp equals grasp, squeeze flexes 0.07 rad further.

    The fingers' J1 to J3, THJ1 and THJ2 flex in their positive direction, up to their limits.
    """
    turn = torch.tensor([
        FLEXION if name[-2:] in ('J1', 'J2', 'J3') and name != 'THJ3' else 0.0
        for name in JOINTS]).to(grasps.joints)
    upper = torch.tensor([joint.upper for joint in SHADOW_RIGHT.joints]).to(grasps.joints)
    # A joint already beyond its limit is kept.
    closed = torch.minimum(grasps.joints + turn, torch.maximum(upper, grasps.joints))
    return StagedGrasp(
        grasps, grasps, GraspBatch(grasps.translation, grasps.rotation, closed))
