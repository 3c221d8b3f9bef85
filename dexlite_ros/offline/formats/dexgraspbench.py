# SPDX-License-Identifier: Apache-2.0
"""
Grasps in the layout of DexGraspBench (2025): one .npy per grasp, three stages of 7 + J numbers.

The numbers are position [m] and quaternion wxyz of the hand's root, then its J joints [rad],
finger by finger, each from base to tip (src/util/hand_util.py; the hand's MJCF). That is the order
used here: FF MF RF LF TH for Shadow, IF MF RF TH for LEAP, ff mf rf th for Allegro, whose joints
count from joint_0.0 to joint_15.0 here. The root is the world of the hand's MJCF, in which its
palm has a place (``PALMS``). ``obj_pose`` is the pose of the object in the frame of these numbers.
Files lie in OBJECT/scale<100 s>_pose<p>/<i>.npy; none says which hand it is for.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.files import replaced
from dexlite_ros.grasp import GraspBatch, Stage, StagedGrasp, STAGES
from dexlite_ros.hand.allegro_hand import ALLEGRO_RIGHT
from dexlite_ros.hand.description import HandDescription, IDENTITY, ORIGIN, Quaternion, Vector
from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.hand.leap_hand import LEAP_RIGHT
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.offline.formats.object_pose import LENGTH_TOLERANCE, ObjectPoses
from dexlite_ros.offline.formats.skipping import Skip, Skipper
from dexlite_ros.output.plan_file import GraspSet
from dexlite_ros.rotations import unitquat_to_rotmat


@dataclass(frozen=True)
class PalmPlace:
    """Where the palm link of a hand is in the frame of the benchmark's root."""

    hand: HandDescription
    position: Vector = ORIGIN
    """[m]"""
    quat_wxyz: Quaternion = IDENTITY

    @property
    def numbers(self) -> int:
        """Return how many numbers a stage has."""
        return 7 + len(self.hand.joints)

    def to_palm(self, qpos: NDArray[np.float64]) -> GraspBatch:
        """Return grasps of the palm link from B rows of the benchmark's numbers."""
        numbers = torch.from_numpy(qpos).double()
        root = GraspBatch.from_quat_xyzw(numbers[:, :3], numbers[:, [4, 5, 6, 3]], numbers[:, 7:])
        position, rotation = self._place()
        return GraspBatch(
            root.translation + root.rotation @ position, root.rotation @ rotation, root.joints)

    def from_palm(self, grasps: GraspBatch) -> NDArray[np.float32]:
        """Return B rows of the benchmark's numbers."""
        grasps = grasps.to(torch.float64)
        position, rotation = self._place()
        root = grasps.rotation @ rotation.T
        moved = GraspBatch(grasps.translation - root @ position, root, grasps.joints)
        quat_wxyz = moved.quat_xyzw()[:, [3, 0, 1, 2]]
        rows: NDArray[np.float32] = torch.cat(
            [moved.translation, quat_wxyz, moved.joints], 1).numpy().astype(np.float32)
        return rows

    def _place(self) -> tuple[Tensor, Tensor]:
        w, x, y, z = self.quat_wxyz
        quat = torch.tensor((x, y, z, w), dtype=torch.float64)
        return (torch.tensor(self.position, dtype=torch.float64),
                unitquat_to_rotmat(quat / quat.norm()))


PALMS = {place.hand.name: place for place in (
    # assets/hand/shadow/right_hand.xml.
    PalmPlace(SHADOW_RIGHT, (0.0, 0.0, 0.034)),
    # assets/hand/allegro/right_hand.xml.
    PalmPlace(ALLEGRO_RIGHT, quat_wxyz=(0.0, 1.0, 0.0, 1.0)),
    # third_party/mujoco_menagerie/leap_hand/right_hand.xml, which assets/hand/leap includes.
    PalmPlace(LEAP_RIGHT, (0.0, 0.0, 0.1), (0.0, 1.0, 0.0, 0.0)))}
"""Where the palms of the benchmark's hands are; src/task/convert_format.py agrees."""


def palm_place(hand: str) -> PalmPlace:
    """
    Return where the palm of a hand is.

    :raises UnsupportedHand: when the benchmark has no such hand
    """
    if hand not in PALMS:
        raise UnsupportedHand(hand, tuple(PALMS), 'DexGraspBench has no other')
    return PALMS[hand]


def read(
    path: str | Path, skip: Skip | None = None, hand: str = DEFAULT_HAND
) -> list[GraspSet]:
    """
    Return the grasps of a file, or of all files below a folder, one set per object and scale.

    They are in the frame of the object, from wherever its ``obj_pose`` puts it.

    :param skip: called with the reason for each file that is left out; None: such a file is an
        error
    :param hand: name of the hand that the files are for
    :raises FileError: when nothing can be read, or a file has another layout
    :raises UnsupportedHand: when the benchmark has no such hand
    """
    place, path = palm_place(hand), Path(path)
    files = sorted(path.rglob('*.npy'), key=_order) if path.is_dir() else [path]
    if not files:
        raise FileError(path, 'there is no .npy file in it')
    skipper = Skipper(path, skip)
    scenes: dict[tuple[str, float], list[_Content]] = defaultdict(list)
    for file in files:
        try:
            content = _Content.read(file, place)
        except FileError as error:
            skipper.leave_out(error)
            continue
        scenes[content.name, round(content.scale, 6)].append(content)
    skipper.end(sum(map(len, scenes.values())))
    return [
        GraspSet(_staged(contents, place), hand, name, scale)
        for (name, scale), contents in scenes.items()]


