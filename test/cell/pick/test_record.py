# SPDX-License-Identifier: Apache-2.0
"""Sums, lines and files of picks say what happened."""

import json
import math

import pytest

pytest.importorskip('rclpy', reason='the cell needs ROS 2 (rclpy)')

from dexlite_ros.cell.pick.__main__ import _layouts, HEAP, Pick
from dexlite_ros.cell.pick.record import PickRecord, row, summary, write_records
from dexlite_ros.msg import DexGrasp
from dexlite_ros.ros.pick.executor import Attempt

LIFTED = Attempt('lifted', 0.9, 1.0, seconds=8.0, grasp=DexGrasp())
SLIPPED = Attempt('not held', 0.8, 2.0, seconds=9.0, grasp=DexGrasp())
FAR = [Attempt(f'stopped: the wrist is {far} mm and {far / 10} degrees from where it should be',
               0.7, 3.0) for far in (12, 40)]
RECORDS = [
    PickRecord('can', (LIFTED,), 0.15, 8.0, True, True),
    PickRecord('jar', (SLIPPED, LIFTED), 0.14, 20.0, False, True),
    PickRecord('fork', (*FAR, SLIPPED), 0.0, 30.0, True, False),
    PickRecord('cup', (LIFTED,), 0.01, 9.0, None, False),
]


def test_only_what_rose_is_lifted():
    """What the hand felt is told beside it where it is not the truth."""
    can, jar, fork, cup = RECORDS
    assert [each.lifted for each in RECORDS] == [True, True, False, False]
    assert can.at_once and not jar.at_once and not cup.at_once
    assert can.outcome() == 'lifted' and fork.outcome() == 'not held'
    assert cup.outcome() == 'felt, but not lifted'
    hooked = PickRecord('', (SLIPPED,), 0.15, 1.0)
    assert not hooked.lifted and hooked.outcome() == 'not held, though it rose'
    assert ' 14 cm' in row(jar) and '0.90' in row(jar) and '    2  ' in row(jar)


def test_sums_count_what_was_not_tried(tmp_path):
    """Equal reasons are one, whatever their numbers; a file holds the same figures."""
    text = summary(RECORDS, 6)
    assert '1 of 4 picks' in text and '2 in the end; 6 objects' in text
    assert '2 x not held' in text
    assert '2 x stopped: the wrist is N mm and N degrees' in text
    assert 'median time of a plan 2.00 s' in text and 'lifted object 8.0 s' in text
    assert 'judge lifts 2;' in text and 'without ROS 2' in text
    write_records(tmp_path / 'report.json', RECORDS, 6, {'camera': 'ideal'})
    report = json.loads((tmp_path / 'report.json').read_text())
    assert (report['wanted'], report['picks'], report['lifted'], report['lifted_at_once']) == (
        6, 4, 2, 1)
    assert report['camera'] == 'ideal' and report['judged'] == report['judged_apart'] == 2
    assert [len(each['attempts']) for each in report['records']] == [1, 2, 3, 1]
    assert report['records'][1]['attempts'][0] == {
        'result': 'not held', 'score': 0.8, 'plan_time': 2.0, 'error_code': 0, 'seconds': 9.0}


def test_nothing_lifted_is_told_as_well():
    """Without a time, and without the judge who was not asked."""
    text = summary([PickRecord('cup', (Attempt('no plan: dark'),), 0.0, 1.0)], 1)
    assert '0 of 1 picks' in text and '1 x no plan: dark' in text
    assert 'median' not in text and 'judge' not in text
    assert math.isnan(Attempt('').plan_time)


@pytest.mark.parametrize(('count', 'heaps'), [(5, 1), (10, 2), (7, 2), (1, 1)])
def test_every_object_is_in_one_heap(count, heaps):
    """No heap has more than five, or two more than another."""
    options = Pick(objects=('procedural:20',), count=count, clutter=True)
    layouts = _layouts(options)
    names = [each.name for layout in layouts for each in layout]
    assert len(layouts) == heaps and len(set(names)) == len(names) == count
    sizes = [len(each) for each in layouts]
    assert max(sizes) <= HEAP and max(sizes) - min(sizes) <= 1
    alone = _layouts(Pick(objects=('procedural:20', 'household:3'), count=count))
    assert len(alone) == count + min(count, 3) and all(len(each) == 1 for each in alone)
