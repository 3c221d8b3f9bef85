# SPDX-License-Identifier: Apache-2.0
"""
From a cloud to ranked pairs of grasps: close the surface, press from two sides, pair, stage, rank.

Letters: N pairs, K returned pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
import trimesh

from dexlite_ros.device import device_faults, one_thread
from dexlite_ros.errors import InvalidRequest, NoGraspFound
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.plan import PairMetrics, PlanReport, Rejections, TwoHandPlan
from dexlite_ros.plan_report import first_report
from dexlite_ros.plan_request import PlanClock, PlanProgress, PlanRequest
from dexlite_ros.two_hands.pairing import best_pairs, different, hand_clearance, Pairs
from dexlite_ros.two_hands.presses import opposite_places, press_starts
from dexlite_ros.two_hands.pressing_hand import PressingHand, StagedHand, TouchingGrasps
from dexlite_ros.two_hands.settings import Burden, TwoHandSettings
from dexlite_ros.two_hands.standing import Standing

MODEL_ID = 'opposite-presses'
FITTING_TIME = 0.3
"""Time that one fit of a surface takes at most; nothing can end it [s]."""
USUAL_BURDEN = Burden()


class TwoHandPlanner:
    """Plans pairs of grasps of two hands, on the CPU."""

    def __init__(
        self, first: str | HandDescription, second: str | HandDescription,
        settings: TwoHandSettings | None = None,
    ) -> None:
        """
        Build the hand models.

        :param first, second: names or paths of hands, as for ``find_hand``; or descriptions
        :raises UnsupportedHand: for a hand that is not known
        :raises FileError: for a hand profile that cannot be read
        """
        self.settings = settings or TwoHandSettings()
        self._hands = tuple(
            PressingHand(find_hand(each) if isinstance(each, str) else each, self.settings)
            for each in (first, second))

    def plan(
        self,
        target: PointCloud | trimesh.Trimesh,
        request: PlanRequest = PlanRequest(),
        burden: Burden = USUAL_BURDEN,
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
        :raises InvalidRequest: for an approach direction, which a pair does not have, and for
            grasps without refinement
        :raises BadCloud, ScaleError: for clouds that cannot be used
        :raises NoGraspFound: when no pair carries the object
        :raises PlanningTimeout, Cancelled: when there is nothing to return
        """
        if request.approach_direction is not None:
            raise InvalidRequest(
                'approach_direction', request.approach_direction.tolist(),
                'none: two hands come from two sides')
        if not request.optimize:
            raise InvalidRequest('optimize', False, 'true: pairs of unrefined grasps do not touch')
        settings, clock = self.settings, PlanClock(request.timeout, should_stop, progress)
        clock.report('surface')
        with one_thread(), device_faults(torch.device('cpu')):
            scene = PlanningScene.build(
                target, obstacles=obstacles, support=support, limits=settings.cloud,
                settings=settings.surface, slack=settings.ranking.support_slack,
                between=partial(clock.check, FITTING_TIME))
            standing = Standing.of(scene, burden, settings.ranking.support_slack)
            clock.lap('surface')
            clock.check()
            return self._plan(standing, request, clock)

    def _plan(self, standing: Standing, request: PlanRequest, clock: PlanClock) -> TwoHandPlan:
        count = request.num_candidates or self.settings.num_candidates
        report = first_report(standing.scene, request, clock.times(), 'cpu', MODEL_ID)
        report = replace(
            report, num_candidates=2 * count, warnings=(*report.warnings, *standing.doubts()))
        generator = torch.Generator().manual_seed(request.seed)
        clock.report('propose')
        starts = self._starts(standing, count, generator, report)
        clock.lap('propose')
        touching = [
            hand.touching(start, standing, generator, clock, number)
            for number, (hand, start) in enumerate(zip(self._hands, starts))]
        clock.lap('refine')
        clock.check()
        report = replace(report, num_refined=sum(map(len, touching)), times=clock.times())
        if not all(map(len, touching)):
            raise nothing(standing, report, 'no hand reaches a side of the object firmly')
        pairs = best_pairs(
            touching[0].contacts, touching[1].contacts, standing.centre, standing.down,
            standing.burden, self.settings.pairs)
        clock.check_cancelled()
        return self._ranked(touching, pairs, standing, request, report, clock)

    def _starts(
        self, standing: Standing, count: int, generator: torch.Generator, report: PlanReport
    ) -> list[GraspBatch]:
        """Return starts of both hands; number k of one is opposite number k of the other."""
        settings = self.settings.press
        places = opposite_places(
            standing.scene.surface, standing.centre.double().numpy(), standing.support, count,
            int(torch.randint(2**31, (1,), generator=generator)), settings)
        if not len(places):
            raise nothing(
                standing, report, 'the object has no two opposite sides, high enough above its '
                'support and far enough apart, that two hands could press on')
        return [
            press_starts(hand.kinematics, place, towards, standing.support.normal, generator,
                         settings)
            for hand, place, towards in zip(
                self._hands, (places.first, places.second), (places.axis, -places.axis))]

    def _ranked(
        self, touching: Sequence[TouchingGrasps], pairs: Pairs, standing: Standing,
        request: PlanRequest, report: PlanReport, clock: PlanClock,
    ) -> TwoHandPlan:
        """Return the best pairs that pass all filters, in three stages."""
        settings = self.settings.pairs
        clock.report('stage')
        balanced = int((pairs.residual <= settings.residual_max).sum())
        unbalanced = Rejections(residual=len(pairs) - balanced)
        if not balanced:
            raise nothing(
                standing, replace(report, rejected=unbalanced),
                f'the best pair leaves {100 * float(pairs.residual[0]):.0f} % of the weight of '
                f'{standing.burden.mass:g} kg unbalanced: lower the mass, or turn the object')
        pairs = pairs[torch.arange(min(balanced, settings.shortlist))]
        chosen = [each[index] for each, index in zip(touching, (pairs.first, pairs.second))]
        staged = [
            hand.staged(each, forces, standing)
            for hand, each, forces in zip(self._hands, chosen, pairs.forces)]
        clock.lap('stage')
        clock.report('rank')
        grasps = [each.staged.grasps for each in staged]
        apart = hand_clearance(grasps, [each.geometry for each in chosen])
        passing, rejected = self._passing(staged, apart)
        low = passing & (1 / (1 + pairs.residual) < (request.min_score or 0.0))
        passing, rejected = passing & ~low, rejected + Rejections(score=int(low.sum()))
        wanted = request.max_grasps or settings.wanted
        best = different(grasps, passing, wanted, settings.same_place)
        clock.lap('rank')
        report = replace(
            report, times=clock.times(), rejected=unbalanced + rejected + Rejections(
                surplus=int(passing.sum()) - len(best) + balanced - len(pairs)))
        if not len(best):
            raise nothing(
                standing, report, f'{len(pairs)} pairs of grasps would carry the object, but '
                f'both hands have no free way to any ({report.rejected.summary()}): give the '
                'object more room')
        press, torque = (
            torch.stack([getattr(each, name)(forces) for each, forces in zip(
                chosen, pairs.forces)]).amax(0)
            for name in ('press', 'torque'))
        score = 1 / (1 + pairs.residual[best])
        first, second = (
            hand.plan(each[best], score, standing, report)
            for hand, each in zip(self._hands, staged))
        return TwoHandPlan(
            first, second, PairMetrics(pairs.residual, apart, press, torque)[best],
            standing.burden.mass)

    def _passing(
        self, staged: Sequence[StagedHand], apart: Tensor
    ) -> tuple[Tensor, Rejections]:
        """Return which pairs (N,) both hands can come to, and why others are rejected."""
        limits = self.settings.ranking
        alive, counts = torch.ones_like(apart, dtype=torch.bool), {}
        for name, fails in (
            ('pregrasp', [
                each.metrics.pregrasp_clearance < limits.pregrasp_clearance_min
                for each in staged]),
            # The other hand is an obstacle as well.
            ('obstacle', [
                apart < self.settings.pairs.clearance_min,
                *(each.metrics.clearance < limits.obstacle_clearance_min for each in staged),
                *(each.metrics.support_clearance < (
                    limits.obstacle_clearance_min - limits.support_slack) for each in staged)]),
            ('blocked', [
                each.metrics.approach_clearance < limits.obstacle_clearance_min
                for each in staged]),
        ):
            failed = torch.stack(fails).any(0)
            counts[name] = int((alive & failed).sum())
            alive = alive & ~failed
        return alive, Rejections(**counts)


def nothing(standing: Standing, report: PlanReport, reason: str) -> NoGraspFound:
    """Return the error of a plan without a pair."""
    return NoGraspFound(reason, report, standing.scene.surfaces_of_input())
