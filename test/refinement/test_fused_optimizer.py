# SPDX-License-Identifier: Apache-2.0
"""The compiled search is torch's: energies, gradients and whole searches, for every contact."""

from dataclasses import replace
from functools import lru_cache
import threading
import time

from fields import ball_field
import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.mug import mug
from dexlite_ros.object.obstacles import obstacle_field
from dexlite_ros.object.support import Plane
from dexlite_ros.proposal.hull_proposer import hull_starts
from dexlite_ros.refinement.fused_optimizer import FusedOptimizer
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.post_optimizer import PostOptimizer
from dexlite_ros.refinement.rounds import hand_details

KINEMATICS = HandKinematics(SHADOW_RIGHT)
PATTERNS = list(SHADOW_RIGHT.contact_patterns)
MARGINS = EnergySettings(margin=0.0015)
OBJECTS = {
    'mug': mug(),
    'ball': trimesh.creation.icosphere(radius=0.035),
    'carton': trimesh.creation.box((0.04, 0.1, 0.16)),
}


@lru_cache
def hands(double: bool):
    """Return the hand at every level of detail, in one precision."""
    details = hand_details(HandKinematics(SHADOW_RIGHT))
    return {name: each.double() if double else each for name, each in details.items()}


def energy_on(mesh: trimesh.Trimesh, *, walls: bool = False, detail='fine', double=True,
              settings: EnergySettings = MARGINS) -> GraspEnergy:
    """Return the energy on a mesh, perhaps standing on a table beside a wall."""
    field = DistanceField.from_mesh(mesh.vertices, mesh.faces)
    around = None
    if walls:
        table = Plane(np.array([0.0, 0.0, 1.0]), float(mesh.bounds[0, 2]))
        wall = np.stack(np.meshgrid([0.12], np.linspace(-0.1, 0.1, 30),
                                    np.linspace(-0.1, 0.1, 30)), -1).reshape(-1, 3)
        around = obstacle_field(wall, mesh.vertices, table)
    energy = GraspEnergy(hands(double)[detail], field, settings, around)
    return energy.double() if double else energy


def grasps_on(mesh: trimesh.Trimesh, count: int, seed: int = 0) -> GraspBatch:
    """Return hull starts and, every second one, the same with all joints and wrist disturbed."""
    generator = torch.Generator().manual_seed(seed)
    starts = hull_starts(KINEMATICS, mesh.vertices, count, generator).to(torch.float64)
    noise = torch.zeros(count, 25, dtype=torch.float64)
    noise[::2] = torch.randn(len(noise[::2]), 25, generator=generator, dtype=torch.float64)
    return replace(starts, translation=starts.translation + 0.02 * noise[:, :3],
                   joints=starts.joints + 0.5 * noise[:, 3:])


def in_turn(energy: GraspEnergy, count: int) -> torch.Tensor:
    """Return the contacts (B, G) wanted of grasps that take the patterns in turn."""
    return energy.active_groups([PATTERNS[i % len(PATTERNS)] for i in range(count)])


def assert_same(ours: tuple[torch.Tensor, torch.Tensor], torchs: tuple[torch.Tensor, ...]):
    """Compare energies and gradients, relative to their sizes."""
    energy = (ours[0] - torchs[0]).abs() / torchs[0]
    slope = (ours[1] - torchs[1]).norm(dim=1) / torchs[1].norm(dim=1)
    assert energy.max() < 1e-5 and slope.max() < 1e-5


@pytest.mark.parametrize('walls', [False, True], ids=['alone', 'walls'])
@pytest.mark.parametrize('name', OBJECTS)
def test_energies_and_gradients_are_the_reference(name, walls):
    """Within 1e-5 on 1 000 grasps of each object, all contact patterns, in double precision."""
    energy = energy_on(OBJECTS[name], walls=walls)
    grasps = grasps_on(OBJECTS[name], 1000)
    active, settings = in_turn(energy, 1000), OptimizerSettings(energy=MARGINS)
    ours = FusedOptimizer(energy, settings).evaluate(grasps, active)
    assert_same(ours, PostOptimizer(energy, settings).evaluate(grasps, active))


def test_terms_of_dexlite_are_the_reference():
    """The same with the terms of DexLite: force closure instead of balanced forces."""
    settings = replace(OptimizerSettings.dexlite(), contact_switch=0.0, temperature=0.0)
    energy = energy_on(OBJECTS['mug'], settings=settings.energy)
    grasps, active = grasps_on(OBJECTS['mug'], 200), in_turn(energy, 200)
    ours = FusedOptimizer(energy, settings).evaluate(grasps, active)
    assert_same(ours, PostOptimizer(energy, settings).evaluate(grasps, active))


def test_single_precision_is_as_exact_as_torch():
    """Both are equally far from double precision, in the median and in 95 of 100."""
    exact, single = energy_on(OBJECTS['mug']), energy_on(OBJECTS['mug'], double=False)
    grasps, settings = grasps_on(OBJECTS['mug'], 500), OptimizerSettings(energy=MARGINS)
    rounded = grasps.to(torch.float32)
    active = in_turn(single, 500)
    wanted = PostOptimizer(exact, settings).evaluate(rounded.to(torch.float64), active.double())

    def errors(optimizer):
        _, slope = optimizer.evaluate(rounded, active)
        error = (slope - wanted[1]).norm(dim=1) / wanted[1].norm(dim=1)
        return error.quantile(torch.tensor([0.5, 0.95], dtype=torch.float64))

    ours = errors(FusedOptimizer(single, settings))
    assert (ours < 2.0 * errors(PostOptimizer(single, settings))).all()
    assert ours[0] < 1e-5


