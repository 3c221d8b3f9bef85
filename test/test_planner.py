# SPDX-License-Identifier: Apache-2.0
"""The planner end to end: valid, ranked, reproducible, in the caller's frame, on time."""

from dataclasses import replace
import math
import time

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.conditions import Uncertainty
from dexlite_ros.device import resolve_device
from dexlite_ros.errors import (
    BadCloud,
    Cancelled,
    DeviceError,
    NoGraspFound,
    PlanningTimeout,
    ScaleError,
    UnsupportedHand,
)
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.object.cloud import CloudLimits, PointCloud
from dexlite_ros.object.support import Plane
from dexlite_ros.plan_request import PlanRequest, STEPS
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.hull_proposer import HullProposer
from dexlite_ros.ranking.selection import RankingSettings
from dexlite_ros.refinement.optimizer import OptimizerSettings
from dexlite_ros.refinement.rounds import RefinementSettings, Round

QUICK = PlanRequest(num_candidates=96, max_grasps=5)


@pytest.fixture(scope='module')
def planner() -> GraspPlanner:
    """Return a planner on the CPU."""
    return GraspPlanner(device='cpu')


def bottle_cloud(shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> PointCloud:
    """Return points on a can of 6 cm diameter and 12 cm height."""
    can = trimesh.creation.cylinder(radius=0.03, height=0.12)
    points, _ = trimesh.sample.sample_surface(can, 2048, seed=0)
    return PointCloud(np.asarray(points) + shift)


@pytest.fixture(scope='module')
def plan(planner):
    """Return a plan for the can."""
    return planner.plan(bottle_cloud(), replace(QUICK, seed=3))


def test_plan_is_complete_and_legal(plan):
    """Stages are within limits and coupled, scores descend, and measures are finite."""
    assert 1 <= len(plan) <= 5
    lower = torch.tensor([joint.lower for joint in SHADOW_RIGHT.joints])
    upper = torch.tensor([joint.upper for joint in SHADOW_RIGHT.joints])
    for batch in vars(plan.grasps).values():
        assert (batch.joints >= lower - 1e-6).all() and (batch.joints <= upper + 1e-6).all()
        for first, second in SHADOW_RIGHT.coupled_indices:
            torch.testing.assert_close(batch.joints[:, first], batch.joints[:, second])
        eye = torch.eye(3, dtype=torch.float64).expand(len(plan), 3, 3)
        torch.testing.assert_close(batch.rotation @ batch.rotation.mT, eye, rtol=0, atol=1e-5)
    assert (plan.score.diff() <= 0).all()
    assert (plan.metrics.pregrasp_clearance > 0.01).all()
    assert (plan.metrics.penetration < 0.003).all()
    assert plan.metrics.clearance.isnan().all(), 'there were no obstacles'


def test_contacts_hold_the_can(plan):
    """Contacts lie on the can with outward normals, and push inwards with forces that cancel."""
    for contacts in plan.contacts:
        assert len(contacts.links) == len(contacts.points) >= 2
        radius = contacts.points[:, :2].norm(dim=1)
        on_side = (radius - 0.03).abs() < 0.006
        on_end = (contacts.points[:, 2].abs() - 0.06).abs() < 0.006
        assert (on_side | on_end).all()
        assert ((contacts.forces * contacts.normals).sum(1) < 0).all()
        assert contacts.forces.sum(0).norm() < 0.15 * contacts.forces.norm(dim=1).sum()


def test_report_adds_up(plan):
    """The report contains the seed, the points, the device, and the time of each step."""
    report = plan.report
    assert (report.seed, report.device) == (3, 'cpu')
    assert report.model_id.startswith('shadow_right@')
    assert report.num_candidates == 96 and 64 < report.num_points <= 2048
    times = vars(report.times).copy()
    total = times.pop('total')
    assert abs(sum(times.values()) - total) < 0.01 and min(times.values()) >= 0
    assert report.num_refined == len(plan) + sum(vars(report.rejected).values())


def test_same_seed_same_plan(planner, plan):
    """Planning again gives the same numbers bit for bit; another seed gives others."""
    again = planner.plan(bottle_cloud(), replace(QUICK, seed=3))
    assert torch.equal(again.grasps.squeeze.to_vector(), plan.grasps.squeeze.to_vector())
    other = planner.plan(bottle_cloud(), replace(QUICK, seed=4))
    assert not torch.equal(
        other.grasps.grasp.translation[:1], plan.grasps.grasp.translation[:1])


def test_plan_moves_with_the_cloud(planner, plan):
    """A cloud 50 m away gives grasps 50 m away: the frame is the caller's."""
    shift = (30.0, -40.0, 2.0)
    far = planner.plan(bottle_cloud(shift), replace(QUICK, seed=3))
    centre = far.grasps.grasp.translation.mean(0) - torch.tensor(shift, dtype=torch.float64)
    assert centre.norm() < 0.2
    assert (far.metrics.penetration < 0.003).all()
    assert np.linalg.norm(far.surface.vertices.mean(0) - shift) < 0.05


def test_a_mesh_can_be_planned_on(planner):
    """A mesh need not be closed, and the report says so."""
    plan = planner.plan(trimesh.creation.box(extents=(0.05, 0.06, 0.1)), QUICK)
    assert plan.report.num_points == 0 and plan.report.seen_fraction == 1.0


def test_approach_direction_is_obeyed(planner):
    """All palms face along the requested direction, within the tolerance."""
    down = np.array([0.0, 0.0, -1.0])
    request = replace(QUICK, approach_direction=down, approach_tolerance=0.7)
    plan = planner.plan(bottle_cloud(), request)
    palm = plan.grasps.grasp.rotation @ torch.tensor(
        SHADOW_RIGHT.palmar_direction, dtype=torch.float64)
    assert (-palm[:, 2]).clamp(-1, 1).acos().max() <= 0.7 + 1e-6


@pytest.mark.parametrize('wish', [None, [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
def test_one_wanted_grasp_is_the_best_of_many(planner, wish):
    """Also where a narrow approach rejects most, and every refined grasp is accounted for."""
    request = PlanRequest(
        num_candidates=96, seed=5, approach_tolerance=0.5,
        approach_direction=None if wish is None else np.array(wish))
    many = planner.plan(bottle_cloud(), replace(request, max_grasps=20))
    one = planner.plan(bottle_cloud(), replace(request, max_grasps=1))
    assert len(one) == 1
    for mine, best in zip(
            vars(one.grasps.grasp).values(), vars(many.grasps.grasp[:1]).values()):
        torch.testing.assert_close(mine, best, rtol=0, atol=0)
    for found in (many, one):
        rejected = vars(found.report.rejected)
        assert len(found) + sum(rejected.values()) == found.report.num_refined
    assert one.report.rejected.approach == many.report.rejected.approach
    assert (one.report.rejected.approach > 0) == (wish is not None)


def test_an_approach_that_nothing_takes_is_said(planner):
    """The error carries the report, in which all that was refined is rejected for it."""
    request = replace(QUICK, approach_direction=np.array([0.0, 0.0, 1.0]), approach_tolerance=1e-6)
    with pytest.raises(NoGraspFound, match='approach') as caught:
        planner.plan(bottle_cloud(), request)
    report = caught.value.report
    assert report.rejected.approach == report.num_refined > 0


def test_what_was_mended_is_in_the_report(planner):
    """A second object and an unknown viewpoint: warnings, counts and how the eye is known."""
    cloud = bottle_cloud((0.5, 0.1, 0.0))
    cloud = PointCloud(np.concatenate([cloud.points, cloud.points[::3] + [0.0, 0.3, 0.0]]))
    report = planner.plan(cloud, QUICK).report
    assert [warning.code for warning in report.warnings] == ['several_objects']
    assert report.viewpoint.source == 'none' and report.viewpoint.position is None
    assert report.dropped.other_objects > 300


def test_obstacles_are_kept_clear(planner):
    """No hand goes into the table, nor closer than 3 mm to a wall; both distances are reported."""
    x, y = np.meshgrid(np.arange(-0.3, 0.3, 0.01), np.arange(-0.3, 0.3, 0.01))
    table = np.stack([x.ravel(), y.ravel(), np.full(x.size, -0.06)], 1)
    wall = table[:, [0, 2, 1]] * [1, -1, 1] + [0.0, 0.04, 0.25]
    plan = planner.plan(bottle_cloud(), QUICK, obstacles=np.concatenate([table, wall]))
    assert (plan.metrics.clearance >= 0.003).all()
    assert (plan.metrics.support_clearance >= 0.0).all()
    geometry = HandGeometry(HandKinematics(SHADOW_RIGHT))
    for batch in (plan.grasps.pregrasp, plan.grasps.grasp):
        heights = geometry(batch.to(torch.float32)).points[..., 2] - geometry.point_radius
        assert (heights > -0.06 - 0.001).all()


def test_the_way_to_the_pregrasp_and_on_to_the_grasp_is_free(planner):
    """Moved back along its direction the open hand is clear; closing, it stays off the table."""
    can = trimesh.creation.cylinder(radius=0.03, height=0.12)
    plan = planner.plan(can, QUICK, support=Plane(np.array([0.0, 0.0, 1.0]), -0.06))
    geometry = HandGeometry(HandKinematics(SHADOW_RIGHT))
    first, last = (each.to(torch.float32) for each in (plan.grasps.pregrasp, plan.grasps.grasp))
    direction = plan.approach_direction.float()
    torch.testing.assert_close(direction.norm(dim=1), torch.ones(len(plan)))
    hands = [replace(first, translation=first.translation - back * direction)
             for back in (0.02, 0.06, 0.1)]
    hands += [replace(first, translation=torch.lerp(first.translation, last.translation, way),
                      joints=torch.lerp(first.joints, last.joints, way))
              for way in (0.25, 0.5, 0.75)]
    for hand in hands:
        heights = geometry(hand).points[..., 2] - geometry.point_radius
        assert (heights > -0.06 - 0.001).all()
    assert (plan.metrics.approach_clearance >= 0.003).all()


def test_a_card_on_a_table_is_refused_with_its_reason(planner):
    """At 2 mm fingers reach nothing; there are grasps of one ten times as thick."""
    card = trimesh.creation.box((0.06, 0.09, 0.002))
    with pytest.raises(NoGraspFound, match='2 mm high .*bring it to an edge') as caught:
        planner.plan(card, QUICK, support=Plane(np.array([0.0, 0.0, 1.0]), -0.001))
    report = caught.value.report
    assert [each.code for each in report.warnings] == ['too_flat']
    assert report.num_candidates == 0 and report.times.surface > 0 and caught.value.surfaces
    thicker = trimesh.creation.box((0.06, 0.09, 0.02))
    assert len(planner.plan(thicker, QUICK, support=Plane(np.array([0.0, 0.0, 1.0]), -0.01)))


def test_the_score_is_for_the_conditions_that_are_told(planner, plan):
    """A wrong wrist, less friction and more weight cost probability; the score is never above."""
    assert (plan.score <= plan.success_probability).all()
    usual = planner.settings
    for told in ({'uncertainty': Uncertainty(0.005, math.radians(5))}, {'friction': 0.3},
                 {'mass': 0.5}):
        other = GraspPlanner(replace(usual, **told), device='cpu')
        found = other.plan(bottle_cloud(), replace(QUICK, seed=3))
        assert found.success_probability.mean() < plan.success_probability.mean(), told


def test_each_grasp_names_its_contact_pattern(planner):
    """The patterns of the settings, of which the search keeps all."""
    plan = planner.plan(bottle_cloud(), replace(QUICK, max_grasps=20))
    assert len(plan.contact_pattern) == len(plan)
    assert set(plan.contact_pattern) <= set(planner.settings.refinement.contact_patterns)


def test_proposals_can_be_returned_as_they_are(planner):
    """Without refinement the starts are returned, coupled, without energy, none as refined."""
    plan = planner.plan(bottle_cloud(), replace(QUICK, optimize=False))
    assert len(plan) == 5 and plan.report.num_refined == 0
    assert plan.metrics.energy.isnan().all()
    joints = plan.grasps.grasp.joints
    for first, second in SHADOW_RIGHT.coupled_indices:
        torch.testing.assert_close(joints[:, first], joints[:, second])


class RememberingProposer(HullProposer):
    """Proposes hull starts and remembers them."""

    def propose(self, *args):
        self.last = super().propose(*args)
        return self.last


@pytest.mark.parametrize('optimize', [False, True])
def test_grasps_name_the_start_they_grew_from(optimize):
    """Without refinement it is the start; with it, that start's palm is the nearest."""
    proposer = RememberingProposer(HandKinematics(SHADOW_RIGHT))
    plan = GraspPlanner(device='cpu', proposer=proposer).plan(
        bottle_cloud(), replace(QUICK, optimize=optimize))
    # The can lies around the origin, up to the mean of its points.
    apart = torch.cdist(plan.grasps.grasp.translation, proposer.last.translation.double())
    own = apart[torch.arange(len(plan)), plan.start]
    if optimize:
        assert own.mean() < 0.4 * apart.mean()
    else:
        torch.testing.assert_close(own, torch.zeros_like(own), rtol=0, atol=2e-3)
        torch.testing.assert_close(
            plan.grasps.grasp.joints, proposer.last.joints[plan.start].double())


class BrokenProposer(HullProposer):
    """Proposes hull starts of which the first ones are NaN."""

    def __init__(self, broken: int) -> None:
        super().__init__(HandKinematics(SHADOW_RIGHT))
        self._broken = broken

    def propose(self, surface, count, generator):
        grasps = super().propose(surface, count, generator)
        grasps.translation[: self._broken] = math.nan
        return grasps


def test_proposals_that_are_no_numbers():
    """Proposals with NaN are counted and dropped; if all have it, the error gives that reason."""
    some = GraspPlanner(device='cpu', proposer=BrokenProposer(7))
    assert some.plan(bottle_cloud(), QUICK).report.rejected.non_finite == 7
    assert some.plan(bottle_cloud(), replace(QUICK, optimize=False)).score.isfinite().all()
    with pytest.raises(NoGraspFound, match='non_finite 96'):
        GraspPlanner(device='cpu', proposer=BrokenProposer(96)).plan(bottle_cloud(), QUICK)


def test_many_candidates_end_on_time(planner):
    """With far more candidates than time allows, those refined in time are ranked."""
    begin = time.monotonic()
    planner.plan(bottle_cloud(), replace(QUICK, num_candidates=16384, timeout=10.0))
    assert time.monotonic() - begin < 20.0


def test_strict_limits_do_not_stop_the_warm_up():
    """The planner stays usable with settings that no grasp of the ball satisfies."""
    settings = PlannerSettings.for_method(cloud=CloudLimits(extent_min=0.08))
    GraspPlanner(settings, 'cpu').warm_up()


def test_a_mesh_in_millimetres_is_told(planner):
    """The size of a mesh is checked like that of a cloud."""
    with pytest.raises(ScaleError, match='millimetres'):
        planner.plan(trimesh.creation.icosphere(radius=40.0))


def test_stopping_and_running_out_of_time(planner):
    """A stop raises Cancelled; a tiny budget raises PlanningTimeout; a small one ends early."""
    with pytest.raises(Cancelled):
        planner.plan(bottle_cloud(), QUICK, should_stop=lambda: True)
    with pytest.raises(PlanningTimeout, match='1e-06|0.00'):
        planner.plan(bottle_cloud(), replace(QUICK, timeout=1e-6))
    begin = time.monotonic()
    calls = []

    def stop_later():
        calls.append(time.monotonic())
        return len(calls) > 5

    with pytest.raises(Cancelled):
        planner.plan(bottle_cloud(), should_stop=stop_later)
    assert len(calls) >= 5 and time.monotonic() - begin < 30


def test_a_plan_tells_its_progress(planner):
    """Every step in order, in this thread, and the score of the best grasp in the end."""
    told = []
    again = planner.plan(bottle_cloud(), replace(QUICK, seed=3), progress=told.append)
    shares = [each.share for each in told]
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0.0, 1.0)
    assert list(dict.fromkeys(each.stage for each in told)) == list(STEPS)
    assert told[-1].best_score == pytest.approx(float(again.score.max()))


def test_a_cloud_without_points_is_bad(planner):
    """There is nothing to plan on."""
    with pytest.raises(BadCloud):
        planner.plan(PointCloud(np.zeros((0, 3))))


def test_unrefined_grasps_that_look_elsewhere_are_counted(planner):
    """Without refinement the error still says how many candidates there were."""
    nowhere = replace(QUICK, optimize=False, approach_direction=np.array([0.0, 0.0, 1.0]),
                      approach_tolerance=1e-4)
    with pytest.raises(NoGraspFound, match=r'all 96 candidates.*approach [0-9]+'):
        planner.plan(bottle_cloud(), nowhere)


def test_no_grasp_says_why():
    """When every candidate is rejected the error counts the reasons."""
    strict = PlannerSettings.for_method(ranking=RankingSettings(penetration_max=-1.0))
    with pytest.raises(NoGraspFound, match='penetration [0-9]+'):
        GraspPlanner(strict, 'cpu').plan(bottle_cloud(), QUICK)


def test_no_grasp_still_has_the_surface(planner):
    """That of a plan with grasps, in the frame of the cloud, one for each hypothesis."""
    cloud = bottle_cloud().moved(np.array([0.5, 0.1, -0.2]))
    plan = planner.plan(cloud, QUICK)
    with pytest.raises(NoGraspFound) as caught:
        planner.plan(cloud, replace(QUICK, min_score=1.0))
    error = caught.value
    assert len(error.surfaces) == len(error.report.hypotheses)
    np.testing.assert_array_equal(error.surfaces[0].vertices, plan.surface.vertices)
    assert error.surfaces[0].method == error.report.surface_method
    assert [each.code for each in error.report.warnings] == ['too_uncertain']


@pytest.mark.parametrize('method', ['network', 'hull', 'both'])
def test_every_proposal_comes_back_unranked(method):
    """None is pruned, filtered or dropped; refinement steps lower the mean energy."""
    energies = []
    for steps in (0, 5):
        some = GraspPlanner(PlannerSettings.unranked(steps, 12, method=method), 'cpu')
        plan = some.plan(bottle_cloud())
        assert len(plan) == 12 and sorted(plan.start.tolist()) == list(range(12))
        energies.append(plan.metrics.energy)
    assert energies[1].mean() < energies[0].mean()


def test_each_method_has_its_effort():
    """The network needs fewer candidates and steps; explicit values override this."""
    network, search = (PlannerSettings.for_method(method) for method in ('network', 'hull'))

    def steps(settings: PlannerSettings) -> int:
        return sum(each.optimizer.iterations for each in settings.refinement.rounds)

    assert network.num_candidates < search.num_candidates and steps(network) < steps(search)
    assert PlannerSettings.for_method(num_candidates=7).num_candidates == 7


def test_seed_preset_plans():
    """The energy and the schedule of DexLite run in the same planner."""
    settings = PlannerSettings.dexlite()
    loose = replace(settings.ranking, residual_max=math.inf, penetration_max=1.0,
                    self_penetration_max=1.0, pregrasp_clearance_min=-1.0)
    plan = GraspPlanner(replace(settings, ranking=loose), 'cpu').plan(
        bottle_cloud(), PlanRequest(num_candidates=8, max_grasps=3))
    assert len(plan) == 3 and plan.metrics.energy.isfinite().all()


def test_coupling_can_be_lifted():
    """Without coupling J1 and J2 differ, but every joint is within its limits."""
    free = PlannerSettings.for_method(couple_joints=False)
    plan = GraspPlanner(free, 'cpu').plan(bottle_cloud(), QUICK)
    joints = plan.grasps.grasp.joints
    first, second = SHADOW_RIGHT.coupled_indices[0]
    assert (joints[:, first] - joints[:, second]).abs().max() > 0.01
    assert (plan.metrics.joint_limit_margin > -1e-6).all()


def test_a_short_budget_returns_the_best_so_far(planner):
    """If time runs out during refinement, the best so far is returned and reported as such."""
    surface = planner.plan(bottle_cloud(), QUICK).report.times.surface
    endless = Round(OptimizerSettings(iterations=100_000), 4.0)
    loose = replace(
        planner.settings, refinement=RefinementSettings((endless,)), ranking=RankingSettings(
            residual_max=math.inf, penetration_max=1.0, self_penetration_max=1.0,
            pregrasp_clearance_min=-1.0))
    plan = GraspPlanner(loose, 'cpu').plan(
        bottle_cloud(), PlanRequest(num_candidates=256, timeout=2.0 * surface + 1.0))
    assert plan.report.stopped_early and len(plan) >= 1


def test_unknown_hand_and_device():
    """Unknown names are rejected, and the error lists the known ones."""
    with pytest.raises(UnsupportedHand, match='shadow_right'):
        GraspPlanner(hand='allegro')
    for name in ('tpu', 'cuda:99', 'meta'):
        with pytest.raises(DeviceError, match=name):
            resolve_device(name)
