# SPDX-License-Identifier: Apache-2.0
"""
Grasps in the layout of DexGraspBench (2025): one .npy per grasp, three stages of 29 numbers.

The numbers are position [m] and quaternion wxyz of the hand's root, then 22 joints [rad], fingers
FF MF RF LF TH, each from base to tip. The root lies 34 mm behind the palm link (README of
the benchmark; src/task/convert_format.py). ``obj_pose`` is the pose of the object in the frame of
these numbers. Files lie in OBJECT/scale<100 s>_pose<p>/<i>.npy.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.files import replaced
from dexlite_ros.grasp import GraspBatch, Stage, StagedGrasp, STAGES
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.offline.formats.object_pose import LENGTH_TOLERANCE, ObjectPoses
from dexlite_ros.offline.formats.skipping import Skip, Skipper
from dexlite_ros.output.plan_file import GraspSet

ROOT_TO_PALM = torch.tensor([0.0, 0.0, 0.034], dtype=torch.float64)
"""Position of the palm link in the root's frame [m]."""


def read(path: str | Path, skip: Skip | None = None) -> list[GraspSet]:
    """
    Return the grasps of a file, or of all files below a folder, one set per object and scale.

    They are in the frame of the object, from wherever its ``obj_pose`` puts it.

    :param skip: called with the reason for each file that is left out; None: such a file is an
        error
    :raises FileError: when nothing can be read, or a file has another layout
    """
    path = Path(path)
    files = sorted(path.rglob('*.npy'), key=_order) if path.is_dir() else [path]
    if not files:
        raise FileError(path, 'there is no .npy file in it')
    skipper = Skipper(path, skip)
    scenes: dict[tuple[str, float], list[_Content]] = defaultdict(list)
    for file in files:
        try:
            content = _Content.read(file)
        except FileError as error:
            skipper.leave_out(error)
            continue
        scenes[content.name, round(content.scale, 6)].append(content)
    skipper.end(sum(map(len, scenes.values())))
    return [
        GraspSet(_staged(contents), name=name, scale=scale)
        for (name, scale), contents in scenes.items()]


def write(grasp_set: GraspSet, folder: str | Path) -> list[Path]:
    """
    Write one file per grasp below ``folder`` and return their paths, best first.

    :raises FileError: when grasps of this object exist at this scale, rounded to hundredths
    """
    scale = round(100 * grasp_set.scale)
    folder = Path(folder) / grasp_set.name / f'scale{scale:03d}_pose000'
    if folder.is_dir() and any(folder.iterdir()):
        raise FileError(folder, 'it already has grasps; remove it or write elsewhere')
    stages = {
        f'{stage}_qpos': _from_palm(getattr(grasp_set.grasps, stage)) for stage in STAGES}
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
    """29 numbers for each stage."""

    @classmethod
    def read(cls, path: Path) -> _Content:
        """
        Read a file.

        :raises FileError: when a field is missing or has other content
        """
        array = load_npy(path)
        content = array.item() if array.shape == () and array.dtype == object else None
        if not isinstance(content, dict):
            raise FileError(path, 'it holds no dictionary; DexGraspBench writes one per grasp')
        for name in ('obj_path', 'obj_scale', 'obj_pose', *(f'{each}_qpos' for each in STAGES)):
            if name not in content:
                raise FileError(path, f"'{name}' is missing; DexGraspBench writes it")
        stages = {each: _hand(path, f'{each}_qpos', content) for each in STAGES}
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


def _hand(path: Path, name: str, content: dict[str, Any]) -> NDArray[np.float64]:
    """Return the 29 numbers of one stage."""
    qpos = _numbers(path, name, content, '29 finite numbers')
    if qpos.shape != (29,) or not np.isfinite(qpos).all():
        raise FileError(path, f"'{name}' is not 29 finite numbers: {content[name]}")
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


def _staged(contents: list[_Content]) -> StagedGrasp:
    """Return the grasps of some files, in the frame of their object."""
    poses = ObjectPoses.cat([each.pose for each in contents])
    return StagedGrasp(*(
        poses.in_object_frame(_to_palm(np.stack([each.stages[stage] for each in contents])))
        for stage in STAGES))


def _to_palm(qpos: NDArray[np.float64]) -> GraspBatch:
    numbers = torch.from_numpy(qpos).double()
    root = GraspBatch.from_quat_xyzw(numbers[:, :3], numbers[:, [4, 5, 6, 3]], numbers[:, 7:])
    return GraspBatch(root.translation + root.rotation @ ROOT_TO_PALM, root.rotation, root.joints)


def _from_palm(grasps: GraspBatch) -> np.ndarray:
    grasps = grasps.to(torch.float64)
    position = grasps.translation - grasps.rotation @ ROOT_TO_PALM
    quat_wxyz = grasps.quat_xyzw()[:, [3, 0, 1, 2]]
    return torch.cat([position, quat_wxyz, grasps.joints], 1).numpy().astype(np.float32)
