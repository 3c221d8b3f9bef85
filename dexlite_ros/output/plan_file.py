# SPDX-License-Identifier: Apache-2.0
"""
Grasp plans as JSON; the layout is described in docs/plan_format.md.

Infinite and missing numbers are written as null, so that any JSON reader accepts the file.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dexlite_ros.errors import FileError
from dexlite_ros.files import read_json, write_json
from dexlite_ros.grasp import GraspBatch, StagedGrasp, STAGES
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.output.plan_geometry import geometry_to_dict, PlanGeometry
from dexlite_ros.plan import GraspPlan, PlanReport

FORMAT = 'dexlite_ros/grasp_plan'
VERSION = 1


@dataclass(frozen=True)
class GraspSet:
    """Staged grasps of one object, in the frame of its cloud or its scaled mesh [m]."""

    grasps: StagedGrasp
    hand: str = DEFAULT_HAND
    name: str = ''
    """Name of the object; empty if unknown."""
    scale: float = 1.0
    """Factor from the object's mesh file to metres."""


def plan_to_dict(plan: GraspPlan) -> dict[str, Any]:
    """Return a plan as nested dictionaries and lists."""
    return {
        'format': FORMAT,
        'version': VERSION,
        'frame': 'input',
        'hand': plan.hand,
        'hand_link': plan.hand_link,
        'joint_names': list(plan.joint_names),
        'grasps': [_grasp(plan, rank) for rank in range(len(plan))],
        'report': _report(plan.report),
    }


def _report(report: PlanReport) -> dict[str, Any]:
    eye = report.viewpoint.position
    return {
        **vars(report),
        'times': vars(report.times),
        'rejected': vars(report.rejected),
        'viewpoint': {
            'position': None if eye is None else eye.tolist(), 'source': report.viewpoint.source},
        'hypotheses': [vars(each) for each in report.hypotheses],
        'dropped': vars(report.dropped),
        'warnings': [vars(warning) for warning in report.warnings],
    }


def write_plan(plan: GraspPlan, path: str | Path) -> Path:
    """Write a plan as JSON, with what it was made on, and return the path."""
    write_json(path, {
        **plan_to_dict(plan), 'geometry': geometry_to_dict(PlanGeometry.of(plan))})
    return Path(path)


def write_grasps(grasp_set: GraspSet, path: str | Path) -> Path:
    """Write grasps from another source, without scores and contacts; return the path."""
    hand = find_hand(grasp_set.hand)
    grasps = grasp_set.grasps
    write_json(path, {
        'format': FORMAT,
        'version': VERSION,
        'frame': 'input',
        'hand': hand.name,
        'hand_link': hand.palm_link,
        'joint_names': list(hand.joint_names),
        'object': {'name': grasp_set.name, 'scale': grasp_set.scale},
        'grasps': [
            {stage: _pose(getattr(grasps, stage), index) for stage in STAGES}
            for index in range(len(grasps))],
    })
    return Path(path)


def read_grasps(path: str | Path) -> GraspSet:
    """
    Return the grasps of a plan file, best first.

    :raises FileError: when the file is missing, not JSON, of another format or version
    :raises UnsupportedHand: when its hand is unknown
    """
    return grasps_of(read_json(path, FORMAT, VERSION), path)


def grasps_of(content: dict[str, Any], path: str | Path) -> GraspSet:
    """
    Return the grasps of the content of a plan file, best first.

    :param path: of the file, for errors
    :raises FileError, UnsupportedHand: as ``read_grasps``
    """
    names = find_hand(str(content.get('hand'))).joint_names
    if content.get('joint_names') != list(names):
        raise FileError(path, f"its 'joint_names' are not those of the hand: {', '.join(names)}")
    target = content.get('object', {})
    try:
        grasps = StagedGrasp(*(
            _read_stage([grasp[stage] for grasp in content['grasps']], len(names))
            for stage in STAGES))
        return GraspSet(
            grasps, content['hand'], target.get('name', ''), float(target.get('scale', 1.0)))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise FileError(path, f'it contains an incomplete grasp: {error!r}') from error


def _read_stage(poses: list[dict[str, Any]], joints: int) -> GraspBatch:
    sizes = {'position': 3, 'quat_xyzw': 4, 'joints': joints}
    values = {
        name: torch.tensor([pose[name] for pose in poses], dtype=torch.float64).reshape(-1, size)
        for name, size in sizes.items()}
    for name, value in values.items():
        if len(value) != len(poses) or not value.isfinite().all():
            raise ValueError(f'{name} is not {sizes[name]} finite numbers in each grasp')
    return GraspBatch.from_quat_xyzw(
        values['position'], values['quat_xyzw'], values['joints'])


def _grasp(plan: GraspPlan, rank: int) -> dict[str, Any]:
    contacts = plan.contacts[rank]
    return {
        'score': float(plan.score[rank]),
        'success_probability': _number(plan.success_probability[rank]),
        'energies': {
            name: _number(values[rank]) for name, values in vars(plan.metrics).items()},
        **{stage: _pose(getattr(plan.grasps, stage), rank) for stage in STAGES},
        'approach_direction': plan.approach_direction[rank].tolist(),
        'contact_pattern': plan.contact_pattern[rank],
        'contacts': {
            'links': list(contacts.links),
            'points': contacts.points.tolist(),
            'normals': contacts.normals.tolist(),
            'forces': contacts.forces.tolist(),
            'spreads': contacts.spreads.tolist(),
        },
    }


def _pose(grasps: GraspBatch, rank: int) -> dict[str, Any]:
    return {
        'position': grasps.translation[rank].tolist(),
        'quat_xyzw': grasps.quat_xyzw()[rank].tolist(),
        'joints': grasps.joints[rank].tolist(),
    }


def _number(value: Tensor) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
