# SPDX-License-Identifier: Apache-2.0
"""Plan files go to another project's format and back, for the hands that it has."""

from pathlib import Path

from plans import make_plan
import pytest
import torch

from dexlite_ros.errors import UnsupportedHand
from dexlite_ros.hand.leap_hand import LEAP_RIGHT
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.formats import exchange
from dexlite_ros.output.plan_file import GraspSet, read_grasps, write_grasps


@pytest.mark.parametrize('hand', [SHADOW_RIGHT, LEAP_RIGHT], ids=lambda hand: hand.name)
def test_plan_files_come_back(tmp_path: Path, hand, capsys):
    """What is exported and imported for the same hand is the same plan file."""
    joints = len(hand.joints)
    grasps = make_plan(3).grasps.each(
        lambda batch: type(batch)(batch.translation, batch.rotation, batch.joints[:, :joints]))
    path = write_grasps(GraspSet(grasps, hand.name, 'cup', 0.08), tmp_path / 'cup.json')
    there, back = tmp_path / 'there', tmp_path / 'back'
    form = ['--format', 'dexgraspbench', '--output']
    assert main(['export', str(path), *form, str(there)]) == 0
    assert main(['import', str(there), *form, str(back), '--hand', hand.name]) == 0
    found = read_grasps(back / 'cup' / 'scale_0.08.json')
    assert (found.hand, found.name, found.scale) == (hand.name, 'cup', 0.08)
    for name, batch in vars(found.grasps).items():
        for part, value in vars(batch).items():
            sent = getattr(getattr(grasps, name), part)
            torch.testing.assert_close(value.double(), sent.double(), rtol=0, atol=1e-5)
    other = 'leap_right' if hand is SHADOW_RIGHT else 'shadow_right'
    capsys.readouterr()
    assert main(['import', str(there), *form, str(tmp_path / 'no'), '--hand', other]) == 1
    assert hand.name in capsys.readouterr().err


@pytest.mark.parametrize(('form', 'hand'), [
    ('dexgraspbench', 'shadow_left'), ('dexgraspnet', 'shadow_left'),
    ('dexgraspnet', 'leap_right')])
def test_hands_without_a_place_are_refused(tmp_path: Path, form: exchange.Format, hand: str):
    """Nothing is written or read for a hand that the format does not have."""
    with pytest.raises(UnsupportedHand, match=f'{hand}.*shadow_right.*no other'):
        exchange.write(form, [GraspSet(make_plan(1).grasps, hand, 'cup')], tmp_path)
    assert not any(tmp_path.iterdir())
    with pytest.raises(UnsupportedHand, match=hand):
        exchange.read(form, tmp_path, hand=hand)
