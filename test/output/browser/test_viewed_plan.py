# SPDX-License-Identifier: Apache-2.0
"""What is shown of a plan file is what the plan says."""

from dataclasses import replace
import json

import numpy as np
from plans import make_pairs, make_plan
import pytest

from dexlite_ros.errors import FileError
from dexlite_ros.object.viewpoint import Viewpoint
from dexlite_ros.output.browser.viewed_plan import read_viewed_plan
from dexlite_ros.output.pair_file import write_pairs
from dexlite_ros.output.plan_file import GraspSet, write_grasps, write_plan
from dexlite_ros.plan_warning import PlanWarning


def test_numbers_are_those_of_the_plan(tmp_path):
    """Scores, measures, directions and contacts of each grasp, in their order."""
    plan = make_plan(3)
    shown = read_viewed_plan(write_plan(plan, tmp_path / 'plan.json'))
    assert len(shown) == len(shown.facts) == 3
    for rank, facts in enumerate(shown.facts):
        assert facts.score == pytest.approx(float(plan.score[rank]))
        assert facts.contact_pattern == plan.contact_pattern[rank]
        assert facts.energies['clearance'] == pytest.approx(float(plan.metrics.clearance[rank]))
        np.testing.assert_allclose(facts.approach_direction, plan.approach_direction[rank])
        contacts = plan.contacts[rank]
        assert [each.link for each in facts.contacts] == list(contacts.links)
        np.testing.assert_allclose([each.force for each in facts.contacts], contacts.forces)
        np.testing.assert_allclose([each.point for each in facts.contacts], contacts.points)
    assert [each.weight for each in shown.geometry.surfaces] == [0.7, 0.3]


def test_pairs_have_the_grasps_of_both_hands(tmp_path):
    """Those of equal rank belong together; a file in which one has fewer is refused."""
    plan = make_pairs()
    path = write_pairs(plan, tmp_path / 'pairs.json')
    shown = read_viewed_plan(path)
    for each, own in zip(shown.hands, plan.plans, strict=True):
        np.testing.assert_allclose(
            each.grasps.grasp.translation, own.grasps.grasp.translation, atol=1e-6)
        assert [len(facts.contacts) for facts in each.facts] == [
            len(contacts.links) for contacts in own.contacts]
    assert shown.geometry.surfaces and shown.remarks and shown.partner.partner is None
    content = json.loads(path.read_text())
    content['hands'][1]['grasps'].pop()
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match='more grasps than the other'):
        read_viewed_plan(path)


@pytest.mark.parametrize(('position', 'up'), [
    (np.zeros(3), '-y'), (np.array([1.0, 0.0, 0.5]), '+z'), (None, '+z')])
def test_up_in_the_frame_of_a_camera_is_minus_y(tmp_path, position, up):
    """A cloud whose sensor is at the origin is in the sensor's frame (REP 103)."""
    plan = make_plan(1)
    report = replace(plan.report, viewpoint=Viewpoint(position, 'given'))
    path = write_plan(replace(plan, report=report), tmp_path / 'plan.json')
    assert read_viewed_plan(path).up == up


def test_warnings_are_shown(tmp_path):
    """Each with its code."""
    plan = make_plan(1)
    report = replace(plan.report, warnings=(PlanWarning('hardly_seen', 'only 3 %'),))
    path = write_plan(replace(plan, report=report), tmp_path / 'plan.json')
    assert read_viewed_plan(path).warnings == ('hardly_seen: only 3 %',)


def test_grasps_of_others_have_poses_alone(tmp_path):
    """Nothing is made up for an imported file, and it is looked at around its palms."""
    grasps = make_plan(2).grasps
    shown = read_viewed_plan(write_grasps(GraspSet(grasps), tmp_path / 'cup.json'))
    assert shown.facts[1].score is None and not shown.facts[1].contacts
    assert not shown.geometry.surfaces and not shown.remarks
    palms = grasps.grasp.translation.double().numpy()
    np.testing.assert_allclose(shown.centre(), (palms[0] + palms[1]) / 2, atol=1e-6)


@pytest.mark.parametrize(('key', 'value'), [
    ('approach_direction', [0.0, 1.0]), ('contacts', {'links': ['palm']}),
    ('contacts', {'links': ['palm'], 'points': [], 'forces': [], 'spreads': []})])
def test_incomplete_grasps_are_refused(tmp_path, key, value):
    """The error names the file."""
    path = write_plan(make_plan(2), tmp_path / 'plan.json')
    content = json.loads(path.read_text())
    content['grasps'][1][key] = value
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match=r'plan\.json.*incomplete'):
        read_viewed_plan(path)


def test_broken_geometry_is_refused(tmp_path):
    """And so is a file without grasps."""
    path = write_plan(make_plan(1), tmp_path / 'plan.json')
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, 'geometry': {'cloud': None}}))
    with pytest.raises(FileError, match='surfaces'):
        read_viewed_plan(path)
    path.write_text(json.dumps({**content, 'grasps': []}))
    with pytest.raises(FileError, match='no grasp'):
        read_viewed_plan(path)
