# SPDX-License-Identifier: Apache-2.0
"""A message becomes a request: what it leaves open is the parameter of the node."""

import math

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Vector3
import numpy as np
import pytest

from dexlite_ros.errors import InvalidRequest, UnsupportedHand
from dexlite_ros.ros.parameters.node_table import NodeSettings
from dexlite_ros.ros.synthesis_request import read_request
from dexlite_ros.srv import GraspSynthesis

SETTINGS = NodeSettings(
    object_id='mug', target_frame='base', approach_tolerance=0.5, seed=7, timeout=9.0)


def message(**fields: object) -> GraspSynthesis.Request:
    """Return a request message."""
    return GraspSynthesis.Request(**fields)


def test_an_empty_message_takes_the_parameters():
    """The planner's own are left open for its settings."""
    request = read_request(message(), SETTINGS)
    assert (request.object_id, request.target_frame, request.viewpoint) == ('mug', 'base', None)
    plan = request.plan
    assert plan.num_candidates is plan.max_grasps is plan.min_score is None
    assert plan.approach_direction is None and plan.optimize
    assert (plan.approach_tolerance, plan.seed, plan.timeout) == (0.5, 7, 9.0)


def test_what_a_message_says_counts():
    """Every field reaches the request, in its units."""
    request = read_request(message(
        object_id='can', target_frame='map', num_candidates=100, max_grasps=3, min_score=0.25,
        approach_direction=Vector3(z=-1.0), approach_tolerance=0.3, optimize=False, seed=11,
        timeout=Duration(sec=1, nanosec=500_000_000), use_viewpoint=True,
        viewpoint=Point(x=0.1, y=0.2, z=0.3)), SETTINGS)
    plan = request.plan
    assert (request.object_id, request.target_frame) == ('can', 'map')
    assert np.array_equal(request.viewpoint, [0.1, 0.2, 0.3])
    assert (plan.num_candidates, plan.max_grasps, plan.min_score) == (100, 3, 0.25)
    assert np.array_equal(plan.approach_direction, [0.0, 0.0, -1.0])
    assert plan.approach_tolerance == pytest.approx(0.3) and not plan.optimize
    assert (plan.seed, plan.timeout) == (11, 1.5)


def test_without_any_seed_each_request_has_its_own():
    """And never 0, which would mean another one again."""
    seeds = {read_request(message(), NodeSettings(seed=0)).plan.seed for _ in range(5)}
    assert len(seeds) == 5 and 0 not in seeds


@pytest.mark.parametrize(('fields', 'name'), [
    ({'num_candidates': 2**20}, 'num_candidates'), ({'max_grasps': 5000}, 'max_grasps'),
    ({'min_score': 1.5}, 'min_score'), ({'min_score': math.nan}, 'min_score'),
    ({'approach_direction': Vector3(x=2.0)}, 'approach_direction'),
    ({'approach_direction': Vector3(y=math.nan)}, 'approach_direction'),
    ({'approach_tolerance': 4.0}, 'approach_tolerance'),
    ({'timeout': Duration(sec=-1)}, 'timeout'), ({'timeout': Duration(sec=700)}, 'timeout'),
    ({'use_viewpoint': True, 'viewpoint': Point(x=math.inf)}, 'viewpoint'),
    ({'verify': True}, 'verify'),
])
def test_values_that_make_no_sense_are_named(fields, name):
    """Each is refused by its own name."""
    with pytest.raises(InvalidRequest, match=name):
        read_request(message(**fields), SETTINGS)


def test_another_hand_is_refused():
    """A node serves one hand and says which."""
    with pytest.raises(UnsupportedHand, match=SETTINGS.hand):
        read_request(message(hand='claw'), SETTINGS)
    assert read_request(message(hand=SETTINGS.hand), SETTINGS).object_id == 'mug'


def test_a_second_hand():
    """Its name and the mass reach the request; unknown hands and impossible masses do not."""
    plain = read_request(message(), SETTINGS)
    assert (plain.second_hand, plain.mass) == ('', None)
    both = read_request(message(second_hand='shadow_left', mass=1.5), SETTINGS)
    assert (both.second_hand, both.mass) == ('shadow_left', 1.5)
    with pytest.raises(UnsupportedHand):
        read_request(message(second_hand='hook'), SETTINGS)
    for mass in (-1.0, 50.0, math.nan):
        with pytest.raises(InvalidRequest, match='mass'):
            read_request(message(second_hand='shadow_left', mass=mass), SETTINGS)
