# SPDX-License-Identifier: Apache-2.0
"""Service and action have the same fields, so one converts to the other."""

from pathlib import Path
import re

from geometry_msgs.msg import Vector3
import pytest

from dexlite_ros.action import SynthesizeGrasps
from dexlite_ros.msg import DexGraspArray, SynthesisReport
from dexlite_ros.ros.message_fields import copy_fields
from dexlite_ros.srv import GraspSynthesis

PAIRS = [(GraspSynthesis.Request, SynthesizeGrasps.Goal),
         (GraspSynthesis.Response, SynthesizeGrasps.Result)]


def parts(path: Path) -> list[list[str]]:
    """Return the fields of each part of an interface file: type, name and default as written."""
    lines = [re.sub(r'\s*#.*', '', line) for line in path.read_text().splitlines()]
    return [[line for line in part.splitlines() if line]
            for part in '\n'.join(lines).split('\n---\n')]


def test_service_and_action_are_declared_alike(root: Path) -> None:
    """Type, name, default and order of every field."""
    service, action = parts(root / 'srv/GraspSynthesis.srv'), parts(
        root / 'action/SynthesizeGrasps.action')
    assert len(service[0]) > 10 and action[:2] == service


@pytest.mark.parametrize(('one', 'other'), PAIRS)
def test_service_and_action_are_generated_alike(one: type, other: type) -> None:
    """Names, types and default values."""
    assert one.get_fields_and_field_types() == other.get_fields_and_field_types()
    for name in one.get_fields_and_field_types():
        assert getattr(one(), name) == getattr(other(), name)


def test_values_survive_the_way_there_and_back() -> None:
    """Every field of a request and a response."""
    request = GraspSynthesis.Request(
        object_id='mug', min_score=0.5, optimize=False, seed=2**40,
        approach_direction=Vector3(z=-1.0))
    goal = copy_fields(request, SynthesizeGrasps.Goal)
    assert isinstance(goal, SynthesizeGrasps.Goal)
    assert copy_fields(goal, GraspSynthesis.Request) == request
    response = GraspSynthesis.Response(
        result=DexGraspArray(object_id='mug'), report=SynthesisReport(error_code=13))
    result = copy_fields(response, SynthesizeGrasps.Result)
    assert (result.result.object_id, result.report.error_code) == ('mug', 13)
