# SPDX-License-Identifier: Apache-2.0
"""
Hands, fields and settings in the form that compiled functions take.

The arrays of a hand or a field are made once and kept as long as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike
import torch
from torch import Tensor

from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.kernels.arrays import (
    EnergyNumbers,
    FieldArrays,
    ForceNumbers,
    HandArrays,
    Ints,
    Reals,
)
from dexlite_ros.kernels.field import steepness
from dexlite_ros.mechanics.contact_forces import ForceLimits, TORQUE_LENGTH
from dexlite_ros.mechanics.grasp_energy import EnergySettings
from dexlite_ros.object.distance_field import CURVATURE_LIMIT, DistanceField, NORMAL_STEP

RealType = type[np.floating[Any]]
Arrays = TypeVar('Arrays', HandArrays, FieldArrays)
Source = TypeVar('Source', HandGeometry, DistanceField)
_hands: WeakKeyDictionary[HandGeometry, dict[RealType, HandArrays]] = WeakKeyDictionary()
_fields: WeakKeyDictionary[DistanceField, dict[RealType, FieldArrays]] = WeakKeyDictionary()
SLACK = 1e-6
"""Added to the reach of a link's points, for rounding [m]."""


def hand_arrays(geometry: HandGeometry, real: RealType = np.float32) -> HandArrays:
    """
    Return a hand as arrays.

    :param real: type of its reals
    """
    return _kept(_hands, geometry, real, _hand_arrays)


def _hand_arrays(geometry: HandGeometry, real: RealType) -> HandArrays:
    def reals(values: Tensor | ArrayLike) -> Reals:
        return np.ascontiguousarray(values, real)

    kinematics = geometry.kinematics
    hand, motions = kinematics.description, kinematics.link_motions()
    count, links = len(geometry.point_radius), len(hand.links)
    local, link = geometry.points.local.numpy(), geometry.points.link.numpy()
    turns, offset, axis = np.zeros((links, 3, 3, 3)), np.zeros((links, 3)), np.zeros((links, 3))
    turns[1:], offset[1:], axis[1:] = motions.turns, motions.offset, motions.axis
    centre, reach = _enclosing_spheres(local, link, links)
    capsules = link[count:].reshape(2, -1)[0]
    pairs = geometry.pairs.numpy()
    first = geometry.candidates[:, 0].numpy()
    return HandArrays(
        parent=ints(hand.parents), joint=ints([-1, *motions.joint.tolist()]),
        offset=reals(offset), turns=reals(turns), axis=reals(axis), centre=reals(centre),
        reach=reals(reach), point=reals(local[:count]), radius=reals(geometry.point_radius),
        first_point=ints(np.searchsorted(link[:count], np.arange(links + 1))),
        point_link=ints(link[:count]), first_candidate=ints(first),
        last_candidate=ints(first + np.array(geometry.candidate_counts)),
        ends=reals(local[count:].reshape(2, -1, 3)),
        pair=ints(np.concatenate([pairs, capsules[pairs]], 1)),
        pair_radius=reals(geometry.pair_radius), lower=reals(kinematics.lower),
        upper=reals(kinematics.upper), partner=_partners(hand.coupled_indices, len(hand.joints)))


def field_arrays(field: DistanceField | None, real: RealType = np.float32) -> FieldArrays:
    """
    Return a distance field as arrays; None as an empty one.

    :param real: type of its reals
    """
    if field is None:
        nothing = np.zeros(3, real)
        return FieldArrays(
            np.zeros(0, real), np.zeros((0, 4), real), ints([2, 2, 2]), nothing, nothing,
            real(1), real(1), real(NORMAL_STEP), real(CURVATURE_LIMIT))
    return _kept(_fields, field, real, _field_arrays)


def _field_arrays(field: DistanceField, real: RealType) -> FieldArrays:
    values = field.values.numpy().astype(real, copy=False)
    shape, spacing = ints([int(size) for size in field.shape]), real(field.spacing)
    slopes = np.zeros((len(field.slopes), 4), real)
    slopes[:, :3] = field.slopes
    return FieldArrays(
        values, slopes, shape, field.origin.numpy().astype(real),
        field.centre_of_mass.numpy().astype(real), spacing,
        real(steepness(values, shape, spacing)), real(NORMAL_STEP), real(CURVATURE_LIMIT))


def energy_numbers(settings: EnergySettings, real: RealType = np.float32) -> EnergyNumbers:
    """
    Return the settings of the energy as numbers.

    :param real: type of its reals
    """
    weights = {name: real(value) for name, value in vars(settings.weights).items()}
    return EnergyNumbers(
        **weights, margin=real(settings.margin),
        obstacle_margin=real(settings.obstacle_margin),
        forces=force_numbers(settings.forces, real),
        force_steps=settings.force_steps)


def force_numbers(limits: ForceLimits, real: RealType = np.float32) -> ForceNumbers:
    """
    Return the limits of contact forces as numbers.

    :param real: type of its reals
    """
    numbers = {name: real(value) for name, value in vars(limits).items()}
    return ForceNumbers(**numbers, torque_length=real(TORQUE_LENGTH))


def suits(values: Tensor) -> bool:
    """Return whether compiled functions take over from torch: on the CPU, in single precision."""
    return values.device.type == 'cpu' and values.dtype == torch.float32


def ints(values: Tensor | ArrayLike) -> Ints:
    """Return whole numbers as compiled functions take them."""
    return np.ascontiguousarray(values, np.int32)


def _kept(
    store: WeakKeyDictionary[Source, dict[RealType, Arrays]], source: Source, real: RealType,
    make: Callable[[Source, RealType], Arrays],
) -> Arrays:
    """Return what was made of a source before, or make it."""
    made = store.setdefault(source, {})
    if real not in made:
        made[real] = make(source, real)
    return made[real]


def _enclosing_spheres(local: Reals, link: Ints, links: int) -> tuple[Reals, Reals]:
    """Return a sphere around the points of each link: centres (L, 3) and radii (L,) [m]."""
    centre, reach = np.zeros((links, 3)), np.zeros(links)
    for index in range(links):
        own = local[link == index]
        if len(own):
            centre[index] = (own.min(0) + own.max(0)) / 2
            reach[index] = np.linalg.norm(own - centre[index], axis=1).max() + SLACK
    return centre, reach


def _partners(pairs: tuple[tuple[int, int], ...], joints: int) -> Ints:
    """Return for each joint the one coupled with it, or itself."""
    partner = np.arange(joints)
    for first, second in pairs:
        partner[first], partner[second] = second, first
    return ints(partner)
