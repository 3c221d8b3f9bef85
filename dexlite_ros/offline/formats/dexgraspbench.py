# SPDX-License-Identifier: Apache-2.0
"""
Grasps in the layout of DexGraspBench (2025): one .npy per grasp, three stages of 29 numbers.

The numbers are position [m] and quaternion wxyz of the hand's root, then 22 joints [rad], fingers
FF MF RF LF TH, each from base to tip. The root lies 34 mm behind the palm link (README of
the benchmark; src/task/convert_format.py). Files lie in OBJECT/scale<100 s>_pose<p>/<i>.npy.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.files import replaced
from dexlite_ros.grasp import GraspBatch, StagedGrasp, STAGES
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.output.plan_file import GraspSet

ROOT_TO_PALM = torch.tensor([0.0, 0.0, 0.034], dtype=torch.float64)
"""Position of the palm link in the root's frame [m]."""


def read(path: str | Path) -> list[GraspSet]:
    """
    Return the grasps of a file, or of all files below a folder, one set per object and scale.

    :raises FileError: when there are none, or one has another layout
    """
    path = Path(path)
    files = sorted(path.rglob('*.npy'), key=_order) if path.is_dir() else [path]
    if not files:
        raise FileError(path, 'there is no .npy file in it')
    scenes = defaultdict(list)
    for file in files:
        content = _content(file)
        name = Path(str(content['obj_path'])).name
        scenes[name, round(float(content['obj_scale']), 6)].append(content)
    return [
        GraspSet(
            StagedGrasp(*(
                _to_palm(np.stack([each[f'{stage}_qpos'] for each in contents]))
                for stage in STAGES)),
            name=name, scale=scale)
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


def _content(path: Path) -> dict[str, Any]:
    """Return the dictionary in a file, after checking its arrays."""
    array = load_npy(path)
    content = array.item() if array.shape == () and array.dtype == object else None
    if not isinstance(content, dict):
        raise FileError(path, 'it holds no dictionary; DexGraspBench writes one per grasp')
    for name in ('obj_path', 'obj_scale', 'obj_pose', *(f'{stage}_qpos' for stage in STAGES)):
        if name not in content:
            raise FileError(path, f"'{name}' is missing; DexGraspBench writes it")
    for name in (f'{stage}_qpos' for stage in STAGES):
        if np.shape(content[name]) != (29,) or not np.isfinite(content[name]).all():
            raise FileError(path, f"'{name}' is not 29 finite numbers: {content[name]}")
    if np.shape(content['obj_scale']) != () or not 0 < content['obj_scale'] < np.inf:
        raise FileError(path, f"'obj_scale' is {content['obj_scale']}, not a positive number")
    if Path(str(content['obj_path'])).name in ('', '.', '..'):
        raise FileError(path, f"'obj_path' is {content['obj_path']!r}; it names no object")
    pose = np.asarray(content['obj_pose'])
    if not np.allclose(pose, [0, 0, 0, 1, 0, 0, 0]):
        raise FileError(path, f'the object is posed at {pose.tolist()}; only the origin is read')
    return content


def _to_palm(qpos: np.ndarray) -> GraspBatch:
    numbers = torch.from_numpy(qpos).double()
    root = GraspBatch.from_quat_xyzw(numbers[:, :3], numbers[:, [4, 5, 6, 3]], numbers[:, 7:])
    return GraspBatch(root.translation + root.rotation @ ROOT_TO_PALM, root.rotation, root.joints)


def _from_palm(grasps: GraspBatch) -> np.ndarray:
    grasps = grasps.to(torch.float64)
    position = grasps.translation - grasps.rotation @ ROOT_TO_PALM
    quat_wxyz = grasps.quat_xyzw()[:, [3, 0, 1, 2]]
    return torch.cat([position, quat_wxyz, grasps.joints], 1).numpy().astype(np.float32)
