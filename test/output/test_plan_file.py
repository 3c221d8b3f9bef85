# SPDX-License-Identifier: Apache-2.0
"""Plans are read as they were written, and broken files are rejected with the reason."""

import json

from plans import make_plan
import pytest
import torch

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.files import replaced
from dexlite_ros.output.plan_file import (
    GraspSet,
    plan_to_dict,
    read_grasps,
    write_grasps,
    write_plan,
)


def test_round_trip(tmp_path):
    """Every pose of every stage is read as it was written."""
    plan = make_plan(3)
    grasps = read_grasps(write_plan(plan, tmp_path / 'deep' / 'plan.json')).grasps
    for name, batch in vars(grasps).items():
        expected = getattr(plan.grasps, name)
        torch.testing.assert_close(batch.translation, expected.translation.double())
        torch.testing.assert_close(
            batch.rotation, expected.rotation.double(), rtol=0, atol=1e-5)
        torch.testing.assert_close(batch.joints, expected.joints.double())


def test_grasps_without_a_plan(tmp_path):
    """Grasps from other sources keep the name and the scale of their object."""
    grasps = make_plan(2).grasps
    path = write_grasps(GraspSet(grasps, name='cup', scale=0.08), tmp_path / 'cup.json')
    back = read_grasps(path)
    assert (back.name, back.scale, back.hand, len(back.grasps)) == ('cup', 0.08, 'shadow_right', 2)
    torch.testing.assert_close(back.grasps.squeeze.joints, grasps.squeeze.joints.double())


def test_layout():
    """The documented keys exist, and values that were not computed are null."""
    content = plan_to_dict(make_plan(2))
    assert (content['frame'], content['hand_link'], content['version']) == ('input', 'rh_palm', 1)
    assert len(content['joint_names']) == 22
    grasp = content['grasps'][0]
    assert grasp['success_probability'] == pytest.approx(0.9)
    for stage in ('pregrasp', 'grasp', 'squeeze'):
        sizes = [len(grasp[stage][key]) for key in ('position', 'quat_xyzw', 'joints')]
        assert sizes == [3, 4, 22]
    json.dumps(content, allow_nan=False)


@pytest.mark.parametrize(('content', 'reason'), [
    ('{', 'not JSON'), ('[]', 'format'), ('{"format": "other"}', 'format'),
    ('{"format": "dexlite_ros/grasp_plan", "version": 99}', 'version 99')])
def test_broken_files_are_refused(tmp_path, content, reason):
    """The error names the file and what is wrong with it."""
    path = tmp_path / 'plan.json'
    path.write_text(content)
    with pytest.raises(FileError, match=reason):
        read_grasps(path)
    path.write_text('{"format": "dexlite_ros/grasp_plan", "version": 1, "hand": "claw"}')
    with pytest.raises(UnsupportedHand, match='claw'):
        read_grasps(path)
    with pytest.raises(FileError, match='missing.json'):
        read_grasps(tmp_path / 'missing.json')


@pytest.mark.parametrize(('name', 'value', 'reason'), [
    ('joints', [0.0] * 5, 'complete'), ('position', [0.0, 0.0, None], 'complete'),
    ('quat_xyzw', [float('nan')] * 4, 'quat_xyzw')])
def test_grasps_that_are_no_grasps_are_refused(tmp_path, name, value, reason):
    """Short lists, missing numbers, NaN and joints in another order are rejected."""
    content = plan_to_dict(make_plan(2))
    content['grasps'][1]['squeeze'][name] = value
    path = tmp_path / 'plan.json'
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match=reason):
        read_grasps(path)
    content = plan_to_dict(make_plan(2))
    content['joint_names'].reverse()
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match='joint_names'):
        read_grasps(path)


def test_no_grasps_are_none(tmp_path):
    """A file with an empty list is valid."""
    path = tmp_path / 'plan.json'
    path.write_text(json.dumps({**plan_to_dict(make_plan(1)), 'grasps': []}))
    assert len(read_grasps(path).grasps) == 0


def test_a_crash_keeps_the_old_file(tmp_path):
    """If writing fails half-way, the old file stays and no other file is left."""
    path = tmp_path / 'file.txt'
    path.write_text('old')
    with pytest.raises(RuntimeError), replaced(path) as temporary:
        temporary.write_text('half')
        raise RuntimeError
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]
