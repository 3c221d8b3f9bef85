# SPDX-License-Identifier: Apache-2.0
"""Methods are found by name."""

import numpy as np
import pytest
from three_finger_hand import THREE_FINGER_HAND
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest, ModelError
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand, OWN_HANDS
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.network.checkpoint import WEIGHTS
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.hull_proposer import HullProposer, StartSettings
from dexlite_ros.proposal.network_proposer import NetworkProposer
from dexlite_ros.proposal.opposite_proposer import OppositeProposer
from dexlite_ros.proposal.proposer import AlternatingProposer, make_proposer, PartlyOpposite

KINEMATICS = HandKinematics(SHADOW_RIGHT)
CPU = torch.device('cpu')


def test_each_method_has_its_proposer():
    """Those with the network are named after the weights that come with the package."""
    assert isinstance(make_proposer('hull', '', KINEMATICS, CPU), HullProposer)
    network = make_proposer('network', '', KINEMATICS, CPU)
    assert isinstance(network, NetworkProposer)
    assert network.model_id.startswith('shadow_right@')
    both = make_proposer('both', '', KINEMATICS, CPU)
    assert both.model_id == f'{network.model_id}+hull-starts+opposite-points'


def test_a_hand_without_weights_does_without_the_network():
    """By default; who asks for the network gets an error that names the alternative."""
    kinematics = HandKinematics(THREE_FINGER_HAND)
    assert make_proposer('both', '', kinematics, CPU).model_id == 'hull-starts+opposite-points'
    with pytest.raises(ModelError, match="'hull'"):
        make_proposer('network', '', kinematics, CPU)


def test_the_old_name_still_works():
    """Release 0.1 called starts around the hull 'optimise'."""
    assert PlannerSettings.for_method('optimise') == PlannerSettings.for_method('hull')


def test_what_does_not_exist_is_refused(tmp_path):
    """Unknown methods and missing weights are errors; the latter names the alternative."""
    with pytest.raises(InvalidRequest, match='network, hull, both'):
        PlannerSettings.for_method('guess')
    with pytest.raises(ModelError, match="'hull'"):
        make_proposer('network', str(tmp_path / 'none'), KINEMATICS, CPU)
    make_proposer('hull', str(tmp_path / 'none'), KINEMATICS, CPU)


def test_two_proposers_take_turns():
    """They alternate, for any number of proposals."""
    ball = trimesh.creation.icosphere(radius=0.03)
    surface = ObjectSurface(ball.vertices, ball.faces, 1.0, 'mesh')
    parts = [
        HullProposer(KINEMATICS, StartSettings(nearest=reach, farthest=reach))
        for reach in (0.02, 0.05)]
    generator = torch.Generator().manual_seed(0)
    first, second = (part.propose(surface, 4, generator).to_vector() for part in parts)
    both = AlternatingProposer(*parts).propose(
        surface, 7, torch.Generator().manual_seed(0)).to_vector()
    assert len(both) == 7
    assert torch.equal(both[::2], first) and torch.equal(both[1::2], second[:3])


def test_the_weights_are_small():
    """Those of each hand that come with the package take at most 6 MiB."""
    found = {path.stem: path.stat().st_size for path in WEIGHTS.glob('*.safetensors')}
    assert set(found) == {hand.original_name for hand in map(find_hand, OWN_HANDS)}
    assert 0 < max(found.values()) < 6 * 2**20


def test_opposite_points_take_a_share_of_the_starts():
    """Half on a plate, none on a ball that has none; there are always as many as asked for."""
    hull, opposite = HullProposer(KINEMATICS), OppositeProposer(KINEMATICS)
    for mesh, least, most in (
            (trimesh.creation.box((0.12, 0.2, 0.01)), 15, 20),
            (trimesh.creation.icosphere(3, 0.08), 0, 0)):
        surface = ObjectSurface(np.asarray(mesh.vertices), mesh.faces, 1.0, 'mesh')
        generator = torch.Generator().manual_seed(0)
        found = PartlyOpposite(hull, opposite).propose(surface, 40, generator)
        alone = opposite.propose(surface, 20, torch.Generator().manual_seed(0))
        same = (torch.cdist(found.translation, alone.translation) == 0).any(1) if len(
            alone) else torch.zeros(40, dtype=torch.bool)
        assert len(found) == 40 and least <= int(same.sum()) <= most
