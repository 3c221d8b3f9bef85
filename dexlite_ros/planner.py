"""
From a cloud to ranked grasps: close the surface, propose, refine, stage, rank.

``GraspPlanner`` keeps what does not depend on the object and can plan for any number of clouds.
Letters: B candidates, K returned grasps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
import trimesh

from dexlite_ros.device import describe_device, device_faults, one_thread, resolve_device
from dexlite_ros.errors import BadCloud, NoGraspFound, ScaleError, UnsupportedHand
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.plan import GraspFeatures, GraspMetrics, GraspPlan, PlanReport, Rejections
from dexlite_ros.plan_request import PlanRequest, StopWatch
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.proposer import make_proposer, Proposer
from dexlite_ros.ranking.grasp_features import grasp_features
from dexlite_ros.ranking.selection import hard_filters, measure, select, shortlist
from dexlite_ros.ranking.success_model import SuccessModel
from dexlite_ros.refinement.rounds import hand_details, Refinement
from dexlite_ros.stages import contact_list, stage, Staged

Measures = TypeVar('Measures', GraspMetrics, GraspFeatures)


@dataclass(frozen=True)
class Ranked:
    """Staged grasps, and which of them are chosen, best first."""

    chosen: Tensor
    staged: Staged
    metrics: GraspMetrics
    features: GraspFeatures
    probability: Tensor
    start: Tensor


class GraspPlanner:
    """Plans grasps of one hand on one device."""

    def __init__(
        self,
        settings: PlannerSettings | None = None,
        device: str = 'auto',
        hand: str = 'shadow_right',
        proposer: Proposer | None = None,
        success: SuccessModel | None = None,
    ) -> None:
        """
        Build the hand on the device.

        :param device: 'auto', 'cpu', 'cuda' or 'cuda:N'
        :param proposer: where candidates come from; None: as the settings say. Their number and
            their refinement are those of the settings' method all the same
        :param success: what ranks them; None: the model that comes with the package
        :raises UnsupportedHand: for a hand that is not in ``HANDS``
        :raises DeviceError: for a device that is missing
        :raises ModelError: when the network's weights are missing or do not fit
        """
        if hand not in HANDS:
            raise UnsupportedHand(hand, tuple(HANDS))
        self.settings = (settings or PlannerSettings()).settled()
        self.hand = HANDS[hand]
        if not self.settings.couple_joints:
            self.hand = replace(self.hand, couplings=())
        self._device = resolve_device(device)
        kinematics = HandKinematics(self.hand)
        self._proposer = proposer or make_proposer(
            self.settings.method, self.settings.weights, kinematics, self._device,
            self.settings.temperature)
        self._success = success or SuccessModel.read()
        self._hand = {
            name: geometry.to(self._device)
            for name, geometry in hand_details(kinematics).items()}

    @property
    def device(self) -> str:
        """Name of the device, such as 'cpu' or 'cuda:0 NVIDIA H100'."""
        return describe_device(self._device)

    @property
    def model_id(self) -> str:
        """Name of what proposes the candidates."""
        return self._proposer.model_id

    def warm_up(self) -> None:
        """Plan once on a small ball, so that the first real request is as fast as the others."""
        ball = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
        try:
            self.plan(PointCloud(np.asarray(ball.vertices)), num_candidates=64, max_grasps=1)
        except (BadCloud, ScaleError, NoGraspFound):
            pass  # The settings are stricter than a ball can meet; everything has run once.

    def plan(
        self,
        target: PointCloud | trimesh.Trimesh,
        *,
        obstacles: NDArray[np.floating] | None = None,
        support: Plane | None = None,
        num_candidates: int | None = None,
        max_grasps: int | None = None,
        min_score: float | None = None,
        approach_direction: NDArray[np.floating] | None = None,
        approach_tolerance: float = math.pi,
        optimize: bool = True,
        seed: int = 0,
        timeout: float | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> GraspPlan:
        """
        Return ranked grasps for one object, in the frame of its cloud or mesh.

        :param target: points on the object, or its mesh [m]
        :param obstacles: (M, 3) points the hand must not touch [m]
        :param support: plane the object stands on; None: looked for in the obstacles
        :param num_candidates: grasps to propose; None: as set
        :param max_grasps: grasps to return at most; None: as set
        :param min_score: lowest score to return; None: as set
        :param approach_direction: (3,) direction in which the palm should look
        :param approach_tolerance: largest angle to it [rad]
        :param optimize: false ranks proposals as they are, without the filters on quality
        :param seed: same seed, device and input: same result
        :param timeout: budget [s]; the best so far is returned when it ends
        :param should_stop: polled; true ends the planning with ``Cancelled``
        :raises BadCloud, ScaleError: for clouds that cannot be used
        :raises NoGraspFound, PlanningTimeout, Cancelled: when there is nothing to return
        """
        settings = self.settings
        request = PlanRequest(
            settings.num_candidates if num_candidates is None else num_candidates,
            settings.max_grasps if max_grasps is None else max_grasps,
            settings.min_score if min_score is None else min_score,
            approach_direction, approach_tolerance, optimize, seed,
            math.inf if timeout is None else timeout, should_stop)
        with one_thread(), device_faults(self._device):
            return self._plan(target, obstacles, support, request)

    def _plan(
        self,
        target: PointCloud | trimesh.Trimesh,
        obstacles: NDArray[np.floating] | None,
        support: Plane | None,
        request: PlanRequest,
    ) -> GraspPlan:
        settings = self.settings
        clock = StopWatch()
        scene = PlanningScene.build(
            target, obstacles=obstacles, support=support, limits=settings.cloud,
            settings=settings.surface, device=self._device)
        clock.lap('surface')
        request.check()
        generator = torch.Generator().manual_seed(request.seed)
        starts = self._propose(scene, request, generator)
        clock.lap('propose')
        refinement = Refinement(
            self._hand, scene.field, settings.refinement,
            None if scene.obstacles is None else scene.obstacles.field)
        # What is left after refining must still be staged and ranked.
        refined = refinement.run(
            starts, request.max_grasps, generator=generator, optimize=request.optimize,
            deadline=request.started + 0.8 * request.timeout, should_stop=request.should_stop)
        clock.lap('refine')
        request.check_cancelled()
        if not len(refined.grasps):
            raise NoGraspFound(len(starts), f'non_finite {refined.non_finite}', None)
        energy = refinement.energies[-1]
        squeeze = settings.squeeze if refined.iterations else settings.squeeze.of_guesses()
        features = grasp_features(refined.grasps, energy, scene.surface, squeeze)
        # A grasp whose features are no numbers is never chosen.
        probability = self._success.probability(features).nan_to_num(0.0)
        kept = shortlist(probability, request.max_grasps, settings.ranking)
        features, probability = features[kept], probability[kept]
        start = refined.start[kept.cpu()]
        staged = stage(refined.grasps[kept], energy, squeeze, settings.stages)
        clock.lap('stage')
        metrics = measure(staged, features, refined.energy[kept], energy, scene.obstacles)
        chosen, rejected = self._rank(staged, metrics, probability, request)
        rejected = replace(rejected, non_finite=rejected.non_finite + refined.non_finite)
        clock.lap('rank')
        last = settings.refinement.rounds[-1].optimizer.iterations
        report = PlanReport(
            clock.times(), rejected, len(starts),
            len(refined.energy) if request.optimize else 0, scene.num_points,
            scene.surface.seen_fraction, scene.surface.method, request.seed, self.device,
            self.model_id, stopped_early=request.optimize and refined.iterations < last)
        if not len(chosen):
            raise NoGraspFound(report.num_refined, rejected.summary(), report)
        ranked = Ranked(chosen, staged, metrics, features, probability, start)
        return self._result(ranked, scene, report)

    def _propose(
        self, scene: PlanningScene, request: PlanRequest, generator: torch.Generator
    ) -> GraspBatch:
        """Return starts; with a wanted approach, or obstacles, the best of four times as many."""
        count = request.num_candidates
        wish = request.approach_direction
        if wish is None and scene.obstacles is None:
            return self._proposer.propose(scene.surface, count, generator)
        starts = self._proposer.propose(scene.surface, 4 * count, generator)
        cost = torch.zeros(len(starts))
        if wish is not None:
            cost = (self._approach_angle(starts, wish) - request.approach_tolerance).clamp(min=0)
        if scene.obstacles is not None:
            palms = scene.obstacles.field.value(starts.translation.to(self._device)).cpu()
            cost = cost + 10 * (0.03 - palms).clamp(min=0)
        # In their old order: the contact patterns are dealt by it, and must not differ in quality.
        return starts[cost.argsort(stable=True)[:count].sort().values]

    def _approach_angle(self, grasps: GraspBatch, wish: NDArray[np.float64]) -> Tensor:
        """Return the angle (B,) between the palms' directions and the wanted one [rad]."""
        palmar = torch.tensor(self.hand.palmar_direction).to(grasps.rotation)
        looking = grasps.rotation @ palmar
        return (looking @ torch.from_numpy(wish).to(looking)).clamp(-1, 1).acos()

    def _rank(
        self, staged: Staged, metrics: GraspMetrics, probability: Tensor, request: PlanRequest
    ) -> tuple[Tensor, Rejections]:
        """Return indices of the grasps to return, best first, and what was rejected."""
        grasps, settings = staged.grasps.grasp, self.settings.ranking
        angle = torch.full_like(metrics.energy, math.nan)
        if request.approach_direction is not None:
            angle = self._approach_angle(grasps, request.approach_direction)
        filters = hard_filters(metrics, angle, request.approach_tolerance, settings)
        if not request.optimize:
            filters = {'non_finite': filters['non_finite']}
        return select(
            grasps, probability, filters, request.max_grasps, request.min_score, settings)

    def _result(self, ranked: Ranked, scene: PlanningScene, report: PlanReport) -> GraspPlan:
        """Return the chosen grasps on the CPU, back in the frame they were asked for in."""
        chosen = ranked.chosen.to(self._device)
        probability = ranked.probability[chosen].cpu()
        offset = torch.from_numpy(scene.offset)
        grasps = ranked.staged.grasps[chosen].to('cpu', torch.float64)
        return GraspPlan(
            hand=self.hand.name,
            hand_link=self.hand.palm_link,
            joint_names=self.hand.joint_names,
            grasps=grasps.each(lambda batch: replace(
                batch, translation=batch.translation + offset)),
            score=probability,
            success_probability=probability,
            metrics=_on_cpu(ranked.metrics[chosen]),
            features=_on_cpu(ranked.features[chosen]),
            start=ranked.start[ranked.chosen.cpu()],
            contacts=contact_list(
                ranked.staged, chosen, self._hand['fine'].group_links, scene.offset),
            surface=replace(scene.surface, vertices=scene.surface.vertices + scene.offset),
            report=report)


def _on_cpu(measures: Measures) -> Measures:
    return type(measures)(**{name: value.cpu() for name, value in vars(measures).items()})
