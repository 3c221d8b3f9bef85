# SPDX-License-Identifier: Apache-2.0
"""Invalid numbers, and objects excluded from training, are refused."""

from pathlib import Path

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.generation.machines import Machines
from dexlite_ros.offline.generation.request import GenerationRequest
from dexlite_ros.offline.generation.target_choice import TargetChoice


@pytest.mark.parametrize('wrong', [
    {'seed': -1}, {'seeds': 0}, {'candidates': 0}, {'grasps': 0}, {'grasps': 121},
    {'scales': (1.0, 1.0)}, {'scales': (0.0,)}, {'scales': (float('inf'),)},
    {'network': 'weights'}])
def test_requests_make_sense(wrong):
    """Each number is in its range, scales differ, the network needs what it expands."""
    with pytest.raises(InvalidRequest, match=next(iter(wrong))):
        GenerationRequest(**wrong)
    with pytest.raises(InvalidRequest, match='workers'):
        Machines(workers=-1)


def test_settings_do_not_depend_on_scales_and_seeds():
    """A dataset accepts more seeds and scales, but not another number of candidates."""
    usual = GenerationRequest().settings()
    more = GenerationRequest(scales=(0.5, 2.0), seed=3, seeds=5, expand=Path('other'))
    assert more.settings() == usual
    assert GenerationRequest(candidates=7).settings() != usual


def test_targets_are_narrowed_down():
    """By patterns and by number; nothing left is an error."""
    choice = TargetChoice(('procedural:40',), only=('can_*', 'soap_*'))
    names = [target.name for target in choice.find()]
    assert names and all(name.startswith(('can_', 'soap_')) for name in names)
    assert len(TargetChoice(('procedural:10', 'procedural:5-12'), limit=11).find()) == 11
    with pytest.raises(InvalidRequest, match='only'):
        TargetChoice(('procedural:3',), only=('no such',)).find()


def test_the_manifests_split_cannot_be_evaded(tmp_path):
    """The folder of an object below a manifest is refused."""
    (tmp_path / 'manifest.csv').touch()
    (tmp_path / 'cup').mkdir()
    with pytest.raises(InvalidRequest, match='the split'):
        TargetChoice((str(tmp_path / 'cup'),)).find()
