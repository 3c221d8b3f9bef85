# SPDX-License-Identifier: Apache-2.0
"""
From a cloud to ranked pairs of grasps: close the surface, press from two sides, pair, stage, rank.

Letters: B candidates of a hand, N pairs, K returned pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
import trimesh

from dexlite_ros.approach import Approach, approach
from dexlite_ros.compilation import compile_plan
from dexlite_ros.device import device_faults, one_thread
from dexlite_ros.errors import InvalidRequest, NoGraspFound
from dexlite_ros.features import GraspFeatures
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.obstacles import Obstacles
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.plan import GraspMetrics, GraspPlan, PairMetrics, PlanReport, TwoHandPlan
from dexlite_ros.plan_report import first_report
from dexlite_ros.plan_request import PlanClock, PlanProgress, PlanRequest
from dexlite_ros.ranking.selection import clearances, limit_margin
from dexlite_ros.refinement.rounds import hand_details, Population, Refinement
from dexlite_ros.stages import contact_list, Staged
from dexlite_ros.two_hands.pairing import best_pairs, different, hand_clearance, Pairs
from dexlite_ros.two_hands.pair_stages import stage_pressing
from dexlite_ros.two_hands.presses import opposite_places, press_starts
from dexlite_ros.two_hands.settings import Burden, TwoHandSettings

MODEL_ID = 'opposite-presses'


@dataclass(frozen=True)
class _Hand:
    """One of the hands, and the grasps of it that touch the object firmly enough."""

    description: HandDescription
    energy: GraspEnergy
    refined: Population
    placed: PlacedGrasps
    contacts: ContactBatch

    def __getitem__(self, index: Tensor) -> _Hand:
        """Select grasps."""
        return replace(
            self, refined=self.refined[index], placed=self.placed[index],
            contacts=self.contacts[index])


class TwoHandPlanner:
    """Plans pairs of grasps of two hands, on the CPU."""

    def __init__(
        self,
        hands: tuple[str | HandDescription, str | HandDescription],
        settings: TwoHandSettings = TwoHandSettings(),
    ) -> None:
        """
        Build the hand models.

        :param hands: names or paths of hands, as for ``find_hand``; or descriptions
        :raises UnsupportedHand: for a hand that is not known
        :raises FileError: for a hand profile that cannot be read
        """
        self.settings = settings
        self.hands = tuple(find_hand(each) if isinstance(each, str) else each for each in hands)
        self._kinematics = tuple(HandKinematics(each) for each in self.hands)
        self._details = tuple(hand_details(each) for each in self._kinematics)
        self._threads = settings.threads or torch.get_num_threads()
        for each in self._details:
            compile_plan(each['coarse'])

    def plan(
        self,
        target: PointCloud | trimesh.Trimesh,
        request: PlanRequest = PlanRequest(max_grasps=5),
        burden: Burden = Burden(),
        *,
        obstacles: NDArray[np.floating] | None = None,
        support: Plane | None = None,
        should_stop: Callable[[], bool] | None = None,
        progress: Callable[[PlanProgress], None] | None = None,
    ) -> TwoHandPlan:
        """
        Return ranked pairs of grasps for one object, in the frame of its cloud or mesh.

        :param target: points on the object, or its mesh [m]
        :param request: number of pairs and of candidates of each hand, seed, time budget
        :param burden: mass of the object, and where its weight points
        :param obstacles: (M, 3) points the hands must not touch [m]
        :param support: plane the object stands on; None: detected in the obstacles, else taken to
            be where the object is lowest
        :param should_stop: polled; when it returns true, planning ends with ``Cancelled``
        :param progress: called in this thread between the steps and within the refinement
        :raises InvalidRequest: for an approach direction, which a pair does not have
        :raises BadCloud, ScaleError: for clouds that cannot be used
        :raises NoGraspFound: when no pair carries the object
        :raises PlanningTimeout, Cancelled: when there is nothing to return
        """
        if request.approach_direction is not None:
            raise InvalidRequest(
                'approach_direction', request.approach_direction.tolist(),
                'none: two hands come from two sides')
        settings, clock = self.settings, PlanClock(request.timeout, should_stop, progress)
        clock.report('surface')
        with one_thread(), device_faults(torch.device('cpu')):
            scene = _standing(PlanningScene.build(
                target, obstacles=obstacles, support=support, limits=settings.cloud,
                settings=settings.surface, slack=settings.ranking.support_slack,
                between=clock.check), burden, settings.ranking.support_slack)
            clock.lap('surface')
            clock.check()
            return self._plan(scene, request, burden, clock)

    def _plan(
        self, scene: PlanningScene, request: PlanRequest, burden: Burden, clock: PlanClock
    ) -> TwoHandPlan:
        count = request.num_candidates or self.settings.num_candidates
        report = replace(
            first_report(scene, request, clock.times(), 'cpu', MODEL_ID), num_candidates=2 * count)
        generator = torch.Generator().manual_seed(request.seed)
        clock.report('propose')
        starts = self._starts(scene, count, generator, report)
        clock.lap('propose')
        hands = [self._touching(number, scene, start, generator, clock)
                 for number, start in enumerate(starts)]
        clock.lap('refine')
        clock.check()
        down = -scene.up if burden.down is None else torch.from_numpy(burden.down)
        report = replace(
            report, num_refined=sum(len(each.placed) for each in hands), times=clock.times())
        if not all(len(each.placed) for each in hands):
            raise _nothing(scene, report, 'no hand reaches a side of the object firmly')
        pairs = best_pairs(
            hands[0].contacts, hands[1].contacts, scene.field.centre_of_mass,
            down.to(torch.float32), burden, self.settings.pairs)
        return self._ranked(hands, pairs, scene, request, burden, report, clock)

    def _starts(
        self, scene: PlanningScene, count: int, generator: torch.Generator, report: PlanReport
    ) -> tuple[GraspBatch, GraspBatch]:
        """Return starts of both hands on opposite sides; start k of one faces start k of other."""
        settings = self.settings.press
        support = scene.obstacles.support
        seed = int(torch.randint(2**31, (1,), generator=generator))
        places = opposite_places(
            scene.surface, scene.field.centre_of_mass.numpy(), support, count, seed, settings)
        if not len(places):
            raise _nothing(
                scene, report, 'the object has no two opposite sides, high enough above its '
                'support and far enough apart, that two hands could press on')
        return tuple(
            press_starts(kinematics, place, towards, support.normal, generator, settings)
            for kinematics, place, towards in zip(
                self._kinematics, (places.first, places.second), (places.axis, -places.axis)))

    def _touching(
        self, number: int, scene: PlanningScene, starts: GraspBatch,
        generator: torch.Generator, clock: PlanClock,
    ) -> _Hand:
        """Return the refined grasps of one hand that touch the object and nothing else."""
        settings, limits = self.settings, self.settings.ranking
        refinement = Refinement(
            self._details[number], scene.field, settings.refinement, scene.obstacles.field,
            threads=self._threads)
        refined = refinement.run(
            starts, settings.sought, generator=generator, deadline=clock.deadline(0.8),
            should_stop=clock.should_stop, progress=lambda share: clock.report(
                'refine', (number + share) / 2))
        energy = refinement.energies[-1]
        placed = energy.place(refined.grasps)
        contacts = placed.touching(settings.pairs.touching)
        clearance, height = clearances(placed, refined.grasps, energy.geometry, scene.obstacles)
        with torch.no_grad():
            overlap = -energy.geometry.capsule_gaps(placed.hand).amin(1)
        suits = contacts.active.sum(1) >= settings.pairs.fewest
        suits &= -placed.gap.amin(1) <= limits.penetration_max
        suits &= overlap <= limits.self_penetration_max
        suits &= ~(clearance < limits.obstacle_clearance_min)
        suits &= ~(height < limits.obstacle_clearance_min - limits.support_slack)
        return _Hand(self.hands[number], energy, refined, placed, contacts)[
            suits.nonzero().squeeze(1)]

    def _ranked(
        self, hands: list[_Hand], pairs: Pairs, scene: PlanningScene, request: PlanRequest,
        burden: Burden, report: PlanReport, clock: PlanClock,
    ) -> TwoHandPlan:
        """Return the best pairs that pass all filters, staged."""
        settings, limits = self.settings, self.settings.ranking
        clock.report('stage')
        balanced = pairs[(pairs.residual <= settings.pairs.residual_max).nonzero().squeeze(1)]
        if not len(balanced):
            raise _nothing(
                scene, report, f'the best pair leaves {100 * pairs.residual[0]:.0f} % of the '
                f'weight of {burden.mass:g} kg unbalanced: lower the mass, or turn the object')
        pairs = balanced[torch.arange(min(len(balanced), settings.pairs.shortlist))]
        chosen = [hands[0][pairs.first], hands[1][pairs.second]]
        staged = [
            stage_pressing(each.placed, each.contacts, forces, each.energy, settings.stages,
                           settings.arm, settings.finger_stiffness)
            for each, forces in zip(chosen, pairs.forces)]
        clock.lap('stage')
        clock.report('rank')
        measured = [_measured(*each, scene) for each in zip(chosen, staged)]
        geometries = tuple(each.energy.geometry for each in chosen)
        apart = hand_clearance(tuple(each.grasps for each in staged), geometries)
        passing = apart >= settings.pairs.clearance_min
        for metrics, way in measured:
            passing &= metrics.pregrasp_clearance >= limits.pregrasp_clearance_min
            passing &= ~(metrics.clearance < limits.obstacle_clearance_min)
            passing &= metrics.support_clearance >= (
                limits.obstacle_clearance_min - limits.support_slack)
            passing &= way.clearance >= limits.obstacle_clearance_min
        best = different(
            tuple(each.grasps for each in staged), passing, request.max_grasps or 5,
            settings.pairs.same_place)
        clock.lap('rank')
        report = replace(report, times=clock.times())
        if not len(best):
            raise _nothing(
                scene, report, f'{len(pairs)} pairs of grasps carry the object, but no way of '
                'both hands to them is free: give the object more room')
        metrics = PairMetrics(
            pairs.residual, apart,
            torch.stack([_press(*each) for each in zip(chosen, pairs.forces)]).amax(0),
            torch.stack([_torque(*each) for each in zip(chosen, pairs.forces)]).amax(0))
        return TwoHandPlan(
            *(self._of_one_hand(*each, best, pairs, scene, report)
              for each in zip(chosen, staged, measured)),
            metrics[best], burden.mass)

    def _of_one_hand(
        self, hand: _Hand, staged: Staged, measured: tuple[GraspMetrics, Approach],
        best: Tensor, pairs: Pairs, scene: PlanningScene, report: PlanReport,
    ) -> GraspPlan:
        """Return the grasps of one hand in the best pairs, in the frame of the input."""
        offset = torch.from_numpy(scene.offset)
        metrics, way = measured
        grasps = staged.grasps[best].to('cpu', torch.float64)
        patterns = list(self.settings.refinement.contact_patterns)
        surface, *others = scene.surfaces_of_input()
        unknown = torch.full((len(best),), torch.nan)
        description = hand.description
        return GraspPlan(
            hand=description.name,
            hand_link=description.palm_link,
            joint_names=description.joint_names,
            grasps=grasps.each(lambda batch: replace(
                batch, translation=batch.translation + offset)),
            score=1 / (1 + pairs.residual[best]),
            success_probability=unknown,
            metrics=metrics[best],
            features=GraspFeatures(**{each.name: unknown for each in fields(GraspFeatures)}),
            start=hand.refined.start[best],
            contact_pattern=tuple(
                patterns[each] for each in hand.refined.contact_pattern[best].tolist()),
            approach_direction=way.direction[best].double(),
            contacts=contact_list(
                staged.squeeze[best], hand.energy.geometry.group_links, scene),
            surface=surface,
            report=report,
            other_surfaces=tuple(others),
            cloud=None if scene.measured is None else scene.measured + scene.offset)


def _standing(scene: PlanningScene, burden: Burden, slack: float) -> PlanningScene:
    """Return the scene with a support: where none is known, the object's lowest point is on it."""
    if scene.up is not None:
        return scene
    down = np.array([0.0, 0.0, -1.0]) if burden.down is None else burden.down
    vertices = scene.surface.vertices
    support = Plane(-down, float((-vertices @ down).min()))
    points = np.zeros((0, 3)) if scene.obstacles is None else scene.obstacles.points
    return replace(scene, obstacles=Obstacles.around(points, vertices, support, slack))


