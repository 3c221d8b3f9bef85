"""
From refined grasps to a ranked list: measure, filter, score, drop look-alikes.

The score rests on two numbers that predict whether a grasp holds: the wrench residual over all
links in contact, and how much the object's normal varies around the contacts (a finger on an edge
slips). Letters: B grasps, G contact groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
import math

import torch
from torch import Tensor
from torch.linalg import cross

from dexlite_ros.contact_forces import balance, ContactSet, equilibrium_residual, ForceLimits
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.grasp_energy import GraspEnergy
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.object.obstacles import Obstacles
from dexlite_ros.plan import GraspMetrics, Rejections
from dexlite_ros.stages import Staged

SHORTLIST_BATCH = 256


@dataclass(frozen=True)
class RankingSettings:
    """What is measured, what is rejected, what counts as the same."""

    shortlist: float = 3.0
    """Grasps that are staged and measured for each one that is to be returned."""
    contact_threshold: float = 0.003
    """Links nearer to the object than this are in contact [m]."""
    forces: ForceLimits = field(
        default_factory=lambda: ForceLimits(friction=0.3, min_force=0.2, max_force=3.0))
    force_steps: int = 150
    variation_distance: float = 0.003
    """How far around a contact the normal is compared [m]."""
    variation_weight: float = 2.0
    """Weight of the normal variation against a factor of ten in the residual."""
    penetration_max: float = 0.003
    """Deepest allowed overlap with the object [m]."""
    self_penetration_max: float = 0.002
    """Deepest allowed overlap of the hand with itself [m]."""
    residual_max: float = 0.3
    """Largest allowed wrench residual, squared unit forces."""
    pregrasp_clearance_min: float = 0.002
    """Smallest allowed distance from the open hand to the object [m]."""
    obstacle_clearance_min: float = 0.003
    """Smallest allowed distance from the hand to the obstacles [m]."""
    same_position: float = 0.01
    """Two grasps are the same if they differ less than this [m] ..."""
    same_angle: float = 0.2
    """... and this [rad] ..."""
    same_joints: float = 0.1
    """... and this, on average over the joints [rad]."""


def wrench_residual(
    grasps: GraspBatch, energy: GraspEnergy, settings: RankingSettings
) -> tuple[Tensor, Tensor, ContactSet]:
    """
    Return residual (B,), normal variation (B,) and contacts (B, G) of B grasps.

    All links near the object count, whatever contact set the grasp was refined with; so the
    residual compares across sets.
    """
    with torch.no_grad():
        contacts = energy.touching(grasps, settings.contact_threshold)
        centre = energy.field.centre_of_mass
        force = balance(contacts, centre, settings.forces, steps=settings.force_steps)
        residual = equilibrium_residual(contacts, force, centre)
        # Without contacts nothing is balanced; a whole unit force is missing.
        residual = torch.where(contacts.active.sum(1) > 0, residual, torch.ones_like(residual))
        return residual, _normal_variation(contacts, energy, settings.variation_distance), contacts


def shortlist(
    grasps: GraspBatch, energy: GraspEnergy, wanted: int, settings: RankingSettings
) -> Tensor:
    """Return indices of the grasps that are worth staging: the best by residual and variation."""
    keys = []
    for part in torch.arange(len(grasps)).split(SHORTLIST_BATCH):
        residual, variation, _ = wrench_residual(grasps[part], energy, settings)
        keys.append(_key(residual, variation, settings))
    count = math.ceil(settings.shortlist * wanted)
    return torch.cat(keys).argsort(stable=True)[:count].sort().values


def _key(residual: Tensor, variation: Tensor, settings: RankingSettings) -> Tensor:
    return residual.clamp(min=1e-6).log10() + settings.variation_weight * variation


def _normal_variation(contacts: ContactSet, energy: GraspEnergy, distance: float) -> Tensor:
    """Return the mean over contacts of the largest |n(p +- d) - n(p)| along two tangents (B,)."""
    normal = contacts.normal
    helper = torch.zeros_like(normal).scatter_(
        -1, normal.abs().argmin(-1, keepdim=True), 1.0)
    first = torch.nn.functional.normalize(cross(normal, helper), dim=-1)
    second = cross(normal, first)
    changes = [
        (energy.field.normal(contacts.point + sign * distance * tangent) - normal).norm(dim=-1)
        for tangent in (first, second) for sign in (-1.0, 1.0)]
    largest = torch.stack(changes).amax(0) * contacts.active
    return largest.sum(1) / contacts.active.sum(1).clamp(min=1.0)


def score(metrics: GraspMetrics, settings: RankingSettings) -> Tensor:
    """
    Return the ranking key (B,) in [0, 1], larger is better.

    1 at a residual of 1e-6 on flat contacts, less by 1/7 for every factor of ten in residual plus
    penetration [m], and by ``variation_weight``/7 for each unit of normal variation.
    """
    key = _key(metrics.residual + metrics.penetration, metrics.normal_variation, settings)
    return ((1.0 - key) / 7.0).clamp(0.0, 1.0)


def measure(
    staged: Staged,
    grasp_energy: Tensor,
    energy: GraspEnergy,
    obstacles: Obstacles | None,
    settings: RankingSettings,
) -> GraspMetrics:
    """
    Return all measures of B staged grasps.

    :param grasp_energy: (B,) of the optimiser; NaN for grasps that it never saw
    """
    grasps = staged.grasps.grasp
    residual, variation, _ = wrench_residual(grasps, energy, settings)
    with torch.no_grad():
        hand = energy.geometry(grasps)
        gap = energy.gap(hand)
        overlap = -energy.geometry.capsule_gaps(hand)
    return GraspMetrics(
        energy=grasp_energy,
        residual=residual,
        normal_variation=variation,
        penetration=(-gap.amin(1)).clamp(min=0.0),
        self_penetration=overlap.amax(1).clamp(min=0.0),
        clearance=obstacle_clearance(staged.grasps, energy, obstacles),
        pregrasp_clearance=staged.pregrasp_clearance,
        joint_limit_margin=limit_margin(staged.grasps, energy.geometry.kinematics),
    )


def obstacle_clearance(
    grasps: StagedGrasp, energy: GraspEnergy, obstacles: Obstacles | None
) -> Tensor:
    """Return the smallest distance (B,) to obstacles over pregrasp and grasp [m]; NaN if none."""
    if obstacles is None:
        return torch.full_like(grasps.grasp.translation[:, 0], torch.nan)
    geometry = energy.geometry
    with torch.no_grad():
        return torch.minimum(*(
            obstacles.clearance(geometry(batch).points, geometry.point_radius)
            for batch in (grasps.pregrasp, grasps.grasp)))


def limit_margin(grasps: StagedGrasp, kinematics: HandKinematics) -> Tensor:
    """Return the smallest distance (B,) of any joint at any stage to its limits [rad]."""
    margins = [
        torch.minimum(batch.joints - kinematics.lower, kinematics.upper - batch.joints).amin(1)
        for batch in vars(grasps).values()]
    return torch.stack(margins).amin(0)


def hard_filters(
    metrics: GraspMetrics, approach_angle: Tensor, tolerance: float, settings: RankingSettings
) -> dict[str, Tensor]:
    """
    Return, by the name of each field of Rejections, which grasps (B,) it rejects.

    :param approach_angle: (B,) angle between wanted and actual approach [rad]; NaN without wish
    :param tolerance: largest such angle [rad]
    """
    # NaN compares false: what was not asked for rejects nothing.
    finite = metrics.penetration.isfinite() & metrics.residual.isfinite()
    finite &= metrics.normal_variation.isfinite() & ~metrics.energy.isinf()
    return {
        'non_finite': ~finite,
        'approach': approach_angle > tolerance,
        'penetration': metrics.penetration > settings.penetration_max,
        'self_penetration': metrics.self_penetration > settings.self_penetration_max,
        'obstacle': metrics.clearance < settings.obstacle_clearance_min,
        'joint_limits': metrics.joint_limit_margin < -1e-4,
        'pregrasp': metrics.pregrasp_clearance < settings.pregrasp_clearance_min,
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
    Return indices of the best grasps, best first, and what the filters removed.

    Ties go to the lower index. A grasp that looks like a better one is a duplicate; what is left
    over beyond ``wanted`` is not counted.
    """
    alive = torch.ones_like(scores, dtype=torch.bool)
    counts: dict[str, int] = {}
    for name, rejects in {**rejected_by, 'score': scores < min_score}.items():
        counts[name] = int((alive & rejects).sum())
        alive &= ~rejects
    order = [int(i) for i in scores.argsort(descending=True, stable=True) if alive[i]]
    kept: list[int] = []
    duplicates = 0
    for index in order:
        if len(kept) == wanted:
            break
        if kept and bool(_same(grasps, index, kept, settings).any()):
            duplicates += 1
        else:
            kept.append(index)
    return torch.tensor(kept, dtype=torch.long), Rejections(**counts, duplicate=duplicates)


def _same(grasps: GraspBatch, index: int, kept: list[int], settings: RankingSettings) -> Tensor:
    """Tell which kept grasps the one at ``index`` looks like."""
    shift = (grasps.translation[kept] - grasps.translation[index]).norm(dim=1)
    relative = grasps.rotation[kept].mT @ grasps.rotation[index]
    cosine = (relative.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    posture = (grasps.joints[kept] - grasps.joints[index]).abs().mean(1)
    return (
        (shift < settings.same_position)
        & (cosine.clamp(-1, 1).acos() < settings.same_angle)
        & (posture < settings.same_joints))
