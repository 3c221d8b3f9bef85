# SPDX-License-Identifier: Apache-2.0
"""A plan that ends with nothing says why, and what would help."""

from dataclasses import replace
import re

from fields import ball_field
import numpy as np
import pytest
import trimesh

from dexlite_ros.object.hypotheses import Hypothesis
from dexlite_ros.object.planning_scene import InputReport, PlanningScene
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.object.viewpoint import Viewpoint
from dexlite_ros.plan import Rejections, StageTimes
from dexlite_ros.plan_report import advice, first_report, nothing_found
from dexlite_ros.plan_request import PlanRequest

BALL = trimesh.creation.icosphere(subdivisions=2, radius=0.03)


def scene(seen: float, noise: float, source: str) -> PlanningScene:
    """Return a ball seen by one camera."""
    surface = ObjectSurface(np.asarray(BALL.vertices), np.asarray(BALL.faces), seen, 'view+ball')
    return PlanningScene(
        (Hypothesis(surface, 1.0),), ball_field(0.03), None, np.zeros(3),
        InputReport(1000, Viewpoint(np.array([0.0, 0.0, 1.0]), source), noise=noise),
        BALL.vertices)


@pytest.mark.parametrize(('seen', 'noise', 'source', 'words'), [
    (0.38, 0.0005, 'given', 'look from the other side as well.* 38 %'),
    (0.9, 0.0021, 'given', r'move the camera nearer: the points scatter by 2\.1 mm'),
    (0.9, 0.0005, 'guessed', 'give the viewpoint')])
def test_advice_is_about_what_is_not_known(seen, noise, source, words):
    """Each reason of doubt has its remedy, and none is named that is not there."""
    found = advice(scene(seen, noise, source))
    assert found.count(';') == 2, 'and the points around it, and a lower score'
    assert re.search(words, found) and 'what it stands on' in found


def test_low_scores_are_told_apart_from_rejections():
    """Grasps that only lack score: best and limit are named, with a code; else the filters."""
    ball = scene(0.5, 0.0005, 'given')
    report = first_report(ball, PlanRequest(), StageTimes(), 'cpu', 'hull-starts')
    low = nothing_found(ball, replace(report, rejected=Rejections(score=7)), 0.41, 0.5)
    assert 'best of 7 grasps scored 0.41, less than min_score = 0.50' in str(low)
    assert [each.code for each in low.report.warnings] == ['too_uncertain']
    filtered = nothing_found(
        ball, replace(report, num_refined=9, rejected=Rejections(penetration=9)), 0.0, 0.5)
    assert 'all 9 candidates were rejected (penetration 9)' in str(filtered)
    assert not filtered.report.warnings and len(filtered.surfaces) == 1