def _nothing(scene: PlanningScene, report: PlanReport, reason: str) -> NoGraspFound:
    return NoGraspFound(reason, report, scene.surfaces_of_input())


def _measured(
    hand: _Hand, staged: Staged, scene: PlanningScene
) -> tuple[GraspMetrics, Approach]:
    """Return the measures of staged grasps of one hand, and their ways; NaN: of pairs only."""
    energy, placed = hand.energy, hand.placed
    with torch.no_grad():
        overlap = -energy.geometry.capsule_gaps(placed.hand)
    clearance, height = clearances(
        placed, staged.grasps.pregrasp, energy.geometry, scene.obstacles)
    way = approach(staged.grasps.pregrasp, energy, scene.up)
    unknown = torch.full_like(clearance, torch.nan)
    return GraspMetrics(
        energy=hand.refined.energy, residual=unknown, normal_variation=unknown,
        penetration=(-placed.gap.amin(1)).clamp(min=0.0),
        self_penetration=overlap.amax(1).clamp(min=0.0), clearance=clearance,
        pregrasp_clearance=staged.pregrasp_clearance,
        joint_limit_margin=limit_margin(staged.grasps, energy.geometry.kinematics),
        support_clearance=height, approach_clearance=way.clearance), way


def _press(hand: _Hand, forces: Tensor) -> Tensor:
    """Return the sum of the normal forces (N,) of one hand [N]."""
    return -(forces * hand.contacts.normal).sum((-1, -2))


def _torque(hand: _Hand, forces: Tensor) -> Tensor:
    """Return the largest torque (N,) of a finger joint of one hand [N m]."""
    geometry = hand.energy.geometry
    return geometry.kinematics.joint_torques(
        hand.placed.hand.poses, geometry.kinematics.joints_moving(geometry.group_link),
        hand.contacts.point, forces).torque.abs().amax(1)
