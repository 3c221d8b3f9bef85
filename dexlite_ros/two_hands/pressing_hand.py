# SPDX-License-Identifier: Apache-2.0
"""
One of two hands: its grasps that touch a large object firmly, and what is measured of them.

Letters: B grasps, K chosen ones, G contact groups.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from dexlite_ros.approach import Approach, approach
from dexlite_ros.compilation import compile_plan
from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import hand_loads
from dexlite_ros.plan import GraspMetrics, GraspPlan, PlanReport
from dexlite_ros.plan_request import PlanClock
from dexlite_ros.ranking.selection import clearances, limit_margin
from dexlite_ros.refinement.rounds import hand_details, Population, Refinement
from dexlite_ros.stages import contact_list, Staged
from dexlite_ros.two_hands.pair_stages import stage_pressing
from dexlite_ros.two_hands.settings import TwoHandSettings
from dexlite_ros.two_hands.standing import Standing


@dataclass(frozen=True)
class TouchingGrasps:
    """B grasps of one hand, refined until they touch the object and nothing else."""

    energy: GraspEnergy
    refined: Population
    placed: PlacedGrasps
    contacts: ContactBatch
    """(B, G) those that carry forces are active."""

    def __len__(self) -> int:
        return len(self.placed)

    def __getitem__(self, index: Tensor) -> TouchingGrasps:
        """Select grasps."""
        return replace(
            self, refined=self.refined[index], placed=self.placed[index],
            contacts=self.contacts[index])

    @property
    def geometry(self) -> HandGeometry:
        """Points and capsules of the hand."""
        return self.energy.geometry

    def press(self, forces: Tensor) -> Tensor:
        """Return the sum (B,) of the normal parts of forces (B, G, 3) [N]."""
        return -(forces * self.contacts.normal).sum((-1, -2))

    def torque(self, forces: Tensor) -> Tensor:
        """Return the largest torque (B,) of a finger joint for forces (B, G, 3) [N m]."""
        loads = hand_loads(self.placed, self.contacts, forces, self.geometry)
        return loads.torque.abs().amax(1)


@dataclass(frozen=True)
class StagedHand:
    """K grasps of one hand in three stages, and their measures."""

    staged: Staged
    metrics: GraspMetrics
    way: Approach
    contact_pattern: tuple[str, ...]
    start: Tensor
    """(K,) index of the start that each grasp was refined from."""

    def __getitem__(self, index: Tensor) -> StagedHand:
        """Select grasps."""
        return StagedHand(
            self.staged[index], self.metrics[index], self.way[index],
            tuple(self.contact_pattern[each] for each in index.tolist()), self.start[index])


class PressingHand:
    """Finds grasps of one hand that touch a large object, and stages them."""

    def __init__(self, description: HandDescription, settings: TwoHandSettings) -> None:
        self.description, self._settings = description, settings
        self.kinematics = HandKinematics(description)
        self._details = hand_details(self.kinematics)
        self._threads = settings.threads or torch.get_num_threads()
        compile_plan(self._details['coarse'])

    def touching(
        self, starts: GraspBatch, standing: Standing, generator: torch.Generator,
        clock: PlanClock, hand: int,
    ) -> TouchingGrasps:
        """
        Return the starts that end in a firm touch, refined; others are left out.

        :param hand: 0 or 1, the number of the hand, for the progress
        """
        settings, limits = self._settings, self._settings.ranking
        refinement = Refinement(
            self._details, standing.scene.field, settings.refinement, standing.obstacles.field,
            threads=self._threads)
        refined = refinement.run(
            starts, settings.sought, generator=generator,
            deadline=clock.deadline(0.4 * (hand + 1)), should_stop=clock.should_stop,
            progress=lambda share: clock.report('refine', (hand + share) / 2))
        energy = refinement.energies[-1]
        placed = energy.place(refined.grasps)
        contacts = placed.touching(settings.pairs.touching)
        clearance, height = clearances(
            placed, refined.grasps, energy.geometry, standing.obstacles)
        with torch.no_grad():
            overlap = -energy.geometry.capsule_gaps(placed.hand).amin(1)
        # Comparisons with NaN are false: where there are no obstacles, none is too near.
        suits = contacts.active.sum(1) >= settings.pairs.fewest
        suits &= -placed.gap.amin(1) <= limits.penetration_max
        suits &= overlap <= limits.self_penetration_max
        suits &= ~(clearance < limits.obstacle_clearance_min)
        suits &= height >= limits.obstacle_clearance_min - limits.support_slack
        return TouchingGrasps(energy, refined, placed, contacts)[suits.nonzero().squeeze(1)]

    def staged(self, grasps: TouchingGrasps, forces: Tensor, standing: Standing) -> StagedHand:
        """Return K grasps that are to exert forces (K, G, 3) [N], in three stages."""
        settings, energy, placed = self._settings, grasps.energy, grasps.placed
        staged = stage_pressing(
            placed, grasps.contacts, forces, energy, settings.stages, settings.arm)
        with torch.no_grad():
            overlap = -energy.geometry.capsule_gaps(placed.hand)
        clearance, height = clearances(
            placed, staged.grasps.pregrasp, energy.geometry, standing.obstacles)
        way = approach(staged.grasps.pregrasp, energy, standing.scene.up)
        of_pairs = torch.full_like(clearance, torch.nan)
        metrics = GraspMetrics(
            energy=grasps.refined.energy, residual=of_pairs, normal_variation=of_pairs,
            penetration=(-placed.gap.amin(1)).clamp(min=0.0),
            self_penetration=overlap.amax(1).clamp(min=0.0), clearance=clearance,
            pregrasp_clearance=staged.pregrasp_clearance,
            joint_limit_margin=limit_margin(staged.grasps, self.kinematics),
            support_clearance=height, approach_clearance=way.clearance)
        names = list(settings.refinement.contact_patterns)
        return StagedHand(
            staged, metrics, way,
            tuple(names[each] for each in grasps.refined.contact_pattern.tolist()),
            grasps.refined.start)

    def plan(
        self, chosen: StagedHand, score: Tensor, standing: Standing, report: PlanReport
    ) -> GraspPlan:
        """Return K grasps of ranked pairs as a plan, in the frame of the input."""
        scene = standing.scene
        offset = torch.from_numpy(scene.offset)
        grasps = chosen.staged.grasps.to('cpu', torch.float64)
        surface, *others = scene.surfaces_of_input()
        unknown = torch.full_like(score, torch.nan)
        return GraspPlan(
            hand=self.description.name,
            hand_link=self.description.palm_link,
            joint_names=self.description.joint_names,
            grasps=grasps.each(lambda batch: replace(
                batch, translation=batch.translation + offset)),
            score=score,
            success_probability=unknown,
            metrics=chosen.metrics,
            features=GraspFeatures(**{each.name: unknown for each in fields(GraspFeatures)}),
            start=chosen.start,
            contact_pattern=chosen.contact_pattern,
            approach_direction=chosen.way.direction.double(),
            contacts=contact_list(
                chosen.staged.squeeze, self._details['fine'].group_links, scene),
            surface=surface,
            report=report,
            other_surfaces=tuple(others),
            cloud=None if scene.measured is None else scene.measured + scene.offset)
