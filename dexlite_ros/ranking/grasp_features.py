# SPDX-License-Identifier: Apache-2.0
"""
The inputs of the success model: features that indicate whether a refined grasp will hold.

There are three kinds: whether the contact forces can balance, also with low friction and with a
slightly perturbed wrist; how stiffly the squeezing fingers hold the object; and the object's
thickness, length and seen fraction. Letters: B grasps, C contacts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.linalg import cross

from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.mirroring import FLIP
from dexlite_ros.mechanics.contact_forces import (
    ContactBatch,
    equilibrium_residual,
    ForceLimits,
)
from dexlite_ros.mechanics.force_balance import balanced_forces
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.grasp_stiffness import (
    grasp_stiffness,
    GraspStiffness,
    StiffnessSettings,
)
from dexlite_ros.mechanics.placed_grasps import PlacedGrasps
from dexlite_ros.mechanics.squeeze_forces import (
    squeeze_forces,
    SqueezeForces,
    SqueezeSettings,
)
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.ranking.scene_features import scene_features
from dexlite_ros.rotations import rotvec_to_rotmat

GAP_DEPTH = 0.002
"""Depth in the object at which a link's gap is clipped [m]."""
BATCH = 128
"""Number of grasps measured together."""


@dataclass(frozen=True)
class FeatureSettings:
    """Parameters of the features."""

    contact_threshold: float = 0.003
    """Links closer to the object than this are in contact [m]."""
    low_friction: float = 0.1
    """Friction coefficient at which a very robust grasp still balances."""
    forces: ForceLimits = field(
        default_factory=lambda: ForceLimits(friction=0.3, min_force=0.2, max_force=3.0))
    force_steps: int = 150
    perturbed_steps: int = 100
    """Steps of the force balance for perturbed copies."""
    perturbed_copies: int = 8
    """Number of copies of the grasp with a slightly perturbed wrist."""
    perturbed_position: float = 0.002
    """Standard deviation of each coordinate of the perturbation [m]."""
    perturbed_rotation: float = 0.03
    """Standard deviation of each component of its rotation vector [rad]."""
    perturbed_threshold: float = 0.005
    """Links of the copies closer to the object than this are in contact [m]."""
    variation_distance: float = 0.003
    """Distance around a contact over which the normal is compared [m]."""
    stiffness: StiffnessSettings = field(default_factory=StiffnessSettings)


def grasp_features(
    placed: PlacedGrasps,
    squeeze: SqueezeForces,
    energy: GraspEnergy,
    scene: PlanningScene,
    settings: FeatureSettings | None = None,
) -> GraspFeatures:
    """
    Return the features of B refined grasps.

    :param squeeze: squeeze forces of the same grasps
    :param energy: provides the hand and the object
    :param scene: with the closed surface that the grasps are on
    """
    settings = settings or FeatureSettings()
    with torch.no_grad():
        parts = [
            _features(placed[part], squeeze[part], energy, settings)
            for part in torch.arange(len(placed)).split(BATCH)]
        joined = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        sides = _box(scene.surface)
        like = torch.ones_like(joined['residual'])
        return GraspFeatures(
            **joined, thickness=sides[0] * like, length=sides[-1] * like,
            seen_fraction=scene.surface.seen_fraction * like,
            **scene_features(placed, squeeze, scene, energy.geometry))


def features_of(
    grasps: GraspBatch, energy: GraspEnergy, scene: PlanningScene, squeeze: SqueezeSettings
) -> GraspFeatures:
    """Return the features of B grasps that were neither placed nor squeezed before."""
    placed = energy.place(grasps)
    forces = squeeze_forces(placed, energy, squeeze)
    return grasp_features(placed, forces, energy, scene)


def _features(
    placed: PlacedGrasps, squeeze: SqueezeForces, energy: GraspEnergy, settings: FeatureSettings
) -> dict[str, Tensor]:
    touching = placed.touching(settings.contact_threshold)
    slippery = replace(settings.forces, friction=settings.low_friction)
    return {
        'residual': _residual(touching, energy, settings.forces, settings.force_steps),
        'slippery_residual': _residual(touching, energy, slippery, settings.force_steps),
        'perturbed_residual': _perturbed_residual(placed.grasps, energy, settings),
        'normal_variation': _normal_variation(touching, energy, settings.variation_distance),
        'normal_balance': _normal_balance(touching),
        **_squeezed(placed, squeeze, energy, settings.stiffness),
        'limit_margin': energy.geometry.kinematics.limit_margin(placed.grasps.joints),
    }


