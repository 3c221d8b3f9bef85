# SPDX-License-Identifier: Apache-2.0
"""Plans of two hands survive a file, and are no plans of one hand."""

import json

from plans import make_pairs
import pytest
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.output.pair_file import holds_pairs, read_pairs, write_pairs
from dexlite_ros.output.plan_file import read_grasps, write_plan
from dexlite_ros.plan import TwoHandPlan


@pytest.fixture
def plan() -> TwoHandPlan:
    """Return a plan of two hands."""
    return make_pairs()


def test_pairs_survive_a_file(plan, tmp_path):
    """Grasps of both hands, mass and measures."""
    path = write_pairs(plan, tmp_path / 'pairs.json')
    read = read_pairs(path)
    assert len(read) == len(plan) and read.mass == 1.5 and holds_pairs(path)
    for before, after in zip(plan.plans, (read.first, read.second)):
        torch.testing.assert_close(
            after.grasps.squeeze.joints, before.grasps.squeeze.joints.double())
    content = json.loads(path.read_text())
    assert [each['residual'] for each in content['pairs']] == pytest.approx(
        plan.metrics.residual.tolist())
    assert 'report' in content and 'report' not in content['hands'][0]


def test_half_of_a_pair_is_no_grasp(plan, tmp_path):
    """A reader of grasps refuses pairs, and the other way round."""
    pairs, grasps = tmp_path / 'pairs.json', tmp_path / 'grasps.json'
    write_pairs(plan, pairs)
    write_plan(plan.first, grasps)
    assert not holds_pairs(grasps)
    for read, path in ((read_grasps, pairs), (read_pairs, grasps)):
        with pytest.raises(FileError, match='not of the format'):
            read(path)


def test_a_spoilt_file_is_named(plan, tmp_path):
    """One hand with fewer grasps, or none; a missing file."""
    path = write_pairs(plan, tmp_path / 'pairs.json')
    content = json.loads(path.read_text())
    for spoil in (lambda: content['hands'][1]['grasps'].pop(), lambda: content['hands'].pop()):
        spoil()
        path.write_text(json.dumps(content))
        with pytest.raises(FileError, match='incomplete pair'):
            read_pairs(path)
    with pytest.raises(FileError):
        holds_pairs(tmp_path / 'none.json')
