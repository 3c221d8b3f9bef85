# SPDX-License-Identifier: Apache-2.0
"""
Hand, fields, settings and state as arrays and numbers, which is what compiled functions take.

All reals are of one type: single precision, or double for tests. Letters: L links, J joints, P
points, S capsules, Q pairs of capsules, G contact groups, C contacts, B grasps, I iterations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Real = np.floating[Any]
Reals = NDArray[np.floating[Any]]
Ints = NDArray[np.int32]


class HandArrays(NamedTuple):
    """A hand as arrays, links in the order of the description: parents before children."""

    parent: Ints
    """(L,) -1 for the root."""
    joint: Ints
    """(L,) index of the joint that moves each link; -1 for the root."""
    offset: Reals
    """(L, 3) position in the parent's frame [m]."""
    turns: Reals
    """(L, 3, 3, 3) A, B and C of R(q) = A + sin q B + (1 - cos q) C, in the parent's frame."""
    axis: Reals
    """(L, 3) unit joint axis in the link's frame."""
    centre: Reals
    """(L, 3) centre of the link's points and capsules, in its frame [m]."""
    reach: Reals
    """(L,) distance of the farthest of them from that centre [m]."""
    point: Reals
    """(P, 3) in their link's frame, link by link [m]."""
    radius: Reals
    """(P,) [m]"""
    first_point: Ints
    """(L + 1,) the points of link l are first_point[l] to first_point[l + 1] - 1."""
    point_link: Ints
    """(P,)"""
    first_candidate: Ints
    """(G,) first of the points that each contact group may touch with."""
    last_candidate: Ints
    """(G,) the one after the last of them."""
    ends: Reals
    """(2, S, 3) ends of the capsules' axes in their link's frame [m]."""
    pair: Ints
    """(Q, 4) two capsules, and their links."""
    pair_radius: Reals
    """(Q,) sum of their radii [m]."""
    lower: Reals
    """(J,) [rad]"""
    upper: Reals
    """(J,) [rad]"""
    partner: Ints
    """(J,) the joint coupled with each joint, or the joint itself."""


class FieldArrays(NamedTuple):
    """A distance field as arrays."""

    values: Reals
    """(nodes,) signed distance [m]; empty: no field."""
    slopes: Reals
    """(nodes, 4) gradient of the smoothed distance, and a zero: four numbers load at once."""
    shape: Ints
    """(3,) nodes along each axis."""
    origin: Reals
    """(3,) position of node (0, 0, 0) [m]."""
    centre: Reals
    """(3,) centre of mass [m]."""
    spacing: Real
    """Distance between neighbouring nodes [m]."""
    steepness: Real
    """Bound on the change of the distance per distance moved."""
    normal_step: Real
    """Step of the central difference of the normal [m]."""
    curvature_limit: Real
    """Limit of the normal's derivative [1/m]."""


class ForceNumbers(NamedTuple):
    """Limits of the force at one contact, and the length that moments are divided by."""

    friction: Real
    min_force: Real
    max_force: Real
    torque_length: Real
    """[m]"""


class EnergyNumbers(NamedTuple):
    """Weights, margins and limits; see ``EnergySettings``."""

    force_closure: Real
    equilibrium: Real
    contact_distance: Real
    penetration: Real
    self_penetration: Real
    joint_limits: Real
    obstacles: Real
    margin: Real
    """[m]"""
    obstacle_margin: Real
    """[m]"""
    forces: ForceNumbers
    force_steps: int
    """Steps of the force balance after the first evaluation."""


class SearchNumbers(NamedTuple):
    """What the search needs of ``OptimizerSettings``, one value per iteration where it changes."""

    decay: Real
    translation_scale: Real
    contact_switch: Real
    rate: Reals
    """(I + 1,) step size."""
    unbias: Reals
    """(I + 1,) 1 / (1 - decay^iteration)."""
    heat: Reals
    """(I + 1,) temperature; 0: every step is taken."""


class Draws(NamedTuple):
    """Random numbers in [0, 1), and the hand's points that contacts are drawn from."""

    number: Reals
    """(I + 1, B, 2 C + 1) switch, choice, acceptance; empty: no chance in the search."""
    pool: Ints
    """(M,) indices of points; empty: contacts slide."""


class SearchState(NamedTuple):
    """State of the search for B grasps."""

    translation: Reals
    """(B, 3) [m]"""
    rotation: Reals
    """(B, 3, 3)"""
    joints: Reals
    """(B, J) [rad]"""
    energy: Reals
    """(B,)"""
    slope: Reals
    """(B, 6 + J) gradient along translation, rotation vector, joints."""
    square: Reals
    """(B, 6 + J) running mean of its square."""
    force: Reals
    """(B, C, 3) contact forces."""
    chosen: Ints
    """(B, C) drawn contact points."""
    best_translation: Reals
    best_rotation: Reals
    best_joints: Reals
    best_energy: Reals
    done: Ints
    """(B,) iterations done."""


class OpeningNumbers(NamedTuple):
    """What the opening of the hand needs of ``OpeningSettings``."""

    steps: int
    joint_step: Real
    """[rad]"""
    wrist_step: Real
    """[m]"""
    clearance: Real
    """Gap that is aimed at [m]."""
    enough: Real
    """Gap at which a hand stops [m]."""
    obstacle_margin: Real
    """[m]"""
    self_margin: Real
    """[m]"""
    self_weight: Real