def write(grasp_set: GraspSet, folder: str | Path) -> list[Path]:
    """
    Write one file per grasp below ``folder`` and return their paths, best first.

    :raises FileError: when grasps of this object exist at this scale, rounded to hundredths
    :raises UnsupportedHand: when the benchmark has no such hand
    """
    place = palm_place(grasp_set.hand)
    scale = round(100 * grasp_set.scale)
    folder = Path(folder) / grasp_set.name / f'scale{scale:03d}_pose000'
    if folder.is_dir() and any(folder.iterdir()):
        raise FileError(folder, 'it already has grasps; remove it or write elsewhere')
    stages = {
        f'{stage}_qpos': place.from_palm(getattr(grasp_set.grasps, stage)) for stage in STAGES}
    paths = []
    for index in range(len(grasp_set.grasps)):
        content = {
            'obj_pose': np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
            'obj_scale': grasp_set.scale,
            'obj_path': f'assets/object/{grasp_set.name}',
            **{name: qpos[index] for name, qpos in stages.items()}}
        paths.append(folder / f'{index}.npy')
        with replaced(paths[-1]) as temporary:
            save_npy(temporary, content)
    return paths


def _order(path: Path) -> tuple[Path, int, str]:
    """Sort 2.npy before 10.npy."""
    return path.parent, int(path.stem) if path.stem.isdigit() else 0, path.stem


@dataclass(frozen=True)
class _Content:
    """One grasp as it stands in its file."""

    name: str
    """Name of the object."""
    scale: float
    pose: ObjectPoses
    stages: dict[Stage, NDArray[np.float64]]
    """7 + J numbers for each stage."""

    @classmethod
    def read(cls, path: Path, place: PalmPlace) -> _Content:
        """
        Read a file.

        :param place: of the hand that it is for

        :raises FileError: when a field is missing or has other content
        """
        array = load_npy(path)
        content = array.item() if array.shape == () and array.dtype == object else None
        if not isinstance(content, dict):
            raise FileError(path, 'it holds no dictionary; DexGraspBench writes one per grasp')
        for name in ('obj_path', 'obj_scale', 'obj_pose', *(f'{each}_qpos' for each in STAGES)):
            if name not in content:
                raise FileError(path, f"'{name}' is missing; DexGraspBench writes it")
        stages = {each: _hand(path, f'{each}_qpos', content, place) for each in STAGES}
        scale = _numbers(path, 'obj_scale', content, 'a positive number')
        if scale.shape != () or not 0 < scale < np.inf:
            raise FileError(path, f"'obj_scale' is {content['obj_scale']}, not a positive number")
        target = Path(str(content['obj_path'])).name
        if target in ('', '.', '..') or '\0' in target:
            raise FileError(path, f"'obj_path' is {content['obj_path']!r}; it names no object")
        try:
            pose = ObjectPoses.read(content['obj_pose'])
        except ValueError as error:
            raise FileError(path, f"'obj_pose' cannot be applied: {error}") from error
        return cls(target, float(scale), pose, stages)


def _hand(
    path: Path, name: str, content: dict[str, Any], place: PalmPlace
) -> NDArray[np.float64]:
    """Return the 7 + J numbers of one stage."""
    expected = f'{place.numbers} finite numbers, as {place.hand.name} has'
    qpos = _numbers(path, name, content, expected)
    others = [each.hand.name for each in PALMS.values() if qpos.shape == (each.numbers,)]
    if others and place.hand.name not in others:
        raise FileError(
            path, f"'{name}' has {len(qpos)} numbers, not {expected}: it may be for "
            f'{" or ".join(others)}; say which hand')
    if qpos.shape != (place.numbers,) or not np.isfinite(qpos).all():
        raise FileError(path, f"'{name}' is not {expected}: {content[name]}")
    length = float(np.linalg.norm(qpos[3:7]))
    if abs(length - 1) > LENGTH_TOLERANCE:
        raise FileError(path, f"the quaternion of '{name}' has length {length:g}, not 1")
    return qpos


def _numbers(
    path: Path, name: str, content: dict[str, Any], expected: str
) -> NDArray[np.float64]:
    try:
        return np.array(content[name], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FileError(path, f"'{name}' is not {expected}: {content[name]!r}") from error


def _staged(contents: list[_Content], place: PalmPlace) -> StagedGrasp:
    """Return the grasps of some files, in the frame of their object."""
    poses = ObjectPoses.cat([each.pose for each in contents])
    return StagedGrasp(*(
        poses.in_object_frame(place.to_palm(np.stack([each.stages[stage] for each in contents])))
        for stage in STAGES))
