"""
Grasp plans as JSON; the layout is described in docs/plan_format.md.

Infinite and missing numbers are written as null, so that any JSON reader takes the file.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch import Tensor

from dexlite_ros.errors import FileError
from dexlite_ros.files import replaced
from dexlite_ros.grasp import GraspBatch, StagedGrasp, STAGES
from dexlite_ros.plan import GraspPlan

FORMAT = 'dexlite_ros/grasp_plan'
VERSION = 1


def plan_to_dict(plan: GraspPlan) -> dict:
    """Return a plan as plain lists and numbers."""
    report = vars(plan.report)
    return {
        'format': FORMAT,
        'version': VERSION,
        'frame': 'input',
        'hand': plan.hand,
        'hand_link': plan.hand_link,
        'joint_names': list(plan.joint_names),
        'grasps': [_grasp(plan, rank) for rank in range(len(plan))],
        'report': {
            name: vars(value) if name in ('times', 'rejected') else value
            for name, value in report.items()},
    }


def write_plan(plan: GraspPlan, path: str | Path) -> Path:
    """Write a plan as JSON and return the path."""
    with replaced(path) as temporary:
        temporary.write_text(json.dumps(plan_to_dict(plan), indent=1, allow_nan=False) + '\n')
    return Path(path)


def read_grasps(path: str | Path) -> StagedGrasp:
    """
    Return the grasps of a plan file, best first.

    :raises FileError: when the file is missing, not JSON, of another format or version
    """
    try:
        content = json.loads(Path(path).read_text())
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FileError(path, f'not JSON: {error}') from error
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise FileError(path, f"its 'format' is not '{FORMAT}'")
    if content.get('version') != VERSION:
        raise FileError(path, f'version {content.get("version")}; this release reads {VERSION}')
    try:
        return StagedGrasp(*(
            _read_stage([grasp[stage] for grasp in content['grasps']]) for stage in STAGES))
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(path, f'a grasp in it is not complete: {error!r}') from error


def _read_stage(poses: list[dict]) -> GraspBatch:
    values = {
        name: torch.tensor([pose[name] for pose in poses], dtype=torch.float64)
        for name in ('position', 'quat_xyzw', 'joints')}
    return GraspBatch.from_quat_xyzw(
        values['position'], values['quat_xyzw'], values['joints'])


def _grasp(plan: GraspPlan, rank: int) -> dict:
    contacts = plan.contacts[rank]
    return {
        'score': float(plan.score[rank]),
        'success_probability': _number(plan.success_probability[rank]),
        'energies': {
            name: _number(values[rank]) for name, values in vars(plan.metrics).items()},
        **{stage: _pose(getattr(plan.grasps, stage), rank) for stage in STAGES},
        'contacts': {
            'links': list(contacts.links),
            'points': contacts.points.tolist(),
            'normals': contacts.normals.tolist(),
            'forces': contacts.forces.tolist(),
        },
    }


def _pose(grasps: GraspBatch, rank: int) -> dict:
    return {
        'position': grasps.translation[rank].tolist(),
        'quat_xyzw': grasps.quat_xyzw()[rank].tolist(),
        'joints': grasps.joints[rank].tolist(),
    }


def _number(value: Tensor) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