@pytest.mark.parametrize('detail', ['coarse', 'fine'])
@pytest.mark.parametrize('settings', [
    OptimizerSettings(iterations=12), replace(OptimizerSettings.dexlite(), iterations=12)],
    ids=['sliding', 'annealed'])
def test_whole_searches_are_the_reference(settings, detail):
    """In double precision, grasp by grasp, near walls; also with drawn contacts and annealing."""
    energy = energy_on(
        OBJECTS['carton'], walls=True, detail=detail, settings=settings.energy)
    grasps, active = grasps_on(OBJECTS['carton'], 24), in_turn(energy, 24)
    seeds = torch.arange(24)
    ours = FusedOptimizer(energy, settings).refine(grasps, active, seeds=seeds)
    wanted = PostOptimizer(energy, settings).refine(grasps, active, seeds=seeds)
    torch.testing.assert_close(ours.energy, wanted.energy, rtol=1e-4, atol=1e-6)
    for name, value in vars(wanted.grasps).items():
        torch.testing.assert_close(getattr(ours.grasps, name), value, rtol=0, atol=1e-4)
    assert ours.iterations == wanted.iterations == 12


@pytest.fixture(scope='module')
def single() -> GraspEnergy:
    """Return the energy on a ball in single precision."""
    return GraspEnergy(hands(False)['coarse'], ball_field(0.035), MARGINS)


def starts(count: int) -> GraspBatch:
    """Return starts around the ball in single precision."""
    return grasps_on(OBJECTS['ball'], count).to(torch.float32)


def test_neither_mates_nor_threads_matter(single):
    """Alone or among others, on one thread or three: the same numbers to the last bit."""
    settings = OptimizerSettings(iterations=60)
    grasps, active = starts(40), in_turn(single, 40)
    whole = FusedOptimizer(single, settings, threads=1).refine(grasps, active)
    threaded = FusedOptimizer(single, settings, threads=3).refine(grasps, active)
    alone = FusedOptimizer(single, settings).refine(grasps[[17]], active[[17]])
    for name, value in vars(whole.grasps).items():
        assert torch.equal(getattr(threaded.grasps, name), value)
        assert torch.equal(getattr(alone.grasps, name), value[[17]])
    assert torch.equal(threaded.energy, whole.energy)


def test_non_finite_starts_are_told_apart(single):
    """A NaN start gets infinite energy and does not affect the others."""
    grasps, active = starts(3), in_turn(single, 3)
    broken = replace(grasps, translation=grasps.translation.clone())
    broken.translation[1] = torch.nan
    optimizer = FusedOptimizer(single, OptimizerSettings(iterations=10))
    result = optimizer.refine(broken, active)
    assert result.energy.isfinite().tolist() == [True, False, True]
    assert torch.equal(result.energy[[0, 2]], optimizer.refine(grasps, active).energy[[0, 2]])


def test_joints_stay_in_limits_and_coupled(single):
    """After refining every joint is in its range, and coupled joints are equal."""
    joints = FusedOptimizer(single, OptimizerSettings(iterations=40)).refine(
        starts(20), in_turn(single, 20)).grasps.joints
    assert (joints >= KINEMATICS.lower - 1e-6).all() and (joints <= KINEMATICS.upper + 1e-6).all()
    first, second = KINEMATICS.coupled.T
    torch.testing.assert_close(joints[:, first], joints[:, second])


def test_stops_when_told_and_in_time(single):
    """A stop or a deadline ends the search within steps, and returns the best so far."""
    endless = FusedOptimizer(single, OptimizerSettings(iterations=200_000), threads=2)
    grasps, active = starts(16), in_turn(single, 16)
    shares: list[float] = []
    begin = time.monotonic()

    def stop(share: float) -> bool:
        shares.append(share)
        return time.monotonic() - begin > 0.2

    stopped = endless.refine(grasps, active, should_stop=stop)
    assert time.monotonic() - begin < 2.0
    assert shares == sorted(shares) and stopped.iterations < 200_000
    assert stopped.energy.isfinite().all()
    late = endless.refine(grasps, active, deadline=time.monotonic() - 1.0)
    first, _ = endless.evaluate(grasps, active)
    assert late.iterations == 0 and torch.equal(late.energy, first)


def test_other_threads_run_meanwhile(single):
    """Python goes on in another thread while the compiled search runs."""
    ticks, done = [], threading.Event()

    def tick() -> None:
        while not done.wait(0.01):
            ticks.append(time.monotonic())

    clock = threading.Thread(target=tick)
    clock.start()
    FusedOptimizer(single, OptimizerSettings(iterations=200_000)).refine(
        starts(4), in_turn(single, 4), deadline=time.monotonic() + 0.6)
    done.set()
    clock.join()
    assert len(ticks) > 10


def test_errors_of_the_caller_end_the_search(single):
    """An exception of the polled function comes out, and no thread goes on."""
    def fail(share: float) -> bool:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        FusedOptimizer(single, OptimizerSettings(iterations=200_000)).refine(
            starts(4), in_turn(single, 4), should_stop=fail)
    assert threading.active_count() == before


def test_annealing_needs_seeds(single):
    """As with torch."""
    with pytest.raises(InvalidRequest, match='seed'):
        FusedOptimizer(single, OptimizerSettings.dexlite()).refine(starts(2), in_turn(single, 2))
