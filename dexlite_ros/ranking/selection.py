# SPDX-License-Identifier: Apache-2.0
"""
From refined grasps to a ranked list: measure, filter, drop near-duplicates.

Grasps are ranked by a cautious estimate of their probability to hold. Letters: B grasps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import torch
from torch import Tensor

from dexlite_ros.approach import Approach
from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.object.obstacles import Obstacles, SUPPORT_SLACK
from dexlite_ros.plan import GraspMetrics, Rejections
from dexlite_ros.stages import Staged


@dataclass(frozen=True)
class RankingSettings:
    """How to rank, size of the shortlist, limits of the filters, what counts as a duplicate."""

    caution: float = 0.5
    """Grasps are ranked by the probability at so many deviations below the mean log-odds."""
    diversity: float = 0.0
    """How much grasps unlike the better ones are preferred: what a twin of a chosen grasp loses
    of its score."""
    alike: float = 0.05
    """Distance of two palms, or that of an angle of 1 rad, at which half of this is lost [m]."""
    surface_weight_min: float = 0.1
    """Surfaces that the object may have with a smaller weight are not looked at."""
    shortlist: float = 2.0
    """Number of grasps staged and measured for each one to be returned."""
    penetration_max: float = 0.003
    """Deepest allowed overlap with the object [m]."""
    self_penetration_max: float = 0.002
    """Deepest allowed overlap of the hand with itself [m]."""
    residual_max: float = 0.3
    """Largest allowed wrench residual [squared unit forces]."""
    pregrasp_clearance_min: float = 0.01
    """Smallest allowed distance from the open hand to the object [m]."""
    obstacle_clearance_min: float = 0.003
    """Smallest allowed distance from the hand to the obstacles [m]."""
    support_slack: float = SUPPORT_SLACK
    """How much nearer the hand may come to the support than to other obstacles [m]."""
    same_position: float = 0.01
    """Two grasps are duplicates if their palms are closer than this [m] ..."""
    same_angle: float = 0.2
    """... and their palm orientations differ by less than this [rad] ..."""
    same_joints: float = 0.1
    """... and their joints differ by less than this on average [rad]."""

    def unfiltered(self) -> RankingSettings:
        """Return these settings without the quality filters."""
        return replace(
            self, penetration_max=math.inf, self_penetration_max=math.inf,
            residual_max=math.inf, pregrasp_clearance_min=-math.inf,
            obstacle_clearance_min=-math.inf)

    @classmethod
    def everything(cls) -> RankingSettings:
        """Return settings that reject only NaN grasps and keep duplicates."""
        return cls(shortlist=math.inf, same_position=0.0).unfiltered()


def shortlist(
    score: Tensor, rejected_by: dict[str, Tensor], wanted: int, settings: RankingSettings
) -> tuple[Tensor, Rejections]:
    """
    Return indices of the grasps to stage, best first, and the counts of the others.

    :param score: (B,) by which grasps are ranked
    :param rejected_by: from ``early_filters``
    :param wanted: number of grasps to be found; more are staged, because some fail filters that
        apply only afterwards
    """
    alive, counts = _filtered(rejected_by, score)
    left = alive.nonzero().squeeze(1)
    best = left[score[left].argsort(descending=True, stable=True)]
    count = math.ceil(min(settings.shortlist * wanted, len(best)))
    return best[:count], Rejections(**counts, surplus=len(best) - count)


def early_filters(
    placed: PlacedGrasps, features: GraspFeatures, geometry: HandGeometry,
    settings: RankingSettings,
) -> dict[str, Tensor]:
    """Return what ``hard_filters`` would reject (B,) that can be told before staging, by name."""
    with torch.no_grad():
        overlap = -geometry.capsule_gaps(placed.hand).amin(1)
    return {
        'penetration': -placed.gap.amin(1) > settings.penetration_max,
        'self_penetration': overlap > settings.self_penetration_max,
        'residual': 10.0 ** features.residual > settings.residual_max}


def measure(
    staged: Staged,
    placed: PlacedGrasps,
    way: Approach,
    features: GraspFeatures,
    grasp_energy: Tensor,
    energy: GraspEnergy,
    obstacles: Obstacles | None,
) -> GraspMetrics:
    """
    Return all measures of B staged grasps.

    :param placed, way, features: of the same grasps
    :param grasp_energy: (B,) final energy of the optimiser; NaN for unrefined grasps
    """
    with torch.no_grad():
        overlap = -energy.geometry.capsule_gaps(placed.hand)
    clearance, height = clearances(placed, staged.grasps.pregrasp, energy.geometry, obstacles)
    return GraspMetrics(
        energy=grasp_energy,
        residual=10.0 ** features.residual,
        normal_variation=features.normal_variation,
        penetration=(-placed.gap.amin(1)).clamp(min=0.0),
        self_penetration=overlap.amax(1).clamp(min=0.0),
        clearance=clearance,
        pregrasp_clearance=staged.pregrasp_clearance,
        joint_limit_margin=limit_margin(staged.grasps, energy.geometry.kinematics),
        support_clearance=height,
        approach_clearance=way.clearance,
    )


def clearances(
    placed: PlacedGrasps, pregrasp: GraspBatch, geometry: HandGeometry,
    obstacles: Obstacles | None,
) -> tuple[Tensor, Tensor]:
    """
    Return the smallest distances (B,) to obstacles and to the support [m]; NaN if there are none.

    Over pregrasp and grasp.
    """
    if obstacles is None:
        missing = torch.full_like(placed.gap[:, 0], torch.nan)
        return missing, missing
    with torch.no_grad():
        hands = geometry(pregrasp).points, placed.hand.points
    radius = geometry.point_radius
    return (
        torch.minimum(*(obstacles.clearance(points, radius) for points in hands)),
        torch.minimum(*(obstacles.support_clearance(points, radius) for points in hands)))


def limit_margin(grasps: StagedGrasp, kinematics: HandKinematics) -> Tensor:
    """Return the smallest distance (B,) of any joint at any stage to its limits [rad]."""
    margins = [kinematics.limit_margin(batch.joints) for batch in vars(grasps).values()]
    return torch.stack(margins).amin(0)


def hard_filters(metrics: GraspMetrics, settings: RankingSettings) -> dict[str, Tensor]:
    """Return a mask (B,) of the rejected grasps for each filter, by its name in Rejections."""
    # Comparisons with NaN are false, so measures that were not computed reject nothing.
    finite = metrics.penetration.isfinite() & metrics.residual.isfinite()
    finite &= metrics.normal_variation.isfinite() & ~metrics.energy.isinf()
    return {
        'non_finite': ~finite,
        'penetration': metrics.penetration > settings.penetration_max,
        'self_penetration': metrics.self_penetration > settings.self_penetration_max,
        'obstacle': (metrics.clearance < settings.obstacle_clearance_min) | (
            metrics.support_clearance < settings.obstacle_clearance_min - settings.support_slack),
        'joint_limits': metrics.joint_limit_margin < -1e-4,
        'pregrasp': metrics.pregrasp_clearance < settings.pregrasp_clearance_min,
        'blocked': metrics.approach_clearance < settings.obstacle_clearance_min,
        'residual': metrics.residual > settings.residual_max,
    }


def select(
    grasps: GraspBatch,
    scores: Tensor,
    rejected_by: dict[str, Tensor],
    wanted: int,
    min_score: float,
    settings: RankingSettings,
) -> tuple[Tensor, Rejections]:
    """
    Return indices of the best grasps, best first, and the counts of rejected ones.

    Ties go to the lower index. A grasp that is similar to a better one is a duplicate; grasps left
    over beyond ``wanted`` are the surplus. With ``settings.diversity`` each next grasp is the one
    whose score minus its likeness to those before is the largest (maximal marginal relevance,
    Carbonell and Goldstein 1998).
    """
    alive, counts = _filtered({**rejected_by, 'score': scores < min_score}, scores)
    value = scores.masked_fill(~alive, -torch.inf)
    likeness = torch.zeros_like(scores)
    kept: list[int] = []
    duplicates = 0
    while len(kept) < wanted and bool((value > -torch.inf).any()):
        worth = value - settings.diversity * likeness
        index = int((worth == worth.max()).nonzero()[0])
        value[index] = -torch.inf
        if kept and bool(_same(grasps, index, kept, settings).any()):
            duplicates += 1
            continue
        kept.append(index)
        if settings.diversity:
            likeness = torch.maximum(likeness, _likeness(grasps, index, settings.alike))
    surplus = int(alive.sum()) - len(kept) - duplicates
    return torch.tensor(kept, dtype=torch.long), Rejections(
        **counts, duplicate=duplicates, surplus=surplus)


def best_passing(scores: Tensor, rejected_by: dict[str, Tensor]) -> float:
    """Return the best score of the grasps that no filter rejects; 0 if there is none."""
    passing = scores[_filtered(rejected_by, scores)[0]]
    return float(passing.max()) if len(passing) else 0.0


def _filtered(
    rejected_by: dict[str, Tensor], scores: Tensor
) -> tuple[Tensor, dict[str, int]]:
    """Return which grasps (B,) no filter rejects, and how often each was the first to reject."""
    alive = torch.ones_like(scores, dtype=torch.bool)
    counts: dict[str, int] = {}
    for name, rejects in rejected_by.items():
        counts[name] = int((alive & rejects).sum())
        alive = alive & ~rejects
    return alive, counts


def _same(grasps: GraspBatch, index: int, kept: list[int], settings: RankingSettings) -> Tensor:
    """Return a mask of the kept grasps that the one at ``index`` duplicates."""
    shift, angle = _apart(grasps[kept], grasps[[index]])
    posture = (grasps.joints[kept] - grasps.joints[index]).abs().mean(1)
    alike: Tensor = (
        (shift < settings.same_position)
        & (angle < settings.same_angle)
        & (posture < settings.same_joints))
    return alike


def _likeness(grasps: GraspBatch, index: int, alike: float) -> Tensor:
    """Return how like the one at ``index`` all grasps (B,) are: 1 for the same wrist, to 0."""
    shift, angle = _apart(grasps, grasps[[index]])
    return 1 / (1 + (shift / alike).square() + angle.square())


def _apart(grasps: GraspBatch, other: GraspBatch) -> tuple[Tensor, Tensor]:
    """Return distances [m] and angles [rad] (B,) between palms and that of one other grasp."""
    relative = grasps.rotation.mT @ other.rotation
    cosine = (relative.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    return (grasps.translation - other.translation).norm(dim=1), cosine.clamp(-1, 1).acos()
