# SPDX-License-Identifier: Apache-2.0
"""Refinement lowers the energy, keeps the best pose, and treats each grasp independently."""

from dataclasses import replace
import time

from fields import ball_field
from hands import geometry
import pytest
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer


@pytest.fixture(scope='module')
def energy() -> GraspEnergy:
    """Return the energy of the hand on a ball, in double precision."""
    return GraspEnergy(geometry(), ball_field(0.035), EnergySettings()).double()


def starts(count: int, seed: int = 0) -> GraspBatch:
    """Return hull starts around the ball."""
    ball = trimesh.creation.icosphere(radius=0.035)
    generator = torch.Generator().manual_seed(seed)
    return hull_starts(geometry().kinematics, ball.vertices, count, generator).to(torch.float64)


def refine(energy: GraspEnergy, grasps: GraspBatch, **kwargs):
    """Refine with the contact pattern 'tips'."""
    settings = kwargs.pop('settings', OptimizerSettings(iterations=15))
    active = energy.active_groups(['tips'] * len(grasps))
    return PostOptimizer(energy, settings).refine(grasps, active, **kwargs)


def test_energy_never_rises(energy):
    """The best energy falls from start to end, for most grasps considerably."""
    begin = refine(energy, starts(12), settings=OptimizerSettings(iterations=0))
    end = refine(energy, starts(12), settings=OptimizerSettings(iterations=40))
    assert (end.energy <= begin.energy + 1e-9).all()
    assert end.energy.median() < 0.2 * begin.energy.median()


def test_returned_energy_belongs_to_the_returned_pose(energy):
    """Evaluating the returned grasps reproduces their contact and penetration terms."""
    result = refine(energy, starts(4))
    active = energy.active_groups(['tips'] * 4)
    terms = energy(result.grasps, active).terms
    converged = replace(terms, equilibrium=torch.zeros(4))
    rest = converged.total(energy.settings.weights)
    assert (rest <= result.energy + 1e-9).all()


def test_joints_stay_in_limits_and_coupled(energy):
    """After refining every joint is in its range, and J1 = J2 on four fingers."""
    joints = refine(energy, starts(8)).grasps.joints
    kinematics = geometry().kinematics
    assert (joints >= kinematics.lower - 1e-9).all() and (joints <= kinematics.upper + 1e-9).all()
    for first, second in kinematics.description.coupled_indices:
        torch.testing.assert_close(joints[:, first], joints[:, second])


def test_batch_mates_do_not_matter(energy):
    """A grasp has the same result alone as in a batch."""
    grasps = starts(5)
    together = refine(energy, grasps).grasps[[2]]
    alone = refine(energy, grasps[[2]]).grasps
    for name, value in vars(alone).items():
        torch.testing.assert_close(value, getattr(together, name), rtol=0, atol=1e-7)


def test_non_finite_starts_are_told_apart(energy):
    """A NaN start gets infinite energy and does not affect the others."""
    grasps = starts(3)
    broken = GraspBatch(grasps.translation.clone(), grasps.rotation, grasps.joints)
    broken.translation[1] = torch.nan
    result = refine(energy, broken)
    assert result.energy.isfinite().tolist() == [True, False, True]
    good = refine(energy, grasps[[0, 2]])
    torch.testing.assert_close(result.energy[[0, 2]], good.energy)


def test_stops_when_told(energy):
    """A stop or a deadline ends the search at once and returns the best so far."""
    calls = []

    def stop(share):
        calls.append(share)
        return len(calls) > 3

    assert refine(energy, starts(2), should_stop=stop).iterations == 3
    assert calls == [0, 1 / 15, 2 / 15, 3 / 15]
    late = refine(energy, starts(2), deadline=time.monotonic() - 1)
    assert late.iterations == 0 and late.energy.isfinite().all()


def test_annealing_needs_and_obeys_its_seeds(energy):
    """The dexlite preset requires seeds; the same seeds give the same result, alone or not."""
    settings = replace(OptimizerSettings.dexlite(), iterations=10)
    whole = GraspEnergy(geometry(), ball_field(0.035), settings.energy).double()

    def run(seed):
        return refine(
            whole, starts(3), settings=settings, seeds=torch.arange(3) + seed)

    torch.testing.assert_close(run(0).energy, run(0).energy)
    assert not torch.equal(run(0).energy, run(9).energy)
    alone = refine(whole, starts(3)[[1]], settings=settings, seeds=torch.tensor([1]))
    torch.testing.assert_close(alone.energy, run(0).energy[[1]])
    with pytest.raises(InvalidRequest, match='seed'):
        refine(whole, starts(3), settings=settings)


def test_seed_preset_has_the_seed_schedule():
    """200 iterations, step 0.005, mu 0.98 of the newest, T0 18, 0.95 per 30, switch 0.5."""
    preset = OptimizerSettings.dexlite()
    assert (preset.iterations, preset.step_size, preset.decay) == (200, 0.005, 0.02)
    assert (preset.temperature, preset.temperature_decay, preset.temperature_period) == (
        18.0, 0.95, 30)
    assert preset.contact_switch == 0.5


@pytest.mark.parametrize('wrong', [{'iterations': -1}, {'decay': 1.0}])
def test_settings_are_checked(wrong):
    """An invalid value is rejected by name."""
    with pytest.raises(InvalidRequest, match=next(iter(wrong))):
        OptimizerSettings(**wrong)
