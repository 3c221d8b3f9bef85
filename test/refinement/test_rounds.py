# SPDX-License-Identifier: Apache-2.0
"""Rounds prune within contact patterns, and stop when time runs out."""

import time

from fields import ball_field
import pytest
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.energy_terms import EnergyWeights
from dexlite_ros.mechanics.grasp_energy import EnergySettings
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import hand_details, Refinement, RefinementSettings, Round

KINEMATICS = HandKinematics(SHADOW_RIGHT)
DETAILS = hand_details(KINEMATICS)
SHORT = OptimizerSettings(iterations=3, energy=EnergySettings(EnergyWeights()))
SETTINGS = RefinementSettings(rounds=(Round(SHORT, 4.0, 'coarse'), Round(SHORT, 2.0)))


def run(count: int = 32, wanted: int = 4, **kwargs):
    """Refine hull starts around a ball."""
    ball = trimesh.creation.icosphere(radius=0.035)
    starts = hull_starts(KINEMATICS, ball.vertices, count, torch.Generator().manual_seed(0))
    settings = kwargs.pop('settings', SETTINGS)
    backend = kwargs.pop('backend', 'auto')
    return Refinement(DETAILS, ball_field(0.035), settings, backend=backend).run(
        starts, wanted, generator=torch.Generator().manual_seed(1), **kwargs)


def test_every_set_keeps_its_share():
    """Half of the starts are 'tips', a quarter each 'tips_palm' and 'wrap', before and after."""
    population = run()
    assert len(population.grasps) == 8
    assert torch.bincount(population.contact_pattern).tolist() == [4, 2, 2]
    assert population.energy.isfinite().all() and population.non_finite == 0


def test_refinement_is_reproducible():
    """The same starts and generator give the same survivors."""
    assert torch.equal(run().grasps.translation, run().grasps.translation)


def test_time_and_switch_end_it():
    """After the deadline nothing more is begun; without refinement all starts are returned."""
    small = RefinementSettings(rounds=SETTINGS.rounds, cpu_batch=8)
    late = run(settings=small, deadline=time.monotonic() - 1.0, backend='torch')
    assert late.iterations == 0 and 0 < len(late.grasps) <= 8
    late = run(deadline=time.monotonic() - 1.0, backend='fused')
    assert late.iterations == 0 and late.energy.isfinite().all()
    untouched = run(optimize=False)
    assert len(untouched.grasps) == 32 and untouched.energy.isnan().all()


def test_progress_grows_with_the_steps():
    """From 0 to 1 over rounds, batches and steps; telling it changes no grasp."""
    told: list[float] = []
    small = RefinementSettings(rounds=SETTINGS.rounds, cpu_batch=8)
    refined = run(settings=small, progress=told.append, backend='torch')
    assert told == sorted(told) and told[0] == 0.0 and told[-1] == 1.0
    assert len(set(told)) > 6
    untold = run(settings=small, backend='torch')
    assert torch.equal(refined.grasps.translation, untold.grasps.translation)
    fused: list[float] = []
    run(progress=fused.append, backend='fused')
    assert fused == sorted(fused) and fused[0] == 0.0 and fused[-1] == 1.0
    untold: list[float] = []
    run(optimize=False, progress=untold.append)
    assert untold == []


def test_rounds_are_needed():
    """An empty list of rounds is an error, not a way to switch off the refinement."""
    with pytest.raises(InvalidRequest, match='rounds'):
        RefinementSettings(rounds=())
