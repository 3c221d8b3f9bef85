# SPDX-License-Identifier: Apache-2.0
"""Figures of lifts with two hands are counts of verdicts."""

import json

from dexlite_ros.hand.known_hands import DEFAULT_PAIR
from dexlite_ros.offline.evaluation.pair_lifts import (
    figures,
    lift_object,
    LiftedObject,
    LiftTask,
    PairLifts,
    write_report,
)
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


def test_an_object_is_planned_for_and_lifted():
    """A large box from its mesh; one that slips away is told with its verdicts."""
    task = LiftTask(ProceduralObject('moving_box', 20), LIFTS)
    done = lift_object(task)
    assert done.lifted(2) and len(done.verdicts) == len(done.residuals) == 2 and not done.error
    assert done.family == 'moving_box' and max(done.size) > 0.2
