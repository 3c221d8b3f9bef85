# SPDX-License-Identifier: Apache-2.0
"""
From a cloud to ranked grasps: close the surface, propose, refine, stage, rank.

``GraspPlanner`` holds everything that does not depend on the object, so one planner can plan for
any number of clouds.
Letters: B candidates, K returned grasps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
import trimesh

from dexlite_ros.approach import approach
from dexlite_ros.compilation import compile_plan
from dexlite_ros.device import describe_device, device_faults, one_thread, planning_device
from dexlite_ros.errors import BadCloud, NoGraspFound, ScaleError
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.graspable import check_graspable
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import squeeze_forces
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.plan import GraspPlan, PlanReport, Rejections
from dexlite_ros.plan_report import about_the_score, first_report, nothing_found
from dexlite_ros.plan_request import PlanClock, PlanProgress, PlanRequest
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.proposer import make_proposer, Proposer
from dexlite_ros.ranking.grasp_features import grasp_features
from dexlite_ros.ranking.likely_surfaces import over_surfaces
from dexlite_ros.ranking.selection import (
    best_passing,
    early_filters,
    hard_filters,
    measure,
    select,
    shortlist,
)
from dexlite_ros.ranking.shortlist import Shortlist
from dexlite_ros.ranking.success_model import SuccessModel
from dexlite_ros.refinement.backend import chosen_backend
from dexlite_ros.refinement.rounds import hand_details, Population, Refinement
from dexlite_ros.stages import contact_list, stage

FITTING_TIME = 0.3
"""Time that one fit of a surface takes at most; open3d lets no other thread run in it [s]."""


class GraspPlanner:
    """Plans grasps of one hand on one device."""

    def __init__(
        self,
        settings: PlannerSettings | None = None,
        device: str = 'auto',
        hand: str | HandDescription = DEFAULT_HAND,
        proposer: Proposer | None = None,
        success: SuccessModel | None = None,
    ) -> None:
        """
        Build the hand model on the device.

        :param device: 'auto' (the CPU), 'cpu', 'cuda' or 'cuda:N'
        :param hand: name or path of a hand, as for ``find_hand``; or any description
        :param proposer: source of candidates; None: that of the settings' method. The method
            determines the number of candidates and their refinement in either case
        :param success: model that ranks the grasps; None: the one that comes with the package
            for the hand, else for several hands, of which plans warn
        :raises InvalidRequest: for a backend that cannot compute on the device
        :raises UnsupportedHand: for a hand that is not known
        :raises FileError: for a hand profile that cannot be read
        :raises DeviceError: for a device that is missing
        :raises ModelError: when the network's weights are missing or do not fit
        """
        self.settings = settings or PlannerSettings.for_method()
        self.hand = find_hand(hand) if isinstance(hand, str) else hand
        if not self.settings.couple_joints:
            self.hand = replace(self.hand, couplings=())
        self._device = planning_device(device)
        self._backend = chosen_backend(self.settings.backend, self._device)
        # Here, because torch is limited to one thread while it plans.
        self._threads = self.settings.threads or torch.get_num_threads()
        kinematics = HandKinematics(self.hand)
        self._proposer = proposer or make_proposer(
            self.settings.method, self.settings.weights, kinematics, self._device,
            self.settings.temperature, self.settings.opposite_share)
        self._success = success or SuccessModel.of(self.hand)
        self._warnings = about_the_score(self.hand.name, self._success.fits(self.hand))
        self._hand = {
            name: geometry.to(self._device)
            for name, geometry in hand_details(kinematics).items()}
        if self._device.type == 'cpu':
            compile_plan(self._hand['coarse'])

    @property
    def device(self) -> str:
        """Name of the device, such as 'cpu' or 'cuda:0 NVIDIA H100'."""
        return describe_device(self._device)

    @property
    def model_id(self) -> str:
        """Name of the proposer, as reported in results."""
        return self._proposer.model_id

    def warm_up(self) -> None:
        """Plan once for a small ball, so that the first real request is as fast as later ones."""
        ball = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
        try:
            self.plan(
                PointCloud(np.asarray(ball.vertices)),
                PlanRequest(num_candidates=64, max_grasps=1))
        except (BadCloud, ScaleError, NoGraspFound):
            pass  # The settings are too strict for a ball, but everything has run once.

    def plan(
        self,
        target: PointCloud | trimesh.Trimesh,
        request: PlanRequest = PlanRequest(),
        *,
        obstacles: NDArray[np.floating] | None = None,
        support: Plane | None = None,
        should_stop: Callable[[], bool] | None = None,
        progress: Callable[[PlanProgress], None] | None = None,
    ) -> GraspPlan:
        """
        Return ranked grasps for one object, in the frame of its cloud or mesh.

        :param target: points on the object, or its mesh [m]
        :param request: number of grasps, approach direction, time budget, ...
        :param obstacles: (M, 3) points the hand must not touch [m]
        :param support: plane the object stands on; None: detected in the obstacles
        :param should_stop: polled; when it returns true, planning ends with ``Cancelled``
        :param progress: called in this thread between the steps and within the refinement
        :raises BadCloud, ScaleError: for clouds that cannot be used
        :raises NoGraspFound, PlanningTimeout, Cancelled: when there is nothing to return
        """
        clock = PlanClock(request.timeout, should_stop, progress)
        clock.report('surface')
        with one_thread(), device_faults(self._device):
            scene = PlanningScene.build(
                target, obstacles=obstacles, support=support, limits=self.settings.cloud,
                settings=self.settings.surface,
                slack=self.settings.ranking.support_slack, device=self._device,
                between=partial(clock.check, FITTING_TIME))
            clock.lap('surface')
            clock.check()
            return self._plan(scene, request, clock)

    def _plan(self, scene: PlanningScene, request: PlanRequest, clock: PlanClock) -> GraspPlan:
        settings = self.settings.for_request(request)
        report = first_report(
            scene, request, clock.times(), self.device, self.model_id, self._warnings)
        if request.optimize:
            check_graspable(scene, report)
        generator = torch.Generator().manual_seed(request.seed)
        clock.report('propose')
        starts = self._propose(scene, request, settings.num_candidates, generator)
        clock.lap('propose')
        refinement = Refinement(
            self._hand, scene.field, settings.refinement,
            None if scene.obstacles is None else scene.obstacles.field,
            backend=self._backend, threads=self._threads)
        # Staging and ranking need a share of the time budget as well.
        refined = refinement.run(
            starts, settings.sought, generator=generator, optimize=request.optimize,
            deadline=clock.deadline(0.8), should_stop=clock.should_stop,
            progress=partial(clock.report, 'refine'))
        clock.lap('refine')
        clock.check_cancelled()
        wished = self._approaches(refined.grasps, request)
        rejected = Rejections(non_finite=refined.non_finite, approach=int((~wished).sum()))
        found, chosen = None, torch.zeros(0, dtype=torch.long)
        if wished.any():
            clock.report('stage')
            found, filtered = self._stage(
                refined[wished.nonzero().squeeze(1)], refinement.energies[-1], scene, settings)
            rejected += filtered
            clock.lap('stage')
            clock.report('rank')
            chosen, filtered = self._rank(found, settings)
            rejected += filtered
            clock.lap('rank')
        last = settings.refinement.rounds[-1].optimizer.iterations
        report = replace(
            report, times=clock.times(), rejected=rejected, num_candidates=len(starts),
            num_refined=len(wished) + refined.non_finite if request.optimize else 0,
            stopped_early=request.optimize and refined.iterations < last)
        if found is None or not len(chosen):
            score = 0.0 if found is None else best_passing(
                found.score, hard_filters(found.metrics, settings.ranking))
            raise nothing_found(scene, report, score, settings.min_score)
        best = found[chosen.to(self._device)]
        clock.report('rank', 1.0, float(best.score.max()))
        return self._result(best, scene, settings, report)

    def _stage(
        self, refined: Population, energy: GraspEnergy, scene: PlanningScene,
        settings: PlannerSettings,
    ) -> tuple[Shortlist, Rejections]:
        """Return the most promising refined grasps in three stages, and the counts of others."""
        placed = energy.place(refined.grasps)
        squeeze = squeeze_forces(
            placed, energy,
            settings.squeeze if refined.iterations else settings.squeeze.of_guesses())
        features = grasp_features(placed, squeeze, energy, scene)
        caution = settings.ranking.caution
        found = self._success.predict(features, refined.grasps.joints, settings.conditions)
        kept, rejected = shortlist(
            found.lower_bound(caution),
            early_filters(placed, features, energy.geometry, settings.ranking),
            settings.sought, settings.ranking)
        found = over_surfaces(
            found[kept], refined.grasps[kept], scene, energy, settings.squeeze, self._success,
            settings.conditions, settings.ranking.surface_weight_min)
        placed, features = placed[kept], features[kept]
        staged = stage(placed, squeeze[kept], energy, settings.stages)
        way = approach(staged.grasps.pregrasp, energy, scene.up)
        metrics = measure(
            staged, placed, way, features, refined.energy[kept], energy, scene.obstacles)
        return Shortlist(
            staged, metrics, features, found.probability, found.lower_bound(caution),
            refined.start.to(self._device)[kept], refined.contact_pattern[kept], way), rejected

    def _propose(
        self, scene: PlanningScene, request: PlanRequest, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return starts; given an approach or obstacles, the best of several times as many."""
        wish = request.approach_direction
        if wish is None and scene.obstacles is None:
            return self._proposer.propose(scene.surface, count, generator)
        starts = self._proposer.propose(
            scene.surface, self.settings.starts_per_candidate * count, generator)
        cost = torch.zeros(len(starts))
        if wish is not None:
            cost = (self._approach_angle(starts, wish) - request.approach_tolerance).clamp(min=0)
        if scene.obstacles is not None:
            palms = scene.obstacles.field.value(starts.translation.to(self._device)).cpu()
            cost = cost + 10 * (0.03 - palms).clamp(min=0)
        # Keep the original order: contact patterns are assigned by it, so sorting by cost would
        # give one pattern the better starts.
        return starts[cost.argsort(stable=True)[:count].sort().values]

    def _approaches(self, grasps: GraspBatch, request: PlanRequest) -> Tensor:
        """Return a mask (B,) of the grasps that come from where the request wants them to."""
        if request.approach_direction is None:
            return torch.ones(len(grasps), dtype=torch.bool, device=grasps.translation.device)
        angle = self._approach_angle(grasps, request.approach_direction)
        return angle <= request.approach_tolerance

    def _approach_angle(self, grasps: GraspBatch, wish: NDArray[np.float64]) -> Tensor:
        """Return the angle (B,) between the palms' directions and the requested one [rad]."""
        looking = grasps.rotation @ torch.tensor(self.hand.palmar_direction).to(grasps.rotation)
        return (looking @ torch.from_numpy(wish).to(looking)).clamp(-1, 1).acos()

    def _rank(self, found: Shortlist, settings: PlannerSettings) -> tuple[Tensor, Rejections]:
        """Return indices of the grasps to return, best first, and the counts of rejected ones."""
        return select(
            found.staged.grasps.grasp, found.score,
            hard_filters(found.metrics, settings.ranking), settings.max_grasps,
            settings.min_score, settings.ranking)

    def _result(
        self, found: Shortlist, scene: PlanningScene, settings: PlannerSettings,
        report: PlanReport,
    ) -> GraspPlan:
        """Return the plan on the CPU, in the frame of the input."""
        patterns = list(settings.refinement.contact_patterns)
        offset = torch.from_numpy(scene.offset)
        grasps = found.staged.grasps.to('cpu', torch.float64)
        surface, *others = scene.surfaces_of_input()
        return GraspPlan(
            hand=self.hand.name,
            hand_link=self.hand.palm_link,
            joint_names=self.hand.joint_names,
            grasps=grasps.each(lambda batch: replace(
                batch, translation=batch.translation + offset)),
            score=found.score.cpu(),
            success_probability=found.probability.cpu(),
            metrics=found.metrics.cpu(),
            features=found.features.cpu(),
            start=found.start.cpu(),
            contact_pattern=tuple(patterns[each] for each in found.contact_pattern.tolist()),
            approach_direction=found.approach.direction.cpu().double(),
            contacts=contact_list(found.staged.squeeze, self._hand['fine'].group_links, scene),
            surface=surface,
            report=report,
            other_surfaces=tuple(others),
            cloud=None if scene.measured is None else scene.measured + scene.offset)
