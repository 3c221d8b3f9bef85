# SPDX-License-Identifier: Apache-2.0
"""
Plans of two hands as JSON; the layout is described in docs/plan_format.md.

A format of its own: whoever reads plans of one hand must not take half of a pair for a grasp.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexlite_ros.errors import FileError
from dexlite_ros.files import format_of, plain, read_json, write_json
from dexlite_ros.output.plan_file import grasps_of, GraspSet, plan_to_dict
from dexlite_ros.output.plan_geometry import geometry_to_dict, PlanGeometry
from dexlite_ros.plan import TwoHandPlan

FORMAT = 'dexlite_ros/two_hand_plan'
VERSION = 1


@dataclass(frozen=True)
class PairSet:
    """Pairs of staged grasps of one object: those of equal rank belong together."""

    first: GraspSet
    second: GraspSet
    mass: float
    """Of the object that they are meant for [kg]."""

    def __len__(self) -> int:
        return len(self.first.grasps)


def pairs_to_dict(plan: TwoHandPlan) -> dict[str, Any]:
    """Return a plan of two hands as nested dictionaries and lists."""
    hands = [plan_to_dict(each) for each in plan.plans]
    report = [each.pop('report') for each in hands][0]
    metrics = {name: values.tolist() for name, values in vars(plan.metrics).items()}
    return {
        'format': FORMAT,
        'version': VERSION,
        'frame': 'input',
        'mass': plan.mass,
        'pairs': [
            plain({'score': float(plan.first.score[rank]), **{
                name: values[rank] for name, values in metrics.items()}})
            for rank in range(len(plan))],
        'hands': hands,
        'report': report,
    }


def write_pairs(plan: TwoHandPlan, path: str | Path) -> Path:
    """Write a plan of two hands as JSON, with what it was made on, and return the path."""
    write_json(path, {
        **pairs_to_dict(plan), 'geometry': geometry_to_dict(PlanGeometry.of(plan.first))})
    return Path(path)


def holds_pairs(path: str | Path) -> bool:
    """
    Return whether a file says that it is a plan of two hands.

    :raises FileError: when the file is missing or not JSON
    """
    return format_of(path) == FORMAT


def read_pairs(path: str | Path) -> PairSet:
    """
    Return the pairs of a plan file of two hands, best first.

    :raises FileError: when the file is missing, not JSON, of another format or version
    :raises UnsupportedHand: when a hand is unknown
    """
    content = read_json(path, FORMAT, VERSION)
    try:
        first, second = (grasps_of(each, path) for each in content['hands'])
        if len(first.grasps) != len(second.grasps):
            raise ValueError('one hand has more grasps than the other')
        return PairSet(first, second, float(content['mass']))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(path, f'it contains an incomplete pair: {error!r}') from error
