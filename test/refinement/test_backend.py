# SPDX-License-Identifier: Apache-2.0
"""The backend follows the device, and the two return grasps of the same quality."""

from fields import ball_field
import pytest
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.refinement.backend import chosen_backend, make_optimizers
from dexlite_ros.refinement.fused_optimizer import FusedOptimizer
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer
from dexlite_ros.refinement.rounds import hand_details

CPU, CARD = torch.device('cpu'), torch.device('cuda', 0)


def test_auto_follows_the_device():
    """Compiled on the CPU, torch on a card; torch may be asked for anywhere."""
    assert chosen_backend('auto', CPU) == chosen_backend('fused', CPU) == 'fused'
    assert chosen_backend('auto', CARD) == chosen_backend('torch', CARD) == 'torch'
    assert chosen_backend('torch', CPU) == 'torch'


@pytest.mark.parametrize(('backend', 'device'), [('fused', CARD), ('fast', CPU)])
def test_what_cannot_compute_is_refused(backend, device):
    """The error names the backend and those that can."""
    with pytest.raises(InvalidRequest, match=f'backend.*{backend}'):
        chosen_backend(backend, device)


@pytest.mark.parametrize(('backend', 'kind'), [
    ('auto', FusedOptimizer), ('fused', FusedOptimizer), ('torch', PostOptimizer)])
def test_one_optimizer_for_each_energy(backend, kind):
    """In order, each with its own settings."""
    details = hand_details(HandKinematics(SHADOW_RIGHT))
    settings = [OptimizerSettings(iterations=3), OptimizerSettings(iterations=5)]
    energies = [GraspEnergy(details[name], ball_field(0.03), each.energy)
                for name, each in zip(('coarse', 'fine'), settings)]
    made = make_optimizers(energies, settings, backend, 1)
    assert [type(each) for each in made] == [kind, kind]
    assert [each.settings.iterations for each in made] == [3, 5]
