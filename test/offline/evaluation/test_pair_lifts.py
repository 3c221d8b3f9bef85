# SPDX-License-Identifier: Apache-2.0
"""Figures of lifts with two hands are counts of verdicts."""

from dataclasses import replace
import json

import numpy as np
import pytest
import trimesh

from dexlite_ros.hand.known_hands import DEFAULT_PAIR
from dexlite_ros.offline.evaluation.pair_lifts import (
    figures,
    lift_object,
    LiftedObject,
    LiftTask,
    markdown,
    PairLifts,
    timed_out,
    write_report,
)
from dexlite_ros.offline.objects.measured_cloud import one_view
from dexlite_ros.offline.objects.sources import ProceduralObject
from dexlite_ros.offline.physics.closing import Verdict

LIFTS = PairLifts(DEFAULT_PAIR, 1.0, 0.6, 0, 0.0, 2)


def lifted(name: str, family: str, *passed: bool, seconds: float = 1.0) -> LiftedObject:
    """Return an object with these verdicts."""
    verdicts = tuple(Verdict(each, 'held' if each else 'dropped', 0.0, 0.0) for each in passed)
    return LiftedObject(name, family, (0.3, 0.3, 0.3), seconds, (0.0,) * len(passed), verdicts)


def test_shares_of_objects(tmp_path):
    """By the best pair, by any, by family; an object without a plan is not lifted."""
    found = figures([
        lifted('a', 'drum', True, False), lifted('b', 'drum', False, True, seconds=3.0),
        lifted('c', 'tray', False, False),
        LiftedObject('d', 'tray', (0.3, 0.3, 0.01), 2.0, (), (), 'no sides')], LIFTS)
    assert (found['best'], found['any'], found['pairs_held']) == (0.25, 0.5, 1 / 3)
    assert found['families']['drum'] == {
        'count': 2, 'best': 0.5, 'any': 1.0, 'seconds_median': 2.0}
    assert found['reasons'] == {'dropped': 4}
    text = write_report(found, 'dexlite evaluate-pairs', tmp_path / 'new').read_text()
    assert '| all | 4 | 25 % | 50 % | 1.5 |' in text and '- d: no sides' in text
    assert json.loads((tmp_path / 'new' / 'report.json').read_text())['count'] == 4


def test_what_took_too_long_has_no_time(tmp_path):
    """It counts as not lifted, in its family, and its reason is told."""
    late = timed_out(LiftTask(ProceduralObject('drum', 3), LIFTS), 'it took too long')
    for others, told in ((lifted('a', 'drum', True, seconds=4.0),), '4.0'), ((), '-'):
        found = figures([late, *others], LIFTS)
        assert found['families']['drum']['count'] == 1 + len(others)
        text = write_report(found, 'dexlite evaluate-pairs', tmp_path).read_text()
        assert f'| {told} |' in text and f'- {late.name}: it took too long' in text


@pytest.mark.parametrize(('lifts', 'told'), [
    (LIFTS, 'planned on meshes.'),
    (replace(LIFTS, points=2048, noise=0.002), 'clouds of 2048 points, noise 2 mm.'),
    (replace(LIFTS, views='single', noise=0.001), 'one camera above a table, noise 1 mm.')])
def test_what_was_seen_is_told(lifts, told):
    """The page names it."""
    assert told in markdown(figures([lifted('a', 'drum', True)], lifts), '')


def test_a_camera_sees_one_side():
    """Of a box before it, nothing of the bottom and of two of four sides."""
    box = trimesh.creation.box((0.4, 0.3, 0.2))
    cloud = one_view(box, np.random.default_rng(0), 0.0, 1.2)
    assert np.linalg.norm(cloud.viewpoint - box.bounds.mean(0)) == pytest.approx(1.2)
    touched = [(np.abs(cloud.points[:, axis] - side * box.extents[axis] / 2) < 1e-4).mean() > 0.02
               for axis in range(3) for side in (-1, 1)]
    assert sum(touched) == 3 and touched[5] and not touched[4]


def test_an_object_is_planned_for_and_lifted():
    """A large box from its mesh; one that slips away is told with its verdicts."""
    task = LiftTask(ProceduralObject('moving_box', 20), LIFTS)
    done = lift_object(task)
    assert done.lifted(2) and len(done.verdicts) == len(done.residuals) == 2 and not done.error
    assert done.family == 'moving_box' and max(done.size) > 0.2