def _residual(
    contacts: ContactBatch, energy: GraspEnergy, forces: ForceLimits, steps: int
) -> Tensor:
    """Return log10 of the wrench residual (B,), from -6 to 0."""
    centre = energy.field.centre_of_mass
    force = balanced_forces(contacts, centre, forces, steps)
    residual = equilibrium_residual(contacts, force, centre)
    # Without contacts nothing can balance: the imbalance is a whole unit force.
    residual = torch.where(contacts.active.sum(1) > 0, residual, torch.ones_like(residual))
    return _log(residual, 1e-6, 1.0)


def _perturbed_residual(
    grasps: GraspBatch, energy: GraspEnergy, settings: FeatureSettings
) -> Tensor:
    """
    Return the mean residual (B,) over perturbed copies; all grasps get the same ones.

    Those of a mirror image get the mirrored ones, so that its features are the original's.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (settings.perturbed_copies, 3)
    shift = settings.perturbed_position * torch.randn(shape, generator=generator)
    turn = settings.perturbed_rotation * torch.randn(shape, generator=generator)
    if energy.geometry.kinematics.description.mirror_of is not None:
        flip = torch.from_numpy(FLIP).to(shift)
        shift, turn = flip * shift, -flip * turn
    # All copies at once (copies, B, ...): a large batch costs little more than a small one.
    index = torch.arange(len(grasps)).repeat(settings.perturbed_copies)
    copies = grasps[index].perturbed(
        shift.to(grasps.translation).repeat_interleave(len(grasps), 0),
        rotvec_to_rotmat(turn.to(grasps.rotation)).repeat_interleave(len(grasps), 0))
    residual = _residual(
        energy.place(copies).touching(settings.perturbed_threshold), energy, settings.forces,
        settings.perturbed_steps)
    mean: Tensor = residual.unflatten(0, (settings.perturbed_copies, -1)).mean(0)
    return mean


def _normal_variation(contacts: ContactBatch, energy: GraspEnergy, distance: float) -> Tensor:
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


def _normal_balance(contacts: ContactBatch) -> Tensor:
    """Return the length (B,) of the mean normal."""
    count = contacts.active.sum(1, keepdim=True).clamp(min=1.0)
    length: Tensor = ((contacts.normal * contacts.active[..., None]).sum(1) / count).norm(dim=1)
    return length


def _squeezed(
    placed: PlacedGrasps, squeeze: SqueezeForces, energy: GraspEnergy, springs: StiffnessSettings
) -> dict[str, Tensor]:
    """Return the features of the squeeze: stiffness and gaps."""
    springs = replace(springs, joint=squeeze.stiffness)
    held = grasp_stiffness(
        placed.hand.poses, squeeze.contacts, squeeze.forces, energy.geometry.group_link,
        energy.field.centre_of_mass, energy.geometry.kinematics, springs)
    gap = placed.contact_gap.clamp(min=-GAP_DEPTH) * squeeze.contacts.active
    missing = _gap_wrench(held, squeeze.contacts, gap)
    drift = held.response(missing[..., None], springs.floor)[..., 0]
    return {
        'stiffness': _log(held.eigenvalues()[:, 1], 0.1, 1e4),
        'gap_turn': _log(drift[:, 3:].norm(dim=1), 1e-3, 10.0),
        'gap_max': 1e3 * gap.amax(1),
    }


def _gap_wrench(held: GraspStiffness, contacts: ContactBatch, gap: Tensor) -> Tensor:
    """
    Return the wrench (B, 6) that is missing until the links have closed their gaps.

    w = -G^T S u, with u the gaps along the inward normals, S the stiffness at the contacts and G
    their motion per twist of the object, as in ``grasp_stiffness``.
    """
    inward = -contacts.normal * gap[..., None]
    motion = torch.cat([inward, torch.zeros_like(gap)[..., None]], -1).flatten(1)
    lost = -(held.contact_stiffness @ motion[..., None])
    return (held.contact_motion.mT @ lost)[..., 0]


def _box(surface: ObjectSurface) -> list[float]:
    """Return the sides of the bounding box of an object, shortest first [cm]."""
    import trimesh

    _, sides = trimesh.bounds.oriented_bounds(surface.vertices)
    return sorted(100.0 * float(side) for side in sides)


def _log(value: Tensor, lower: float, upper: float) -> Tensor:
    return value.clamp(lower, upper).log10()
